package policy

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

func schema(t testing.TB, text string) *Schema {
	t.Helper()
	s, err := ParseSchema("s.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func array(items ...value.Value) *value.Array { return &value.Array{Items: items} }

func object(key string, v value.Value) *value.Object {
	return &value.Object{Members: []value.Member{{Key: key, Value: v}}}
}

// nested is v within n arrays.
func nested(n int, v value.Value) value.Value {
	for range n {
		v = array(v)
	}
	return v
}

// TestTheFormIsInGoValues: what becomes of which value is for jsonform's tests.
func TestTheFormIsInGoValues(t *testing.T) {
	args := []value.Value{
		value.Null{}, value.Bool(true), value.Number(math.Copysign(0, -1)), value.String("x"),
		&value.Bytes{Kind: "Uint8Array", Data: []byte("abc")}, array(), array(array(), value.Number(1)),
		&value.FormData{Entries: []value.FormEntry{{Name: "a", Value: value.String("1")}, {Name: "b", Value: value.String("2")}, {Name: "a", Value: value.String("3")}}},
		&value.File{Name: "d/a.png", Data: []byte("abc")}, &value.ServerReference{ID: id1},
	}
	want := []any{
		nil, true, 0.0, "x", "YWJj", []any{}, []any{[]any{}, 1.0},
		map[string]any{"a": []any{"1", "3"}, "b": []any{"2"}},
		map[string]any{"name": "d/a.png", "type": "", "size": 3.0}, map[string]any{"id": id1, "name": "name of 40"},
	}
	call := Call{Args: args, NameOf: func(id string) string { return "name of " + id[:2] }}
	got, err := call.Form()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v and %v, want %#v", got, err, want)
	}
	call.BaseNames = true
	if got, _ := call.Form(); got[8].(map[string]any)["name"] != "a.png" {
		t.Errorf("a backend that gets base names: got %v", got[8])
	}
	if form, err := (Call{}).Form(); err != nil || form == nil {
		t.Errorf("no arguments: got %#v, %v", form, err)
	}
}

func TestTheFormGrowsWithTheBodyOnly(t *testing.T) {
	text := value.String(strings.Repeat("x", 5<<20))
	form, err := (Call{Args: []value.Value{text}}).Form()
	if err == nil || form != nil || err.Reason != ArgumentNotAllowed || !strings.Contains(err.Detail, "too large") {
		t.Errorf("5 MiB in no body: got %v", err)
	}
	if _, err := (Call{Args: []value.Value{text}, BodyBytes: 5 << 20}).Form(); err != nil {
		t.Errorf("5 MiB in a body of that size: %v", err)
	}
	numbers := []value.Value{array(slices.Repeat([]value.Value{value.Number(1.5)}, 50_000)...)}
	if _, err := (Call{Args: numbers}).Form(); err != nil {
		t.Errorf("50,000 numbers: %v", err)
	}
}

func TestParseSchemaRefuses(t *testing.T) {
	for _, tt := range []struct{ title, text, want string }{
		{"nothing", "", "empty"},
		{"half a schema", `{"type":`, "ends in the middle"},
		{"no JSON", `{"type":array}`, "at '/type', byte 8"},
		{"two schemas", `{} {}`, "something follows"},
		{"a member twice", `{"maxItems":1,"maxItems":9}`, "at '/maxItems'"},
		{"a keyword of the wrong kind", `{"prefixItems":[{"maxLength":"5"}]}`, "at '/prefixItems/0/maxLength'"},
		{"an unknown type", `{"type":"list"}`, "at '/type'"},
		{"a schema of one argument", `{"type":"object"}`, "want \"array\""},
		{"an expression that Go cannot run", `{"items":{"pattern":"(?=a)"}}`, "at '/items/pattern'"},
		{"a reference to the net", `{"items":{"$ref":"https://example.com/a.json"}}`, "never fetched"},
		{"a reference to a file", `{"items":{"$ref":"file:///etc/passwd"}}`, "never fetched"},
		{"a reference to a file beside it", `{"items":{"$ref":"other.json"}}`, "never fetched"},
		{"an id on the net does not change that", `{"$id":"https://example.com/s.json","items":{"$ref":"other.json"}}`, `"https://example.com/other.json"`},
		{"a draft that nobody knows", `{"$schema":"https://example.com/draft"}`, "never fetched"},
		{"a reference to nowhere", `{"items":{"$ref":"#/$defs/none"}}`, "#/$defs/none"},
		{"uniqueItems", `{"items":{"uniqueItems":true}}`, "at '/items/uniqueItems'"},
		{"an enum of 17 numbers", `{"items":{"enum":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,[16],17]}}`, "at '/items/enum'"},
		{"a number", `5`, "s.json"},
	} {
		s, err := ParseSchema("s.json", []byte(tt.text))
		if err == nil || s != nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "schema s.json: ") || strings.Contains(err.Error(), place) {
			t.Errorf("%s: got %v, want %q", tt.title, err, tt.want)
		}
	}
}

