// Package flight reads and writes the Flight stream, in which React's server
// sends values: the plaintext of a sealed closure, and the result of an action.
//
// A stream is a sequence of rows. Each has an id, one letter that says what it
// is (none for a model, which is JSON), and a text that ends with the line or
// after a counted number of bytes. Strings in a model that begin with `$` stand
// for what JSON cannot say, and for the values of other rows:
//
//	1:[["alpha",1]]
//	0:["user-1","$D2026-10-14T16:49:15.123Z","$Q1","$0:0"]
//
// [Parse] reads the streams of React 18.3-canary (Next 14.2) to 19.3 more
// strictly than React's client does: it accepts what React's server writes and
// little else. It follows no reference by recursion, runs nothing, and keeps
// identity: what was one object for the sender is one pointer here, cycles
// included. [Append] writes what React's client decodes to the same value.
//
// The format is described in spec flight-format; sections are cited as §.
package flight

import (
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Limits bound the work of one [Parse]. A zero field means its default.
type Limits struct {
	// Nodes is how many values a stream may hold, counted before references
	// are followed: a reference is one value, and shares what it points to.
	Nodes int
	// Depth is how deep values may be nested, within a row and from row to row
	// along the first reference to each.
	Depth int
}

const (
	// defaultNodes is far above real closures (the largest of 548 recorded
	// ones has 21 values) and takes a few milliseconds to read.
	defaultNodes = 50_000
	// defaultDepth: React's own encoder exhausts the stack between 2,000 and
	// 4,000 nested arrays (spec reply-format §9), so nothing genuine is deeper.
	defaultDepth = 4_000
)

// orDefault fills in what was left zero.
func (l Limits) orDefault() Limits {
	if l.Nodes == 0 {
		l.Nodes = defaultNodes
	}
	if l.Depth == 0 {
		l.Depth = defaultDepth
	}
	return l
}

// Parse reads a complete stream and returns the value of its root, row 0. The
// value holds no part of stream, which the caller may reuse.
//
// It refuses with [Malformed] what React's server does not write: an unknown
// row or tag, a length beyond the end, a last line without newline, a second
// row of one id (but for the chunks of a stream), a reference to a row that is
// not there (but for a promise, which then never settles: a [value.Promise]
// with neither value nor error), a path through anything but own members, an
// unclosed stream. It refuses with [TooComplex] what exceeds limits, and with
// [Failed] a stream whose root is an error. On error the value is nil.
//
// Rows that no reference reaches are not read beyond their extent. Development
// builds add debug rows (N, D, J, W) and references to code ($E, $P, $Y): the
// former are skipped, the latter are undefined, and without debug rows refused.
// Client modules are known by their id alone, errors by their digest. A member
// `__proto__` is dropped, as is one that is undefined; a server reference
// under the key `then` becomes null, as in React's client (§2).
//
// Source: §5.
func Parse(stream []byte, limits Limits) (value.Value, *reject.Error) {
	return new(Workspace).Parse(stream, limits)
}

// Parse is [Parse] in this memory.
func (w *Workspace) Parse(stream []byte, limits Limits) (value.Value, *reject.Error) {
	r := reader{limits: limits.orDefault(), Workspace: w}
	defer w.clear()
	first := &first{}
	r.Arrays.Begin(first.arrays[:])
	r.Items.Begin(first.items[:])
	return r.read(stream)
}

// first is memory for the containers of most closures, in one piece.
type first struct {
	arrays [2]value.Array
	items  [8]value.Value
}

// read reads a stream.
func (r *reader) read(stream []byte) (value.Value, *reject.Error) {
	if err := r.split(stream); err != nil {
		return nil, err
	}
	root, err := r.mention(0, 0)
	if err != nil {
		return nil, err
	}
	if root < 0 {
		return nil, malformed(0, "there is no root row")
	}
	for i := 0; i < len(r.queue); i++ {
		if err := r.readRow(r.queue[i]); err != nil {
			return nil, err
		}
	}
	if err := r.link(); err != nil {
		return nil, err
	}
	v := r.rows[root].value
	if _, ok := v.(*failure); ok {
		return nil, refuse(Failed, r.rows[root].n, "the root is an error")
	}
	return v, nil
}
