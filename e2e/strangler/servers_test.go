//go:build e2e

package strangler_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/e2e/program"
)

// caddyfile has the two sites: in the first one all actions are the backend's,
// in the second two are. The words in capitals are filled in.
const caddyfile = `{
	admin off
	persist_config off
	auto_https off
}

http://ALL {
	bind 127.0.0.1
	actiongw {
		backend json
		manifest MANIFEST
	}
	reverse_proxy /_actions/* BACKEND
	reverse_proxy /reports/* BACKEND
	reverse_proxy NEXT
}

http://SOME {
	bind 127.0.0.1
	actiongw {
		manifest MANIFEST
	}
	@moved vars {http.actiongw.action} "app/actions.js#stock" "app/actions.js#subscribe"
	handle @moved {
		actiongw {
			backend json
			manifest MANIFEST
		}
		reverse_proxy BACKEND
	}
	handle {
		reverse_proxy NEXT
	}
}
`

// buildApp installs and builds the app, and returns the path of its manifest.
// There is no lock file: npm does not install from one that lacks the optional
// packages for other systems, which not every registry has.
func buildApp(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"/usr/bin/chromium", "node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("this test needs %s, which is not installed: %v", tool, err)
		}
	}
	program.Run(t, ".", "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
	program.Run(t, ".", "node", "node_modules/next/dist/bin/next", "build")
	manifest, err := filepath.Abs(".next/server/server-reference-manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	return manifest
}

// startApp runs the app and returns its address.
func startApp(t *testing.T, backend string) string {
	t.Helper()
	address := program.UnusedAddress(t)
	host, port, _ := net.SplitHostPort(address)
	cmd := exec.Command("node", "node_modules/next/dist/bin/next", "start", "-H", host, "-p", port)
	cmd.Env = append(os.Environ(), "NEXT_TELEMETRY_DISABLED=1", "BACKEND="+backend)
	start(t, "the app", cmd)
	await(t, address)
	return address
}

// startGate runs the gate in front of the app and the backend. It returns the
// addresses of the two sites, and the log.
func startGate(t *testing.T, manifest, app, backend string) (all, some string, log *program.Output) {
	t.Helper()
	dir := t.TempDir()
	binary, file := filepath.Join(dir, "actiongw"), filepath.Join(dir, "Caddyfile")
	program.Run(t, ".", "go", "build", "-o", binary, "github.com/actiongw/actiongw/cmd/actiongw")
	all, some = program.UnusedAddress(t), program.UnusedAddress(t)
	config := strings.NewReplacer("MANIFEST", manifest, "BACKEND", backend, "NEXT", app, "ALL", all, "SOME", some).Replace(caddyfile)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "--config", file)
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	log = start(t, "the gate", cmd)
	await(t, all)
	await(t, some)
	return all, some, log
}

// start runs a server until the test ends.
func start(t *testing.T, name string, cmd *exec.Cmd) *program.Output {
	t.Helper()
	o := new(program.Output)
	cmd.Stdout, cmd.Stderr = o, o
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, o)
		}
	})
	return o
}

// await waits for a server to listen.
func await(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("nothing listens on %s after a minute", address)
}
