package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/proxy"
)

// gateway serves a translation in front of a backend, through a reverse proxy
// and over real connections.
func gateway(t *testing.T, tr proxy.Translation, backend http.HandlerFunc) (site *httptest.Server, reports <-chan proxy.ResultReport) {
	t.Helper()
	upstream := httptest.NewServer(backend)
	t.Cleanup(upstream.Close)
	target, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr.Digest = func() string { return digest }
	done := make(chan proxy.ResultReport, 1)
	site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=1") // of a handler in front of the gate
		report := tr.Serve(w, r, func(w http.ResponseWriter, r *http.Request) (err error) {
			through := httputil.NewSingleHostReverseProxy(target)
			through.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, e error) { err = e }
			through.ServeHTTP(w, r)
			return err
		})
		done <- report
		if report.Broken {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(site.Close)
	return site, done
}

// An answer is what a client got.
type answer struct {
	*http.Response
	body string
	err  error // of reading the body
}

func translated(t *testing.T, tr proxy.Translation, backend http.HandlerFunc) (answer, proxy.ResultReport) {
	t.Helper()
	site, reports := gateway(t, tr, backend)
	resp, err := site.Client().Post(site.URL+"/page?secret=request", "text/plain", strings.NewReader("request bytes"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp, string(body), err}, <-reports
}

// respond is a backend that answers with one text.
func respond(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// half is a backend that announces more than it sends.
func half(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		respond(status, contentType, body)(w, r)
	}
}

// endless is a backend that goes on until nobody listens.
func endless(contentType, start, more string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		respond(200, contentType, start)(w, r)
		for _, err := io.WriteString(w, strings.Repeat(more, 1000)); err == nil; {
			_, err = io.WriteString(w, strings.Repeat(more, 1000))
		}
	}
}

const (
	nextRoot = "0:{\"a\":\"$@1\",\"f\":\"\",\"b\":\"\",\"q\":\"\",\"i\":false}\n"
	jsonType = "application/json"
	richType = "application/vnd.actiongw.result+json"
)

// failedRow is what Next's client gets for a failure.
func failedRow(digest string) string {
	return nextRoot + "1:E{\"digest\":\"" + digest + "\"}\n"
}

func TestResultsReachTheClient(t *testing.T) {
	for _, tc := range []struct {
		is      string
		client  jsoncall.Client
		backend http.HandlerFunc
		want    string
	}{
		{"JSON, for Next", jsoncall.Next, respond(200, jsonType, `{"ok": true}`), nextRoot + "1:{\"ok\":true}\n"},
		{"JSON, for Next 14", jsoncall.Next14, respond(200, jsonType, `"$1"`), "0:[\"$@1\",[\"\",null]]\n1:\"$$1\"\n"},
		{"JSON, for React", jsoncall.React, respond(201, jsonType, `[1,2]`), "0:[1,2]\n"},
		{"types", jsoncall.Next, respond(200, richType, `{"value":"7","types":{"/value":"BigInt"}}`), nextRoot + "1:\"$n7\"\n"},
		{"nothing", jsoncall.Next, respond(204, "", ""), nextRoot + "1:\"$undefined\"\n"},
		{"nothing, for React", jsoncall.React, respond(204, "", ""), "0:\"$undefined\"\n"},
	} {
		got, report := translated(t, proxy.Translation{Client: tc.client}, tc.backend)
		if got.StatusCode != 200 || got.body != tc.want || got.err != nil || report.Outcome != jsoncall.Result || report.Digest != "" {
			t.Errorf("%s: %d %q %v, %+v", tc.is, got.StatusCode, got.body, got.err, report)
		}
		h := got.Header
		if h.Get("Content-Type") != "text/x-component" || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Strict-Transport-Security") == "" || h.Get("Content-Length") != strconv.Itoa(len(tc.want)) {
			t.Errorf("%s: %v", tc.is, h)
		}
	}
}

