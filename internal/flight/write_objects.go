package flight

import "github.com/actiongw/actiongw/internal/value"

// object writes what has an identity, or a reference to where it stands.
func (w *writer) object(v value.Value, p place) error {
	if v == nil {
		return errNone
	}
	if at, ok := w.seen[v]; ok {
		w.again(at)
		return nil
	}
	if w.depth++; w.depth > defaultDepth {
		return errDeep
	}
	defer func() { w.depth-- }()
	switch v := v.(type) {
	case *value.Promise:
		w.deferred('@', v, v.Value != nil || v.Rejected != nil)
	case *value.ServerReference:
		w.serverReference(v)
	case *value.Bytes:
		id := w.id()
		w.note(v, 0, id)
		countedRow(w, id, rowOf(v.Kind), v.Data)
		w.reference(0, id)
	case *value.Stream:
		w.stream(v, "Rr", v.Binary)
	case *value.Async:
		w.stream(v, "Xx", v.Iterator)
	case *value.ClientReference:
		return errModule
	case *value.TemporaryReference:
		w.text = value.AppendQuoted(w.text, "$T"+v.Position)
	default:
		return w.placed(v, p)
	}
	return nil
}

// deferred writes a reference to a row that is written later, if at all.
func (w *writer) deferred(tag byte, v value.Value, settled bool) {
	id := w.id()
	w.note(v, tag, id)
	if settled {
		w.later = append(w.later, task{id, v})
	}
	w.reference(tag, id)
}

// serverReference writes the row that describes one, and its bound arguments
// later: they are a promise.
func (w *writer) serverReference(v *value.ServerReference) {
	id := w.id()
	w.note(v, 'h', id)
	mark := len(w.text)
	w.text = append(w.text, `{"id":`...)
	w.string(v.ID)
	w.text = append(w.text, `,"bound":`...)
	if v.Bound == nil {
		w.text = append(w.text, "null"...)
	} else {
		bound := w.id()
		w.reference('@', bound)
		w.later = append(w.later, task{bound, v.Bound})
	}
	w.text = append(w.text, '}')
	w.endRow(id, "", mark)
	w.reference('h', id)
}

// stream writes the row that begins a stream; its chunks come later.
func (w *writer) stream(v value.Value, tags string, second bool) {
	id := w.id()
	w.note(v, 0, id)
	tag := tags[:1]
	if second {
		tag = tags[1:]
	}
	w.endRow(id, tag, len(w.text))
	w.later = append(w.later, task{id, v})
	w.reference(0, id)
}

// rowOf is the letter of the row for a class of binary data: the reverse of
// [value.ViewOf]. What is not known there is written as bytes.
func rowOf(kind string) byte {
	for i := range len(counted) {
		if name, _ := value.ViewOf(counted[i]); name == kind && counted[i] != 'T' && counted[i] != 'b' {
			return counted[i]
		}
	}
	return 'o'
}

// placed writes an object that later references name by its place. Where no
// path leads to (below a key with a colon, in a chunk), an object that occurs
// again gets a row of its own.
func (w *writer) placed(v value.Value, p place) error {
	at := w.put(p)
	if at == nowhere {
		if !w.occursAgain(v) {
			return w.content(v, nowhere)
		}
		id := w.id()
		if err := w.row(id, v); err != nil {
			return err
		}
		w.reference(0, id)
		return nil
	}
	w.remember(v, at)
	return w.content(v, at)
}

