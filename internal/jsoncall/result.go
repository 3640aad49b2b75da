package jsoncall

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
)

// ParseResult reads the result of a call from JSON, as JSON.parse would:
// members in their order, numbers as doubles, so that an integer beyond 2^53 is
// rounded, and halves of surrogate pairs kept.
//
// A rich result is an object of `value` and, if need be, `types`, in the words
// of the package comment; pointers begin with /value:
//
//	{"value":{"due":"2026-01-02T03:04:05Z"},"types":{"/value/due":"Date"}}
//
// What cannot stand in a result are files, functions of the server and
// temporary references. A Date may be any RFC 3339 time and is cut to
// milliseconds. Of a FormData, the values of one name stand together.
//
// Refused are more than 100 levels, members that come twice, and keys named
// `__proto__`, which React's client would drop. The error is for the operator's
// log: it has the pointer to what is wrong, at most 200 bytes of it, and besides
// nothing of the body.
func ParseResult(body []byte, rich bool) (value.Value, error) {
	// Lone surrogates are legal in JavaScript; other bad bytes are found below.
	r := reader{jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowInvalidUTF8(true))}
	depth := jsonform.MaxDepth
	if rich {
		depth++
	}
	v, err := r.value(depth)
	if err != nil {
		return nil, r.explain(err)
	}
	end := r.dec.InputOffset()
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the result's JSON, at byte %d", end)
	}
	if rich {
		return parseRich(v)
	}
	return v, nil
}

// reader reads JSON text.
type reader struct{ dec *jsontext.Decoder }

// misfit is what is wrong with a result, and where.
type misfit struct{ pointer, why string }

func (m *misfit) Error() string {
	// A log line is for reading; 200 bytes lead to the place.
	return fmt.Sprintf("at %.200q of the result: %s", m.pointer, m.why)
}

// within puts the key of what contains the place in front of its pointer.
func (m *misfit) within(key string) *misfit {
	m.pointer = "/" + string(appendStep(nil, key)) + m.pointer
	return m
}

// explain words the errors of the decoder, which repeat characters of the body.
func (r reader) explain(err error) error {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the result's JSON is empty, or ends in the middle")
	case ok && errors.Is(err, jsontext.ErrDuplicateName):
		return &misfit{string(syntax.JSONPointer), "a member comes twice"}
	case ok:
		return &misfit{string(syntax.JSONPointer), fmt.Sprintf("this is no JSON, at byte %d", syntax.ByteOffset)}
	}
	return err
}

// here is an error about what was read last.
func (r reader) here(why string) error { return &misfit{string(r.dec.StackPointer()), why} }

// value reads a value of at most depth levels.
func (r reader) value(depth int) (value.Value, error) {
	kind := r.dec.PeekKind()
	if kind == '{' || kind == '[' {
		if _, err := r.dec.ReadToken(); err != nil {
			return nil, err
		}
		if depth == 0 {
			return nil, r.here("more than 100 levels")
		}
		if kind == '{' {
			return r.object(depth - 1)
		}
		return r.array(depth - 1)
	}
	raw, err := r.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	switch kind {
	case '"':
		text, err := r.text(raw)
		return value.String(text), err
	case 'n':
		return value.Null{}, nil
	case 't', 'f':
		return value.Bool(kind == 't'), nil
	}
	// What is out of range is infinite, or 0, as in JavaScript.
	f, _ := strconv.ParseFloat(string(raw), 64)
	return value.Number(f), nil
}

func (r reader) text(literal []byte) (string, error) {
	text, ok := value.Unquote(literal)
	if !ok {
		return "", r.here("this is not UTF-8")
	}
	return text, nil
}

func (r reader) array(depth int) (value.Value, error) {
	a := &value.Array{}
	for r.dec.PeekKind() != ']' {
		item, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		a.Items = append(a.Items, item)
	}
	_, err := r.dec.ReadToken()
	return a, err
}

func (r reader) object(depth int) (value.Value, error) {
	o := &value.Object{}
	for r.dec.PeekKind() != '}' {
		raw, err := r.dec.ReadValue()
		if err != nil {
			return nil, err
		}
		key, err := r.text(raw)
		if err != nil {
			return nil, err
		}
		if key == "__proto__" {
			return nil, r.here("React's client drops members of this name")
		}
		v, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		o.Members = append(o.Members, value.Member{Key: key, Value: v})
	}
	_, err := r.dec.ReadToken()
	return o, err
}
