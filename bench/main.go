//go:build linux

// Command bench measures what the gate costs: the CPU time per request of the actiongw binary
// with the gate switched on, divided by that of the same binary as a bare Caddy reverse proxy.
// The comparison is made many times in short rounds, next to each other in time, so that it holds
// on a machine that is busy with other things. README.md in this folder describes the protocol.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// The main goroutine keeps the main thread: servers inherit their core from the thread that starts
// them, and are killed when that thread ends.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) == 3 && os.Args[1] == upstreamMode {
		port, err := strconv.Atoi(os.Args[2])
		if err == nil {
			err = serveUpstream(port)
		}
		exit(err)
	}
	opts, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err, "(--help explains)")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, opts)
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run builds, starts, measures and reports.
func run(ctx context.Context, opts options) error {
	if err := checkCores(opts.serverCore, opts.loadCore); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "actiongw-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if opts.binary == "" {
		fmt.Fprintln(os.Stderr, "building actiongw")
		if opts.binary, err = build(ctx, dir); err != nil {
			return err
		}
	}
	// The servers run in a folder of their own, where a relative path leads nowhere.
	if opts.binary, err = filepath.Abs(opts.binary); err != nil {
		return err
	}
	if err := pinSelf(opts.loadCore); err != nil {
		return err
	}
	b := &bench{options: opts, progress: os.Stderr}
	defer b.stopServers()
	if err := b.startServers(ctx, dir); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, opts.plan())
	res, err := b.measure(ctx)
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if err != nil {
		return err
	}
	if opts.json != "" {
		if err := res.writeJSON(opts.json); err != nil {
			return err
		}
	}
	return res.write(os.Stdout, opts.markdown)
}

// build compiles the binary that all variants run, without the storage drivers that a proxy does
// not use.
func build(ctx context.Context, dir string) (string, error) {
	out := filepath.Join(dir, "actiongw")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "nobadger,nomysql,nopgx", "-o", out, "github.com/actiongw/actiongw/cmd/actiongw")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building actiongw: %w", err)
	}
	return out, nil
}
