package flight

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/value"
)

const (
	// longText is the length in UTF-16 units from which React's server writes
	// a text as a row of its own (§2).
	longText = 1024
	// maxAddress is how long the path to an object may be. Without a bound,
	// many references to one deep object would make a stream of any size.
	maxAddress = 512
)

// Append appends the rows of a stream that carry v as row id, and returns the
// extended buffer. Other rows take the ids after it, so a stream that begins
// with rows of its own gives v the highest id of these, or one above.
//
// React's client decodes the rows to the same value: shared objects are the
// same object again, cycles are cycles. What React's server loses is lost here
// as well: the names of Files, what an Error says (but the digest of one that
// fails something), members that are undefined, dates that are invalid.
//
// A client module cannot be written, as only the bundler knows where its code
// is; neither can a member `__proto__`, which the client drops, a promise of
// a promise, nor nesting beyond the default of [Limits]. On error the buffer
// is nil.
//
// Source: §1, §2.
func Append(buf []byte, id uint32, v value.Value) ([]byte, error) {
	w := writer{out: buf, next: id + 1, root: v}
	if err := w.row(id, v); err != nil {
		return nil, err
	}
	for i := 0; i < len(w.later); i++ {
		if err := w.write(w.later[i]); err != nil {
			return nil, err
		}
	}
	return w.out, nil
}

// A writer holds finished rows in out. The text of unfinished rows is stacked
// in text, because a row that another one needs comes before it.
type writer struct {
	out  []byte
	text []byte
	next uint32
	root value.Value

	// seen maps objects to where they stand in places.
	seen   map[value.Value]int
	places []place
	// symbols maps their names to rows.
	symbols map[string]uint32
	// later are rows that come after the root: what promises hold, chunks.
	later []task
	// shared is made when an object stands where no path leads to.
	shared map[value.Value]bool
	depth  int
}

// A task is a row to be written later, or a stream's chunks.
type task struct {
	id uint32
	v  value.Value
}

// A place is where an object was written: the root of a row, or a step below
// another place. tag is the letter with which references name it.
type place struct {
	tag    byte
	row    uint32
	parent int // nowhere and root besides indexes of places
	key    string
	index  int // of an array's item; -1 where key holds
	size   int // bytes of the path
}

const (
	root    = -1
	nowhere = -2
)

// step is the place below another one.
func (w *writer) step(parent int, key string, index int) place {
	p := place{parent: parent, key: key, index: index}
	if parent == nowhere || strings.IndexByte(key, ':') >= 0 {
		p.parent = nowhere
		return p
	}
	// An index has at most 10 digits.
	if p.size = w.places[parent].size + 1 + len(key); index >= 0 {
		p.size += 10
	}
	if p.size > maxAddress {
		p.parent = nowhere
	}
	return p
}

// put notes a place and returns its index.
func (w *writer) put(p place) int {
	if p.parent == nowhere {
		return nowhere
	}
	w.places = append(w.places, p)
	return len(w.places) - 1
}

// note remembers v as the row id, which references name with tag; 0 for none.
func (w *writer) note(v value.Value, tag byte, id uint32) {
	w.remember(v, w.put(place{tag: tag, row: id, parent: root}))
}

func (w *writer) remember(v value.Value, at int) {
	if w.seen == nil {
		w.seen = make(map[value.Value]int, 16)
	}
	w.seen[v] = at
}

// id takes a new id.
func (w *writer) id() uint32 {
	id := w.next
	w.next++
	return id
}

// row writes v as the model of a row.
func (w *writer) row(id uint32, v value.Value) error {
	mark := len(w.text)
	if err := w.value(v, place{row: id, parent: root}); err != nil {
		return err
	}
	w.endRow(id, "", mark)
	return nil
}

// endRow finishes a row whose text began at mark.
func (w *writer) endRow(id uint32, tag string, mark int) {
	w.out = append(appendHex(w.out, id), ':')
	w.out = append(w.out, tag...)
	w.out = append(append(w.out, w.text[mark:]...), '\n')
	w.text = w.text[:mark]
}

