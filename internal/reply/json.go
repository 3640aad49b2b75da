package reply

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/go-json-experiment/json/jsontext"
)

// protoKey is the member that React deletes from every object since 19.2.4.
const protoKey = "__proto__"

// frame is an array or object whose end has not been read yet.
type frame struct {
	key    string // of the member being read
	base   int    // where its values start in reader.stack
	object bool
	named  bool // the key has been read and its value has not
	inert  bool // below a member __proto__
	// pending is set when it holds a reference that is still to be resolved.
	pending bool
}

// read reads one JSON text (RFC 8259) into values, with tags in its strings
// (spec reply-format §3). White space between tokens is the one freedom that
// JSON.stringify does not use and we allow: it reads the same for everybody.
// Refused are bytes that are not UTF-8, duplicate names (I10), numbers that
// JavaScript spells otherwise (I18), and more nesting or values than the
// limits; memory is linear in the text. Lone surrogates may be escaped, so the
// tokenizer is told to let them pass, and the bytes are checked here.
func (p *parser) read(text []byte) (value.Value, *reject.Error) {
	if !utf8.Valid(text) {
		return nil, malformed("a part is not UTF-8")
	}
	s := string(text)
	p.expect(len(s))
	p.buf = *bytes.NewBuffer(text)
	p.dec.Reset(&p.buf, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	p.stack, p.frames = p.stack[:0], p.frames[:0]
	for offset := 0; ; {
		token, err := p.dec.ReadToken()
		if err != nil {
			return nil, malformed("a part is not JSON")
		}
		// s holds the same bytes as the decoder's buffer; parts of it need no
		// memory of their own.
		end := int(p.dec.InputOffset())
		v, refusal := p.token(token.Kind(), trim(s[offset:end]))
		if refusal != nil {
			return nil, refusal
		}
		offset = end
		switch {
		case v == nil:
		case len(p.frames) > 0:
			p.add(v)
		default:
			if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
				return nil, malformed("a part goes on after its JSON text")
			}
			return v, nil
		}
	}
}

// trim drops what stands in front of a token: white space, a comma or a colon.
func trim(s string) string {
	for s[0] <= ' ' || s[0] == ',' || s[0] == ':' {
		s = s[1:]
	}
	return s
}

// add puts a finished value into the innermost container.
func (p *parser) add(v value.Value) {
	f := &p.frames[len(p.frames)-1]
	if _, ok := v.(*pending); ok {
		f.pending = true
	}
	p.stack = append(p.stack, value.Member{Key: f.key, Value: v})
	f.named = false
}

// token takes the next token and its text. It returns a value
// when one ends there: a scalar, or the array or object that the token closes.
func (p *parser) token(kind jsontext.Kind, text string) (value.Value, *reject.Error) {
	switch kind {
	case '}', ']':
		return p.end()
	case '"':
		if f := p.innermost(); f != nil && f.object && !f.named {
			var ok bool
			f.named = true
			f.key, ok = unquote(text)
			return nil, badEscape(ok)
		}
	}
	if p.nodes++; p.nodes > p.o.Limits.Nodes {
		return nil, tooComplex("too many values")
	}
	switch kind {
	case '{', '[':
		return nil, p.begin(kind == '{')
	case '"':
		return p.text(text)
	case '0':
		return number(text)
	case 't':
		return value.Bool(true), nil
	case 'f':
		return value.Bool(false), nil
	}
	return value.Null{}, nil
}

// text reads a string literal that is a value.
func (p *parser) text(literal string) (value.Value, *reject.Error) {
	s, ok := unquote(literal)
	if !ok {
		return nil, badEscape(ok)
	}
	if s != "" && s[0] == '$' {
		return p.tag(s)
	}
	return value.String(s), nil
}

// begin opens an array or object.
func (p *parser) begin(object bool) *reject.Error {
	if len(p.frames) >= p.o.Limits.Depth {
		return tooComplex("nested too deeply")
	}
	p.frames = append(p.frames, frame{base: len(p.stack), object: object, inert: p.inert()})
	return nil
}

