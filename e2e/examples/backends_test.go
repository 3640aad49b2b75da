//go:build e2e

package examples_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/e2e/program"
)

const examples = "../../examples"

// secret is what the gate and the backends share in these tests.
const secret = "a secret of the tests, and long enough"

// A backend is one of the examples.
type backend struct {
	language string
	// command prepares it and returns how it is started in its folder.
	command func(t *testing.T) []string
}

// backends are all of them. Python is the system's: its packages are Debian's.
var backends = []backend{
	{"go", func(t *testing.T) []string {
		binary := filepath.Join(t.TempDir(), "invoices")
		program.Run(t, examples+"/go", "go", "build", "-o", binary, ".")
		return []string{binary}
	}},
	{"python", func(t *testing.T) []string {
		return []string{"/usr/bin/python3", "-B", "app.py"}
	}},
	{"node", func(t *testing.T) []string {
		program.Run(t, examples+"/node", "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		return []string{"node", "app.mjs"}
	}},
}

// start starts the backend on a free port, with the handler actiongw_seal of
// its gate at an address, and returns the port.
func (b backend) start(t *testing.T, sealer string) int {
	t.Helper()
	port := freePort(t)
	start(t, filepath.Join(examples, b.language), b.command(t), port,
		"PORT="+strconv.Itoa(port), "ACTIONGW_SECRET="+secret, "ACTIONGW_SEAL="+sealer)
	return port
}

// start starts a server in a folder, waits until it listens on a port, and
// kills it at the end. What it printed is shown if the test fails.
func start(t *testing.T, dir string, command []string, port int, env ...string) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	out := new(program.Output)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), out, out
	cmd.WaitDelay = 10 * time.Second // for a child that keeps the output open
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s printed:\n%s", strings.Join(command, " "), out)
		}
	})
	for range 300 {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended", strings.Join(command, " "))
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatalf("%s did not listen on port %d within 30 s", strings.Join(command, " "), port)
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// status sends a request and returns the status of the answer.
func status(t *testing.T, r *http.Request) int {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}
