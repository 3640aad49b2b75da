package reply_test

import (
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

const (
	ok         reject.Reason = ""
	malformed                = reply.ReplyMalformed
	reference                = reply.ReplyReferenceInvalid
	mixed                    = reply.ReplyWireMixed
	tooComplex               = reply.ReplyTooComplex
	exceeded                 = reply.ArgumentsExceeded
)

// reason is the word of a refusal, empty for none.
func reason(e *reject.Error) reject.Reason {
	if e == nil {
		return ok
	}
	return e.Reason
}

// TestTexts has bodies of one part, by the invariant of spec reply-format §12.2
// that they keep or break.
func TestTexts(t *testing.T) {
	tests := []struct {
		name, text string
		want       reject.Reason
	}{
		{"an empty list", `[]`, ok},
		{"no list", `{"a":1}`, malformed},
		{"nothing", ``, malformed},
		{"white space alone", ` `, malformed},
		{"two texts", `[] []`, malformed},
		{"a byte order mark", "\ufeff[]", malformed},
		{"bytes that are not UTF-8 (I2)", "[\"\xff\"]", malformed},
		{"a surrogate in raw bytes (I2)", "[\"\xed\xa0\x80\"]", malformed},
		{"an escaped lone surrogate", `["\ud800"]`, ok},
		{"an unfinished list", `[1,`, malformed},
		{"a comma too many", `[1,]`, malformed},
		{"a comment", `[/**/]`, malformed},
		{"a raw line break in a text", "[\"a\nb\"]", malformed},
		{"an unknown escape", `["\x41"]`, malformed},
		{"a key that is no text", `[{1:2}]`, malformed},
		{"two members of one name (I10)", `[{"a":1,"a":2}]`, malformed},
		{"two members of one name, escaped (I10)", `[{"a":1,"\u0061":2}]`, malformed},
		{"two members of one name, one of them undefined (I10)", `[{"a":1,"a":"$undefined"}]`, malformed},
		{"two members of one name among many (I10)", `[{` + many(20) + `,"k7":0}]`, malformed},
		{"many members", `[{` + many(20) + `}]`, ok},
		{"names that differ in a lone surrogate", `[{"\ud800":1,"\ud801":2}]`, ok},

		{"an integer", `[0,-1,9007199254740991]`, ok},
		{"a number with an exponent, as JavaScript writes it (I18)", `[1e+21,1e-7,1.5e-10]`, ok},
		{"a short exponent (I18)", `[1e21]`, malformed},
		{"an upper-case exponent (I18)", `[1E+21]`, malformed},
		{"a trailing zero (I18)", `[1.0]`, malformed},
		{"an exponent where none is needed (I18)", `[1e2]`, malformed},
		{"more digits than a double has (I18)", `[1.0000000000000000001]`, malformed},
		{"an integer that a double rounds (I18)", `[9007199254740993]`, malformed},
		{"minus zero (I18)", `[-0]`, malformed},
		{"too large for a double (I18)", `[1e+400]`, malformed},
		{"too small for a double (I18)", `[1e-400]`, malformed},
		{"a leading zero", `[01]`, malformed},

		{"an escaped dollar", `["$$","$$undefined"]`, ok},
		{"an escaped spelling of a tag", `["\u0024undefined"]`, ok},
		{"a lone dollar", `["$"]`, malformed},
		{"an unknown tag", `["$Z1"]`, malformed},
		{"a tag in a name is none", `[{"$undefined":1,"$0":2}]`, ok},
		{"half a constant (I3)", `["$u"]`, malformed},
		{"a constant with more (I3)", `["$undefined1"]`, malformed},
		{"NaN and the infinities", `["$NaN","$Infinity","$-Infinity","$-0"]`, ok},
		{"a minus with something else (I3)", `["$-1"]`, malformed},
		{"a date without milliseconds (I11)", `["$D2020-01-01T00:00:00Z"]`, malformed},
		{"a day that is none (I11)", `["$D2021-02-29T00:00:00.000Z"]`, malformed},
		{"a BigInt with a leading zero (I11)", `["$n01"]`, malformed},
		{"minus zero as a BigInt (I11)", `["$n-0"]`, malformed},
		{"a BigInt of 300 digits", `["$n` + strings.Repeat("9", 300) + `"]`, ok},
		{"a BigInt of 301 digits (I15)", `["$n` + strings.Repeat("9", 301) + `"]`, tooComplex},
		{"a temporary reference", `["$T",{"a":["$T"]}]`, ok},
		{"a temporary reference below a name with a colon", `[{"a:b":{"c":"$T"}}]`, reference},
		{"a class instance that occurs again", `["$T","$0:0"]`, ok},

		{"the root itself", `["$0"]`, ok},
		{"the root by a second id (I3)", `["$00"]`, malformed},
		{"an upper-case id (I3)", `["$0A"]`, malformed},
		{"a promise of the root (I3)", `["$@0"]`, malformed},
		{"a Map of the root (I3)", `["$Q0"]`, malformed},
		{"an id that is far too long", `["$1111111111111111"]`, malformed},
		{"a part that is not there", `["$1"]`, reference},
		{"an empty form", `["$K1"]`, ok},
		{"ids with a gap (I1)", `["$K2"]`, malformed},
		{"forms in another order than their ids", `["$K2","$K1"]`, ok},

		{"a shared object", `[{"x":1},"$0:0"]`, ok},
		{"a shared array in an object", `[{"a":[1],"b":"$0:0:a"}]`, ok},
		{"an object under an empty name", `[{"":{}},"$0:0:"]`, ok},
		{"a path to a number (I6)", `[{"x":1},"$0:0:x"]`, reference},
		{"a path to a text (I6)", `["abc","$0:0"]`, reference},
		{"a path to a date (I6)", `["$D2020-01-01T00:00:00.000Z","$0:0"]`, reference},
		{"a path to undefined (I6)", `[{"x":"$undefined"},"$0:0:x"]`, reference},
		{"a path through a reference (I6)", `[{"x":{}},"$0:0","$0:1:x"]`, reference},
		{"a path to a reference (I6)", `[{"x":{}},"$0:0","$0:1"]`, reference},
		{"a path to nothing (I6)", `[{"x":{}},"$0:0:y"]`, reference},
		{"a path to what comes later", `["$0:1",{}]`, reference},
		{"a path to a later member", `[{"a":"$0:0:b","b":{}}]`, reference},
		{"a path to an ancestor", `[{"a":{"b":"$0:0"}}]`, ok},
		{"an index with a zero in front (I6)", `[{},{},"$0:01"]`, reference},
		{"an index beyond the end (I6)", `[{},"$0:7"]`, reference},
		{"the length of an array (I6)", `[{},"$0:length"]`, reference},
		{"an index as the name of a member", `[{"7":{}},"$0:0:7"]`, ok},
		{"a member __proto__ is dropped and cannot be named", `[{"__proto__":{"a":{}}},"$0:0:__proto__"]`, reference},
		{"a member of a large object", `[{` + many(30) + `,"x":{}},"$0:0:x"]`, ok},
		{"no member of a large object", `[{` + many(30) + `,"x":{}},"$0:0:y"]`, reference},
		{"a reference with an empty path", `[{},"$0:"]`, reference},
		{"text under the name then", `[{"then":"x"}]`, ok},
	}
	for _, tt := range tests {
		o := current()
		o.AnyRoot = false
		agree(t, tt.name, form("0", tt.text), o)
		if r, err := reply.ParseText([]byte(tt.text), o); reason(err) != tt.want || (r == nil) != (err != nil) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// many are n members of an object.
func many(n int) string {
	var members []string
	for i := range n {
		members = append(members, `"k`+string(rune('0'+i%10))+strings.Repeat("x", i/10)+`":1`)
	}
	return strings.Join(members, ",")
}

// fn is the part of a function without bound arguments.
const fn = `{"id":"a","bound":null}`

func TestForms(t *testing.T) {
	tests := []struct {
		name string
		sent []formdata.Entry
		want reject.Reason
	}{
		{"no parts", nil, malformed},
		{"a root alone", form("0", "[]"), ok},
		{"no root (I1)", form("1", "[]"), malformed},
		{"two roots (I1)", form("0", "[]", "0", "[]"), malformed},
		{"a root that is a file (I1)", form("0<", "[]"), malformed},
		{"two parts of one name (I1)", form("1", "[]", "1", "[]", "0", `["$W1"]`), malformed},
		{"an empty name (I1)", form("", "", "0", "[]"), malformed},
		{"a name with a leading zero (I1)", form("01", "[]", "0", `["$W1"]`), malformed},
		{"an id with a leading zero (I3)", form("1", "[]", "0", `["$W01"]`), malformed},
		{"a hexadecimal name (I1)", form("a", "[]", "0", `["$Wa"]`), malformed},
		{"a name with a sign (I1)", form("+1", "[]", "0", `["$W1"]`), malformed},
		{"rows of the root (I1)", form("S0", "C", "0", "[]"), malformed},
		{"a form under id 0 (I1)", form("_0_a", "", "0", "[]"), malformed},
		{"a form without a second underscore (I1)", form("_1", "", "0", `["$K1"]`), malformed},
		{"an id of eight digits (I1)", form("10000000", "1", "0", "[]"), malformed},
		{"an id larger than anything refers to (I1)", form("900", "[]", "0", `[]`), malformed},
		{"an action's field (I16)", form("$ACTION_ID_a", "", "0", "[]"), malformed},
		{"an action's field inside of a form", form("_1_$ACTION_ID_a", "", "0", `["$K1"]`), ok},
		{"an id that is a part and a form (I4)", form("1", "[]", "_1_a", "", "0", `["$W1"]`), malformed},
		{"a part that nothing refers to (I7)", form("1", "[]", "0", "[]"), malformed},
		{"form fields that nothing refers to (I7)", form("_1_a", "x", "0", "[]"), malformed},
		{"rows that nothing refers to (I7)", form("0", "[]", "S1", "C"), malformed},
		{"a reference to a promise's part that comes later (§4.2)", form("0", `["$@1","$1"]`, "1", "{}"), reference},
		{"a reference to a promise's part that has come", form("1", "{}", "0", `["$@1","$1"]`), ok},
		{"a reference in a row to what comes later (§4.2)", form("0", `["$R1","$@2"]`, "S1", `"$2:0"`, "2", "[{}]", "S1", "C"), reference},
		{"a reference in a Map to the root that is being written", form("1", `[[1,"$0:0"]]`, "0", `[{},"$Q1"]`), ok},
		{"a reference in a promise to a part that its container leads to", form("2", `[{}]`, "1", `["$0:0"]`, "0", `["$W2","$@1"]`), ok},
		{"a reference below __proto__ to what goes with it", form("0", `[{"__proto__":{"a":{}},"b":1},"$0:0"]`), ok},
		{"a reference to what goes with __proto__", form("1", `["$0:0:__proto__"]`, "0", `[{"__proto__":{"a":"$W1"}},"$1:0"]`), reference},
		{"a circle of parts that nothing else refers to (I7)", form("1", `["$W2"]`, "2", `["$W1"]`, "0", "[]"), malformed},

		{"a Map", form("1", `[["a",1]]`, "0", `["$Q1"]`), ok},
		{"a Map after the part that holds it", form("0", `["$Q1"]`, "1", `[]`), reference},
		{"a Map of two places (I5)", form("1", `[]`, "0", `["$Q1","$Q1"]`), reference},
		{"a part as Map and as Set (I4)", form("1", `[]`, "0", `["$Q1","$W1"]`), reference},
		{"a Map whose part is a file (I4)", form("1<", `[]`, "0", `["$Q1"]`), reference},
		{"a Map whose part is missing (I4)", form("2", "[]", "0", `["$Q1","$W2"]`), reference},
		{"a Map whose part is no array (I4)", form("1", `{}`, "0", `["$Q1"]`), reference},
		{"a Map with an entry of three", form("1", `[[1,2,3]]`, "0", `["$Q1"]`), reference},
		{"a Map with an entry that is an object", form("1", `[{"0":1,"1":2}]`, "0", `["$Q1"]`), reference},
		{"a Map with an entry that is a reference", form("1", `["$0:0"]`, "0", `[[1,2],"$Q1"]`), reference},
		{"a path into a Map's key", form("1", `[[{},1]]`, "0", `["$Q1","$1:0:0"]`), ok},
		{"a path to a Map's entry", form("1", `[[{},1]]`, "0", `["$Q1","$1:0"]`), reference},
		{"a path to the entries of a Map (I4)", form("1", `[[1,2]]`, "0", `["$Q1","$1"]`), reference},
		{"a path through a Map", form("1", `[[{},1]]`, "0", `["$Q1","$0:0:0"]`), reference},
		{"a Map in itself", form("1", `[["me","$0:0"]]`, "0", `["$Q1"]`), ok},
		{"a Set", form("1", `[1]`, "0", `["$W1"]`), ok},
		{"a Set whose part is no array (I4)", form("1", `"x"`, "0", `["$W1"]`), reference},
		{"an iterator", form("1", `[1]`, "0", `["$i1"]`), ok},
		{"an iterator whose part is no array (I4)", form("1", `{}`, "0", `["$i1"]`), reference},

		{"a promise", form("0", `["$@1"]`, "1", "1"), ok},
		{"a promise of two places", form("0", `["$@1","$@1"]`, "1", "1"), ok},
		{"a promise that was left out", form("0", `["$@1"]`), reference},
		{"a promise whose part is a file (I4)", form("0", `["$@1"]`, "1<", "1"), reference},
		{"a promise and a Set (I4)", form("1", "[]", "0", `["$@1","$W1"]`), reference},
		{"a Set and a promise (I4)", form("1", "[]", "0", `["$W1","$@1"]`), reference},
		{"a function and a promise (I4)", form("1", fn, "0", `["$h1","$@1"]`), reference},
		{"a promise and a function (I4)", form("1", fn, "0", `["$@1","$h1"]`), reference},
		{"the value of a promise (I4)", form("0", `["$@1",{"a":"$@2"}]`, "1", "{}", "2", `{"b":"$1"}`), ok},
		{"a promise of what another one fulfils with", form("0", `["$@1","$@2"]`, "1", "{}", "2", `"$1"`), ok},
		{"two promises of one Date (I6)", form("0", `["$@1","$@2"]`, "1", `"$D2020-01-01T00:00:00.000Z"`, "2", `"$1"`), ok},
		{"two promises of one object that writes itself as a text", form("0", `["$@1","$@2"]`, "1", `"https://a.example/"`, "2", `"$1"`), ok},
		{"the text of a promise elsewhere (I6)", form("0", `["$@1","$@2"]`, "1", `"x"`, "2", `["$1"]`), reference},
		{"a promise of itself (I8)", form("0", `["$@1"]`, "1", `"$@1"`), reference},
		{"a promise of a reference to itself (I8)", form("0", `["$@1"]`, "1", `"$1"`), reference},
		{"two promises of each other (I8)", form("0", `["$@1"]`, "1", `"$@2"`, "2", `"$@1"`), reference},
		{"two promises of references to each other (I8)", form("0", `["$@1","$@2"]`, "1", `"$2"`, "2", `"$1"`), reference},
		{"a promise of a promise through a lazy value (I8)", form("0", `["$@1"]`, "2", `"$@1"`, "1", `"$2"`), reference},
		{"a promise in its own value", form("0", `["$@1"]`, "1", `{"me":"$@1"}`), ok},

		{"a lazy value", form("1", `{}`, "0", `["$1","$1"]`), ok},
		{"a lazy text", form("1", `"x"`, "0", `["$1"]`), ok},
		{"a lazy value of a lazy value", form("1", `{}`, "2", `"$1"`, "3", `"$2"`, "0", `["$3","$1"]`), ok},
		{"a lazy value of itself", form("1", `"$1"`, "0", `["$1"]`), reference},
		{"lazy values of each other", form("1", `"$2"`, "2", `"$1"`, "0", `["$1"]`), reference},
		{"a lazy value after the part that holds it", form("0", `["$1"]`, "1", `{}`), reference},
		{"a lazy value whose part is a file (I4)", form("1<", "x", "0", `["$1"]`), reference},
		{"a temporary reference under then, by reference", form("0", `["$T",{"then":"$0:0"}]`), ok},
		{"a lazy undefined member is none", form("1", `"$undefined"`, "0", `[{"a":"$1"}]`), ok},
		{"a reference that turns out to be to a promise's value", form("0", `["$@1","$@2"]`, "3", `{}`, "2", `{"p":"$@4"}`, "4", "[]", "1", `{"a":"$4","l":"$3"}`), ok},

		{"a function", form("1", fn, "0", `["$h1",{"again":"$h1"}]`), ok},
		{"a function with bound arguments", form("2", `{"id":"a","bound":"$@1"}`, "0", `["$h2"]`, "1", "[1]"), ok},
		{"a function with other members (I4)", form("1", `{"id":"a","bound":null,"x":1}`, "0", `["$h1"]`), reference},
		{"a function with members in another order (I4)", form("1", `{"bound":null,"id":"a"}`, "0", `["$h1"]`), reference},
		{"a function without bound (I4)", form("1", `{"id":"a"}`, "0", `["$h1"]`), reference},
		{"a function whose id is a number (I4)", form("1", `{"id":5,"bound":null}`, "0", `["$h1"]`), reference},
		{"a function whose bound arguments are inline (I4)", form("1", `{"id":"a","bound":[]}`, "0", `["$h1"]`), reference},
		{"a function whose bound arguments are an object (I4)", form("2", `{"id":"a","bound":"$@1"}`, "0", `["$h2"]`, "1", "{}"), reference},
		{"a path into a function (I6)", form("1", fn, "0", `["$h1","$1:bound"]`), reference},
		{"the part of a function (I4)", form("1", fn, "0", `["$h1","$1"]`), reference},
		{"a reference to a function (I6)", form("1", fn, "0", `["$h1","$0:0"]`), reference},
		{"a function under the name then (I9)", form("1", fn, "0", `[{"then":"$h1"}]`), reference},
		{"a lazy function under the name then (I9)", form("1", fn, "2", `"$h1"`, "0", `[{"then":"$2"}]`), reference},

		{"a file", form("1<", "x", "0", `["$B1","$0:0"]`), ok},
		{"a file of two places (I5)", form("1<", "x", "0", `["$B1","$B1"]`), reference},
		{"a file that is a text (I4)", form("1", "x", "0", `["$B1"]`), reference},
		{"a file that is missing, beside one that is there (I4)", form("1<", "x", "0", `["$B1","$B2"]`), reference},
		{"two parts of one file (I1)", form("1<", "x", "1<", "x", "0", `["$B1"]`), malformed},
		{"a file after the part that holds it", form("0", `["$B1"]`, "1<", "x"), reference},
		{"whole elements (I12)", form("1<", "12345678", "0", `["$g1"]`), ok},
		{"no whole elements (I12)", form("1<", "1234567", "0", `["$g1"]`), malformed},

		{"a form", form("_1_a", "1", "_1_a", "2", "_1_f<", "3", "0", `["$K1"]`), ok},
		{"a form of two places (I5)", form("_1_a", "1", "0", `["$K1","$K1"]`), reference},
		{"a form that is a part (I4)", form("1", "[]", "0", `["$K1"]`), reference},
		{"fields of two forms in turn", form("_1_a", "1", "_2_a", "1", "_1_b", "1", "0", `["$K1","$K2"]`), malformed},
		{"a part among the fields of a form", form("_1_a", "1", "2", "[]", "_1_b", "2", "0", `["$K1","$W2"]`), malformed},
		{"forms in another order than their ids", form("_2_a", "1", "_1_a", "1", "0", `["$K1","$K2"]`), malformed},
		{"fields after the part that holds their form", form("0", `["$K1"]`, "_1_a", "1"), reference},
		{"a form in a Map that stands before another form", form("_2_a", "1", "1", `[["f","$K3"]]`, "_3_b", "1", "0", `["$Q1","$K2"]`), reference},
		{"forms in another order than their fields, in a Map", form("_2_a", "1", "_3_b", "1", "1", `[["f","$K3"]]`, "0", `["$Q1","$K2"]`), malformed},
		{"a field that is not UTF-8 (I2)", form("_1_a", "\xff", "0", `["$K1"]`), malformed},

		{"a stream", form("0", `["$R1"]`, "S1", "1", "S1", "C"), ok},
		{"a stream of two places (I5)", form("0", `["$R1","$R1"]`, "S1", "C"), reference},
		{"a stream without rows", form("0", `["$R1"]`), reference},
		{"a stream without end (I4)", form("0", `["$R1"]`, "S1", "1"), malformed},
		{"a stream that goes on after its end (I4)", form("0", `["$R1"]`, "S1", "C", "S1", "1"), malformed},
		{"a stream of two ends (I4)", form("0", `["$R1"]`, "S1", "C", "S1", "C"), malformed},
		{"a stream with a return value", form("0", `["$R1"]`, "S1", "C1"), malformed},
		{"a stream with a row that is a file (I4)", form("0", `["$R1"]`, "S1<", "1", "S1", "C"), malformed},
		{"a stream with an empty row", form("0", `["$R1"]`, "S1", "", "S1", "C"), malformed},
		{"a stream as a model", form("0", `["$R1","$1"]`, "S1", "C"), reference},
		{"a stream as a form (I4)", form("0", `["$K1"]`, "S1", "C"), reference},
		{"an object shared with a row", form("0", `["$R1",{}]`, "S1", `"$0:1"`, "S1", "C"), ok},
		{"a path into a row", form("0", `["$R1","$1:0"]`, "S1", "[{}]", "S1", "C"), reference},
		{"a temporary reference in a row", form("0", `["$R1"]`, "S1", `["$T"]`, "S1", "C"), reference},
		{"a stream of bytes (I13)", form("0", `["$r1"]`, "2<", "x", "S1", `"$o2"`, "S1", "C"), ok},
		{"a stream of bytes without bytes (I13)", form("0", `["$r1"]`, "S1", "C"), ok},
		{"a stream of bytes of two rows (I13)", form("0", `["$r1"]`, "2<", "x", "S1", `"$o2"`, "3<", "x", "S1", `"$o3"`, "S1", "C"), malformed},
		{"a stream of bytes with a text (I13)", form("0", `["$r1"]`, "S1", `"x"`, "S1", "C"), malformed},
		{"a stream of bytes with an array of other elements (I13)", form("0", `["$r1"]`, "2<", "x", "S1", `"$O2"`, "S1", "C"), malformed},
		{"a generator with a return value", form("0", `["$x1"]`, "S1", "1", "S1", `C"r"`), ok},
		{"an iterable that returns an object of the arguments", form("0", `["$X1",{}]`, "S1", `C"$0:1"`), ok},
	}
	for _, tt := range tests {
		o := current()
		o.AnyRoot = false
		agree(t, tt.name, tt.sent, o)
		r, err := reply.ParseForm(tt.sent, o)
		if reason(err) != tt.want || (r == nil) != (err != nil) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if err == nil {
			again(t, r, o)
		}
	}
}

func TestColumns(t *testing.T) {
	const no = mixed
	tests := []struct {
		name string
		sent []formdata.Entry
		// what next14, react19.0, react19.2.2, react19.2.6, current and auto say
		want [6]reject.Reason
	}{
		{"a Map", form("1", "[]", "0", `["$Q1"]`), [6]reject.Reason{}},
		{"`$h`", form("1", fn, "0", `["$h1"]`), [6]reject.Reason{ok, no, ok, ok, ok, ok}},
		{"`$F`", form("1", fn, "0", `["$F1"]`), [6]reject.Reason{no, ok, no, no, no, ok}},
		{"form fields without underscore", form("1_a", "x", "0", `["$K1"]`), [6]reject.Reason{ok, ok, ok, no, no, ok}},
		{"form fields with underscore", form("_1_a", "x", "0", `["$K1"]`), [6]reject.Reason{no, no, no, ok, ok, ok}},
		{"a symbol", form("0", `["$Sa"]`), [6]reject.Reason{ok, malformed, malformed, malformed, malformed, malformed}},
		{"an Int16Array", form("1<", "xx", "0", `["$S1"]`), [6]reject.Reason{malformed, ok, ok, ok, ok, ok}},
		{"a path", form("0", `[{},"$0:0"]`), [6]reject.Reason{no, ok, ok, ok, ok, ok}},
		{"a temporary reference", form("0", `["$T"]`), [6]reject.Reason{no, ok, ok, ok, ok, ok}},
		{"a file as an argument", form("1<", "x", "0", `["$B1"]`), [6]reject.Reason{no, ok, ok, ok, ok, ok}},
		{"a promise of two places", form("0", `["$@1","$@1"]`, "1", "1"), [6]reject.Reason{reference, ok, ok, ok, ok, ok}},
		{"rows by the bare id", form("0", `["$R1"]`, "1", "1", "1", "C"), [6]reject.Reason{malformed, ok, ok, ok, malformed, ok}},
		{"a single row by the bare id", form("0", `["$R1"]`, "1", "C"), [6]reject.Reason{no, ok, ok, ok, no, ok}},
		{"a file of two parts", form("1<", "x", "1<", "x", "0", `["$B1"]`), [6]reject.Reason{malformed, reference, reference, reference, malformed, reference}},
		{"rows by S", form("0", `["$R1"]`, "S1", "C"), [6]reject.Reason{no, no, no, no, ok, ok}},
		{"old form fields beside S rows", form("1_a", "x", "0", `["$K1","$R2"]`, "S2", "C"), [6]reject.Reason{no, no, no, no, no, no}},
		{"old form fields beside new ones", form("1_a", "x", "_2_a", "x", "0", `["$K1","$K2"]`), [6]reject.Reason{no, no, no, no, no, no}},
		{"`$F` beside `$h`", form("1", fn, "2", fn, "0", `["$F1","$h2"]`), [6]reject.Reason{no, no, no, no, no, no}},
		{"`$F` beside new form fields", form("1", fn, "_2_a", "x", "0", `["$F1","$K2"]`), [6]reject.Reason{no, no, no, no, no, no}},
	}
	for _, tt := range tests {
		for i, name := range []string{"next14", "react19.0", "react19.2.2", "react19.2.6", "current", "auto"} {
			wire, err := reply.ParseWire(name)
			if err != nil || wire.String() != name {
				t.Fatal(name, wire, err)
			}
			o := current()
			o.Wire = wire
			agree(t, tt.name, tt.sent, o)
			r, refusal := reply.ParseForm(tt.sent, o)
			if reason(refusal) != tt.want[i] {
				t.Errorf("%s in %s: got %v, want %q", tt.name, name, refusal, tt.want[i])
			}
			if refusal == nil {
				if wire != reply.Auto && r.Wire != wire {
					t.Errorf("%s in %s: to be written as %s", tt.name, name, r.Wire)
				}
				again(t, r, o)
			}
		}
	}
	if _, err := reply.ParseWire("react20"); err == nil {
		t.Error("a column that does not exist")
	}
}

func TestLegacyIDsMeanNext14(t *testing.T) {
	o := current()
	o.Wire, o.Legacy = reply.Auto, true
	r, err := reply.ParseText([]byte(`["$Sreact.element",{"__proto__":1}]`), o)
	if err != nil || r.Wire != reply.Next14 || r.Reencode || r.Args.Items[0] != value.Symbol("react.element") {
		t.Errorf("got %+v, %v", r, err)
	}
	if got, _ := vectors.Tagged(r.Args.Items[1]); got != `{"__proto__":1}` && !strings.Contains(got, "__proto__") {
		t.Errorf("Next 14 keeps __proto__, got %s", got)
	}
}

func TestReplyDetails(t *testing.T) {
	r, err := reply.ParseForm(form("1", fn, "3", `{"id":"b","bound":"$@2"}`, "0", `["$h1","$h3","$h1"]`, "2", `["$T"]`), current())
	if err != nil || len(r.Refs) != 2 || r.Refs[0].ID != "a" || r.Refs[1].ID != "b" || r.Args != r.Root || r.Args.Items[2] != value.Value(r.Refs[0]) {
		t.Fatalf("got %+v, %v", r, err)
	}
	if p := r.Refs[1].Bound.Items[0].(*value.TemporaryReference).Position; p != "2:0" {
		t.Errorf("position %q", p)
	}
	for _, tt := range []struct{ name, part, tag, want string }{
		{"a Set keeps NaN once", `["$NaN","$NaN",1,1]`, "$W1", `[{"$type":"set","values":[{"$type":"number","value":"NaN"},1]}]`},
		{"a Set has no -0", `["$-0",0]`, "$W1", `[{"$type":"set","values":[0]}]`},
		{"a later entry of a Map wins", `[["a",1],["b",2],["a",3]]`, "$Q1", `[{"$type":"map","entries":[["a",3],["b",2]]}]`},
	} {
		r, err := reply.ParseForm(form("1", tt.part, "0", `["`+tt.tag+`"]`), current())
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := vectors.Tagged(r.Root); got != tt.want {
			t.Errorf("%s: got %s", tt.name, got)
		}
	}
}
