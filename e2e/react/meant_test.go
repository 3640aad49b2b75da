//go:build e2e

package react

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// A matching compares what was read with what the client meant.
//
// Identity may be lost on the way, where the encoder has no name for a place,
// but never invented: an object that was read is one object of the client, in
// every place. Circles are compared once.
type matching struct {
	// client is the client's object for each one that was read.
	client    map[value.Value]value.Value
	positions map[string]string
	next      []pair
	// react is set when the other value is no client's but React's reading of the
	// same body; then no identity may be lost either, and read is ours for each
	// one of React's.
	react *decoder
	read  map[value.Value]value.Value
	// old is set for Next.js 14, whose decoder keeps members named __proto__.
	old bool
}

// A pair is a value that was read, what was meant, and where it stands.
type pair struct {
	read, meant value.Value
	path        string
}

// meansTheSame returns an error where a value is not what a client meant.
func meansTheSame(read value.Value, s sending, old bool) error {
	meant, err := vectors.Untagged([]byte(s.Meant))
	if err != nil {
		return fmt.Errorf("codec.mjs: %w", err)
	}
	positions := map[string]string{}
	for literal, name := range s.Positions {
		position, _ := value.Unquote([]byte(literal))
		positions[position] = name
	}
	m := matching{client: map[value.Value]value.Value{}, positions: positions, old: old}
	m.next = []pair{{read, meant, "root"}}
	return m.run()
}

func (m *matching) run() error {
	for len(m.next) > 0 {
		p := m.next[len(m.next)-1]
		m.next = m.next[:len(m.next)-1]
		if err := m.match(p); err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
	}
	return nil
}

func (m *matching) match(p pair) error {
	if m.react != nil && m.react.reads(p.read, p.meant) {
		return nil
	}
	if m.react == nil {
		p.meant = sent(p.meant)
	}
	if m.met(p) {
		return nil
	}
	if known, ok := m.client[p.read]; ok && known != p.meant && !isPrimitive(p.read) && (m.react == nil || !m.react.another(p.read)) {
		return fmt.Errorf("one %T stands for two", p.read)
	}
	if m.twoForOne(p) {
		return fmt.Errorf("two %T are one", p.read)
	}
	switch read := p.read.(type) {
	case *value.Array:
		if meant, ok := p.meant.(*value.Array); ok {
			return m.items(p, read.Items, meant.Items)
		}
	case *value.Set:
		if meant, ok := p.meant.(*value.Set); ok {
			return m.set(p, read.Items, meant.Items)
		}
	case *value.Iterator:
		if meant, ok := p.meant.(*value.Iterator); ok {
			return m.items(p, read.Items, meant.Items)
		}
	case *value.Stream:
		if meant, ok := p.meant.(*value.Stream); ok {
			return m.items(p, read.Chunks, chunks(meant, read))
		}
	case *value.Promise:
		if meant, ok := p.meant.(*value.Promise); ok {
			m.add(p, "value", read.Value, meant.Value)
			return nil
		}
	case *value.Object:
		if meant, ok := p.meant.(*value.Object); ok {
			return m.object(p, read, meant)
		}
	default:
		return m.rest(p)
	}
	return differ(p)
}

// rest compares what has less structure.
func (m *matching) rest(p pair) error {
	switch read := p.read.(type) {
	case *value.Map:
		if meant, ok := p.meant.(*value.Map); ok {
			return m.entries(p, read.Entries, meant.Entries)
		}
	case *value.FormData:
		if meant, ok := p.meant.(*value.FormData); ok && len(read.Entries) == len(meant.Entries) {
			return m.form(p, read, meant)
		}
	case *value.Async:
		if meant, ok := p.meant.(*value.Async); ok && read.Iterator == meant.Iterator {
			m.add(p, "return", orUndefined(read.Return), orUndefined(meant.Return))
			return m.items(p, read.Items, meant.Items)
		}
	case *value.ServerReference:
		if meant, ok := p.meant.(*value.ServerReference); ok && read.ID == meant.ID && (read.Bound == nil) == (meant.Bound == nil) {
			switch {
			case read.Bound == nil:
				return nil
			case m.react != nil:
				m.react.list(read.Bound)
				return m.items(p, read.Bound.Items, meant.Bound.Items)
			}
			m.add(p, "bound", read.Bound, meant.Bound)
			return nil
		}
	case *value.File:
		if meant, ok := p.meant.(*value.File); ok && sameFile(read, meant) {
			return nil
		}
	case *value.TemporaryReference:
		if meant, ok := p.meant.(*value.TemporaryReference); ok && (m.react != nil && read.Position == meant.Position || m.react == nil && m.knows(read.Position, meant.Position)) {
			return nil
		}
	default:
		return leaf(p)
	}
	return differ(p)
}

// knows reports whether the client finds its value by a position. Of one that
// it has written in two places it may know one position.
func (m *matching) knows(position, name string) bool {
	if known, ok := m.positions[position]; ok {
		return known == name
	}
	return slices.Contains(slices.Collect(maps.Values(m.positions)), name)
}

// met reports whether this pair of objects was compared before, and remembers
// what the other's object is.
func (m *matching) met(p pair) bool {
	if isPrimitive(p.read) {
		return false
	}
	known, ok := m.client[p.read]
	if !ok {
		m.client[p.read] = p.meant
	}
	return ok && known == p.meant
}

