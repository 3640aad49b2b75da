package reply_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
)

// The tests below are the published attacks on React's decoder, one for each
// row of spec reply-format §12.1 that a reply can carry, and what is left of
// each after its central piece is taken away. Each test tells the story; the
// payloads are inert.

// attack is a reply that must be refused, in every column.
type attack struct {
	name string
	sent []formdata.Entry
	want reject.Reason
}

func refuse(t *testing.T, attacks []attack) {
	t.Helper()
	for _, a := range attacks {
		for wire := reply.Auto; wire <= reply.Current; wire++ {
			o := current()
			o.Wire = wire
			_, refusal := reply.ParseForm(a.sent, o)
			agree(t, a.name, a.sent, o)
			if refusal == nil {
				t.Errorf("%s: accepted as %s", a.name, wire)
			} else if wire == reply.Current && refusal.Reason != a.want {
				t.Errorf("%s: refused as %v, want %s", a.name, refusal, a.want)
			}
		}
	}
}

// CVE-2025-55182, "React2Shell": part 0 imitates a chunk of React's own, with a
// `then` stolen through a path over __proto__, and a Function constructor in the
// place of FormData.get. Awaiting the arguments ran code.
func TestCVE202555182PathsOverPrototypes(t *testing.T) {
	shell := `{"then":"$1:__proto__:then","status":"resolved_model","reason":-1,"value":"{\"then\":\"$B1337\"}",` +
		`"_response":{"_prefix":"x","_chunks":"$Q2","_formData":{"get":"$1:constructor:constructor"}}}`
	refuse(t, []attack{
		{"the exploit", form("0", shell, "1", `"$@0"`, "2", "[]"), reference},
		{"the exploit with its parts in order", form("2", "[]", "1", `"$@0"`, "0", shell), malformed},
		{"then of the prototype", form("1", `{}`, "0", `["$1","$1:__proto__:then"]`), reference},
		{"the constructor of an object", form("0", `[{},"$0:0:constructor"]`), reference},
		{"the constructor's constructor", form("0", `[{},"$0:0:constructor:constructor"]`), reference},
		{"a method of an array", form("0", `[[],"$0:0:map"]`), reference},
		{"the length of an array", form("0", `[[1],"$0:0:length"]`), reference},
		{"a member of a text", form("0", `["abc","$0:0:length"]`), reference},
		{"a property of a promise", form("0", `["$@1","$0:0:status"]`, "1", "1"), reference},
		{"a property of a Map", form("1", "[]", "0", `["$Q1","$0:0:size"]`), reference},
		{"a property of a function", form("1", fn, "0", `["$h1","$1:id"]`), reference},
		{"a promise of part 0", form("0", `["$@0"]`), malformed},
	})
}

// CVE-2025-55183: `$h` in a place where the action turns its argument into a
// text gave away the function's source. A function may be an argument, so the
// shape alone cannot be refused; policy can. What no client writes is refused.
func TestCVE202555183FunctionsInOddPlaces(t *testing.T) {
	refuse(t, []attack{
		{"a function under then", form("1", fn, "0", `[{"then":"$h1"}]`), reference},
		{"a function without an id", form("1", `{"bound":null}`, "0", `["$h1"]`), reference},
		{"a function that is a file", form("1<", fn, "0", `["$h1"]`), reference},
		{"a function of the arguments themselves", form("0", `[{"id":"a","bound":null},"$h0:0"]`), malformed},
	})
	r, err := reply.ParseForm(form("1", fn, "0", `["$h1"]`), current())
	if err != nil || len(r.Refs) != 1 {
		t.Errorf("policy cannot see the function: %+v, %v", r, err)
	}
}

// CVE-2025-55184: a promise that resolves to itself is awaited for ever.
func TestCVE202555184PromisesOfThemselves(t *testing.T) {
	refuse(t, []attack{
		{"a promise of itself", form("0", `["$@1"]`, "1", `"$@1"`), reference},
		{"the root as a promise of itself", form("0", `"$@0"`), malformed},
		{"a promise of a reference to itself", form("0", `["$@1"]`, "1", `"$1"`), reference},
		{"an object whose then leads back", form("1", fn, "0", `["$@2"]`, "2", `{"then":"$h1"}`), reference},
		{"a stream that is read twice", form("0", `["$R1","$R1"]`, "S1", "C"), reference},
	})
}

