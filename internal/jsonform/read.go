package jsonform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/value"
)

// Reader reads values from JSON text, as JSON.parse would: members in their
// order, numbers as doubles, so that an integer beyond 2^53 is rounded and what
// is out of range is infinite, and halves of surrogate pairs kept.
//
// What JSON cannot say stands in `types`: an object of JSON Pointers (RFC 6901)
// and the words that package jsoncall lists, but for files, functions of the
// server and temporary references, which cannot be made of JSON. A Date may be
// any RFC 3339 time and is cut to milliseconds. Of a FormData, the values of one
// name stand together.
//
// Refused are more than 100 levels, more than [MaxValues] values and members
// that come twice.
type Reader struct {
	// Root is the member below which the values stand: the pointers of types
	// begin with it, after a slash.
	Root string
	// Proto lets members named `__proto__` pass, which React's client drops.
	Proto bool
}

// Misfit says what is wrong with a text.
type Misfit struct {
	// Pointer leads to the place, empty for the whole. It is made of names that
	// the text gives, so it is for those who may read the text.
	Pointer string
	// Why holds nothing of the text.
	Why string
}

// Error leaves the pointer out.
func (m *Misfit) Error() string { return m.Why }

// Parse reads a value of plain JSON.
func (r Reader) Parse(text []byte) (value.Value, *Misfit) { return r.parse(text, MaxDepth) }

// ParseTyped reads a value and the types of what is in it, whose text may be
// empty.
func (r Reader) ParseTyped(text, types []byte) (value.Value, *Misfit) {
	v, misfit := r.Parse(text)
	if misfit != nil || len(types) == 0 {
		return v, misfit
	}
	t, misfit := r.Parse(types)
	if misfit != nil {
		return nil, misfit.within("types")
	}
	return r.applyTypes(v, t)
}

// ParseDocument reads a value and its types from one object, of Root and, if
// need be, `types`:
//
//	{"value":{"due":"2026-01-02T03:04:05Z"},"types":{"/value/due":"Date"}}
func (r Reader) ParseDocument(text []byte) (value.Value, *Misfit) {
	parsed, misfit := r.parse(text, MaxDepth+1)
	if misfit != nil {
		return nil, misfit
	}
	document, ok := parsed.(*value.Object)
	if !ok {
		return nil, &Misfit{Why: "want an object of " + r.Root + " and types"}
	}
	var v value.Value
	var types value.Value = &value.Object{}
	for _, m := range document.Members {
		switch m.Key {
		case r.Root:
			v = m.Value
		case "types":
			types = m.Value
		default:
			return nil, (&Misfit{Why: "there is " + r.Root + " and types, and nothing else"}).within(m.Key)
		}
	}
	if v == nil {
		return nil, &Misfit{Why: r.Root + " is missing; that of undefined is null"}
	}
	return r.applyTypes(v, types)
}

// parse reads a text with a value of at most depth levels.
func (r Reader) parse(text []byte, depth int) (value.Value, *Misfit) {
	// Lone surrogates are legal in JavaScript; other bad bytes are found below.
	t := &tokens{jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true)), r.Proto, MaxValues}
	v, err := t.value(depth)
	if err != nil {
		return nil, explain(err)
	}
	end := t.InputOffset()
	if _, err := t.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, &Misfit{Why: fmt.Sprintf("something follows the JSON, at byte %d", end)}
	}
	return v, nil
}

// within puts the key of what contains the place in front of its pointer.
func (m *Misfit) within(key string) *Misfit {
	m.Pointer = string(AppendStep([]byte{'/'}, key)) + m.Pointer
	return m
}

// explain words the errors of the tokenizer, which repeat characters of the
// text.
func explain(err error) *Misfit {
	if misfit, ok := errors.AsType[*Misfit](err); ok {
		return misfit
	}
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case !ok, errors.Is(err, io.ErrUnexpectedEOF):
		// From a buffer nothing else comes than its end.
		return &Misfit{Why: "the JSON is empty, or ends in the middle"}
	case errors.Is(err, jsontext.ErrDuplicateName):
		return &Misfit{string(syntax.JSONPointer), fmt.Sprintf("a member comes twice, at byte %d", syntax.ByteOffset)}
	}
	return &Misfit{string(syntax.JSONPointer), fmt.Sprintf("this is no JSON, at byte %d", syntax.ByteOffset)}
}

// tokens makes values of JSON tokens.
type tokens struct {
	*jsontext.Decoder
	proto bool
	left  int // values that may come
}

// here is an error about what was read last.
func (t *tokens) here(why string) error {
	return &Misfit{string(t.StackPointer()), fmt.Sprintf("%s, before byte %d", why, t.InputOffset())}
}

// value reads a value of at most depth levels.
func (t *tokens) value(depth int) (value.Value, error) {
	if t.left--; t.left < 0 {
		return nil, t.here(fmt.Sprintf("more than %d values", MaxValues))
	}
	kind := t.PeekKind()
	if kind == '{' || kind == '[' {
		if _, err := t.ReadToken(); err != nil {
			return nil, err
		}
		if depth == 0 {
			return nil, t.here("more than 100 levels")
		}
		if kind == '{' {
			return t.object(depth - 1)
		}
		return t.array(depth - 1)
	}
	raw, err := t.ReadValue()
	if err != nil {
		return nil, err
	}
	switch kind {
	case '"':
		text, err := t.text(raw)
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

func (t *tokens) text(literal []byte) (string, error) {
	text, ok := value.Unquote(literal)
	if !ok {
		return "", t.here("this is not UTF-8")
	}
	return text, nil
}

func (t *tokens) array(depth int) (value.Value, error) {
	a := &value.Array{}
	for t.PeekKind() != ']' {
		item, err := t.value(depth)
		if err != nil {
			return nil, err
		}
		a.Items = append(a.Items, item)
	}
	_, err := t.ReadToken()
	return a, err
}

func (t *tokens) object(depth int) (value.Value, error) {
	o := &value.Object{}
	for t.PeekKind() != '}' {
		raw, err := t.ReadValue()
		if err != nil {
			return nil, err
		}
		key, err := t.text(raw)
		if err != nil {
			return nil, err
		}
		if key == "__proto__" && !t.proto {
			return nil, t.here("React's client drops members of this name")
		}
		v, err := t.value(depth)
		if err != nil {
			return nil, err
		}
		o.Members = append(o.Members, value.Member{Key: key, Value: v})
	}
	_, err := t.ReadToken()
	return o, err
}
