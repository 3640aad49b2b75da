package policy

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The library checks a value against every alternative to the end, so that a
// schema of trees (`anyOf` of nodes that contain nodes) takes twice as long or
// more for each level of the value: a body of one kilobyte can hold up a
// processor for hours. It has no limit of its own and cannot be stopped from
// outside. What it can is to call an extension wherever a schema applies, and
// ours counts and panics. A count belongs to one call, and an extension to one
// compiled schema, so each call borrows a compiled schema of its own.

// maxSteps is how much checking one call may cause: a step for each time that
// a schema is applied to a value, one for each element or member in it, one for
// each 32 bytes of a text, and, since every misfit keeps the way to it, one for
// each 8 levels above. The 50,000 values of the largest call take 100,000 with
// a plain schema. 250,000 are a few tenths of a second.
const maxSteps = 250_000

// checker is a compiled schema for one call at a time.
type checker struct {
	schema *jsonschema.Schema
	steps  int
}

// newChecker compiles a schema document.
func newChecker(doc any) (*checker, error) {
	var c checker
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	// Drafts since 2019 leave format to the reader's taste. Who writes
	// `"format": "email"` into a rule wants it to hold.
	compiler.AssertFormat()
	compiler.UseLoader(refusingLoader{})
	compiler.RegisterVocabulary(&jsonschema.Vocabulary{
		URL: place + "/steps",
		Compile: func(*jsonschema.CompilerContext, map[string]any) (jsonschema.SchemaExt, error) {
			return &c, nil
		},
	})
	compiler.AssertVocabs()
	if err := compiler.AddResource(place, doc); err != nil {
		return nil, err
	}
	var err error
	if c.schema, err = compiler.Compile(place); err != nil {
		return nil, explain(err)
	}
	return &c, nil
}

// errTooMuch ends a check that outgrew its steps.
var errTooMuch = errors.New("too many steps")

// validate checks a value. It returns errTooMuch when that takes too long.
func (c *checker) validate(form any) (err error) {
	c.steps = 0
	defer func() {
		switch r := recover(); r {
		case nil:
		case errTooMuch:
			err = errTooMuch
		default:
			panic(r)
		}
	}()
	return c.schema.Validate(form)
}

// Validate counts the steps of one schema and one value; the library calls it.
func (c *checker) Validate(at *jsonschema.ValidatorContext, v any) {
	c.steps += 1 + len(at.ValueLocation())/8
	switch v := v.(type) {
	case []any:
		c.steps += len(v)
	case map[string]any:
		c.steps += len(v)
	case string:
		c.steps += len(v) / 32
	}
	if c.steps > maxSteps {
		panic(errTooMuch)
	}
}

// maxNumbers is the most numbers in one enum. The library compares two of them
// as fractions of big integers, which takes a microsecond.
const maxNumbers = 16

// checkCost refuses keywords that the library is slow at, within one step: the
// time of uniqueItems grows with the square of a list that was made for it.
func checkCost(data []byte) error {
	dec := jsontext.NewDecoder(newReader(data))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return nil // the end; checkJSON has seen the rest
		}
		if kind, n := dec.StackIndex(dec.StackDepth()); kind != '{' || n%2 == 0 || token.Kind() != '"' {
			continue
		}
		at := dec.StackPointer()
		switch token.String() {
		case "uniqueItems":
			if dec.PeekKind() == 't' {
				return fmt.Errorf("at '%s': the time of uniqueItems grows with the square of the list: drop it", at)
			}
		case "enum":
			if dec.PeekKind() == '[' && countNumbers(dec) > maxNumbers {
				return fmt.Errorf("at '%s': more than %d numbers take too long to compare: want minimum and maximum, or texts", at, maxNumbers)
			}
		}
	}
}

// countNumbers reads an array and counts the numbers in it.
func countNumbers(dec *jsontext.Decoder) (n int) {
	depth := dec.StackDepth()
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return n
		}
		if token.Kind() == '0' {
			n++
		}
		if dec.StackDepth() == depth {
			return n
		}
	}
}