func TestBackendsFailuresAreErrorsInTheClient(t *testing.T) {
	const secret = "panic: runtime error: at /srv/app/main.go:7 password=hunter2"
	for _, tc := range []struct {
		is      string
		backend http.HandlerFunc
		outcome jsoncall.Outcome
		status  int
		digest  string
	}{
		{"not found", respond(404, "", ""), jsoncall.NotFound, 404, "NEXT_HTTP_ERROR_FALLBACK;404"},
		{"unauthorized", respond(401, "", ""), jsoncall.Unauthorized, 401, "NEXT_HTTP_ERROR_FALLBACK;401"},
		{"forbidden", respond(403, "text/html", "<h1>No</h1>"), jsoncall.Forbidden, 403, "NEXT_HTTP_ERROR_FALLBACK;403"},
		{"a failed validation", respond(422, jsonType, `{"message":"`+secret+`"}`), jsoncall.BackendError, 422, digest},
		{"a stack trace", respond(500, "text/plain", secret), jsoncall.BackendError, 500, digest},
		{"a large error page", respond(500, "text/html", strings.Repeat(secret, 1_000_000)), jsoncall.BackendError, 500, digest},
		{"a stack trace instead of a result", respond(200, "text/plain", secret), jsoncall.BackendMalformed, 502, digest},
		{"a stack trace that says it is JSON", respond(200, jsonType, secret), jsoncall.BackendMalformed, 502, digest},
		{"JSON and then a stack trace", respond(200, jsonType, `{"ok":true}`+secret), jsoncall.BackendMalformed, 502, digest},
		{"JSON that ends", respond(200, jsonType, `{"ok":`), jsoncall.BackendMalformed, 502, digest},
		{"nothing where there should be JSON", respond(200, jsonType, ""), jsoncall.BackendMalformed, 502, digest},
		{"nothing at all", respond(200, "", ""), jsoncall.BackendMalformed, 502, digest},
		{"Flight", respond(200, "text/x-component", "0:{}\n"), jsoncall.BackendMalformed, 502, digest},
		{"types without a value", respond(200, richType, `{"types":{}}`), jsoncall.BackendMalformed, 502, digest},
		{"half a body", half(200, jsonType, `{"ok":true}`), jsoncall.BackendMalformed, 502, digest},
		{"half a body with types", half(200, richType, `{"value":1}`), jsoncall.BackendMalformed, 502, digest},
		{"half an error", half(500, "application/problem+json", `{"title":"no`), jsoncall.BackendError, 500, digest},
		{"a result that is announced to be too large", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(1<<30))
			endless(jsonType, "[1", ",1")(w, r)
		}, jsoncall.BackendTooLarge, 502, digest},
		{"a text that does not end", endless(jsonType, `"`, "a"), jsoncall.BackendTooLarge, 502, digest},
		{"a result with types that does not end", endless(richType, `{"value":[`, "1,"), jsoncall.BackendTooLarge, 502, digest},
		{"a page that does not end", endless("text/html", "<!doctype html>", "a"), jsoncall.BackendMalformed, 502, digest},
		{"white space that does not end", endless(jsonType, "", " \n"), jsoncall.BackendTooLarge, 502, digest},
		{"a connection that ends", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, jsoncall.BackendUnavailable, 502, digest},
		{"a choice", respond(300, "", ""), jsoncall.BackendMalformed, 502, digest},
	} {
		got, report := translated(t, proxy.Translation{MaxResult: 200 << 10}, tc.backend)
		if got.StatusCode != tc.status || got.body != failedRow(tc.digest) || got.err != nil || got.Header.Get("Content-Type") != "text/x-component" {
			t.Errorf("%s: %d %.200q %v", tc.is, got.StatusCode, got.body, got.err)
		}
		if report.Outcome != tc.outcome || report.Digest != digest || report.Broken || strings.Contains(report.Detail, "hunter2") {
			t.Errorf("%s: %+v", tc.is, report)
		}
	}
}

