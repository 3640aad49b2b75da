package reply

import (
	"math"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// finish puts what the parts hold into the values that their tags made.
func (p *parser) finish() *reject.Error {
	for i := range p.slots {
		s := &p.slots[i]
		s.raw = resolved(s.raw)
		if err := p.fill(s); err != nil {
			return err
		}
	}
	// Bound arguments are the values of promises, which are known only now.
	for i := range p.slots {
		if f, ok := p.slots[i].made.(*value.ServerReference); ok {
			if err := bind(f, p.slots[i].raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill gives one value its contents (I4: the tag fits the part).
func (p *parser) fill(s *slot) *reject.Error {
	switch made := s.made.(type) {
	case *value.Promise:
		// No promise fulfils with a promise, so there are no circles of promises
		// either (I8; CVE-2025-55184, CVE-2025-67779).
		if _, ok := s.raw.(*value.Promise); ok {
			return badReference("a promise of a promise")
		}
		made.Value = s.raw
	case *value.Map:
		return p.fillMap(made, s)
	case *value.Set:
		a, ok := s.raw.(*value.Array)
		if !ok {
			return badReference("a Set whose part is no array")
		}
		made.Items = a.Items
		if !p.o.Lean {
			made.Items = distinct(a.Items)
		}
	case *value.Iterator:
		a, ok := s.raw.(*value.Array)
		if !ok {
			return badReference("an iterator whose part is no array")
		}
		made.Items = a.Items
	case *value.Stream:
		made.Chunks = s.raw.(*value.Array).Items
	case *value.Async:
		rows := s.raw.(*value.Array).Items
		if chunks := int(s.count) - 1; len(rows) > chunks {
			if _, undefined := rows[chunks].(value.Undefined); !undefined {
				made.Return = rows[chunks]
			}
			rows = rows[:chunks]
		}
		made.Items = rows
	}
	return nil
}

// fillMap reads entries, each an array of two. As in JavaScript a later entry
// of the same key replaces the value of the first.
func (p *parser) fillMap(m *value.Map, s *slot) *reject.Error {
	a, ok := s.raw.(*value.Array)
	if !ok {
		return badReference("a Map whose part is no array")
	}
	for _, item := range a.Items {
		s.odd = s.odd || !isPair(item)
	}
	if s.odd {
		return badReference("a Map with an entry that is no pair")
	}
	switch {
	case len(a.Items) == 0:
		return nil
	case p.o.Lean:
		m.Entries = p.pairs
		return nil
	}
	m.Entries = make([]value.Entry, 0, len(a.Items))
	seen := newKeySet(len(a.Items))
	for _, item := range a.Items {
		pair := item.(*value.Array)
		key := positiveZero(pair.Items[0])
		if at := seen.add(key); at < len(m.Entries) {
			m.Entries[at].Value = pair.Items[1]
			continue
		}
		m.Entries = append(m.Entries, value.Entry{Key: key, Value: pair.Items[1]})
	}
	return nil
}

// isPair reports an array of two.
func isPair(v value.Value) bool {
	pair, ok := v.(*value.Array)
	return ok && len(pair.Items) == 2
}

// distinct drops the members that are in a Set already.
func distinct(items []value.Value) []value.Value {
	kept := make([]value.Value, 0, len(items))
	seen := newKeySet(len(items))
	for _, v := range items {
		if v = positiveZero(v); seen.add(v) == len(kept) {
			kept = append(kept, v)
		}
	}
	return kept
}

// keySet is the set of keys that a Map or Set has, by JavaScript's
// SameValueZero: objects by identity, everything else by value, NaN once.
type keySet struct{ at map[value.Value]int }

// sameNaN stands for NaN in a keySet, where it would differ from itself.
type sameNaN struct{ value.Value }

func newKeySet(n int) keySet { return keySet{make(map[value.Value]int, n)} }

// add returns the number under which key was added first.
func (s keySet) add(key value.Value) int {
	if n, ok := key.(value.Number); ok && math.IsNaN(float64(n)) {
		key = sameNaN{}
	}
	at, ok := s.at[key]
	if !ok {
		at = len(s.at)
		s.at[key] = at
	}
	return at
}

// positiveZero is what a Map or Set makes of a key -0.
func positiveZero(v value.Value) value.Value {
	if n, ok := v.(value.Number); ok && n == 0 {
		return value.Number(0)
	}
	return v
}

// bind reads the part of a function: exactly `{"id":<text>,"bound":null}` or
// a promise of a list in place of the null (I4), of at most 1,000 arguments
// (I15).
func bind(f *value.ServerReference, raw value.Value) *reject.Error {
	o, ok := raw.(*value.Object)
	if !ok || len(o.Members) != 2 || o.Members[0].Key != "id" || o.Members[1].Key != "bound" {
		return badReference("a function whose part has other members than id and bound")
	}
	id, ok := o.Members[0].Value.(value.String)
	if !ok {
		return badReference("a function whose id is no text")
	}
	f.ID = string(id)
	switch bound := o.Members[1].Value.(type) {
	case value.Null:
		return nil
	case *value.Promise:
		list, ok := bound.Value.(*value.Array)
		if !ok {
			return badReference("a function whose bound arguments are no list")
		}
		if len(list.Items) > maxArguments {
			return argumentsExceeded()
		}
		f.Bound = list
		return nil
	}
	return badReference("a function whose bound arguments are no promise")
}
