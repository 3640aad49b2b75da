package flight

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// start sets the tokenizer on a JSON text. The tokenizer lets bad UTF-8 and
// equal names pass, as it would refuse lone surrogates with the former:
// readModel and distinctNames look for them.
func (r *reader) start(body []byte) {
	r.body = string(body)
	r.text = *bytes.NewBuffer(body)
	r.Expect(len(body))
	r.json.Reset(&r.text, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// unquote is the text of the string literal that was just read. Most are cut
// out of the row's copy.
func (r *reader) unquote(raw []byte) (string, bool) {
	if bytes.IndexByte(raw, '\\') >= 0 {
		return value.Unquote(raw)
	}
	end := int(r.json.InputOffset()) - 1
	return r.body[end-len(raw)+2 : end], true
}

// end makes sure that nothing follows the JSON text.
func (r *reader) end() *reject.Error {
	if _, err := r.json.ReadToken(); !errors.Is(err, io.EOF) {
		return r.badJSON()
	}
	return nil
}

func (r *reader) badJSON() *reject.Error { return malformed(r.now, "it is not JSON") }

// readModel reads the JSON of a row. Input: one JSON text, and how deep it
// stands. Output: its value, in which references are pending. Limits: nodes
// and depth. Errors: what is not JSON, equal names, strings that mean nothing.
// Source: §2.
func (r *reader) readModel(body []byte, depth int) (value.Value, *reject.Error) {
	if !utf8.Valid(body) {
		return nil, malformed(r.now, "it is not UTF-8")
	}
	r.start(body)
	v, err := r.readValue(depth)
	if err != nil {
		return nil, err
	}
	return v, r.end()
}

// readValue reads the next JSON value. It recurses on nesting only, which
// depth bounds. Limits and errors as in readModel.
func (r *reader) readValue(depth int) (value.Value, *reject.Error) {
	if r.nodes++; r.nodes > r.limits.Nodes {
		return nil, refuse(TooComplex, r.now, "there are too many values")
	}
	if depth > r.limits.Depth {
		return nil, refuse(TooComplex, r.now, "values are nested too deeply")
	}
	switch r.json.PeekKind() {
	case '{':
		return r.readObject(depth)
	case '[':
		return r.readArray(depth)
	case '"':
		raw, err := r.json.ReadValue()
		if err != nil {
			return nil, r.badJSON()
		}
		return r.readString(raw, depth)
	case '0':
		return r.readNumber()
	}
	token, err := r.json.ReadToken()
	if err != nil {
		return nil, r.badJSON()
	}
	switch token.Kind() {
	case 'n':
		return value.Null{}, nil
	case 't', 'f':
		return value.Bool(token.Kind() == 't'), nil
	}
	return nil, r.badJSON()
}

// readNumber reads a number. Errors: one that no double is near to.
func (r *reader) readNumber() (value.Value, *reject.Error) {
	raw, err := r.json.ReadValue()
	if err != nil {
		return nil, r.badJSON()
	}
	if n, ok := smallInt(raw); ok {
		return value.Number(n), nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, malformed(r.now, "a number is too large")
	}
	return value.Number(f), nil
}

// smallInt reads the short integers that most numbers are.
func smallInt(raw []byte) (n int, ok bool) {
	// 15 digits are exact in a double.
	if len(raw) > 15 {
		return 0, false
	}
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// readObject reads an object. Members that are undefined or named `__proto__`
// are left out, as React's client deletes them (§2). Limits and errors as in
// readModel.
func (r *reader) readObject(depth int) (value.Value, *reject.Error) {
	_, _ = r.json.ReadToken() // the brace that PeekKind saw
	base, before := len(r.members), r.open
	for r.json.PeekKind() != '}' {
		raw, err := r.json.ReadValue()
		if err != nil {
			return nil, r.badJSON()
		}
		key, ok := r.unquote(raw)
		if !ok {
			return nil, r.badJSON()
		}
		if key == "__proto__" {
			if r.json.SkipValue() != nil {
				return nil, r.badJSON()
			}
			continue
		}
		v, bad := r.readValue(depth + 1)
		if bad != nil {
			return nil, bad
		}
		r.members = append(r.members, value.Member{Key: key, Value: v})
	}
	_, _ = r.json.ReadToken() // the closing brace
	members := r.members[base:]
	r.members = r.members[:base]
	if !distinctNames(members) {
		return nil, malformed(r.now, "an object has two members of one name")
	}
	return r.makeObject(members, r.open != before), nil
}

// makeObject copies members without the undefined ones and, if there are
// references, notes where they stand.
func (r *reader) makeObject(members []value.Member, references bool) *value.Object {
	o := &r.Objects.Take(1)[0]
	if len(members) > 0 {
		o.Members = r.Members.Take(len(members))[:0]
	}
	for _, m := range members {
		if _, ok := m.Value.(value.Undefined); ok {
			continue
		}
		o.Members = append(o.Members, m)
		at := &o.Members[len(o.Members)-1].Value
		if references {
			r.slot(at, false)
		}
		if m.Key == "then" {
			r.thens = append(r.thens, at)
		}
	}
	return o
}

// distinctNames reports whether no two members have one name. JSON.stringify
// never writes that, and readers differ on which one counts.
func distinctNames(members []value.Member) bool {
	// Below this, comparing all pairs is cheaper than a map.
	const few = 12
	if len(members) > few {
		names := make(map[string]struct{}, len(members))
		for i := range members {
			names[members[i].Key] = struct{}{}
		}
		return len(names) == len(members)
	}
	for i := range members {
		for j := range i {
			if members[i].Key == members[j].Key {
				return false
			}
		}
	}
	return true
}

// distinct reports whether no two items are the same, as a Map or Set sees it:
// NaN is one number, and objects are equal by identity.
func distinct(items []value.Value) bool {
	seen := make(map[value.Value]struct{}, len(items))
	nan := false
	for _, v := range items {
		if n, ok := v.(value.Number); ok && n != n {
			if nan {
				return false
			}
			nan = true
			continue
		}
		if _, again := seen[v]; again {
			return false
		}
		seen[v] = struct{}{}
	}
	return true
}

// readArray reads an array, or an element, which is an array that begins with
// the string "$". Limits and errors as in readModel. Source: §2.
func (r *reader) readArray(depth int) (value.Value, *reject.Error) {
	_, _ = r.json.ReadToken() // the bracket that PeekKind saw
	base, before := len(r.items), r.open
	if r.json.PeekKind() == '"' {
		raw, err := r.json.ReadValue()
		if err != nil {
			return nil, r.badJSON()
		}
		if string(raw) == `"$"` {
			return r.readElement(depth)
		}
		r.nodes++
		v, bad := r.readString(raw, depth+1)
		if bad != nil {
			return nil, bad
		}
		r.items = append(r.items, v)
	}
	for r.json.PeekKind() != ']' {
		v, err := r.readValue(depth + 1)
		if err != nil {
			return nil, err
		}
		r.items = append(r.items, v)
	}
	_, _ = r.json.ReadToken() // the closing bracket
	a := &r.Arrays.Take(1)[0]
	if len(r.items) > base {
		a.Items = r.Items.Take(len(r.items) - base)
		copy(a.Items, r.items[base:])
		r.items = r.items[:base]
	}
	if r.open != before {
		for i := range a.Items {
			r.slot(&a.Items[i], false)
		}
	}
	return a, nil
}

// readElement reads what follows the "$" of an element: type, key and props.
// Further items are for debugging and are skipped. Limits as in readModel.
// Errors: fewer than three items. Source: §2.
func (r *reader) readElement(depth int) (value.Value, *reject.Error) {
	e := &value.Element{}
	for _, at := range []*value.Value{&e.Type, &e.Key, &e.Props} {
		if r.json.PeekKind() == ']' {
			return nil, malformed(r.now, "an element is incomplete")
		}
		v, err := r.readValue(depth + 1)
		if err != nil {
			return nil, err
		}
		*at = v
		r.slot(at, false)
	}
	for r.json.PeekKind() != ']' {
		if r.json.SkipValue() != nil {
			return nil, r.badJSON()
		}
	}
	_, _ = r.json.ReadToken() // the closing bracket
	return e, nil
}

// readString reads a string literal: a text, or what stands for something else
// after a dollar sign. Errors: those of readSpecial.
func (r *reader) readString(raw []byte, depth int) (value.Value, *reject.Error) {
	s, ok := r.unquote(raw)
	if !ok {
		return nil, r.badJSON()
	}
	if s != "" && s[0] == '$' {
		return r.readSpecial(s, depth)
	}
	return value.String(s), nil
}

// readError reads the text of an error row, of which production builds fill
// the digest only. Input: a JSON object. Errors: anything else. Source: §2.
func (r *reader) readError(body []byte) (*value.Error, *reject.Error) {
	if !utf8.Valid(body) {
		return nil, malformed(r.now, "it is not UTF-8")
	}
	e := &value.Error{}
	r.start(body)
	if token, err := r.json.ReadToken(); err != nil || token.Kind() != '{' {
		return nil, r.badJSON()
	}
	for r.json.PeekKind() != '}' {
		name, err := r.json.ReadValue()
		if err != nil {
			return nil, r.badJSON()
		}
		isDigest := string(name) == `"digest"`
		raw, err := r.json.ReadValue()
		if err != nil {
			return nil, r.badJSON()
		}
		if isDigest && raw.Kind() == '"' {
			var ok bool
			if e.Digest, ok = r.unquote(raw); !ok {
				return nil, r.badJSON()
			}
		}
	}
	_, _ = r.json.ReadToken() // the closing brace
	return e, r.end()
}
