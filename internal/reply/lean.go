package reply

import "github.com/actiongw/actiongw/internal/value"

// A lean reader checks every value and keeps few. It runs the same code as a
// full one, and gives up where a decision needs what it has left out.

// skipped stands for a value that a lean reader has checked and left out.
type skipped struct{ value.Value }

// keeps reports whether the value that is being read will be looked at. A lean
// reader keeps the whole of each part, but inside of arrays only what stands
// first in what stands first: where a closure can be, with arrays of one
// element around it. Of a function it keeps the id.
func (p *parser) keeps(f *frame) bool {
	if !p.o.Lean {
		return true
	}
	if f.object {
		return len(p.frames) == 2 && p.slots[p.at.id].kind == kindFunction && string(p.key()) == "id"
	}
	return f.kept && f.n == 1
}

// leaveOut returns what stands for an array or object: of a Map's entry it is
// asked whether it is a pair.
func (p *parser) leaveOut(f *frame) value.Value {
	if !f.object && f.n == 2 {
		return p.pair
	}
	return p.skipped
}
