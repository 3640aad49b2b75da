package vectors

import (
	"fmt"

	"github.com/actiongw/actiongw/internal/value"
)

// container reads the tags that hold other values.
func (u *untagger) container(n *tree) (v value.Value, err error) {
	switch n.tag() {
	case "map":
		m := &value.Map{}
		u.here(m)
		err = u.entries(n, func(k, v value.Value) { m.Entries = append(m.Entries, value.Entry{Key: k, Value: v}) })
		return m, err
	case "formdata":
		f := &value.FormData{}
		u.here(f)
		err = u.entries(n, func(k, v value.Value) {
			name, _ := k.(value.String)
			f.Entries = append(f.Entries, value.FormEntry{Name: string(name), Value: v})
		})
		return f, err
	case "set":
		s := &value.Set{}
		u.here(s)
		s.Items, err = u.listMember(n, "values")
		return s, err
	case "iterator":
		i := &value.Iterator{}
		u.here(i)
		i.Items, err = u.listMember(n, "values")
		return i, err
	}
	return u.later(n)
}

// later reads the tags of what settles or arrives over time.
func (u *untagger) later(n *tree) (v value.Value, err error) {
	failed := errorOf(n.get("error"))
	switch n.tag() {
	case "promise":
		p := &value.Promise{Rejected: failed}
		u.here(p)
		if n.get("value") != nil {
			p.Value, err = u.member("value", n.get("value"))
		}
		return p, err
	case "lazy":
		l := &value.Lazy{Failed: failed}
		u.here(l)
		if n.get("value") != nil {
			l.Value, err = u.member("value", n.get("value"))
		}
		return l, err
	case "readablestream":
		s := &value.Stream{Failed: failed}
		u.here(s)
		s.Chunks, err = u.listMember(n, "chunks")
		return s, err
	case "asynciterable", "asynciterator":
		a := &value.Async{Iterator: n.tag() == "asynciterator", Failed: failed}
		u.here(a)
		if a.Items, err = u.listMember(n, "values"); err == nil && n.get("return") != nil {
			a.Return, err = u.member("return", n.get("return"))
		}
		return a, err
	}
	return nil, fmt.Errorf("unknown tag %q", n.tag())
}

// entries reads the pairs of a Map or FormData and hands each to add at once,
// so that a later pair can name an earlier one.
func (u *untagger) entries(n *tree, add func(k, v value.Value)) error {
	list := n.get("entries")
	if list == nil || list.kind != '[' {
		return fmt.Errorf("%s without entries", n.tag())
	}
	top := u.path
	for i, pair := range list.items {
		u.path = fmt.Appendf(top[:len(top):len(top)], ",\"entries\",%d", i)
		kv, err := u.list(pair)
		if err != nil {
			return err
		}
		if len(kv) != 2 {
			return fmt.Errorf("%s entry of %d items", n.tag(), len(kv))
		}
		add(kv[0], kv[1])
	}
	u.path = top
	return nil
}
