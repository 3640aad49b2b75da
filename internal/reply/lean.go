package reply

import (
	"slices"

	"github.com/actiongw/actiongw/internal/value"
)

// A lean reader checks every value by the same code as a full one, but keeps
// only what a decision of the gate can need. What it leaves out it counts, and
// it gives up when it meets something that has to be looked up: a reference.

// leanText is the length of a text that has as much in it as a lean reader
// keeps of any.
const leanText = 512

// skipped stands for a value that a lean reader has checked and left out. It is
// no value of any type, so nobody takes what is left for the whole.
type skipped struct{ value.Value }

// keeps reports whether the value that is being read, in f, is kept. Besides
// the whole value of each part a lean reader keeps its first element, the first
// element of that, and so on: where a closure can be, with arrays of one
// element around it. Of a function it keeps the id.
func (p *parser) keeps(f *frame) bool {
	switch {
	case !f.kept:
		return false
	case !p.o.Lean:
		return true
	case f.object:
		return len(p.frames) == 2 && p.slots[p.at.id].kind == kindFunction && string(p.key()) == "id"
	}
	return f.n == 1
}

// opensNothing reports texts that mean nothing but themselves, or a date, which
// calls have many of. It is false for others, too.
func (p *parser) opensNothing(t span) bool {
	switch p.text[t.from+1] {
	case '$':
		const date = `"$D2026-01-02T03:04:05.678Z"`
		return int(t.to-t.from) == len(date) && p.text[t.from+2] == 'D' && value.IsDate(string(p.text[t.from+3:t.to-1]))
	case '\\':
		return false
	}
	return true
}

// shorten leaves out of an array what is behind its third element, which tells
// that it is no pair. Of the root and of promises it leaves out nothing: they
// may be argument lists, of which the length counts. The entries of a Map are
// asked whether they are pairs.
func (p *parser) shorten(members []value.Member) []value.Member {
	const most = 3
	s, whole := &p.slots[p.at.id], len(p.frames) == 1
	switch {
	case len(members) <= most, whole && (s.kind == kindRoot || s.kind == kindPromise):
		return members
	case whole && s.kind == kindMap:
		s.odd = slices.ContainsFunc(members[most:], func(m value.Member) bool { return !isPair(m.Value) })
	}
	return members[:most]
}

// leftOut is what stands for the array or object f. A Map's entries are asked
// whether they are pairs.
func (p *parser) leftOut(f *frame) value.Value {
	if !f.object && f.n == 2 {
		return p.pair
	}
	return p.skipped
}
