package jsonform_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// tokens is a sink that writes down what it gets.
type tokens struct{ strings.Builder }

func (t *tokens) Kind(name string)      { t.WriteString(name + " ") }
func (t *tokens) Null()                 { t.WriteString("null ") }
func (t *tokens) Bool(b bool)           { fmt.Fprint(t, b, " ") }
func (t *tokens) Number(f float64)      { fmt.Fprint(t, f, " ") }
func (t *tokens) Text(s string)         { fmt.Fprintf(t, "%q ", s) }
func (t *tokens) Bytes(data []byte)     { fmt.Fprintf(t, "<%s> ", data) }
func (t *tokens) Open(bracket byte)     { t.WriteByte(bracket) }
func (t *tokens) Key(name string)       { fmt.Fprintf(t, "%q: ", name) }
func (t *tokens) Content(f *value.File) { fmt.Fprintf(t, "content %q ", f.Data) }
func (t *tokens) Close()                { t.WriteByte('.') }
func (t *tokens) Len() int64            { return int64(t.Builder.Len()) }

const limit = 1 << 16

func form(w jsonform.Walk, v ...value.Value) (string, *reject.Error) {
	var t tokens
	w.To = &t
	if w.Limit == 0 {
		w.Limit = limit
	}
	err := w.List(v)
	return t.String(), err
}

func array(items ...value.Value) *value.Array { return &value.Array{Items: items} }

func object(key string, v value.Value) *value.Object {
	return &value.Object{Members: []value.Member{{Key: key, Value: v}}}
}

// nested is v within n arrays.
func nested(n int, v value.Value) value.Value {
	for range n {
		v = array(v)
	}
	return v
}