func TestRedirects(t *testing.T) {
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.Header().Set("Actiongw-Revalidate", "1")
			respond(303, "text/html", "<a>See other</a>")(w, nil)
		}
	}
	for _, tc := range []struct {
		is, header, reload string
		client             jsoncall.Client
		want               string
		body               string
	}{
		{"Next", "X-Action-Redirect", "X-Action-Revalidated", jsoncall.Next, "/a%3Bb;push", ""},
		{"Next 14", "X-Action-Redirect", "X-Action-Revalidated", jsoncall.Next14, "/a;b", ""},
		{"React", "Actiongw-Redirect", "Actiongw-Revalidate", jsoncall.React, "/a;b", "0:\"$undefined\"\n"},
	} {
		got, report := translated(t, proxy.Translation{Client: tc.client}, to("/a;b"))
		if got.StatusCode != 200 || got.Header.Get("Location") != "" || got.body != tc.body || report.Outcome != jsoncall.Redirected {
			t.Errorf("%s: %d %q, %+v", tc.is, got.StatusCode, got.body, report)
		}
		if got.Header.Get(tc.header) != tc.want || got.Header.Get(tc.reload) == "" || got.Header.Get("Content-Type") != map[bool]string{true: "text/x-component"}[tc.body != ""] {
			t.Errorf("%s: %v", tc.is, got.Header)
		}
		got, report = translated(t, proxy.Translation{Client: tc.client}, to("javascript:alert(document.domain)"))
		if got.StatusCode != 502 || got.Header.Get(tc.header) != "" || got.Header.Get(tc.reload) != "" || report.Outcome != jsoncall.BackendRedirectInvalid || !strings.Contains(got.body, digest) {
			t.Errorf("%s, to a script: %d %v, %+v", tc.is, got.StatusCode, got.Header, report)
		}
	}
}

func TestRevalidation(t *testing.T) {
	backend := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Actiongw-Revalidate", "1")
		respond(200, jsonType, "1")(w, r)
	}
	for _, tc := range []struct {
		client      jsoncall.Client
		name, value string
		body        string
	}{
		{jsoncall.Next, "X-Action-Revalidated", "1", strings.Replace(nextRoot, `"f":""`, `"f":" "`, 1) + "1:1\n"},
		{jsoncall.Next14, "X-Action-Revalidated", "[[],1,0]", "0:[\"$@1\",[\"\",\" \"]]\n1:1\n"},
		{jsoncall.React, "Actiongw-Revalidate", "1", "0:1\n"},
	} {
		got, _ := translated(t, proxy.Translation{Client: tc.client}, backend)
		if got.Header.Get(tc.name) != tc.value || got.body != tc.body {
			t.Errorf("client %d: %v %q", tc.client, got.Header, got.body)
		}
	}
}

// TestOnlyWhatIsForTheBrowserPasses of the backend's header, on results and on
// failures.
func TestOnlyWhatIsForTheBrowserPasses(t *testing.T) {
	for _, status := range []int{200, 204, 303, 404, 500, 206} {
		got, _ := translated(t, proxy.Translation{}, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h["Set-Cookie"] = []string{"session=1; HttpOnly", "theme=dark"}
			h.Set("Retry-After", "7")
			h.Set("Server-Timing", "db;dur=53")
			h.Set("Clear-Site-Data", `"storage"`)
			h.Set("Location", "/next")
			for _, name := range []string{
				"X-Powered-By", "Server", "X-Debug-Sql", "X-Action-Redirect", "X-Action-Revalidated", "X-Nextjs-Action-Not-Found", "Actiongw-Redirect",
				"Etag", "Vary", "Link", "Refresh", "Access-Control-Allow-Origin", "Www-Authenticate", "Content-Disposition", "Alt-Svc", "Trailer-Secret",
			} {
				h.Set(name, "backend")
			}
			h.Set("Cache-Control", "public, max-age=60")
			h.Set("Trailer", "Trailer-Secret")
			respond(status, jsonType, map[bool]string{true: "1"}[status != 204])(w, r)
		})
		h := got.Header
		if len(h["Set-Cookie"]) != 2 || h.Get("Retry-After") != "7" || h.Get("Server-Timing") == "" || h.Get("Clear-Site-Data") == "" {
			t.Errorf("%d: %v", status, h)
		}
		if h.Get("Cache-Control") != "no-store" || len(got.Trailer) > 0 {
			t.Errorf("%d: %v, trailer %v", status, h, got.Trailer)
		}
		for name, lines := range h {
			if strings.Contains(strings.Join(lines, ""), "backend") {
				t.Errorf("%d: %s: %s passes", status, name, lines)
			}
		}
	}
}

func TestTheLogGetsTheProblem(t *testing.T) {
	got, report := translated(t, proxy.Translation{}, respond(409, "application/problem+json", `{"title":"No stock","detail":"3 left\n\u001b[2J"}`+strings.Repeat(" ", 100_000)))
	if report.ProblemTitle != "No stock" || report.ProblemDetail != "3 left[2J" || report.Status != 409 || strings.Contains(got.body, "stock") {
		t.Errorf("%+v: %s", report, got.body)
	}
}
