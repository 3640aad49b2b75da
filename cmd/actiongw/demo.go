package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// demoAddress is where the demo's gate listens unless --listen says otherwise.
const demoAddress = "127.0.0.1:8080"

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "demo",
		Usage: "[--listen <addr>]",
		Short: "Shows the gate at work: a guest book, attacks on it, and each decision",
		Long: `
Starts a small guest book on this machine, puts the gate in front of it, and
prints the address of a page to open in a browser. The guest book reads JSON
and knows nothing of React; the gate translates (backend json) and seals what
the page's forms carry. The page calls the guest book as an app does and then
tries to break in. Each decision of the gate is one line on the terminal and on
the page: time, request, kind of call, verdict, reason, status.

Everything listens on loopback addresses, and Ctrl-C ends it all. Nothing stays
on disk: the keys, new each time, are in a private temporary directory while
the gate starts, and then in memory only. The page's own style sheet, script,
icon and counters are not shown as decisions.

If the default port is taken, a free one is used instead and the address
printed is the one to open. Lines are coloured on a terminal, unless NO_COLOR
is set.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.NoArgs
			cmd.Example = `  actiongw demo
  actiongw demo --listen 127.0.0.1:9000
  actiongw demo --listen 127.0.0.1:0        any free port`
			cmd.Flags().StringP("listen", "l", demoAddress, "Loopback address of the gate; port 0 means any free port")
			cmd.RunE = caddycmd.WrapCommandFuncForCobra(cmdDemo)
		},
	})
}

// cmdDemo runs the demo until the process is asked to stop.
func cmdDemo(fl caddycmd.Flags) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	d := &demo{
		out:         os.Stdout,
		interactive: term.IsTerminal(int(os.Stdout.Fd())),
		wanted:      fl.String("listen"),
		mayMove:     !fl.Changed("listen"),
	}
	if err := d.run(ctx); err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	return caddy.ExitCodeSuccess, nil
}

// demo is one run of the command.
type demo struct {
	out         io.Writer
	interactive bool   // out is a terminal
	wanted      string // address asked for
	mayMove     bool   // another port will do if wanted is taken
}

// run starts the guest book, the other site and the gate, and stops them when
// ctx ends. The order matters: each page names the addresses of the others.
func (d *demo) run(ctx context.Context) error {
	address, moved, err := demoListenAddress(d.wanted, d.mayMove)
	if err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(address)
	bookListener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return fmt.Errorf("starting the backend: %w", err)
	}
	defer bookListener.Close()
	twinListener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return fmt.Errorf("starting the evil twin: %w", err)
	}
	defer twinListener.Close()
	seal, err := freeAddress(net.JoinHostPort(host, "0"))
	if err != nil {
		return fmt.Errorf("finding a port to seal on: %w", err)
	}

	score, token := new(demoScore), rand.Text()
	site := &demoSite{Gate: "http://" + address, Twin: "http://" + twinListener.Addr().String(), score: score}
	backend := newDemoBackend(site, demoSealer{"http://" + seal, token}, time.Now)
	go serveDemo(bookListener, site.around(backend.handler()))
	go serveDemo(twinListener, site.twinHandler())

	colour := d.interactive && os.Getenv("NO_COLOR") == ""
	caddy.RegisterModule(newDemoEncoder(score, colour))
	if err := startDemoGate(demoAddresses{address, seal, bookListener.Addr().String()}, token); err != nil {
		return fmt.Errorf("starting the gate: %w", err)
	}

	d.welcome(site.Gate, moved)
	<-ctx.Done()
	err = caddy.Stop()
	d.goodbye(score)
	return err
}

// startDemoGate starts the gate with new keys. Their files are gone when it
// returns: the gate reads them at start only.
func startDemoGate(at demoAddresses, token string) error {
	dir, err := os.MkdirTemp("", "actiongw-demo-") // for its owner only
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	keys, err := writeDemoKeys(dir)
	if err != nil {
		return err
	}
	config, err := demoConfig(at, keys, token)
	if err != nil {
		return err
	}
	return caddy.Run(config)
}

// welcome says what runs where and what to do next.
func (d *demo) welcome(gate string, moved bool) {
	fmt.Fprintln(d.out, "\nA guest book with the gate in front of it, on this machine only.")
	if moved {
		fmt.Fprintf(d.out, "%s is taken, so the gate listens on a free port.\n", d.wanted)
	}
	fmt.Fprintf(d.out, `
  Open %s

  1. Sign the guest book: a genuine call reaches the backend as JSON.
  2. Press the buttons under "Try to break in": bad calls end at the gate,
     and so do sealed values that are altered, stale or somebody else's.
  3. Visit the evil twin: a form on another site is turned away.

Each decision is a line below and on the page. Ctrl-C stops the demo.

`, gate)
	fmt.Fprintln(d.out, demoLine{"time", "request", "kind", "verdict", "reason", "status"})
}

// goodbye sums up what was decided.
func (d *demo) goodbye(score *demoScore) {
	if d.interactive {
		fmt.Fprintln(d.out) // the terminal has echoed ^C
	}
	fmt.Fprintln(d.out, score)
}

// demoListenAddress turns the address asked for into one with a port that is
// free right now, and says whether it had to move to another port. Caddy
// shares ports with other processes where the system lets it, so it would not
// notice by itself that the port is taken.
func demoListenAddress(wanted string, mayMove bool) (address string, moved bool, err error) {
	host, port, err := net.SplitHostPort(wanted)
	if err != nil {
		return "", false, fmt.Errorf("--listen wants host:port: %w", err)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", false, fmt.Errorf("--listen %q is not a loopback address; the demo is for this machine only", wanted)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", false, fmt.Errorf("--listen %q has no port number", wanted)
	} else if n == 0 {
		mayMove = false
	}
	address, err = freeAddress(net.JoinHostPort(host, port))
	if err == nil || !mayMove {
		return address, false, err
	}
	address, err = freeAddress(net.JoinHostPort(host, "0"))
	return address, true, err
}

// freeAddress listens for a moment and returns the address it got.
func freeAddress(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// serveDemo serves one of the demo's own sites until its listener is closed.
func serveDemo(l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	_ = server.Serve(l) // always an error: the listener was closed
}
