package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net"
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

// TestAttackReadyMadeCallByErrorRoute: an error route may hold a proxy to the
// same backend, which may run an action for its path alone.
func TestAttackReadyMadeCallByErrorRoute(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "actiongw {\nbackend json\ndialect react\nerrors caddy\n}\n"+up.proxy()+"\nhandle_errors {\n"+up.proxy()+"\n}")
	got := send(t, g.address, []byte("POST /_actions/create HTTP/1.1\r\nHost: gate\r\nContent-Length: 2\r\n\r\n{}"), false)
	if seen := up.take(); got.status != http.StatusForbidden || len(seen) > 0 {
		t.Errorf("%d, upstream got %+v", got.status, seen)
	}
	// Others are for the error route.
	send(t, g.address, reactCall("create", "oops"), false)
	if seen := up.take(); len(seen) != 1 || seen[0].target != "/invoices" || seen[0].body != "" {
		t.Errorf("upstream got %+v", seen)
	}
}

// TestAttackAnswersOfABrokenServer has a backend answer what no server should.
func TestAttackAnswersOfABrokenServer(t *testing.T) {
	const good = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"
	answers := []struct{ is, answer, want string }{
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n0:\"evil\"\n", ""},
		{"a hint and then a result", "HTTP/1.1 103 Early Hints\r\nSet-Cookie: evil=1\r\n\r\n" + good + "\r\n1", "0:1\n"},
		{"nothing new", "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n", ""},
		{"a part", strings.Replace(good, "200 OK", "206 Partial Content", 1) + "\r\n1", ""},
		{"less than announced", good + "Content-Length: 2\r\n\r\n1", ""},
		{"more than announced", good + "Content-Length: 1\r\n\r\n1\n0:\"evil\"", "0:1\n"},
		{"two lengths", good + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n12", ""},
		{"a header in the trailer", good + "Transfer-Encoding: chunked\r\nTrailer: Actiongw-Redirect\r\n\r\n1\r\n1\r\n0\r\nActiongw-Redirect: /evil\r\n\r\n", "0:1\n"},
		{"compressed", good + "Content-Encoding: gzip\r\n\r\n1", ""},
		{"a header of ours", good + "Actiongw-Redirect: /evil\r\nActiongw-Revalidate: evil\r\n\r\n1", "0:1\n"},
		{"a megabyte of headers", good + strings.Repeat("X-Evil: evil\r\n", 1<<20/14) + "\r\n1", "0:1\n"},
		{"a row of its own", good + "\r\n\"\n0:evil\"", ""},
		{"a reference in disguise", good + "\r\n\"\\u0024F1\"", "0:\"$\\u0024F1\"\n"},
		{"no HTTP", "0:\"evil\"\n\r\n\r\n", ""},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	g := startGate(t, "", "actiongw {\nbackend json\ndialect react\n}\nreverse_proxy "+listener.Addr().String())
	for _, tc := range answers {
		served := make(chan struct{})
		go func() {
			defer close(served)
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(conn, tc.answer)
			}
		}()
		upgrading := strings.Replace(string(reactCall("create", "[]")), "\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", 1)
		got := send(t, g.address, []byte(upgrading), false)
		<-served
		if tc.want == "" && (got.status != http.StatusBadGateway || !strings.HasPrefix(got.body, `0:E{"digest":`)) || tc.want != "" && (got.status != http.StatusOK || got.body != tc.want) {
			t.Errorf("%s: %d %q", tc.is, got.status, got.body)
		}
		if got.header.Get("Actiongw-Redirect") != "" || got.header.Get("Set-Cookie") != "" || got.header.Get("X-Evil") != "" || strings.Contains(got.body, "evil") {
			t.Errorf("%s: the client gets %q %q", tc.is, got.header, got.body)
		}
	}
}

// TestAttackRetryWithoutTheBody: where the first upstream is down, the next
// gets the whole call, with the digest that fits.
func TestAttackRetryWithoutTheBody(t *testing.T) {
	up := startUpstreamWith(t, "application/json", "1")
	g := startGate(t, "", "actiongw {\nbackend json\ndialect react\n}\nreverse_proxy "+unusedAddress(t)+" "+up.Listener.Addr().String()+" {\nlb_policy first\nlb_try_duration 10s\nfail_duration 1m\n}")
	long := strings.Repeat("x", 100_000)
	got := send(t, g.address, reactCall("create", `["`+long+`"]`), false)
	seen := up.take()
	if got.status != http.StatusOK || len(seen) != 1 || !strings.Contains(seen[0].body, long) || seen[0].length != int64(len(seen[0].body)) {
		t.Fatalf("%d, %d requests upstream", got.status, len(seen))
	}
	digest := sha256.Sum256([]byte(seen[0].body))
	if want := "sha-256=:" + base64.StdEncoding.EncodeToString(digest[:]) + ":"; seen[0].header.Get("Content-Digest") != want {
		t.Errorf("digest %s, want %s", seen[0].header.Get("Content-Digest"), want)
	}
}
