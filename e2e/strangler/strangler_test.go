//go:build e2e

// Package strangler_test moves server actions of a real Next.js app to a
// backend in Go, one at a time or all at once, and uses the app in a real
// browser. It needs /usr/bin/chromium, node and npm, and fails without them.
package strangler_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/e2e/program"
)

// moved are the calls that the backend gets from drive.mjs, in their order:
// action, kind, closure, arguments and their types.
var moved = []string{
	`app/actions.js#stock fetch null ["tea"]`,
	`app/actions.js#quote fetch null ["tea",[["size",2]]] {"/args/1":"Map"}`,
	`app/actions.js#order fetch null [null,{"item":["tea"],"amount":["$2"]}] {"/args/1":"FormData"}`,
	`app/actions.js#order fetch null [{"orders":["tea $2"]},{"item":["milk"],"amount":["1"]}] {"/args/1":"FormData"}`,
	`app/page.jsx#inline-0 fetch [{"cents":1250,"since":"2026-01-01T00:00:00.000Z"}] [3] {"/closure/0/since":"Date"}`,
	`app/actions.js#restock fetch null []`,
	`app/actions.js#signIn fetch null ["Ada"]`,
	`app/actions.js#subscribe fetch null [{"mail":["ada@shop.example"]}] {"/args/0":"FormData"}`,
	`app/actions.js#thank fetch null []`,
	`app/actions.js#report fetch null []`,
	`app/actions.js#cancel fetch null [7]`,
	`app/actions.js#find fetch null [7]`,
	`app/actions.js#subscribe form null [{"mail":["grace@shop.example"]}] {"/args/0":"FormData"}`,
	`app/actions.js#order form null [null,{"item":["tea"],"amount":["5"]}] {"/args/1":"FormData"}`,
	`app/actions.js#stock fetch null ["tea"]`,
	`app/actions.js#subscribe form null [{"mail":["grace@shop.example"]}] {"/args/0":"FormData"}`,
}

func TestNextActionsServedByAnotherBackend(t *testing.T) {
	manifest := buildApp(t)
	b := startBackend(t)
	app := startApp(t, b.URL)
	all, some, log := startGate(t, manifest, app, b.Listener.Addr().String())

	shown := program.Run(t, ".", "node", "drive.mjs", "http://"+all, "http://"+some)
	t.Log("\n" + shown)
	if calls := b.take(); !slices.Equal(calls, moved) {
		t.Errorf("the backend got\n%s\nwant\n%s", strings.Join(calls, "\n"), strings.Join(moved, "\n"))
	}

	for _, site := range []string{all, some} {
		post(t, "http://"+site+"/_actions/app%2Factions.js%23restock")
	}
	if calls := b.take(); calls != nil {
		t.Errorf("requests from outside have reached the path of calls: %s", calls)
	}

	// What the error boundary shows leads to the log line that says why.
	digests := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^digest (\w+) (\w+)$`).FindAllStringSubmatch(shown, -1) {
		digests[m[1]] = m[2]
	}
	if line := lineWith(t, log.String(), digests["cancel"]); line["problem_title"] != "The order has shipped" || line["action"] != "app/actions.js#cancel" {
		t.Errorf("the backend's error is logged as %v", line)
	}
	if line := lineWith(t, log.String(), digests["closure_key_unknown"]); line["reason"] != "closure_key_unknown" || line["action"] != "app/page.jsx#inline-0" {
		t.Errorf("the changed closure is logged as %v", line)
	}
}

// post sends what looks like a call that a gate has made.
func post(t *testing.T, url string) {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(`{"closure":null,"args":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode < 400 {
		t.Errorf("%s: %s", url, response.Status)
	}
}

// lineWith finds the line of a log that has a digest.
func lineWith(t *testing.T, log, digest string) map[string]any {
	t.Helper()
	for s := bufio.NewScanner(strings.NewReader(log)); s.Scan(); {
		var line map[string]any
		if json.Unmarshal(s.Bytes(), &line) == nil && digest != "" && line["digest"] == digest {
			return line
		}
	}
	t.Errorf("no line has the digest %q", digest)
	return nil
}
