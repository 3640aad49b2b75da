package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// sidecar is a running `actiongw sidecar` with nothing in its environment but
// the given variables, and an empty folder to be in.
func sidecar(t *testing.T, env ...string) (g *gate, health, folder string) {
	t.Helper()
	address, health := unusedAddress(t), unusedAddress(t)
	cmd := exec.Command(os.Args[0], "sidecar")
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{runAsActiongw + "=1", "ACTIONGW_LISTEN=" + address, "ACTIONGW_HEALTH_LISTEN=" + health}, env...)
	g = startCommand(t, cmd)
	g.address = address
	g.awaitListener(t)
	return g, health, cmd.Dir
}

// TestSidecar gives every variable a value that shows.
func TestSidecar(t *testing.T) {
	first, second := startUpstream(t), startUpstream(t)
	e, _ := recorded(t, "a_simple")
	id := field(e, "next-action")
	manifest, err := filepath.Abs(thisBuild)
	if err != nil {
		t.Fatal(err)
	}
	g, health, folder := sidecar(t,
		"ACTIONGW_UPSTREAM="+first.Listener.Addr().String()+", http://"+second.Listener.Addr().String(),
		"ACTIONGW_BACKEND=react",
		"ACTIONGW_DIALECT=next",
		"ACTIONGW_ORIGINS=shop.example\nhttps://*.partner.example",
		"ACTIONGW_TRUSTED_PROXIES=10.0.0.0/8 127.0.0.1",
		"ACTIONGW_MODE=enforce",
		"ACTIONGW_MAX_BODY=100KiB",
		"ACTIONGW_MAX_MEMORY=64MiB",
		"ACTIONGW_MANIFEST="+manifest,
		"ACTIONGW_ACCESS_LOG=on",
	)
	call := func(body string, more ...string) []byte {
		return message("POST", append([]string{"Next-Action: " + id, "Content-Type: text/plain"}, more...), body)
	}
	for _, tc := range []struct {
		is     string
		raw    []byte
		status int
	}{
		{"a page", message("GET", nil, ""), http.StatusOK},
		{"a call of the site", call("[]", "Origin: https://shop.example"), http.StatusOK},
		{"a call of a partner", call("[]", "Origin: https://a.partner.example"), http.StatusOK},
		{"a call of another site", call("[]", "Origin: https://evil.example"), http.StatusForbidden},
		{"a call to another host through a trusted proxy", call("[]", "X-Forwarded-Host: other.example"), http.StatusMisdirectedRequest},
		{"a large call", call(strings.Repeat("x", 100<<10+1)), http.StatusRequestEntityTooLarge},
		{"a call of an action that the build does not have", fetchCall(), http.StatusNotFound},
	} {
		if got := send(t, g.address, tc.raw, false); got.status != tc.status {
			t.Errorf("%s: %d %s", tc.is, got.status, got.body)
		}
	}
	if len(first.take()) == 0 && len(second.take()) == 0 {
		t.Error("no backend saw a request")
	}
	g.log.await(t, "an admitted call", func(line map[string]any) bool { return line["actiongw_verdict"] == "admit" })
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/healthz": {http.StatusOK, "ok"},
		"/metrics": {http.StatusOK, "actiongw_calls_total"},
		"/ready":   {http.StatusNotFound, ""},
	} {
		got := send(t, health, []byte("GET "+path+" HTTP/1.1\r\nHost: 10.1.2.3:8081\r\nConnection: close\r\n\r\n"), false)
		if got.status != want.status || !strings.Contains(got.body, want.body) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := send(t, g.address, []byte("GET /healthz HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"), false); got.body != "0:{}\n" {
		t.Errorf("the backend's own /healthz is answered with %d %s", got.status, got.body)
	}
	endsWell(t, g)
	if files, _ := os.ReadDir(folder); len(files) > 0 {
		t.Errorf("the sidecar wrote %v", files)
	}
}

