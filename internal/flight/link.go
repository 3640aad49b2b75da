package flight

import (
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

const (
	// maxHops: the server points to where a value stands, which is at most
	// behind a promise's row and the row of an aborted render (§2): two hops.
	maxHops = 8
	// stepsPerNode: the recorded closures need less than one step for each
	// value; a path of 5 steps past 20 members each would need all of these.
	stepsPerNode = 100
)

// link replaces all references by what they point to and fills what letters
// made of rows. Limits: hops and steps above. Errors: a path that leads
// nowhere, a row that does not have the shape its letter needs. Source: §2.
func (r *reader) link() *reject.Error {
	r.now = 0
	for _, s := range r.slots {
		v, err := r.resolve((*s.at).(*pending))
		if err != nil {
			return err
		}
		if _, ok := v.(*failure); ok && !s.row {
			return malformed(0, "a reference points to an error")
		}
		*s.at = v
	}
	// FormData takes Blobs, a server reference takes a promise: those first.
	for _, f := range r.fills {
		if err := r.fillFirst(f); err != nil {
			return err
		}
	}
	for _, f := range r.fills {
		if err := r.fillThen(f); err != nil {
			return err
		}
	}
	for _, at := range r.thens {
		if _, ok := (*at).(*value.ServerReference); ok {
			*at = value.Null{}
		}
	}
	return nil
}

// resolve finds what a reference points to. Another reference on the way is
// followed in a loop. Errors: as in link. Source: §2.
func (r *reader) resolve(p *pending) (value.Value, *reject.Error) {
	at, path := p.row, p.path
	for range maxHops {
		v := r.rows[at].value
		for path != "" {
			if _, ok := v.(*pending); ok {
				break
			}
			step, rest, more := strings.Cut(path[1:], ":")
			next, err := r.step(v, step)
			if err != nil {
				return nil, err
			}
			v, path = next, ""
			if more {
				path = p.path[len(p.path)-len(rest)-1:]
			}
		}
		switch found := v.(type) {
		case *pending:
			at, path = found.row, found.path+path
			p = &pending{path: path}
		case value.Undefined:
			return nil, malformed(0, "a reference points to undefined")
		default:
			return v, nil
		}
	}
	return nil, malformed(0, "references lead to references without end")
}

// step goes to an own member of an object, an item of an array, or a part of
// an element. Limits: stepsPerNode in all. Errors: there is no such thing.
// Source: §2.
func (r *reader) step(v value.Value, name string) (value.Value, *reject.Error) {
	r.work += 1 + len(name)/64
	var found value.Value
	switch v := v.(type) {
	case *value.Object:
		r.work += len(v.Members)
		found, _ = v.Get(name)
	case *value.Array:
		// Own keys of an array are its indexes, spelled as JavaScript does.
		i, err := strconv.Atoi(name)
		if err == nil && i >= 0 && i < len(v.Items) && strconv.Itoa(i) == name {
			found = v.Items[i]
		}
	case *value.Element:
		switch name {
		case "type":
			found = v.Type
		case "key":
			found = v.Key
		case "props":
			found = v.Props
		}
	}
	if found == nil {
		return nil, malformed(0, "a path leads nowhere")
	}
	if r.work > stepsPerNode*r.limits.Nodes {
		return nil, refuse(TooComplex, 0, "there are too many paths")
	}
	return found, nil
}

// fillFirst fills what other fills read.
func (r *reader) fillFirst(f fill) *reject.Error {
	w := &r.rows[f.row]
	switch f.tag {
	case '@':
		if e, ok := w.value.(*failure); ok {
			w.promise.Rejected = e.err
			return nil
		}
		// A JavaScript promise never fulfils with a promise.
		if _, ok := w.value.(*value.Promise); ok {
			return malformed(w.n, "a promise of a promise")
		}
		w.promise.Value = w.value
	case 'L':
		if e, ok := w.value.(*failure); ok {
			w.lazy.Failed = e.err
			return nil
		}
		w.lazy.Value = w.value
	case 'B':
		return r.fillBlob(w)
	case 'I':
		w.value.(*value.ClientReference).ID = moduleID(w.made)
	}
	return nil
}

// moduleID is the id in the description of a client module: the first item of
// an array, or the member id. Anything else is some bundler's own.
func moduleID(v value.Value) string {
	switch d := v.(type) {
	case *value.Array:
		if len(d.Items) > 0 {
			v = d.Items[0]
		}
	case *value.Object:
		v, _ = d.Get("id")
	}
	switch id := v.(type) {
	case value.String:
		return string(id)
	case value.Number:
		return string(value.AppendNumber(nil, float64(id)))
	}
	return ""
}

// fillBlob reads `[type, bytes…]`. Errors: any other shape. Source: §2.
func (r *reader) fillBlob(w *row) *reject.Error {
	file := w.made.(*value.File)
	list, ok := w.value.(*value.Array)
	if !ok || len(list.Items) == 0 {
		return malformed(w.n, "it is not a Blob")
	}
	kind, ok := list.Items[0].(value.String)
	file.Type = string(kind)
	for _, item := range list.Items[1:] {
		part, isBytes := item.(*value.Bytes)
		if !isBytes || part.Kind != "Uint8Array" {
			ok = false
			break
		}
		// Parts can be named often; their copies count as values would.
		if r.work += len(part.Data) / 16; r.work > stepsPerNode*r.limits.Nodes {
			return refuse(TooComplex, w.n, "its parts repeat")
		}
		file.Data = append(file.Data, part.Data...)
	}
	if !ok {
		return malformed(w.n, "it is not a Blob")
	}
	return nil
}

// fillThen fills the rest: what needs an array, or a server reference.
func (r *reader) fillThen(f fill) *reject.Error {
	w := &r.rows[f.row]
	if f.tag == 'h' {
		return fillServerReference(w)
	}
	list, ok := w.value.(*value.Array)
	if !ok && w.made != nil && f.tag != 'I' && f.tag != '@' && f.tag != 'L' {
		return malformed(w.n, "it is not an array")
	}
	switch f.tag {
	case 'W':
		if !distinct(list.Items) {
			return malformed(w.n, "a Set has an item twice")
		}
		w.made.(*value.Set).Items = list.Items
	case 'i':
		w.made.(*value.Iterator).Items = list.Items
	case 'Q':
		return fillMap(w.made.(*value.Map), list, w.n)
	case 'K':
		return fillFormData(w.made.(*value.FormData), list, w.n)
	}
	return nil
}

// pair is an entry of a Map or FormData: an array of two.
func pair(v value.Value) (key, val value.Value, ok bool) {
	list, ok := v.(*value.Array)
	if !ok || len(list.Items) != 2 {
		return nil, nil, false
	}
	return list.Items[0], list.Items[1], true
}

// fillMap reads entries. Errors: one that is not a pair, equal keys. Source: §2.
func fillMap(m *value.Map, list *value.Array, n int) *reject.Error {
	keys := make([]value.Value, len(list.Items))
	m.Entries = make([]value.Entry, len(list.Items))
	for i, item := range list.Items {
		key, val, ok := pair(item)
		if !ok {
			return malformed(n, "it is not a list of pairs")
		}
		m.Entries[i], keys[i] = value.Entry{Key: key, Value: val}, key
	}
	if !distinct(keys) {
		return malformed(n, "a Map has a key twice")
	}
	return nil
}

// fillFormData reads entries. A Blob becomes a File named "blob", as append
// of a FormData makes it; the name of a File is not transmitted. Errors: one
// that is not a pair of a name and a text or Blob. Source: §2.
func fillFormData(f *value.FormData, list *value.Array, n int) *reject.Error {
	f.Entries = make([]value.FormEntry, len(list.Items))
	for i, item := range list.Items {
		key, val, ok := pair(item)
		name, isText := key.(value.String)
		if !ok || !isText {
			return malformed(n, "it is not a list of form fields")
		}
		switch v := val.(type) {
		case value.String:
		case *value.File:
			val = &value.File{Name: "blob", Type: v.Type, Data: v.Data}
		default:
			return malformed(n, "a form field is neither text nor file")
		}
		f.Entries[i] = value.FormEntry{Name: string(name), Value: val}
	}
	return nil
}

// fillServerReference reads `{"id":…,"bound":null}`, where bound may also be a
// promise of an array, or the array. Other members are for debugging. Errors:
// any other shape. Source: §2, §5.
func fillServerReference(w *row) *reject.Error {
	ref := w.made.(*value.ServerReference)
	o, ok := w.value.(*value.Object)
	if !ok {
		return malformed(w.n, "it is not a server reference")
	}
	id, _ := o.Get("id")
	text, ok := id.(value.String)
	if !ok {
		return malformed(w.n, "the id of a server reference is not a string")
	}
	ref.ID = string(text)
	bound, _ := o.Get("bound")
	if p, ok := bound.(*value.Promise); ok {
		bound = p.Value
	}
	switch b := bound.(type) {
	case value.Null:
	case *value.Array:
		ref.Bound = b
	default:
		return malformed(w.n, "the bound arguments of a server reference are not an array")
	}
	return nil
}
