package proxy

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/actiongw/actiongw/internal/jsoncall"
)

const (
	// resultHold is how much of a translated result is kept back. Most end
	// within, and then an error at the end is an error in the client; after
	// more it is a broken connection.
	resultHold = 64 << 10
	// maxIgnored is how much is read of a body that does not count. Frameworks
	// send a page with a redirect; reading it keeps the connection alive.
	maxIgnored = 64 << 10
	// maxProblem is how much of a problem document is looked at.
	maxProblem = 16 << 10
)

// passedHeaders are those of the backend that reach the client: they are meant
// for the browser, or for whoever waits, whatever the body is. All else is about
// a body or a hop that ends here.
func passedHeaders() [4]string {
	return [...]string{
		"Set-Cookie",
		"Clear-Site-Data", // signing out
		"Retry-After",
		"Server-Timing", // made for the browser's developer tools
	}
}

// A resultWriter takes the answer of a JSON backend. It sends nothing of it to
// the client before the translation of resultHold bytes is there, or all.
type resultWriter struct {
	Translation
	to     http.ResponseWriter
	header http.Header // the backend's
	cancel context.CancelFunc
	timer  *time.Timer
	report ResultReport

	began   bool
	expired atomic.Bool
	head    jsoncall.Head
	model   *jsoncall.ModelWriter // of a plain body
	body    []byte                // a rich body, or a problem
	size    int64

	out       []byte // not sent yet
	sent      bool   // the header is, and maybe more
	fault     jsoncall.Outcome
	clientErr error
}

// errEnough ends the copying of a body that nobody needs any more of.
var errEnough = errors.New("the rest of the answer does not count")

// Header is where the backend's header goes.
func (w *resultWriter) Header() http.Header { return w.header }

// Unwrap lets [http.ResponseController] find the connection.
func (w *resultWriter) Unwrap() http.ResponseWriter { return w.to }

// Hijack keeps a backend that switches protocols from the client's connection.
func (w *resultWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, http.ErrNotSupported
}

// Flush is for handlers that know the old way.
func (w *resultWriter) Flush() { _ = w.FlushError() }

// FlushError sends on what has been sent already, and nothing that is held
// back: a client can use no part of a result before its end.
func (w *resultWriter) FlushError() error {
	if !w.sent {
		return nil
	}
	return http.NewResponseController(w.to).Flush()
}

// WriteHeader takes the backend's status. Informational ones are about pages,
// and may come from another goroutine.
func (w *resultWriter) WriteHeader(status int) {
	if status < 200 || w.began {
		return
	}
	w.began = true
	w.report.Status = status
	w.head = jsoncall.ReadHead(status, w.header)
	if w.head.Body == jsoncall.Plain {
		w.model = jsoncall.NewModelWriter()
		w.out = w.Client.AppendOpening(nil, w.head.Reload)
	}
	if w.head.Outcome.Failed() && w.head.Detail != "" {
		w.fail(w.head.Outcome, w.head.Detail)
	}
	w.timer = time.AfterFunc(w.Timeout, func() {
		w.expired.Store(true)
		w.cancel()
	})
}

// Write takes a piece of the backend's body. An error tells the proxy to stop
// reading; what the client gets is decided already.
func (w *resultWriter) Write(p []byte) (int, error) {
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	w.size += int64(len(p))
	switch {
	case w.fault != "", w.head.Body == jsoncall.Ignored, w.head.Body == jsoncall.Problem:
		return w.spare(p)
	case w.expired.Load(): // for handlers that do not look at their context
		w.fail(jsoncall.BackendTimeout, bodyTooSlow)
		return 0, errEnough
	case w.size > w.MaxResult:
		w.fail(jsoncall.BackendTooLarge, "the body is larger than max_result")
		return 0, errEnough
	case w.head.Body == jsoncall.Rich:
		w.body = append(w.body, p...)
		return len(p), nil
	}
	var err error
	if w.out, err = w.model.Append(w.out, p); err != nil {
		w.fail(jsoncall.BackendMalformed, err.Error())
		return 0, errEnough
	}
	if len(w.out) <= resultHold {
		return len(p), nil
	}
	return len(p), w.send()
}

// spare reads a body that does not count, or counts for the log only.
func (w *resultWriter) spare(p []byte) (int, error) {
	if w.size > maxIgnored || w.expired.Load() {
		return 0, errEnough
	}
	if w.head.Body == jsoncall.Problem {
		w.body = append(w.body, p[:min(len(p), maxProblem-len(w.body))]...)
	}
	return len(p), nil
}

// fail notes what is wrong with the answer.
func (w *resultWriter) fail(outcome jsoncall.Outcome, detail string) {
	w.fault, w.report.Detail = outcome, detail
	w.out, w.body = nil, nil
}

// send sends what is translated.
func (w *resultWriter) send() error {
	if !w.sent {
		w.sendHead()
	}
	_, w.clientErr = w.to.Write(w.out)
	w.out = w.out[:0]
	return w.clientErr
}

// sendHead sends the header of the answer: ours, and what passes of the
// backend's.
func (w *resultWriter) sendHead() {
	w.sent = true
	h := w.to.Header()
	for _, name := range passedHeaders() {
		if lines := w.header[name]; lines != nil {
			h[name] = append(h[name], lines...)
		}
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	outcome := w.head.Outcome
	if w.fault != "" {
		outcome = w.fault
	}
	if outcome == jsoncall.Redirected {
		name, value := w.Client.RedirectHeader(w.head.Location)
		h.Set(name, value)
	}
	if w.head.Reload && (outcome == jsoncall.Result || outcome == jsoncall.Redirected) {
		name, value := w.Client.ReloadHeader()
		h.Set(name, value)
	}
	if outcome != jsoncall.Redirected || w.Client == jsoncall.React {
		h.Set("Content-Type", jsoncall.FlightType)
	}
	w.to.WriteHeader(jsoncall.StatusFor(outcome, w.report.Status))
}
