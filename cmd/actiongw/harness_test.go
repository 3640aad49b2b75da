package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// runAsActiongw makes the test binary be actiongw, so that the tests run the
// real commands in a process of their own, with the race detector if the tests
// have it.
const runAsActiongw = "TEST_RUN_AS_ACTIONGW"

func TestMain(m *testing.M) {
	if os.Getenv(runAsActiongw) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// patience bounds every wait. It is only ever used up by a failing test.
const patience = 20 * time.Second

// gate is a running actiongw process.
type gate struct {
	address string
	cmd     *exec.Cmd
	log     *logReader
}

// startGate runs actiongw with a Caddyfile of one plain-HTTP site on loopback.
// global and site are lines for the two blocks.
func startGate(t testing.TB, global, site string) *gate {
	t.Helper()
	address := unusedAddress(t)
	file := t.TempDir() + "/Caddyfile"
	writeConfig(t, file, address, global, site)
	g := start(t, "run", "--config", file)
	g.address = address
	g.awaitListener(t)
	return g
}

func writeConfig(t testing.TB, file, address, global, site string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	if !strings.Contains(global, "admin ") {
		global = "admin off\n" + global
	}
	config := fmt.Sprintf("{\npersist_config off\nauto_https off\n%s\n}\nhttp://:%s {\nbind %s\n%s\n}\n", global, port, host, site)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs actiongw with the given arguments until the test ends.
func start(t testing.TB, args ...string) *gate {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), runAsActiongw+"=1", "XDG_DATA_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	return startCommand(t, cmd)
}

// startCommand runs a command that is actiongw until the test ends.
func startCommand(t testing.TB, cmd *exec.Cmd) *gate {
	t.Helper()
	g := &gate{cmd: cmd, log: newLogReader()}
	g.cmd.Stdout, g.cmd.Stderr = g.log, g.log
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = g.cmd.Process.Signal(syscall.SIGTERM)
		_ = g.cmd.Wait()
		if text := g.log.text(); strings.Contains(text, "DATA RACE") || strings.Contains(text, "panic:") {
			t.Errorf("the gate's log:\n%s", text)
		}
	})
	return g
}

func (g *gate) awaitListener(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", g.address); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("the gate does not listen; its log:\n%s", g.log.text())
}

// unusedAddress is a loopback address that nobody listens on.
func unusedAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// logReader collects the JSON log lines of a process.
type logReader struct {
	mu    sync.Mutex
	rest  []byte
	all   bytes.Buffer
	lines []map[string]any
	more  *sync.Cond
}

func newLogReader() *logReader {
	l := &logReader{}
	l.more = sync.NewCond(&l.mu)
	return l
}

func (l *logReader) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(p)
	l.rest = append(l.rest, p...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			break
		}
		l.rest = rest
		var entry map[string]any
		if json.Unmarshal(line, &entry) == nil {
			l.lines = append(l.lines, entry)
		}
	}
	l.more.Broadcast()
	return len(p), nil
}

func (l *logReader) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// await returns the first line that matches, waiting for it.
func (l *logReader) await(t testing.TB, what string, match func(map[string]any) bool) map[string]any {
	t.Helper()
	timeout := time.AfterFunc(patience, func() { l.more.Broadcast() })
	defer timeout.Stop()
	deadline := time.Now().Add(patience)
	l.mu.Lock()
	defer l.mu.Unlock()
	for seen := 0; ; l.more.Wait() {
		for ; seen < len(l.lines); seen++ {
			if match(l.lines[seen]) {
				return l.lines[seen]
			}
		}
		if !time.Now().Before(deadline) {
			t.Fatalf("no log line of %s in:\n%s", what, l.all.String())
		}
	}
}

// refusal returns the log line of the refusal whose digest is in the answer.
func (g *gate) refusal(t testing.TB, a answer) map[string]any {
	t.Helper()
	digest := regexp.MustCompile(`\b[A-Z2-7]{13}\b`).FindString(a.body)
	if digest == "" {
		t.Fatalf("no digest in the answer %d %q", a.status, a.body)
	}
	return g.log.await(t, "digest "+digest, func(line map[string]any) bool {
		return line["logger"] == "http.handlers.actiongw" && line["digest"] == digest
	})
}

// answer is what a client got; status is 0 if the connection broke first.
type answer struct {
	status int
	header http.Header
	body   string
}

// send writes a raw request on a connection of its own, closes its side if
// asked to, and reads the answer.
func send(t testing.TB, address string, raw []byte, halfClose bool) answer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return answer{}
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	written := make(chan struct{})
	go func() { // the gate may answer before it has read everything
		defer close(written)
		_, _ = conn.Write(raw)
		if halfClose {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	}()
	defer func() { conn.Close(); <-written }()
	method, _, _ := strings.Cut(string(raw), " ")
	return read(conn, method)
}

// read reads the answer to a request of the given method.
func read(conn net.Conn, method string) answer {
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return answer{}
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}
}
