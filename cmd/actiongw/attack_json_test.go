package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestAttackReadyMadeCall posts calls that no gate has checked to a JSON
// backend, under other names of its path.
func TestAttackReadyMadeCall(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "actiongw {\nbackend json\ndialect react\naction create\n}\nreverse_proxy "+up.Listener.Addr().String())
	const body = `{"action":"create","args":[]}`
	for _, tc := range []struct{ is, method, target, line string }{
		{"as it is", "POST", "/_actions/create", ""},
		{"with another method", "GET", "/_actions/create", ""},
		{"to be read as another method", "GET", "/_actions/create", "X-HTTP-Method-Override: POST"},
		{"in a URL", "POST", "http://gate/_actions/create", ""},
		{"in a URL within a URL, which loses its path here and is one again behind us", "POST", "a:http://gate/_actions/create", ""},
		{"behind what Node reads as a host", "POST", "//host/_actions/create", ""},
		{"in a parameter that Tomcat drops before it undoes escapes", "POST", "/_actions;%2f../create", ""},
		{"behind a front controller of PHP", "POST", "/index.php/_actions/create", ""},
		{"left and named all the same", "POST", "/_actions/../create", ""},
		{"with a broken escape at the end", "POST", "/%255factions/create;%25zz", ""},
		{"in a header of IIS", "POST", "/", "X-Original-URL: /_actions/create"},
		{"in its other header", "POST", "/", "X-Rewrite-URL: /%5factions/create"},
		{"as an upload that is too long to hold", "POST", "/_actions/create", "Content-Type: multipart/form-data; boundary=b"},
		{"with the action header", "POST", "/_actions/create", "Rsc-Action: create"},
	} {
		head := []string{tc.method + " " + tc.target + " HTTP/1.1", "Host: gate", "Content-Length: 29", "Content-Type: application/json"}
		if tc.line != "" {
			if strings.HasPrefix(tc.line, "Content-Type") {
				head = head[:3]
			}
			head = append(head, tc.line)
		}
		got := send(t, g.address, []byte(strings.Join(head, "\r\n")+"\r\n\r\n"+body), false)
		if seen := up.take(); got.status != http.StatusForbidden || len(seen) > 0 {
			t.Errorf("%s: %d, upstream got %+v", tc.is, got.status, seen)
			continue
		}
		if line := g.refusal(t, got); line["reason"] != "path_reserved" {
			t.Errorf("%s: refused as %v", tc.is, line["reason"])
		}
	}
}

// TestAttackUpgradeToHTTP2: behind the upgrade, requests would walk around the
// gate. An upgrade to WebSockets goes on.
func TestAttackUpgradeToHTTP2(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "actiongw\nreverse_proxy "+up.Listener.Addr().String())
	for upgrade, passes := range map[string]bool{"h2c": false, "H2C": false, "websocket, h2c": false, "websocket": true} {
		send(t, g.address, []byte("GET / HTTP/1.1\r\nHost: gate\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\nUpgrade: "+upgrade+"\r\n\r\n"), false)
		seen := up.take()
		if len(seen) != 1 || (seen[0].header["Upgrade"] != nil) != passes || seen[0].header["Http2-Settings"] != nil && !passes {
			t.Errorf("%s: %+v", upgrade, seen)
		}
	}
}

// TestAttackPageOfARewrittenCall: what the backend reads as the page is what
// the client asked for, and not what a rewrite has made of it.
func TestAttackPageOfARewrittenCall(t *testing.T) {
	up := startUpstreamWith(t, "application/json", "1")
	g := startGate(t, "", "rewrite * /admin?who={query.who}\nactiongw {\nbackend json\ndialect react\naction create\n}\n"+up.proxy())
	got := send(t, g.address, reactCall("create", "[]"), false)
	seen := up.take()
	if len(seen) != 1 || seen[0].target != "/_actions/create" || !strings.Contains(seen[0].body, `"url":"/invoices"`) {
		t.Errorf("%d, upstream got %+v", got.status, seen)
	}
}