func TestForm(t *testing.T) {
	const id = "60abababababababababababababababababababab"
	for _, tt := range []struct {
		title string
		v     value.Value
		want  string
	}{
		{"undefined", value.Undefined{}, `undefined null `},
		{"a hole", nil, `undefined null `},
		{"null", value.Null{}, `null `},
		{"a boolean", value.Bool(true), `true `},
		{"an integer", value.Number(3), `3 `},
		{"a fraction", value.Number(0.1), `0.1 `},
		{"NaN", value.Number(math.NaN()), `NaN null `},
		{"Infinity", value.Number(math.Inf(1)), `Infinity null `},
		{"-Infinity", value.Number(math.Inf(-1)), `-Infinity null `},
		{"-0", value.Number(math.Copysign(0, -1)), `-0 0 `},
		{"a text", value.String("häß"), `"häß" `},
		{"a text with halves of pairs", value.String("a\xed\xa0\x80\xed\xa0\x80b\xed\xb0\x80"), `"a��b�" `},
		{"a text that begins like half of a pair", value.String("\xedab"), `"�ab" `},
		{"a BigInt", value.BigInt("-123456789012345678901234567890"), `BigInt "-123456789012345678901234567890" `},
		{"a Date", &value.Date{ISO: "2026-01-02T03:04:05.000Z"}, `Date "2026-01-02T03:04:05.000Z" `},
		{"an invalid Date", &value.Date{}, `Date null `},
		{"an array", array(value.Number(1), value.Null{}), `[1 null .`},
		{"an empty array", array(), `[.`},
		{"an object", object("a", value.Undefined{}), `{"a": undefined null .`},
		{"a Map", &value.Map{Entries: []value.Entry{{Key: value.String("k"), Value: value.Number(1)}}}, `Map [["k" 1 ..`},
		{"a Set", &value.Set{Items: []value.Value{value.Bool(false)}}, `Set [false .`},
		{"an iterator", &value.Iterator{Items: []value.Value{value.Number(1)}}, `Iterator [1 .`},
		{"a stream", &value.Stream{Chunks: []value.Value{value.String("x")}}, `Stream ["x" .`},
		{"an async iterable", &value.Async{Items: []value.Value{value.String("x")}, Return: value.Number(1)}, `AsyncIterable ["x" .`},
		{"an async iterator", &value.Async{Iterator: true}, `AsyncIterator [.`},
		{"bytes", &value.Bytes{Kind: "Uint8Array", Data: []byte("abc")}, `Uint8Array <abc> `},
		{"a promise", &value.Promise{Value: value.Number(1)}, `Promise 1 `},
		{"a promise of a Date", &value.Promise{Value: &value.Date{}}, `Promise Date null `},
		{"a rejected promise", &value.Promise{Rejected: &value.Error{}}, `Promise never null `},
		{"a promise that never settles", &value.Promise{}, `Promise never null `},
		{"a temporary reference", &value.TemporaryReference{Position: "1"}, `TemporaryReference null `},
		{"a server function", &value.ServerReference{ID: id, Bound: array()}, `ServerReference {"id": "` + id + `" "name": "name of 60" .`},
		{"a file", &value.File{Name: `d/a.png`, Type: "image/png", Data: []byte("abc")}, `File {"name": "d/a.png" "type": "image/png" "size": 3 content "abc" .`},
		{"a Blob", &value.File{Blob: true}, `Blob {"name": "" "type": "" "size": 0 content "" .`},
		{"a FormData, without the fields of React", &value.FormData{Entries: []value.FormEntry{
			{Name: "$ACTION_KEY", Value: value.String("k")},
			{Name: "b", Value: value.String("1")}, {Name: "a", Value: value.String("2")}, {Name: "b", Value: value.String("3")},
		}}, `FormData {"b": ["1" "3" ."a": ["2" ..`},
		{"a value twice", func() value.Value { v := array(); return array(v, v) }(), `[[.[..`},
		{"half of a pair in a key", object("\xed\xa0\x80", value.Null{}), `{"�": null .`},
	} {
		got, err := form(jsonform.Walk{NameOf: func(id string) string { return "name of " + id[:2] }}, tt.v)
		if want := "[" + tt.want + "."; err != nil || got != want {
			t.Errorf("%s: got %s and %v, want %s", tt.title, got, err, want)
		}
	}
	if got, err := form(jsonform.Walk{}); got != "[." || err != nil {
		t.Errorf("no values: got %s and %v", got, err)
	}
	if _, err := form(jsonform.Walk{}, nested(jsonform.MaxDepth, value.Null{})); err != nil {
		t.Errorf("as many levels as may be: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	self := array()
	self.Items = []value.Value{object("a", self)}
	promise := &value.Promise{}
	promise.Value = promise
	failed := &value.Error{}
	for _, tt := range []struct {
		title string
		v     value.Value
		want  string
	}{
		{"101 levels", nested(101, value.Null{}), "100 levels"},
		{"101 levels of which one is a pair of a Map", nested(99, &value.Map{Entries: []value.Entry{{}}}), "100 levels"},
		{"101 levels of which one is a field", nested(99, &value.FormData{Entries: []value.FormEntry{{}}}), "100 levels"},
		{"101 levels of which one is a file", nested(100, &value.File{}), "100 levels"},
		{"101 promises", func() (v value.Value) {
			for range 101 {
				v = &value.Promise{Value: v}
			}
			return v
		}(), "100 levels"},
		{"an array that contains itself", self, "contains itself"},
		{"a promise of itself", promise, "contains itself"},
		{"a key __proto__", object("__proto__", value.Null{}), "__proto__"},
		{"a field __proto__", &value.FormData{Entries: []value.FormEntry{{Name: "__proto__", Value: value.String("")}}}, "__proto__"},
		{"keys that differ in halves of pairs", &value.Object{Members: []value.Member{{Key: "\xed\xa0\x80"}, {Key: "\xed\xa0\x81"}}}, "two keys are the same"},
		{"a key that differs from U+FFFD in half of a pair", &value.Object{Members: []value.Member{{Key: "�"}, {Key: "\xed\xa0\x81"}}}, "two keys are the same"},
		{"a stream that failed", &value.Stream{Chunks: []value.Value{value.Null{}}, Failed: failed}, "failed"},
		{"an async iterable that failed", &value.Async{Failed: failed}, "failed"},
		{"a symbol", value.Symbol("s"), "symbol"},
		{"a React element", array(&value.Element{}), "React element"},
		{"an error", object("a", &value.Error{}), "an error"},
		{"a lazy value", &value.Lazy{}, "lazy value"},
		{"a client reference", &value.ClientReference{}, "client reference"},
		{"a text over the limit", value.String(strings.Repeat("x", limit)), "too large"},
		{"a text in many places", array(slices.Repeat([]value.Value{value.String(strings.Repeat("x", 1000))}, 1000)...), "too large"},
		{"a doubling at each of 40 levels", func() (v value.Value) {
			v = array()
			for range 40 {
				v = array(v, v)
			}
			return v
		}(), "too large"},
	} {
		got, err := form(jsonform.Walk{}, tt.v)
		if err == nil || err.Reason != reject.ArgumentNotAllowed || !strings.Contains(err.Detail, tt.want) {
			t.Errorf("%s: got %v, want %q", tt.title, err, tt.want)
		} else if len(got) > 2*limit {
			t.Errorf("%s: %d bytes were written before the refusal", tt.title, len(got))
		}
	}
}

// TestTheLimitIsExact holds that the limit is the sink's own measure.
func TestTheLimitIsExact(t *testing.T) {
	v := array(object("key", value.String("text")), &value.Set{}, value.Number(1))
	whole, err := form(jsonform.Walk{}, v)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := form(jsonform.Walk{Limit: int64(len(whole))}, v); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := form(jsonform.Walk{Limit: int64(len(whole)) - 1}, v); err == nil {
		t.Error("a byte over the limit passes")
	}
}

func TestBaseName(t *testing.T) {
	for _, tt := range []struct{ title, name, want string }{
		{"a plain name stays", "Rechnung März.pdf", "Rechnung März.pdf"},
		{"a folder that was picked as a whole", "photos/2026/a.png", "a.png"},
		{"a path of Windows", `C:\fakepath\a.png`, "a.png"},
		{"a way up", "../../etc/passwd", "passwd"},
		{"a way up at the end", "a/..", ""},
		{"this folder", ".", ""},
		{"a folder", "a/", ""},
		{"a hidden file", ".htaccess", ".htaccess"},
		{"line ends and NUL", "a\r\nX: y\x00\x7f\u0085.png", "aX: y.png"},
		{"line ends of Unicode", "a\u2028X: y\u2029.png", "aX: y.png"},
		{"a way up behind control characters", "\x00.\x00.", ""},
		{"nothing", "", ""},
	} {
		if got := jsonform.BaseName(tt.name); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.title, got, tt.want)
		}
	}
	got, err := form(jsonform.Walk{BaseNames: true}, &value.File{Name: `x\.htaccess`})
	if err != nil || !strings.Contains(got, `"name": ".htaccess"`) {
		t.Errorf("a walk that wants base names: got %s and %v", got, err)
	}
}
