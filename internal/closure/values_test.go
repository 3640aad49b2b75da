package closure_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/value"
)

func TestParseValues(t *testing.T) {
	nested := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, tc := range []struct {
		is, text string
		want     []value.Value // nil: an error
		says     string
	}{
		{"every kind", ` ["a", -1.5e1, true, false, null, [], {"x": [1], "y": {}}] `, []value.Value{
			value.String("a"), value.Number(-15), value.Bool(true), value.Bool(false), value.Null{}, &value.Array{},
			&value.Object{Members: []value.Member{{Key: "x", Value: &value.Array{Items: []value.Value{value.Number(1)}}}, {Key: "y", Value: &value.Object{}}}},
		}, ""},
		{"half of a surrogate pair", `["\ud800", "\ud83d\ude00"]`, []value.Value{value.String("\xed\xa0\x80"), value.String("😀")}, ""},
		{"a member that JavaScript knows", `[{"__proto__": 1}]`, []value.Value{&value.Object{Members: []value.Member{{Key: "__proto__", Value: value.Number(1)}}}}, ""},
		{"no array", `{"secret":1}`, nil, "want a JSON array"},
		{"a text", `"secret"`, nil, "want a JSON array"},
		{"nothing", ``, nil, "empty"},
		{"an array without an end", `["secret"`, nil, "ends in the middle"},
		{"an object without an end", `[{"secret":1`, nil, "ends in the middle"},
		{"no JSON", `[secret]`, nil, "no JSON, at byte 1"},
		{"a name twice", `[{"secret":1,"secret":2}]`, nil, "twice"},
		{"something behind", `["secret"] 1`, nil, "follows"},
		{"a number beyond doubles", `[1e999]`, []value.Value{value.Number(math.Inf(1))}, ""},
		{"bytes that are no text", "[\"secret\xff\"]", nil, "UTF-8"},
		{"as many levels as there may be", nested, []value.Value{}, ""},
		{"one level more", "[" + nested + "]", nil, "levels"},
	} {
		got, err := closure.ParseValues([]byte(tc.text))
		switch {
		case tc.says != "":
			if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want %q", tc.is, err, tc.says)
			}
		case err != nil:
			t.Errorf("%s: %v", tc.is, err)
		case len(tc.want) > 0 && !reflect.DeepEqual(got.Items, tc.want):
			t.Errorf("%s: %#v", tc.is, got.Items)
		}
	}
}

func TestCapturedHasItsTypes(t *testing.T) {
	list := func(items ...value.Value) *value.Array { return &value.Array{Items: items} }
	for _, tc := range []struct {
		is, values, types string
		want              *value.Array // nil: an error
	}{
		{"no types", `["v41", 7]`, "", list(value.String("v41"), value.Number(7))},
		{"none in an object", `[7]`, "{}", list(value.Number(7))},
		{"undefined", `[null, {"a": null}]`, `{"/closure/0":"undefined"}`, list(value.Undefined{}, &value.Object{Members: []value.Member{{Key: "a", Value: value.Null{}}}})},
		{"an infinite number", `[null]`, `{"/closure/0":"-Infinity"}`, list(value.Number(math.Inf(-1)))},
		{"a BigInt in an object", `[{"a/b": "12"}]`, `{"/closure/0/a~1b":"BigInt"}`, list(&value.Object{Members: []value.Member{{Key: "a/b", Value: value.BigInt("12")}}})},
		{"a Date", `["2026-01-01T00:00:00.000Z", null]`, `{"/closure/0":"Date","/closure/1":"Date"}`, list(&value.Date{ISO: "2026-01-01T00:00:00.000Z"}, &value.Date{})},
		{"a Map with a Set in it", `[[["k", [1]]]]`, `{"/closure/0":"Map","/closure/0/0/1":"Set"}`,
			list(&value.Map{Entries: []value.Entry{{Key: value.String("k"), Value: &value.Set{Items: []value.Value{value.Number(1)}}}}})},
		{"a Date of another clock", `["2026-01-01T01:00:00+01:00"]`, `{"/closure/0":"Date"}`, list(&value.Date{ISO: "2026-01-01T00:00:00.000Z"})},
		{"bytes", `["AQI="]`, `{"/closure/0":"Uint8Array"}`, list(&value.Bytes{Kind: "Uint8Array", Data: []byte{1, 2}})},
		{"a file", `[{}]`, `{"/closure/0":"File"}`, nil},
		{"a word that nobody knows", `[1]`, `{"/closure/0":"Symbol"}`, nil},
		{"a BigInt with a fraction", `["1.5"]`, `{"/closure/0":"BigInt"}`, nil},
		{"a number as a BigInt", `[1]`, `{"/closure/0":"BigInt"}`, nil},
		{"a Date that is none", `["today"]`, `{"/closure/0":"Date"}`, nil},
		{"a Map that is none", `[[1]]`, `{"/closure/0":"Map"}`, nil},
		{"a pointer to nothing", `[1]`, `{"/closure/1":"undefined"}`, nil},
		{"a pointer to the arguments", `[null]`, `{"/args/0":"undefined"}`, nil},
		{"a type of the whole", `[1]`, `{"/closure":"Set"}`, nil},
		{"types that are no words", `[1]`, `{"/closure/0":1}`, nil},
	} {
		got, err := closure.Own{Values: []byte(tc.values), Types: []byte(tc.types)}.Captured()
		if (err == nil) != (tc.want != nil) || err == nil && !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %#v, %v", tc.is, got, err)
		}
	}
}
