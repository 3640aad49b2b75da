package jsonform

import (
	"encoding/base64"
	"math"

	"github.com/actiongw/actiongw/internal/value"
)

// The from functions make a value of the given type of what stands in the JSON.
// They return nil when it does not fit, and wanted says then what would.

func fromNull(kind string) value.Value {
	switch kind {
	case "undefined":
		return value.Undefined{}
	case "NaN":
		return value.Number(math.NaN())
	case "Infinity":
		return value.Number(math.Inf(1))
	case "-Infinity":
		return value.Number(math.Inf(-1))
	case "Date":
		return &value.Date{}
	}
	return nil
}

func fromText(s, kind string) value.Value {
	switch kind {
	case "Date":
		if iso, ok := isoDate(s); ok {
			return &value.Date{ISO: iso}
		}
	case "BigInt":
		if value.IsBigInt(s) {
			return value.BigInt(s)
		}
	default:
		size := elementSize(kind)
		data, err := base64.StdEncoding.Strict().DecodeString(s)
		if size > 0 && err == nil && len(data)%size == 0 {
			return &value.Bytes{Kind: kind, Data: data}
		}
	}
	return nil
}

func fromArray(items []value.Value, kind string) value.Value {
	switch kind {
	case "Set":
		return &value.Set{Items: items}
	case "Iterator":
		return &value.Iterator{Items: items}
	case "AsyncIterator":
		return &value.Async{Iterator: true, Items: items}
	case "AsyncIterable":
		return &value.Async{Items: items}
	case "Stream":
		return &value.Stream{Chunks: items}
	case "Map":
		m := &value.Map{}
		for _, item := range items {
			pair, ok := item.(*value.Array)
			if !ok || len(pair.Items) != 2 {
				return nil
			}
			m.Entries = append(m.Entries, value.Entry{Key: pair.Items[0], Value: pair.Items[1]})
		}
		return m
	}
	return nil
}

func fromObject(o *value.Object, kind string) value.Value {
	if kind != "FormData" {
		return nil
	}
	form := &value.FormData{}
	for _, m := range o.Members {
		values, ok := m.Value.(*value.Array)
		if !ok {
			return nil
		}
		for _, v := range values.Items {
			if _, ok := v.(value.String); !ok {
				return nil
			}
			form.Entries = append(form.Entries, value.FormEntry{Name: m.Key, Value: v})
		}
	}
	return form
}

// elementSize is how many bytes an element of a class of binary data has, 0
// for no such class.
func elementSize(kind string) int {
	for _, letter := range []byte("AOoUSsLlGgMmV") {
		if class, size := value.ViewOf(letter); class == kind {
			return size
		}
	}
	return 0
}

// wanted says what the JSON of a type looks like. A type that we do not know is
// not repeated: it is of the text that is read.
func wanted(kind string) string {
	switch kind {
	case "undefined", "NaN", "Infinity", "-Infinity", "never":
		return kind + " wants null"
	case "-0":
		return "-0 wants 0"
	case "Date":
		return "Date wants an RFC 3339 text such as 2026-01-02T03:04:05Z, or null for an invalid one"
	case "BigInt":
		return "BigInt wants a decimal text"
	case "Set", "Iterator", "AsyncIterator", "AsyncIterable", "Stream":
		return kind + " wants an array"
	case "Map":
		return "Map wants an array of arrays of two"
	case "FormData":
		return "FormData wants an object of arrays of texts"
	case "File", "Blob", "ServerReference", "TemporaryReference":
		return kind + " cannot stand here"
	}
	if elementSize(kind) > 0 {
		return kind + " wants base64 text, of whole elements"
	}
	return "types has a word that is no type"
}
