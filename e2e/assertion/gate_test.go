//go:build e2e

package assertion_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/actiongw/actiongw/internal/keyring"

	"github.com/actiongw/actiongw/e2e/program"
)

const secret = "9c1d85eab0ae4f3d8a7a5b8d6c2e4f10"

// request is what a backend has to judge.
type request struct {
	Assertion string `json:"assertion"`
	Method    string `json:"method"`
	Target    string `json:"target"`
	Body      []byte `json:"body"`
}

// gate is the running binary, with one site for each variant of assertions.
type gate struct {
	sites map[string]string // addresses by name
	// jwks is where the public keys are, and fetches counts who asked.
	jwks    string
	fetches atomic.Int64
	// keys are those that the gate signs with, for forgeries from inside.
	keys *keyset.Handle

	mu   sync.Mutex
	seen []request
}

// variants are the sites of a gate: how each signs, and whether its assertions
// are for orders, from actiongw, and good for a minute.
var variants = map[string]string{
	"ES256":          "audience orders",
	"ES256 audience": "audience stock",
	"ES256 issuer":   "audience orders\nissuer https://elsewhere.example",
	"ES256 short":    "audience orders\nttl 1s",
	"HS256":          "audience orders",
	"HS256 audience": "audience stock",
	"HS256 issuer":   "audience orders\nissuer https://elsewhere.example",
	"HS256 short":    "audience orders\nttl 1s",
}

// startGate builds the binary, has it make the keys, and runs it.
func startGate(t *testing.T) *gate {
	t.Helper()
	dir := t.TempDir()
	binary, wrapping, file := filepath.Join(dir, "actiongw"), filepath.Join(dir, "wrapping.json"), filepath.Join(dir, "assertion.keyset")
	program.Run(t, ".", "go", "build", "-o", binary, "github.com/actiongw/actiongw/cmd/actiongw")
	program.Run(t, ".", binary, "keys", "generate", "--kind", "wrapping", "--out", wrapping)
	program.Run(t, ".", binary, "keys", "generate", "--kind", "assertion", "--wrapping-key-file", wrapping, "--out", file)
	secretFile := filepath.Join(dir, "secret")
	if err := os.WriteFile(secretFile, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := &gate{sites: map[string]string{}, keys: readKeys(t, file, wrapping)}
	upstream := httptest.NewServer(g)
	t.Cleanup(upstream.Close)

	config := "{\nadmin off\npersist_config off\nauto_https off\n}\n"
	for name, options := range variants {
		key := "secret {file." + secretFile + "}"
		if strings.HasPrefix(name, "ES256") {
			key = "keyset " + file
		}
		g.sites[name] = program.UnusedAddress(t)
		_, port, _ := net.SplitHostPort(g.sites[name])
		config += fmt.Sprintf("http://:%s {\nbind 127.0.0.1\nactiongw_jwks /jwks.json %s\nactiongw {\nassertion {\n%s\n%s\n}\n}\nreverse_proxy %s\n}\n",
			port, file, options, key, upstream.Listener.Addr())
	}
	caddyfile := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(caddyfile, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var log program.Output
	cmd := exec.Command(binary, "run", "--config", caddyfile)
	cmd.Env = append(os.Environ(), "ACTIONGW_WRAPPING_KEY_FILE="+wrapping, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the gate's log:\n%s", log.String())
		}
	})
	g.awaitListeners(t)
	g.countFetches(t)
	return g
}

func readKeys(t *testing.T, file, wrappingFile string) *keyset.Handle {
	t.Helper()
	key, err := os.ReadFile(wrappingFile)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wrapping, err := keyring.ParseWrappingKey(key)
	if err != nil {
		t.Fatal(err)
	}
	set, err := keyring.ReadKeyset(keyring.Assertions, data, nil, wrapping)
	if err != nil {
		t.Fatal(err)
	}
	handle, err := set.SigningHandle()
	if err != nil {
		t.Fatal(err)
	}
	return handle
}

func (g *gate) awaitListeners(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for _, address := range g.sites {
		for {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				conn.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the gate does not listen: %v", err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// countFetches puts a counter in front of the public keys.
func (g *gate) countFetches(t *testing.T) {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: g.sites["ES256"]})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.fetches.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.jwks = server.URL + "/jwks.json"
}

// ServeHTTP is the backend: it remembers what it got.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, request{strings.Join(r.Header["Actiongw-Assertion"], ", "), r.Method, r.RequestURI, body})
}

// call sends a genuine call to a site and returns what the backend got.
func (g *gate) call(t *testing.T, site, target, contentType, body string) request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+g.sites[site]+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Origin", "http://"+g.sites[site])
	if contentType == "text/plain" {
		r.Header.Set("Next-Action", actionID)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	if response.StatusCode != http.StatusOK || len(g.seen) != 1 {
		t.Fatalf("%s: %s %s, %d requests reached the backend", site, response.Status, text, len(g.seen))
	}
	seen := g.seen[0]
	g.seen = nil
	return seen
}
