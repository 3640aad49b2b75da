package proxy_test

import (
	"encoding/json"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

const digest = "ABCDEFGHIJKLM"

func TestAnswersSpeakTheClientsLanguage(t *testing.T) {
	id42, id40 := action.ID(strings.Repeat("a", 42)), action.ID(strings.Repeat("a", 40))
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, tc := range []struct {
		is     string
		accept string
		kind   action.Kind
		id     action.ID
		want   string // exactly the Content-Type
		body   string // the start of it
	}{
		{"Next 15 and 16, which show text/plain and nothing else", "text/x-component", action.Fetch, id42, "text/plain", "This request comes from a site"},
		{"Next 14, which shows error rows only", "text/x-component", action.Fetch, id40, "text/x-component", "0:[\"$@1\",[\"\",null]]\n1:E{\"digest\":\"" + digest + "\"}\n"},
		{"a call without a readable id", "text/x-component", action.Fetch, "", "text/plain", "This request comes from a site"},
		{"a form posted by a browser", browser, action.Form, id42, "text/html; charset=utf-8", "<!doctype html>"},
		{"a form of Next 14 posted by a browser", browser, action.Form, id40, "text/html; charset=utf-8", "<!doctype html>"},
		{"a form posted by a tool", "*/*", action.Form, id42, "text/plain", "This request"},
		{"a JSON client", "application/json", action.Fetch, id42, "application/problem+json", "{"},
		{"a JSON client with a form", "application/problem+json", action.Form, id42, "application/problem+json", "{"},
		{"a visitor where only actions are served", browser, action.None, "", "text/html; charset=utf-8", "<!doctype html>"},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Accept", tc.accept)
		w := httptest.NewRecorder()
		refusal := reject.New(reject.OriginNotAllowed, reject.StageOrigin, "detail").With("origin", "https://evil.example")
		proxy.WriteAnswer(w, r, &proxy.Decision{Kind: tc.kind, ID: tc.id}, refusal, digest)
		h := w.Header()
		if w.Code != 403 || h.Get("Content-Type") != tc.want || !strings.HasPrefix(w.Body.String(), tc.body) {
			t.Errorf("%s: %d %s %s", tc.is, w.Code, h.Get("Content-Type"), w.Body)
		}
		if !strings.Contains(w.Body.String(), digest) || strings.Contains(w.Body.String(), "evil") {
			t.Errorf("%s: the body must hold the digest and no facts: %s", tc.is, w.Body)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") == "" || h.Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%s: header %v", tc.is, h)
		}
	}
}

func TestProblemDocument(t *testing.T) {
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	proxy.WriteAnswer(w, r, &proxy.Decision{}, reject.New(reject.BodyTooLarge, reject.StageBody, "more than max_body"), digest)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"status": 413.0, "reason": "body_too_large", "detail": "more than max_body", "digest": digest, "type": "about:blank"} {
		if got[name] != want {
			t.Errorf("%s: %v, want %v", name, got[name], want)
		}
	}
}

func TestStatusesThatAskForAHeader(t *testing.T) {
	for reason, want := range map[reject.Reason][2]string{
		reject.MethodNotAllowed:  {"Allow", "POST"},
		reject.Overloaded:        {"Retry-After", "1"},
		reject.ActionIDMalformed: {"X-Nextjs-Action-Not-Found", "1"},
	} {
		w := httptest.NewRecorder()
		proxy.BeginAnswer(w, httptest.NewRequest("POST", "/", nil), reject.New(reason, reject.StageHead, ""))
		if w.Header().Get(want[0]) != want[1] || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", reason, w.Header())
		}
	}
}