// TestSidecarTranslates calls for a backend that speaks no React.
func TestSidecarTranslates(t *testing.T) {
	backend := startJSONBackend(t)
	g, _, _ := sidecar(t, "ACTIONGW_UPSTREAM="+backend.Listener.Addr().String(), "ACTIONGW_BACKEND=json", "ACTIONGW_DIALECT=react", "ACTIONGW_ACTIONS=echo dollar")
	for _, tc := range []struct {
		is, action string
		status     int
		says       string
	}{
		{"an action in the list", "echo", http.StatusOK, `0:{"action":"echo","id":"echo"`},
		{"an action that is not", "rich", http.StatusNotFound, "0:E"},
	} {
		if got := send(t, g.address, reactCall(tc.action, "[7]"), false); got.status != tc.status || !strings.Contains(got.body, tc.says) {
			t.Errorf("%s: %d %s", tc.is, got.status, got.body)
		}
	}
}

// TestSidecarOpensClosures: keys come from the environment, here from a file.
func TestSidecarOpensClosures(t *testing.T) {
	e, key := recorded(t, "c_str")
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	up := startUpstream(t)
	g, health, _ := sidecar(t, "ACTIONGW_UPSTREAM="+up.Listener.Addr().String(), "ACTIONGW_PREVIOUS_KEYS_FILE="+file)
	if got := send(t, g.address, e.Request.Raw(), false); got.status != http.StatusOK {
		t.Fatalf("a genuine call: %d %s", got.status, got.body)
	}
	if metrics := scrape(t, health); !strings.Contains(metrics, "actiongw_key_uses_total{key=") {
		t.Errorf("no key was used:\n%s", metrics)
	}
}

// TestSidecarSigns what a JSON backend gets, with the secret in a variable or in
// a file.
func TestSidecarSigns(t *testing.T) {
	for _, tc := range []struct {
		is, audience string
		env          []string
	}{
		{"a secret in a variable", "backend", []string{"ACTIONGW_ASSERT_SECRET=" + sharedSecret}},
		{"a secret in a file", "backend", []string{"ACTIONGW_ASSERT_SECRET_FILE=" + writeFile(t, "secret", sharedSecret+"\r\n")}},
		{"an audience", "orders", []string{"ACTIONGW_ASSERT_SECRET=" + sharedSecret, "ACTIONGW_ASSERT_AUDIENCE=orders"}},
	} {
		backend := startSignedBackend(t, tc.audience)
		g, _, _ := sidecar(t, append(tc.env, "ACTIONGW_UPSTREAM="+backend.Listener.Addr().String(), "ACTIONGW_BACKEND=json", "ACTIONGW_DIALECT=react")...)
		if got := send(t, g.address, reactCall("echo", "[7]"), false); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", tc.is, got.status, got.body)
		}
		if text := g.log.text(); strings.Contains(text, sharedSecret) || strings.Contains(text, "is unknown") {
			t.Errorf("%s: the log shows the secret or warns of a known variable:\n%s", tc.is, text)
		}
	}
}

// TestSidecarOpensItsOwnClosures: the keyset is a file, and the wrapping key of
// it comes from the environment or from another one.
func TestSidecarOpensItsOwnClosures(t *testing.T) {
	s := newOwnSite(t)
	wrapping, err := os.ReadFile(s.wrapping)
	if err != nil {
		t.Fatal(err)
	}
	for is, key := range map[string]string{
		"a wrapping key in a file":     "ACTIONGW_WRAPPING_KEY_FILE=" + s.wrapping,
		"a wrapping key in a variable": "ACTIONGW_WRAPPING_KEY=" + string(wrapping),
	} {
		up := startUpstream(t)
		g, _, _ := sidecar(t, "ACTIONGW_UPSTREAM="+up.Listener.Addr().String(), "ACTIONGW_CLOSURES="+s.keyset, "ACTIONGW_AUDIENCE=shop", key)
		if got := send(t, g.address, callWith(s.seal(t, here, fresh)), false); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", is, got.status, got.body)
		}
		elsewhere := here
		elsewhere.Audience = "other"
		if line := g.refusal(t, send(t, g.address, callWith(s.seal(t, elsewhere, fresh)), false)); line["reason"] != "closure_altered" {
			t.Errorf("%s, a closure of another site: %v", is, line)
		}
		if text := g.log.text(); strings.Contains(text, "is unknown") {
			t.Errorf("%s: a known variable is warned of:\n%s", is, text)
		}
	}
}

