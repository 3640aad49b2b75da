package reply

import (
	"slices"

	"github.com/actiongw/actiongw/internal/value"
)

// layout is what must be known of a value before any of it is written. All of
// it is linear in the value.
type layout struct {
	// times counts in how many places each object stands.
	times map[value.Value]int
	// alone are the objects that become a part of their own, as the client writes
	// a resolved lazy value, because React's decoder does not follow references to
	// them in another part: see parser.awaited.
	alone map[value.Value]bool
	// ahead tells that forms must be read before their turn: see encoder.later.
	ahead bool
	// forms are those with fields, in the order of writing.
	forms []value.Value

	// thens are temporary references under the name then. In a part of its own one
	// would come by reference, and React's decoder puts null there.
	thens []value.Value

	functions []*value.ServerReference
	stream    bool // there is one
	shared    bool // an object stands in several places
}

func newLayout(root value.Value, w Wire) *layout {
	l := &layout{times: map[value.Value]int{}, alone: map[value.Value]bool{}}
	l.count(root)
	if w >= React1926 && len(l.forms) > 1 {
		l.ahead = l.stream && l.shared || l.haveLater(root)
	}
	// What the arguments of functions share with each other or with the rest.
	bound := map[value.Value]bool{}
	for _, f := range l.functions {
		if f.Bound != nil {
			atOnce(f.Bound, bound, func(v value.Value) bool { return !isLater(v) })
		}
	}
	for v, n := range l.times {
		if n > 1 && hasIdentity(v) && (bound[v] || l.waits(v)) {
			l.alone[v] = true
		}
	}
	l.keepApart()
	for _, v := range l.thens {
		delete(l.alone, v)
	}
	return l
}

// keepApart has what stands in lonely parts alone, too, when it also stands
// elsewhere. A part that refers to a place in one that waits for it would wait
// for ever.
func (l *layout) keepApart() {
	held := map[value.Value]bool{}
	for v := range l.alone {
		atOnce(v, held, func(v value.Value) bool { return !isLater(v) })
	}
	for v := range held {
		if l.times[v] > 1 && hasIdentity(v) {
			l.alone[v] = true
		}
	}
}

// count walks a value without recursion.
func (l *layout) count(root value.Value) {
	for todo := []value.Value{root}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !hasIdentity(v) && !isAsync(v) {
			continue
		}
		if l.times[v]++; l.times[v] > 1 {
			l.shared = l.shared || hasIdentity(v)
			continue
		}
		switch v := v.(type) {
		case *value.ServerReference:
			l.functions = append(l.functions, v)
		case *value.Object:
			if then, ok := v.Get("then"); ok && isTemporary(then) {
				l.thens = append(l.thens, then)
			}
		case *value.Stream:
			l.stream = true
		case *value.FormData:
			if len(v.Entries) > 0 {
				l.forms = append(l.forms, v)
			}
		}
		todo = appendReversed(todo, v)
	}
}

// appendReversed appends what v holds so that the first is taken first.
func appendReversed(todo []value.Value, v value.Value) []value.Value {
	n := len(todo)
	todo = value.AppendChildren(todo, v)
	slices.Reverse(todo[n:])
	return todo
}

// haveLater tells whether there are forms that are not read with the root.
func (l *layout) haveLater(root value.Value) bool {
	first := map[value.Value]bool{}
	atOnce(root, first, func(v value.Value) bool { return !isLater(v) && !isFunction(v) })
	return slices.ContainsFunc(l.forms, func(v value.Value) bool { return !first[v] })
}

// atOnce adds v to seen, and what it holds, but not what is in a value that is
// not to be entered.
func atOnce(v value.Value, seen map[value.Value]bool, enter func(value.Value) bool) {
	for todo := []value.Value{v}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !hasIdentity(v) && !isAsync(v) || seen[v] {
			continue
		}
		seen[v] = true
		if enter(v) {
			todo = value.AppendChildren(todo, v)
		}
	}
}

// waits tells whether React's decoder makes v later than it meets it: bytes,
// and Maps, Sets and iterators with something in them that comes later, or that
// may be a reference. What stands in one place only is looked at for one v only.
func (l *layout) waits(v value.Value) bool {
	if !isOutlined(v) {
		return false
	}
	for todo := []value.Value{v}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, bytes := v.(*value.Bytes); bytes || isFunction(v) {
			return true
		}
		n := len(todo)
		if !isLater(v) {
			todo = value.AppendChildren(todo, v)
		}
		for _, held := range todo[n:] {
			if l.times[held] > 1 {
				return true
			}
		}
	}
	return false
}

// isLater tells which values the decoder leaves for later.
func isLater(v value.Value) bool {
	switch v.(type) {
	case *value.Promise, *value.Stream, *value.Async:
		return true
	}
	return false
}

func isFunction(v value.Value) bool {
	_, ok := v.(*value.ServerReference)
	return ok
}
