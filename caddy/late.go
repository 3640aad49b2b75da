package caddy

import (
	"io"
	"maps"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// lateWriter replaces the proxy's response by a refusal, if there is one at
// the moment when the response begins. It is on the way of uploads only that
// are too long to hold.
type lateWriter struct {
	*caddyhttp.ResponseWriterWrapper
	// ours is the header as it was before the proxy.
	ours http.Header
	// refused says whether there is a refusal, and answer writes it.
	refused  func() bool
	answer   func(http.ResponseWriter)
	begun    bool
	replaced bool
}

// WriteHeader begins the response.
func (w *lateWriter) WriteHeader(status int) {
	informational := status >= 100 && status < 200
	if !w.begun && !informational {
		w.begun = true
		w.replaced = w.refused()
		if w.replaced {
			clear(w.Header())
			maps.Copy(w.Header(), w.ours)
			w.answer(w.ResponseWriterWrapper)
		}
	}
	if !w.replaced {
		w.ResponseWriterWrapper.WriteHeader(status)
	}
}

// Write drops the body of a response that has been replaced.
func (w *lateWriter) Write(p []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	if w.replaced {
		return len(p), nil
	}
	return w.ResponseWriterWrapper.Write(p)
}

// ReadFrom goes through Write, so that a body cannot slip past it.
func (w *lateWriter) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{w}, r)
}
