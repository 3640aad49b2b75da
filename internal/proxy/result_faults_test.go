package proxy_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/proxy"
)

// TestAFaultInALargeResultBreaksTheConnection: a part of the result is with the
// client, and what the client has must not look whole.
func TestAFaultInALargeResultBreaksTheConnection(t *testing.T) {
	large := "[" + strings.Repeat(`{"id":1},`, 50_000)
	for _, tc := range []struct {
		is      string
		backend http.HandlerFunc
		want    jsoncall.Outcome
	}{
		{"garbage at the end", respond(200, jsonType, large+"oops"), jsoncall.BackendMalformed},
		{"no end", respond(200, jsonType, large), jsoncall.BackendMalformed},
		{"half of what was announced", half(200, jsonType, large+"0]"), jsoncall.BackendMalformed},
		{"too much", endless(jsonType, "[0", ",1"), jsoncall.BackendTooLarge},
		{"a break", func(w http.ResponseWriter, r *http.Request) {
			respond(200, jsonType, large)(w, r)
			panic(http.ErrAbortHandler)
		}, jsoncall.BackendMalformed},
	} {
		got, report := translated(t, proxy.Translation{MaxResult: 1 << 20}, tc.backend)
		if got.StatusCode != 200 || !errors.Is(got.err, io.ErrUnexpectedEOF) || strings.HasSuffix(got.body, "]\n") {
			t.Errorf("%s: %d, %v, %d bytes", tc.is, got.StatusCode, got.err, len(got.body))
		}
		if report.Outcome != tc.want || !report.Broken {
			t.Errorf("%s: %+v", tc.is, report)
		}
	}
}

// TestALargeResultStreams: the client has its beginning before the backend has
// its end.
func TestALargeResultStreams(t *testing.T) {
	const rows = 100_000
	row := strings.Repeat(`{"id":1},`, 1000)
	seen := make(chan struct{})
	site, reports := gateway(t, proxy.Translation{}, func(w http.ResponseWriter, r *http.Request) {
		respond(200, jsonType, "[")(w, r)
		for range rows / 1000 {
			_, _ = io.WriteString(w, row)
		}
		<-seen
		_, _ = io.WriteString(w, "0]")
	})
	resp, err := site.Client().Post(site.URL, "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	start := make([]byte, 100_000)
	if _, err := io.ReadFull(resp.Body, start); err != nil {
		t.Fatal(err)
	}
	close(seen)
	rest, err := io.ReadAll(resp.Body)
	if want := nextRoot + "1:[" + strings.Repeat(row, rows/1000) + "0]\n"; err != nil || string(start)+string(rest) != want {
		t.Errorf("%d bytes, %v, want %d", len(start)+len(rest), err, len(want))
	}
	if report := <-reports; report.Outcome != jsoncall.Result || report.Bytes < rows {
		t.Errorf("%+v", report)
	}
}

// TestASlowBackend has the gate give up on bodies that do not end.
func TestASlowBackend(t *testing.T) {
	trickle := func(contentType, start, more string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			respond(200, contentType, start)(w, r)
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, more)
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	silent := func(status int, contentType, start string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			respond(status, contentType, start)(w, r)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}
	for _, tc := range []struct {
		is      string
		backend http.HandlerFunc
		outcome jsoncall.Outcome
		status  int
		body    string
	}{
		{"a trickle", trickle(jsonType, "[", "1,"), jsoncall.BackendTimeout, 504, failedRow(digest)},
		{"a trickle with types", trickle(richType, "[", "1,"), jsoncall.BackendTimeout, 504, failedRow(digest)},
		{"silence", silent(200, jsonType, "["), jsoncall.BackendTimeout, 504, failedRow(digest)},
		{"silence after an error's status", silent(500, "text/plain", "oops"), jsoncall.BackendError, 500, failedRow(digest)},
	} {
		got, report := translated(t, proxy.Translation{Timeout: 50 * time.Millisecond}, tc.backend)
		if got.StatusCode != tc.status || got.body != tc.body || report.Outcome != tc.outcome {
			t.Errorf("%s: %d %.200q %v, %+v", tc.is, got.StatusCode, got.body, got.err, report)
		}
	}
}

// TestTheDeadlineIsTheBackends: it ends what a handler writes that looks at
// nothing, and does not run while the client is slow.
func TestTheDeadlineIsTheBackends(t *testing.T) {
	piece := strings.Repeat("1,", 50_000)
	for _, tc := range []struct {
		is              string
		backend, client time.Duration // what each piece takes them
		want            jsoncall.Outcome
	}{
		{"a slow client", time.Second, time.Hour, jsoncall.Result},
		{"a slow backend", 4 * time.Second, 0, jsoncall.BackendTimeout},
		{"both", 4 * time.Second, time.Hour, jsoncall.BackendTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &slowWriter{httptest.NewRecorder(), tc.client}
			tr := proxy.Translation{Timeout: 30 * time.Second, Digest: func() string { return digest }}
			report := tr.Serve(w, httptest.NewRequest("POST", "/", nil), func(w http.ResponseWriter, _ *http.Request) error {
				respond(200, jsonType, "[")(w, nil)
				for range 10 {
					time.Sleep(tc.backend)
					if _, err := io.WriteString(w, piece); err != nil {
						return err
					}
				}
				_, err := io.WriteString(w, "1]")
				return err
			})
			if report.Outcome != tc.want || report.Broken != (tc.want != jsoncall.Result) {
				t.Errorf("%s: %+v", tc.is, report)
			}
		})
	}
}