// end closes the innermost container and returns it.
func (p *parser) end() (v value.Value, _ *reject.Error) {
	f := &p.frames[len(p.frames)-1]
	p.frames = p.frames[:len(p.frames)-1]
	members := p.stack[f.base:]
	p.stack = p.stack[:f.base]
	if f.object {
		if hasDuplicates(members) {
			return nil, malformed("an object has two members of one name")
		}
		o := &p.objects.take(1)[0]
		o.Members = p.kept(members)
		v = o
	} else {
		a := &p.arrays.take(1)[0]
		a.Items = p.items.take(len(members))
		for i := range members {
			a.Items[i] = members[i].Value
		}
		v = a
	}
	if f.pending {
		p.patches = append(p.patches, v)
	}
	return v, nil
}

// kept copies the members that React's decoder keeps: not the undefined ones,
// and since 19.2.4 not __proto__ (spec reply-format §3). Older versions that
// keep it are not given it either, see Reply.Reencode.
func (p *parser) kept(members []value.Member) []value.Member {
	kept := p.members.take(len(members))
	copy(kept, members)
	return slices.DeleteFunc(kept, func(m value.Member) bool {
		if m.Key == protoKey && !p.old14() {
			p.reencode = true
			return true
		}
		_, undefined := m.Value.(value.Undefined)
		return undefined
	})
}

// hasDuplicates looks for two members of one name. Up to sixteen are compared
// with each other, which is faster than hashing them.
func hasDuplicates(members []value.Member) bool {
	if len(members) > 16 {
		seen := make(map[string]struct{}, len(members))
		for i := range members {
			seen[members[i].Key] = struct{}{}
		}
		return len(seen) < len(members)
	}
	for i := range members {
		for j := range i {
			if members[i].Key == members[j].Key {
				return true
			}
		}
	}
	return false
}

// innermost is the container that is being read, nil for none.
func (p *parser) innermost() *frame {
	if len(p.frames) == 0 {
		return nil
	}
	return &p.frames[len(p.frames)-1]
}

// inert reports whether the value being read stands below a member __proto__,
// which React deletes unread.
func (p *parser) inert() bool {
	f := p.innermost()
	return f != nil && (f.inert || f.object && f.key == protoKey && !p.old14())
}

// underThen reports whether the value being read is a member named then.
func (p *parser) underThen() bool {
	f := p.innermost()
	return f != nil && f.object && f.key == "then"
}

// unquote is [value.Unquote] without a copy for the many texts that need none.
func unquote(literal string) (string, bool) {
	if inner := literal[1 : len(literal)-1]; strings.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	return value.Unquote([]byte(literal))
}

// badEscape refuses an escape that the tokenizer let pass.
func badEscape(ok bool) *reject.Error {
	if ok {
		return nil
	}
	return malformed("a text is not UTF-8")
}

// number reads a number that is spelled as JavaScript spells it (I18), so that
// what is checked here is what JavaScript sees: a long `1.0000000000000001`
// would be 1 there.
func number(token string) (value.Value, *reject.Error) {
	f, err := strconv.ParseFloat(token, 64)
	var buf [32]byte
	if err != nil || !isShort(token) && string(value.AppendNumber(buf[:0], f)) != token {
		return nil, malformed("a number is not spelled as JavaScript spells it")
	}
	return value.Number(f), nil
}

// isShort reports whether a JSON number is spelled canonically for reasons that
// can be seen: at most fifteen digits, which any double gives back as they
// were, no exponent, no zero at the end of a fraction, not minus zero, and
// large enough for JavaScript to write it without an exponent. It is false for
// other canonical numbers, too.
func isShort(token string) bool {
	digits := token
	if digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) > 15 {
		return false
	}
	point := -1
	for i := range len(digits) {
		switch c := digits[i]; {
		case c == '.':
			point = i
		case c < '0' || c > '9':
			return false
		}
	}
	if digits[0] == '0' {
		return point > 0 && digits[len(digits)-1] != '0' && !strings.HasPrefix(digits, "0.000000") || token == "0"
	}
	return point < 0 || digits[len(digits)-1] != '0'
}
