package reply

import (
	"errors"
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/value"
)

// Encode writes a reply as React's client of its column would, in an order and
// with ids that React's decoder reads without its defects (spec reply-format
// §5, §6): contents before containers, then part "0", then what promises and
// streams hold, in the order in which they were met. Forms with fields have
// the smallest ids, in the order in which they are read. A single entry "0" may
// be sent as text.
//
// Reading the result gives the same values again, identity and circles
// included. Three things can differ. A tenth form with fields has no id that
// reads the same in decimal and in hexadecimal; its fields are named as React
// looks for them, which [ParseForm] refuses. It also refuses the parts that
// bring forms in promises and streams ahead, which no client writes. And a
// temporary reference keeps the position by which the client knows it while the
// part that holds it can keep its id; when the value moved to another part, it
// cannot.
//
// The error tells of a value that a reply cannot carry, such as an element.
func Encode(r *Reply) ([]formdata.Entry, error) {
	l := newLayout(r.Root, r.Wire)
	e := newEncoder(r.Wire, l, nil)
	if err := e.encode(r.Root); err != nil {
		return nil, err
	}
	if ids := e.betterIDs(); ids != nil {
		e = newEncoder(r.Wire, l, ids)
		if err := e.encode(r.Root); err != nil {
			return nil, err
		}
	}
	return e.entries, nil
}

// isAsync tells which values are objects without a position of their own.
func isAsync(v value.Value) bool {
	switch v.(type) {
	case *value.Promise, *value.ServerReference:
		return true
	}
	return false
}

// encoder writes one reply.
type encoder struct {
	*layout
	wire    Wire
	entries []formdata.Entry
	// refs are the positions of objects that were written before, and printed
	// counts the bytes of references to them.
	refs    map[value.Value]*position
	printed int
	// fixed are the ids that some owners must have; taken are those ids.
	fixed map[owner]int
	taken map[int]bool
	next  int
	// waiting are the promises and streams whose contents come after part 0.
	waiting []waiting

	// kept are the ids that parts should have for the sake of the temporary
	// references in them; moved is set when one has another.
	kept  []want
	moved bool
	// written are the forms with fields, in order; largest is the largest of
	// their ids.
	written []owner
	largest int
	// ahead tells that the forms are still to be brought ahead.
	ahead bool
}

// owner is what has an id: a value, or with outer a part that leads to one: the
// promise of a function's bound arguments, the reference to a lazy value.
type owner struct {
	v     value.Value
	outer bool
}

// want is an id that a part should have.
type want struct {
	owner owner
	id    int
}

// waiting is something whose contents are written later, under its id.
type waiting struct {
	part part
	v    value.Value // a stream, or what a promise fulfils with
	// promise is set for the latter.
	promise bool
}

// part is what is being written: an id and its owner.
type part struct {
	id    int
	owner owner
}

// text is a tag with the part's id.
func (p part) text(tag string) string { return tag + strconv.FormatUint(uint64(p.id), 16) }

// spot is where a value is written: the part, and the position by which it can
// be found there, nil for none.
type spot struct {
	part part
	at   *position
}

// position is one step of a reference: a part, or a member of what stands at
// another position. It is kept as steps, because the texts of all positions
// together are as long as all keys times all that stands below them.
type position struct {
	up     *position
	key    string
	length int // of the whole text
}

// start is the spot of a part's whole value.
func (p part) start() spot { return spot{p, p.tag("$")} }

// tag is the position of a part by a tag of its own.
func (p part) tag(tag string) *position {
	text := p.text(tag)
	return &position{key: text, length: len(text)}
}

// child is the spot of a member. A name with a colon has no reference, nor has
// anything below it (spec reply-format §4.1).
func (s spot) child(key string) spot {
	if s.at == nil || strings.Contains(key, ":") {
		return spot{part: s.part}
	}
	return spot{s.part, &position{s.at, key, s.at.length + 1 + len(key)}}
}

// text is the reference as it stands in a value.
func (p *position) text() string {
	text := make([]byte, p.length)
	for end := p.length; p != nil; p = p.up {
		end -= len(p.key)
		copy(text[end:], p.key)
		if p.up != nil {
			end--
			text[end] = ':'
		}
	}
	return string(text)
}

