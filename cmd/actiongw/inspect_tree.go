package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/value"
)

// Bounds of what is shown of one value. Longer ones are cut, and say so.
const (
	maxShownText  = 60  // characters of a string
	maxShownNodes = 500 // values
	maxShownDepth = 24
	maxWholeDepth = 1000 // for whole trees, so that the stack is bounded
)

// treeNode is one value as it is shown, in text and in JSON.
type treeNode struct {
	// Name is the member, index or field that the value stands at.
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	// Text is the value itself, shortened, for values that are one line. It is
	// quoted on terminals if it is a text to the caller as well.
	Text   string `json:"text,omitempty"`
	quoted bool
	// Size is the length of texts and binary data and the number of members.
	Size  *int        `json:"size,omitempty"`
	Items []*treeNode `json:"items,omitempty"`
	// Cut is set when not all items are here.
	Cut bool `json:"cut,omitempty"`
}

// grower turns values into trees. Objects that are met a second time are named
// by the place of the first, so circles end.
type grower struct {
	nodes int
	seen  map[value.Value]string
	path  []string
	// whole is set when nothing is to be shortened.
	whole bool
	// special may show a value in a way of its own.
	special func(v value.Value) *treeNode
}

func newGrower() *grower { return &grower{seen: map[value.Value]string{}} }

// grow returns the tree of one value.
func (g *grower) grow(name string, v value.Value) *treeNode {
	g.nodes++
	g.path = append(g.path, name)
	defer func() { g.path = g.path[:len(g.path)-1] }()
	if g.special != nil {
		if n := g.special(v); n != nil {
			n.Name = name
			return n
		}
	}
	n := g.plain(v)
	if n == nil {
		n = g.branch(v)
	}
	n.Name = name
	return n
}

// plain is the node of a value that has no identity, nil for others.
func (g *grower) plain(v value.Value) *treeNode {
	switch v := v.(type) {
	case nil:
		return &treeNode{Type: "pending"}
	case value.Undefined:
		return &treeNode{Type: "undefined"}
	case value.Null:
		return &treeNode{Type: "null"}
	case value.Bool:
		return &treeNode{Type: "boolean", Text: strconv.FormatBool(bool(v))}
	case value.Number:
		return &treeNode{Type: "number", Text: strconv.FormatFloat(float64(v), 'g', -1, 64)}
	case value.String:
		return &treeNode{Type: "string", Text: g.short(string(v)), quoted: true, Size: size(value.UnitLen(string(v)))}
	case value.BigInt:
		return &treeNode{Type: "bigint", Text: g.short(string(v))}
	case value.Symbol:
		return &treeNode{Type: "symbol", Text: cut(string(v)), quoted: true}
	}
	return nil
}

// branch is the node of a value that has an identity and may hold others.
func (g *grower) branch(v value.Value) *treeNode {
	if at, again := g.seen[v]; again {
		return &treeNode{Type: "same", Text: at}
	}
	g.seen[v] = strings.Join(g.path, ".")
	switch v := v.(type) {
	case *value.Array:
		return g.list("array", v.Items)
	case *value.Set:
		return g.list("set", v.Items)
	case *value.Iterator:
		return g.list("iterator", v.Items)
	case *value.Async:
		return g.list("async iterable", v.Items)
	case *value.Stream:
		return g.list("stream", v.Chunks)
	case *value.Object:
		return g.members("object", len(v.Members), func(i int) (string, value.Value) { return v.Members[i].Key, v.Members[i].Value })
	case *value.FormData:
		return g.members("form data", len(v.Entries), func(i int) (string, value.Value) { return v.Entries[i].Name, v.Entries[i].Value })
	case *value.Map:
		return g.mapNode(v)
	case *value.Promise:
		if v.Rejected != nil {
			return &treeNode{Type: "rejected promise"}
		}
		return g.members("promise", 1, func(int) (string, value.Value) { return "value", v.Value })
	case *value.ServerReference:
		return g.reference(v)
	}
	return leaf(v)
}

// leaf is the node of an object that is shown in one line.
func leaf(v value.Value) *treeNode {
	switch v := v.(type) {
	case *value.Date:
		return &treeNode{Type: "date", Text: v.ISO}
	case *value.Bytes:
		return &treeNode{Type: v.Kind, Size: size(len(v.Data))}
	case *value.File:
		kind := "file"
		if v.Blob {
			kind = "blob"
		}
		return &treeNode{Type: kind, Text: cut(v.Name), quoted: true, Size: size(len(v.Data))}
	case *value.TemporaryReference:
		return &treeNode{Type: "temporary reference"}
	case *value.ClientReference:
		return &treeNode{Type: "client reference", Text: cut(v.ID), quoted: true}
	case *value.Element:
		return &treeNode{Type: "element"}
	case *value.Error:
		return &treeNode{Type: "error"}
	default:
		return &treeNode{Type: strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", v), "*value."))}
	}
}

func (g *grower) list(kind string, items []value.Value) *treeNode {
	return g.members(kind, len(items), func(i int) (string, value.Value) { return strconv.Itoa(i), items[i] })
}

func (g *grower) members(kind string, count int, at func(int) (string, value.Value)) *treeNode {
	n := &treeNode{Type: kind, Size: size(count)}
	for i := range count {
		if !g.whole && (g.nodes >= maxShownNodes || len(g.path) > maxShownDepth) || len(g.path) > maxWholeDepth {
			n.Cut = true
			break
		}
		name, v := at(i)
		n.Items = append(n.Items, g.grow(g.short(name), v))
	}
	return n
}

// mapNode shows a Map as its pairs, for keys can be anything.
func (g *grower) mapNode(m *value.Map) *treeNode {
	return g.members("map", len(m.Entries), func(i int) (string, value.Value) {
		return strconv.Itoa(i), &value.Array{Items: []value.Value{m.Entries[i].Key, m.Entries[i].Value}}
	})
}

func (g *grower) reference(r *value.ServerReference) *treeNode {
	n := &treeNode{Type: "server function", Text: cut(r.ID), quoted: true}
	if r.Bound != nil {
		bound := g.list("bound", r.Bound.Items)
		n.Items, n.Cut = bound.Items, bound.Cut
	}
	return n
}

func size(n int) *int { return &n }

// short cuts a text unless all is to be shown.
func (g *grower) short(s string) string {
	if g.whole {
		return s
	}
	return cut(s)
}

// cut shortens a text to one line's worth.
func cut(s string) string {
	if utf8.RuneCountInString(s) <= maxShownText {
		return s
	}
	return string([]rune(s)[:maxShownText-1]) + "…"
}

// write prints the tree with two spaces for each level.
func (n *treeNode) write(out io.Writer, indent string) {
	line := indent
	if n.Name != "" {
		line += plainName(n.Name) + ": "
	}
	line += n.Type
	if n.quoted { // so that nothing in it is a command to the terminal
		line += " " + strconv.Quote(n.Text)
	} else if n.Text != "" {
		line += " " + n.Text
	}
	if n.Size != nil {
		line += fmt.Sprintf(" (%d)", *n.Size)
	}
	fmt.Fprintln(out, line)
	for _, item := range n.Items {
		item.write(out, indent+"  ")
	}
	if n.Cut {
		fmt.Fprintln(out, indent+"  … more, not shown")
	}
}

// plainName leaves names as they are that cannot be mistaken for anything.
func plainName(s string) string {
	if quoted := strconv.Quote(s); len(quoted) != len(s)+2 || strings.ContainsAny(s, " :") {
		return quoted
	}
	return s
}
