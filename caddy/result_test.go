package caddy

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy" // the handler behind the gate

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/proxy"
)

// TestResultsThroughCaddysProxy: what the translation takes for granted of
// net/http's reverse proxy is so for Caddy's, which has its own ways of
// breaking off, flushing, and returning errors.
func TestResultsThroughCaddysProxy(t *testing.T) {
	large := "[" + strings.Repeat(`{"id":1},`, 50_000)
	say := func(length, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Powered-By", "backend")
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			_, _ = io.WriteString(w, text)
		}
	}
	silence := func(w http.ResponseWriter, r *http.Request) {
		say("", "[")(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	hints := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		say("", `{"ok":true}`)(w, r)
	}
	never := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client is gone
		<-r.Context().Done()
	}
	const failed = "0:E{\"digest\":\"DIGEST\"}\n"
	for _, tc := range []struct {
		is      string
		backend http.HandlerFunc // nil for none
		status  int
		body    string // empty for one that breaks off
		want    jsoncall.Outcome
	}{
		{"a result", say("", `{"ok": true}`), 200, "0:{\"ok\":true}\n", jsoncall.Result},
		{"a large result", say("", large+"0]"), 200, "0:" + large + "0]\n", jsoncall.Result},
		{"hints before a result", hints, 200, "0:{\"ok\":true}\n", jsoncall.Result},
		{"garbage", say("", "oops"), 502, failed, jsoncall.BackendMalformed},
		{"half a body", say("100", `{"ok": true}`), 502, failed, jsoncall.BackendMalformed},
		{"half a large body", say("1000000", large), 200, "", jsoncall.BackendMalformed},
		{"too much", say("", large+strings.Repeat("1,", 1<<20)), 200, "", jsoncall.BackendTooLarge},
		{"silence", silence, 504, failed, jsoncall.BackendTimeout},
		{"a backend that never begins", never, 504, failed, jsoncall.BackendTimeout},
		{"a connection that ends", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 502, failed, jsoncall.BackendUnavailable},
		{"no backend", nil, 502, failed, jsoncall.BackendUnavailable},
	} {
		tr := proxy.Translation{Client: jsoncall.React, MaxResult: 1 << 20, Digest: func() string { return "DIGEST" }}
		wait := "1m"
		if tc.want == jsoncall.BackendTimeout {
			tr.Timeout, wait = 50*time.Millisecond, "50ms"
		}
		site, reports := proxied(t, tr, wait, tc.backend)
		resp, err := http.Post(site, "text/plain", strings.NewReader("[]"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		report := <-reports
		if resp.StatusCode != tc.status || report.Outcome != tc.want || report.Broken != (tc.body == "") || resp.Header.Get("X-Powered-By") != "" || resp.Header.Get("Link") != "" {
			t.Errorf("%s: %d %v, %+v", tc.is, resp.StatusCode, resp.Header, report)
		}
		if whole := tc.body != ""; whole != (err == nil) || whole && string(body) != tc.body || !whole && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %.200q, %v", tc.is, body, err)
		}
	}
}

// proxied serves a translation in front of Caddy's reverse_proxy, which waits so
// long for the header of an answer.
func proxied(t *testing.T, tr proxy.Translation, wait string, backend http.HandlerFunc) (url string, reports <-chan proxy.ResultReport) {
	t.Helper()
	upstream := httptest.NewServer(backend)
	t.Cleanup(upstream.Close)
	if backend == nil {
		upstream.Close()
	}
	ctx, err := caddy.ProvisionContext(&caddy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	module, err := ctx.LoadModuleByID("http.handlers.reverse_proxy", json.RawMessage(`{"upstreams":[{"dial":"`+strings.TrimPrefix(upstream.URL, "http://")+`"}],
		"transport":{"protocol":"http","response_header_timeout":"`+wait+`"}}`))
	if err != nil {
		t.Fatal(err)
	}
	through := module.(caddyhttp.MiddlewareHandler)
	done := make(chan proxy.ResultReport, 1)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, new(caddyhttp.Server))
		report := tr.Serve(w, r, func(w http.ResponseWriter, r *http.Request) error {
			return through.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil }))
		})
		done <- report
		if report.Broken {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(site.Close)
	return site.URL, done
}
