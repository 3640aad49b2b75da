package caddy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// TestLateWriterReplacesTheWholeResponse: nothing of what the backend began to
// say stands beside the refusal.
func TestLateWriterReplacesTheWholeResponse(t *testing.T) {
	for _, refused := range []bool{true, false} {
		recorder := httptest.NewRecorder()
		w := &lateWriter{
			ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: recorder},
			refused:               func() bool { return refused },
			answer:                func(w http.ResponseWriter) { http.Error(w, "refused", http.StatusRequestEntityTooLarge) },
		}
		w.ours = http.Header{"Server": {"Caddy"}}
		w.Header().Set("Set-Cookie", "session=1")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusOK)
		if _, err := w.ReadFrom(strings.NewReader("backend")); err != nil {
			t.Fatal(err)
		}
		replaced := recorder.Code == http.StatusRequestEntityTooLarge && recorder.Header().Get("Set-Cookie") == "" &&
			recorder.Header().Get("Content-Encoding") == "" && recorder.Header().Get("Server") == "Caddy" && !strings.Contains(recorder.Body.String(), "backend")
		if replaced != refused || !refused && recorder.Body.String() != "backend" {
			t.Errorf("refused %v: %d %v %s", refused, recorder.Code, recorder.Header(), recorder.Body)
		}
	}
}