// twoForOne reports whether an object of React's stands for two of ours.
func (m *matching) twoForOne(p pair) bool {
	if m.react == nil || isPrimitive(p.meant) {
		return false
	}
	known, ok := m.read[p.meant]
	m.read[p.meant] = p.read
	return ok && known != p.read
}

func (m *matching) add(p pair, step string, read, meant value.Value) {
	m.next = append(m.next, pair{read, meant, p.path + " > " + step})
}

func (m *matching) items(p pair, read, meant []value.Value) error {
	if len(read) != len(meant) {
		return fmt.Errorf("%d items of %d", len(read), len(meant))
	}
	for i := range read {
		m.add(p, fmt.Sprint(i), read[i], meant[i])
	}
	return nil
}

// set knows that what differs for the client may be the same for the server:
// a URL and its text, an invalid date and null.
func (m *matching) set(p pair, read, meant []value.Value) error {
	if m.react != nil {
		return m.items(p, m.react.distinct(read, meant), meant)
	}
	var kept []value.Value
	for _, v := range meant {
		if v = sent(v); !isPrimitive(v) || !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return m.items(p, read, kept)
}

// entries is set for Maps, where a later entry replaces the value of the first.
func (m *matching) entries(p pair, read, meant []value.Entry) error {
	if m.react != nil {
		read = m.react.distinctEntries(read, meant)
	} else {
		meant = replaced(meant, sent)
	}
	if len(read) != len(meant) {
		return fmt.Errorf("%d entries of %d", len(read), len(meant))
	}
	for i, e := range read {
		m.add(p, fmt.Sprintf("key %d", i), e.Key, meant[i].Key)
		m.add(p, fmt.Sprintf("value %d", i), e.Value, meant[i].Value)
	}
	return nil
}

// replaced are the entries of a Map once its keys have become others.
func replaced(entries []value.Entry, key func(value.Value) value.Value) (kept []value.Entry) {
	at := map[value.Value]int{}
	for _, e := range entries {
		e.Key = key(e.Key)
		if i, ok := at[e.Key]; ok {
			kept[i].Value = e.Value
			continue
		}
		at[e.Key] = len(kept)
		kept = append(kept, e)
	}
	return kept
}

// sent is what becomes of a value by its toJSON method.
func sent(v value.Value) value.Value {
	if d, ok := v.(*value.Date); ok && d.ISO == "" {
		return value.Null{}
	}
	return v
}

// object leaves out the members that the server does not get: those that are
// undefined and those named __proto__ (spec reply-format §3, §9).
func (m *matching) object(p pair, read, meant *value.Object) error {
	members := slices.DeleteFunc(slices.Clone(meant.Members), func(member value.Member) bool {
		_, undefined := member.Value.(value.Undefined)
		return undefined || member.Key == "__proto__" && !m.old
	})
	ours := read.Members
	if m.react != nil {
		ours = m.react.members(ours)
	}
	if len(members) != len(ours) {
		return fmt.Errorf("%d members of %d", len(ours), len(members))
	}
	for i, member := range ours {
		if member.Key != members[i].Key {
			return fmt.Errorf("member %q, want %q", member.Key, members[i].Key)
		}
		m.add(p, member.Key, member.Value, members[i].Value)
	}
	return nil
}

func (m *matching) form(p pair, read, meant *value.FormData) error {
	if m.react != nil {
		return m.react.form(read, meant)
	}
	for i, e := range read.Entries {
		if want := onWire(meant.Entries[i].Name); e.Name != want {
			return fmt.Errorf("field %q, want %q", e.Name, want)
		}
		want := meant.Entries[i].Value
		if s, ok := want.(value.String); ok {
			want = value.String(lineEnds(string(s)))
		}
		m.add(p, fmt.Sprint(i), e.Value, want)
	}
	return nil
}

// lineEnds makes every line end in a text of a form CRLF, as browsers do.
func lineEnds(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// onWire is a field or file name as browsers write it.
func onWire(s string) string {
	return strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A").Replace(lineEnds(s))
}

// chunks are those that the client's stream has. One of bytes is read in one
// piece, or not at all when there is nothing in it.
func chunks(meant, read *value.Stream) []value.Value {
	if len(meant.Chunks) == 1 && len(read.Chunks) == 0 {
		if b, ok := meant.Chunks[0].(*value.Bytes); ok && len(b.Data) == 0 {
			return nil
		}
	}
	return meant.Chunks
}

// sameFile knows that a Blob is sent as a file named "blob", and that no type
// becomes one.
func sameFile(read, meant *value.File) bool {
	name, mime := onWire(meant.Name), meant.Type
	if meant.Blob {
		name = "blob"
	}
	if mime == "" {
		mime = "application/octet-stream"
	}
	return read.Name == name && read.Type == mime && bytes.Equal(read.Data, meant.Data)
}

func orUndefined(v value.Value) value.Value {
	if v == nil {
		return value.Undefined{}
	}
	return v
}

// leaf compares what holds nothing else.
func leaf(p pair) error {
	read, err := vectors.Tagged(p.read)
	if err != nil {
		return err
	}
	if meant, err := vectors.Tagged(p.meant); err != nil || read != meant {
		return differ(p)
	}
	return nil
}

func differ(p pair) error {
	read, _ := vectors.Tagged(p.read)
	meant, _ := vectors.Tagged(p.meant)
	return fmt.Errorf("got %T %.200s, meant %T %.200s", p.read, read, p.meant, meant)
}
