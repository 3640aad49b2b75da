package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/vectors"
)

// handmade says what becomes of the recorded bad requests (family g): the
// reason for which they are refused. Those that are not here pass: Next lets
// them through and a real client could send them, or what is wrong with them
// is inside the arguments, which the gate does not read.
var handmade = map[string]string{
	"g_method_get":     "method_not_allowed",
	"g_method_head":    "method_not_allowed",
	"g_method_put":     "method_not_allowed",
	"g_method_patch":   "method_not_allowed",
	"g_method_delete":  "method_not_allowed",
	"g_method_options": "method_not_allowed",

	"g_id_twice":       "header_duplicated",
	"g_id_short":       "action_id_malformed",
	"g_id_empty":       "action_id_malformed",
	"g_id_upper":       "action_id_malformed",
	"g_id_nonhex42":    "action_id_malformed",
	"g_id_tostring":    "action_id_malformed",
	"g_id_proto":       "action_id_malformed",
	"g_id_constructor": "action_id_malformed",
	"g_form_malformed": "action_id_malformed",

	"g_origin_evil":      "origin_not_allowed",
	"g_origin_port":      "origin_not_allowed",
	"g_origin_null":      "origin_null",
	"g_origin_garbage":   "origin_malformed",
	"g_origin_empty":     "origin_malformed",
	"g_origin_case":      "origin_malformed", // capitals: browsers send none
	"g_origin_twice":     "header_duplicated",
	"g_host_other":       "origin_not_allowed",
	"g_xfh_match_evil":   "origin_not_allowed", // and the other g_xfh_ pass: nobody is trusted
	"g_form_origin_evil": "origin_not_allowed",
	"g_form_origin_null": "origin_null",

	"g_size_plus1":    "body_too_large",
	"g_size_chunked":  "body_too_large",
	"g_size_mp_file":  "body_too_large",
	"g_size_mp_field": "body_too_large",
	"g_size_form":     "body_too_large",
	"g_size_lenlie":   "body_incomplete",

	"g_ct_json":     "media_type_unsupported",
	"g_ct_html":     "media_type_unsupported",
	"g_ct_urlenc":   "media_type_unsupported",
	"g_ct_urlenccs": "media_type_unsupported",
	"g_ct_octet":    "media_type_unsupported",
	"g_ct_none":     "media_type_unsupported",
	"g_ct_latin1":   "charset_unsupported",
	"g_mp_upper":    "media_type_unsupported",
	"g_mp_mixed":    "media_type_unsupported",
	"g_mp_nobnd":    "media_type_malformed",
	"g_enc_gzip":    "content_encoding_unsupported",

	"g_mp_trunc":      "form_malformed",
	"g_mp_wrongbnd":   "form_malformed",
	"g_mp_zerolen":    "form_malformed",
	"g_mp_lf":         "form_malformed",
	"g_mp_preamble":   "form_malformed",
	"g_form_trunc":    "form_malformed",
	"g_form_wrongbnd": "form_malformed",

	"g_host_missing": "", // 400 by net/http, before any handler
}

// allowedBuild ran with `allowedOrigins: evil.example, *.ok.example`.
const allowedBuild = "next16-turbopack-allowed"

// expected says whether an exchange is refused, and for what.
func expected(e vectors.Exchange) (reason string, refused bool) {
	switch {
	case e.Scenario == "g_id_40" && e.Build == "next14-webpack": // there, two digits less than 40
		return "action_id_malformed", true
	case e.Build == allowedBuild && strings.Contains(field(e, "origin"), "evil.example"):
		return "", false
	}
	reason, refused = handmade[e.Scenario]
	return reason, refused
}

// TestRecordedTraffic sends every recorded exchange of Chromium with Next.js
// through the real binary, byte for byte.
func TestRecordedTraffic(t *testing.T) {
	exchanges, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	up := startUpstream(t)
	open := startGate(t, "", "actiongw\n"+up.proxy())
	var allowed *gate
	seen := map[string]bool{}
	genuine := 0
	for _, e := range exchanges {
		g := open
		if e.Build == allowedBuild {
			if allowed == nil {
				allowed = startGate(t, "", "actiongw {\norigins evil.example *.ok.example "+field(e, "host")+"\n}\n"+up.proxy())
			}
			g = allowed
		}
		reason, refused := expected(e)
		seen[e.Scenario] = true
		if !refused && e.Family != "g" && e.Ran() {
			genuine++
		}
		a := send(t, g.address, e.Request.Raw(), e.Scenario == "g_size_lenlie")
		got := up.take()
		if refused {
			checkRefused(t, g, e, a, got, reason)
		} else {
			checkForwarded(t, e, a, got)
		}
	}
	if genuine < 1000 {
		t.Errorf("only %d genuine exchanges in the corpus", genuine)
	}
	for scenario := range handmade {
		if !seen[scenario] {
			t.Errorf("%s is not in the corpus", scenario)
		}
	}
}

