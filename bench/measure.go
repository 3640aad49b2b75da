//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// settle is the pause before the CPU clock is read: long enough for a server to finish what it
// does after its last response, such as logging it.
const settle = 20 * time.Millisecond

// A bench is a set of running servers and what to do with them.
type bench struct {
	options
	upstream *process
	servers  map[string]*process // by name of the variant
	progress io.Writer
}

// startServers starts the upstream on the load core and one proxy for each variant on the other.
func (b *bench) startServers(ctx context.Context, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ports, err := freePorts(len(b.variants) + 1)
	if err != nil {
		return err
	}
	up := ports[len(b.variants)]
	if b.upstream, err = start(ctx, upstreamMode, b.loadCore, up, dir, self, upstreamMode, strconv.Itoa(up)); err != nil {
		return err
	}
	if err := b.makeKeys(ctx, dir); err != nil {
		return err
	}
	b.servers = map[string]*process{}
	for i, v := range b.variants {
		if v.direct {
			b.servers[v.name] = b.upstream
			continue
		}
		config := dir + "/" + v.name + ".Caddyfile"
		if err := os.WriteFile(config, []byte(v.caddyfile(ports[i], up)), 0o600); err != nil {
			return err
		}
		p, err := start(ctx, v.name, b.serverCore, ports[i], dir, b.binary, "run", "--adapter", "caddyfile", "--config", config)
		if err != nil {
			return err
		}
		b.servers[v.name] = p
	}
	return nil
}

// makeKeys makes the keys that variants sign with.
func (b *bench) makeKeys(ctx context.Context, dir string) error {
	for _, args := range [][]string{
		{"--kind", "wrapping", "--out", wrappingFile},
		{"--kind", "assertion", "--out", keysetFile, "--wrapping-key-file", wrappingFile},
	} {
		cmd := exec.CommandContext(ctx, b.binary, append([]string{"keys", "generate"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("making keys: %w\n%s", err, out)
		}
	}
	return nil
}

// stopServers stops what startServers started.
func (b *bench) stopServers() {
	for _, p := range b.servers {
		if p != b.upstream {
			p.stop()
		}
	}
	if b.upstream != nil {
		b.upstream.stop()
	}
}

// measure runs all rounds of all workloads.
func (b *bench) measure(ctx context.Context) (*results, error) {
	r := &results{Started: time.Now(), Machine: machine(), options: b.options}
	for _, w := range b.workloads {
		fmt.Fprintf(b.progress, "%s: warming up\n", w.name)
		for _, v := range b.variants {
			if _, err := b.visit(ctx, w, v, 0); err != nil {
				return nil, err
			}
		}
		for round := range b.rounds {
			for _, i := range order(len(b.variants), round) {
				x, err := b.visit(ctx, w, b.variants[i], round)
				if err != nil {
					return nil, err
				}
				r.Visits = append(r.Visits, x)
			}
			r.Loads = append(r.Loads, loadAverage())
			fmt.Fprintln(b.progress, progressLine(r.Visits, b.options, w.name, round))
		}
	}
	return r, nil
}

// visit puts load on one variant and measures it. The connections are opened, and used once,
// before the clocks start.
func (b *bench) visit(ctx context.Context, w workload, v variant, round int) (visit, error) {
	server := b.servers[v.name]
	defer server.trimLog()
	sentence, want := v.want(w)
	fail := func(err error) (visit, error) {
		if ctx.Err() != nil {
			return visit{}, ctx.Err()
		}
		return visit{}, fmt.Errorf("%s on %s, where every response must be %s: %w; log:\n%s", w.name, v.name, sentence, err, server.logTail())
	}
	g, err := newGenerator(server.port, b.conns, w.request, want)
	if err != nil {
		return fail(err)
	}
	defer g.close()
	if err := g.run(ctx, time.Time{}); err != nil {
		return fail(err)
	}
	time.Sleep(settle)
	before, err := b.clocks(server)
	if err != nil {
		return fail(err)
	}
	begin := time.Now()
	if err := g.run(ctx, begin.Add(b.duration())); err != nil {
		return fail(err)
	}
	elapsed := time.Since(begin).Seconds()
	time.Sleep(settle)
	after, err := b.clocks(server)
	if err != nil {
		return fail(err)
	}
	n := float64(g.requests)
	return visit{
		Workload: w.name, Variant: v.name, Round: round, Requests: g.requests, Closed: g.closed, Seconds: elapsed,
		CPU:      (after.server - before.server).Seconds() * 1e6 / n,
		Rate:     n / elapsed,
		P50:      g.times.quantile(.5).Seconds() * 1e3,
		LoadBusy: (after.load - before.load).Seconds() / elapsed,
	}, nil
}

// clocks are the CPU clocks of both cores' processes.
type clocks struct {
	server time.Duration
	load   time.Duration // generator and upstream
}

func (b *bench) clocks(server *process) (c clocks, err error) {
	if c.server, err = cpuTime(server.cmd.Process.Pid); err != nil {
		return c, err
	}
	up, err := cpuTime(b.upstream.cmd.Process.Pid)
	if err != nil {
		return c, err
	}
	self, err := cpuTime(os.Getpid())
	c.load = up + self
	return c, err
}

// machine describes where a run took place, for the reader of its JSON file.
func machine() map[string]string {
	m := map[string]string{}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m["kernel"] = strings.TrimSpace(string(b))
	}
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			m["cpu"] = strings.TrimSpace(value)
			break
		}
	}
	return m
}

// loadAverage is the machine's load average over the last minute, -1 when unknown.
func loadAverage() float64 {
	b, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(b), " ")
	f, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return -1
	}
	return f
}
