package main

import (
	"net/http"
	"os"
	"os/exec"
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
