package policy

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Limits of the JSON form.
const (
	// maxDepth is how deep arrays and objects may nest. No form and no sane
	// argument comes near it, and every reader of JSON can follow.
	maxDepth = 100
	// nodeCost is what a value counts for besides its text: about the memory
	// of an element of a Go slice.
	nodeCost = 16
	// freeBytes is the size up to which shared values may be written out
	// again and again, see [Form]. Without sharing, 50,000 values, the parser's
	// limit, cost 0.8 MB besides their texts; a few hundred records that all
	// hold the same customer fit in the rest.
	freeBytes = 2 << 20
)

// Form turns the arguments of a call into plain JSON, as backends that do not
// speak React's format receive them: nil, bool, float64, string, []any and
// map[string]any.
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
// Numbers are doubles, as in JavaScript. Half of a surrogate pair in a text
// becomes U+FFFD, so that it counts as one character.
//
// A value that occurs twice is written twice. The size is therefore limited,
// to 2 MiB and twice the body's: a body cannot grow without bounds, and one
// that shares nothing always fits. Refused are, besides: cycles, more than 100
// levels, keys named `__proto__`, which many languages' readers trip over, and
// what no client can send: symbols, React elements, errors.
func Form(args []value.Value, bodyBytes int64, nameOf func(id string) string) ([]any, *reject.Error) {
	f := former{left: freeBytes + 2*bodyBytes, nameOf: nameOf}
	return f.list(args, 0)
}

// former is one walk over the arguments.
type former struct {
	left   int64
	nameOf func(id string) string
	// above holds the objects that contain the present one. Their number is at
	// most maxDepth, so a look through them is cheap.
	above []value.Value
}

func notAllowed(detail string) *reject.Error {
	return reject.New(ArgumentNotAllowed, Stage, detail)
}

// take counts n bytes of text and one value.
func (f *former) take(n int) *reject.Error {
	f.left -= int64(n) + nodeCost
	if f.left < 0 {
		return notAllowed("the arguments are too large once shared values are written out")
	}
	return nil
}

// form turns one value; depth is how many arrays and objects are around it.
func (f *former) form(v value.Value, depth int) (any, *reject.Error) {
	plain, size, ok := primitive(v)
	if err := f.take(size); err != nil || ok {
		return plain, err
	}
	if depth >= maxDepth {
		return nil, notAllowed("the arguments nest deeper than 100 levels")
	}
	if slices.Contains(f.above, v) {
		return nil, notAllowed("an argument contains itself")
	}
	f.above = append(f.above, v)
	form, err := f.container(v, depth)
	f.above = f.above[:len(f.above)-1]
	return form, err
}

// primitive turns what contains no other value, and says how long its text is.
func primitive(v value.Value) (plain any, size int, ok bool) {
	switch v := v.(type) {
	case nil, value.Undefined, value.Null, *value.TemporaryReference:
		return nil, 0, true
	case value.Bool:
		return bool(v), 0, true
	case value.Number:
		n := float64(v)
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, 0, true
		}
		return n + 0, 0, true // -0 + 0 is 0
	case value.String:
		return scalars(string(v)), len(v), true
	case value.BigInt:
		return string(v), len(v), true
	case *value.Date:
		if v.ISO == "" {
			return nil, 0, true
		}
		return v.ISO, len(v.ISO), true
	case *value.Bytes:
		return base64.StdEncoding.EncodeToString(v.Data), len(v.Data), true
	}
	return nil, 0, false
}

// container turns what may contain other values.
func (f *former) container(v value.Value, depth int) (any, *reject.Error) {
	switch v := v.(type) {
	case *value.Array:
		return unless(f.list(v.Items, depth+1))
	case *value.Set:
		return unless(f.list(v.Items, depth+1))
	case *value.Iterator:
		return unless(f.list(v.Items, depth+1))
	case *value.Stream:
		return unless(f.list(v.Chunks, depth+1))
	case *value.Async:
		return unless(f.list(v.Items, depth+1))
	case *value.Promise:
		// A promise adds no level to the JSON. It counts as one here, or a
		// promise of a promise of a promise would have no end.
		return f.form(v.Value, depth+1)
	case *value.Object:
		return f.object(v, depth+1)
	case *value.Map:
		return f.pairs(v, depth+1)
	case *value.FormData:
		return f.fields(v, depth+1)
	case *value.File:
		return map[string]any{"name": scalars(v.Name), "type": scalars(v.Type), "size": float64(len(v.Data))}, f.take(len(v.Name) + len(v.Type))
	case *value.ServerReference:
		name := ""
		if f.nameOf != nil {
			name = f.nameOf(v.ID)
		}
		return map[string]any{"id": v.ID, "name": name}, f.take(len(v.ID) + len(name))
	}
	return nil, notAllowed(fmt.Sprintf("an argument holds %s, which has no form in JSON", kindOf(v)))
}

// unless makes a nil of a list that comes with an error.
func unless(list []any, err *reject.Error) (any, *reject.Error) {
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (f *former) list(items []value.Value, depth int) ([]any, *reject.Error) {
	list := make([]any, len(items))
	for i, item := range items {
		var err *reject.Error
		if list[i], err = f.form(item, depth); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (f *former) object(o *value.Object, depth int) (any, *reject.Error) {
	object := make(map[string]any, len(o.Members))
	for _, m := range o.Members {
		if err := f.key(m.Key); err != nil {
			return nil, err
		}
		form, err := f.form(m.Value, depth)
		if err != nil {
			return nil, err
		}
		object[m.Key] = form
	}
	return object, nil
}

// key checks and counts a key. It is not changed as texts are: two keys that
// differ must stay two.
func (f *former) key(key string) *reject.Error {
	if key == "__proto__" {
		return notAllowed("a key is __proto__")
	}
	return f.take(len(key))
}

func (f *former) pairs(m *value.Map, depth int) (any, *reject.Error) {
	pairs := make([]any, len(m.Entries))
	for i, e := range m.Entries {
		pair, err := f.list([]value.Value{e.Key, e.Value}, depth+1)
		if err != nil {
			return nil, err
		}
		pairs[i] = pair
	}
	return pairs, nil
}

// fields turns a FormData. The fields by which React finds the action stand in
// it or not, depending on whether the page was hydrated, so they are left out
// (spec reply-format §7).
func (f *former) fields(d *value.FormData, depth int) (any, *reject.Error) {
	object := map[string]any{}
	for _, e := range d.Entries {
		if strings.HasPrefix(e.Name, "$ACTION_") {
			continue
		}
		if err := f.key(e.Name); err != nil {
			return nil, err
		}
		form, err := f.form(e.Value, depth+1)
		if err != nil {
			return nil, err
		}
		list, _ := object[e.Name].([]any)
		object[e.Name] = append(list, form)
	}
	return object, nil
}

// scalars replaces each half of a surrogate pair, three bytes in our texts, by
// one U+FFFD. strings.ToValidUTF8 would make one of a whole row of them, and a
// long text would pass as a short one.
func scalars(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 && s[i] == 0xED && i+2 < len(s) {
			size = 3
		}
		b.WriteRune(r)
		i += size
	}
	return b.String()
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
	return "a value of an unknown kind"
}
