//go:build e2e

package react

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// A defect is what React's decoder makes of some values that its own client
// sends, and that no way of writing them repairs. Each is expected in exactly
// the places that it names; everything around them is compared.
type defect string

const (
	// A function waits for its bound arguments. When they lead back to it, they
	// wait for the function, and so does everything that it stands in.
	ownArgument defect = "a function that is among its own arguments never comes"
	// A Map, Set or iterator is made of what is in it. Where that leads back to
	// it, it is not made yet.
	ownContent defect = "a Map, Set or iterator in itself is null"
	// Releases before 19.2.6 read the parts in the order in which they ended:
	// files in one packet come before the texts behind the first of them. Those
	// from 19.2.2 to 19.2.8 read the fields of a form name by name.
	fieldOrder defect = "the fields of a form come in another order"
	// A decoder reads the rows of a stream that have come when it meets the stream:
	// all, when it has the whole body or the stream stands in something that is
	// read late, like a promise or a function's arguments. Of those
	// that refer to what is just being read it gets the first.
	rowAhead defect = "a row of a stream that is read too early never comes"
	// What is written again may have other positions when the value, or something
	// that it stands in, is a part of its own now: see reply.Encode.
	moved defect = "a temporary reference has another position"
	// Next.js 14 takes what waits in a Map or Set for an error, and the
	// null that stands in for a function for a promise's value.
	boundInside defect = "a function with arguments in a Map, in a Set or as a promise's value is null or an error"
)

// Four differences are not in what the client sends.
const (
	// JavaScript puts members that are named like indexes in front. The client
	// has done so already.
	memberOrder defect = "the members of an object come in another order"
	// Two functions may name one promise of arguments. Each has a list of its own.
	ownList defect = "functions do not share a list of arguments"
	// The client of 19.2.1 writes a function again in each place, and its decoder
	// makes one for each tag.
	ownFunction defect = "a function is another one in another place"
	// busboy takes directories off a file's name and parameters off its type, and
	// does not believe in what is no type. A browser sends neither.
	fileHeader defect = "the form parser gives a file another name or type"
)

// The memory that 19.2.1 takes for references to references was published as
// CVE-2026-23864.
const fillsMemory defect = "a value with references fills the memory"

// neverEnds is what codec.mjs says of what does not come.
const neverEnds = "never ends"

// A decoder is React's in one version, as it is used on Node.js (streaming) or
// elsewhere. It knows which of its readings of a value are defects.
type decoder struct {
	wire      reply.Wire
	streaming bool
	// again is set for a body that was written again.
	again bool
	sent  []byte // the body as it was sent
	found map[defect]bool
	// stuck are the functions that are among their own arguments.
	stuck map[value.Value]bool
	// times counts the places in which each object stands.
	times map[value.Value]int
	// first is what is read when the root comes; behind are what stands in rows of
	// streams that are not the first.
	first, behind map[value.Value]bool
	// regions are what is read together of a whole body.
	regions []map[value.Value]bool
}

// defectsIn returns the defects in a reading of v, or what else is different.
func defectsIn(v value.Value, r reading, wire reply.Wire, streaming, again bool, sent []byte) (map[defect]bool, error) {
	d := &decoder{wire: wire, streaming: streaming, again: again, sent: sent, found: map[defect]bool{}, stuck: map[value.Value]bool{}, times: map[value.Value]int{v: 1}}
	d.first = reach(v, func(v value.Value) bool {
		_, function := v.(*value.ServerReference)
		return !function && atOnce(v)
	})
	d.behind = map[value.Value]bool{}
	d.regions = []map[value.Value]bool{reach(v, withStreams)}
	for held := range reach(v, everything) {
		for _, v := range value.AppendChildren(nil, held) {
			if !isPrimitive(v) {
				d.times[v]++
			}
		}
		if f, ok := held.(*value.ServerReference); ok && f.Bound != nil && reach(f.Bound, atOnce)[f] {
			d.stuck[f] = true
		}
		if s, ok := held.(*value.Stream); ok {
			for _, row := range s.Chunks[min(1, len(s.Chunks)):] {
				maps.Copy(d.behind, reach(row, withStreams))
			}
		}
		if !atOnce(held) {
			for _, v := range value.AppendChildren(nil, held) {
				d.regions = append(d.regions, reach(v, withStreams))
			}
		}
	}
	if r.Error != "" {
		if d.fails(v, r.Error) {
			return d.found, nil
		}
		return nil, errors.New(r.Error)
	}
	theirs, err := vectors.Untagged([]byte(r.Value))
	if err != nil {
		return nil, err
	}
	m := matching{client: map[value.Value]value.Value{}, read: map[value.Value]value.Value{}, react: d, old: true}
	m.next = []pair{{v, theirs, "root"}}
	return d.found, m.run()
}

