//go:build e2e

package react

import (
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// A defect is what React's decoder makes of some values that its own client
// sends. Such values are counted instead of compared.
type defect string

const (
	none defect = ""
	// A byte stream without bytes has a row of zero bytes, which no byte stream
	// can be given; the decoder's stream never ends.
	emptyByteStream defect = "a stream of no bytes never ends"
	// What holds a function waits for its bound arguments, and those wait when
	// they are found in what holds the function.
	ownArgument defect = "a function bound to what stands elsewhere never ends"
	// A reference is null when what it names is not there yet: inside of a Map,
	// Set or iterator that is being read, or to the bytes of an array.
	nullInside defect = "a reference to a Map, Set, iterator or bytes is null"
	// Releases before 19.2.9 read the fields of a form name by name, and texts
	// that come after a file may come later.
	fieldOrder defect = "the fields of a form come in another order"
	// Changed bodies alone have these: what was not there when it was looked for.
	forward defect = "a reference to a later part is an error"
	// Next.js 14 throws null when a function inside of something is not there yet.
	boundInside defect = "a function inside of a Map or Set throws null"
	// A decoder that has the whole body reads the rows of a stream when it meets
	// the stream, one that does not reads them later. Forms in rows and elsewhere
	// then stand in the wrong order for one of them, and a row that leads back to
	// what is being read is never read.
	formInRow defect = "a row of a stream is read too early in a whole body"
)

// defectIn looks for a reason why React reads other than we do. The reading may
// be one of a body that was there as a whole.
func defectIn(v value.Value, r reading, wire reply.Wire, whole bool) defect {
	g := graph{seen: map[value.Value]bool{}}
	g.walk(v)
	switch {
	case r.Error == "never ends" && g.noBytes:
		return emptyByteStream
	case r.Error == "never ends" && g.leadsBack(v):
		return ownArgument
	case r.Error == "" && whole && g.formInRow, r.Error == "never ends" && whole && g.rows:
		return formInRow
	case r.Error == "Invalid forward reference.":
		return forward
	case r.Error == "null" && wire == reply.Next14 && len(g.functions) > 0:
		return boundInside
	case r.Error != "":
		return none
	}
	nulls, moved := onlyThese(v, r.Value)
	switch {
	case nulls && !g.containers, moved && wire == reply.Current:
		return none
	case nulls:
		return nullInside
	case moved:
		return fieldOrder
	}
	return none
}

// A graph is what was met in a value.
type graph struct {
	seen                map[value.Value]bool
	functions           []*value.ServerReference
	forms               int
	noBytes, containers bool
	formInRow, inRow    bool
	rows                bool
}

func (g *graph) walk(root value.Value) {
	for todo := []value.Value{root}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if isPrimitive(v) || g.seen[v] {
			continue
		}
		g.seen[v] = true
		switch v := v.(type) {
		case *value.ServerReference:
			g.functions = append(g.functions, v)
		case *value.Map, *value.Set, *value.Iterator, *value.Bytes:
			g.containers = true
		case *value.FormData:
			g.forms++
		case *value.Async:
			g.row(inside(v))
		case *value.Stream:
			g.row(v.Chunks)
			if len(v.Chunks) == 1 {
				b, ok := v.Chunks[0].(*value.Bytes)
				g.noBytes = g.noBytes || ok && len(b.Data) == 0
			}
		}
		todo = append(todo, inside(v)...)
	}
}

// row looks for forms in what comes in rows.
func (g *graph) row(values []value.Value) {
	g.rows = true
	if g.inRow {
		return
	}
	row := graph{seen: map[value.Value]bool{}, inRow: true}
	for _, v := range values {
		row.walk(v)
	}
	g.formInRow = g.formInRow || row.forms > 0
}

// leadsBack reports whether the arguments of a function lead to something that
// can be reached without it.
func (g *graph) leadsBack(root value.Value) bool {
	for _, f := range g.functions {
		outside := graph{seen: map[value.Value]bool{f: true}}
		outside.walk(root)
		arguments := graph{seen: map[value.Value]bool{}}
		for _, v := range inside(f) {
			arguments.walk(v)
		}
		for v := range arguments.seen {
			if outside.seen[v] {
				return true
			}
		}
	}
	return false
}

func isPrimitive(v value.Value) bool {
	switch v.(type) {
	case nil, value.Undefined, value.Null, value.Bool, value.Number, value.String, value.BigInt, value.Symbol:
		return true
	}
	return false
}

// inside are the values that v holds.
func inside(v value.Value) (all []value.Value) {
	switch v := v.(type) {
	case *value.Array:
		return v.Items
	case *value.Set:
		return v.Items
	case *value.Iterator:
		return v.Items
	case *value.Stream:
		return v.Chunks
	case *value.Promise:
		return []value.Value{v.Value}
	case *value.Async:
		return append(v.Items[:len(v.Items):len(v.Items)], v.Return)
	case *value.ServerReference:
		if v.Bound != nil {
			return []value.Value{v.Bound}
		}
	case *value.Object:
		for _, m := range v.Members {
			all = append(all, m.Value)
		}
	case *value.Map:
		for _, e := range v.Entries {
			all = append(all, e.Key, e.Value)
		}
	}
	return all
}

// onlyThese reports whether React reads what we do but for objects that it
// reads as null and for forms in another order, and whether there are any.
func onlyThese(ours value.Value, theirs string) (nulls, moved bool) {
	other, err := vectors.Untagged([]byte(theirs))
	if err != nil {
		return false, false
	}
	m := matching{client: map[value.Value]value.Value{}, same: true, old: true}
	m.next = []pair{{ours, other, "root"}}
	if m.run() != nil {
		return false, false
	}
	return m.nulls > 0, m.moved > 0
}
