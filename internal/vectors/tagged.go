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

// Tagged writes a value in the notation of the vector files (spec
// reply-format §0) as canonical JSON: no white space, members of a tag in one
// fixed order, numbers and strings as JSON.stringify writes them. An object
// that was written before, in pre-order, becomes an alias with the path of its
// first place. Compare the result with [CanonicalTagged] of a vector's value.
//
// What a production build of React does not transmit is left out: the name
// "Error", and messages that only say that they were minified. A generator's
// return value undefined counts as none. A promise that never settled has
// neither value nor error.
func Tagged(v value.Value) (string, error) {
	var t tagger
	if err := t.write(v); err != nil {
		return "", err
	}
	return string(t.buf), nil
}

// CanonicalTagged brings the JSON of a vector's value into the form that
// [Tagged] writes. The tag `call` (forms only) is read as a plain object with
// the members id, bound and formData.
func CanonicalTagged(raw []byte) (string, error) {
	v, err := Untagged(raw)
	if err != nil {
		return "", err
	}
	return Tagged(v)
}

// walk is what the writers of both notations share: the text so far and where
// in the value it is.
type walk struct {
	buf []byte
	// path holds the steps from the root as JSON, each after a comma.
	path []byte
	seen map[value.Value]string
}

// met reports whether v was written before, and where. The first time it
// remembers the present place. Primitives have no identity.
func (w *walk) met(v value.Value) (path string, ok bool) {
	switch v.(type) {
	case value.Undefined, value.Null, value.Bool, value.Number, value.String, value.BigInt, value.Symbol:
		return "", false
	}
	if path, ok = w.seen[v]; !ok {
		if w.seen == nil {
			w.seen = map[value.Value]string{}
		}
		w.seen[v] = string(w.path)
	}
	return path, ok
}

// key and index go one step down; back undoes them.
func (w *walk) key(k string) (back int) {
	back = len(w.path)
	w.path = value.AppendQuoted(append(w.path, ','), k)
	return back
}

func (w *walk) index(i int) (back int) {
	back = len(w.path)
	w.path = strconv.AppendInt(append(w.path, ','), int64(i), 10)
	return back
}

func (w *walk) raw(s string)    { w.buf = append(w.buf, s...) }
func (w *walk) quoted(s string) { w.buf = value.AppendQuoted(w.buf, s) }
func (w *walk) base64(b []byte) {
	w.buf = base64.StdEncoding.AppendEncode(append(w.buf, '"'), b)
	w.buf = append(w.buf, '"')
}

// special is the text of a number that JSON cannot write, empty for all others.
func special(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0 && math.Signbit(f):
		return "-0"
	}
	return ""
}

// tagger writes the notation of the vector files.
type tagger struct{ walk }

func (t *tagger) write(v value.Value) error {
	if path, again := t.met(v); again {
		t.raw(`{"$type":"alias","path":[` + strings.TrimPrefix(path, ",") + `]}`)
		return nil
	}
	switch v := v.(type) {
	case value.Undefined:
		t.raw(`{"$type":"undefined"}`)
	case value.Null:
		t.raw("null")
	case value.Bool:
		t.raw(strconv.FormatBool(bool(v)))
	case value.Number:
		if s := special(float64(v)); s != "" {
			t.raw(`{"$type":"number","value":"` + s + `"}`)
		} else {
			t.buf = value.AppendNumber(t.buf, float64(v))
		}
	case value.String:
		t.quoted(string(v))
	case value.BigInt:
		t.raw(`{"$type":"bigint","value":"` + string(v) + `"}`)
	case value.Symbol:
		t.raw(`{"$type":"symbol","key":`)
		t.quoted(string(v))
		t.raw("}")
	case *value.Array:
		return t.list(v.Items)
	case *value.Object:
		return t.object(v)
	default:
		return t.tag(v)
	}
	return nil
}

// tag writes what JSON has no word for.
func (t *tagger) tag(v value.Value) error {
	t.raw(`{"$type":`)
	err := t.members(v)
	t.raw("}")
	return err
}

func (t *tagger) members(v value.Value) error {
	switch v := v.(type) {
	case *value.Date:
		t.date(v)
	case *value.Map:
		t.raw(`"map"`)
		return t.entries(len(v.Entries), func(i int) (value.Value, value.Value) { return v.Entries[i].Key, v.Entries[i].Value })
	case *value.FormData:
		t.raw(`"formdata"`)
		return t.entries(len(v.Entries), func(i int) (value.Value, value.Value) {
			return value.String(v.Entries[i].Name), v.Entries[i].Value
		})
	case *value.Set:
		t.raw(`"set"`)
		return t.listMember("values", v.Items)
	case *value.Iterator:
		t.raw(`"iterator"`)
		return t.listMember("values", v.Items)
	case *value.File, *value.Bytes:
		t.binary(v)
	case *value.Promise:
		t.raw(`"promise"`)
		return t.settled(v.Value, v.Rejected)
	case *value.Lazy:
		t.raw(`"lazy"`)
		return t.settled(v.Value, v.Failed)
	case *value.Stream:
		t.raw(`"readablestream"`)
		if err := t.listMember("chunks", v.Chunks); err != nil {
			return err
		}
		return t.settled(nil, v.Failed)
	case *value.Async:
		return t.async(v)
	case *value.Error:
		t.raw(`"error"`)
		t.errorMembers(v)
	default:
		return t.reference(v)
	}
	return nil
}

