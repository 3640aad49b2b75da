package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// options say what to run and how long.
type options struct {
	rounds     int
	seconds    float64
	conns      int
	workloads  []workload
	variants   []variant
	binary     string
	json       string
	markdown   bool
	serverCore int
	loadCore   int
}

const helpHead = `Usage: go run ./bench [flags]

Measures what the gate costs: CPU time per request of the actiongw binary with the gate, divided
by that of the same binary as a bare Caddy reverse proxy. Linux, two cores.

Examples:
  go run ./bench                                      everything, about 13 minutes
  go run ./bench --only get,text2k --rounds 4         a quick look, not a measurement
  go run ./bench --json run1.json --markdown > t.md   keep every visit, and a table for a document
  go run ./bench --add limit=limit.caddy              compare with the directives in limit.caddy, too

Flags:
`

const helpTail = `
Reading the figures:
  A ratio of 1.10 on text2k means: the gate uses 1.10 times the CPU time of bare Caddy to pass such
  a request on. Each round visits every variant once, and the ratio is formed inside the round; the
  table shows the median over the rounds and, in brackets, the middle half of them.
  bare-again is a second process of the very same bare proxy. Its ratio should be 1; how far it is
  off shows what this machine cannot tell apart. Outside 0.95..1.05 the run says "repeat", and its
  other ratios should not be quoted. Differences below 0.05 are none.
  direct has no proxy. Its CPU ratio is that of the upstream; its rate should be 3 times bare's or
  more, or else the load generator limits what is measured.
  Microseconds and rates belong to one machine and one hour. Quote ratios only.
`

// parseOptions reads the command line. Help and usage errors go to w.
func parseOptions(args []string, w io.Writer) (options, error) {
	var o options
	var only, among string
	all := slices.Clone(variants)
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(w)
	fs.IntVar(&o.rounds, "rounds", 12, "rounds for each workload; fewer than 12 are for trying out")
	fs.Float64Var(&o.seconds, "seconds", 1, "length of one visit")
	fs.IntVar(&o.conns, "conns", 8, "keep-alive connections")
	fs.StringVar(&only, "only", "", "`workloads` to run, with commas")
	fs.StringVar(&among, "variants", "", "`variants` to run, with commas; bare is always among them")
	fs.Func("add", "add a variant: `NAME=FILE`, the file holding the Caddyfile directives before reverse_proxy (repeatable)", func(arg string) error {
		v, err := addVariant(arg)
		all = append(all, v)
		return err
	})
	fs.StringVar(&o.binary, "binary", "", "measure the actiongw binary at `PATH` instead of building one")
	fs.StringVar(&o.json, "json", "", "write every visit and the summary to `FILE`")
	fs.BoolVar(&o.markdown, "markdown", false, "print Markdown tables")
	fs.IntVar(&o.serverCore, "server-core", 0, "core of the measured servers")
	fs.IntVar(&o.loadCore, "load-core", 1, "core of the load generator and the upstream")
	fs.Usage = func() { usage(fs, w) }
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if o.rounds < 1 || o.seconds <= 0 || o.conns < 1 {
		return o, errors.New("--rounds, --seconds and --conns must be positive")
	}
	return o, errors.Join(o.selectWorkloads(only), o.selectVariants(all, among))
}

func usage(fs *flag.FlagSet, w io.Writer) {
	io.WriteString(w, helpHead)
	fs.PrintDefaults()
	io.WriteString(w, "\nWorkloads:\n")
	for _, x := range workloads {
		fmt.Fprintf(w, "  %-15s %s\n", x.name, x.about)
	}
	io.WriteString(w, "\nVariants:\n")
	for _, v := range variants {
		fmt.Fprintf(w, "  %-15s %s\n", v.name, v.about)
	}
	io.WriteString(w, helpTail)
}

// selectWorkloads keeps the named workloads, or all, in the order of the table.
func (o *options) selectWorkloads(names string) error {
	known := make([]string, len(workloads))
	for i, w := range workloads {
		known[i] = w.name
	}
	keep, err := parseNames("--only", names, known)
	for _, w := range workloads {
		if keep[w.name] {
			o.workloads = append(o.workloads, w)
		}
	}
	return err
}

// selectVariants keeps bare and the named variants, or all, in the order of the table.
func (o *options) selectVariants(all []variant, names string) error {
	var known []string
	for _, v := range all {
		if slices.Contains(known, v.name) {
			return fmt.Errorf("--add: there is a variant %q already", v.name)
		}
		known = append(known, v.name)
	}
	keep, err := parseNames("--variants", names, known)
	for _, v := range all {
		if keep[v.name] || v.name == baseVariant {
			o.variants = append(o.variants, v)
		}
	}
	return err
}

// parseNames splits a list with commas; an empty list means all that are known.
func parseNames(name, list string, known []string) (map[string]bool, error) {
	keep := map[string]bool{}
	names := known
	if list != "" {
		names = strings.Split(list, ",")
	}
	for _, n := range names {
		n = strings.TrimSpace(n)
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("%s: no %q among %s", name, n, strings.Join(known, ", "))
		}
		keep[n] = true
	}
	return keep, nil
}

// duration is the length of one visit.
func (o options) duration() time.Duration {
	return time.Duration(o.seconds * float64(time.Second))
}

// plan says what is about to happen and how long that takes.
func (o options) plan() string {
	visits := len(o.workloads) * len(o.variants) * (o.rounds + 1)
	total := time.Duration(visits) * (o.duration() + 50*time.Millisecond)
	return fmt.Sprintf("workloads: %d, variants: %d, rounds: %d of %v a visit; this takes about %v",
		len(o.workloads), len(o.variants), o.rounds, o.duration(), total.Round(time.Second))
}
