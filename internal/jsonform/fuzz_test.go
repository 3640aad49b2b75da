package jsonform_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
)

// FuzzReader holds that no text makes the reader panic, that an error comes
// alone, and that what is read can be written again.
func FuzzReader(f *testing.F) {
	for _, body := range []string{
		`{"value":{"a":[1,"x",null]},"types":{"/value/a/2":"undefined"}}`,
		`{"value":[["k","2026-01-02T03:04:05+01:00"]],"types":{"/value":"Promise<Map>","/value/0/1":"Date"}}`,
		`{"types":{"/value/~0~1":"Set"},"value":{"~/":[]}}`, `[1e999,-0,"\ud800"]`, `"`, `{"a":1,"a":2}`, `{"value":"AQI=","types":{"/value":"Int16Array"}}`,
	} {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, document bool) {
		r := jsonform.Reader{Root: "value"}
		parse := r.Parse
		if document {
			parse = r.ParseDocument
		}
		v, misfit := parse(bytes.Clone(text))
		if (v == nil) == (misfit == nil) {
			t.Fatalf("a value %v with an error %v", v, misfit)
		}
		if misfit != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatal("read what is not JSON")
		}
		_, refusal := form(jsonform.Walk{Limit: 1 << 30}, v)
		// Promises count as levels of a call, and two keys may be one as UTF-8.
		if refusal != nil && !strings.Contains(refusal.Detail, "levels") && !strings.Contains(refusal.Detail, "two keys") {
			t.Fatalf("the value cannot be written: %v", refusal)
		}
	})
}

// FuzzPlainValues: what is read is JSON, and means what Go's own reader says.
// Types take nothing away and change nothing that they do not name.
func FuzzPlainValues(f *testing.F) {
	for _, seed := range []string{`["v41", -1.5e3, null, [true, {"a": []}]]`, `[]`, `[{"a":1,"a":2}]`, `["\ud83d\ude00"]`, `[1] 2`, `{"a":[]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := jsonform.Reader{Root: "closure", Proto: true}
		v, misfit := r.Parse(text)
		if misfit != nil {
			return // what cannot be read has no meaning to compare
		}
		var want any
		var tooLarge *json.UnmarshalTypeError
		if err := json.Unmarshal(text, &want); errors.As(err, &tooLarge) {
			return // a number that is infinite for JavaScript
		} else if err != nil {
			t.Fatalf("it is no JSON: %v", err)
		}
		if bytes.Contains(text, []byte(`\u`)) {
			return // Go reads half of a surrogate pair as U+FFFD
		}
		if got := plainOf(v); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
			t.Errorf("%#v, want %#v", got, want)
		}
		typed, misfit := r.ParseTyped(text, []byte(`{}`))
		if misfit != nil || !reflect.DeepEqual(typed, v) {
			t.Errorf("with no types: %v, %v", typed, misfit)
		}
	})
}

// plainOf turns values of JSON into what encoding/json makes of them.
func plainOf(v value.Value) any {
	switch v := v.(type) {
	case value.String:
		return string(v)
	case value.Number:
		return float64(v)
	case value.Bool:
		return bool(v)
	case *value.Array:
		list := []any{}
		for _, item := range v.Items {
			list = append(list, plainOf(item))
		}
		return list
	case *value.Object:
		members := map[string]any{}
		for _, m := range v.Members {
			members[m.Key] = plainOf(m.Value)
		}
		return members
	default:
		return nil
	}
}