// fails reports whether the decoder is known to fail in this way on what it
// reads at once with v.
func (d *decoder) fails(v value.Value, message string) bool {
	if message == outOfMemory && d.wire == reply.React190 {
		for _, n := range d.times {
			if n > 1 {
				d.found[fillsMemory] = true
				return true
			}
		}
	}
	for held := range reach(v, atOnce) {
		if message == neverEnds && d.stuck[held] {
			d.found[ownArgument] = true
			return true
		}
		if message == "null" && d.wire == reply.Next14 && holdsBound(held) {
			d.found[boundInside] = true
			return true
		}
	}
	return false
}

// holdsBound reports whether v is a Map or Set with a function in it that has
// arguments.
func holdsBound(v value.Value) bool {
	switch v.(type) {
	case *value.Map, *value.Set:
		for held := range reach(v, atOnce) {
			if f, ok := held.(*value.ServerReference); ok && f.Bound != nil {
				return true
			}
		}
	}
	return false
}

// reads reports whether theirs is what the decoder is known to read instead of
// ours. Of a stream that fails the rows in front are compared all the same.
func (d *decoder) reads(ours, theirs value.Value) bool {
	switch theirs := theirs.(type) {
	case value.Null:
		return d.isNull(ours)
	case *value.TemporaryReference:
		t, ok := ours.(*value.TemporaryReference)
		return ok && t.Position != theirs.Position && d.again && d.isMoved(t)
	case *value.Promise:
		p, ok := ours.(*value.Promise)
		if !ok {
			return false
		}
		if theirs.Rejected != nil {
			return d.fails(p.Value, theirs.Rejected.Message)
		}
		f, ok := p.Value.(*value.ServerReference)
		_, null := theirs.Value.(value.Null)
		if ok && null && f.Bound != nil && d.wire == reply.Next14 {
			d.found[boundInside] = true
			return true
		}
	case *value.File:
		f, ok := ours.(*value.File)
		return ok && !sameFile(f, theirs) && d.sameForBusboy(f, theirs)
	case *value.Stream:
		s, ok := ours.(*value.Stream)
		return ok && theirs.Failed != nil && (d.failsAt(s.Chunks, len(theirs.Chunks), theirs.Failed) || d.isAhead(s, len(theirs.Chunks), theirs.Failed))
	case *value.Async:
		a, ok := ours.(*value.Async)
		return ok && theirs.Failed != nil && d.failsAt(append(a.Items[:len(a.Items):len(a.Items)], a.Return), len(theirs.Items), theirs.Failed)
	}
	return false
}

// failsAt is fails for the row at which a stream has ended early.
func (d *decoder) failsAt(rows []value.Value, at int, failed *value.Error) bool {
	return at < len(rows) && d.fails(rows[at], failed.Message)
}

// isAhead reports whether a row that is not the first, or is in one that is not,
// refers to what is read together with its stream.
func (d *decoder) isAhead(s *value.Stream, at int, failed *value.Error) bool {
	if !d.hasRows(s) || failed.Message != neverEnds || at == 0 && !d.behind[s] || at >= len(s.Chunks) {
		return false
	}
	row := reach(s.Chunks[at], atOnce)
	for _, region := range d.regions {
		for held := range row {
			if region[s] && region[held] {
				d.found[rowAhead] = true
				return true
			}
		}
	}
	return false
}

