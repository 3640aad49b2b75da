package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestProxyCommand guards a backend without a file, as the README says.
func TestProxyCommand(t *testing.T) {
	up := startUpstream(t)
	address := unusedAddress(t)
	_, port, _ := strings.Cut(address, ":")
	g := start(t, "proxy", "--from", ":"+port, "--to", up.Listener.Addr().String(),
		"--origin", "shop.example", "--origin", "https://*.partner.example", "--max-body", "100KiB",
		"--trusted-proxy", "127.0.0.0/8", "--access-log")
	g.address = address
	g.awaitListener(t)
	call := func(more ...string) []byte {
		return message("POST", append([]string{"Next-Action: " + actionID, "Content-Type: text/plain"}, more...), `["x"]`)
	}
	for _, tc := range []struct {
		is     string
		raw    []byte
		status int
	}{
		{"a page", message("GET", nil, ""), http.StatusOK},
		{"a call of the site", call("Origin: https://shop.example"), http.StatusOK},
		{"a call of a partner", call("Origin: https://a.partner.example"), http.StatusOK},
		{"a call of a partner without TLS", call("Origin: http://a.partner.example"), http.StatusForbidden},
		{"a call to a listed host through a trusted proxy", call("Origin: https://shop.example", "X-Forwarded-Host: b.partner.example"), http.StatusOK},
		{"a call to another host through a trusted proxy", call("X-Forwarded-Host: other.example"), http.StatusMisdirectedRequest},
		{"a large call", message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain"}, strings.Repeat("x", 100<<10+1)), http.StatusRequestEntityTooLarge},
	} {
		if got := send(t, g.address, tc.raw, false); got.status != tc.status {
			t.Errorf("%s: %d %s", tc.is, got.status, got.body)
		}
	}
	line := g.log.await(t, "an admitted call", func(line map[string]any) bool { return line["actiongw_verdict"] == "admit" })
	if line["actiongw_kind"] != "fetch" || line["actiongw_action_id"] != actionID {
		t.Errorf("the access log says %v", line)
	}
	for _, says := range []string{"guards " + up.Listener.Addr().String(), "over 100KiB", "shop.example, https://*.partner.example", "127.0.0.0/8", "admin:"} {
		if !strings.Contains(g.log.text(), says) {
			t.Errorf("%q is not in what the command prints:\n%s", says, g.log.text())
		}
	}
}

func TestProxyCommandTranslatesAndKnowsBuilds(t *testing.T) {
	backend, up := startJSONBackend(t), startUpstream(t)
	for _, tc := range []struct {
		is     string
		args   []string
		raw    []byte
		status int
		says   string
	}{
		{"a JSON backend", []string{"--to", backend.Listener.Addr().String(), "--backend", "json", "--dialect", "react"}, reactCall("echo", "[7]"), http.StatusOK, `"args":[7]`},
		{"an action that the build does not have", []string{"--to", up.Listener.Addr().String(), "--manifest", thisBuild}, fetchCall(), http.StatusNotFound, "action_unknown"},
	} {
		address := unusedAddress(t)
		g := start(t, append([]string{"proxy", "--from", address}, tc.args...)...)
		g.address = address
		g.awaitListener(t)
		if got := send(t, g.address, tc.raw, false); got.status != tc.status || !strings.Contains(got.body, tc.says) {
			t.Errorf("%s: %d %s", tc.is, got.status, got.body)
		}
	}
}

// startSignedBackend is a backend that takes what is signed for an audience with
// the shared secret, answers with the call that it got, and refuses all else.
func startSignedBackend(t *testing.T, audience string) *httptest.Server {
	check := bySecret()
	check.Audience = audience
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		call, err := check.Verify(r.Header.Get("Actiongw-Assertion"), r.Method, r.RequestURI, body)
		if err != nil || call.Action != r.Header.Get("Actiongw-Action") {
			t.Errorf("%s %s: %v, %+v", r.Method, r.RequestURI, err, call)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	return s
}

// TestProxyCommandDeclaresAndSigns what a JSON backend gets.
func TestProxyCommandDeclaresAndSigns(t *testing.T) {
	file := writeFile(t, "secret.txt", sharedSecret+"\n")
	for audience, more := range map[string][]string{
		"backend": {"--assert-secret-file", file},
		"orders":  {"--assert-secret-file", file, "--assert-audience", "orders"},
	} {
		backend, address := startSignedBackend(t, audience), unusedAddress(t)
		g := start(t, append([]string{"proxy", "--from", address, "--to", backend.Listener.Addr().String(),
			"--backend", "json", "--dialect", "react", "--action", "createInvoice", "--action", "publish"}, more...)...)
		g.address = address
		g.awaitListener(t)
		for _, tc := range []struct {
			is, action string
			status     int
			says       string
		}{
			{"a declared action", "createInvoice", http.StatusOK, `0:{"action":"createInvoice","id":"createInvoice"`},
			{"another declared action", "publish", http.StatusOK, `"args":[7]`},
		} {
			if got := send(t, g.address, reactCall(tc.action, "[7]"), false); got.status != tc.status || !strings.Contains(got.body, tc.says) {
				t.Errorf("%s, for %s: %d %s", tc.is, audience, got.status, got.body)
			}
		}
		if line := g.refusal(t, send(t, g.address, reactCall("dropTable", "[7]"), false)); line["reason"] != "action_unknown" {
			t.Errorf("an action that is not declared: %v", line)
		}
		for _, says := range []string{"createInvoice, publish", "for the audience " + audience} {
			if !strings.Contains(g.log.text(), says) {
				t.Errorf("%q is not in what the command prints:\n%s", says, g.log.text())
			}
		}
		if strings.Contains(g.log.text(), sharedSecret) {
			t.Error("the secret is in what the command prints")
		}
	}
}

// TestProxyCommandFindsItsSecretWhereItStands: the path may be a relative one.
func TestProxyCommandFindsItsSecretWhereItStands(t *testing.T) {
	backend, address := startSignedBackend(t, "backend"), unusedAddress(t)
	cmd := exec.Command(os.Args[0], "proxy", "--from", address, "--to", backend.Listener.Addr().String(),
		"--backend", "json", "--dialect", "react", "--assert-secret-file", "secret.txt")
	cmd.Dir = filepath.Dir(writeFile(t, "secret.txt", sharedSecret))
	cmd.Env = append(os.Environ(), runAsActiongw+"=1")
	g := startCommand(t, cmd)
	g.address = address
	g.awaitListener(t)
	if got := send(t, g.address, reactCall("createInvoice", "[7]"), false); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestProxyCommandSharesLoadAndReports(t *testing.T) {
	first, second := startUpstream(t), startUpstream(t)
	address := unusedAddress(t)
	g := start(t, "proxy", "--from", address, "--to", first.Listener.Addr().String(), "--to", second.Listener.Addr().String(), "--report")
	g.address = address
	g.awaitListener(t)
	for range 40 {
		send(t, g.address, message("POST", []string{"Next-Action: x", "Origin: http://evil.example"}, ""), false)
	}
	if a, b := len(first.take()), len(second.take()); a+b != 40 || a == 0 || b == 0 {
		t.Errorf("the backends saw %d and %d calls of 40", a, b)
	}
	g.log.await(t, "what would be refused", func(line map[string]any) bool { return line["msg"] == "would refuse" })
}

func TestMistakesInFlagsAreNamed(t *testing.T) {
	for _, tc := range []struct {
		is   string
		args []string
		says string
	}{
		{"no backend", nil, "--to is required"},
		{"an address without a port", []string{"--to", "localhost:3000", "--from", "127.0.0.1"}, "has no port"},
		{"a wildcard alone", []string{"--to", "localhost:3000", "--origin", "*"}, "a wildcard alone"},
		{"a size that is none", []string{"--to", "localhost:3000", "--max-body", "big"}, "want a size such as 1MiB"},
		{"a range that is none", []string{"--to", "localhost:3000", "--trusted-proxy", "everyone"}, "everyone"},
		{"a word with a brace", []string{"--to", "localhost:3000}"}, "is no address"},
		{"a pattern in place of a name", []string{"--to", "localhost:3000", "--backend", "json", "--action", "app/**"}, `--action: \"app/**\" is no name of an action`},
		{"an action of a React backend", []string{"--to", "localhost:3000", "--action", "createInvoice"}, "add --backend json"},
		{"a secret that is not there", []string{"--to", "localhost:3000", "--assert-secret-file", "/nonexistent/secret"}, "--assert-secret-file: open /nonexistent/secret: no such file"},
		{"a secret without a name", []string{"--to", "localhost:3000", "--assert-secret-file", ""}, "--assert-secret-file: open : no such file"},
		{"a short secret", []string{"--to", "localhost:3000", "--assert-secret-file", writeFile(t, "short", strings.Repeat("s", 31)+"\n")}, "--assert-secret-file: the secret is 31 bytes long; want at least 32"},
		{"an audience without a secret", []string{"--to", "localhost:3000", "--assert-audience", "orders"}, "--assert-secret-file"},
		{"an audience that is empty", []string{"--to", "localhost:3000", "--assert-secret-file", writeFile(t, "good", sharedSecret), "--assert-audience", ""}, "audience wants one value, not 0, at --assert-audience"},
		{"an audience that is a placeholder", []string{"--to", "localhost:3000", "--assert-secret-file", writeFile(t, "good", sharedSecret), "--assert-audience", "{env.HOME}"}, "--assert-audience: "},
	} {
		cmd := exec.Command(os.Args[0], append([]string{"proxy", "--from", unusedAddress(t)}, tc.args...)...)
		cmd.Env = append(os.Environ(), runAsActiongw+"=1")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), tc.says) {
			t.Errorf("%s: %v, want %q in %s", tc.is, err, tc.says, out)
		}
	}
}

// TestPlaceholdersReachTheBackend: they hold what was decided, and nothing on
// requests that are no calls.
func TestPlaceholdersReachTheBackend(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "actiongw\nreverse_proxy "+up.Listener.Addr().String()+" {\nheader_up X-Seen \"<{http.actiongw.verdict}|{http.actiongw.kind}|{http.actiongw.action_id}|{http.actiongw.reason}>\"\n}")
	for is, tc := range map[string]struct {
		raw  []byte
		want string
	}{
		"a call":    {fetchCall(), "<admit|fetch|" + actionID + "|>"},
		"an upload": {formPost(formType, formBody(`Content-Disposition: form-data; name="a"`)), "<pass|form||>"},
		"a page":    {message("GET", nil, ""), "<|||>"},
	} {
		send(t, g.address, tc.raw, false)
		if seen := up.take(); len(seen) != 1 || seen[0].header.Get("X-Seen") != tc.want {
			t.Errorf("%s: the backend saw %+v, want %s", is, seen, tc.want)
		}
	}
}

// TestVersionNamesBoth: that of actiongw, and that of the Caddy in it.
func TestVersionNamesBoth(t *testing.T) {
	for _, command := range []string{"version", "--version"} {
		typed(t, "", nil, command).want(t, 0, "actiongw ", " with Caddy v2.")
	}
}
