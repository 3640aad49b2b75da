package vectors

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/value"
)

// Untagged reads the notation of the vector files (spec reply-format §0), the
// reverse of [Tagged]. Objects that an alias names are the same pointer.
func Untagged(raw []byte) (value.Value, error) {
	n, err := parseTree(raw)
	if err != nil {
		return nil, err
	}
	u := untagger{first: map[string]value.Value{}}
	return u.read(n)
}

// untagger remembers what stands at each path, as text in the form of walk.
type untagger struct {
	path  []byte
	first map[string]value.Value
}

// here remembers v as what stands at the present path, before its content is
// read, so that the content can name it.
func (u *untagger) here(v value.Value) { u.first[string(u.path)] = v }

func (u *untagger) read(n *tree) (value.Value, error) {
	switch n.kind {
	case 'n':
		return value.Null{}, nil
	case 't', 'f':
		return value.Bool(n.kind == 't'), nil
	case '0':
		return value.Number(n.number), nil
	case '"':
		return value.String(n.text), nil
	case '[':
		a := &value.Array{}
		u.here(a)
		var err error
		a.Items, err = u.list(n)
		return a, err
	}
	if n.get("$type") == nil {
		return u.object(n.keys, n.items)
	}
	return u.tagged(n)
}

func (u *untagger) object(keys []string, items []*tree) (*value.Object, error) {
	o := &value.Object{}
	u.here(o)
	for i, k := range keys {
		v, err := u.member(k, items[i])
		if err != nil {
			return nil, err
		}
		o.Members = append(o.Members, value.Member{Key: k, Value: v})
	}
	return o, nil
}

// member reads n one step down.
func (u *untagger) member(key string, n *tree) (value.Value, error) {
	if n == nil {
		return nil, fmt.Errorf("no member %s", key)
	}
	back := len(u.path)
	u.path = value.AppendQuoted(append(u.path, ','), key)
	v, err := u.read(n)
	u.path = u.path[:back]
	return v, err
}

func (u *untagger) list(n *tree) ([]value.Value, error) {
	if n == nil || n.kind != '[' {
		return nil, errors.New("not a list")
	}
	var items []value.Value
	for i, item := range n.items {
		back := len(u.path)
		u.path = strconv.AppendInt(append(u.path, ','), int64(i), 10)
		v, err := u.read(item)
		if err != nil {
			return nil, err
		}
		u.path = u.path[:back]
		items = append(items, v)
	}
	return items, nil
}

// listMember reads the items of a list one step down.
func (u *untagger) listMember(n *tree, key string) ([]value.Value, error) {
	back := len(u.path)
	u.path = value.AppendQuoted(append(u.path, ','), key)
	items, err := u.list(n.get(key))
	u.path = u.path[:back]
	return items, err
}

func (u *untagger) tagged(n *tree) (value.Value, error) {
	switch n.tag() {
	case "undefined":
		return value.Undefined{}, nil
	case "number":
		return number(n.str("value"))
	case "bigint":
		return value.BigInt(n.str("value")), nil
	case "symbol":
		return value.Symbol(n.str("key")), nil
	case "alias":
		return u.alias(n.get("path"))
	case "object":
		return u.entriesObject(n)
	case "call":
		return u.object(n.keys[1:], n.items[1:])
	case "date":
		d := &value.Date{ISO: n.str("value")}
		u.here(d)
		return d, nil
	case "file", "blob", "arraybuffer", "typedarray":
		return u.binary(n)
	case "serverref", "clientref", "tempref", "element":
		return u.reference(n)
	case "error":
		e := errorOf(n)
		u.here(e)
		return e, nil
	}
	return u.container(n)
}

func number(text string) (value.Value, error) {
	switch text {
	case "NaN":
		return value.Number(math.NaN()), nil
	case "Infinity":
		return value.Number(math.Inf(1)), nil
	case "-Infinity":
		return value.Number(math.Inf(-1)), nil
	case "-0":
		return value.Number(math.Copysign(0, -1)), nil
	}
	return nil, fmt.Errorf("number %q", text)
}

func (u *untagger) alias(path *tree) (value.Value, error) {
	var key []byte
	for _, step := range path.items {
		key = append(key, ',')
		if step.kind == '"' {
			key = value.AppendQuoted(key, step.text)
		} else {
			key = value.AppendNumber(key, step.number)
		}
	}
	v, ok := u.first[string(key)]
	if !ok {
		return nil, fmt.Errorf("alias of nothing: [%s]", strings.TrimPrefix(string(key), ","))
	}
	return v, nil
}

// entriesObject reads an object with keys that look like tags.
func (u *untagger) entriesObject(n *tree) (value.Value, error) {
	var keys []string
	var items []*tree
	for _, pair := range n.get("entries").items {
		keys, items = append(keys, pair.items[0].text), append(items, pair.items[1])
	}
	return u.object(keys, items)
}

func (u *untagger) binary(n *tree) (value.Value, error) {
	data, err := base64.StdEncoding.DecodeString(n.str("base64"))
	if err != nil {
		return nil, err
	}
	var v value.Value
	switch n.tag() {
	case "file":
		v = &value.File{Name: n.str("name"), Type: n.str("type"), Data: data}
	case "blob":
		v = &value.File{Type: n.str("type"), Blob: true, Data: data}
	case "arraybuffer":
		v = &value.Bytes{Kind: "ArrayBuffer", Data: data}
	default:
		v = &value.Bytes{Kind: n.str("kind"), Data: data}
	}
	u.here(v)
	return v, nil
}

func (u *untagger) reference(n *tree) (value.Value, error) {
	switch n.tag() {
	case "serverref":
		r := &value.ServerReference{ID: n.str("id")}
		u.here(r)
		if bound := n.get("bound"); bound == nil || bound.kind == 'n' {
			return r, nil
		}
		v, err := u.member("bound", n.get("bound"))
		r.Bound, _ = v.(*value.Array)
		return r, err
	case "clientref":
		r := &value.ClientReference{ID: n.str("id")}
		u.here(r)
		return r, nil
	case "tempref":
		r := &value.TemporaryReference{Position: n.str("ref")}
		u.here(r)
		return r, nil
	}
	e := &value.Element{}
	u.here(e)
	var errs [3]error
	e.Type, errs[0] = u.member("type", n.get("type"))
	e.Key, errs[1] = u.member("key", n.get("key"))
	e.Props, errs[2] = u.member("props", n.get("props"))
	return e, errors.Join(errs[:]...)
}

func errorOf(n *tree) *value.Error {
	if n == nil {
		return nil
	}
	return &value.Error{Name: n.str("name"), Message: n.str("message"), Digest: n.str("digest")}
}
