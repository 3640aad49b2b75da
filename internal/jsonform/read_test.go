package jsonform_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// read reads a value, plain or as a document with types, and writes it in the notation of the vectors.
func read(t *testing.T, body string, rich bool) string {
	t.Helper()
	r := jsonform.Reader{Root: "value"}
	parse := r.Parse
	if rich {
		parse = r.ParseDocument
	}
	v, misfit := parse([]byte(body))
	if (v == nil) == (misfit == nil) {
		t.Fatalf("%s: a value %v with an error %v", body, v, misfit)
	}
	if misfit != nil {
		return misfit.Pointer + ": " + misfit.Why
	}
	got, err := vectors.Tagged(v)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return got
}

func TestPlainValues(t *testing.T) {
	for _, tt := range []struct{ title, body, want string }{
		{"null", `null`, `null`},
		{"a text", ` "häß" `, `"häß"`},
		{"members keep their order", `{"b":1,"a":[true,{}]}`, `{"b":1,"a":[true,{}]}`},
		{"a number is a double", `[1.0,1e3,9007199254740993,123456789012345678901234567890]`, `[1,1000,9007199254740992,1.2345678901234568e+29]`},
		{"-0 stays", `-0`, `{"$type":"number","value":"-0"}`},
		{"numbers out of range are what JavaScript makes of them", `[1e999,-1e999,1e-999]`, `[{"$type":"number","value":"Infinity"},{"$type":"number","value":"-Infinity"},0]`},
		{"half of a surrogate pair stays", `"\ud800x"`, `"\ud800x"`},
		{"what looks rich is plain", `{"value":1,"types":{"/value":"Date"}}`, `{"value":1,"types":{"/value":"Date"}}`},
		{"what looks like React's references is text", `["$1","$@2","$undefined"]`, `["$1","$@2","$undefined"]`},
		{"as many levels as may be", nestedJSON(jsonform.MaxDepth), nestedJSON(jsonform.MaxDepth)},
	} {
		if got := read(t, tt.body, false); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.title, got, tt.want)
		}
	}
}

func nestedJSON(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

func TestDocuments(t *testing.T) {
	for _, tt := range []struct{ title, body, want string }{
		{"a value without types", `{"value":[1]}`, `[1]`},
		{"no types", `{"types":{},"value":null}`, `null`},
		{"the types first", `{"types":{"/value":"undefined"},"value":null}`, `{"$type":"undefined"}`},
		{"what JSON has no numbers for", `{"value":[null,null,null,0],"types":{"/value/0":"NaN","/value/1":"Infinity","/value/2":"-Infinity","/value/3":"-0"}}`,
			`[{"$type":"number","value":"NaN"},{"$type":"number","value":"Infinity"},{"$type":"number","value":"-Infinity"},{"$type":"number","value":"-0"}]`},
		{"a -0 that is one already", `{"value":-0,"types":{"/value":"-0"}}`, `{"$type":"number","value":"-0"}`},
		{"a BigInt", `{"value":"-12345678901234567890","types":{"/value":"BigInt"}}`, `{"$type":"bigint","value":"-12345678901234567890"}`},
		{"a Map of Dates", `{"value":[["a","2026-01-02T03:04:05Z"]],"types":{"/value/0/1":"Date","/value":"Map"}}`,
			`{"$type":"map","entries":[["a",{"$type":"date","value":"2026-01-02T03:04:05.000Z"}]]}`},
		{"a Set in a Set", `{"value":[[1]],"types":{"/value":"Set","/value/0":"Set"}}`, `{"$type":"set","values":[{"$type":"set","values":[1]}]}`},
		{"an iterator", `{"value":[1],"types":{"/value":"Iterator"}}`, `{"$type":"iterator","values":[1]}`},
		{"a FormData", `{"value":{"a":["1","3"],"b":["2"],"c":[]},"types":{"/value":"FormData"}}`,
			`{"$type":"formdata","entries":[["a","1"],["a","3"],["b","2"]]}`},
		{"binary data", `{"value":["AQI=","AQI="],"types":{"/value/0":"Uint8Array","/value/1":"ArrayBuffer"}}`,
			`[{"$type":"typedarray","kind":"Uint8Array","base64":"AQI="},{"$type":"arraybuffer","base64":"AQI="}]`},
		{"a promise", `{"value":{"p":1},"types":{"/value/p":"Promise"}}`, `{"p":{"$type":"promise","value":1}}`},
		{"a promise of a Set", `{"value":[[1]],"types":{"/value/0":"Promise<Set>"}}`, `[{"$type":"promise","value":{"$type":"set","values":[1]}}]`},
		{"a promise of a promise", `{"value":[1],"types":{"/value/0":"Promise<Promise>"}}`, `[{"$type":"promise","value":{"$type":"promise","value":1}}]`},
		{"a promise that is rejected", `{"value":[null],"types":{"/value/0":"Promise<never>"}}`, `[{"$type":"promise","error":{"$type":"error"}}]`},
		{"as many levels as may be", `{"value":` + strings.Repeat("[", 100) + "null" + strings.Repeat("]", 100) + `,"types":{"/value` + strings.Repeat("/0", 100) + `":"undefined"}}`,
			strings.Repeat("[", 100) + `{"$type":"undefined"}` + strings.Repeat("]", 100)},
		{"keys that need escapes", `{"value":{"a/b~":{"":null},"~1":null},"types":{"/value/a~1b~0/":"undefined","/value/~01":"NaN"}}`,
			`{"a/b~":{"":{"$type":"undefined"}},"~1":{"$type":"number","value":"NaN"}}`},
	} {
		if got := read(t, tt.body, true); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.title, got, tt.want)
		}
	}
}

