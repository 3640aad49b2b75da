package reply

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/value"
)

// errNotSettled is a value that had an error where a reply has a value.
var errNotSettled = errors.New("a reply cannot carry a promise or stream that failed")

// value appends v at a spot: a primitive, a tag, or an object in full or, when
// it was written before, the reference to it. An object that stands in several
// places becomes a part of its own, as the client writes a resolved lazy value,
// when it is to be alone or the first place has no reference; so does a
// temporary reference, which must have a position.
func (e *encoder) value(dst []byte, v value.Value, at spot) ([]byte, error) {
	if hasIdentity(v) || isAsync(v) {
		ref, ok := e.refs[v]
		switch {
		case ok:
			return e.reference(dst, ref)
		case isAsync(v):
			return e.async(dst, v)
		case e.alone[v], at.at == nil && (e.times[v] > 1 || isTemporary(v)):
			p := e.newPart(owner{v, true})
			if err := e.whole(v, p); err != nil {
				return nil, err
			}
			return value.AppendQuoted(dst, p.text("$")), nil
		case at.at != nil:
			e.refs[v] = at.at
		}
		return e.object(dst, v, at)
	}
	return e.primitive(dst, v)
}

func isTemporary(v value.Value) bool {
	_, ok := v.(*value.TemporaryReference)
	return ok
}

// primitive appends what has no identity.
func (e *encoder) primitive(dst []byte, v value.Value) ([]byte, error) {
	switch v := v.(type) {
	case value.Undefined:
		return append(dst, `"$undefined"`...), nil
	case value.Null:
		return append(dst, "null"...), nil
	case value.Bool:
		return strconv.AppendBool(dst, bool(v)), nil
	case value.Number:
		return appendNumber(dst, float64(v)), nil
	case value.String:
		if v != "" && v[0] == '$' {
			v = "$" + v
		}
		return value.AppendQuoted(dst, string(v)), nil
	case value.BigInt:
		return append(append(append(dst, `"$n`...), v...), '"'), nil
	case *value.Date:
		if v.ISO == "" { // an invalid date's toJSON
			return append(dst, "null"...), nil
		}
		return append(append(append(dst, `"$D`...), v.ISO...), '"'), nil
	case value.Symbol:
		if e.wire == Next14 {
			return value.AppendQuoted(dst, "$S"+string(v)), nil
		}
	}
	return nil, fmt.Errorf("a reply cannot carry a %T", v)
}

