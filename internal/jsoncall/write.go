package jsoncall

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
)

// writer is the sink that writes JSON text and notes types.
//
// The text is UTF-8 with the escapes that JSON asks for and no others: it is
// for readers of JSON, and one who puts it into HTML must escape it there.
type writer struct {
	json []byte
	// types are the members of `types`, each after a comma.
	types []byte
	// kinds are the words for the next value, outermost first.
	kinds []string
	// open are the arrays and objects that contain the next value.
	open  []level
	files files
}

// level is an array or an object and the place in it.
type level struct {
	bracket byte
	// n counts what has begun in it.
	n int
	// key is the present member's.
	key string
}

// member writes a member of the document that is a text of ours or a part of
// the request line.
func (w *writer) member(key, text string) {
	w.Key(key)
	w.Text(jsonform.Scalars(text))
}

// end writes types and closes the document.
func (w *writer) end() {
	if types := w.types; len(types) > 0 {
		w.types = nil
		w.json = append(w.json, `,"types":{`...)
		w.json = append(w.json, types[1:]...)
		w.json = append(w.json, '}')
	}
	w.Close()
}

// next is called before each value.
func (w *writer) next() {
	if n := len(w.open); n > 0 && w.open[n-1].bracket == '[' {
		w.comma(&w.open[n-1])
	}
	if len(w.kinds) > 0 {
		w.note()
	}
}

func (w *writer) comma(in *level) {
	if in.n > 0 {
		w.json = append(w.json, ',')
	}
	in.n++
}

// note adds the next value to types.
func (w *writer) note() {
	kind := strings.Join(w.kinds, "<") + strings.Repeat(">", len(w.kinds)-1)
	w.kinds = w.kinds[:0]
	w.types = append(w.types, ',')
	w.types = value.AppendQuoted(w.types, w.pointer())
	w.types = append(w.types, ':')
	w.types = value.AppendQuoted(w.types, kind)
}

// pointer is the JSON Pointer of the next value.
func (w *writer) pointer() string {
	p := make([]byte, 0, 64)
	for _, in := range w.open {
		p = append(p, '/')
		if in.bracket == '[' {
			p = strconv.AppendInt(p, int64(in.n-1), 10)
		} else {
			p = jsonform.AppendStep(p, in.key)
		}
	}
	return string(p)
}

func (w *writer) Kind(name string) { w.kinds = append(w.kinds, name) }

func (w *writer) Null() {
	w.next()
	w.json = append(w.json, "null"...)
}

func (w *writer) Bool(b bool) {
	w.next()
	w.json = strconv.AppendBool(w.json, b)
}

func (w *writer) Number(f float64) {
	w.next()
	w.json = value.AppendNumber(w.json, f)
}

func (w *writer) Text(s string) {
	w.next()
	w.json = value.AppendQuoted(w.json, s)
}

func (w *writer) Bytes(data []byte) {
	w.next()
	w.json = base64.StdEncoding.AppendEncode(append(w.json, '"'), data)
	w.json = append(w.json, '"')
}

func (w *writer) Open(bracket byte) {
	w.next()
	w.json = append(w.json, bracket)
	w.open = append(w.open, level{bracket: bracket})
}

func (w *writer) Key(name string) {
	in := &w.open[len(w.open)-1]
	w.comma(in)
	in.key = name
	w.json = append(value.AppendQuoted(w.json, name), ':')
}

func (w *writer) Close() {
	last := len(w.open) - 1
	w.json = append(w.json, w.open[last].bracket+2) // in ASCII ] and } follow [ and { at two
	w.open = w.open[:last]
}

func (w *writer) Content(f *value.File) {
	w.Key("part")
	w.Text(w.files.add(f))
}

func (w *writer) Len() int64 {
	return int64(len(w.json)+len(w.types)) + w.files.size
}
