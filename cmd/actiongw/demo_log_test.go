package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// encode sends one access-log entry through the encoder, in the two steps in
// which Caddy does: the request with the logger, the rest with the entry.
func encode(t *testing.T, e *demoEncoder, method, target string, fields ...zap.Field) string {
	t.Helper()
	c := e.Clone()
	zap.Object("request", caddyhttp.LoggableHTTPRequest{Request: httptest.NewRequest(method, target, nil)}).AddTo(c)
	entry := zapcore.Entry{Time: time.Date(2026, 1, 2, 14, 3, 7, 0, time.UTC), LoggerName: "http.log.access"}
	line, err := c.EncodeEntry(entry, fields)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Free()
	return line.String()
}

func verdict(v, kind, reason string, status int) []zap.Field {
	fields := []zap.Field{zap.Int("status", status), zap.String("actiongw_verdict", v)}
	if kind != "" {
		fields = append(fields, zap.String("actiongw_kind", kind))
	}
	if reason != "" {
		fields = append(fields, zap.String("actiongw_reason", reason))
	}
	return fields
}

func TestDemoEncoder(t *testing.T) {
	for _, c := range []struct {
		name, method, target string
		fields               []zap.Field
		line                 string
	}{
		{
			"an admitted call", "POST", "/", verdict("admit", "fetch", "", 200),
			"14:03:07  POST /                    fetch  admit                              200\n",
		},
		{
			"a refused form", "POST", "/", verdict("refuse", "form", "form_malformed", 400),
			"14:03:07  POST /                    form   refuse   form_malformed            400\n",
		},
		{
			"a page, without its query", "GET", "/?secret=1", verdict("pass", "", "", 200),
			"14:03:07  GET /                            pass                               200\n",
		},
		{
			"a form that is no call", "POST", "/upload", verdict("pass", "form", "", 200),
			"14:03:07  POST /upload                     pass                               200\n",
		},
		{
			"report mode", "POST", "/", verdict("would_refuse", "fetch", "origin_not_allowed", 200),
			"14:03:07  POST /                    fetch  would_refuse  origin_not_allowed        200\n",
		},
		{
			"a long path", "POST", "/" + strings.Repeat("a", 80), verdict("pass", "", "", 404),
			"14:03:07  POST /aaaaaaaaaaaaaaa...         pass                               404\n",
		},
		{
			"a path that would clear the screen", "GET", "/\u009b2Jé", verdict("pass", "", "", 404),
			"14:03:07  GET /?2J?                        pass                               404\n",
		},
		{
			"a request that was never answered", "GET", "/", verdict("pass", "", "", 0),
			"14:03:07  GET /                            pass                               -\n",
		},
		{
			"a request that cannot be a call has no fields of the gate", "GET", "/", []zap.Field{zap.Int("status", 200)},
			"14:03:07  GET /                            pass                               200\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := encode(t, newDemoEncoder(new(demoScore), false), c.method, c.target, c.fields...); got != c.line {
				t.Errorf("got  %q\nwant %q", got, c.line)
			}
		})
	}
}

func TestDemoEncoderColours(t *testing.T) {
	e := newDemoEncoder(new(demoScore), true)
	got := encode(t, e, "POST", "/", verdict("refuse", "fetch", "body_too_large", 413)...)
	if !strings.HasPrefix(got, "\x1b[31m14:03:07") || !strings.HasSuffix(got, "413\x1b[0m\n") {
		t.Errorf("a refusal is not red: %q", got)
	}
	if got := encode(t, newDemoEncoder(new(demoScore), false), "GET", "/"); strings.Contains(got, "\x1b") {
		t.Errorf("a line has a colour where none is wanted: %q", got)
	}
}

func TestDemoScore(t *testing.T) {
	score := new(demoScore)
	e := newDemoEncoder(score, false)
	if got := score.String(); got != "0 calls admitted, 0 refused" {
		t.Errorf("at first the score is %q", got)
	}
	encode(t, e, "POST", "/", verdict("admit", "fetch", "", 200)...)
	encode(t, e, "GET", "/", verdict("pass", "", "", 200)...)
	encode(t, e, "GET", "/", verdict("refuse", "fetch", "method_not_allowed", 405)...)
	encode(t, e, "POST", "/", verdict("refuse", "form", "form_malformed", 400)...)
	if got := score.String(); got != "1 call admitted, 2 refused" {
		t.Errorf("the score is %q", got)
	}
	if latest := score.decisions(); len(latest) != 4 || latest[0].Reason != "form_malformed" || latest[3].Status != "200" {
		t.Errorf("the latest decisions are %+v", latest)
	}
	for range 2 * demoLatest {
		score.add(demoLine{Verdict: "pass"})
	}
	if latest := score.decisions(); len(latest) != demoLatest {
		t.Errorf("%d decisions are kept for the page, want %d", len(latest), demoLatest)
	}
}
