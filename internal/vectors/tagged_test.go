package vectors

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/actiongw/actiongw/internal/value"
)

func TestTagged(t *testing.T) {
	shared := &value.Object{Members: []value.Member{{Key: "x", Value: value.Number(1)}}}
	cycle := &value.Array{}
	cycle.Items = []value.Value{cycle}
	list := func(items ...value.Value) value.Value { return &value.Array{Items: items} }
	tests := []struct {
		name string
		v    value.Value
		want string
	}{
		{"plain JSON stands for itself", list(value.Null{}, value.Bool(true), value.Number(1e21), value.String("é\xed\xa0\x80")), `[null,true,1e+21,"é\ud800"]`},
		{"minus zero is tagged", value.Number(math.Copysign(0, -1)), `{"$type":"number","value":"-0"}`},
		{"the second place is an alias", list(shared, shared), `[{"x":1},{"$type":"alias","path":[0]}]`},
		{"a cycle is an alias of the root", cycle, `[{"$type":"alias","path":[]}]`},
		{"an alias into a Map goes through its entries",
			list(&value.Map{Entries: []value.Entry{{Key: value.String("k"), Value: shared}}}, shared),
			`[{"$type":"map","entries":[["k",{"x":1}]]},{"$type":"alias","path":[0,"entries",0,1]}]`},
		{"a key that looks like a tag", &value.Object{Members: []value.Member{{Key: "$a", Value: shared}}}, `{"$type":"object","entries":[["$a",{"x":1}]]}`},
		{"bound arguments", &value.ServerReference{ID: "a", Bound: &value.Array{}}, `{"$type":"serverref","id":"a","bound":[]}`},
		{"an invalid date", &value.Date{}, `{"$type":"date","value":null}`},
		{"a promise that never settled", &value.Promise{}, `{"$type":"promise"}`},
		{"a rejected promise", &value.Promise{Rejected: &value.Error{Digest: "1"}}, `{"$type":"promise","error":{"$type":"error","digest":"1"}}`},
	}
	for _, tt := range tests {
		got, err := Tagged(tt.v)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
		if again, err := CanonicalTagged([]byte(got)); err != nil || again != got {
			t.Errorf("%s: read and written again: got %s, %v, want %s", tt.name, again, err, got)
		}
	}
}

func TestCanonicalTagged(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"white space and number spelling do not count", "[ 1.0, 1E21,\n -1.5e-07 ]", "[1,1e+21,-1.5e-7]"},
		{"members of a tag come in one order", `{"value":1,"$type":"promise"}`, `{"$type":"promise","value":1}`},
		{"members of an object keep theirs", `{"b":1,"a":2}`, `{"b":1,"a":2}`},
		{"minified messages do not count", `{"$type":"promise","error":{"message":"Minified React error #412; visit","digest":"d"}}`,
			`{"$type":"promise","error":{"$type":"error","digest":"d"}}`},
		{"other messages count", `{"$type":"error","name":"Error","message":"m"}`, `{"$type":"error","message":"m"}`},
		{"a form's call is a plain object", `{"$type":"call","id":"a","bound":null,"formData":null}`, `{"id":"a","bound":null,"formData":null}`},
	}
	for _, tt := range tests {
		if got, err := CanonicalTagged([]byte(tt.raw)); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
	for _, bad := range []string{`{"$type":"nothing"}`, `{"$type":"alias","path":[0]}`, `[1`, `1 2`, `{"$type":"map"}`} {
		if got, err := CanonicalTagged([]byte(bad)); err == nil {
			t.Errorf("%s: got %s, want an error", bad, got)
		}
	}
}

func TestCorpusTagged(t *testing.T) {
	shared := &value.Object{}
	tests := []struct {
		name string
		v    value.Value
		raw  string
	}{
		{"the second place is a Ref", &value.Object{Members: []value.Member{{Key: "a", Value: shared}, {Key: "b", Value: shared}}},
			`{"a":{},"b":{"$type":"Ref","path":"$.a"}}`},
		{"bytes are compared by hash", &value.Bytes{Kind: "Uint8Array", Data: []byte("ABC")},
			`{"$type":"Uint8Array","byteLength":3,"sha256":"b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78","base64":"QUJD"}`},
		{"a generator without return value", &value.Async{Iterator: true, Items: []value.Value{value.Number(2)}},
			`{"$type":"AsyncIterable","values":[2],"return":{"$type":"undefined"}}`},
		{"an error says nothing", &value.Error{}, `{"$type":"Error","name":"Error","message":"An error occurred"}`},
		{"a key of the notation", &value.Object{Members: []value.Member{{Key: "$type", Value: value.String("Date")}}},
			`{"$type":"Object","entries":[["$type","Date"]]}`},
		{"minus infinity", value.Number(math.Inf(-1)), `{"$type":"Number","value":"-Infinity"}`},
	}
	for _, tt := range tests {
		got, err := CorpusTagged(tt.v)
		want, wantErr := CanonicalCorpusTagged([]byte(tt.raw))
		if err != nil || wantErr != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s, %v", tt.name, got, err, want, wantErr)
		}
	}
}

// Every recorded value must have a canonical form, or tests would compare
// less than they seem to.
func TestAllRecordedValuesAreInTheNotation(t *testing.T) {
	for _, e := range traffic(t) {
		var invocations []struct{ Args, Bound json.RawMessage }
		if err := json.Unmarshal(e.Expected.Invocations, &invocations); err != nil {
			t.Fatal(err)
		}
		for _, i := range invocations {
			for _, raw := range []json.RawMessage{i.Args, i.Bound} {
				if raw == nil {
					continue
				}
				if _, err := CanonicalCorpusTagged(raw); err != nil {
					t.Errorf("%s: %v", e.ID, err)
				}
			}
		}
	}
}
