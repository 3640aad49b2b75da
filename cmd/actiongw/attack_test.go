package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// The tests of this file are named after attacks on a backend behind the gate.
// Each sends raw bytes to the real binary and asks two things: was it refused
// for the right reason, and did the backend see a byte of it. e2e/mutants takes
// the checks out of the gate one by one and expects these tests to fail.

const (
	actionID = "4012345678901234567890123456789012345678ab"
	site     = "shop.example"
)

// message writes a request to the site with lines of header and a body. CL in
// a header line is the length of the body, and a body line "|" is CRLF.
func message(method string, header []string, body string) []byte {
	body = strings.ReplaceAll(body, "|", "\r\n")
	lines := append([]string{method + " /page HTTP/1.1", "Host: " + site, "Connection: close"}, header...)
	if !strings.Contains(strings.ToLower(strings.Join(header, "\n")), "transfer-encoding") {
		lines = append(lines, fmt.Sprint("Content-Length: ", len(body)))
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}

// fetchCall is a genuine call by React's client, with more header lines.
func fetchCall(more ...string) []byte {
	return message("POST", append([]string{
		"Next-Action: " + actionID, "Content-Type: text/plain;charset=UTF-8", "Origin: http://" + site,
	}, more...), `["hello"]`)
}

// formBody is a multipart body with boundary B of one part with these headers.
func formBody(partHeaders string) string {
	return "--B|" + partHeaders + "||x|--B--|"
}

// selector is the header of a part that makes its form an action call.
const selector = `Content-Disposition: form-data; name="$ACTION_ID_` + actionID + `"`

// formPost is a form from a page of another site.
func formPost(contentType, body string) []byte {
	return message("POST", []string{"Content-Type: " + contentType, "Origin: http://evil.example"}, body)
}

const formType = "multipart/form-data; boundary=B"

// attack is one request that must be refused.
type attack struct {
	is     string
	raw    []byte
	reason string
}

// repel sends each attack and checks that it ends at the gate.
func repel(t *testing.T, g *gate, up *upstream, attacks []attack) {
	t.Helper()
	for _, a := range attacks {
		got := send(t, g.address, a.raw, false)
		if seen := up.take(); len(seen) != 0 {
			t.Errorf("%s: the backend saw it: %+v", a.is, seen)
			continue
		}
		if line := g.refusal(t, got); line["reason"] != a.reason || got.status < 400 || got.status > 499 {
			t.Errorf("%s: refused as %v with %d, want %s", a.is, line["reason"], got.status, a.reason)
		}
	}
}

func guarded(t *testing.T, options ...string) (*gate, *upstream) {
	t.Helper()
	up := startUpstream(t)
	return startGate(t, "", "actiongw {\n"+strings.Join(options, "\n")+"\n}\n"+up.proxy()), up
}

// Two parsers that find different boundaries in one Content-Type find different
// fields in one body.
func TestAttackBoundaryConfusion(t *testing.T) {
	g, up := guarded(t)
	body := formBody(selector)
	repel(t, g, up, []attack{
		{"two boundaries", formPost("multipart/form-data; boundary=X; boundary=B", body), "media_type_malformed"},
		{"an RFC 2231 boundary", formPost("multipart/form-data; boundary*=utf-8''X; boundary=B", body), "media_type_malformed"},
		{"an RFC 2231 continuation", formPost("multipart/form-data; boundary*0=X; boundary=B", body), "media_type_malformed"},
		{"a second type behind a comma", formPost("multipart/form-data; boundary=X, multipart/form-data; boundary=B", body), "media_type_malformed"},
		{"text before the form's type", formPost("text/plain, multipart/form-data; boundary=B", body), "media_type_unsupported"},
		{"the wrong boundary", formPost("multipart/form-data; boundary=X", body), "form_malformed"},
		{"the boundary inside a line, where undici looks for it", formPost(formType, `--B|Content-Disposition: form-data; name="a"||x--B|`+selector+"||x|--B--|"), "form_malformed"},
		{"text behind a delimiter, where busboy reads a header", formPost(formType, `--B|Content-Disposition: form-data; name="a"||x|--B`+selector+"||x|--B--|"), "form_malformed"},
		{"a preamble", formPost(formType, "x|"+formBody(selector)), "form_malformed"},
		{"a boundary that hides a field from those who cut it out", formPost(`multipart/form-data; boundary="\"; name=\"$AC"`,
			`--"; name="$AC|Content-Disposition: form-data; filename="$--"; name="$ACTION_ID_`+actionID+`"||x|--"; name="$AC--|`), "media_type_malformed"},
		{"line ends without CR", formPost(formType, strings.ReplaceAll(formBody(selector), "|", "\n")), "form_malformed"},
	})
}

// undici drops a byte order mark at the start of a name.
func TestAttackActionFieldBehindByteOrderMark(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"the selector", formPost(formType, formBody("Content-Disposition: form-data; name=\"\ufeff$ACTION_ID_"+actionID+`"`)), "form_malformed"},
		{"another field of a call", message("POST", []string{"Content-Type: " + formType, "Origin: http://" + site},
			"--B|"+selector+"||x|--B|Content-Disposition: form-data; name=\"\ufeffrole\"||x|--B--|"), "form_malformed"},
	})
}

