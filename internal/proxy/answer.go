package proxy

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/reject"
)

// BeginAnswer does what every answer to a refused request needs, whoever
// writes its body: it must never be cached, some statuses ask for a header, and
// the rest of the request's body has to go somewhere. It reports whether that
// is gone; if not, the answer closes the connection.
func BeginAnswer(w http.ResponseWriter, r *http.Request, refusal *reject.Error) (whole bool) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch refusal.Reason {
	case reject.MethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	case reject.Overloaded:
		// Bodies in flight are gone within seconds.
		h.Set("Retry-After", "1")
	case reject.ActionIDMalformed, reject.ActionUnknown:
		h.Set("X-Nextjs-Action-Not-Found", "1")
	}
	// Before it answers, net/http waits for the rest of a body as long as the
	// client likes, unless the answer closes the connection. But most bodies
	// are here already, and closing costs the next request a handshake.
	const small = 64 << 10
	switch {
	case r.ProtoMajor != 1, r.ContentLength == 0:
		whole = true // streams of HTTP/2 and 3 end one by one
	case r.ContentLength <= small && r.Header["Expect"] == nil:
		whole = discard(w, r, small, time.Second)
	}
	if !whole {
		h.Set("Connection", "close")
	}
	return whole
}

// discard reads up to most bytes of what is left of a request's body, for so
// long, and reports whether it has come to the end.
func discard(w http.ResponseWriter, r *http.Request, most int64, long time.Duration) bool {
	// A watched body may be in the hands of the proxy still.
	if _, watched := r.Body.(*watchedBody); watched {
		return false
	}
	connection := http.NewResponseController(w)
	if connection.SetReadDeadline(time.Now().Add(long)) != nil {
		return false
	}
	_, err := io.CopyN(io.Discard, r.Body, most)
	_ = connection.SetReadDeadline(time.Time{})
	return errors.Is(err, io.EOF)
}

// WriteAnswer answers a refused request in the language of its client, so that
// the refusal shows up in the app as an error and not as an odd success
// (spec flight-format §4.2):
//
//   - React's client of Next 15 and 16 throws an Error whose message is a body
//     of exactly text/plain, and an UnrecognizedActionError on an unknown id.
//   - That of Next 14 takes any body but Flight for `undefined`, and gets an
//     error row. It does not look at the status.
//   - Bare react-server-dom looks at nothing but the body, and gets one, too.
//   - A form without JavaScript gets a page, and a JSON client RFC 9457.
//
// Nothing of the request is repeated. The digest, random and also in the log,
// leads from a user's report to the log line.
func WriteAnswer(w http.ResponseWriter, r *http.Request, d *Decision, refusal *reject.Error, digest string) {
	whole := BeginAnswer(w, r, refusal)
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	mediaType, body := answerBody(r.Header.Values("Accept"), d, refusal, digest)
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(refusal.Status())
	_, _ = w.Write([]byte(body))
	if !whole && r.Header["Expect"] == nil && http.NewResponseController(w).Flush() == nil {
		// A connection that is closed while the client is still sending is
		// reset, and the answer lost with it. So take what is on its way, but
		// not for long.
		discard(w, r, 16<<20, 2*time.Second)
	}
}

// answerBody chooses the language and writes the body in it.
func answerBody(accept []string, d *Decision, refusal *reject.Error, digest string) (mediaType, body string) {
	switch {
	case accepts(accept, "application/json"), accepts(accept, "application/problem+json"):
		return "application/problem+json", problem(refusal, digest)
	case d.Kind == action.Fetch && d.Dialect == action.React:
		return "text/x-component", "0:E{\"digest\":\"" + digest + "\"}\n"
	case d.Kind == action.Fetch && d.legacy():
		return "text/x-component", "0:[\"$@1\",[\"\",null]]\n1:E{\"digest\":\"" + digest + "\"}\n"
	case d.Kind != action.Fetch && accepts(accept, "text/html"):
		return "text/html; charset=utf-8", page(refusal, digest)
	default:
		// Exactly this type: with a charset React's client drops the message.
		return "text/plain", refusal.Reason.Sentence() + " (" + string(refusal.Reason) + ", digest " + digest + ")"
	}
}

// accepts reports whether an Accept line names the media type.
func accepts(lines []string, mediaType string) bool {
	for _, line := range lines {
		if strings.Contains(line, mediaType) {
			return true
		}
	}
	return false
}

// problem is the refusal as a problem document (RFC 9457).
func problem(refusal *reject.Error, digest string) string {
	body, _ := json.Marshal(struct { // strings and numbers only: cannot fail
		Type   string        `json:"type"`
		Title  string        `json:"title"`
		Status int           `json:"status"`
		Detail string        `json:"detail"`
		Reason reject.Reason `json:"reason"`
		Digest string        `json:"digest"`
	}{"about:blank", refusal.Reason.Sentence(), refusal.Status(), refusal.Detail, refusal.Reason, digest})
	return string(body)
}

// page is the refusal for a person who sent a form. It needs no assets, which
// the Content-Security-Policy would not load.
func page(refusal *reject.Error, digest string) string {
	return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Not sent</title>
<h1>This form was not accepted</h1>
<p>` + refusal.Reason.Sentence() + `</p>
<p>Go back, reload the page and try again. If it happens again, tell the site's operator this:
<code>` + string(refusal.Reason) + " " + digest + `</code></p>
`
}