// appendNumber appends a number, or the tag of one that JSON has no word for.
func appendNumber(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"$NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"$Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"$-Infinity"`...)
	case f == 0 && math.Signbit(f):
		return append(dst, `"$-0"`...)
	}
	return value.AppendNumber(dst, f)
}

// async appends the tag of a promise or a function. A function's part is
// written before its container, its bound arguments are a promise's.
func (e *encoder) async(dst []byte, v value.Value) ([]byte, error) {
	switch v := v.(type) {
	case *value.Promise:
		if v.Value == nil {
			return nil, errNotSettled
		}
		p := e.newPart(owner{v: v})
		e.waiting = append(e.waiting, waiting{p, v.Value, true})
		e.refs[v] = p.tag("$@")
		return e.later(dst, p.text("$@"))
	case *value.ServerReference:
		text := value.AppendQuoted([]byte(`{"id":`), dollar(v.ID))
		text = append(text, `,"bound":`...)
		if v.Bound == nil {
			text = append(text, "null}"...)
		} else {
			p := e.newPart(owner{v, true})
			e.waiting = append(e.waiting, waiting{p, v.Bound, true})
			var err error
			if text, err = e.later(text, p.text("$@")); err != nil {
				return nil, err
			}
			text = append(text, '}')
		}
		p := e.newPart(owner{v: v})
		e.add(strconv.Itoa(p.id), text)
		tag := "$h"
		if e.wire == React190 {
			tag = "$F"
		}
		e.refs[v] = p.tag(tag)
	}
	return e.reference(dst, e.refs[v])
}

// later appends the tag of something that React's decoder reads later. All forms
// that have not been written yet are read with the first such tag, or each would
// have to be read at its turn (see parser.compare). So a part of its own lists
// the forms, another one leads to that list and to what is tagged, and the value
// refers to the latter:
//
//	1=["$K…","$K…"]  2=["$1","$@3"]  0=["$2:1"]  3={"form":"$1:0"}
func (e *encoder) later(dst []byte, tag string) ([]byte, error) {
	forms := e.formsAhead()
	if forms == nil {
		return value.AppendQuoted(dst, tag), nil
	}
	list := e.newPart(owner{outer: true})
	text, err := e.list(nil, forms, list.start())
	if err != nil {
		return nil, err
	}
	e.add(strconv.Itoa(list.id), text)
	pair := e.newPart(owner{outer: true})
	text = append(value.AppendQuoted([]byte{'['}, list.text("$")), ',')
	text = append(value.AppendQuoted(text, tag), ']')
	e.add(strconv.Itoa(pair.id), text)
	return value.AppendQuoted(dst, pair.text("$")+":1"), nil
}

// formsAhead are the forms to bring ahead: once, and none when all were written.
func (e *encoder) formsAhead() (forms []value.Value) {
	if !e.ahead {
		return nil
	}
	e.ahead = false
	written := map[value.Value]bool{}
	for _, o := range e.written {
		written[o.v] = true
	}
	for _, form := range e.forms {
		if !written[form] {
			forms = append(forms, form)
		}
	}
	return forms
}

// dollar escapes a text that starts like a tag.
func dollar(s string) string {
	if s != "" && s[0] == '$' {
		return "$" + s
	}
	return s
}

// object appends an object in full.
func (e *encoder) object(dst []byte, v value.Value, at spot) ([]byte, error) {
	switch v := v.(type) {
	case *value.Array:
		return e.list(dst, v.Items, at)
	case *value.Object:
		return e.members(dst, v, at)
	case *value.Map:
		return e.outlined(dst, "$Q", v, func(p part, at spot) ([]byte, error) { return e.pairs(v, at) })
	case *value.Set:
		return e.outlined(dst, "$W", v, func(p part, at spot) ([]byte, error) { return e.list(nil, v.Items, at) })
	case *value.Iterator:
		return e.outlined(dst, "$i", v, func(p part, at spot) ([]byte, error) { return e.list(nil, v.Items, at) })
	case *value.FormData:
		return e.form(dst, v)
	case *value.File:
		return e.file(dst, "$B", v, formdata.Entry{FileName: v.Name, ContentType: v.Type, Value: v.Data})
	case *value.Bytes:
		letter := viewLetter(v.Kind)
		if letter == 0 {
			return nil, fmt.Errorf("a reply cannot carry a %s", v.Kind)
		}
		return e.file(dst, "$"+string(letter), v, formdata.Entry{FileName: "blob", ContentType: "application/octet-stream", Value: v.Data})
	case *value.TemporaryReference:
		return e.temporary(dst, v, at)
	}
	return e.stream(dst, v)
}

// list appends an array.
func (e *encoder) list(dst []byte, items []value.Value, at spot) ([]byte, error) {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = e.value(dst, item, at.child(strconv.Itoa(i))); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// members appends a plain object.
func (e *encoder) members(dst []byte, o *value.Object, at spot) ([]byte, error) {
	dst = append(dst, '{')
	for i, m := range o.Members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(value.AppendQuoted(dst, m.Key), ':')
		var err error
		if dst, err = e.value(dst, m.Value, at.child(m.Key)); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// outlined writes the contents of v as a part of their own and appends its tag.
func (e *encoder) outlined(dst []byte, tag string, v value.Value, contents func(part, spot) ([]byte, error)) ([]byte, error) {
	p := e.newPart(owner{v: v})
	text, err := contents(p, p.start())
	if err != nil {
		return nil, err
	}
	e.add(strconv.Itoa(p.id), text)
	return value.AppendQuoted(dst, p.text(tag)), nil
}

// pairs is the part of a Map.
func (e *encoder) pairs(m *value.Map, at spot) ([]byte, error) {
	dst := []byte{'['}
	for i, entry := range m.Entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = e.list(dst, []value.Value{entry.Key, entry.Value}, at.child(strconv.Itoa(i))); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// form writes the fields of a form, named by the hexadecimal id that React's
// decoder looks for, and appends its tag.
func (e *encoder) form(dst []byte, f *value.FormData) ([]byte, error) {
	p := e.newPart(owner{v: f})
	if len(f.Entries) > 0 {
		e.written, e.largest = append(e.written, p.owner), max(e.largest, p.id)
	}
	prefix := p.text("") + "_"
	if e.wire >= React1926 {
		prefix = "_" + prefix
	}
	for _, field := range f.Entries {
		entry := formdata.Entry{Name: prefix + field.Name}
		switch v := field.Value.(type) {
		case value.String:
			entry.Value = []byte(v)
		case *value.File:
			entry.File, entry.FileName, entry.ContentType, entry.Value = true, v.Name, v.Type, v.Data
		default:
			return nil, fmt.Errorf("a form cannot carry a %T", v)
		}
		e.entries = append(e.entries, entry)
	}
	return value.AppendQuoted(dst, p.text("$K")), nil
}

// file writes a file part and appends its tag.
func (e *encoder) file(dst []byte, tag string, v value.Value, entry formdata.Entry) ([]byte, error) {
	p := e.newPart(owner{v: v})
	entry.Name, entry.File = strconv.Itoa(p.id), true
	e.entries = append(e.entries, entry)
	return value.AppendQuoted(dst, p.text(tag)), nil
}

// temporary appends a temporary reference and notes which id would keep its
// position. No id does when the value has moved within its part.
func (e *encoder) temporary(dst []byte, t *value.TemporaryReference, at spot) ([]byte, error) {
	hex, path, _ := strings.Cut(t.Position, ":")
	_, now, _ := strings.Cut(at.at.text(), ":")
	if id := parseHex(hex); id > 0 && at.part.id > 0 && path == now {
		e.kept = append(e.kept, want{at.part.owner, id})
		e.moved = e.moved || id != at.part.id
	}
	return append(dst, `"$T"`...), nil
}

// stream appends the tag of a stream; its rows are written later.
func (e *encoder) stream(dst []byte, v value.Value) ([]byte, error) {
	tag := ""
	switch v := v.(type) {
	case *value.Stream:
		if tag = "$R"; v.Binary {
			tag = "$r"
		}
		if v.Failed != nil {
			return nil, errNotSettled
		}
	case *value.Async:
		if tag = "$X"; v.Iterator {
			tag = "$x"
		}
		if v.Failed != nil {
			return nil, errNotSettled
		}
	}
	p := e.newPart(owner{v: v})
	e.waiting = append(e.waiting, waiting{part: p, v: v})
	return e.later(dst, p.text(tag))
}