// A slowWriter takes its time for each piece.
type slowWriter struct {
	*httptest.ResponseRecorder
	pause time.Duration
}

func (w *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(w.pause)
	return w.ResponseRecorder.Write(p)
}

// TestProxysErrors: what a reverse proxy returns instead of an answer.
func TestProxysErrors(t *testing.T) {
	for _, tc := range []struct {
		is     string
		err    error
		want   jsoncall.Outcome
		status int
	}{
		{"nobody listens", errors.New("dial tcp: connection refused"), jsoncall.BackendUnavailable, 502},
		{"a timeout", timeout{}, jsoncall.BackendTimeout, 504},
		{"no handler behind the gate", nil, jsoncall.BackendMalformed, 502},
	} {
		w := httptest.NewRecorder()
		tr := proxy.Translation{Digest: func() string { return digest }}
		report := tr.Serve(w, httptest.NewRequest("POST", "/", nil), func(http.ResponseWriter, *http.Request) error { return tc.err })
		if w.Code != tc.status || w.Body.String() != failedRow(digest) || report.Outcome != tc.want || !errors.Is(report.Err, tc.err) {
			t.Errorf("%s: %d %s, %+v", tc.is, w.Code, w.Body, report)
		}
	}
}

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// TestPanicsGoOn: only the one that means a broken response is caught.
func TestPanicsGoOn(t *testing.T) {
	defer func() {
		if p := recover(); p != "bug" {
			t.Errorf("recovered %v", p)
		}
	}()
	proxy.Translation{}.Serve(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil), func(http.ResponseWriter, *http.Request) error { panic("bug") })
}

func TestAClientThatIsGone(t *testing.T) {
	site, reports := gateway(t, proxy.Translation{}, func(w http.ResponseWriter, r *http.Request) {
		respond(200, jsonType, "["+strings.Repeat("1,", 100_000))(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	resp, err := site.Client().Post(site.URL, "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if report := <-reports; report.Outcome != jsoncall.ClientGone || report.Digest != "" {
		t.Errorf("%+v", report)
	}
}

// TestABackendCannotTakeTheConnection by switching protocols, or speak to the
// client before its answer.
func TestABackendCannotTakeTheConnection(t *testing.T) {
	w := httptest.NewRecorder()
	proxy.Translation{}.Serve(w, httptest.NewRequest("POST", "/", nil), func(w http.ResponseWriter, _ *http.Request) error {
		c := http.NewResponseController(w)
		if _, _, err := c.Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("hijacked: %v", err)
		}
		w.Header().Set("Link", "</backend.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		clear(w.Header())
		w.WriteHeader(http.StatusNoContent)
		return c.Flush()
	})
	if w.Code != 200 || w.Header().Get("Link") != "" || w.Body.String() != nextRoot+"1:\"$undefined\"\n" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