// content writes an object whose place is at.
func (w *writer) content(v value.Value, at int) error {
	switch v := v.(type) {
	case *value.Array:
		return w.list(v.Items, at)
	case *value.Object:
		return w.members(v, at)
	case *value.Date:
		if v.ISO == "" {
			w.text = append(w.text, "null"...)
			return nil
		}
		w.text = value.AppendQuoted(w.text, "$D"+v.ISO)
	case *value.Map:
		return w.pairs('Q', len(v.Entries), func(i int) (value.Value, value.Value) { return v.Entries[i].Key, v.Entries[i].Value })
	case *value.Set:
		return w.outlined('W', v.Items)
	case *value.Iterator:
		return w.outlined('i', v.Items)
	case *value.FormData:
		return w.formData(v)
	case *value.File:
		w.file(v)
	case *value.Lazy:
		id := w.id()
		w.later = append(w.later, task{id, v})
		w.reference('L', id)
	case *value.Error:
		w.text = append(w.text, `"$Z"`...)
	case *value.Element:
		return w.element(v, at)
	default:
		return errNone
	}
	return nil
}

// list writes an array whose place is at.
func (w *writer) list(items []value.Value, at int) error {
	w.text = append(w.text, '[')
	for i, item := range items {
		if i > 0 {
			w.text = append(w.text, ',')
		}
		if err := w.value(item, w.step(at, "", i)); err != nil {
			return err
		}
	}
	w.text = append(w.text, ']')
	return nil
}

func (w *writer) members(o *value.Object, at int) error {
	w.text = append(w.text, '{')
	for i, m := range o.Members {
		if m.Key == "__proto__" {
			return errProto
		}
		if i > 0 {
			w.text = append(w.text, ',')
		}
		w.text = append(value.AppendQuoted(w.text, m.Key), ':')
		if err := w.value(m.Value, w.step(at, m.Key, -1)); err != nil {
			return err
		}
	}
	w.text = append(w.text, '}')
	return nil
}

// element writes the array that stands for an element.
func (w *writer) element(e *value.Element, at int) error {
	w.text = append(w.text, `["$"`...)
	for _, part := range []struct {
		name string
		v    value.Value
	}{{"type", e.Type}, {"key", e.Key}, {"props", e.Props}} {
		w.text = append(w.text, ',')
		if err := w.value(part.v, w.step(at, part.name, -1)); err != nil {
			return err
		}
	}
	w.text = append(w.text, ']')
	return nil
}

// outlined writes items as a row before this one, and a reference to it.
func (w *writer) outlined(tag byte, items []value.Value) error {
	id, mark := w.id(), len(w.text)
	if err := w.list(items, w.put(place{row: id, parent: root})); err != nil {
		return err
	}
	w.endRow(id, "", mark)
	w.reference(tag, id)
	return nil
}

// pairs does the same for n pairs.
func (w *writer) pairs(tag byte, n int, pair func(int) (value.Value, value.Value)) error {
	id, mark := w.id(), len(w.text)
	top := w.put(place{row: id, parent: root})
	w.text = append(w.text, '[')
	for i := range n {
		if i > 0 {
			w.text = append(w.text, ',')
		}
		key, val := pair(i)
		if err := w.list([]value.Value{key, val}, w.put(w.step(top, "", i))); err != nil {
			return err
		}
	}
	w.text = append(w.text, ']')
	w.endRow(id, "", mark)
	w.reference(tag, id)
	return nil
}

func (w *writer) formData(f *value.FormData) error {
	for _, e := range f.Entries {
		switch e.Value.(type) {
		case value.String, *value.File:
		default:
			return errForm
		}
	}
	return w.pairs('K', len(f.Entries), func(i int) (value.Value, value.Value) {
		return value.String(f.Entries[i].Name), f.Entries[i].Value
	})
}

// file writes the row of a Blob, its bytes in a row before it. React's server
// reads Blobs first and writes these rows late; then its client takes another
// reference to the same Blob for null.
func (w *writer) file(f *value.File) {
	id := w.id()
	mark := len(w.text)
	w.text = append(w.text, '[')
	w.string(f.Type)
	if len(f.Data) > 0 {
		data := w.id()
		countedRow(w, data, 'o', f.Data)
		w.text = append(w.text, ',')
		w.reference(0, data)
	}
	w.text = append(w.text, ']')
	w.endRow(id, "", mark)
	w.reference('B', id)
}
