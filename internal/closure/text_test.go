package closure_test

import (
	"testing"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/value"
)

// TestTextOf: what Next takes off before it opens a closure, and the one form
// that pages send.
func TestTextOf(t *testing.T) {
	const s = value.String("sealed")
	promise := func(v value.Value) *value.Promise { return &value.Promise{Value: v} }
	list := func(v ...value.Value) *value.Array { return &value.Array{Items: v} }
	circle := list(nil)
	circle.Items[0] = circle
	for _, tt := range []struct {
		is        string
		v         value.Value
		inPromise bool
		ok        bool
	}{
		{"a promise of a text, as pages send it", promise(s), true, true},
		{"a text", s, false, true},
		{"a text in an array", list(s), false, true},
		{"a text in arrays", list(list(list(s))), false, true},
		{"an array in a promise", promise(list(s)), false, true},
		{"a promise in an array", list(promise(s)), false, true},
		{"an array of two", list(s, s), false, false},
		{"an empty array", list(), false, false},
		{"an array in itself", circle, false, false},
		{"an object", &value.Object{}, false, false},
		{"a promise of a number", promise(value.Number(1)), false, false},
		{"a promise that never came", promise(nil), false, false},
	} {
		text, inPromise, ok := closure.TextOf(tt.v)
		if ok != tt.ok || inPromise != tt.inPromise || ok != (text == string(s)) {
			t.Errorf("%s: got %q, in a promise %v, %v", tt.is, text, inPromise, ok)
		}
	}
}
