package jsoncall

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
)

// modelStep is how much is tokenized at once: what a proxy reads at once.
const modelStep = 32 << 10

// A ModelWriter turns a JSON text that comes in pieces into the text of a
// Flight model, token by token, for results that are too large to hold. It
// refuses what [ParseResult] refuses of a plain result, but for many values,
// which it does not hold. Between calls it keeps
// the token that it has not seen the end of, a piece, and the names of the
// objects that are open.
//
// In a model a text that begins with $ has a meaning, so it gets one more; all
// else stays as it is spelled, without white space, on one line (spec
// flight-format §4.3). Lone surrogates may be escaped, so the tokenizer is
// told to let them pass, and the bytes are checked here.
//
// Errors say what is wrong and where, and hold no bytes of the text.
type ModelWriter struct {
	dec *jsontext.Decoder
	in  pieces
	fed int64 // bytes so far
	due int64 // tokenize when fed is this much
}

// pieces is what the tokenizer reads from. Where the text goes on later it ends
// in errLater, after which the tokenizer can be asked again.
type pieces struct {
	buf   []byte
	at    int // of the first byte that has not been read
	ended bool
}

var errLater = errors.New("the text goes on later")

func (p *pieces) Read(b []byte) (int, error) {
	if p.at == len(p.buf) {
		p.buf, p.at = p.buf[:0], 0
		if p.ended {
			return 0, io.EOF
		}
		return 0, errLater
	}
	n := copy(b, p.buf[p.at:])
	p.at += n
	return n, nil
}

// NewModelWriter returns a writer for one text.
func NewModelWriter() *ModelWriter {
	m := &ModelWriter{due: modelStep}
	m.dec = jsontext.NewDecoder(&m.in, jsontext.AllowInvalidUTF8(true))
	return m
}

// Append takes the next piece of the text and appends to out what is finished.
// The piece may be used again afterwards.
func (m *ModelWriter) Append(out, piece []byte) ([]byte, error) {
	m.in.buf = append(m.in.buf, piece...)
	if m.fed += int64(len(piece)); m.fed < m.due {
		return out, nil
	}
	out, err := m.tokens(out)
	if !errors.Is(err, errLater) {
		return nil, err
	}
	// The tokenizer begins a token whose end is missing anew. Waiting until as
	// much again is there keeps the work linear in the text.
	m.due = m.fed + max(modelStep, m.fed-m.dec.InputOffset())
	return out, nil
}

// End takes the text for finished and appends the rest.
func (m *ModelWriter) End(out []byte) ([]byte, error) {
	m.in.ended = true
	out, err := m.tokens(out)
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, n := m.dec.StackIndex(0); n == 0 {
		return nil, errors.New("the body is empty (a call without a result is answered with 204)")
	}
	return out, nil
}

// tokens appends tokens until it meets an error: errLater, io.EOF after the
// whole text, or what is wrong.
func (m *ModelWriter) tokens(out []byte) ([]byte, error) {
	for {
		depth := m.dec.StackDepth()
		within, n := m.dec.StackIndex(depth)
		kind, scalar, err := m.token()
		switch {
		case errors.Is(err, errLater), err == io.EOF: //nolint:errorlint // EOF within the text is wrapped, and an error
			return out, err
		case errors.Is(err, jsontext.ErrDuplicateName):
			return nil, m.malformed("a member comes twice")
		case err != nil:
			return nil, m.malformed("this is no JSON")
		case depth == 0 && n > 0:
			return nil, m.malformed("something follows the result's JSON")
		case depth > jsonform.MaxDepth:
			return nil, m.malformed("more than 100 levels")
		}
		name := within == '{' && n%2 == 0
		switch {
		case kind == '}', kind == ']':
		case within == '{' && !name:
			out = append(out, ':')
		case depth > 0 && n > 0:
			out = append(out, ',')
		}
		switch kind {
		case '{', '}', '[', ']':
			out = append(out, byte(kind))
		case '"':
			if out, err = m.text(out, scalar, name); err != nil {
				return nil, err
			}
		default:
			out = append(out, scalar...)
		}
	}
}

// token reads the next token: a bracket, or a scalar as it is spelled.
func (m *ModelWriter) token() (jsontext.Kind, []byte, error) {
	switch kind := m.dec.PeekKind(); kind {
	case '{', '}', '[', ']':
		_, err := m.dec.ReadToken()
		return kind, nil, err
	default:
		text, err := m.dec.ReadValue()
		return kind, text, err
	}
}

// text appends the literal of a text or of a member's name.
func (m *ModelWriter) text(out, literal []byte, name bool) ([]byte, error) {
	if !utf8.Valid(literal) {
		return nil, m.malformed("this is not UTF-8")
	}
	inner := literal[1:]
	switch {
	case name:
		if isProto(literal) {
			return nil, m.malformed("React's client drops members named __proto__")
		}
	case inner[0] == '$', bytes.HasPrefix(inner, []byte(`\u0024`)):
		return append(append(out, `"$`...), inner...), nil
	}
	return append(out, literal...), nil
}

// isProto reports whether a name is __proto__. Few are spelled with escapes, and
// only those are worth unescaping.
func isProto(literal []byte) bool {
	if bytes.IndexByte(literal, '\\') < 0 {
		return string(literal) == `"__proto__"`
	}
	name, ok := value.Unquote(literal)
	return ok && name == "__proto__"
}

// malformed says what is wrong at or after the last whole token.
func (m *ModelWriter) malformed(what string) error {
	return fmt.Errorf("at byte %d of the result: %s", m.dec.InputOffset(), what)
}
