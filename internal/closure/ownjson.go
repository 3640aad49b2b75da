package closure

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// encode writes the plaintext of our own layout:
//
//	{"iat":1767225600,"exp":1767229200,"binding":"…","values":[…],"types":{…}}
//
// in this order; binding and types may be missing.
func (c Own) encode() ([]byte, error) {
	switch {
	case c.Issued < 0 || c.Expires <= c.Issued:
		return nil, errors.New("a closure expires after it was issued")
	case !c.Binding.valid():
		return nil, errors.New("the binding of a closure is what Bind returns")
	case !isJSON(c.Values, '['):
		return nil, errors.New("the values of a closure are a JSON array")
	case len(c.Types) > 0 && !isJSON(c.Types, '{'):
		return nil, errors.New("the types of a closure are a JSON object")
	}
	out := make([]byte, 0, 128+len(c.Values)+len(c.Types))
	out = strconv.AppendInt(append(out, `{"iat":`...), c.Issued, 10)
	out = strconv.AppendInt(append(out, `,"exp":`...), c.Expires, 10)
	if c.Binding != "" {
		out = append(append(append(out, `,"binding":"`...), c.Binding...), '"')
	}
	out = append(append(out, `,"values":`...), c.Values...)
	if len(c.Types) > 0 {
		out = append(append(out, `,"types":`...), c.Types...)
	}
	return append(out, '}'), nil
}

// parseOwn reads what encode wrote, and nothing else.
func parseOwn(plaintext []byte) (Own, bool) {
	var c Own
	d := jsontext.NewDecoder(bytes.NewBuffer(plaintext), lenient)
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return Own{}, false
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return Own{}, false
		}
		member := name.String()
		value, err := d.ReadValue()
		if err != nil || !c.set(member, value) {
			return Own{}, false
		}
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '}' {
		return Own{}, false
	}
	// Written again it must be the same: then nothing was missing, doubled, out
	// of order or spelled otherwise.
	again, err := c.encode()
	return c, err == nil && bytes.Equal(again, plaintext)
}

// set takes one member over.
func (c *Own) set(member string, value jsontext.Value) bool {
	var err error
	switch member {
	case "iat":
		c.Issued, err = strconv.ParseInt(string(value), 10, 64)
	case "exp":
		c.Expires, err = strconv.ParseInt(string(value), 10, 64)
	case "binding":
		c.Binding = Binding(bytes.Trim(value, `"`))
	case "values":
		c.Values = bytes.Clone(value)
	case "types":
		c.Types = bytes.Clone(value)
	default:
		return false
	}
	return err == nil
}

// lenient lets one thing pass that jsontext would refuse: the escape of a lone
// surrogate, such as \ud800, which is a legal value of JavaScript. A member
// that comes twice stays an error: backends differ in which one they take.
var lenient = jsontext.AllowInvalidUTF8(true)

// isJSON reports whether text is one JSON value that begins with the given
// bracket, with no white space around it.
func isJSON(text []byte, bracket byte) bool {
	if len(text) < 2 || text[0] != bracket || text[len(text)-1] != bracket+2 { // in ASCII ] and } follow [ and { at two
		return false
	}
	// lenient would let invalid UTF-8 pass, too.
	return utf8.Valid(text) && jsontext.Value(text).IsValid(lenient)
}

// valid reports whether b is empty or has the form of what Bind returns.
func (b Binding) valid() bool {
	if b == "" {
		return true
	}
	digest, err := base64.RawURLEncoding.Strict().DecodeString(string(b))
	return err == nil && len(digest) == 32 && len(b) == 43
}
