package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// secret stands for what a backend says when it is broken.
const secret = "s3cr3t-stack-trace"

// startJSONBackend is a backend that speaks no React: its actions answer as
// backends do, good ones and bad ones.
func startJSONBackend(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	answer := func(name string, f func(w http.ResponseWriter, call string)) {
		mux.HandleFunc("POST /_actions/"+name, func(w http.ResponseWriter, r *http.Request) {
			call, _ := io.ReadAll(r.Body)
			f(w, string(call))
		})
	}
	typed := func(mediaType, body string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) {
			w.Header().Set("Content-Type", mediaType)
			_, _ = io.WriteString(w, body)
		}
	}
	answer("echo", func(w http.ResponseWriter, call string) { typed("application/json", call)(w, "") })
	answer("dollar", typed("application/json", `"$1"`))
	answer("rich", typed("application/vnd.actiongw.result+json", `{"value":["2026-01-02T03:04:05Z"],"types":{"/value/0":"Date"}}`))
	answer("nothing", func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusNoContent) })
	answer("redirect", func(w http.ResponseWriter, _ string) {
		w.Header().Set("Set-Cookie", "seen=1")
		w.Header().Set("Location", "/thanks?a=1;b")
		w.WriteHeader(http.StatusSeeOther)
	})
	answer("javascript", func(w http.ResponseWriter, _ string) {
		w.Header().Set("Location", "javascript:alert(1)")
		w.WriteHeader(http.StatusSeeOther)
	})
	answer("missing", func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusNotFound) })
	answer("problem", func(w http.ResponseWriter, _ string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"title":"Version is stale","detail":"`+secret+`"}`)
	})
	answer("trace", func(w http.ResponseWriter, _ string) { http.Error(w, secret, http.StatusInternalServerError) })
	answer("page", typed("text/html", "<h1>"+secret+"</h1>"))
	answer("garbage", typed("application/json", `{"a":`+secret))
	answer("half", func(w http.ResponseWriter, _ string) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `["`+secret)
	})
	answer("huge", func(w http.ResponseWriter, _ string) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `["`)
		for range 100 {
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<10))
		}
		_, _ = io.WriteString(w, `"]`)
	})
	answer("trickle", func(w http.ResponseWriter, _ string) {
		w.Header().Set("Content-Type", "application/json")
		for range 1000 {
			if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	answer("hangup", func(w http.ResponseWriter, _ string) { panic(http.ErrAbortHandler) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// reactCall is a call of bare react-server-dom.
func reactCall(name, args string) []byte {
	return fmt.Appendf(nil, "POST /invoices HTTP/1.1\r\nHost: shop.example\r\nOrigin: http://shop.example\r\nRsc-Action: %s\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: %d\r\n\r\n%s", name, len(args), args)
}

func TestAnswersOfAJSONBackend(t *testing.T) {
	backend := startJSONBackend(t)
	g := startGate(t, "", "actiongw {\nbackend json\ndialect react\nmax_result 64KiB\nresult_timeout 300ms\n}\nreverse_proxy "+backend.Listener.Addr().String())
	for _, tc := range []struct {
		is, action string
		status     int
		body       string // * stands for a digest
		outcome    string // of the log line, empty for none
	}{
		{"a result", "echo", 200, `0:{"action":"echo","id":"echo","url":"/invoices","closure":null,"args":[7]}` + "\n", ""},
		{"a text that looks like a reference", "dollar", 200, `0:"$$1"` + "\n", ""},
		{"what JSON cannot say", "rich", 200, `0:["$D2026-01-02T03:04:05.000Z"]` + "\n", ""},
		{"nothing", "nothing", 200, `0:"$undefined"` + "\n", ""},
		{"a redirect", "redirect", 200, `0:"$undefined"` + "\n", ""},
		{"a redirect into a script", "javascript", 502, `0:E{"digest":"*"}` + "\n", "backend_redirect_invalid"},
		{"an action that the backend does not have", "missing", 404, `0:E{"digest":"*"}` + "\n", "not_found"},
		{"an error in the backend's words", "problem", 409, `0:E{"digest":"*"}` + "\n", "backend_error"},
		{"a stack trace", "trace", 500, `0:E{"digest":"*"}` + "\n", "backend_error"},
		{"a page in place of a result", "page", 502, `0:E{"digest":"*"}` + "\n", "backend_malformed"},
		{"garbage", "garbage", 502, `0:E{"digest":"*"}` + "\n", "backend_malformed"},
		{"half a body", "half", 502, `0:E{"digest":"*"}` + "\n", "backend_malformed"},
		{"a huge body", "huge", 502, `0:E{"digest":"*"}` + "\n", "backend_too_large"},
		{"a body that never ends", "trickle", 504, `0:E{"digest":"*"}` + "\n", "backend_timeout"},
		{"a connection that is cut", "hangup", 502, `0:E{"digest":"*"}` + "\n", "backend_unavailable"},
	} {
		t.Run(tc.is, func(t *testing.T) {
			got := send(t, g.address, reactCall(tc.action, "[7]"), false)
			body := got.body
			if tc.outcome != "" {
				_, rest, _ := strings.Cut(body, `"digest":"`)
				digest, _, _ := strings.Cut(rest, `"`)
				body = strings.Replace(body, digest, "*", 1)
				line := g.log.await(t, "digest "+digest, func(line map[string]any) bool { return digest != "" && line["digest"] == digest })
				if line["outcome"] != tc.outcome || line["action_id"] != tc.action {
					t.Errorf("logged as %v", line)
				}
			}
			if got.status != tc.status || body != tc.body || got.header.Get("Content-Type") != "text/x-component" || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %d %v\n%s", got.status, got.header, got.body)
			}
			if tc.action == "redirect" && (got.header.Get("Actiongw-Redirect") != "/thanks?a=1;b" || got.header.Get("Set-Cookie") != "seen=1") {
				t.Errorf("redirect with %v", got.header)
			}
		})
	}
	for line := range strings.Lines(g.log.text()) {
		if strings.Contains(line, secret) && !strings.Contains(line, "problem_detail") {
			t.Errorf("the log repeats the backend's body: %s", line)
		}
	}
}

func TestJSONBackendThatIsDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	g := startGate(t, "", "actiongw {\nbackend json\ndialect react\n}\nreverse_proxy "+l.Addr().String())
	got := send(t, g.address, reactCall("echo", "[]"), false)
	line := g.refusal(t, got)
	if got.status != 502 || line["outcome"] != "backend_unavailable" {
		t.Errorf("%d %q, logged as %v", got.status, got.body, line)
	}
}

// TestWarningOfNoKey: it is for those whose pages may seal with one.
func TestWarningOfNoKey(t *testing.T) {
	const manifest = "manifest ../../internal/vectors/traffic/manifests/next14-webpack-open.json\n"
	for _, tc := range []struct {
		is, options string
		warns       bool
	}{
		{"a server of React", "dialect react\n", true},
		{"a JSON backend", "dialect react\nbackend json\n", false},
		{"a JSON backend and a build of Next without its key", "dialect react\nbackend json\n" + manifest, true},
	} {
		g := startGate(t, "", "actiongw {\n"+tc.options+"}\nrespond OK")
		// Its line comes after those of the start.
		g.refusal(t, send(t, g.address, reactCall("", "[]"), false))
		if warned := strings.Contains(g.log.text(), "no key is configured"); warned != tc.warns {
			t.Errorf("%s: warned %v\n%s", tc.is, warned, g.log.text())
		}
	}
}
