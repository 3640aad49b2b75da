//go:build e2e

// Package demo_test drives `actiongw demo` end to end: the real binary, a real
// browser. It needs /usr/bin/chromium, node and npm, and fails without them.
package demo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/e2e/program"
)

// decisions is what the terminal shows for the calls of demo.mjs, in their
// order: request, kind, verdict, reason, status.
var decisions = []string{
	"GET / pass 200",
	"POST / fetch admit 200",
	"GET / fetch refuse method_not_allowed 405",
	"POST / fetch refuse action_unknown 404",
	"POST / fetch refuse body_too_large 413",
	"POST / fetch refuse media_type_unsupported 415",
	"POST / form refuse form_malformed 400",
	"POST / form refuse form_malformed 400",
	"POST / fetch refuse reply_reference_invalid 400",
	"POST /_actions/sign none refuse path_reserved 403",
	"POST / fetch refuse closure_missing 403",
	"POST / fetch refuse closure_altered 403",
	"POST / fetch refuse closure_expired 403",
	"POST / fetch refuse closure_altered 403",
	"POST / fetch refuse closure_binding_mismatch 403",
	"POST /upload pass 200",
	"POST / form refuse origin_not_allowed 403",
	"POST / fetch admit 200",
	"POST / fetch admit 200",
	"POST / fetch admit 200",
	"GET / pass 200",
	"POST / fetch admit 200",
	"GET / pass 200",
	"POST / form admit 303",
	"GET / pass 200",
	"POST / form admit 303",
	"GET / pass 200",
}

func TestDemoInChromium(t *testing.T) {
	for _, tool := range []string{"/usr/bin/chromium", "node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("this test needs %s, which is not installed: %v", tool, err)
		}
	}
	program.Run(t, ".", "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")

	demo := startDemo(t)
	t.Log("\n" + program.Run(t, ".", "node", "demo.mjs", demo.gate(t)))
	terminal := demo.stop(t)

	var got []string
	for _, line := range regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d  .*$`).FindAllString(terminal, -1) {
		got = append(got, strings.Join(strings.Fields(line)[1:], " "))
	}
	if !slices.Equal(got, decisions) {
		t.Errorf("the terminal shows\n%s\nwant the decisions\n%s", terminal, strings.Join(decisions, "\n"))
	}
	if !strings.HasSuffix(terminal, "\n7 calls admitted, 14 refused\n") {
		t.Errorf("the last line does not sum up:\n%s", terminal)
	}
	if strings.Contains(terminal, "\x1b") {
		t.Error("the output has colours, though it does not go to a terminal")
	}
}

// process is a running demo and what it has printed so far.
type process struct {
	cmd   *exec.Cmd
	ended chan error // receives the result of the process once
	out   program.Output
}

// startDemo builds the binary and starts the demo on a free port, with an
// empty home and an empty temporary directory, which must stay empty.
func startDemo(t *testing.T) *process {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "actiongw")
	program.Run(t, ".", "go", "build", "-o", binary, "github.com/actiongw/actiongw/cmd/actiongw")

	home, temporary := t.TempDir(), t.TempDir()
	p := &process{cmd: exec.Command(binary, "demo", "--listen", "127.0.0.1:0"), ended: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+temporary, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // no-op after stop
		for _, dir := range []string{home, temporary} {
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("the demo left %v in %s", left, dir)
			}
		}
	})
	return p
}

// gate waits for the demo to say where it listens.
func (p *process) gate(t *testing.T) string {
	t.Helper()
	address := regexp.MustCompile(`Open (http://127\.0\.0\.1:\d+)\n`)
	for range 300 {
		if m := address.FindStringSubmatch(p.out.String()); m != nil {
			return m[1]
		}
		select {
		case err := <-p.ended:
			t.Fatalf("the demo did not start: %v\n%s", err, p.out.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatalf("the demo did not start within 30 s:\n%s", p.out.String())
	return ""
}

// stop presses Ctrl-C and returns all that was printed.
func (p *process) stop(t *testing.T) string {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("the demo did not end cleanly: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the demo did not end within 10 s of Ctrl-C")
	}
	return p.out.String()
}
