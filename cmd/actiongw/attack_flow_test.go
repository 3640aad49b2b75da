package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A framework behind the gate might take the method from a header.
func TestAttackMethodOverride(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"GET that says it is POST", message("GET", []string{"Next-Action: " + actionID, "X-HTTP-Method-Override: POST"}, ""), "method_not_allowed"},
	})
	send(t, g.address, fetchCall("X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE", "X-HTTP-Method: DELETE"), false)
	seen := up.take()
	if len(seen) != 1 {
		t.Fatalf("the backend saw %d calls", len(seen))
	}
	for _, name := range []string{"X-Http-Method-Override", "X-Method-Override", "X-Http-Method"} {
		if seen[0].header[name] != nil {
			t.Errorf("%s reached the backend", name)
		}
	}
}

// A handle block is matched before most directives; the gate is before it.
func TestAttackHandleBlockWalkAround(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "handle /page* {\n"+up.proxy()+"\n}\nroute /other {\n"+up.proxy()+"\n}\nactiongw\n")
	evil := message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://evil.example"}, "[]")
	repel(t, g, up, []attack{
		{"into handle", evil, "origin_not_allowed"},
		{"into route", bytes.Replace(evil, []byte("/page"), []byte("/other"), 1), "origin_not_allowed"},
	})
}

// An error route may hold a proxy to the same backend, and headers and body of
// the refused request are still there.
func TestAttackRefusedCallForwardedByErrorRoute(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "actiongw {\nerrors caddy\n}\n"+up.proxy()+"\nhandle_errors {\n"+up.proxy()+"\n}")
	for is, raw := range map[string][]byte{
		"a call":              message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://evil.example"}, `["evil"]`),
		"a form":              formPost(formType, formBody(selector)),
		"a call in chunks":    message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: null", "Transfer-Encoding: chunked"}, chunks("[12]")),
		"a call with trailer": message("POST", []string{"Next-Action: x", "Content-Type: text/plain", "Trailer: Next-Action", "Transfer-Encoding: chunked"}, "2|[]|0|Next-Action: "+actionID+"||"),
	} {
		send(t, g.address, raw, false)
		seen := up.take()
		if len(seen) != 1 {
			t.Fatalf("%s: the error route's backend saw %d requests", is, len(seen))
		}
		r := seen[0]
		if r.body != "" || r.length > 0 || len(r.trailer) != 0 {
			t.Errorf("%s: the body came along: %q, length %d, trailer %v", is, r.body, r.length, r.trailer)
		}
		for _, name := range []string{"Next-Action", "Content-Type", "Transfer-Encoding", "Trailer"} {
			if r.header[name] != nil {
				t.Errorf("%s: %s came along: %q", is, name, r.header[name])
			}
		}
	}
}

// CGI-like backends read `_` as `-`, so an underscore is a second spelling.
func TestAttackUnderscoreHeaders(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "servers {\nexpected_underscore_headers Actiongw_Action actiongw_assertion\n}", "actiongw\n"+up.proxy())
	for _, raw := range [][]byte{
		fetchCall("Actiongw_Action: forged", "ACTIONGW-Assertion: forged", "actiongw_assertion: forged"),
		message("GET", []string{"Actiongw_Action: forged", "Actiongw-Assertion: forged"}, ""),
	} {
		send(t, g.address, raw, false)
		for _, r := range up.take() {
			for name, values := range r.header {
				if strings.HasPrefix(strings.ToLower(name), "actiongw") && (name != "Actiongw-Action" || values[0] != actionID || len(values) > 1) {
					t.Errorf("%s: %q reached the backend", name, values)
				}
			}
		}
	}
}

