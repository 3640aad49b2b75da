// Package jsonform says what JavaScript values are in plain JSON. A schema
// checks the arguments of a call in this form, and a backend that does not
// speak React's format gets them in it, so both see the same.
//
//	undefined, NaN, ±Infinity, temporary references   null
//	-0                                                0
//	Date                                              RFC 3339 text, null if invalid
//	BigInt                                            decimal text
//	Map                                               array of pairs
//	Set, iterators, streams                           array
//	Promise                                           its value, null if rejected
//	FormData                                          object of arrays, without $ACTION_ fields
//	File, Blob                                        {"name", "type", "size"}
//	ArrayBuffer, typed arrays                         base64 text
//	server functions                                  {"id", "name"}
//
// Numbers are doubles, as in JavaScript. Half of a surrogate pair becomes
// U+FFFD, so that it counts as one character. What a server function is bound
// to and what a generator returns at its end are left out.
package jsonform

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Limits of the form.
const (
	// MaxDepth is how deep arrays and objects may nest. No form and no sane
	// argument comes near it, and every reader of JSON can follow.
	MaxDepth = 100
	// freeBytes is the size up to which shared values may be written out
	// again and again, see [Limit]. Without sharing, 50,000 values, the parser's
	// limit, cost 0.8 MB besides their texts; a few hundred records that all
	// hold the same customer fit in the rest.
	freeBytes = 2 << 20
)

// Limit is the size that the form of the values of a call may have: 2 MiB and
// twice the body's. A value that occurs twice is written twice, so a body could
// otherwise grow without bounds; one that shares nothing always fits.
func Limit(bodyBytes int64) int64 { return freeBytes + 2*bodyBytes }

// Sink takes the form, token by token.
type Sink interface {
	// Kind names what the next value is in JavaScript, where JSON does not tell:
	// a class, or a word such as NaN. A promise comes before what it holds:
	// Promise, Date. One that was rejected holds never.
	Kind(name string)
	Null()
	Bool(b bool)
	// Number gets a finite number other than -0.
	Number(f float64)
	// Text gets UTF-8.
	Text(s string)
	// Bytes gets what becomes base64 text.
	Bytes(data []byte)
	// Open begins an array or an object: [ or {.
	Open(bracket byte)
	// Key gets the name of the next member of an object. Names do not repeat.
	Key(name string)
	// Content may add members to the object of a file, after size.
	Content(f *value.File)
	// Close ends what was opened last.
	Close()
	// Len is the size of all so far, in the sink's own measure of bytes.
	Len() int64
}

// Walk writes values to a sink. It is for one goroutine.
type Walk struct {
	To Sink
	// Limit is the largest size of the sink that passes.
	Limit int64
	// NameOf gives the name of a server function; nil means that there are none.
	NameOf func(id string) string
	// BaseNames cuts the folders off the names of files.
	BaseNames bool

	depth int
	// above holds the objects that contain the present one. Their number is at
	// most MaxDepth, so a look through them is cheap.
	above []value.Value
}

// List writes values as one array. Levels are counted within it.
//
// Refused are more values than Limit allows, cycles, more than 100 levels, keys
// named `__proto__`, which many languages' readers trip over, keys that are
// one and the same as UTF-8, and what no client can send: symbols, React
// elements, errors. So is a stream that failed: half of it must not pass for
// the whole.
func (w *Walk) List(items []value.Value) *reject.Error {
	w.To.Open('[')
	for _, item := range items {
		if err := w.value(item); err != nil {
			return err
		}
	}
	w.To.Close()
	return w.Check()
}

// Check refuses what has become larger than Limit.
func (w *Walk) Check() *reject.Error {
	if w.To.Len() > w.Limit {
		return refuse("the values are too large once shared values are written out")
	}
	return nil
}

func refuse(detail string) *reject.Error {
	return reject.New(reject.ArgumentNotAllowed, reject.StagePolicy, detail)
}

// enter goes one level down; depth-- comes up again.
func (w *Walk) enter() *reject.Error {
	if w.depth == MaxDepth {
		return refuse("the values nest deeper than 100 levels")
	}
	w.depth++
	return nil
}

func (w *Walk) open(bracket byte) *reject.Error {
	if err := w.enter(); err != nil {
		return err
	}
	w.To.Open(bracket)
	return w.Check()
}

func (w *Walk) close() {
	w.depth--
	w.To.Close()
}

func (w *Walk) value(v value.Value) *reject.Error {
	if w.primitive(v) {
		return w.Check()
	}
	if slices.Contains(w.above, v) {
		return refuse("a value contains itself")
	}
	w.above = append(w.above, v)
	err := w.container(v)
	w.above = w.above[:len(w.above)-1]
	return err
}

// primitive writes what holds no other value, and reports false for the rest.
func (w *Walk) primitive(v value.Value) bool {
	switch v := v.(type) {
	case nil, value.Undefined:
		w.null("undefined")
	case value.Null:
		w.To.Null()
	case *value.TemporaryReference:
		w.null("TemporaryReference")
	case value.Bool:
		w.To.Bool(bool(v))
	case value.Number:
		w.number(float64(v))
	case value.String:
		w.To.Text(Scalars(string(v)))
	case value.BigInt:
		w.To.Kind("BigInt")
		w.To.Text(string(v))
	case *value.Date:
		if v.ISO == "" {
			w.null("Date")
			break
		}
		w.To.Kind("Date")
		w.To.Text(v.ISO)
	case *value.Bytes:
		w.To.Kind(v.Kind)
		w.To.Bytes(v.Data)
	default:
		return false
	}
	return true
}

func (w *Walk) null(kind string) {
	w.To.Kind(kind)
	w.To.Null()
}

func (w *Walk) number(f float64) {
	switch {
	case math.IsNaN(f):
		w.null("NaN")
	case math.IsInf(f, 1):
		w.null("Infinity")
	case math.IsInf(f, -1):
		w.null("-Infinity")
	case f == 0 && math.Signbit(f):
		w.To.Kind("-0")
		w.To.Number(0)
	default:
		w.To.Number(f)
	}
}

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
