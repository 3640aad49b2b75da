package closure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/value"
)

// maxDepth is how deep captured values may nest: as deep as the arguments of a
// call whose JSON a backend is to read.
const maxDepth = 100

// ParseValues reads captured values from a JSON array, one element for each
// variable, as JavaScript's JSON.parse does, but for a name that comes twice in
// an object, which is an error. Errors say where, and repeat nothing of text.
func ParseValues(text []byte) (*value.Array, error) { return parseValues(text, nil) }

// Captured returns the captured values. Types names those that JSON cannot say
// by JSON Pointer (RFC 6901) from /closure, where backends find the values:
// Date, BigInt, Map, Set, undefined, NaN, Infinity, -Infinity and -0. It fails
// for other types and for pointers to nothing.
func (c Own) Captured() (*value.Array, error) {
	types, err := parseTypes(c.Types)
	if err != nil {
		return nil, err
	}
	return parseValues(c.Values, types)
}

// valueReader makes values of JSON tokens.
type valueReader struct {
	*jsontext.Decoder
	types map[jsontext.Pointer]string // what is left of them
}

func parseValues(text []byte, types map[jsontext.Pointer]string) (*value.Array, error) {
	r := valueReader{jsontext.NewDecoder(bytes.NewBuffer(text), lenient), types}
	if k := r.PeekKind(); k != '[' && k != 0 {
		return nil, errors.New("want a JSON array, one element for each captured variable")
	}
	v, err := r.next()
	if err != nil {
		return nil, err
	}
	if _, err := r.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something behind the array")
	}
	list, ok := v.(*value.Array)
	if !ok || len(r.types) > 0 {
		return nil, errors.New("a type is not that of a value")
	}
	return list, nil
}

func (r valueReader) next() (value.Value, error) {
	var v value.Value
	var err error
	switch kind := r.PeekKind(); {
	case kind != '[' && kind != '{':
		v, err = r.scalar()
	case r.StackDepth() >= maxDepth:
		err = fmt.Errorf("more than %d levels of arrays and objects", maxDepth)
	case kind == '[':
		v, err = r.array()
	default:
		v, err = r.object()
	}
	if err != nil || len(r.types) == 0 {
		return v, err
	}
	at := r.StackPointer()
	word, typed := r.types[at]
	if !typed {
		return v, nil
	}
	delete(r.types, at)
	if v, typed = ofType(word, v); !typed {
		return nil, errors.New("a value does not have its type")
	}
	return v, nil
}

func (r valueReader) scalar() (value.Value, error) {
	literal, err := r.ReadValue()
	if err != nil {
		return nil, r.whatIsWrong(err)
	}
	switch literal.Kind() {
	case '"':
		return r.text(literal)
	case '0':
		f, err := strconv.ParseFloat(string(literal), 64)
		if err != nil {
			return nil, errors.New("a number is too large for JavaScript")
		}
		return value.Number(f), nil
	case 'n':
		return value.Null{}, nil
	default:
		return value.Bool(literal.Kind() == 't'), nil
	}
}

func (r valueReader) text(literal []byte) (value.String, error) {
	text, ok := value.Unquote(literal)
	if !ok {
		return "", fmt.Errorf("a text before byte %d is not UTF-8", r.InputOffset())
	}
	return value.String(text), nil
}

func (r valueReader) array() (value.Value, error) {
	a := &value.Array{}
	_, err := r.ReadToken()
	for err == nil && r.PeekKind() != ']' {
		var item value.Value
		if item, err = r.next(); err != nil {
			return nil, err
		}
		a.Items = append(a.Items, item)
	}
	if err == nil {
		_, err = r.ReadToken()
	}
	return a, err
}

func (r valueReader) object() (value.Value, error) {
	o := &value.Object{}
	_, err := r.ReadToken()
	for err == nil && r.PeekKind() != '}' {
		literal, err := r.ReadValue()
		if err != nil {
			return nil, r.whatIsWrong(err)
		}
		name, err := r.text(literal)
		if err != nil {
			return nil, err
		}
		v, err := r.next()
		if err != nil {
			return nil, err
		}
		o.Members = append(o.Members, value.Member{Key: string(name), Value: v})
	}
	if err == nil {
		_, err = r.ReadToken()
	}
	return o, err
}

// whatIsWrong says what an error of the tokenizer means, without the text that
// the tokenizer quotes.
func (r valueReader) whatIsWrong(err error) error {
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Errorf("an object has one name twice, near byte %d", r.InputOffset())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the JSON ends early, at byte %d: a bracket is not closed", r.InputOffset())
	default:
		return fmt.Errorf("no JSON near byte %d: want an array such as [\"user-1\", 7]", r.InputOffset())
	}
}