// busboy reads the name from an RFC 5987 parameter, percent-encoded.
func TestAttackActionFieldInExtendedName(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"percent-encoded", formPost(formType, formBody("Content-Disposition: form-data; name*=utf-8''%24ACTION_ID_"+actionID)), "form_malformed"},
		{"in UTF-16", formPost(formType, formBody("Content-Disposition: form-data; name*=utf-16le''%24%00A%00C%00T%00I%00O%00N%00_%00I%00D%00")), "form_malformed"},
		{"with a fold in the escape", formPost(formType, formBody("Content-Disposition: form-data; name*=utf-8''%2| 4ACTION_ID_"+actionID)), "form_malformed"},
	})
}

// busboy joins folded lines and loses white space outside of quotes.
func TestAttackActionFieldInFoldedHeader(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"a fold before the name", formPost(formType, formBody(`Content-Disposition: form-data;| name="$ACTION_ID_`+actionID+`"`)), "form_malformed"},
		{"a fold inside the name", formPost(formType, formBody("Content-Disposition: form-data; name=$AC| TION_ID_"+actionID)), "form_malformed"},
		{"a fold that undici takes for a header", formPost(formType, formBody("X-A: b| "+selector)), "form_malformed"},
		{"a delimiter inside the name, which busboy cuts out", formPost(formType, formBody(`Content-Disposition: form-data; name="$AC|--BTION_ID_`+actionID+`"`)), "form_malformed"},
	})
}

// busboy drops quotes wherever they stand, and unescapes others.
func TestAttackActionFieldInSplitQuotes(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"split quotes", formPost(formType, formBody(`Content-Disposition: form-data; name="$AC"TION_ID_`+actionID)), "form_malformed"},
		{"an escaped quote", formPost(formType, formBody(`Content-Disposition: form-data; name="x\"; filename="; name=$ACTION_ID_`+actionID+`; y="`)), "form_malformed"},
		{"a name given twice", formPost(formType, formBody(`Content-Disposition: form-data; name="a"; name="$ACTION_ID_`+actionID+`"`)), "form_malformed"},
		{"a disposition given twice", formPost(formType, formBody(`Content-Disposition: form-data; name="a"|`+selector)), "form_malformed"},
	})
}

// React looks at names alone: a file may select an action.
func TestAttackFilePartAsSelector(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"a file", formPost(formType, formBody(selector+`; filename="f"|Content-Type: text/css`)), "origin_not_allowed"},
	})
}

// Next compares the type of a form by its lower-case start, others in any case.
func TestAttackOddCaseMediaType(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"a form", formPost("Multipart/FORM-data; boundary=B", formBody(selector)), "media_type_unsupported"},
		{"a call", message("POST", []string{"Next-Action: " + actionID, "Content-Type: Multipart/Form-Data; boundary=B", "Origin: http://" + site}, formBody(`Content-Disposition: form-data; name="0"`)), "media_type_unsupported"},
	})
}

// A proxy drops the headers that Connection names (RFC 9110 §7.6.1).
func TestAttackConnectionNomination(t *testing.T) {
	g, up := guarded(t)
	var attacks []attack
	for _, name := range []string{"Next-Action", "ORIGIN", "content-type", "X-Forwarded-Host", "Actiongw-Assertion", "actiongw_action", "close, origin"} {
		attacks = append(attacks, attack{name, fetchCall("Connection: " + name), "connection_nomination"})
	}
	repel(t, g, up, attacks)
}

