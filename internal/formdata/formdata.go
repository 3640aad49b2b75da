// Package formdata reads multipart/form-data more strictly than any backend,
// so that whatever it accepts means one thing to all of them.
//
// [Parse] turns a whole body into ordered entries, and [Append] turns entries
// back into the bytes that a browser would send; the two are each other's
// inverse. [Sieve] watches a body that is too long to hold and stops it at the
// first field of an action. [MentionsAction] looks for such a field in bytes
// that the grammar does not accept, however they are disguised.
//
// The grammar was written against what Chromium sends and against the parsers
// of Node 18, 20 and 24 and busboy; e2e/formparsers holds them against each
// other.
package formdata

import (
	"strings"

	"github.com/actiongw/actiongw/internal/reject"
)

// Entry is one part of a form.
type Entry struct {
	// Name is as it stands on the wire: browsers write `%22`, `%0D` and `%0A`
	// for a quote and line ends, and nobody can tell those from a user's own.
	Name string
	// File is set when the part has a file name, even an empty one.
	File     bool
	FileName string
	// ContentType is empty when the part has none.
	ContentType string
	// Value shares memory with the body that was parsed.
	Value []byte
}

// IsActionField reports whether the part's name makes its form an action call.
// Files count like any other part: React looks at names alone.
func (e Entry) IsActionField() bool { return strings.HasPrefix(e.Name, actionPrefix) }

// Parse reads a whole multipart body and appends its parts to entries, which
// may be nil. The error is a form_malformed, parts_exceeded or
// charset_unsupported, and the entries are nil with it.
func Parse(entries []Entry, body []byte, boundary string, limits Limits) ([]Entry, *reject.Error) {
	var room [70]byte // the longest boundary of RFC 2046 §5.1.1
	g := newGrammar(append(room[:0], boundary...), limits)
	for {
		t, n, err := g.next(body, true)
		if err != nil {
			return nil, err
		}
		body = body[n:]
		switch t.kind {
		case partStart:
			if hidesAction(t.part.Name) {
				return nil, malformed("a name hides an action field behind escapes")
			}
			entries = append(entries, t.part)
		case partEnd:
			entries[len(entries)-1].Value = t.content
		case end:
			return entries, nil
		}
	}
}

// Append writes entries as a browser would and returns the extended buffer.
// The boundary must occur in none of them.
func Append(buf []byte, entries []Entry, boundary string) []byte {
	for _, e := range entries {
		buf = append(append(append(buf, "--"...), boundary...), "\r\nContent-Disposition: form-data; name=\""...)
		buf = append(append(buf, e.Name...), '"')
		if e.File {
			buf = append(append(append(buf, "; filename=\""...), e.FileName...), '"')
		}
		if e.ContentType != "" {
			buf = append(append(buf, "\r\nContent-Type: "...), e.ContentType...)
		}
		buf = append(append(append(buf, "\r\n\r\n"...), e.Value...), "\r\n"...)
	}
	return append(append(append(buf, "--"...), boundary...), "--\r\n"...)
}
