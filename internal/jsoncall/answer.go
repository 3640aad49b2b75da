package jsoncall

import (
	"fmt"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/value"
)

// Client is the kind of client that waits for the answer to a fetch action.
type Client uint8

// The clients (spec flight-format §4.2).
const (
	// Next is that of Next.js 15 and 16, which the id of a call does not tell
	// apart: it gets what both of them understand.
	Next Client = iota
	// Next14 is that of Next.js 14, known by its ids of 40 digits.
	Next14
	// React is an app of bare react-server-dom, which decodes the response as
	// the result and does all else itself.
	React
)

// FlightType is the media type of all answers with a body. Next.js 14 wants it
// without parameters.
const FlightType = "text/x-component"

// AppendOpening appends what comes before the model of the result: the root
// row, where the result has a row of its own, and the start of its row. With
// reload set the client loads the page anew. Source: spec flight-format §4.3.
func (c Client) AppendOpening(buf []byte, reload bool) []byte {
	return append(append(buf, c.rootRow(reload)...), c.rowID()...)
}

// rootRow is the row that promises the result. Where page data would be, a
// text is a URL to load instead, and an empty one nothing. White space is that of
// the page itself, because URL parsers drop it. Next.js 16 does not look there;
// it has a header of its own.
func (c Client) rootRow(reload bool) string {
	switch {
	case c == Next14 && reload:
		return "0:[\"$@1\",[\"\",\" \"]]\n"
	case c == Next14:
		return "0:[\"$@1\",[\"\",null]]\n"
	case c == React:
		return ""
	case reload:
		return "0:{\"a\":\"$@1\",\"f\":\" \",\"b\":\"\",\"q\":\"\",\"i\":false}\n"
	}
	return "0:{\"a\":\"$@1\",\"f\":\"\",\"b\":\"\",\"q\":\"\",\"i\":false}\n"
}

// rowID is the start of the row that holds the result.
func (c Client) rowID() string {
	if c == React {
		return "0:"
	}
	return "1:"
}

// AppendRich appends the rows of a result in the rich notation, which may hold
// whatever React can send. The error says why body is none, without its bytes.
func (c Client) AppendRich(buf, body []byte, reload bool) ([]byte, error) {
	v, err := ParseResult(body, true)
	if err != nil {
		return nil, err
	}
	if kind := tooNew(v); c == Next14 && kind != "" {
		return nil, fmt.Errorf("the client of Next.js 14 cannot decode %s: send it in another form", kind)
	}
	var id uint32 = 1
	if c == React {
		id = 0
	}
	return flight.Append(append(buf, c.rootRow(reload)...), id, v)
}

// tooNew names a kind of value in v that the client of Next.js 14 knows no row
// for (spec flight-format §3), empty if there is none. Results are trees.
func tooNew(v value.Value) string {
	for todo := []value.Value{v}; len(todo) > 0; {
		v, todo = todo[len(todo)-1], todo[:len(todo)-1]
		switch v.(type) {
		case *value.Bytes:
			return "binary data"
		case *value.FormData:
			return "a FormData"
		case *value.Iterator, *value.Async, *value.Stream:
			return "an iterator or a stream"
		}
		todo = value.AppendChildren(todo, v)
	}
	return ""
}

// AppendUndefined appends the rows of a call that returns nothing.
func (c Client) AppendUndefined(buf []byte, reload bool) []byte {
	return append(c.AppendOpening(buf, reload), "\"$undefined\"\n"...)
}

// AppendError appends the rows of a call that failed. The client learns the
// digest and nothing else, which must need no escapes in JSON.
func (c Client) AppendError(buf []byte, digest string) []byte {
	return append(append(append(c.AppendOpening(buf, false), `E{"digest":"`...), digest...), "\"}\n"...)
}

// controlDigest is the digest by which a Next client shows the app's own page
// for a status, empty where it has none. Next.js 14 knows one status only.
func (c Client) controlDigest(outcome Outcome) string {
	switch {
	case c == Next14 && outcome == NotFound:
		return "NEXT_NOT_FOUND"
	case c != Next:
		return ""
	}
	switch outcome {
	case NotFound:
		return "NEXT_HTTP_ERROR_FALLBACK;404"
	case Forbidden:
		return "NEXT_HTTP_ERROR_FALLBACK;403"
	case Unauthorized:
		return "NEXT_HTTP_ERROR_FALLBACK;401"
	}
	return ""
}

// Digest is what stands for a failure in the client: a word of Next's own
// where it has one, else the random one that is also in the log.
func (c Client) Digest(outcome Outcome, random string) string {
	if control := c.controlDigest(outcome); control != "" {
		return control
	}
	return random
}

// RedirectHeader is the header that sends the client to a location that
// [ReadHead] has accepted. The HTTP status cannot: fetch would follow it.
func (c Client) RedirectHeader(location string) (name, value string) {
	switch c {
	case Next14:
		return "X-Action-Redirect", location
	case React:
		return "Actiongw-Redirect", location
	}
	// The client splits at the first semicolon, and takes what follows for the
	// way of going there. Next's own redirect() in an action pushes.
	return "X-Action-Redirect", escape(location, ";") + ";push"
}

// ReloadHeader is the header that says that the page has changed.
func (c Client) ReloadHeader() (name, value string) {
	switch c {
	case Next14:
		return "X-Action-Revalidated", "[[],1,0]"
	case React:
		return "Actiongw-Revalidate", "1"
	}
	// Next.js 16 loads its data again on this one; 15 takes it for nothing.
	return "X-Action-Revalidated", "1"
}
