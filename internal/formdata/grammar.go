package formdata

import (
	"bytes"

	"github.com/actiongw/actiongw/internal/reject"
)

// Limits bound what one form can cost. Zero values are not defaults.
type Limits struct {
	// Parts is the most parts in one form.
	Parts int
	// HeaderBytes is the longest header block of one part.
	HeaderBytes int
}

// DefaultLimits are those of the gate: 1,000 parts, because a genuine reply
// has a part for each Map, Set, file or form entry and hardly ever reaches a
// hundred, while a thousand empty parts cost Node a hundred times their bytes;
// 16 KiB of part headers, because Next's own parser stops there (spec
// next-actions §12).
func DefaultLimits() Limits { return Limits{Parts: 1000, HeaderBytes: 16 << 10} }

// grammar walks a multipart body token by token. It decides on the bytes that
// it is given and asks for more when it cannot, so that [Parse], which has the
// whole body, and [Sieve], which sees it pass, read the same language:
//
//	body  = "--" boundary *( CRLF part CRLF "--" boundary ) "--" [CRLF]
//	part  = headers CRLF content
//
// The language is a subset of RFC 7578 in which the boundary's characters
// occur nowhere but in delimiters: some parsers of Node look for them without
// the CRLF or even without the hyphens.
type grammar struct {
	boundary []byte
	limits   Limits
	state    state
	parts    int
	// searched is how much of the current header block has been looked
	// through without finding its end.
	searched int
}

type state uint8

const (
	atStart     state = iota // before the first delimiter
	atDelimiter              // behind "--boundary"
	atHeaders                // behind CRLF
	atContent                // behind the empty line
	atEnd                    // behind the closing delimiter
)

// tokenKind is what [grammar.next] has found.
type tokenKind uint8

const (
	needMore  tokenKind = iota // nothing: more bytes are needed
	structure                  // a delimiter
	partStart                  // a header block
	content                    // bytes of the current part
	partEnd                    // the last bytes of the part, perhaps none, and a delimiter
	end                        // the end of the body
)

type token struct {
	kind    tokenKind
	part    Entry  // of partStart: everything but the value
	content []byte // of content and partEnd
}

func newGrammar(boundary []byte, limits Limits) grammar {
	return grammar{boundary: boundary, limits: limits}
}

// next returns the token at the start of data and its length. eof says that no
// bytes follow data; without it, needMore asks for a longer data that starts
// at the same byte.
func (g *grammar) next(data []byte, eof bool) (token, int, *reject.Error) {
	var t token
	var n int
	var err *reject.Error
	switch g.state {
	case atStart:
		t, n, err = g.start(data)
	case atDelimiter:
		t, n, err = g.delimiter(data, eof)
	case atHeaders:
		t, n, err = g.headers(data)
	case atContent:
		t, n, err = g.content(data, eof)
	case atEnd:
		t, n, err = g.finish(data, eof)
	}
	if err == nil && t.kind == needMore && eof {
		err = malformed("the body ends before its closing delimiter")
	}
	return t, n, err
}

// start reads the first delimiter. No browser writes a preamble.
func (g *grammar) start(data []byte) (token, int, *reject.Error) {
	n := len("--") + len(g.boundary)
	if len(data) < n {
		return token{}, 0, nil
	}
	if string(data[:2]) != "--" || !bytes.Equal(data[2:n], g.boundary) {
		return token{}, 0, malformed("the body does not start with its delimiter")
	}
	g.state = atDelimiter
	return token{kind: structure}, n, nil
}

// delimiter reads what follows a boundary: CRLF and a part, or two hyphens and
// the end. The CRLF that may follow those is read with them, because a form
// parser of Node 18 never finishes when it comes alone.
func (g *grammar) delimiter(data []byte, eof bool) (token, int, *reject.Error) {
	switch {
	case len(data) >= 2 && string(data[:2]) == "\r\n":
		g.state = atHeaders
		g.parts++
		// Counted here so that a body of bare delimiters ends at the limit too.
		if g.parts > g.limits.Parts {
			return token{}, 0, reject.New(reject.PartsExceeded, reject.StageForm, "more parts than a form may have")
		}
		return token{kind: structure}, 2, nil
	case len(data) >= 4 && string(data[:4]) == "--\r\n", eof && string(data) == "--":
		g.state = atEnd
		return token{kind: structure}, min(len(data), 4), nil
	case len(data) < 2, len(data) < 4 && string(data[:2]) == "--":
		return token{}, 0, nil
	default:
		return token{}, 0, malformed("a boundary is followed by neither CRLF nor two hyphens and the end")
	}
}

// headers reads a header block up to and with its empty line.
func (g *grammar) headers(data []byte) (token, int, *reject.Error) {
	i := bytes.Index(data[g.searched:], []byte("\r\n\r\n"))
	if i < 0 {
		if len(data) > g.limits.HeaderBytes {
			return token{}, 0, malformed("the headers of a part are too long")
		}
		// The last three bytes may be the start of the end.
		g.searched = max(g.searched, len(data)-3)
		return token{}, 0, nil
	}
	i += g.searched
	g.searched = 0
	if i > g.limits.HeaderBytes {
		return token{}, 0, malformed("the headers of a part are too long")
	}
	block := data[:i]
	if bytes.Contains(block, g.boundary) {
		return token{}, 0, malformed("the headers of a part contain the boundary")
	}
	part, err := parseHeaders(block)
	if err != nil {
		return token{}, 0, err
	}
	g.state = atContent
	return token{kind: partStart, part: part}, i + 4, nil
}

// content reads up to the next delimiter, or as far as no delimiter can begin.
func (g *grammar) content(data []byte, eof bool) (token, int, *reject.Error) {
	i := g.find(data)
	if i < 0 {
		// A delimiter may have begun: CRLF, two hyphens and all but one
		// character of the boundary.
		safe := len(data) - (4 + len(g.boundary) - 1)
		if eof || safe <= 0 {
			return token{}, 0, nil
		}
		return token{kind: content, content: data[:safe]}, safe, nil
	}
	if i < 4 || string(data[i-4:i]) != "\r\n--" {
		return token{}, 0, malformed("the boundary occurs inside a part")
	}
	g.state = atDelimiter
	return token{kind: partEnd, content: data[:i-4]}, i + len(g.boundary), nil
}

// find is the index of the first boundary in data, -1 for none. It looks for
// what follows the hyphens that most boundaries begin with: those are common in
// texts, and stop a search often. Where that stands without hyphens, somebody
// may have filled the data with it to stop the search as often, and the rest is
// searched for the whole boundary.
func (g *grammar) find(data []byte) int {
	rare := bytes.TrimLeft(g.boundary, "-")
	hyphens := g.boundary[:len(g.boundary)-len(rare)]
	i := bytes.Index(data, rare)
	if i < 0 {
		return -1
	}
	if bytes.HasSuffix(data[:i], hyphens) {
		return i - len(hyphens)
	}
	from := max(0, i+1-len(hyphens))
	if i = bytes.Index(data[from:], g.boundary); i < 0 {
		return -1
	}
	return from + i
}

// finish makes sure that nothing follows. No browser writes an epilogue.
func (g *grammar) finish(data []byte, eof bool) (token, int, *reject.Error) {
	switch {
	case len(data) > 0:
		return token{}, 0, malformed("bytes follow the closing delimiter")
	case eof:
		return token{kind: end}, 0, nil
	default:
		return token{}, 0, nil
	}
}

func malformed(detail string) *reject.Error {
	return reject.New(reject.FormMalformed, reject.StageForm, detail)
}