func (t *tagger) reference(v value.Value) error {
	switch v := v.(type) {
	case *value.ServerReference:
		t.raw(`"serverref","id":`)
		t.quoted(v.ID)
		if v.Bound == nil {
			t.raw(`,"bound":null`)
			return nil
		}
		return t.member("bound", v.Bound)
	case *value.ClientReference:
		t.raw(`"clientref","id":`)
		t.quoted(v.ID)
	case *value.TemporaryReference:
		t.raw(`"tempref","ref":`)
		t.quoted(v.Position)
	case *value.Element:
		t.raw(`"element"`)
		return errors.Join(t.member("type", v.Type), t.member("key", v.Key), t.member("props", v.Props))
	default:
		return fmt.Errorf("no tag for %T", v)
	}
	return nil
}

func (t *tagger) date(d *value.Date) {
	t.raw(`"date","value":`)
	if d.ISO == "" {
		t.raw("null")
	} else {
		t.quoted(d.ISO)
	}
}

func (t *tagger) binary(v value.Value) {
	switch v := v.(type) {
	case *value.File:
		if v.Blob {
			t.raw(`"blob"`)
		} else {
			t.raw(`"file","name":`)
			t.quoted(v.Name)
		}
		t.raw(`,"type":`)
		t.quoted(v.Type)
		t.raw(`,"base64":`)
		t.base64(v.Data)
	case *value.Bytes:
		if v.Kind == "ArrayBuffer" {
			t.raw(`"arraybuffer"`)
		} else {
			t.raw(`"typedarray","kind":`)
			t.quoted(v.Kind)
		}
		t.raw(`,"base64":`)
		t.base64(v.Data)
	}
}

func (t *tagger) async(a *value.Async) error {
	if a.Iterator {
		t.raw(`"asynciterator"`)
	} else {
		t.raw(`"asynciterable"`)
	}
	if err := t.listMember("values", a.Items); err != nil {
		return err
	}
	if _, none := a.Return.(value.Undefined); a.Return != nil && !none {
		if err := t.member("return", a.Return); err != nil {
			return err
		}
	}
	return t.settled(nil, a.Failed)
}

// settled writes a value or an error, or nothing for neither.
func (t *tagger) settled(v value.Value, failed *value.Error) error {
	if v != nil {
		return t.member("value", v)
	}
	if failed != nil {
		t.raw(`,"error":{"$type":"error"`)
		t.errorMembers(failed)
		t.raw("}")
	}
	return nil
}

func (t *tagger) errorMembers(e *value.Error) {
	if e.Name != "" && e.Name != "Error" {
		t.raw(`,"name":`)
		t.quoted(e.Name)
	}
	if e.Message != "" && !strings.HasPrefix(e.Message, "Minified React error #") {
		t.raw(`,"message":`)
		t.quoted(e.Message)
	}
	if e.Digest != "" {
		t.raw(`,"digest":`)
		t.quoted(e.Digest)
	}
}

// object writes a plain object; where a key looks like a tag, as entries.
func (t *tagger) object(o *value.Object) error {
	for _, m := range o.Members {
		if strings.HasPrefix(m.Key, "$") {
			t.raw(`{"$type":"object","entries":[`)
			err := t.pairs(o)
			t.raw("]}")
			return err
		}
	}
	t.raw("{")
	for i, m := range o.Members {
		if i > 0 {
			t.raw(",")
		}
		t.quoted(m.Key)
		t.raw(":")
		if err := t.at(t.key(m.Key), m.Value); err != nil {
			return err
		}
	}
	t.raw("}")
	return nil
}

func (t *tagger) pairs(o *value.Object) error {
	for i, m := range o.Members {
		if i > 0 {
			t.raw(",")
		}
		t.raw("[")
		t.quoted(m.Key)
		t.raw(",")
		if err := t.at(t.key(m.Key), m.Value); err != nil {
			return err
		}
		t.raw("]")
	}
	return nil
}

// at writes v one step down and goes back up.
func (t *tagger) at(back int, v value.Value) error {
	err := t.write(v)
	t.path = t.path[:back]
	return err
}

func (t *tagger) member(name string, v value.Value) error {
	t.raw(`,"` + name + `":`)
	return t.at(t.key(name), v)
}

func (t *tagger) listMember(name string, items []value.Value) error {
	t.raw(`,"` + name + `":`)
	back := t.key(name)
	err := t.list(items)
	t.path = t.path[:back]
	return err
}

func (t *tagger) list(items []value.Value) error {
	t.raw("[")
	for i, v := range items {
		if i > 0 {
			t.raw(",")
		}
		if err := t.at(t.index(i), v); err != nil {
			return err
		}
	}
	t.raw("]")
	return nil
}

// entries writes n pairs, each a list of two one step below its index.
func (t *tagger) entries(n int, pair func(int) (value.Value, value.Value)) error {
	t.raw(`,"entries":[`)
	top := t.key("entries")
	for i := range n {
		if i > 0 {
			t.raw(",")
		}
		k, v := pair(i)
		back := t.index(i)
		err := t.list([]value.Value{k, v})
		t.path = t.path[:back]
		if err != nil {
			return err
		}
	}
	t.path = t.path[:top]
	t.raw("]")
	return nil
}
