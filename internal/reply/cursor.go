package reply

import (
	"slices"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// compare asks whether React's decoder will find the same fields in each form
// as we did, and sets reencode when it may not (spec reply-format §5).
//
// The client writes a form's fields when it meets the form, so in what is read
// at once the forms stand in the order of their fields; anything else is
// refused. React has two defects even with that. It looks for the fields under
// the hexadecimal id, while the client names them by the decimal one: from 10
// on it finds none, or another form's. And since 19.2.6 it reads all fields
// with one cursor that moves forward only: a form that is met before or after
// its turn is empty. When a promise, a stream or the arguments of a function
// are read depends on the app, and on how the body is cut into packets. So
// forms in there have no turn as soon as there are two; nor have those in a
// part to which the row of a stream may refer.
func (p *parser) compare() *reject.Error {
	forms := 0
	for id := range p.slots {
		if p.hasFields(id) {
			forms++
			// Up to 9 both spellings are the same.
			p.reencode = p.reencode || id >= 10
		}
	}
	if forms < 2 {
		return nil
	}
	w := walk{parser: p, seen: make([]bool, len(p.slots))}
	w.run(0)
	if !increasing(w.forms) {
		return malformed("forms in another order than their fields")
	}
	if p.cols&since1926 == 0 {
		return nil
	}
	w = walk{parser: p, seen: make([]bool, len(p.slots)), references: true, forms: w.forms[:0]}
	w.run(0)
	p.reencode = p.reencode || len(w.forms) < forms || !increasing(w.forms) || p.rowsRefer()
	return nil
}

// rowsRefer reports whether there are streams and references, which may stand
// in their rows.
func (p *parser) rowsRefer() bool {
	streams := slices.ContainsFunc(p.slots, func(s slot) bool {
		_, ok := s.made.(*value.Stream)
		return ok
	})
	return streams && slices.ContainsFunc(p.refs, func(r *pending) bool { return hasIdentity(r.Value) })
}

// hasFields reports whether id is a form with fields.
func (p *parser) hasFields(id int) bool {
	return p.slots[id].kind == kindForm && p.slots[id].count > 0
}

func increasing(ids []int32) bool {
	for i := 1; i < len(ids); i++ {
		if ids[i] < ids[i-1] {
			return false
		}
	}
	return true
}

// walk follows the tags as a decoder does, and lists the forms that it meets.
type walk struct {
	*parser
	seen []bool
	// references says to follow references, too, not only what opens a part.
	references bool
	// promises says to wait for promises and streams, too.
	promises bool
	forms    []int32
	stack    []mentions
}

// mentions is a stretch of parser.mentions that is still to be followed.
type mentions struct{ from, to int32 }

// run walks from a part.
func (w *walk) run(id int32) {
	w.enter(id)
	for len(w.stack) > 0 {
		top := &w.stack[len(w.stack)-1]
		if top.from == top.to {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		m := w.mentions[top.from]
		top.from++
		switch {
		case m.edge == contains, m.edge == later && w.promises,
			m.edge == refersTo && (w.references || w.slots[m.id].kind == kindLazy):
			w.enter(m.id)
		}
	}
}

// enter goes into a part, once.
func (w *walk) enter(id int32) {
	if w.seen[id] {
		return
	}
	w.seen[id] = true
	if w.hasFields(int(id)) {
		w.forms = append(w.forms, id)
		return
	}
	w.stack = append(w.stack, mentions{w.slots[id].from, w.slots[id].to})
}