// hasRows reports whether the rows of the streams in v are there when v is read.
func (d *decoder) hasRows(v value.Value) bool { return !d.streaming || !d.first[v] }

// members are those of an object in the order of JavaScript.
func (d *decoder) members(members []value.Member) []value.Member {
	ordered := slices.Clone(members)
	slices.SortStableFunc(ordered, func(a, b value.Member) int { return arrayIndex(a.Key) - arrayIndex(b.Key) })
	if !slices.EqualFunc(ordered, members, func(a, b value.Member) bool { return a.Key == b.Key }) {
		d.found[memberOrder] = true
	}
	return ordered
}

// arrayIndex is the number of an index, and the same for all other names.
func arrayIndex(key string) int {
	if n, err := strconv.ParseUint(key, 10, 32); err == nil && n < math.MaxUint32 && strconv.FormatUint(n, 10) == key {
		return int(n)
	}
	return math.MaxUint32
}

// another reports whether the decoder makes v again in each place.
func (d *decoder) another(v value.Value) bool {
	_, ok := v.(*value.ServerReference)
	ok = ok && d.wire == reply.React190
	if ok {
		d.found[ownFunction] = true
	}
	return ok
}

// list notes that a function has this list of arguments, or what has it, too.
func (d *decoder) list(a *value.Array) {
	if d.times[a] > 1 {
		d.found[ownList] = true
	}
}

// isMoved reports whether a temporary reference, or what it stands in, stands in
// two places, or in a part that a reference alone has opened and that is none
// any more.
func (d *decoder) isMoved(t *value.TemporaryReference) bool {
	part, _, _ := strings.Cut(t.Position, ":")
	if bytes.Contains(d.sent, []byte(`"$`+part+`"`)) {
		d.found[moved] = true
		return true
	}
	for v, n := range d.times {
		if n > 1 && reach(v, atOnce)[t] {
			d.found[moved] = true
			return true
		}
	}
	return false
}

// isNull reports whether null stands for a Map, Set or iterator in itself.
func (d *decoder) isNull(v value.Value) bool {
	switch v.(type) {
	case *value.Map, *value.Set, *value.Iterator:
		into := atOnce
		if d.hasRows(v) {
			into = withStreams
		}
		for _, held := range value.AppendChildren(nil, v) {
			if reach(held, into)[v] {
				d.found[ownContent] = true
				return true
			}
		}
	}
	return false
}

// distinct is what is left of the items of a Set when some of them are null.
func (d *decoder) distinct(ours, theirs []value.Value) []value.Value {
	if len(ours) == len(theirs) {
		return ours
	}
	var kept []value.Value
	for _, v := range ours {
		if d.isNull(v) {
			v = value.Null{}
		}
		if _, null := v.(value.Null); !null || !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// distinctEntries is distinct for the keys of a Map.
func (d *decoder) distinctEntries(ours, theirs []value.Entry) []value.Entry {
	if len(ours) == len(theirs) {
		return ours
	}
	return replaced(ours, func(key value.Value) value.Value {
		if d.isNull(key) {
			return value.Null{}
		}
		return key
	})
}

// everything, atOnce and withStreams are ways to walk a value: into everything,
// into what a decoder reads together, and into what it reads together when it
// has the whole body.
func everything(value.Value) bool { return true }

func withStreams(v value.Value) bool {
	_, stream := v.(*value.Stream)
	return stream || atOnce(v)
}

func atOnce(v value.Value) bool {
	switch v.(type) {
	case *value.Promise, *value.Stream, *value.Async:
		return false
	}
	return true
}

// reach is the set of objects in v, v included, that are met in this way.
func reach(v value.Value, into func(value.Value) bool) map[value.Value]bool {
	seen := map[value.Value]bool{}
	for todo := []value.Value{v}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if isPrimitive(v) || seen[v] {
			continue
		}
		seen[v] = true
		if into(v) {
			todo = value.AppendChildren(todo, v)
		}
	}
	return seen
}

func isPrimitive(v value.Value) bool {
	switch v.(type) {
	case nil, value.Undefined, value.Null, value.Bool, value.Number, value.String, value.BigInt, value.Symbol:
		return true
	}
	return false
}