// endsWell ends a gate as container engines do.
func endsWell(t *testing.T, g *gate) {
	t.Helper()
	_ = g.cmd.Process.Signal(syscall.SIGTERM)
	if err := g.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, g.log.text())
	}
}

// TestSidecarFinishesWhatIsInFlight after it was asked to end.
func TestSidecarFinishesWhatIsInFlight(t *testing.T) {
	arrived, released := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	defer release()
	up := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-released
	}))
	t.Cleanup(up.Close)
	g, _, _ := sidecar(t, "ACTIONGW_UPSTREAM="+up.Listener.Addr().String())
	got := make(chan answer)
	go func() { got <- send(t, g.address, fetchCall(), false) }()
	<-arrived
	_ = g.cmd.Process.Signal(syscall.SIGTERM)
	g.log.await(t, "the end", func(line map[string]any) bool { return line["signal"] == "SIGTERM" })
	release()
	if a := <-got; a.status != http.StatusOK {
		t.Errorf("the call in flight: %d %s", a.status, a.body)
	}
	if err := g.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

func TestSidecarReports(t *testing.T) {
	up := startUpstream(t)
	g, _, _ := sidecar(t, "ACTIONGW_UPSTREAM="+up.Listener.Addr().String(), "ACTIONGW_MODE=report")
	send(t, g.address, fetchCall("Sec-Fetch-Site: cross-site", "Origin: null"), false)
	g.log.await(t, "what would be refused", func(line map[string]any) bool { return line["msg"] == "would refuse" })
	if len(up.take()) != 1 {
		t.Error("the backend did not get the call")
	}
}

// TestSidecarListensOnAllInterfaces: a port alone is for every address of the
// container, v4 and v6, and any Host.
func TestSidecarListensOnAllInterfaces(t *testing.T) {
	up := startUpstream(t)
	_, port, _ := net.SplitHostPort(unusedAddress(t))
	_, healthPort, _ := net.SplitHostPort(unusedAddress(t))
	cmd := exec.Command(os.Args[0], "sidecar")
	cmd.Env = []string{runAsActiongw + "=1", "ACTIONGW_LISTEN=" + port, "ACTIONGW_HEALTH_LISTEN=:" + healthPort, "ACTIONGW_UPSTREAM=" + up.Listener.Addr().String()}
	g := startCommand(t, cmd)
	for _, address := range []string{"127.0.0.1:" + port, "[::1]:" + port, "127.0.0.2:" + healthPort, "[::1]:" + healthPort} {
		g.address = address
		g.awaitListener(t)
	}
	if got := send(t, "127.0.0.1:"+port, fetchCall(), false); got.status != http.StatusOK {
		t.Errorf("a call: %d %s", got.status, got.body)
	}
	typed(t, "", []string{"ACTIONGW_HEALTH_LISTEN=:" + healthPort}, "healthcheck").want(t, 0, "well: http://127.0.0.1:"+healthPort+"/healthz")
}