func TestSchemasCheckArguments(t *testing.T) {
	const invoice = `{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"type": "array", "items": false, "minItems": 1,
		"prefixItems": [{"type": "object", "additionalProperties": false, "required": ["amount"], "properties": {
			"amount": {"type": "array", "items": {"type": "string", "pattern": "^[0-9]+$", "maxLength": 3}},
			"to": {"items": {"format": "email"}},
			"n": {"type": "integer", "maximum": 10},
			"tag": {"anyOf": [{"type": "null"}, {"enum": ["a", "b"]}]},
			"unit": {"$ref": "#/$defs/unit"}}}],
		"$defs": {"unit": {"const": 0.1}}}`
	s := schema(t, invoice)
	amount := value.Member{Key: "amount", Value: array(value.String("12"))}
	with := func(key string, v value.Value) value.Value {
		return &value.Object{Members: []value.Member{amount, {Key: key, Value: v}}}
	}
	for _, tt := range []struct {
		title string
		args  []value.Value
		facts string
	}{
		{"what fits", []value.Value{with("n", value.Number(3))}, ""},
		{"no argument", nil, "s.json#/minItems"},
		{"one argument too many", []value.Value{with("n", value.Number(3)), value.Null{}}, "2 s.json#/items"},
		{"a form in which a field is missing", []value.Value{&value.FormData{}}, "1 s.json#/prefixItems/0/required"},
		{"a form that fits", []value.Value{&value.FormData{Entries: []value.FormEntry{{Name: "amount", Value: value.String("12")}, {Name: "$ACTION_ID_x", Value: value.String("")}}}}, ""},
		{"a member that nobody knows", []value.Value{with("x", value.Null{})}, "1 s.json#/prefixItems/0/additionalProperties"},
		{"a text that does not match", []value.Value{object("amount", array(value.String("1a")))}, "1 s.json#/prefixItems/0/properties/amount/items/pattern"},
		{"a long text made of halves of pairs", []value.Value{object("amount", array(value.String(strings.Repeat("\xed\xa0\x80", 4))))}, "1 s.json#/prefixItems/0/properties/amount/items/maxLength"},
		{"a whole number written as a double", []value.Value{with("n", value.Number(1e1))}, ""},
		{"a fraction", []value.Value{with("n", value.Number(1.5))}, "1 s.json#/prefixItems/0/properties/n/type"},
		{"a number that is none becomes null", []value.Value{with("n", value.Number(math.NaN()))}, "1 s.json#/prefixItems/0/properties/n/type"},
		{"a number over the limit", []value.Value{with("n", value.Number(1e300))}, "1 s.json#/prefixItems/0/properties/n/maximum"},
		{"a format is checked", []value.Value{with("to", array(value.String("nobody")))}, "1 s.json#/prefixItems/0/properties/to/items/format"},
		{"none of several", []value.Value{with("tag", value.String("c"))}, "1 s.json#/prefixItems/0/properties/tag/anyOf"},
		{"one of several", []value.Value{with("tag", value.Undefined{})}, ""},
		{"a reference within the file", []value.Value{with("unit", value.Number(0.1))}, ""},
		{"a reference that does not fit", []value.Value{with("unit", value.Number(0.2))}, "1 s.json#/$defs/unit/const"},
		{"several misfits, told in the same order every time", []value.Value{&value.Object{Members: []value.Member{{Key: "tag", Value: value.String("c")}, {Key: "n", Value: value.Null{}}, {Key: "x", Value: value.Null{}}}}}, "1 s.json#/prefixItems/0/additionalProperties"},
	} {
		for range 5 {
			form, err := (Call{Args: tt.args}).Form()
			if err == nil {
				err = s.Check(form)
			}
			if got := told(err); got != tt.facts {
				t.Errorf("%s: the log learns %q, want %q", tt.title, got, tt.facts)
				break
			}
		}
	}
}

// told is what the log learns about a misfit.
func told(err *reject.Error) string {
	if err == nil {
		return ""
	}
	var words []string
	for _, f := range err.Facts {
		words = append(words, f.Value)
	}
	return strings.Join(words, " ")
}

// TestOlderDraftsKeepTheirMeaning: a list as the value of items was the way to
// speak about single arguments before 2020.
func TestOlderDraftsKeepTheirMeaning(t *testing.T) {
	s := schema(t, `{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}`)
	if err := s.Check([]any{"a"}); err != nil {
		t.Error(err)
	}
	if s.Check([]any{1.0}) == nil || s.Check([]any{"a", "b"}) == nil {
		t.Error("arguments that do not fit pass")
	}
}

