package policy

import (
	"encoding/base64"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// nodeCost is what a value counts for besides its text: about the memory of an
// element of a Go slice.
const nodeCost = 16

// Form turns the arguments of a call into what a schema checks: their plain
// JSON as package jsonform says it, in nil, bool, float64, string, []any and
// map[string]any. bodyBytes is the size of the call's body, which limits that
// of the form; so do the other limits of jsonform.
func (c Call) Form() ([]any, *reject.Error) {
	t := tree{open: []branch{{list: []any{}}}}
	walk := jsonform.Walk{To: &t, Limit: jsonform.Limit(c.BodyBytes), NameOf: c.NameOf, BaseNames: c.BaseNames}
	if err := walk.List(c.Args); err != nil {
		return nil, err
	}
	form, _ := t.open[0].list[0].([]any)
	return form, nil
}

// tree builds the JSON form as Go values.
type tree struct {
	size int64
	// open are the arrays and objects that contain the next value. The first
	// stands for the document.
	open []branch
}

// branch is an array, or an object and the key of its next member.
type branch struct {
	list   []any
	object map[string]any
	key    string
}

// put adds a value with n bytes of text.
func (t *tree) put(v any, n int) {
	t.size += int64(n) + nodeCost
	t.add(v)
}

func (t *tree) add(v any) {
	in := &t.open[len(t.open)-1]
	if in.object != nil {
		in.object[in.key] = v
	} else {
		in.list = append(in.list, v)
	}
}

// A schema sees JSON alone: no kinds, and no contents of files.

func (t *tree) Kind(string)         {}
func (t *tree) Content(*value.File) {}

func (t *tree) Null()            { t.put(nil, 0) }
func (t *tree) Bool(b bool)      { t.put(b, 0) }
func (t *tree) Number(f float64) { t.put(f, 0) }
func (t *tree) Text(s string)    { t.put(s, len(s)) }
func (t *tree) Bytes(b []byte)   { t.put(base64.StdEncoding.EncodeToString(b), len(b)) }
func (t *tree) Len() int64       { return t.size }

func (t *tree) Key(name string) {
	t.open[len(t.open)-1].key = name
	t.size += int64(len(name)) + nodeCost
}

func (t *tree) Open(bracket byte) {
	t.size += nodeCost
	if bracket == '{' {
		t.open = append(t.open, branch{object: map[string]any{}})
	} else {
		t.open = append(t.open, branch{list: []any{}})
	}
}

func (t *tree) Close() {
	last := t.open[len(t.open)-1]
	t.open = t.open[:len(t.open)-1]
	if last.object != nil {
		t.add(last.object)
	} else {
		t.add(last.list)
	}
}
