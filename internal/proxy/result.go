package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/actiongw/actiongw/internal/jsoncall"
)

// Defaults of [Translation].
const (
	// DefaultMaxResult is far above what a page can show, and below what hurts.
	DefaultMaxResult = 10 << 20
	// DefaultResultTimeout lets a backend send the default limit at 350 KB/s.
	DefaultResultTimeout = 30 * time.Second
)

const bodyTooSlow = "the body took longer than result_timeout"

// Translation is how the answers of a JSON backend are translated.
type Translation struct {
	// Client is who waits for the answer.
	Client jsoncall.Client
	// MaxResult is the most bytes that the body of an answer may have; 0 means
	// DefaultMaxResult.
	MaxResult int64
	// Timeout is how long the body may take after the header of the answer; 0
	// means DefaultResultTimeout. How long the header may take is for the proxy
	// behind us to say.
	Timeout time.Duration
	// Digest makes the word that leads from a client's error to the log line.
	Digest func() string
}

// ResultReport is what became of the answer to a call, for the log and the
// metrics.
type ResultReport struct {
	// Outcome is the word for it.
	Outcome jsoncall.Outcome
	// Status is what the backend answered, 0 if it did not.
	Status int
	// Bytes is how much of the answer's body was read.
	Bytes int64
	// Detail says what was wrong with the answer, without bytes of it.
	Detail string
	// ProblemTitle and ProblemDetail are the backend's own words for an error
	// (RFC 9457), fit for a log.
	ProblemTitle, ProblemDetail string
	// Digest is what the client was told instead, empty without a failure.
	Digest string
	// Err is the error of the handler behind us, if it had one.
	Err error
	// Broken says that a part of the result is with the client already. The
	// caller must panic with [http.ErrAbortHandler], so that what the client has
	// does not look whole.
	Broken bool
}

// Serve has next answer a call and translates its answer into what the client
// of the call expects (spec flight-format §4). It is for fetch actions; answers
// to forms without JavaScript pass as they are.
//
// The backend's header stays behind, but for what is meant for the browser and
// true of the translation as well. Errors of next and broken responses become
// an error in the client, too; none is returned.
func (t Translation) Serve(w http.ResponseWriter, r *http.Request, next func(http.ResponseWriter, *http.Request) error) ResultReport {
	if t.MaxResult == 0 {
		t.MaxResult = DefaultMaxResult
	}
	if t.Timeout == 0 {
		t.Timeout = DefaultResultTimeout
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	rw := &resultWriter{to: w, Translation: t, header: http.Header{}, cancel: cancel}
	aborted, err := attempt(func() error { return next(rw, r.WithContext(ctx)) })
	if rw.timer != nil {
		rw.timer.Stop()
	}
	rw.report.Err = err
	rw.finish(err != nil || aborted, r.Context().Err() != nil)
	return rw.report
}

// attempt calls f and catches the panic by which a proxy ends a response that
// broke off.
func attempt(f func() error) (aborted bool, err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(p)
		}
	}()
	return false, f()
}

// finish decides what the client gets and sends it. broken says that the
// answer has no proper end, gone that nobody waits for it.
func (w *resultWriter) finish(broken, gone bool) {
	report := &w.report
	report.Bytes = w.size
	switch {
	case gone || w.clientErr != nil:
		report.Outcome, report.Broken = jsoncall.ClientGone, w.sent
		return
	case !w.began:
		w.unanswered()
	case w.fault == "" && broken && w.head.Body != jsoncall.Ignored && w.head.Body != jsoncall.Problem:
		if w.expired.Load() {
			w.fail(jsoncall.BackendTimeout, bodyTooSlow)
		} else {
			w.fail(jsoncall.BackendMalformed, "the body broke off")
		}
	}
	if w.fault == "" {
		w.complete()
	}
	if w.fault != "" {
		report.Outcome = w.fault
		if w.sent {
			report.Broken = true
			return
		}
	}
	w.answer()
}

// unanswered is for a handler that wrote nothing.
func (w *resultWriter) unanswered() {
	var timeout net.Error
	switch err := w.report.Err; {
	case err == nil:
		w.fail(jsoncall.BackendMalformed, "there was no answer: is there a handler behind the gate?")
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		w.fail(jsoncall.BackendTimeout, "the backend did not answer in time")
	default:
		w.fail(jsoncall.BackendUnavailable, "the backend did not answer")
	}
}

// complete turns what is left of a good answer into rows.
func (w *resultWriter) complete() {
	w.report.Outcome = w.head.Outcome
	var err error
	switch {
	case w.head.Body == jsoncall.Plain:
		if w.out, err = w.model.End(w.out); err == nil {
			w.out = append(w.out, '\n')
		}
	case w.head.Body == jsoncall.Rich:
		w.out, err = w.Client.AppendRich(nil, w.body, w.head.Reload)
	case w.head.Outcome == jsoncall.Result, w.head.Outcome == jsoncall.Redirected && w.Client == jsoncall.React:
		w.out = w.Client.AppendUndefined(nil, w.head.Reload)
	case w.head.Outcome != jsoncall.Redirected:
		w.report.ProblemTitle, w.report.ProblemDetail = jsoncall.ReadProblem(w.body)
		w.report.Digest = w.Digest()
		w.out = w.Client.AppendError(nil, w.Client.Digest(w.head.Outcome, w.report.Digest))
	}
	if err != nil {
		w.fail(jsoncall.BackendMalformed, err.Error())
	}
}

// answer sends the whole answer, or the rest of it.
func (w *resultWriter) answer() {
	if w.fault != "" {
		w.report.Digest = w.Digest()
		w.out = w.Client.AppendError(nil, w.report.Digest)
	}
	if !w.sent {
		w.to.Header().Set("Content-Length", strconv.Itoa(len(w.out)))
		w.sendHead()
	}
	_, _ = w.to.Write(w.out)
}
