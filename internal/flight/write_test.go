package flight_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// checkIdentity parses what Append wrote and compares.
func checkIdentity(t *testing.T, name string, v value.Value, out []byte) {
	t.Helper()
	want, err := vectors.Tagged(v)
	if err != nil {
		t.Fatal(err)
	}
	again, bad := flight.Parse(out, flight.Limits{})
	if bad != nil {
		t.Errorf("%s: %v: %.300q", name, bad, out)
		return
	}
	if got, _ := vectors.Tagged(again); got != want {
		t.Errorf("%s: written and read: got %.300s, want %.300s: %.300q", name, got, want, out)
	}
}

func TestAppend(t *testing.T) {
	array := func(items ...value.Value) *value.Array { return &value.Array{Items: items} }
	object := func(key string, v value.Value) *value.Object {
		return &value.Object{Members: []value.Member{{Key: key, Value: v}}}
	}
	shared := object("x", value.Number(1))
	colon := object("a:b", shared)
	cycle := &value.Map{}
	cycle.Entries = []value.Entry{{Key: value.String("me"), Value: cycle}}
	long := value.String(strings.Repeat("é", 1024))
	tests := []struct {
		name string
		id   uint32
		v    value.Value
		want string
	}{
		{"a result in the row that the caller announced", 1, object("ok", value.Bool(true)), "1:{\"ok\":true}\n"},
		{"further rows follow that id", 1, &value.Set{Items: []value.Value{value.Number(1)}}, "2:[1]\n1:\"$W2\"\n"},
		{"undefined", 1, value.Undefined{}, "1:\"$undefined\"\n"},
		{"a text that looks like a reference", 0, value.String("$1"), "0:\"$$1\"\n"},
		{"an array that looks like an element", 0, array(value.String("$"), value.Null{}), "0:[\"$$\",null]\n"},
		{"a key is never escaped", 0, object("$a", value.Null{}), "0:{\"$a\":null}\n"},
		{"an invalid date is null, as from React", 0, &value.Date{}, "0:null\n"},
		{"a shared object is written once", 0, array(shared, shared), "0:[{\"x\":1},\"$0:0\"]\n"},
		{"a shared object below a key with a colon gets a row", 0, array(colon, shared), "1:{\"x\":1}\n0:[{\"a:b\":\"$1\"},\"$1\"]\n"},
		{"an object below a key with a colon alone does not", 0, array(colon), "0:[{\"a:b\":{\"x\":1}}]\n"},
		{"a cycle through a Map", 0, cycle, "1:[[\"me\",\"$0\"]]\n0:\"$Q1\"\n"},
		{"a long text is a row", 0, array(long), "1:T800," + string(long) + "0:[\"$1\"]\n"},
		{"a long text with a lone surrogate stays", 0, array(long + "\xed\xa0\x80"), "0:[\"" + string(long) + "\\ud800\"]\n"},
		{"a promise that never settles has no row", 0, array(&value.Promise{}, value.Null{}), "0:[\"$@1\",null]\n"},
		{"a failed stream ends in its error", 0, &value.Stream{Chunks: []value.Value{value.String("a")}, Failed: &value.Error{Digest: "d"}}, "1:R\n0:\"$1\"\n1:T1,a1:E{\"digest\":\"d\"}\n"},
		{"a chunk that occurs elsewhere is a reference", 0, array(&value.Stream{Chunks: []value.Value{shared}}, shared), "1:R\n0:[\"$1\",{\"x\":1}]\n1:\"$0:1\"\n1:C\n"},
		{"the name of a File is lost, as from React", 0, &value.File{Name: "n", Type: "t", Data: []byte("x")}, "2:o1,x1:[\"t\",\"$2\"]\n0:\"$B1\"\n"},
		{"a temporary reference goes back to the client", 0, &value.TemporaryReference{Position: "0:1:cb"}, "0:\"$T0:1:cb\"\n"},
	}
	for _, tt := range tests {
		got, err := flight.Append([]byte("before "), tt.id, tt.v)
		if err != nil || string(got) != "before "+tt.want {
			t.Errorf("%s: got %.300q, %v, want %.300q", tt.name, got, err, tt.want)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	deep := value.Value(value.Null{})
	for range 5000 {
		deep = &value.Array{Items: []value.Value{deep}}
	}
	for name, v := range map[string]value.Value{
		"a client module":                    &value.ClientReference{ID: "m"},
		"a member __proto__":                 &value.Object{Members: []value.Member{{Key: "__proto__", Value: value.Null{}}}},
		"a promise of a promise":             &value.Promise{Value: &value.Promise{}},
		"deep nesting":                       deep,
		"a byte stream of text":              &value.Stream{Binary: true, Chunks: []value.Value{value.String("a")}},
		"a form field that is a number":      &value.FormData{Entries: []value.FormEntry{{Name: "a", Value: value.Number(1)}}},
		"an array with a value that is none": &value.Array{Items: []value.Value{nil}},
		"no value":                           nil,
	} {
		if got, err := flight.Append(nil, 0, v); err == nil || got != nil {
			t.Errorf("%s: got %.300q, %v", name, got, err)
		}
	}
}

// A path longer than its bound is not written for each of many references.
func TestAppendStaysSmall(t *testing.T) {
	shared := &value.Object{}
	v := value.Value(&value.Array{Items: []value.Value{shared}})
	for range 100 {
		v = &value.Object{Members: []value.Member{{Key: strings.Repeat("k", 100), Value: v}}}
	}
	list := []value.Value{v}
	for range 1000 {
		list = append(list, shared)
	}
	root := &value.Array{Items: list}
	out, err := flight.Append(nil, 0, root)
	if err != nil || len(out) > 30_000 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	checkIdentity(t, "a deep shared object", root, out)
}

func TestRandomValuesAreWrittenAndRead(t *testing.T) {
	for seed := range uint64(20_000) {
		g := newGenerator(seed)
		v := g.any()
		out, err := flight.Append(nil, 0, v)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		checkIdentity(t, "seed "+strconv.FormatUint(seed, 10), v, out)
		if t.Failed() {
			return
		}
	}
}
