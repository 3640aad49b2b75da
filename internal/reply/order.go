package reply

import (
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// order knows when React's streaming decoder reads each part, as the entry
// after which it can: the last of the part itself and of all that it takes to
// get there from part 0.
type order struct {
	*parser
	after []int32 // by id, plus one
}

// arrived holds that a part has come when a reference to it is read. The client
// refers to what it has printed, or to what it is printing around the
// reference; a decoder that meets anything else fails. And it asks for the
// references that React's decoder meets too early. Linear in parts and
// references.
func (p *parser) arrived() *reject.Error {
	if len(p.refs) == 0 {
		return nil
	}
	o := order{p, make([]int32, len(p.slots))}
	for _, r := range p.refs {
		if !p.allParts && p.slots[r.id].last > max(r.entry, o.of(r.entry)) {
			return badReference("a reference to a part that comes later")
		}
	}
	// The client writes rows when their stream has gone. Of others React's decoder
	// may lose one that refers to something.
	for i := range p.slots {
		if s := &p.slots[i]; s.kind == kindStream && s.first < o.of(s.first) {
			p.reencode = true
		}
	}
	p.awaited()
	return nil
}

// of is when the part is read that has this entry.
func (o *order) of(entry int32) int32 {
	id := o.idOf(entry)
	switch s := &o.slots[id]; {
	case id == 0:
		return s.last
	case o.after[id] == 0:
		// A promise may be opened again by what it holds: then this is enough.
		o.after[id] = s.opener + 1
		o.after[id] = max(s.opener, o.of(s.opener)) + 1
	}
	return o.after[id] - 1
}

// awaited sets reencode for references that React's decoder may not follow to
// what they name, because that is not there yet. One to bytes, or to a Map, Set
// or iterator with something in it that is waited for, gives null. One that
// stands in the arguments of a function may wait for what holds the function,
// which waits for the arguments. [Encode] makes what they name a part of its
// own.
func (p *parser) awaited() {
	var bound []bool
	if len(p.functions) > 0 {
		bound = p.boundParts()
	}
	var unmade map[value.Value]bool
	for _, r := range p.refs {
		if r.path == "" {
			continue // a whole part is there when it is read
		}
		if isOutlined(r.Value) && unmade == nil {
			unmade = p.unmade()
		}
		_, bytes := r.Value.(*value.Bytes)
		if bound != nil && bound[p.idOf(r.entry)] || bytes || unmade[r.Value] {
			p.reencode = true
			return
		}
	}
}

// unmade are the Maps, Sets and iterators that React's decoder does not make
// when it meets them, because there are references, functions or bytes in them.
func (p *parser) unmade() map[value.Value]bool {
	unmade := map[value.Value]bool{}
	waits := make([]bool, len(p.slots))
	for i := range p.slots {
		for _, m := range p.mentions[p.slots[i].from:p.slots[i].to] {
			k := p.slots[m.id].kind
			if m.edge != refersTo && k != kindFunction && k != kindBinary {
				continue
			}
			// All parts around it wait, too.
			for id := i; id != 0 && !waits[id]; {
				waits[id] = true
				if s := &p.slots[id]; isOutlined(s.made) {
					unmade[s.made] = true
					id = p.idOf(s.opener)
				}
			}
		}
	}
	return unmade
}

// boundParts tells which parts are read for the arguments of functions.
func (p *parser) boundParts() []bool {
	w := walk{parser: p, seen: make([]bool, len(p.slots))}
	for i := range p.slots {
		if s := &p.slots[i]; s.kind == kindFunction {
			for _, m := range p.mentions[s.from:s.to] {
				w.run(m.id)
			}
		}
	}
	return w.seen
}

// isOutlined tells which values React's decoder makes when what is in them has
// come, and not when it meets them.
func isOutlined(v value.Value) bool {
	switch v.(type) {
	case *value.Map, *value.Set, *value.Iterator, *value.Bytes:
		return true
	}
	return false
}