// maxPrinted is the most bytes of references in one reply. Each names one
// object by a path of member names, some twenty bytes; only keys of many
// kilobytes that are referred to again and again get here, and would make a
// small call a large one.
const maxPrinted = 1 << 20

var errTooLong = errors.New("the references of the reply are too long")

// reference appends the text for something that was written before.
func (e *encoder) reference(dst []byte, to *position) ([]byte, error) {
	if e.printed += to.length; e.printed > maxPrinted {
		return nil, errTooLong
	}
	return value.AppendQuoted(dst, to.text()), nil
}

func newEncoder(w Wire, l *layout, fixed map[owner]int) *encoder {
	e := &encoder{layout: l, wire: w, fixed: fixed, next: 1, refs: map[value.Value]*position{}, taken: map[int]bool{}, ahead: l.ahead}
	for _, id := range fixed {
		e.taken[id] = true
	}
	return e
}

// betterIDs are the ids for a second try, nil when the first was good.
func (e *encoder) betterIDs() map[owner]int {
	if !e.moved && e.largest < 10 {
		return nil
	}
	ids, taken := map[owner]int{}, map[int]bool{}
	for _, w := range e.kept {
		if !taken[w.id] && ids[w.owner] == 0 {
			ids[w.owner], taken[w.id] = w.id, true
		}
	}
	next := 1
	for _, form := range e.written {
		for taken[next] {
			next++
		}
		ids[form], taken[next] = next, true
	}
	return ids
}

// newPart gives an owner its id.
func (e *encoder) newPart(o owner) part {
	if id, ok := e.fixed[o]; ok {
		return part{id, o}
	}
	for e.taken[e.next] {
		e.next++
	}
	e.next++
	return part{e.next - 1, o}
}

// encode writes the root, then what waits.
func (e *encoder) encode(root value.Value) error {
	if err := e.whole(root, part{0, owner{v: root}}); err != nil {
		return err
	}
	for i := 0; i < len(e.waiting); i++ {
		w := e.waiting[i]
		write := e.rows
		if w.promise {
			write = e.fulfilled
		}
		if err := write(w.v, w.part); err != nil {
			return err
		}
	}
	return nil
}

// whole writes v as the text of a part.
func (e *encoder) whole(v value.Value, p part) error {
	write, at := e.value, p.start()
	if hasIdentity(v) {
		e.refs[v] = at.at
		write = e.object
	}
	text, err := write(nil, v, at)
	if err != nil {
		return err
	}
	e.add(strconv.Itoa(p.id), text)
	return nil
}

// add adds a text part.
func (e *encoder) add(name string, text []byte) {
	e.entries = append(e.entries, formdata.Entry{Name: name, Value: text})
}

// fulfilled writes the part of a promise. One that fulfils with an object that
// was written before is a reference; for a Date that is so only here (I6).
func (e *encoder) fulfilled(v value.Value, p part) error {
	if ref, ok := e.refs[v]; ok {
		text, err := e.reference(nil, ref)
		e.add(strconv.Itoa(p.id), text)
		return err
	}
	if date, ok := v.(*value.Date); ok {
		e.refs[date] = p.start().at
	}
	return e.whole(v, p)
}

// rows writes the rows of a stream, whose values have no references.
func (e *encoder) rows(v value.Value, p part) error {
	name := strconv.Itoa(p.id)
	if e.wire == Current {
		name = "S" + name
	}
	var items []value.Value
	var returns value.Value
	switch v := v.(type) {
	case *value.Stream:
		items = v.Chunks
	case *value.Async:
		items, returns = v.Items, v.Return
	}
	for _, item := range items {
		text, err := e.value(nil, item, spot{part: p})
		if err != nil {
			return err
		}
		e.add(name, text)
	}
	end := []byte{'C'}
	if returns != nil {
		var err error
		if end, err = e.value(end, returns, spot{part: p}); err != nil {
			return err
		}
	}
	e.add(name, end)
	return nil
}