// CVE-2025-67779: the first fix missed longer circles.
func TestCVE202567779CirclesOfPromises(t *testing.T) {
	long := form("0", `["$@1"]`)
	for i := range 200 {
		long = append(long, form(fmt.Sprint(i+1), fmt.Sprintf(`"$@%x"`, (i+1)%200+1))...)
	}
	refuse(t, []attack{
		{"a circle of two", form("0", `["$@1"]`, "1", `"$@2"`, "2", `"$@1"`), reference},
		{"a circle of two hundred", long, reference},
		{"a circle through references", form("0", `["$@1","$@2"]`, "1", `"$2"`, "2", `"$1"`), reference},
		{"a circle through a lazy value", form("0", `["$@1"]`, "2", `"$@1"`, "1", `"$2"`), reference},
	})
}

// CVE-2026-23864: little input, much memory: arrays referred to again and again,
// long BigInts, many bound arguments, parts consumed repeatedly.
func TestCVE202623864Amplification(t *testing.T) {
	doubling := `["` + strings.Repeat("x", 64) + `"`
	for i := range 30 {
		doubling += fmt.Sprintf(`],["$0:%d","$0:%d"`, i, i)
	}
	thousand := "[" + strings.Repeat("0,", 999) + "0]"
	refuse(t, []attack{
		{"arrays of two references each", form("0", "["+doubling+"]]"), tooComplex},
		{"a thousand references to an array of a thousand", form("1", thousand, "0", "["+strings.Repeat(`"$1",`, 1000)+"0]"), tooComplex},
		{"a long BigInt", form("0", `["$n`+strings.Repeat("9", 100_000)+`"]`), tooComplex},
		{"1,001 bound arguments", form("2", `{"id":"a","bound":"$@1"}`, "0", `["$h2"]`, "1", "["+strings.Repeat("0,", 1000)+"0]"), exceeded},
		{"one part for two Sets", form("1", "[]", "0", `["$W1","$W1"]`), reference},
		{"one part for a Map and an iterator", form("1", "[]", "0", `["$Q1","$i1"]`), reference},
		{"one file for two arrays", form("1<", "x", "0", `["$o1","$o1"]`), reference},
		{"one form for two", form("_1_a", "x", "0", `["$K1","$K1"]`), reference},
	})
}

// CVE-2026-23869: a Map or Set whose initialiser fails half-way and is referred
// to again made the decoder do the work again each time.
func TestCVE202623869FailingInitialisers(t *testing.T) {
	pairs := "[" + strings.Repeat("[1,2],", 500) + "0]"
	refuse(t, []attack{
		{"a Map that fails at its last entry", form("1", pairs, "0", `["$Q1"]`), reference},
		{"the same, many times", form("1", pairs, "0", "["+strings.Repeat(`"$Q1",`, 500)+"0]"), reference},
		{"a Set in a circle that is no array", form("1", `{"me":"$W1"}`, "0", `["$W1"]`), reference},
		{"a Map in itself by its own tag", form("1", `[["me","$Q1"]]`, "0", `["$Q1"]`), reference},
	})
}

// CVE-2026-23870: every `$K` looked through all field names, so forms times
// fields was quadratic; and a stream's id was read as a model.
func TestCVE202623870FormsTimesFields(t *testing.T) {
	var fields []formdata.Entry
	for range 400 {
		fields = append(fields, form("_1_a", "")...)
	}
	refuse(t, []attack{
		{"four hundred references to four hundred fields", append(fields, form("0", "["+strings.Repeat(`"$K1",`, 400)+"0]")...), reference},
		{"a stream as a model", form("0", `["$R1","$1"]`, "S1", "C"), reference},
		{"a model as a stream", form("1", "[]", "0", `["$W1","$R1"]`), reference},
		{"a model and rows under one id", form("1", "[]", "0", `["$W1","$R1"]`, "S1", "C"), malformed},
	})
}

// CVE-2026-44907: until 19.2.7 every field that selects an action was decoded.
func TestCVE202644907ManySelectors(t *testing.T) {
	var ids, refs []formdata.Entry
	for i := range 300 {
		ids = append(ids, form(fmt.Sprintf("$ACTION_ID_%040d", i), "")...)
		refs = append(refs, form(fmt.Sprintf("$ACTION_REF_%d", i), "", fmt.Sprintf("$ACTION_%d:0", i), fn)...)
	}
	same := form("$ACTION_1:0", fn)
	for range 300 {
		same = append(same, form("$ACTION_REF_1", "")...)
	}
	for name, sent := range map[string][]formdata.Entry{"ids": ids, "references": refs, "one reference": same} {
		if _, refusal := reply.ParseAction(sent, current()); reason(refusal) != malformed {
			t.Errorf("three hundred %s: got %v", name, refusal)
		}
	}
}

