package reply

import (
	"bytes"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// name reads the name of a member of f. Names are spans of the text; those that
// are spelled with escapes are spans behind its end, see bytes.
func (p *parser) name(f *frame, t span) *reject.Error {
	n := span{t.from + 1, t.to - 1}
	if p.hasEscapes(n) {
		s, ok := value.Unquote(p.text[t.from:t.to])
		if !ok {
			return badEscape()
		}
		n.from = int32(len(p.text) + len(p.unescaped))
		n.to = n.from + int32(len(s))
		p.unescaped = append(p.unescaped, s...)
	}
	p.names = append(p.names, n)
	b := p.bytes(n)
	f.named = true
	f.proto = string(b) == protoKey && !p.old14()
	p.reencode = p.reencode || f.proto
	bit := mark(b)
	f.alike = f.alike || f.marks&bit != 0
	f.marks |= bit
	return nil
}

// mark is one of 64 bits, and the same one for the same names. Those of an
// object seldom have two alike, so there is seldom anything to compare.
func mark(name []byte) uint64 {
	if len(name) == 0 {
		return 1
	}
	return 1 << ((len(name)*7 + int(name[0])) & 63)
}

// bytes is a name as it was meant.
func (p *parser) bytes(n span) []byte {
	if behind := int(n.from) - len(p.text); behind >= 0 {
		return p.unescaped[behind : behind+int(n.to-n.from)]
	}
	return p.text[n.from:n.to]
}

// key is the name of the member that is being read.
func (p *parser) key() []byte { return p.bytes(p.names[len(p.names)-1]) }

// keyText is the same as a text that may stay.
func (p *parser) keyText() string {
	n := p.names[len(p.names)-1]
	if int(n.from) >= len(p.text) {
		return string(p.bytes(n))
	}
	return p.substring(n)
}

// hasDuplicates looks for two members of one name. Up to sixteen are compared
// with each other, which is faster than hashing them.
func (p *parser) hasDuplicates(names []span) bool {
	if len(names) > 16 {
		seen := make(map[string]struct{}, len(names))
		for _, n := range names {
			seen[string(p.bytes(n))] = struct{}{}
		}
		return len(seen) < len(names)
	}
	for i, a := range names {
		for _, b := range names[:i] {
			if a.to-a.from == b.to-b.from && bytes.Equal(p.bytes(a), p.bytes(b)) {
				return true
			}
		}
	}
	return false
}

// unquote returns the text of a string literal.
func (p *parser) unquote(t span) (string, bool) {
	if p.hasEscapes(t) {
		return value.Unquote(p.text[t.from:t.to])
	}
	return p.substring(span{t.from + 1, t.to - 1}), true
}

// hasEscapes reports whether a stretch of the text has escapes. Most texts have
// none at all.
func (p *parser) hasEscapes(s span) bool {
	return p.escapes && bytes.IndexByte(p.text[s.from:s.to], '\\') >= 0
}

// substring is a stretch of the text as a string. A full reader copies the
// text once, a lean one the few pieces that it keeps.
func (p *parser) substring(s span) string {
	if p.copied != "" {
		return p.copied[s.from:s.to]
	}
	return string(p.text[s.from:s.to])
}

// badEscape refuses an escape that the tokenizer let pass.
func badEscape() *reject.Error { return malformed("a text is not UTF-8") }
