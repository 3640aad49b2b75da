package reply_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
)

// agree holds that a lean reader decides about a reply as a full one does. The
// other tests of this package call it for every reply that they have. It
// returns what both say.
func agree(t testing.TB, name string, sent []formdata.Entry, o reply.Options) string {
	t.Helper()
	o.Lean, o.Workspace = false, nil
	full := outcome(reply.ParseForm(sent, o))
	o.Lean, o.Workspace = true, used(t)
	if lean := outcome(reply.ParseForm(sent, o)); lean != full {
		t.Errorf("%s: %q\nlean: %s\nfull: %s", name, join(sent), lean, full)
	}
	return full
}

// used is a workspace in which a reader has stopped in the middle of much.
func used(t testing.TB) *reply.Workspace {
	o := current()
	o.Workspace = reply.NewWorkspace()
	left := form("1", `[["a"],["b\n",{"c\n":{"d":"$D`, "2", "[]", "0", `["$Q2","$@1",["x",{"then":"y"}]]`)
	if _, err := reply.ParseForm(left, o); err == nil {
		t.Fatal("half a text was accepted")
	}
	return o.Workspace
}

// outcome is all that the gate asks of a reply that it does not look inside of.
func outcome(r *reply.Reply, refusal *reject.Error) string {
	if refusal != nil {
		return fmt.Sprintf("refused with %t: %v", r != nil, refusal)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %t", r.Wire, r.Reencode)
	list := func(name string, a *value.Array) {
		if a == nil {
			fmt.Fprintf(&b, ", %s nil", name)
			return
		}
		fmt.Fprintf(&b, ", %s %d", name, len(a.Items))
		if len(a.Items) > 0 {
			fmt.Fprintf(&b, " %s", innermost(a.Items[0]))
		}
	}
	list("args", r.Args)
	for _, f := range r.Refs {
		list(fmt.Sprintf("function %q", f.ID), f.Bound)
	}
	if r.Reencode {
		entries, err := reply.Encode(r)
		fmt.Fprintf(&b, ", written again %q %v", join(entries), err)
	}
	return b.String()
}

// innermost looks for a closure as the gate does, but to any depth: it shows
// the promises and arrays of one element around a text.
func innermost(v value.Value) string {
	var around strings.Builder
	for seen := map[value.Value]bool{}; !seen[v]; {
		seen[v] = true
		switch inner := v.(type) {
		case value.String:
			return fmt.Sprintf("%s%q", &around, string(inner))
		case *value.Promise:
			around.WriteByte('@')
			v = inner.Value
		case *value.Array:
			fmt.Fprintf(&around, "%d:", min(len(inner.Items), 3)) // one, two or several
			if len(inner.Items) != 1 {
				return around.String()
			}
			v = inner.Items[0]
		default:
			return around.String() + "else"
		}
	}
	return around.String() + "circle"
}

// TestLeanReadersFindClosures has what a lean reader must not leave out, and
// what that is.
func TestLeanReadersFindClosures(t *testing.T) {
	const to9 = `[["x","y"],[1,2,3],{"id":"no"},7,`
	deep := func(n int, inside string) string { return strings.Repeat("[", n) + inside + strings.Repeat("]", n) }
	for _, tt := range []struct {
		name string
		sent []formdata.Entry
		want string
	}{
		{"a text", form("0", `["a",1]`), `args 2 "a"`},
		{"an escaped text", form("0", `["\u0061\n",1]`), `args 2 "a\n"`},
		{"a text with two dollars", form("0", `["$$a"]`), `args 1 "$a"`},
		{"no text", form("0", `[1,"a"]`), `args 2 else`},
		{"no arguments", form("0", `[]`), `args 0`},
		{"a text in an array", form("0", `[["a"],"b"]`), `args 2 1:"a"`},
		{"a text in 5,000 arrays", form("0", "["+deep(5000, `"a"`)+"]"), `args 1 ` + strings.Repeat("1:", 5000) + `"a"`},
		{"a text beside another", form("0", `[["a","b"]]`), `args 1 2:`},
		{"a text in an object", form("0", `[{"id":"a"}]`), `args 1 else`},
		{"a promise", form("0", `["$@1"]`, "1", `"a"`), `args 1 @"a"`},
		{"a promise of an array of a promise", form("0", `[["$@1"]]`, "1", `[["$@2"]]`, "2", `["a"]`), `args 1 1:@1:1:@1:"a"`},
		{"a promise of a list", form("0", `["$@1"]`, "1", to9+`"z"]`), `args 1 @3:`},
		{"the second argument's promise", form("0", `[9,"$@1"]`, "1", `"a"`), `args 2 else`},
		{"a reference to an argument", form("0", `["$0:1",["a"]]`), ``},
		{"a reference to the argument before", form("0", `[["a"],"$0:0"]`), `args 2 1:"a"`},
		{"a reference to a lazy value", form("1", `["a"]`, "0", `["$1","$1"]`), `args 2 1:"a"`},
		{"a Map", form("1", `[["a",1],["b",2]]`, "0", `["$Q1"]`), `args 1 else`},
		{"a Map with an entry of one", form("1", `[["a",1],["b"]]`, "0", `["$Q1"]`), ``},
		{"a Map with an entry that is an object", form("1", `[["a",1],{"a":1,"b":2}]`, "0", `["$Q1"]`), ``},
		{"a function", form("1", `{"id":"\u0066","bound":null}`, "0", `[0,["$h1"]]`), `args 2 else, function "f" nil`},
		{"a function's bound arguments", form("1", `{"id":"f","bound":"$@2"}`, "0", `["$h1"]`, "2", `["a",1,2]`), `args 1 else, function "f" 3 "a"`},
		{"a function's promise", form("1", `{"id":"f","bound":"$@2"}`, "0", `["$h1"]`, "2", `["$@3"]`, "3", `["a"]`), `args 1 else, function "f" 1 @1:"a"`},
		{"a function whose id is a date", form("1", `{"id":"$D2026-01-02T03:04:05.678Z","bound":null}`, "0", `["$h1"]`), ``},
		{"a function whose id is a number", form("1", `{"id":1,"bound":null}`, "0", `["$h1"]`), ``},
		{"a function with a third member", form("1", `{"id":"f","bound":null,"x":1}`, "0", `["$h1"]`), ``},
		{"a function with an undefined one", form("1", `{"id":"f","bound":null,"x":"$undefined"}`, "0", `["$h1"]`), `args 1 else, function "f" nil`},
		{"two names, one of them escaped", form("0", `[[0,{"a\u0062":1,"c":2,"ab":3}]]`), ``},
		{"a member __proto__, deep down", form("0", `[[0,{"a":[1,{"__pr\u006fto__":["$h1"]}]}]]`, "1", fn), ``},
		{"a text that looks like a tag when it is read", form("0", `[0,["\u0024nope"]]`), ``},
		{"a position in what is left out", form("0", `[[1,{"a":[1,[2,"$T"]]}]]`), `args 1 2:`},
	} {
		o := current()
		o.AnyRoot = false
		got := agree(t, tt.name, tt.sent, o)
		if want := "current false, " + tt.want; tt.want != "" && got != want {
			t.Errorf("%s: got %s, want %s", tt.name, got, want)
		}
	}
}

// TestLeanReadersCountArrays: texts that are long enough for React's budget
// are counted where they would be left out.
func TestLeanReadersCountArrays(t *testing.T) {
	o := current()
	o.Limits.ArraySlots = 15
	if got := agree(t, "a long text", form("0", `[0,[1,"twelve bytes"]]`), o); !strings.Contains(got, "refused") {
		t.Error(got)
	}
}

// TestFormsAreNeverReadLean: the rule that decides is known only afterwards.
func TestFormsAreNeverReadLean(t *testing.T) {
	o := current()
	o.Lean = true
	a, err := reply.ParseAction(form("$ACTION_REF_1", "", "$ACTION_1:0", `{"id":"f","bound":"$@1"}`, "$ACTION_1:1", `[1,["a","b"]]`), o)
	if err != nil {
		t.Fatal(err)
	}
	if list, ok := a.Bound.Items[1].(*value.Array); !ok || list.Items[1] != value.String("b") {
		t.Errorf("got %v", a.Bound.Items[1])
	}
}

// TestLeanRepliesAreNoArguments: whoever takes a lean reply for the whole one
// meets a value of no type, and does not read a smaller one.
func TestLeanRepliesAreNoArguments(t *testing.T) {
	for _, sent := range [][]formdata.Entry{
		form("0", `[0,"a"]`), form("0", `[true,1]`), form("0", `[0,{}]`), form("0", `[0,[]]`), form("0", `[0,["a","b"]]`),
		form("0", `[0,"$D2026-01-02T03:04:05.678Z"]`), form("0", `[true,"$n5"]`), form("0", `[{"a":1}]`),
		form("1", `[["a",1]]`, "0", `["$Q1"]`), form("1", `["a","b"]`, "0", `["$W1"]`), form("1", `["a","b"]`, "0", `["$i1"]`),
		form("0", `["$@1"]`, "1", `{"a":"b"}`), form("0", `["$R1"]`, "S1", `["a","b"]`, "S1", "C"), form("0", `["$X1"]`, "S1", `[1,2]`, "S1", "C"),
	} {
		o := current()
		o.Lean = true
		r, err := reply.ParseForm(sent, o)
		if err != nil {
			t.Fatal(err)
		}
		if entries, err := reply.Encode(r); err == nil {
			t.Errorf("%q became %q", join(sent), join(entries))
		}
	}
}

// TestLeanRepliesShareNoText: the gate uses a body's memory again.
func TestLeanRepliesShareNoText(t *testing.T) {
	sent := form("1", `{"id":"f","bound":"$@2"}`, "2", `["b"]`, "0", `["a","$h1"]`)
	o := current()
	o.Lean = true
	r, err := reply.ParseForm(sent, o)
	if err != nil {
		t.Fatal(err)
	}
	want := outcome(r, nil)
	for _, e := range sent {
		clear(e.Value)
	}
	if got := outcome(r, nil); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestLeanReadersAllocateLittle: nothing for each value.
func TestLeanReadersAllocateLittle(t *testing.T) {
	o := options()
	o.Lean, o.Workspace = true, reply.NewWorkspace()
	text := lines(91 << 10)
	sent := form("1", string(text), "0", `["$Q1",7]`)
	if n := testing.AllocsPerRun(10, func() { _, _ = reply.ParseForm(sent, o) }); n > 9 {
		t.Errorf("%v allocations for %d bytes, want at most 9", n, len(text))
	}
}

// FuzzLean holds that a lean reader decides as a full one does.
func FuzzLean(f *testing.F) {
	for _, file := range []string{"reply.jsonl", "reply-reject.jsonl"} {
		for _, r := range rows(f, file) {
			switch {
			case r.Parts != nil:
				f.Add(join(r.entries()), uint8(reply.Current), false)
			case r.Text != nil:
				f.Add([]byte("0="+*r.Text), uint8(reply.Auto), true)
			}
		}
	}
	for _, call := range recorded(f) {
		f.Add(call, uint8(reply.Auto), false)
	}
	f.Add(join(form("1", `{"id":"f","bound":"$@2"}`, "0", `[["$h1"],{"a\n":[1,[2,"$T"]]}]`, "2", `[["a"]]`)), uint8(reply.Auto), false)
	f.Fuzz(func(t *testing.T, data []byte, wire uint8, anyRoot bool) {
		o := current()
		o.Wire, o.AnyRoot = reply.Wire(wire%6), anyRoot
		agree(t, "fuzzed", parts(data), o)
	})
}