// One header from inside Next switched its middleware off (CVE-2025-29927).
func TestAttackInternalHeaders(t *testing.T) {
	g, up := guarded(t)
	internal := []string{
		"x-middleware-subrequest", "x-middleware-rewrite", "x-middleware-next", "x-middleware-request-cookie", "x-middleware-invoke",
		"x-action-forwarded", "x-matched-path", "x-now-route-matches", "next-resume", "x-next-resume-state-length",
		"x-invoke-path", "x-next-revalidated-tags", "x-next-revalidate-tag-token", "x-prerender-revalidate",
	}
	genuine := []string{"x-nextjs-data", "x-middleware-prefetch", "x-deployment-id", "next-url", "rsc"}
	var lines []string
	for _, name := range append(internal, genuine...) {
		lines = append(lines, name+": 1")
	}
	for is, raw := range map[string][]byte{"a page": message("GET", lines, ""), "a call": fetchCall(lines...)} {
		send(t, g.address, raw, false)
		seen := up.take()
		if len(seen) != 1 {
			t.Fatalf("%s: the backend saw %d requests", is, len(seen))
		}
		for _, name := range internal {
			if seen[0].header.Get(name) != "" {
				t.Errorf("%s: %s reached the backend", is, name)
			}
		}
		for _, name := range genuine {
			if seen[0].header.Get(name) == "" {
				t.Errorf("%s: %s, which browsers send, did not reach the backend", is, name)
			}
		}
	}
}

// What comes behind the body is checked by nobody.
func TestAttackTrailers(t *testing.T) {
	g, up := guarded(t)
	raw := message("POST", []string{
		"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://" + site,
		"Transfer-Encoding: chunked", "Trailer: Origin, X-Other",
	}, "2|[]|0|Origin: http://evil.example|X-Other: 1||")
	if got := send(t, g.address, raw, false); got.status != http.StatusOK {
		t.Fatalf("status %d", got.status)
	}
	for _, r := range up.take() {
		if len(r.trailer) != 0 || r.length != 2 || len(r.header["Origin"]) != 1 {
			t.Errorf("trailer %v, length %d, header %v", r.trailer, r.length, r.header)
		}
	}
}

// Nor do our own headers come in behind a body that is no call.
func TestAttackOwnHeadersAsTrailers(t *testing.T) {
	g, up := guarded(t)
	raw := message("POST", []string{"Content-Type: application/json", "Transfer-Encoding: chunked", "Trailer: X-Sum, Actiongw-Action"},
		"2|[]|0|X-Sum: 1|Actiongw-Action: forged|Actiongw-Assertion: forged|X-Action-Forwarded: 1||")
	send(t, g.address, raw, false)
	seen := up.take()
	if len(seen) != 1 || seen[0].err != nil || seen[0].trailer.Get("X-Sum") != "1" {
		t.Fatalf("the backend saw %+v", seen)
	}
	if len(seen[0].trailer) != 1 {
		t.Errorf("trailers %v", seen[0].trailer)
	}
}

// Next does not decompress, others do: two readings of one body.
func TestAttackContentEncoding(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"gzip", fetchCall("Content-Encoding: gzip"), "content_encoding_unsupported"},
		{"gzip behind identity", fetchCall("Content-Encoding: identity, gzip"), "content_encoding_unsupported"},
		{"a form", message("POST", []string{"Content-Type: " + formType, "Origin: http://" + site, "Content-Encoding: br"}, formBody(selector)), "content_encoding_unsupported"},
	})
}

// UTF-16 hides text from a reader of UTF-8 (the bypass of React2Shell rules).
func TestAttackOtherCharset(t *testing.T) {
	g, up := guarded(t)
	own := "Origin: http://" + site
	repel(t, g, up, []attack{
		{"of a call", message("POST", []string{"Next-Action: " + actionID, own, "Content-Type: text/plain;charset=utf-16"}, "[]"), "charset_unsupported"},
		{"of a part", message("POST", []string{"Next-Action: " + actionID, own, "Content-Type: " + formType}, formBody("Content-Disposition: form-data; name=\"0\"|Content-Type: text/plain; charset=utf-16le")), "charset_unsupported"},
	})
}

// TLS early data can be replayed by whoever recorded it.
func TestAttackReplayOfEarlyData(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{{"a call", fetchCall("Early-Data: 1"), "early_data"}})
}

