package closure

import (
	"bytes"
	"errors"
	"math"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/value"
)

// typesRoot is where the pointers of types begin.
const typesRoot = "/closure"

// parseTypes reads an object of pointers and type words; empty text is none.
// The pointers lose their root.
func parseTypes(text []byte) (map[jsontext.Pointer]string, error) {
	if len(text) == 0 {
		return nil, nil
	}
	wrong := errors.New("the types are no object of pointers under /closure and words")
	types := map[jsontext.Pointer]string{}
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, wrong
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, wrong
		}
		pointer, ok := strings.CutPrefix(name.String(), typesRoot)
		word, err := d.ReadToken()
		if err != nil || !ok || word.Kind() != '"' {
			return nil, wrong
		}
		types[jsontext.Pointer(pointer)] = word.String()
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '}' {
		return nil, wrong
	}
	return types, nil
}

// ofType gives a value of JSON the type that a word says; ok is false if the
// word is unknown or the value is not what such a value is written as.
func ofType(word string, v value.Value) (typed value.Value, ok bool) {
	switch word {
	case "undefined", "NaN", "Infinity", "-Infinity":
		_, ok = v.(value.Null)
		return map[string]value.Value{
			"undefined": value.Undefined{}, "NaN": value.Number(math.NaN()),
			"Infinity": value.Number(math.Inf(1)), "-Infinity": value.Number(math.Inf(-1)),
		}[word], ok
	case "-0":
		return value.Number(math.Copysign(0, -1)), v == value.Number(0)
	case "BigInt":
		text, _ := v.(value.String)
		return value.BigInt(text), value.IsBigInt(string(text))
	case "Date":
		if v == (value.Null{}) {
			return &value.Date{}, true // an invalid one
		}
		text, _ := v.(value.String)
		return &value.Date{ISO: string(text)}, value.IsDate(string(text))
	case "Set":
		list, isList := v.(*value.Array)
		if !isList {
			return nil, false
		}
		return &value.Set{Items: list.Items}, true
	case "Map":
		return mapOf(v)
	default:
		return nil, false
	}
}

// mapOf makes a Map of an array of pairs.
func mapOf(v value.Value) (value.Value, bool) {
	list, ok := v.(*value.Array)
	if !ok {
		return nil, false
	}
	m := &value.Map{}
	for _, item := range list.Items {
		pair, ok := item.(*value.Array)
		if !ok || len(pair.Items) != 2 {
			return nil, false
		}
		m.Entries = append(m.Entries, value.Entry{Key: pair.Items[0], Value: pair.Items[1]})
	}
	return m, true
}