func TestMisfits(t *testing.T) {
	for _, tt := range []struct {
		title, body string
		rich        bool
		want        string
	}{
		{"nothing", ``, false, ": the JSON is empty, or ends in the middle"},
		{"the half of it", `{"a":[1,`, false, ": the JSON is empty, or ends in the middle"},
		{"half a word", `tru`, false, ": the JSON is empty, or ends in the middle"},
		{"no JSON", `{"a":[1,s3cr3t]}`, false, `/a/1: this is no JSON, at byte 8`},
		{"an escape that JSON does not have", `["\x"]`, false, `/0: this is no JSON, at byte 2`},
		{"a page", `<html>s3cr3t`, false, `: this is no JSON, at byte 0`},
		{"a byte order mark", "\ufeff1", false, `: this is no JSON, at byte 0`},
		{"two values", `1 "s3cr3t"`, false, ": something follows the JSON, at byte 1"},
		{"a member twice", `{"a":{"b":1,"b":2}}`, false, `/a/b: a member comes twice, at byte 12`},
		{"a prototype", `[{"__proto__":{}}]`, false, `/0/__proto__: React's client drops members of this name, before byte 13`},
		{"a prototype in disguise", `[{"\u005f_proto__":{}}]`, false, `/0/__proto__: React's client drops members of this name, before byte 18`},
		{"bytes that are not UTF-8", "[\"s3cr3t\xff\"]", false, `/0: this is not UTF-8, before byte 10`},
		{"too many levels", nestedJSON(jsonform.MaxDepth + 1), false, strings.Repeat("/0", jsonform.MaxDepth) + `: more than 100 levels, before byte 101`},
		{"a document that is a list", `[1]`, true, ": want an object of value and types"},
		{"no value", `{"types":{}}`, true, ": value is missing; that of undefined is null"},
		{"another member", `{"value":1,"type":"s3cr3t"}`, true, `/type: there is value and types, and nothing else`},
		{"types as a list", `{"value":1,"types":["s3cr3t"]}`, true, `/types: want an object of pointers and words`},
		{"a type that is no word", `{"value":1,"types":{"/value":1}}`, true, `/value: want a word for its type`},
		{"a type that is empty", `{"value":1,"types":{"/value":""}}`, true, `/value: want a word for its type`},
		{"an unknown type", `{"value":"s3cr3t","types":{"/value":"s3cr3t"}}`, true, `/value: types has a word that is no type`},
		{"a pointer to elsewhere", `{"value":1,"types":{"/types":"Date"}}`, true, `/types: types has pointers that begin with /value`},
		{"a pointer to the whole", `{"value":1,"types":{"":"Date"}}`, true, `: types has pointers that begin with /value`},
		{"a pointer without its slash", `{"value":1,"types":{"value":"Date"}}`, true, `value: types has pointers that begin with /value`},
		{"a pointer to what begins alike", `{"value":1,"types":{"/values":"Date"}}`, true, `/values: types has pointers that begin with /value`},
		{"a pointer that is badly escaped", `{"value":{"~":1},"types":{"/value/~":"Date"}}`, true, `/value/~: ~ is written as ~0 in a pointer, and / as ~1`},
		{"a pointer to nothing", `{"value":{"a":[1]},"types":{"/value/a/1":"Date"}}`, true, `/value/a: types has a pointer to something in here that does not exist`},
		{"a pointer into a text", `{"value":"s3cr3t","types":{"/value/0":"Date"}}`, true, `/value: types has a pointer to something in here that does not exist`},
		{"a pointer that leads deeper than a value can", `{"value":1,"types":{"/value` + strings.Repeat("/0", 101) + `":"Date"}}`, true, `/value` + strings.Repeat("/0", 101) + `: a pointer of more than 100 levels`},
		{"an index with a zero in front", `{"value":["1"],"types":{"/value/00":"BigInt"}}`, true, `/value: types has a pointer to something in here that does not exist`},
		{"undefined that is something", `{"value":[0],"types":{"/value/0":"undefined"}}`, true, `/value/0: undefined wants null`},
		{"-0 that is something", `{"value":1,"types":{"/value":"-0"}}`, true, `/value: -0 wants 0`},
		{"a BigInt as a number", `{"value":12,"types":{"/value":"BigInt"}}`, true, `/value: BigInt wants a decimal text`},
		{"a BigInt that is none", `{"value":"0x1f","types":{"/value":"BigInt"}}`, true, `/value: BigInt wants a decimal text`},
		{"a Set as an object", `{"value":{},"types":{"/value":"Set"}}`, true, `/value: Set wants an array`},
		{"a Map as an object", `{"value":{"a":1},"types":{"/value":"Map"}}`, true, `/value: Map wants an array of arrays of two`},
		{"a Map of other pairs", `{"value":[[1,2,3]],"types":{"/value":"Map"}}`, true, `/value: Map wants an array of arrays of two`},
		{"a Map of Sets", `{"value":[[1,2]],"types":{"/value":"Map","/value/0":"Set"}}`, true, `/value: Map wants an array of arrays of two`},
		{"a FormData of numbers", `{"value":{"a":[1]},"types":{"/value":"FormData"}}`, true, `/value: FormData wants an object of arrays of texts`},
		{"a FormData of texts alone", `{"value":{"a":"1"},"types":{"/value":"FormData"}}`, true, `/value: FormData wants an object of arrays of texts`},
		{"bytes that are no base64", `{"value":"s3cr3t!","types":{"/value":"Uint8Array"}}`, true, `/value: Uint8Array wants base64 text, of whole elements`},
		{"bytes with stray bits", `{"value":"AQJ=","types":{"/value":"Uint8Array"}}`, true, `/value: Uint8Array wants base64 text, of whole elements`},
		{"half an element", `{"value":"AQI=","types":{"/value":"Float64Array"}}`, true, `/value: Float64Array wants base64 text, of whole elements`},
		{"a file", `{"value":{"name":"a"},"types":{"/value":"File"}}`, true, `/value: File cannot stand here`},
		{"a function", `{"value":{"id":"a"},"types":{"/value":"ServerReference"}}`, true, `/value: ServerReference cannot stand here`},
		{"a promise of what does not fit", `{"value":1,"types":{"/value":"Promise<Set>"}}`, true, `/value: Set wants an array`},
		{"a promise with one bracket", `{"value":1,"types":{"/value":"Promise<Set"}}`, true, `/value: types has a word that is no type`},
		{"a promise of nothing", `{"value":1,"types":{"/value":"Promise<>"}}`, true, `/value: types has a word that is no type`},
		{"a rejected promise of something", `{"value":1,"types":{"/value":"Promise<never>"}}`, true, `/value: never wants null`},
		{"a promise of a promise of a promise", `{"value":1,"types":{"/value":"` + strings.Repeat("Promise<", 101) + "Set" + strings.Repeat(">", 101) + `"}}`, true, `/value: more than 100 promises in each other`},
		{"a long pointer", `{"value":{"` + strings.Repeat("k", 1000) + `":1},"types":{"/value/` + strings.Repeat("k", 1000) + `":"Set"}}`, true, `/value/` + strings.Repeat("k", 1000) + `: Set wants an array`},
		{"a pointer with a line end", `{"value":{"\n":1},"types":{"/value/\n":"Set"}}`, true, "/value/\n: Set wants an array"},
	} {
		got := read(t, tt.body, tt.rich)
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.title, got, tt.want)
		}
		if strings.Contains(got, "s3cr3t") {
			t.Errorf("%s: the error repeats the text: %s", tt.title, got)
		}
	}
}

