package reply

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/go-json-experiment/json/jsontext"
)

// protoKey is the member that React deletes from every object since 19.2.4.
const protoKey = "__proto__"

// frame is an array or object whose end has not been read yet, or, as the
// first of the frames, the text around it all.
type frame struct {
	values int32  // where its values start in Workspace.stack
	names  int32  // and the names of its members in Workspace.names
	n      int32  // how many values of it have been begun
	marks  uint64 // of its names
	alike  bool   // two of them have the same mark
	object bool
	named  bool // a name has been read and its value has not
	kept   bool // see keeps
	proto  bool // the name is __proto__, which React deletes
	inert  bool // below a member __proto__
	// pending is set when it holds a reference that is still to be resolved.
	pending bool
}

// span is a stretch of the text that is being read.
type span struct{ from, to int32 }

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
	p.start(text)
	f := p.innermost()
	for end := 0; ; {
		from := end
		if _, err := p.dec.ReadToken(); err != nil {
			return nil, malformed("a part is not JSON")
		}
		end = int(p.dec.InputOffset())
		for text[from] <= ' ' || text[from] == ',' || text[from] == ':' {
			from++ // what stands in front of a token
		}
		var v value.Value
		var refusal *reject.Error
		t := span{int32(from), int32(end)}
		switch kind := text[from]; kind {
		case '"':
			if f.object && !f.named {
				refusal = p.name(f, t)
			} else if first := text[from+1]; !f.kept && first != '$' && first != '\\' {
				refusal = p.begins(f) // no tag, whatever follows
			} else {
				v, refusal = p.scalar(f, kind, t)
			}
		case '{', '[':
			if refusal = p.begins(f); refusal == nil {
				refusal = p.begin(kind == '{', f)
			}
			f = p.innermost()
		case '}', ']':
			v, refusal = p.end(f)
			f = p.innermost()
		default:
			v, refusal = p.scalar(f, kind, t)
		}
		switch {
		case refusal != nil:
			return nil, refusal
		case v == nil || !f.kept:
		case len(p.frames) > 1:
			p.add(f, v)
		default:
			if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
				return nil, malformed("a part goes on after its JSON text")
			}
			return v, nil
		}
	}
}

// start prepares for one text.
func (p *parser) start(text []byte) {
	p.text, p.copied, p.escapes = text, "", bytes.IndexByte(text, '\\') >= 0
	if p.o.Lean {
		p.Expect(leanText)
	} else {
		p.copied = string(text)
		p.Expect(len(text))
	}
	p.buf = *bytes.NewBuffer(text)
	p.dec.Reset(&p.buf, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	p.stack, p.names, p.unescaped = p.stack[:0], p.names[:0], p.unescaped[:0]
	p.frames = append(p.frames[:0], frame{kept: true})
}

// add puts a finished value into f.
func (p *parser) add(f *frame, v value.Value) {
	m := value.Member{Value: v}
	if f.object {
		m.Key = p.keyText()
	}
	if _, ok := v.(*pending); ok {
		f.pending = true
	}
	p.stack = append(p.stack, m)
}

// begins notes that a value of f begins, and charges it to the budget.
func (p *parser) begins(f *frame) *reject.Error {
	if p.nodes++; p.nodes > p.o.Limits.Nodes {
		return tooComplex("too many values")
	}
	f.n++
	f.named = false
	return nil
}

// scalar reads a value that is one token.
func (p *parser) scalar(f *frame, kind byte, t span) (value.Value, *reject.Error) {
	if err := p.begins(f); err != nil {
		return nil, err
	}
	kept := f.kept && p.keeps(f)
	switch kind {
	case '"':
		if !kept && p.opensNothing(t) {
			return p.skipped, nil
		}
		return p.string(t, kept)
	case 't':
		return value.Bool(true), nil
	case 'f':
		return value.Bool(false), nil
	case 'n':
		return value.Null{}, nil
	}
	return p.number(t, kept)
}

// string reads a text that is a value.
func (p *parser) string(t span, kept bool) (value.Value, *reject.Error) {
	s, ok := p.unquote(t)
	switch {
	case !ok:
		return nil, badEscape()
	case s != "" && s[0] == '$':
		return p.tag(s)
	case !kept:
		return p.skipped, nil
	}
	return value.String(s), nil
}

// begin opens an array or object.
func (p *parser) begin(object bool, f *frame) *reject.Error {
	if len(p.frames) > p.o.Limits.Depth {
		return tooComplex("nested too deeply")
	}
	inert, kept := p.inert(), f.kept && p.keeps(f)
	p.frames = append(p.frames, frame{})
	f = p.innermost()
	f.values, f.names, f.object, f.inert, f.kept = int32(len(p.stack)), int32(len(p.names)), object, inert, kept
	return nil
}

// end closes the innermost container and returns it.
func (p *parser) end(f *frame) (v value.Value, _ *reject.Error) {
	p.frames = p.frames[:len(p.frames)-1]
	if f.alike && p.hasDuplicates(p.names[f.names:]) {
		return nil, malformed("an object has two members of one name")
	}
	p.names = p.names[:f.names]
	if !f.kept {
		return p.leftOut(f), nil
	}
	members := p.stack[f.values:]
	p.stack = p.stack[:f.values]
	if f.object {
		o := &p.Objects.Take(1)[0]
		o.Members = p.kept(members)
		v = o
	} else {
		if p.o.Lean {
			members = p.shorten(members)
		}
		a := &p.Arrays.Take(1)[0]
		a.Items = p.Items.Take(len(members))
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
	kept := p.Members.Take(len(members))
	copy(kept, members)
	return slices.DeleteFunc(kept, func(m value.Member) bool {
		_, undefined := m.Value.(value.Undefined)
		return undefined || m.Key == protoKey && !p.old14()
	})
}

// innermost is the container that is being read.
func (p *parser) innermost() *frame { return &p.frames[len(p.frames)-1] }

// inert reports whether the value being read stands below a member __proto__,
// which React deletes unread.
func (p *parser) inert() bool {
	f := p.innermost()
	return f.inert || f.proto
}

// underThen reports whether the value being read is a member named then.
func (p *parser) underThen() bool {
	f := p.innermost()
	return f.object && string(p.key()) == "then"
}

// number reads a number that is spelled as JavaScript spells it (I18), so that
// what is checked here is what JavaScript sees: a long `1.0000000000000001`
// would be 1 there.
func (p *parser) number(t span, kept bool) (value.Value, *reject.Error) {
	token := p.text[t.from:t.to]
	short := isShort(token)
	if !kept && short {
		return p.skipped, nil
	}
	f, err := strconv.ParseFloat(string(token), 64)
	var buf [32]byte
	switch {
	case err != nil || !short && !bytes.Equal(value.AppendNumber(buf[:0], f), token):
		return nil, malformed("a number is not spelled as JavaScript spells it")
	case !kept:
		return p.skipped, nil
	}
	return value.Number(f), nil
}

// isShort reports whether a JSON number is spelled canonically for reasons that
// can be seen: at most fifteen digits, which any double gives back as they
// were, no exponent, no zero at the end of a fraction, not minus zero, and
// large enough for JavaScript to write it without an exponent. It is false for
// other canonical numbers, too.
func isShort(token []byte) bool {
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
		return point > 0 && digits[len(digits)-1] != '0' && !bytes.HasPrefix(digits, []byte("0.000000")) || string(token) == "0"
	}
	return point < 0 || digits[len(digits)-1] != '0'
}