// The releases of 2026-10-14 ended linear searches for each part and each row,
// and rows that were files.
func TestReleases20261014RowsAndParts(t *testing.T) {
	refuse(t, []attack{
		{"rows that are files", form("0", `["$R1"]`, "S1<", "1", "S1", "C"), malformed},
		{"a text where a file is meant", form("1", "x", "0", `["$B1"]`), reference},
	})
	rows := form("0", `["$R1"]`)
	for range 900 {
		rows = append(rows, form("S1", "1")...)
	}
	if _, refusal := reply.ParseForm(append(rows, form("S1", "C")...), current()); refusal != nil {
		t.Errorf("nine hundred rows: %v", refusal)
	}
}

// Next.js vendored more fixes: the descriptor of a function as an object that
// paths lead into and that JSON can give the cache property of.
func TestVendoredFixesFunctionDescriptors(t *testing.T) {
	refuse(t, []attack{
		{"a descriptor with the cache property", form("1", `{"id":"a","bound":null,"$$promise":{"status":"fulfilled","value":1}}`, "0", `["$h1"]`), reference},
		{"a path into a descriptor", form("1", `{"id":"a","bound":null}`, "0", `["$h1","$1:id"]`), reference},
		{"a descriptor as a Map", form("1", fn, "0", `["$h1","$Q1"]`), reference},
		{"a consumed mark", form("1", `{"length":0,"$$consumed":true}`, "0", `["$Q1"]`), reference},
	})
}

// TestLimits spends each budget of Limits, and stays just within it.
func TestLimits(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	wide := func(n int) string { return "[[" + strings.Repeat("1,", n-1) + "1]]" }
	far := strings.Repeat(`{"`+strings.Repeat("k", 300)+`":`, 100)
	fields := func(n int) []formdata.Entry { // beside n values and 4
		var parts []formdata.Entry
		for range 10 {
			parts = append(parts, form("_1_a", "x")...)
		}
		return append(parts, form("0", "["+wide(n)+`,"$K1"]`)...)
	}
	sets := func(n int) []formdata.Entry {
		var parts []formdata.Entry
		root := "["
		for i := range n {
			parts = append(parts, form(fmt.Sprint(i+1), "[]")...)
			root += fmt.Sprintf(`"$W%x",`, i+1)
		}
		return append(parts, form("0", root+"0]")...)
	}
	tests := []struct {
		name string
		sent []formdata.Entry
		want reject.Reason
	}{
		{"6,000 levels", form("0", deep(6000)), ok},
		{"6,001 levels", form("0", deep(6001)), tooComplex},
		{"20,000 levels, more than the tokenizer counts", form("0", deep(20_000)), tooComplex},
		{"50,000 values", form("0", wide(49_998)), ok},
		{"50,001 values", form("0", wide(49_999)), tooComplex},
		{"50,000 values with the fields of a form", fields(49_986), ok},
		{"50,001 values with the fields of a form", fields(49_987), tooComplex},
		{"1,000 parts", sets(999), ok},
		{"1,001 parts", sets(1000), tooComplex},
		{"1,000 arguments", form("0", "["+strings.Repeat("1,", 999)+"1]"), ok},
		{"1,001 arguments", form("0", "["+strings.Repeat("1,", 1000)+"1]"), exceeded},
		{"temporary references far down", form("0", "["+far+"["+strings.Repeat(`"$T",`, 30)+"1]"+strings.Repeat("}", 100)+"]"), ok},
		{"more of them", form("0", "["+far+"["+strings.Repeat(`"$T",`, 40)+"1]"+strings.Repeat("}", 100)+"]"), tooComplex},
		{"a text of a million units beside another argument", form("0", `["`+strings.Repeat("x", 1_000_000)+`",1]`), tooComplex},
		{"the same in bytes and fewer units", form("0", `["`+strings.Repeat("é", 500_000)+`",1]`), ok},
		{"a text of a million units alone", form("0", `["`+strings.Repeat("x", 1_000_000)+`"]`), ok},
	}
	for _, tt := range tests {
		o := current()
		o.AnyRoot = false
		if _, err := reply.ParseForm(tt.sent, o); reason(err) != tt.want {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}