func checkRefused(t *testing.T, g *gate, e vectors.Exchange, a answer, got []received, reason string) {
	t.Helper()
	if len(got) != 0 {
		t.Errorf("%s: the backend saw it", e.ID)
	}
	if a.status < 400 || a.status > 499 {
		t.Errorf("%s: status %d", e.ID, a.status)
	}
	if reason == "" || e.Request.Method == "HEAD" { // no answer of ours, or none with a digest
		return
	}
	if line := g.refusal(t, a); line["reason"] != reason {
		t.Errorf("%s: refused as %v, want %s", e.ID, line["reason"], reason)
	}
}

func checkForwarded(t *testing.T, e vectors.Exchange, a answer, got []received) {
	t.Helper()
	if len(got) != 1 || a.status != http.StatusOK {
		t.Errorf("%s: the backend saw it %d times, status %d %q", e.ID, len(got), a.status, a.body)
		return
	}
	r := got[0]
	if r.err != nil || r.body != string(e.Request.Body) {
		t.Errorf("%s: the body is not the same: %d bytes of %d, %v", e.ID, len(r.body), len(e.Request.Body), r.err)
	}
	if r.target != requestTarget(e) || r.method != e.Request.Method {
		t.Errorf("%s: %s %s became %s %s", e.ID, e.Request.Method, e.Request.URL, r.method, r.target)
	}
	for _, name := range []string{"Next-Action", "Content-Type", "Origin"} {
		sent, lines := field(e, name), r.header[name]
		if sent == "" && len(lines) == 0 {
			continue
		}
		// A quoted boundary loses its quotes; everything else stays as it was.
		if len(lines) != 1 || lines[0] != strings.ReplaceAll(sent, `"`, "") {
			t.Errorf("%s: %s %q became %q", e.ID, name, sent, lines)
		}
	}
	if r.host != field(e, "Host") || len(r.header["X-Forwarded-Host"]) != 1 || r.header.Get("X-Forwarded-Host") != r.host {
		t.Errorf("%s: host %q, forwarded host %q", e.ID, r.host, r.header["X-Forwarded-Host"])
	}
	if r.header["X-Action-Forwarded"] != nil {
		t.Errorf("%s: an internal header reached the backend", e.ID)
	}
}

// requestTarget is the target in origin form, which a proxy sends.
func requestTarget(e vectors.Exchange) string {
	target := e.Request.URL
	if _, rest, absolute := strings.Cut(target, "://"); absolute {
		_, path, _ := strings.Cut(rest, "/")
		return "/" + path
	}
	return target
}

// field is the value of a recorded header, empty if there is none.
func field(e vectors.Exchange, name string) string {
	for _, h := range e.Request.Headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// TestRecordedTrafficInReportMode: nothing is refused, and everything that
// would be is said.
func TestRecordedTrafficInReportMode(t *testing.T) {
	exchanges, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	up := startUpstream(t)
	g := startGate(t, "", "actiongw {\nmode report\n}\n"+up.proxy())
	checked := 0
	for _, e := range exchanges {
		reason := handmade[e.Scenario]
		if e.Build != "next16-turbopack" || reason == "" || e.Scenario == "g_size_lenlie" {
			continue
		}
		checked++
		a := send(t, g.address, e.Request.Raw(), false)
		got := up.take()
		if len(got) != 1 || got[0].body != string(e.Request.Body) || a.status != http.StatusOK {
			t.Errorf("%s: report mode answered %d, and the backend saw it %d times", e.ID, a.status, len(got))
		}
	}
	if checked < 40 {
		t.Fatalf("only %d bad requests in the corpus", checked)
	}
	lines := 0
	g.log.await(t, "the last refusal that would have been", func(line map[string]any) bool {
		if line["msg"] == "would refuse" {
			lines++
		}
		return lines == checked
	})
}