func TestMistakesInTheEnvironmentAreNamed(t *testing.T) {
	for _, tc := range []struct {
		is   string
		env  string
		says []string
	}{
		{"no backend", "ACTIONGW_UPSTREAM=", []string{"ACTIONGW_UPSTREAM is required", "ACTIONGW_UPSTREAM=app:3000"}},
		{"a backend with a path", "ACTIONGW_UPSTREAM=http://app:3000/shop", []string{"ACTIONGW_UPSTREAM", "only support scheme, host, and port"}},
		{"a kind of backend that is none", "ACTIONGW_BACKEND=php", []string{"ACTIONGW_BACKEND", "want react or json"}},
		{"a client that is none", "ACTIONGW_DIALECT=vue", []string{"ACTIONGW_DIALECT", "want next or react"}},
		{"a pattern in place of a name", "ACTIONGW_ACTIONS=app/admin/**", []string{"ACTIONGW_ACTIONS", "is no name of an action", "Caddyfile"}},
		{"names of actions in front of React", "ACTIONGW_ACTIONS=create", []string{"ACTIONGW_ACTIONS is for JSON backends", "ACTIONGW_BACKEND=json"}},
		{"a host to listen on", "ACTIONGW_LISTEN=shop.example", []string{"ACTIONGW_LISTEN", "want a port such as :8080", "Caddyfile"}},
		{"a port out of range", "ACTIONGW_LISTEN=:99999", []string{"ACTIONGW_LISTEN", "is no port"}},
		{"an address without a port", "ACTIONGW_LISTEN=127.0.0.1", []string{"ACTIONGW_LISTEN", "want 127.0.0.1:8080"}},
		{"the health address on the port of the gate", "ACTIONGW_HEALTH_LISTEN=:8080", []string{"ACTIONGW_LISTEN and ACTIONGW_HEALTH_LISTEN are both port 8080"}},
		{"a wildcard alone", "ACTIONGW_ORIGINS=*", []string{"ACTIONGW_ORIGINS", "*.example.com"}},
		{"a word with a brace", "ACTIONGW_ORIGINS={$SITE}", []string{"ACTIONGW_ORIGINS", "is no address, origin"}},
		{"two words that Unicode parts", "ACTIONGW_UPSTREAM=app:3000\u2028evil:3000", []string{"ACTIONGW_UPSTREAM", "is no address, origin"}},
		{"the start of many lines", "ACTIONGW_MANIFEST=<<END", []string{"ACTIONGW_MANIFEST", "is no address, origin"}},
		{"a range that is none", "ACTIONGW_TRUSTED_PROXIES=10.0.0.0/8 everyone", []string{"ACTIONGW_TRUSTED_PROXIES", `\"everyone\"`, "10.0.0.0/8, or private_ranges"}},
		{"a mode that is none", "ACTIONGW_MODE=reprot", []string{"ACTIONGW_MODE", "want enforce or report"}},
		{"a size that is none", "ACTIONGW_MAX_BODY=big", []string{"ACTIONGW_MAX_BODY", "want a size such as 1MiB"}},
		{"two sizes", "ACTIONGW_MAX_BODY=1MiB 2MiB", []string{"ACTIONGW_MAX_BODY", "wants one value, not 2"}},
		{"less memory than one call may take", "ACTIONGW_MAX_MEMORY=1MiB", []string{"max_memory 1048576 is too small", "the environment"}},
		{"a switch that is neither on nor off", "ACTIONGW_ACCESS_LOG=1", []string{"ACTIONGW_ACCESS_LOG", "want on or off"}},
		{"a key that is too short", "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY=abcd", []string{"NEXT_SERVER_ACTIONS_ENCRYPTION_KEY", "openssl rand -base64 32"}},
		{"a previous key in hexadecimal", "ACTIONGW_PREVIOUS_KEYS=" + strings.Repeat("0f", 32), []string{"ACTIONGW_PREVIOUS_KEYS, number 1", "hex"}},
		{"a file of a key that is not there", "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE=/nonexistent/key", []string{"NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE", "no such file"}},
		{"closures without a site", "ACTIONGW_CLOSURES=own.keyset", []string{"ACTIONGW_CLOSURES wants ACTIONGW_AUDIENCE as well"}},
		{"a site without closures", "ACTIONGW_AUDIENCE=shop.example", []string{"ACTIONGW_AUDIENCE is for closures", "ACTIONGW_CLOSURES"}},
		{"a short secret", "ACTIONGW_ASSERT_SECRET=" + strings.Repeat("s", 31), []string{"ACTIONGW_ASSERT_SECRET: the secret is 31 bytes long; want at least 32"}},
		{"a file of a short secret", "ACTIONGW_ASSERT_SECRET_FILE=" + writeFile(t, "short", strings.Repeat("s", 31)+"\n"), []string{"ACTIONGW_ASSERT_SECRET_FILE: the secret is 31 bytes long"}},
		{"a file of a secret that is not there", "ACTIONGW_ASSERT_SECRET_FILE=/nonexistent/secret", []string{"ACTIONGW_ASSERT_SECRET_FILE", "no such file"}},
		{"an audience without a secret", "ACTIONGW_ASSERT_AUDIENCE=orders", []string{"ACTIONGW_ASSERT_AUDIENCE is for signed calls", "neither ACTIONGW_ASSERT_SECRET nor ACTIONGW_ASSERT_SECRET_FILE"}},
		{"a manifest that is none", "ACTIONGW_MANIFEST=/proc/self/comm", []string{"/proc/self/comm", "not JSON"}},
	} {
		// The last of two counts.
		env := []string{"ACTIONGW_UPSTREAM=localhost:3000", "ACTIONGW_HEALTH_LISTEN=" + unusedAddress(t), tc.env}
		typed(t, "", env, "sidecar").want(t, 1, tc.says...)
	}
}

