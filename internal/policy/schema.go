package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/actiongw/actiongw/internal/reject"
)

// Schema is a JSON Schema of the list of arguments of an action. It is
// immutable, and safe for concurrent use.
type Schema struct {
	name string
	// checkers holds compiled copies that no call is using.
	checkers sync.Pool
}

// place is the address of the schema for the compiler, which wants one; errors
// show the file's name in its stead.
const place = "actiongw:///schema"

// ParseSchema compiles a JSON Schema of draft 2020-12, or of the older draft
// that its `$schema` names. The instance is the array of arguments in their
// JSON form (see package jsonform):
//
//	{"type": "array", "prefixItems": [{"type": "object", …}], "items": false}
//
// `format` is checked. `pattern` is in Go's syntax of regular expressions,
// whose time is linear: JavaScript's without look-around and back references.
// `$ref` reaches places in the same file and the drafts' own schemas; nothing
// is ever fetched or opened.
//
// Refused are uniqueItems and enums of more than 16 numbers, whose time an
// attacker can drive up. A check takes time for every value and every schema
// that applies to it; one that takes 250,000 steps ends in a refusal. That can
// only be reached by calls near the limits, and by schemas of trees, where the
// steps multiply with each level.
//
// The name is the file's, for errors, which say the place in it.
func ParseSchema(name string, data []byte) (*Schema, error) {
	doc, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	first, err := newChecker(doc)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	if t := first.schema.Types; t != nil && !strings.Contains(t.String(), "array") {
		return nil, fmt.Errorf("schema %s: at '/type': the schema is for the list of arguments, so want \"array\", with one entry of prefixItems for each argument", name)
	}
	s := &Schema{name: name}
	s.checkers.New = func() any {
		// What has compiled once does so again.
		c, _ := newChecker(doc)
		return c
	}
	s.checkers.Put(first)
	return s, nil
}

// read makes a document of a schema file, after the checks that the library
// leaves out.
func read(data []byte) (any, error) {
	if err := checkJSON(data); err != nil {
		return nil, err
	}
	if err := checkCost(data); err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

// newReader is the form of data that the JSON decoder reads without a copy.
func newReader(data []byte) *bytes.Buffer { return bytes.NewBuffer(data) }

// checkJSON refuses what the compiler's own reader lets through: members that
// occur twice, of which it would take the last.
func checkJSON(data []byte) error {
	dec := jsontext.NewDecoder(newReader(data))
	err := dec.SkipValue()
	if err == nil {
		if _, err = dec.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		return fmt.Errorf("something follows the schema, at byte %d", dec.InputOffset())
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("at '%s', byte %d: %w", syntax.JSONPointer, syntax.ByteOffset, syntax.Err)
	}
	return errors.New("the schema is empty, or ends in the middle")
}

// refusingLoader is asked for schemas that are not in the file.
type refusingLoader struct{}

var errElsewhere = errors.New("schemas are never fetched or opened: put it into this file, under $defs")

func (refusingLoader) Load(string) (any, error) { return nil, errElsewhere }

// explain words the compiler's errors.
func explain(err error) error {
	if load, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		return fmt.Errorf("it refers to %q: %w", load.URL, load.Err)
	}
	if schema, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		if invalid, ok := errors.AsType[*jsonschema.ValidationError](schema.Err); ok {
			return errors.New(deepest(invalid).Error())
		}
	}
	return errors.New(strings.ReplaceAll(err.Error(), place, ""))
}

// deepest follows the first cause down to what was wrong in the first place.
func deepest(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	return e
}

// Check refuses arguments that do not fit. Nothing of them gets into the
// refusal: the log is told the argument's number, from 1, and the place in the
// schema file. Of several misfits it tells the first one by place.
func (s *Schema) Check(form []any) *reject.Error {
	c := s.checkers.Get().(*checker)
	defer s.checkers.Put(c)
	err := c.validate(form)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooMuch):
		return notAllowed("it takes too long to check the arguments against this action's schema").With("schema", s.name)
	}
	refusal := notAllowed("the arguments do not fit this action's schema")
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return refusal.With("schema", s.name)
	}
	var first *jsonschema.ValidationError
	for leaf := range leaves(invalid) {
		if first == nil || comparePlaces(leaf, first) < 0 {
			first = leaf
		}
	}
	if len(first.InstanceLocation) > 0 {
		if i, err := strconv.Atoi(first.InstanceLocation[0]); err == nil {
			refusal = refusal.With("argument", strconv.Itoa(i+1))
		}
	}
	return refusal.With("schema", s.name+pointer(first))
}

func notAllowed(detail string) *reject.Error {
	return reject.New(ArgumentNotAllowed, Stage, detail)
}

// leaves yields the misfits themselves, without the errors that only group
// others. Below anyOf and its kin are the reasons of every alternative, of
// which none is the one; the keyword itself says more.
func leaves(e *jsonschema.ValidationError) func(yield func(*jsonschema.ValidationError) bool) {
	return func(yield func(*jsonschema.ValidationError) bool) {
		todo := []*jsonschema.ValidationError{e}
		for len(todo) > 0 {
			e := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			switch e.ErrorKind.(type) {
			case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
				if len(e.Causes) > 0 {
					todo = append(todo, e.Causes...)
					continue
				}
			}
			if !yield(e) {
				return
			}
		}
	}
}

// comparePlaces orders misfits by their places in the schema, since the
// library finds them in an order that changes from call to call.
func comparePlaces(a, b *jsonschema.ValidationError) int {
	if c := cmp.Compare(a.SchemaURL, b.SchemaURL); c != 0 {
		return c
	}
	return cmp.Compare(strings.Join(a.ErrorKind.KeywordPath(), "/"), strings.Join(b.ErrorKind.KeywordPath(), "/"))
}

// pointer is the place of a keyword in the schema file, as in
// `#/prefixItems/0/maxLength`.
func pointer(e *jsonschema.ValidationError) string {
	_, at, _ := strings.Cut(e.SchemaURL, "#")
	for _, word := range e.ErrorKind.KeywordPath() {
		at += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(word)
	}
	return "#" + at
}