// countedRow writes a row that says its length.
func countedRow[T string | []byte](w *writer, id uint32, tag byte, body T) {
	w.out = append(appendHex(w.out, id), ':', tag)
	w.out = append(strconv.AppendUint(w.out, uint64(len(body)), 16), ',')
	w.out = append(w.out, body...)
}

func appendHex(b []byte, id uint32) []byte { return strconv.AppendUint(b, uint64(id), 16) }

// reference writes `"$<tag><id>"`; tag 0 is none.
func (w *writer) reference(tag byte, id uint32) {
	w.text = append(w.text, '"', '$')
	if tag != 0 {
		w.text = append(w.text, tag)
	}
	w.text = append(appendHex(w.text, id), '"')
}

// again writes a reference to an object that stands at a place.
func (w *writer) again(at int) {
	p := w.places[at]
	if p.parent == root {
		w.reference(p.tag, p.row)
		return
	}
	w.text = value.AppendQuoted(w.text, string(w.appendPath([]byte("$"), p)))
}

// appendPath recurses over the steps of a path, of which maxAddress leaves few.
func (w *writer) appendPath(b []byte, p place) []byte {
	if p.parent == root {
		return appendHex(b, p.row)
	}
	b = append(w.appendPath(b, w.places[p.parent]), ':')
	if p.index >= 0 {
		return strconv.AppendInt(b, int64(p.index), 10)
	}
	return append(b, p.key...)
}

// value writes v, which stands at p. It recurses on nesting.
func (w *writer) value(v value.Value, p place) error {
	switch v := v.(type) {
	case value.Undefined:
		w.text = append(w.text, `"$undefined"`...)
	case value.Null:
		w.text = append(w.text, "null"...)
	case value.Bool:
		w.text = strconv.AppendBool(w.text, bool(v))
	case value.Number:
		w.number(float64(v))
	case value.String:
		w.string(string(v))
	case value.BigInt:
		w.text = append(append(append(w.text, `"$n`...), v...), '"')
	case value.Symbol:
		w.symbol(string(v))
	default:
		return w.object(v, p)
	}
	return nil
}

func (w *writer) number(f float64) {
	switch {
	case math.IsNaN(f):
		w.text = append(w.text, `"$NaN"`...)
	case math.IsInf(f, 1):
		w.text = append(w.text, `"$Infinity"`...)
	case math.IsInf(f, -1):
		w.text = append(w.text, `"$-Infinity"`...)
	case f == 0 && math.Signbit(f):
		w.text = append(w.text, `"$-0"`...)
	default:
		w.text = value.AppendNumber(w.text, f)
	}
}

// string writes a text: a long one as a row before this one, unless it has
// lone surrogates, for which such rows have no bytes (§2).
func (w *writer) string(s string) {
	if len(s) >= longText && value.UnitLen(s) >= longText && utf8.ValidString(s) {
		id := w.id()
		countedRow(w, id, 'T', s)
		w.reference(0, id)
		return
	}
	if s == "" || s[0] != '$' {
		w.text = value.AppendQuoted(w.text, s)
		return
	}
	mark := len(w.text)
	w.text = value.AppendQuoted(append(w.text, '"'), s)
	w.text[mark+1] = '$' // over the second quote: "$ and then the text's own $
}

// symbol writes a reference to the row of a symbol.
func (w *writer) symbol(name string) {
	id, ok := w.symbols[name]
	if !ok {
		if w.symbols == nil {
			w.symbols = map[string]uint32{}
		}
		id = w.id()
		w.symbols[name] = id
		mark := len(w.text)
		w.text = value.AppendQuoted(w.text, "$S"+name)
		w.endRow(id, "", mark)
	}
	w.reference(0, id)
}

// unwritable says why Append cannot write a value.
type unwritable string

func (u unwritable) Error() string { return string(u) }

const (
	errDeep    unwritable = "a value is nested too deeply"
	errProto   unwritable = "a member __proto__ would not arrive"
	errModule  unwritable = "only the bundler can refer to a client module"
	errPromise unwritable = "a promise of a promise"
	errChunk   unwritable = "a stream of bytes holds something else"
	errForm    unwritable = "a form field is neither text nor file"
	errNone    unwritable = "a value is missing"
)