func TestDates(t *testing.T) {
	const none = ""
	for _, tt := range []struct{ title, text, want string }{
		{"seconds", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"},
		{"small letters", "2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z"},
		{"a tenth", "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100Z"},
		{"nanoseconds are cut, not rounded", "2026-01-02T03:04:05.999999999Z", "2026-01-02T03:04:05.999Z"},
		{"UTC as an offset", "2026-01-02T03:04:05.123456+00:00", "2026-01-02T03:04:05.123Z"},
		{"east of Greenwich", "2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000Z"},
		{"west of it", "2026-01-02T03:04:05-09:30", "2026-01-02T12:34:05.000Z"},
		{"the day before", "2026-01-02T00:30:00+05:45", "2026-01-01T18:45:00.000Z"},
		{"the month before", "2026-05-01T00:00:00+00:01", "2026-04-30T23:59:00.000Z"},
		{"a leap day before", "2024-03-01T00:00:00+01:00", "2024-02-29T23:00:00.000Z"},
		{"no leap day before", "2023-03-01T00:00:00+01:00", "2023-02-28T23:00:00.000Z"},
		{"the year before", "2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000Z"},
		{"the day after", "2026-01-02T23:59:59-00:01", "2026-01-03T00:00:59.000Z"},
		{"the month after", "2026-02-28T23:00:00-01:00", "2026-03-01T00:00:00.000Z"},
		{"the year after", "2026-12-31T12:00:00-12:00", "2027-01-01T00:00:00.000Z"},
		{"before year 0", "0000-01-01T00:00:00+01:00", "-000001-12-31T23:00:00.000Z"},
		{"after year 9999", "9999-12-31T23:00:00-01:00", "+010000-01-01T00:00:00.000Z"},
		{"what JavaScript writes for far years", "+275760-09-13T00:00:00.000Z", "+275760-09-13T00:00:00.000Z"},
		{"a day that is none", "2026-02-30T00:00:00Z", none},
		{"a leap second", "2026-06-30T23:59:60Z", none},
		{"no zone", "2026-01-02T03:04:05", none},
		{"a date alone", "2026-01-02", none},
		{"a space", "2026-01-02 03:04:05Z", none},
		{"a dot alone", "2026-01-02T03:04:05.Z", none},
		{"an offset of a day", "2026-01-02T03:04:05+24:00", none},
		{"an offset of sixty minutes", "2026-01-02T03:04:05+00:60", none},
		{"an offset without its colon", "2026-01-02T03:04:05+0100", none},
		{"an offset with signs", "2026-01-02T03:04:05+-1:+1", none},
		{"what follows", "2026-01-02T03:04:05Zs", none},
		{"seconds since 1970", "1767323045", none},
	} {
		v, err := jsonform.Reader{Root: "value"}.ParseDocument([]byte(`{"value":` + strconv.Quote(tt.text) + `,"types":{"/value":"Date"}}`))
		got := none
		if d, ok := v.(*value.Date); ok {
			got = d.ISO
		}
		if got != tt.want || (err != nil) != (tt.want == none) {
			t.Errorf("%s: got %q and %v, want %q", tt.title, got, err, tt.want)
		}
	}
}

// TestTypesOnTheirOwn: values and types may come as two texts, of one root.
func TestTypesOnTheirOwn(t *testing.T) {
	r := jsonform.Reader{Root: "closure", Proto: true}
	for _, tt := range []struct{ title, text, types, want string }{
		{"no types", `["12"]`, ``, `["12"]`},
		{"none in an object", `["12"]`, ` {} `, `["12"]`},
		{"some", `["12",[]]`, `{"/closure/1":"Set","/closure/0":"BigInt"}`, `[{"$type":"bigint","value":"12"},{"$type":"set","values":[]}]`},
		{"a prototype that may be there", `[{"__proto__":1}]`, ``, `[{"__proto__":1}]`},
		{"another root", `["12"]`, `{"/value/0":"BigInt"}`, "/value/0: types has pointers that begin with /closure"},
		{"types that are no JSON", `["12"]`, `{"/closure/0":s3cr3t}`, "/types/~1closure~10: this is no JSON, at byte 14"},
		{"types that are no object", `["12"]`, `[]`, "/types: want an object of pointers and words"},
		{"a value that is no JSON", `[s3cr3t]`, `{}`, "/0: this is no JSON, at byte 1"},
	} {
		v, misfit := r.ParseTyped([]byte(tt.text), []byte(tt.types))
		if (v == nil) == (misfit == nil) {
			t.Fatalf("%s: a value %v with an error %v", tt.title, v, misfit)
		}
		var got string
		if misfit != nil {
			got = misfit.Pointer + ": " + misfit.Error()
		} else {
			var err error
			if got, err = vectors.Tagged(v); err != nil {
				t.Fatal(err)
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.title, got, tt.want)
		}
	}
}