// TestRefusalsRepeatNothingOfTheCall puts a marked text wherever one can stand.
func TestRefusalsRepeatNothingOfTheCall(t *testing.T) {
	const mark = "s3cr3t"
	s := schema(t, `{"items":{"additionalProperties":false,"patternProperties":{"^a":{"maxLength":1}},"propertyNames":{"maxLength":2},"not":{"required":["s3c"]},"type":"object"}}`)
	for _, v := range []any{mark, map[string]any{mark: 1.0}, map[string]any{"a" + mark: mark}, []any{mark}} {
		err := s.Check([]any{v})
		if err == nil {
			t.Fatalf("%v passes", v)
		}
		if text := fmt.Sprintf("%v %v", err, err.Facts); strings.Contains(text, mark) {
			t.Errorf("the refusal of %v says %s", v, text)
		}
	}
}

func TestASchemaServesManyCallsAtOnce(t *testing.T) {
	s := schema(t, `{"items":{"$ref":"#/$defs/a"},"$defs":{"a":{"type":"number","multipleOf":0.01}}}`)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				if err := s.Check([]any{float64(i), 0.25}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// TestSchemasOfTreesEnd: each level of the value doubles the work, as the node
// fits one alternative up to its last leaf and then does not.
func TestSchemasOfTreesEnd(t *testing.T) {
	const nodes = `{"items":{"$ref":"#/definitions/node"},"definitions":{"node":{"anyOf":[
		{"properties":{"kind":{"const":"and"},"of":{"items":{"$ref":"#/definitions/node"}}}},
		{"properties":{"kind":{"const":"or"},"of":{"items":{"$ref":"#/definitions/node"}}}}]}}}`
	node := func(depth int) any {
		v := any(map[string]any{"kind": "none"})
		for range depth {
			v = map[string]any{"kind": "or", "of": []any{v}}
		}
		return v
	}
	for title, text := range map[string]string{
		"draft 2020-12": nodes,
		"draft-07":      `{"$schema":"http://json-schema.org/draft-07/schema#",` + nodes[1:],
	} {
		s := schema(t, text)
		if err := s.Check([]any{node(5)}); err == nil || !strings.Contains(err.Detail, "do not fit") {
			t.Errorf("%s, 5 levels: got %v", title, err)
		}
		if err := s.Check([]any{node(45)}); err == nil || !strings.Contains(err.Detail, "too long") || told(err) != "s.json" {
			t.Errorf("%s, 45 levels: got %v", title, err)
		}
		if err := s.Check([]any{map[string]any{"kind": "or"}}); err != nil {
			t.Errorf("%s, the next call: got %v", title, err)
		}
	}
}

// TestLongTextsCount: a schema of trees could otherwise look through one long
// text again and again.
func TestLongTextsCount(t *testing.T) {
	s := schema(t, `{"items":{"type":"string","pattern":"a$"}}`)
	long := strings.Repeat("a", 32*maxSteps/3)
	if err := s.Check([]any{long, long}); err != nil {
		t.Errorf("two texts: got %v", err)
	}
	if err := s.Check([]any{long, long, long}); err == nil || !strings.Contains(err.Detail, "too long") {
		t.Errorf("three texts: got %v", err)
	}
}

func BenchmarkParseSchema(b *testing.B) {
	for b.Loop() {
		schema(b, `{"type":"array","prefixItems":[{"type":"object","properties":{"a":{"type":"string"}}}],"items":false}`)
	}
}

func BenchmarkSchema(b *testing.B) {
	s := schema(b, `{"type":"array","prefixItems":[{"type":"object","required":["amount"],"properties":{"amount":{"type":"array","items":{"type":"string","pattern":"^[0-9.]+$"}},"note":{"items":{"maxLength":100}}}}],"items":false}`)
	many := schema(b, `{"items":{"items":{"type":"string"}}}`)
	number := schema(b, `{"items":{"items":{"type":"number","maximum":10}}}`)
	tree := schema(b, `{"items":{"$ref":"#/$defs/n"},"$defs":{"n":{"anyOf":[{"prefixItems":[{"$ref":"#/$defs/n"}],"minItems":1},{"items":{"$ref":"#/$defs/n"},"minItems":1}]}}}`)
	deep := nested(90, array())
	form := []value.Value{&value.FormData{Entries: []value.FormEntry{
		{Name: "amount", Value: value.String("12.50")}, {Name: "note", Value: value.String("thank you")}, {Name: "$ACTION_KEY", Value: value.String("k1")},
	}}}
	numbers := []value.Value{array(slices.Repeat([]value.Value{value.Number(1.5)}, 49_000)...)}
	shared := array(slices.Repeat([]value.Value{value.Number(1.5)}, 1000)...)
	blown := slices.Repeat([]value.Value{shared}, 130)
	for _, bb := range []struct {
		name   string
		schema *Schema
		args   []value.Value
	}{
		{"form_of_two_fields", s, form},
		{"49000_numbers_that_fit", number, numbers},
		{"49000_misfits", many, numbers},
		{"130000_shared_numbers_that_fit", number, blown},
		{"130000_shared_misfits", many, blown},
		{"tree_that_is_stopped", tree, []value.Value{deep}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				form, err := (Call{Args: bb.args}).Form()
				if err != nil {
					b.Fatal(err)
				}
				bb.schema.Check(form)
			}
		})
	}
}