// chunks writes texts in chunked coding.
func chunks(texts ...string) string {
	coded := ""
	for _, text := range append(texts, "") {
		coded += fmt.Sprintf("%x|%s|", len(strings.ReplaceAll(text, "|", "\r\n")), text)
	}
	return coded
}

// The field comes behind more bytes than the gate holds.
func TestAttackLateActionField(t *testing.T) {
	g, up := guarded(t)
	file := `--B|Content-Disposition: form-data; name="f"; filename="f"|Content-Type: image/png||` + strings.Repeat("x", 2<<20)
	for is, raw := range map[string][]byte{
		"of declared length": formPost(formType, file+"|--B|"+selector+"||x|--B--|"),
		"in chunks":          message("POST", []string{"Content-Type: " + formType, "Transfer-Encoding: chunked", "Origin: http://evil.example"}, chunks(file, "|--B|"+selector+"||x|--B--|")),
		"disguised":          formPost(formType, file+"|--B|Content-Disposition: form-data; name*=utf-8''%24ACTION_ID_"+actionID+"||x|--B--|"),
	} {
		got := send(t, g.address, raw, false)
		if got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d %s", is, got.status, got.body)
		}
		for _, r := range up.take() {
			if r.err == nil || strings.Contains(r.body, "ACTION_") {
				t.Errorf("%s: the backend got %d bytes, error %v", is, len(r.body), r.err)
			}
		}
	}
}

// A cache that keeps a refusal refuses everybody.
func TestAttackCacheableRefusals(t *testing.T) {
	g, up := guarded(t)
	for _, raw := range [][]byte{
		message("GET", []string{"Next-Action: " + actionID}, ""),
		fetchCall("Early-Data: 1"),
		formPost(formType, formBody(selector)),
		message("POST", []string{"Next-Action: x"}, ""),
	} {
		got := send(t, g.address, raw, false)
		if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" ||
			got.header.Get("Content-Security-Policy") != "default-src 'none'" {
			t.Errorf("%d with header %v", got.status, got.header)
		}
	}
	caddy := startGate(t, "", "actiongw {\nerrors caddy\n}\n"+up.proxy())
	got := send(t, caddy.address, message("GET", []string{"Next-Action: " + actionID}, ""), false)
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Allow") != "POST" {
		t.Errorf("errors caddy: %d with header %v", got.status, got.header)
	}
}

// Whatever is in the request must not come back in an answer, nor in the log
// unless it is a host or an origin.
func TestAttackReflectedInput(t *testing.T) {
	g, _ := guarded(t)
	const mark = "REFLECTED"
	for _, accept := range []string{"text/x-component", "text/html", "application/json"} {
		for is, raw := range map[string][]byte{
			"in the id":         message("POST", []string{"Accept: " + accept, "Next-Action: " + mark, "Content-Type: text/plain"}, mark),
			"in the origin":     message("POST", []string{"Accept: " + accept, "Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://" + mark + "/"}, mark),
			"in the media type": message("POST", []string{"Accept: " + accept, "Next-Action: " + actionID, "Content-Type: " + mark}, mark),
			"in a form":         formPost(formType+"\r\nAccept: "+accept, formBody(`Content-Disposition: form-data; name="$ACTION_ID_`+mark+`"`)),
			"in a broken form":  formPost(formType+"\r\nAccept: "+accept, mark+"$ACTION_"),
			"in the connection": message("POST", []string{"Accept: " + accept, "Next-Action: " + actionID, "Content-Type: text/plain", "Connection: origin, " + mark}, mark),
		} {
			got := send(t, g.address, raw, false)
			if got.status < 400 || strings.Contains(got.body+fmt.Sprint(got.header), mark) {
				t.Errorf("%s, %s: %d %v %s", is, accept, got.status, got.header, got.body)
			}
		}
	}
	if strings.Contains(g.log.text(), mark) {
		t.Errorf("the log repeats the request:\n%s", g.log.text())
	}
}
