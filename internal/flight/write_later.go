package flight

import (
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/value"
)

// write writes a row, or the rows of a stream, that had to wait.
func (w *writer) write(t task) error {
	switch v := t.v.(type) {
	case *value.Promise:
		if _, ok := v.Value.(*value.Promise); ok {
			return errPromise
		}
		return w.settled(t.id, v.Value, v.Rejected)
	case *value.Lazy:
		return w.settled(t.id, v.Value, v.Failed)
	case *value.Stream:
		for _, chunk := range v.Chunks {
			if _, ok := chunk.(*value.Bytes); v.Binary && !ok {
				return errChunk
			}
		}
		return w.chunks(t.id, v.Chunks, v.Binary, nil, v.Failed)
	case *value.Async:
		return w.chunks(t.id, v.Items, false, v.Return, v.Failed)
	}
	return w.row(t.id, t.v)
}

// settled writes the row of a value or an error.
func (w *writer) settled(id uint32, v value.Value, failed *value.Error) error {
	if v == nil {
		w.failed(id, failed)
		return nil
	}
	return w.row(id, v)
}

func (w *writer) failed(id uint32, e *value.Error) {
	mark := len(w.text)
	digest := ""
	if e != nil {
		digest = e.Digest
	}
	w.text = value.AppendQuoted(append(w.text, `{"digest":`...), digest)
	w.text = append(w.text, '}')
	w.endRow(id, "E", mark)
}

// chunks writes the rows of a stream after its first one: texts and bytes as
// they are, all else as models, and the end.
func (w *writer) chunks(id uint32, chunks []value.Value, binary bool, last value.Value, failed *value.Error) error {
	for _, chunk := range chunks {
		if w.plainChunk(id, chunk, binary) {
			continue
		}
		mark := len(w.text)
		if err := w.value(chunk, place{parent: nowhere}); err != nil {
			return err
		}
		w.endRow(id, "", mark)
	}
	if failed != nil {
		w.failed(id, failed)
		return nil
	}
	mark := len(w.text)
	if _, none := last.(value.Undefined); last != nil && !none {
		result := w.id()
		if err := w.row(result, last); err != nil {
			return err
		}
		w.reference(0, result)
	}
	w.endRow(id, "C", mark)
	return nil
}

// plainChunk writes a chunk that needs no model. Bytes that occur elsewhere
// need one, which refers to their row.
func (w *writer) plainChunk(id uint32, chunk value.Value, binary bool) bool {
	switch v := chunk.(type) {
	case value.String:
		if !utf8.ValidString(string(v)) {
			return false
		}
		countedRow(w, id, 'T', string(v))
		return true
	case *value.Bytes:
		if binary {
			countedRow(w, id, 'b', v.Data)
			return true
		}
		if _, seen := w.seen[v]; seen || w.occursAgain(v) {
			return false
		}
		countedRow(w, id, rowOf(v.Kind), v.Data)
		return true
	}
	return false
}

// occursAgain reports whether v occurs twice in the whole value.
func (w *writer) occursAgain(v value.Value) bool {
	if w.shared == nil {
		w.shared = map[value.Value]bool{}
		stack := []value.Value{w.root}
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if isPrimitive(top) {
				continue
			}
			if _, again := w.shared[top]; again {
				w.shared[top] = true
				continue
			}
			w.shared[top] = false
			stack = appendParts(stack, top)
		}
	}
	return w.shared[v]
}

func isPrimitive(v value.Value) bool {
	switch v.(type) {
	case nil, value.Undefined, value.Null, value.Bool, value.Number, value.String, value.BigInt, value.Symbol:
		return true
	}
	return false
}

// appendParts appends the values that v holds.
func appendParts(list []value.Value, v value.Value) []value.Value {
	switch v := v.(type) {
	case *value.Array:
		list = append(list, v.Items...)
	case *value.Object:
		for _, m := range v.Members {
			list = append(list, m.Value)
		}
	case *value.Map:
		for _, e := range v.Entries {
			list = append(list, e.Key, e.Value)
		}
	case *value.Set:
		list = append(list, v.Items...)
	case *value.Iterator:
		list = append(list, v.Items...)
	case *value.FormData:
		for _, e := range v.Entries {
			list = append(list, e.Value)
		}
	case *value.Promise:
		list = append(list, v.Value)
	case *value.Stream:
		list = append(list, v.Chunks...)
	case *value.Async:
		list = append(append(list, v.Items...), v.Return)
	case *value.ServerReference:
		if v.Bound != nil {
			list = append(list, v.Bound)
		}
	case *value.Element:
		list = append(list, v.Type, v.Key, v.Props)
	case *value.Lazy:
		list = append(list, v.Value)
	}
	return list
}
