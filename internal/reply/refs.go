package reply

import (
	"strings"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// pending is a reference that is resolved when everything has been read. It
// stands in for its target until then, and embeds a Value to be one.
type pending struct {
	value.Value // the target, nil before it is resolved
	id          int
	// path is what follows the id, colon included; empty for `$<id>`.
	path string
	// entry is where the reference stands; whole tells that it is all of the
	// promise part that stands there.
	entry int32
	whole bool
	// inside tells that it stands in the part that it names; inert that it
	// stands below __proto__.
	inside, inert bool
}

// referenceTag reads `$<id>` and `$<id>:<key>:<key>…` (spec reply-format §4).
func (p *parser) referenceTag(s string) (value.Value, *reject.Error) {
	if p.o.Lean {
		p.again = true // ends this reading; the next decides
		return nil, badReference("what a reference names was left out")
	}
	hex, path := s[1:], ""
	if colon := strings.IndexByte(hex, ':'); colon >= 0 {
		hex, path = hex[:colon], hex[colon:]
	}
	id := parseHex(hex)
	if id == 0 && hex != rootName {
		return nil, malformed("a reference without an id")
	}
	if _, err := p.slot(id); err != nil {
		return nil, err
	}
	if len(p.frames) == 2 && p.slots[p.at.id].kind == kindMap {
		return nil, badReference("a Map with an entry that is a reference")
	}
	p.mention(id, refersTo)
	r := &pending{id: id, path: path, entry: p.at.entry, inside: id == p.at.id && !p.at.row, inert: p.inert()}
	r.whole = len(p.frames) == 1 && !p.at.row && p.slots[p.at.id].kind == kindPromise
	p.refs = append(p.refs, r)
	return r, nil
}

// openLazy opens the part of a bare reference that nothing else has opened:
// the resolved value of a React.lazy, which stands before the reference.
func (p *parser) openLazy(r *pending) *reject.Error {
	s := &p.slots[r.id]
	if r.path != "" || s.kind != unopened {
		return nil
	}
	s.kind, s.opener = kindLazy, r.entry
	p.queue = append(p.queue, int32(r.id))
	return p.textPart(s)
}

// resolve finds the target of every reference. Paths are walked through what
// was read, where references still are references: no path leads through
// another one (I6). The cost is linear in the length of the paths.
func (p *parser) resolve() *reject.Error {
	for _, r := range p.refs {
		if err := p.target(r); err != nil {
			if !p.unread(r) {
				return err
			}
			r.Value = value.Undefined{}
		}
	}
	for _, r := range p.refs {
		if err := p.follow(r); err != nil {
			return err
		}
	}
	if err := p.arrived(); err != nil {
		return err
	}
	return p.backward()
}

// unread reports whether React's decoder never reads a reference, because it
// has deleted a member __proto__ with it. The client may then refer to what was
// deleted with it, too.
func (p *parser) unread(r *pending) bool {
	if !p.reencode || r.inert {
		return r.inert
	}
	if p.live == nil {
		w := walk{parser: p, seen: make([]bool, len(p.slots)), references: true, promises: true}
		w.run(0)
		p.live = w.seen
	}
	return !p.live[p.idOf(r.entry)]
}

// idOf is the id that an entry belongs to.
func (p *parser) idOf(entry int32) int {
	_, id, _ := splitName(p.entries[entry].Name)
	return id
}

// backward holds that a reference into its own part names something that
// stands before it there: the client remembers what it has printed. Between
// parts there is no such rule (spec reply-format §4.2). Linear in what the
// parts with such references hold.
func (p *parser) backward() *reject.Error {
	var printed map[value.Value]bool
	for _, r := range p.refs {
		if !r.inside || p.slots[r.id].raw == nil || printed[p.slots[r.id].raw] {
			continue
		}
		if printed == nil {
			printed = map[value.Value]bool{}
		}
		if !isBackward(p.slots[r.id].raw, r.id, printed) {
			return badReference("a reference to something that comes after it")
		}
	}
	return nil
}

// isBackward walks part id, in which printed is filled. It recurses on the
// nesting of one JSON text, which Limits.Depth bounds.
func isBackward(v value.Value, id int, printed map[value.Value]bool) bool {
	switch v := v.(type) {
	case *value.Array:
		printed[v] = true
		for _, item := range v.Items {
			if !isBackward(item, id, printed) {
				return false
			}
		}
	case *value.Object:
		printed[v] = true
		for i := range v.Members {
			if !isBackward(v.Members[i].Value, id, printed) {
				return false
			}
		}
	case *pending:
		return v.id != id || printed[v.Value]
	default:
		if hasIdentity(v) {
			printed[v] = true
		}
	}
	return true
}

// patch puts the targets in place.
func (p *parser) patch() *reject.Error {
	for _, v := range p.patches {
		switch v := v.(type) {
		case *value.Array:
			for i, item := range v.Items {
				v.Items[i] = resolved(item)
			}
		case *value.Object:
			if err := p.patchObject(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// patchObject puts targets into an object. A function under `then` would make
// it a promise (I9); a temporary reference is a function to React's decoder,
// too, which since 19.2.2 puts null there when it comes by reference. An
// undefined member is none.
func (p *parser) patchObject(o *value.Object) *reject.Error {
	kept := o.Members[:0]
	for _, m := range o.Members {
		if r, ok := m.Value.(*pending); ok {
			m.Value = r.Value
			switch m.Value.(type) {
			case value.Undefined:
				continue
			case *value.ServerReference:
				if m.Key == "then" {
					return badReference("a function under the name then")
				}
			case *value.TemporaryReference:
				if m.Key == "then" && p.cols != in190 {
					m.Value = value.Null{}
				}
			}
		}
		kept = append(kept, m)
	}
	o.Members = kept
	return nil
}

// resolved is v, or the target when it is a reference.
func resolved(v value.Value) value.Value {
	if r, ok := v.(*pending); ok {
		return r.Value
	}
	return v
}

// target finds what r names. References to lazy values are left to follow,
// because a lazy value may be a reference to another one.
func (p *parser) target(r *pending) *reject.Error {
	s := &p.slots[r.id]
	switch s.kind {
	case kindLazy:
		if r.path == "" {
			return nil
		}
	case kindRoot, kindPromise:
	case kindMap, kindSet, kindIterator:
		if r.path == "" {
			return badReference("a reference to the contents of a Map, Set or iterator")
		}
	default:
		return badReference("a reference to a part that is no model")
	}
	v, parent := s.raw, value.Value(nil)
	for rest := r.path; rest != ""; {
		var key string
		key, rest = step(rest)
		parent = v
		if v = p.member(v, key); v == nil {
			return badReference("a path to something that is not there")
		}
	}
	if s.kind == kindMap && parent == s.raw {
		return badReference("a reference to an entry of a Map")
	}
	if !hasIdentity(v) && !(r.whole && r.path == "" && isPlain(v)) {
		return badReference("a reference to something that is no object")
	}
	r.Value = v
	return nil
}

// step splits off the first key of `:key:key…`.
func step(path string) (key, rest string) {
	if colon := strings.IndexByte(path[1:], ':'); colon >= 0 {
		return path[1 : 1+colon], path[1+colon:]
	}
	return path[1:], ""
}

// hasIdentity tells which values the client refers to by position: objects,
// and what stands for one (I6). Promises and functions repeat their own tags.
func hasIdentity(v value.Value) bool {
	switch v.(type) {
	case *value.Array, *value.Object, *value.Map, *value.Set, *value.Iterator, *value.FormData,
		*value.File, *value.Bytes, *value.Stream, *value.Async, *value.TemporaryReference:
		return true
	}
	return false
}

// isPlain is the exception of I6: two promises that fulfil with the same Date,
// or with the same object that JSON.stringify turns into a text or a number.
// The second part is then a bare reference to the first.
func isPlain(v value.Value) bool {
	switch v.(type) {
	case *value.Promise, *value.ServerReference, *pending:
		return false
	}
	return true
}

// follow finds the target of a reference to a lazy value through any number of
// lazy values. Each lazy part stands before the reference that opens it, but
// a circle can be written, too, and is refused. Every step is taken once.
func (p *parser) follow(r *pending) *reject.Error {
	target := r
	for hops := 0; target.Value == nil; hops++ {
		if hops > len(p.entries) {
			return badReference("references in a circle")
		}
		next, ok := p.slots[target.id].raw.(*pending)
		if !ok {
			target.Value = p.slots[target.id].raw
			break
		}
		target = next
	}
	for v := target.Value; r.Value == nil; {
		next, _ := p.slots[r.id].raw.(*pending)
		r.Value, r = v, next
	}
	return nil
}

// member is the own member of a plain object or array, nil for none: the one
// step that a path takes (CVE-2025-55182: `$1:constructor:constructor`).
func (p *parser) member(v value.Value, key string) value.Value {
	switch v := v.(type) {
	case *value.Array:
		if i := index(key); i >= 0 && i < len(v.Items) {
			return v.Items[i]
		}
	case *value.Object:
		// More members than this are looked up by hash, or many references into a
		// large object would be quadratic.
		if len(v.Members) <= 16 {
			m, _ := v.Get(key)
			return m
		}
		if i, ok := p.keys(v)[key]; ok {
			return v.Members[i].Value
		}
	}
	return nil
}

// keys is the index of a large object, made once.
func (p *parser) keys(o *value.Object) map[string]int {
	if keys, ok := p.bigIndex[o]; ok {
		return keys
	}
	if p.bigIndex == nil {
		p.bigIndex = map[*value.Object]map[string]int{}
	}
	keys := make(map[string]int, len(o.Members))
	for i := range o.Members {
		keys[o.Members[i].Key] = i
	}
	p.bigIndex[o] = keys
	return keys
}

// index reads a canonical array index, -1 for anything else. The budget of
// nodes keeps arrays far below ten million.
func index(s string) int {
	if s == rootName {
		return 0
	}
	if id, rest := leadingID(s); id > 0 && rest == "" {
		return id
	}
	return -1
}
