package jsonform

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// container writes what may hold other values.
func (w *Walk) container(v value.Value) *reject.Error {
	switch v := v.(type) {
	case *value.Array:
		return w.array("", v.Items)
	case *value.Object:
		return w.object(v)
	case *value.Map:
		return w.pairs(v)
	case *value.Set:
		return w.array("Set", v.Items)
	case *value.Iterator:
		return w.array("Iterator", v.Items)
	case *value.FormData:
		return w.fields(v)
	case *value.File:
		return w.file(v)
	case *value.Promise:
		return w.promise(v)
	case *value.Stream:
		return w.chunks("Stream", v.Chunks, v.Failed)
	case *value.Async:
		if v.Iterator {
			return w.chunks("AsyncIterator", v.Items, v.Failed)
		}
		return w.chunks("AsyncIterable", v.Items, v.Failed)
	case *value.ServerReference:
		return w.function(v)
	}
	return refuse(fmt.Sprintf("a value is %s, which has no form in JSON", kindOf(v)))
}

// array writes items; kind is empty for an Array.
func (w *Walk) array(kind string, items []value.Value) *reject.Error {
	if kind != "" {
		w.To.Kind(kind)
	}
	if err := w.open('['); err != nil {
		return err
	}
	for _, item := range items {
		if err := w.value(item); err != nil {
			return err
		}
	}
	w.close()
	return nil
}

func (w *Walk) chunks(kind string, chunks []value.Value, failed *value.Error) *reject.Error {
	if failed != nil {
		return refuse("a stream failed before its end")
	}
	return w.array(kind, chunks)
}

// promise adds no level to the JSON. It counts as one here, or a promise of a
// promise of a promise would have no end.
func (w *Walk) promise(p *value.Promise) *reject.Error {
	if err := w.enter(); err != nil {
		return err
	}
	w.To.Kind("Promise")
	if p.Value == nil {
		w.null("never")
		w.depth--
		return w.Check()
	}
	err := w.value(p.Value)
	w.depth--
	return err
}

func (w *Walk) object(o *value.Object) *reject.Error {
	if !keysDiffer(o.Members) {
		return refuse("two keys are the same once halves of surrogate pairs are replaced")
	}
	if err := w.open('{'); err != nil {
		return err
	}
	for _, m := range o.Members {
		if err := w.key(Scalars(m.Key)); err != nil {
			return err
		}
		if err := w.value(m.Value); err != nil {
			return err
		}
	}
	w.close()
	return nil
}

// keysDiffer reports whether keys that differ still do so as UTF-8. Only in
// the rare object with half of a surrogate pair in a key there is work to do.
func keysDiffer(members []value.Member) bool {
	if !slices.ContainsFunc(members, func(m value.Member) bool { return !utf8.ValidString(m.Key) }) {
		return true
	}
	seen := make(map[string]struct{}, len(members))
	for _, m := range members {
		seen[Scalars(m.Key)] = struct{}{}
	}
	return len(seen) == len(members)
}

func (w *Walk) key(key string) *reject.Error {
	if key == "__proto__" {
		return refuse("a key is __proto__")
	}
	w.To.Key(key)
	return w.Check()
}

func (w *Walk) pairs(m *value.Map) *reject.Error {
	w.To.Kind("Map")
	if err := w.open('['); err != nil {
		return err
	}
	for _, e := range m.Entries {
		if err := w.array("", []value.Value{e.Key, e.Value}); err != nil {
			return err
		}
	}
	w.close()
	return nil
}

// fields writes a FormData, names in the order in which they occur first. The
// fields by which React finds the action stand in it or not, depending on
// whether the page was hydrated, so they are left out (spec reply-format §7).
func (w *Walk) fields(d *value.FormData) *reject.Error {
	w.To.Kind("FormData")
	if err := w.open('{'); err != nil {
		return err
	}
	var names []string
	values := map[string][]value.Value{}
	for _, e := range d.Entries {
		if strings.HasPrefix(e.Name, "$ACTION_") {
			continue
		}
		name := Scalars(e.Name)
		if _, again := values[name]; !again {
			names = append(names, name)
		}
		values[name] = append(values[name], e.Value)
	}
	for _, name := range names {
		if err := w.key(name); err != nil {
			return err
		}
		if err := w.array("", values[name]); err != nil {
			return err
		}
	}
	w.close()
	return nil
}

func (w *Walk) file(f *value.File) *reject.Error {
	kind, name := "File", Scalars(f.Name)
	if f.Blob {
		kind = "Blob"
	}
	if w.BaseNames {
		name = BaseName(name)
	}
	w.To.Kind(kind)
	if err := w.open('{'); err != nil {
		return err
	}
	w.To.Key("name")
	w.To.Text(name)
	w.To.Key("type")
	w.To.Text(Scalars(f.Type))
	w.To.Key("size")
	w.To.Number(float64(len(f.Data)))
	w.To.Content(f)
	w.close()
	return w.Check()
}

func (w *Walk) function(r *value.ServerReference) *reject.Error {
	name := ""
	if w.NameOf != nil {
		name = w.NameOf(r.ID)
	}
	w.To.Kind("ServerReference")
	if err := w.open('{'); err != nil {
		return err
	}
	w.To.Key("id")
	w.To.Text(Scalars(r.ID))
	w.To.Key("name")
	w.To.Text(Scalars(name))
	w.close()
	return w.Check()
}

// kindOf is our word for what has no form.
func kindOf(v value.Value) string {
	switch v.(type) {
	case value.Symbol:
		return "a symbol"
	case *value.ClientReference:
		return "a client reference"
	case *value.Element:
		return "a React element"
	case *value.Lazy:
		return "a lazy value"
	case *value.Error:
		return "an error"
	}
	return "of an unknown kind"
}
