package jsoncall

import "strings"

// Outcome is what became of a call's result, one word for the log and the
// metric.
type Outcome string

// The outcomes. Those that begin with backend are failures.
const (
	// Result: the client got the result.
	Result Outcome = "result"
	// Redirected: the client was sent elsewhere.
	Redirected Outcome = "redirect"
	// NotFound, Unauthorized and Forbidden: the app shows its page for it.
	NotFound     Outcome = "not_found"
	Unauthorized Outcome = "unauthorized"
	Forbidden    Outcome = "forbidden"
	// BackendError: the backend answered with another status from 400 up.
	BackendError Outcome = "backend_error"
	// BackendMalformed: the backend answered with something that is no result.
	BackendMalformed Outcome = "backend_malformed"
	// BackendTooLarge: the result is larger than max_result.
	BackendTooLarge Outcome = "backend_too_large"
	// BackendTimeout: the backend was too slow.
	BackendTimeout Outcome = "backend_timeout"
	// BackendRedirectInvalid: nobody may be sent to that location.
	BackendRedirectInvalid Outcome = "backend_redirect_invalid"
	// BackendUnavailable: the backend did not answer.
	BackendUnavailable Outcome = "backend_unavailable"
	// ClientGone: nobody waits for the result any more.
	ClientGone Outcome = "client_gone"
)

// Outcomes are all of them.
func Outcomes() []Outcome {
	return []Outcome{
		Result, Redirected, NotFound, Unauthorized, Forbidden, BackendError, BackendMalformed,
		BackendTooLarge, BackendTimeout, BackendRedirectInvalid, BackendUnavailable, ClientGone,
	}
}

// Failed reports whether the outcome is the backend's failure.
func (o Outcome) Failed() bool { return strings.HasPrefix(string(o), "backend_") }

// A Head is what the status and the header of a backend's response say about
// the result.
type Head struct {
	// Outcome is the outcome if the body, where it counts, is what it should be.
	Outcome Outcome
	// Detail says what is wrong, if anything is. It holds no bytes of the
	// response.
	Detail string
	// Body says what the body is.
	Body Body
	// Location is where to go if the outcome is Redirected: printable ASCII.
	Location string
	// Reload says that the client is to load the page anew.
	Reload bool
}

// Body is what the body of a backend's response is.
type Body uint8

// The bodies.
const (
	// Ignored does not count.
	Ignored Body = iota
	// Plain is the result as JSON.
	Plain
	// Rich is the result with the types that JSON lacks.
	Rich
	// Problem is a problem document (RFC 9457).
	Problem
)

const (
	jsonType    = "application/json"
	richType    = "application/vnd.actiongw.result+json"
	problemType = "application/problem+json"
)

// ReadHead reads the status and the header of a backend's response, with names
// in canonical form.
//
//	200 201 202     the result, as JSON or in the rich notation
//	204             undefined
//	301 302 303     go to Location
//	401 403 404     the app's own pages
//	other 4xx 5xx   an error
//	all else        not understood
//
// A 307 or 308 would have the call sent again, elsewhere, which no client of
// actions does; a redirect with a GET is what these backends mean, and is 303.
func ReadHead(status int, header map[string][]string) Head {
	h := Head{Outcome: Result}
	if v := header["Actiongw-Revalidate"]; len(v) == 1 && v[0] == "1" {
		h.Reload = true
	}
	switch {
	case status >= 200 && status <= 202:
		if h.Body, h.Detail = resultBody(header); h.Detail != "" {
			h.Outcome = BackendMalformed
		}
	case status == 204:
	case status >= 301 && status <= 303:
		h.Outcome = Redirected
		if h.Location, h.Detail = readLocation(header["Location"]); h.Detail != "" {
			h.Outcome = BackendRedirectInvalid
		}
	case status == 307, status == 308:
		h.Outcome, h.Detail = BackendRedirectInvalid, "status 307 or 308 asks for the call to be sent again: use 303"
	case status >= 400 && status < 600:
		h.Outcome = errorOf(status)
		if essence, _ := contentType(header["Content-Type"]); essence == problemType {
			h.Body = Problem
		}
	default:
		h.Outcome, h.Detail = BackendMalformed, "the status says nothing about a result: use 200, 204, 303 or one from 400 up"
	}
	return h
}

func errorOf(status int) Outcome {
	switch status {
	case 401:
		return Unauthorized
	case 403:
		return Forbidden
	case 404:
		return NotFound
	}
	return BackendError
}

// resultBody says what the body of a result is, or why it is none.
func resultBody(header map[string][]string) (body Body, detail string) {
	for _, coding := range header["Content-Encoding"] {
		if !strings.EqualFold(coding, "identity") {
			return Ignored, "the body is compressed, though the request asked for identity"
		}
	}
	essence, utf8 := contentType(header["Content-Type"])
	switch {
	case essence != jsonType && essence != richType:
		return Ignored, "the Content-Type is not " + jsonType + " (a call without a result is answered with 204)"
	case !utf8:
		return Ignored, "the charset is not UTF-8"
	case essence == richType:
		return Rich, ""
	}
	return Plain, ""
}

// contentType returns the type and subtype of a Content-Type in lower case, empty
// unless there is exactly one line, and whether its charset, if any, is UTF-8.
// Other parameters say nothing about JSON (RFC 8259 §11).
func contentType(lines []string) (essence string, utf8 bool) {
	if len(lines) != 1 {
		return "", false
	}
	essence, rest, _ := strings.Cut(lines[0], ";")
	utf8 = true
	for rest != "" {
		var parameter string
		parameter, rest, _ = strings.Cut(rest, ";")
		name, charset, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(name, "charset") {
			utf8 = utf8 && strings.EqualFold(strings.Trim(charset, `"`), "utf-8")
		}
	}
	return strings.ToLower(strings.TrimSpace(essence)), utf8
}

// StatusFor is the HTTP status of an answer. No client of actions looks at it, but
// operators, balancers and caches do, so it says what the backend said.
func StatusFor(outcome Outcome, status int) int {
	switch outcome {
	case Result, Redirected:
		return 200
	case BackendTimeout:
		return 504
	case NotFound, Unauthorized, Forbidden:
		return status
	case BackendError:
		switch status {
		// Browsers would send the call again, by themselves, on another
		// connection or elsewhere (RFC 9110 §15.5.9, §15.5.20, RFC 8470 §5.2),
		// or take it for the word of a proxy (RFC 9110 §15.5.8).
		case 407, 408, 421, 425:
			return 502
		}
		return status
	}
	return 502
}
