package flight_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/value"
)

// A generator makes random values of every kind that Append can write, with
// shared objects and cycles.
type generator struct {
	rand *rand.Rand
	// made are the objects so far, any of which may be used again.
	made []value.Value
	left int
	// plain leaves out what the lab's decoder cannot look into.
	plain bool
}

func newGenerator(seed uint64) *generator {
	return &generator{rand: rand.New(rand.NewPCG(seed, 1)), left: 40}
}

func (g *generator) any() value.Value {
	g.left--
	if g.left < 0 || g.rand.IntN(3) == 0 {
		return g.primitive()
	}
	if len(g.made) > 0 && g.rand.IntN(5) == 0 {
		again := g.made[g.rand.IntN(len(g.made))]
		// React's client makes a new function of every reference to one.
		if _, function := again.(*value.ServerReference); !function || !g.plain {
			return again
		}
	}
	return g.object()
}

func (g *generator) primitive() value.Value {
	switch g.rand.IntN(9) {
	case 0:
		return value.Undefined{}
	case 1:
		return value.Null{}
	case 2:
		return value.Bool(g.rand.IntN(2) == 0)
	case 3:
		specials := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1e21, 5e-324, -1.5e-7}
		return value.Number(specials[g.rand.IntN(len(specials))])
	case 4:
		return value.Number(g.rand.IntN(1000))
	case 5:
		return value.BigInt([]string{"0", "-5", "900719925474099312345"}[g.rand.IntN(3)])
	case 6:
		return value.Symbol([]string{"a", "$b", "é"}[g.rand.IntN(3)])
	}
	return value.String(g.text())
}

func (g *generator) text() string {
	texts := []string{"", "a", "$", "$$", "$1", "$Q1", "@", "é😀", "\"\\\n\x00\u2028", "0:1\n", "a:b", "\xed\xa0\x80", "x\xed\xbf\xbf", "__proto", "length", "0"}
	s := texts[g.rand.IntN(len(texts))]
	if g.rand.IntN(30) == 0 {
		for len(s) < 1100 {
			s += "long " + texts[g.rand.IntN(10)]
		}
	}
	return s
}

// formText is a text without lone surrogates: FormData cannot hold them.
func (g *generator) formText() string { return strings.ToValidUTF8(g.text(), "?") }

// object makes an object and knows it before its content is made, so that
// the content can refer to it.
func (g *generator) object() value.Value {
	switch g.rand.IntN(12) {
	case 0, 1:
		a := &value.Array{}
		g.made = append(g.made, a)
		a.Items = g.list()
		return a
	case 2, 3:
		o := &value.Object{}
		g.made = append(g.made, o)
		for range g.rand.IntN(4) {
			// Members that are undefined do not arrive.
			key, v := g.text(), g.any()
			if _, none := v.(value.Undefined); none {
				continue
			}
			if _, twice := o.Get(key); !twice && key != "0" {
				o.Members = append(o.Members, value.Member{Key: key, Value: v})
			}
		}
		return o
	case 4:
		return g.keep(&value.Date{ISO: "2024-02-29T12:34:56.789Z"})
	case 5:
		m := &value.Map{}
		for range g.rand.IntN(3) {
			if key := g.key(); !slices.ContainsFunc(m.Entries, func(e value.Entry) bool { return same(e.Key, key) }) {
				m.Entries = append(m.Entries, value.Entry{Key: key, Value: g.any()})
			}
		}
		return g.keep(m)
	case 6:
		s := &value.Set{}
		for range g.rand.IntN(4) {
			v := g.key()
			if !slices.ContainsFunc(s.Items, func(w value.Value) bool { return same(v, w) }) {
				s.Items = append(s.Items, v)
			}
		}
		return g.keep(s)
	case 7:
		f := &value.FormData{}
		for range g.rand.IntN(3) {
			f.Entries = append(f.Entries, value.FormEntry{Name: g.formText(), Value: value.String(g.formText())})
		}
		if g.rand.IntN(2) == 0 {
			f.Entries = append(f.Entries, value.FormEntry{Name: "f", Value: &value.File{Name: "blob", Type: "text/plain", Data: []byte("\n0:[1]\n")}})
		}
		return g.keep(f)
	case 8:
		kinds := []string{"ArrayBuffer", "Uint8Array", "Int8Array", "Float64Array", "DataView"}
		return g.keep(&value.Bytes{Kind: kinds[g.rand.IntN(len(kinds))], Data: []byte("\n\xff12345\x00")[:8*g.rand.IntN(2)]})
	case 9:
		return g.keep(&value.File{Blob: true, Type: "a/b", Data: []byte("xyz")[:g.rand.IntN(4)]})
	case 10:
		p := &value.Promise{Rejected: &value.Error{Digest: g.text()}}
		if g.rand.IntN(3) > 0 {
			p.Rejected = nil
			for p.Value == nil || isPromise(p.Value) {
				p.Value = g.any()
			}
		}
		return g.keep(p)
	}
	return g.later()
}

// key is a value that a Map or Set keeps as it is: not -0, which becomes 0.
func (g *generator) key() value.Value {
	v := g.any()
	if n, ok := v.(value.Number); ok && n == 0 {
		return value.Number(0)
	}
	return v
}

// same tells what a Map takes for one key: it knows one NaN.
func same(a, b value.Value) bool {
	m, ok1 := a.(value.Number)
	n, ok2 := b.(value.Number)
	return a == b || ok1 && ok2 && (m != m && n != n)
}

func isPromise(v value.Value) bool { _, ok := v.(*value.Promise); return ok }

// later makes what arrives over time, and what runs or renders.
func (g *generator) later() value.Value {
	switch g.rand.IntN(6) {
	case 0:
		s := &value.Stream{Chunks: g.list()}
		if g.rand.IntN(3) == 0 {
			s = &value.Stream{Binary: true, Chunks: []value.Value{&value.Bytes{Kind: "Uint8Array", Data: []byte("1\n")}}}
		}
		return g.keep(s)
	case 1:
		a := &value.Async{Iterator: g.rand.IntN(2) == 0, Items: g.list()}
		if g.rand.IntN(2) == 0 {
			a.Return = value.String(g.text())
		} else if g.rand.IntN(2) == 0 {
			a.Failed = &value.Error{Digest: "d"}
		}
		return g.keep(a)
	case 2:
		return g.keep(&value.Iterator{Items: g.list()})
	case 3:
		return g.keep(&value.Error{})
	case 4:
		if g.plain {
			return g.keep(&value.ServerReference{ID: g.text()})
		}
		return g.keep(&value.ServerReference{ID: g.text(), Bound: &value.Array{Items: g.list()}})
	}
	if g.plain {
		return g.primitive()
	}
	e := &value.Element{Type: value.String("p"), Key: value.Null{}, Props: &value.Object{}}
	if g.rand.IntN(2) == 0 {
		e.Props = &value.Lazy{Value: g.any()}
	}
	return g.keep(e)
}

func (g *generator) keep(v value.Value) value.Value {
	g.made = append(g.made, v)
	return v
}

func (g *generator) list() []value.Value {
	var items []value.Value
	for range g.rand.IntN(4) {
		items = append(items, g.any())
	}
	return items
}