func TestAttackDoubledHeaders(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"two actions", fetchCall("next-action: " + actionID), "header_duplicated"},
		{"two origins", fetchCall("Origin: http://evil.example"), "header_duplicated"},
		{"two types", fetchCall("Content-Type: application/json"), "header_duplicated"},
		{"two types of a form", message("POST", []string{"Content-Type: text/plain", "Content-Type: " + formType, "Origin: http://" + site}, formBody(selector)), "header_duplicated"},
	})
}

// Next believes X-Forwarded-Host from anybody; a browser cannot set it, but a
// script on the same network as a careless proxy can.
func TestAttackForwardedHostSpoofing(t *testing.T) {
	g, up := guarded(t)
	evil := []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://evil.example", "X-Forwarded-Host: evil.example"}
	repel(t, g, up, []attack{
		{"both forged", message("POST", evil, "[]"), "origin_not_allowed"},
		{"a form, both forged", message("POST", []string{"Content-Type: " + formType, "Origin: http://evil.example", "X-Forwarded-Host: evil.example"}, formBody(selector)), "origin_not_allowed"},
	})
	// A forged host on an honest call is replaced.
	if got := send(t, g.address, fetchCall("X-Forwarded-Host: evil.example"), false); got.status != http.StatusOK {
		t.Errorf("an honest call: %d %s", got.status, got.body)
	}
	for _, r := range up.take() {
		if hosts := r.header["X-Forwarded-Host"]; len(hosts) != 1 || hosts[0] != site {
			t.Errorf("the backend was told the host %q", hosts)
		}
	}
	// Not even a proxy that reverse_proxy trusts on its own is believed.
	lax := startGate(t, "", "actiongw\nreverse_proxy "+up.Listener.Addr().String()+" {\ntrusted_proxies 127.0.0.0/8\n}")
	send(t, lax.address, fetchCall("X-Forwarded-Host: evil.example"), false)
	for _, r := range up.take() {
		if r.header.Get("X-Forwarded-Host") != site {
			t.Errorf("the backend was told the host %q", r.header["X-Forwarded-Host"])
		}
	}
}

// Behind a trusted proxy its word counts, as a single value.
func TestAttackForwardedHostListFromTrustedProxy(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "servers {\ntrusted_proxies static 127.0.0.0/8\n}", "actiongw\n"+up.proxy())
	call := func(forwarded ...string) []byte {
		lines := []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: https://www.example.com"}
		return message("POST", append(lines, forwarded...), "[]")
	}
	if got := send(t, g.address, call("X-Forwarded-Host: WWW.example.com:443", "X-Forwarded-Proto: https"), false); got.status != http.StatusOK {
		t.Errorf("a call through a trusted proxy: %d %s", got.status, got.body)
	}
	for _, r := range up.take() {
		if hosts := r.header["X-Forwarded-Host"]; len(hosts) != 1 || hosts[0] != "www.example.com" {
			t.Errorf("the backend was told the host %q", hosts)
		}
	}
	repel(t, g, up, []attack{
		{"a list", call("X-Forwarded-Host: www.example.com, evil.example"), "forwarded_host_malformed"},
		{"two lines", call("X-Forwarded-Host: www.example.com", "X-Forwarded-Host: evil.example"), "forwarded_host_malformed"},
		{"a path", call("X-Forwarded-Host: www.example.com/x"), "host_malformed"},
		{"http on a site known to be https", message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://" + site, "X-Forwarded-Proto: https"}, "[]"), "origin_not_allowed"},
	})
}

// A sandboxed frame of any site has the origin null (CVE-2026-27978).
func TestCVE202627978NullOrigin(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"a call", message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: null"}, "[]"), "origin_null"},
		{"a form", message("POST", []string{"Content-Type: " + formType, "Origin: null"}, formBody(selector)), "origin_null"},
	})
}

// An Origin can be kept off a request, but not what the browser says of it.
func TestAttackMissingOriginFromAnotherSite(t *testing.T) {
	g, up := guarded(t)
	repel(t, g, up, []attack{
		{"a call", message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Sec-Fetch-Site: cross-site"}, "[]"), "origin_missing"},
		{"a form of a sister site", message("POST", []string{"Content-Type: " + formType, "Sec-Fetch-Site: same-site"}, formBody(selector)), "origin_missing"},
	})
}
