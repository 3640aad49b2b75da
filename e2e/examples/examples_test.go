//go:build e2e

// Package examples_test runs the invoice app of the examples end to end: the
// real binary with the Caddyfile of the examples, React's real client in a real
// browser, each of the backends. It needs /usr/bin/chromium, node, npm and, for
// Python, Debian's python3-flask and python3-jwt, and fails without them.
package examples_test

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/e2e/program"
)

func TestInvoicesInChromium(t *testing.T) {
	for _, tool := range []string{"/usr/bin/chromium", "node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("this test needs %s, which is not installed: %v", tool, err)
		}
	}
	program.Run(t, ".", "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	program.Run(t, examples+"/client", "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	program.Run(t, examples+"/client", "npm", "run", "build")
	gates := newGates(t)
	for _, b := range backends {
		t.Run(b.language, func(t *testing.T) {
			// The browser sees the first gate only; the other one is another
			// site with the same keys.
			gate, foreign := gates.reserve(t), gates.reserve(t)
			backend := b.start(t, gate.sealer())
			gate.start(t, backend)
			foreign.start(t, backend)
			gate.browse(t, foreign)
			gate.reserved(t)
		})
	}
}

// gates is what all gates of the test share.
type gates struct{ binary, keys string }

// newGates builds the binary and makes keys as the examples say.
func newGates(t *testing.T) gates {
	t.Helper()
	g := gates{filepath.Join(t.TempDir(), "actiongw"), t.TempDir()}
	program.Run(t, ".", "go", "build", "-o", g.binary, "github.com/actiongw/actiongw/cmd/actiongw")
	program.Run(t, g.keys, g.binary, "keys", "generate", "--kind", "wrapping", "--out", "wrapping.json")
	program.Run(t, g.keys, g.binary, "keys", "generate", "--kind", "keyset", "--out", "closures.keyset", "--wrapping-key-file", "wrapping.json")
	return g
}

// A gate is one with ports of its own.
type gate struct {
	gates
	port, sealPort int
}

func (g gates) reserve(t *testing.T) gate {
	t.Helper()
	return gate{g, freePort(t), freePort(t)}
}

func (g gate) site() string   { return "localhost:" + strconv.Itoa(g.port) }
func (g gate) sealer() string { return fmt.Sprintf("http://127.0.0.1:%d/", g.sealPort) }

// start runs the gate in front of a backend.
func (g gate) start(t *testing.T, backend int) {
	t.Helper()
	start(t, examples, []string{g.binary, "run", "--config", "Caddyfile"}, g.port,
		"SITE="+g.site(), "PORT="+strconv.Itoa(backend), "SEAL=127.0.0.1:"+strconv.Itoa(g.sealPort), "KEYS="+g.keys,
		"ACTIONGW_SECRET="+secret, "ACTIONGW_WRAPPING_KEY_FILE="+filepath.Join(g.keys, "wrapping.json"),
		"HOME="+t.TempDir(), "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
}

// browse uses the app as examples.mjs says.
func (g gate) browse(t *testing.T, foreign gate) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", "examples.mjs", "http://"+g.site(), g.sealer(), foreign.sealer()).CombinedOutput()
	t.Logf("\n%s", out)
	if err != nil {
		t.Errorf("examples.mjs: %v", err)
	}
}

// reserved posts a ready-made call to the path where the backend gets calls,
// as somebody who has read this repository.
func (g gate) reserved(t *testing.T) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+g.site()+"/_actions/like", strings.NewReader(likeCall))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if got := status(t, r); got != http.StatusForbidden {
		t.Errorf("a call from outside to the path of calls has status %d, want 403", got)
	}
}