// TestUnknownVariablesAreWarnedOf, each once and with the name that was
// probably meant, but not those that Kubernetes sets for a Service.
func TestUnknownVariablesAreWarnedOf(t *testing.T) {
	r := typed(t, "", []string{
		"ACTIONGW_ORIGIN=shop.example",
		"ACTIONGW_UPSTREAMS=secret:3000",
		"ACTIONGW_MAXBODY=1MiB",
		"ACTIONGW_TRUSTED_PROXY=10.0.0.0/8",
		"ACTIONGW_PREVIOUS_KEY_FILE=/run/secrets/old",
		"ACTIONGW_PORT=8080",

		"ACTIONGW_SERVICE_HOST=10.0.171.239",
		"ACTIONGW_SERVICE_PORT=8080",
		"ACTIONGW_SERVICE_PORT_HTTP=8080",
		"ACTIONGW_PORT_8080_TCP=tcp://10.0.171.239:8080",
		"ACTIONGW_PORT_8080_TCP_PROTO=tcp",
		"ACTIONGW_PORT_8080_TCP_PORT=8080",
		"ACTIONGW_PORT_8080_TCP_ADDR=10.0.171.239",
		"ACTIONGW_CANARY_PORT=tcp://10.0.171.240:8080",

		"ACTIONGW_MODE=enforce",
		"OTHER_ORIGINS=x",
	}, "sidecar")
	r.want(t, 1,
		"ACTIONGW_ORIGIN is unknown and ignored; did you mean ACTIONGW_ORIGINS?",
		"ACTIONGW_UPSTREAMS is unknown and ignored; did you mean ACTIONGW_UPSTREAM?",
		"ACTIONGW_MAXBODY is unknown and ignored; did you mean ACTIONGW_MAX_BODY?",
		"ACTIONGW_TRUSTED_PROXY is unknown and ignored; did you mean ACTIONGW_TRUSTED_PROXIES?",
		"ACTIONGW_PREVIOUS_KEY_FILE is unknown and ignored; did you mean ACTIONGW_PREVIOUS_KEYS_FILE?",
		"ACTIONGW_PORT is unknown and ignored; want one of ACTIONGW_UPSTREAM, ",
		"ACTIONGW_UPSTREAM is required",
	)
	r.wantNone(t, "secret")
	if n := strings.Count(r.err, "is unknown"); n != 6 {
		t.Errorf("%d warnings, want 6:\n%s", n, r.err)
	}
}

// TestVariablesAreDescribed in the help and in the docs.
func TestVariablesAreDescribed(t *testing.T) {
	docs, err := os.ReadFile("../../docs/container.md")
	if err != nil {
		t.Fatal(err)
	}
	help := typed(t, "", nil, "sidecar", "--help").out
	for _, name := range append(knownVariables(), nextKeyVariable) {
		name = strings.TrimSuffix(name, "_FILE")
		if !strings.Contains(help, name) {
			t.Errorf("%s is not in the help", name)
		}
		if !strings.Contains(string(docs), "\n| `"+name+"` |") {
			t.Errorf("%s is not in the table of docs/container.md", name)
		}
	}
}
