package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/actiongw/actiongw/internal/value"
)

// maxValuesDepth is how deep the values of a closure may be nested.
const maxValuesDepth = 100

// readValues reads a JSON array as JavaScript's JSON.parse does, but for names
// that occur twice: those are an error. Errors repeat nothing of the values.
func readValues(data []byte) (*value.Array, error) {
	v := valueReader{json.NewDecoder(bytes.NewReader(data))}
	v.UseNumber()
	read, err := v.next(0)
	if err != nil {
		return nil, err
	}
	list, ok := read.(*value.Array)
	if !ok {
		return nil, errors.New("want a JSON array, one element for each captured variable")
	}
	if _, err := v.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something behind the array")
	}
	return list, nil
}

type valueReader struct{ *json.Decoder }

func (r valueReader) next(depth int) (value.Value, error) {
	if depth > maxValuesDepth {
		return nil, fmt.Errorf("more than %d levels of arrays and objects", maxValuesDepth)
	}
	token, err := r.Token()
	if err != nil {
		return nil, fmt.Errorf("no JSON near byte %d: want an array such as [\"user-1\", 7]", r.InputOffset())
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '[' {
			return r.array(depth)
		}
		return r.object(depth)
	case string:
		return value.String(token), nil
	case json.Number:
		f, err := strconv.ParseFloat(token.String(), 64)
		if err != nil {
			return nil, errors.New("a number is too large for JavaScript")
		}
		return value.Number(f), nil
	case bool:
		return value.Bool(token), nil
	default:
		return value.Null{}, nil
	}
}

func (r valueReader) array(depth int) (value.Value, error) {
	a := &value.Array{}
	for r.More() {
		item, err := r.next(depth + 1)
		if err != nil {
			return nil, err
		}
		a.Items = append(a.Items, item)
	}
	return a, r.end()
}

func (r valueReader) object(depth int) (value.Value, error) {
	o := &value.Object{}
	names := map[string]bool{}
	for r.More() {
		token, err := r.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, fmt.Errorf("no JSON near byte %d: want a name in quotes", r.InputOffset())
		}
		if names[name] {
			return nil, fmt.Errorf("an object has one name twice, near byte %d", r.InputOffset())
		}
		names[name] = true
		v, err := r.next(depth + 1)
		if err != nil {
			return nil, err
		}
		o.Members = append(o.Members, value.Member{Key: name, Value: v})
	}
	return o, r.end()
}

// end takes the closing bracket.
func (r valueReader) end() error {
	if _, err := r.Token(); err != nil {
		return fmt.Errorf("no JSON near byte %d: a bracket is not closed", r.InputOffset())
	}
	return nil
}
