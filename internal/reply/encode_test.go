package reply_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// show writes entries on one line: name=text, or name<bytes> for a file.
func show(entries []formdata.Entry) string {
	var b strings.Builder
	for i, e := range entries {
		if i > 0 {
			b.WriteString(" ")
		}
		if e.File {
			fmt.Fprintf(&b, "%s<%s>", e.Name, e.Value)
		} else {
			fmt.Fprintf(&b, "%s=%s", e.Name, e.Value)
		}
	}
	return b.String()
}

// form makes entries from pairs of a name and a text; a name that ends in `<`
// makes a file.
func form(pairs ...string) []formdata.Entry {
	var entries []formdata.Entry
	for i := 0; i < len(pairs); i += 2 {
		e := formdata.Entry{Name: pairs[i], Value: []byte(pairs[i+1])}
		if name, ok := strings.CutSuffix(e.Name, "<"); ok {
			e = formdata.Entry{Name: name, File: true, FileName: "blob", ContentType: "application/octet-stream", Value: e.Value}
		}
		entries = append(entries, e)
	}
	return entries
}

// again encodes a reply and reads the result, which must be the same values. It
// cannot read what brings forms in promises ahead: only React's decoder can, see
// e2e/react.
func again(t testing.TB, r *reply.Reply, o reply.Options) []formdata.Entry {
	t.Helper()
	entries, err := reply.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	o.Wire, o.AnyRoot = r.Wire, true
	back, refusal := reply.ParseForm(entries, o)
	if refusal != nil && r.Reencode && strings.Contains(refusal.Error(), "a part that nothing refers to") {
		return entries
	}
	if refusal != nil {
		t.Fatalf("what was written is refused: %v\n%s", refusal, show(entries))
	}
	want, err := vectors.Tagged(r.Root)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := vectors.Tagged(back.Root); err != nil || got != want {
		t.Fatalf("written %s\nread back %s (%v)\nwant %s", show(entries), got, err, want)
	}
	if back.Reencode {
		t.Fatalf("what was written needs to be written again: %s", show(entries))
	}
	twice, err := reply.Encode(back)
	if err != nil || show(twice) != show(entries) {
		t.Fatalf("written again %s, want %s", show(twice), show(entries))
	}
	return entries
}

func TestWhatIsReadIsWrittenAgain(t *testing.T) {
	for _, r := range rows(t, "reply.jsonl") {
		if got, refusal := r.parse(t, current()); refusal == nil {
			t.Run(r.Name, func(t *testing.T) { again(t, got, current()) })
		}
	}
	for _, c := range calls(t) {
		if c.reply != nil {
			again(t, c.reply, reply.Options{Limits: reply.DefaultLimits()})
		}
	}
}

// TestOrdinaryCallsComeOutAsTheyCame holds the writer against React's own: for
// replies without promises and streams it gives the very same parts.
func TestOrdinaryCallsComeOutAsTheyCame(t *testing.T) {
	same := 0
	for _, c := range calls(t) {
		if c.reply == nil || c.reply.Reencode {
			continue
		}
		entries, err := reply.Encode(c.reply)
		if err != nil {
			t.Fatal(err)
		}
		want := c.entries
		if want == nil {
			want = form("0", string(c.Request.Body))
		}
		if show(entries) == show(want) {
			same++
		} else if !strings.Contains(show(want), "$@") && !strings.Contains(show(want), "undefined\"") && !strings.Contains(show(want), "$R") {
			t.Errorf("%s: written %.500s, sent %.500s", c.ID, show(entries), show(want))
		}
	}
	t.Logf("%d are the same", same)
}

func TestEncode(t *testing.T) {
	tests := []struct {
		name      string
		wire      reply.Wire
		sent      []formdata.Entry
		want      string
		unchanged bool // React's decoder reads what was sent as it was meant
	}{
		{"a text stays a text", reply.Current, form("0", `[1,"$$a","$n5"]`), `0=[1,"$$a","$n5"]`, true},
		{"white space goes", reply.Current, form("0", ` [ 1 ] `), `0=[1]`, true},
		{"a form under an id from 10 up gets a small one", reply.Current,
			form("1", "[]", "2", "[]", "3", "[]", "4", "[]", "5", "[]", "6", "[]", "7", "[]", "8", "[]", "9", "[]", "_10_a", "x",
				"0", `["$W1","$W2","$W3","$W4","$W5","$W6","$W7","$W8","$W9","$Ka"]`),
			`2=[] 3=[] 4=[] 5=[] 6=[] 7=[] 8=[] 9=[] 10=[] _1_a=x 0=["$W2","$W3","$W4","$W5","$W6","$W7","$W8","$W9","$Wa","$K1"]`, false},
		{"forms in promises come ahead of the promises", reply.Current,
			form("0", `["$@1","$@2"]`, "_3_who", "fast", "2", `"$K3"`, "_4_who", "slow", "1", `"$K4"`),
			`_3_who=slow _4_who=fast 2=["$K3","$K4"] 5=["$2","$@1"] 0=["$5:1","$@6"] 1="$2:0" 6="$2:1"`, false},
		{"so do forms that stand behind them", reply.Current,
			form("_2_a", "x", "_3_b", "y", "_4_c", "z", "1", `["$K4"]`, "0", `["$K2","$@1","$K3"]`),
			`_1_a=x _4_c=z _5_b=y 3=["$K4","$K5"] 6=["$3","$@2"] 0=["$K1","$6:1","$3:1"] 2=["$3:0"]`, false},
		{"a form in a row comes ahead of the stream", reply.Current,
			form("_1_a", "x", "0", `["$K1","$R2"]`, "_3_b", "y", "S2", `"$K3"`, "S2", "C"),
			`_1_a=x _4_b=y 3=["$K4"] 5=["$3","$R2"] 0=["$K1","$5:1"] S2="$3:0" S2=C`, false},
		{"a form in the arguments of a function comes ahead of the function", reply.Current,
			form("2", `{"id":"a","bound":"$@1"}`, "_3_a", "x", "0", `["$h2","$K3"]`, "_4_b", "y", "1", `["$K4"]`),
			`_3_b=y _4_a=x 2=["$K3","$K4"] 5=["$2","$@1"] 6={"id":"a","bound":"$5:1"} 0=["$h6","$2:1"] 1=["$2:0"]`, false},
		{"a row that refers to a part with a form in it may be read before the form's turn", reply.Current,
			form("_1_a", "x", "_4_b", "y", "3", `[[1,"$K4"]]`, "0", `["$R2","$K1","$Q3"]`, "S2", `"$3:0:1"`, "S2", "C"),
			`_3_b=y _4_a=x 2=["$K3","$K4"] 5=["$2","$R1"] 6=[[1,"$2:0"]] 0=["$5:1","$2:1","$Q6"] S1="$2:0" S1=C`, false},
		{"a form in a promise stays there when it is the only one", reply.Current,
			form("0", `["$@1"]`, "_2_a", "x", "1", `"$K2"`), `0=["$@1"] _2_a=x 1="$K2"`, true},
		{"bytes that occur twice become a part of their own", reply.Current,
			form("1<", "x", "0", `["$o1","$0:0"]`), `2<x> 1="$o2" 0=["$1","$1"]`, false},
		{"so does a Map that is made late because of a function in it", reply.Current,
			form("2", `{"id":"a","bound":null}`, "1", `[[1,"$h2"]]`, "0", `["$Q1","$0:0"]`),
			`3={"id":"a","bound":null} 2=[[1,"$h3"]] 1="$Q2" 0=["$1","$1"]`, false},
		{"a Map that is made at once does not", reply.Current,
			form("1", `[[1,2]]`, "0", `["$Q1","$0:0"]`), `1=[[1,2]] 0=["$Q1","$0:0"]`, true},
		{"an object that is an argument of a function, too, becomes a part of its own", reply.Current,
			form("2", `{"id":"a","bound":"$@1"}`, "0", `[{"a":[]},"$h2"]`, "1", `["$0:0"]`),
			`1={"a":[]} 3={"id":"a","bound":"$@2"} 0=["$1","$h3"] 2=["$1"]`, false},
		{"so does a stream", reply.Current,
			form("2", `{"id":"a","bound":"$@1"}`, "0", `["$R3","$h2"]`, "1", `["$0:0"]`, "S3", "C"),
			`1="$R2" 4={"id":"a","bound":"$@3"} 0=["$1","$h4"] S2=C 3=["$1"]`, false},
		{"rows that come before their stream come after it", reply.Current,
			form("2", `["$R1"]`, "S1", `"$0"`, "0", `["$W2","$0"]`, "S1", "C"), `1=["$R2"] 0=["$W1","$0"] S2="$0" S2=C`, false},
		{"a stream of no bytes has no row", reply.Current,
			form("0", `["$r1"]`, "2<", "", "S1", `"$o2"`, "S1", "C"), `0=["$r1"] S1=C`, false},
		{"a member __proto__ goes", reply.Current, form("0", `[{"a":1,"__proto__":{"b":2}}]`), `0=[{"a":1}]`, false},
		{"what goes with it may refer to what goes", reply.Current,
			form("1", `["$0:0:__proto__"]`, "0", `[{"__proto__":{"b":"$W1","c":"$0:0:__proto__"}}]`), `0=[{}]`, false},
		{"a temporary reference keeps its part's id", reply.Current,
			form("_1_a", "x", "2", "[]", "3", "[]", "4", "[]", "5", "[]", "6", "[]", "7", "[]", "8", "[]", "9", "[]", "_10_b", "y", "11", `[["f","$T"]]`,
				"0", `["$K1","$W2","$W3","$W4","$W5","$W6","$W7","$W8","$W9","$Ka","$Qb"]`),
			`_1_a=x 3=[] 4=[] 5=[] 6=[] 7=[] 8=[] 9=[] 10=[] _2_b=y 11=[["f","$T"]] 0=["$K1","$W3","$W4","$W5","$W6","$W7","$W8","$W9","$Wa","$K2","$Qb"]`, false},
		{"an object that is first met where it has no reference becomes a part of its own", reply.Current,
			form("1", `{"o":{"x":1,"me":"$1:o"}}`, "0", `["$@1",{"a:b":"$1:o"}]`),
			`2={"x":1,"me":"$2"} 0=["$@1",{"a:b":"$2"}] 1={"o":"$2"}`, true},
		{"a temporary reference that has no position becomes a part of its own", reply.Current,
			form("1", `"$T"`, "0", `[{"a:b":"$1"}]`), `1="$T" 0=[{"a:b":"$1"}]`, true},
		{"19.0 names functions $F and form fields without underscore", reply.React190,
			form("1", `{"id":"a","bound":null}`, "2_f", "v", "0", `["$F1","$K2"]`), `1={"id":"a","bound":null} 2_f=v 0=["$F1","$K2"]`, true},
		{"rows before 19.2.9", reply.React1926, form("0", `["$R1"]`, "1", `"x"`, "1", "C"), `0=["$R1"] 1="x" 1=C`, true},
		{"symbols of Next 14", reply.Next14, form("0", `["$Sabc"]`), `0=["$Sabc"]`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := current()
			o.Wire = tt.wire
			r, refusal := reply.ParseForm(tt.sent, o)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if r.Reencode == tt.unchanged {
				t.Errorf("to be written again: %v", r.Reencode)
			}
			if got := show(again(t, r, o)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestNamelessFiles: a file without a name is taken for a text by the form
// parser of Next.js, unless it has the type of an empty file input.
func TestNamelessFiles(t *testing.T) {
	for mime, want := range map[string]string{"image/png": "blob", "application/octet-stream": ""} {
		file := formdata.Entry{File: true, ContentType: mime}
		sent := []formdata.Entry{file, file, {Name: "0", Value: []byte(`["$B1","$K2"]`)}}
		sent[0].Name, sent[1].Name = "1", "_2_a"
		r, refusal := reply.ParseForm(sent, current())
		if refusal != nil || r.Reencode != (want != "") {
			t.Fatalf("%s: to be written again: %v (%v)", mime, r.Reencode, refusal)
		}
		for _, e := range again(t, r, current()) {
			if e.File && (e.FileName != want || e.ContentType != mime) {
				t.Errorf("%s: written as %q, %s", mime, e.FileName, e.ContentType)
			}
		}
	}
}

// TestMovedTemporary: a temporary reference that became a part of its own has
// another position, and leaves its id to what stands where it was.
func TestMovedTemporary(t *testing.T) {
	sent := form("3", `{"id":"a","bound":"$@2"}`, "0", `["$@1","$h3"]`, "2", `["$T",["$T"]]`, "1", `["$2:0"]`)
	r, refusal := reply.ParseForm(sent, current())
	if refusal != nil {
		t.Fatal(refusal)
	}
	const want = `3={"id":"a","bound":"$@2"} 0=["$@1","$h3"] 4="$T" 1=["$4"] 2=["$4",["$T"]]`
	if entries, err := reply.Encode(r); err != nil || show(entries) != want {
		t.Errorf("got %s (%v), want %s", show(entries), err, want)
	}
}

// TestTenthForm: no id from 10 up reads the same in decimal and in hexadecimal,
// so the fields of a tenth form are named as React's decoder looks for them.
func TestTenthForm(t *testing.T) {
	args := &value.Array{}
	for range 10 {
		args.Items = append(args.Items, &value.FormData{Entries: []value.FormEntry{{Name: "a", Value: value.String("x")}}})
	}
	entries, err := reply.Encode(&reply.Reply{Root: args, Wire: reply.Current})
	if err != nil || entries[9].Name != "_a_a" || !bytes.HasSuffix(entries[10].Value, []byte(`"$K9","$Ka"]`)) {
		t.Errorf("got %s (%v)", show(entries), err)
	}
}

// TestFormsBroughtAheadAreWrittenOnce: one that was written under a name with a
// colon has no position, and yet was written.
func TestFormsBroughtAheadAreWrittenOnce(t *testing.T) {
	form := func() *value.FormData {
		return &value.FormData{Entries: []value.FormEntry{{Name: "a", Value: value.String("x")}}}
	}
	root := &value.Array{Items: []value.Value{
		&value.Object{Members: []value.Member{{Key: ":", Value: form()}}}, &value.Promise{Value: form()},
	}}
	entries, err := reply.Encode(&reply.Reply{Root: root, Wire: reply.Current})
	const want = `_1_a=x _4_a=x 3=["$K4"] 5=["$3","$@2"] 0=[{":":"$K1"},"$5:1"] 2="$3:0"`
	if err != nil || show(entries) != want {
		t.Errorf("got %s (%v), want %s", show(entries), err, want)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	for _, v := range []value.Value{
		nil, &value.Element{}, &value.Error{}, &value.Lazy{}, &value.ClientReference{}, value.Symbol("s"), &value.Bytes{Kind: "Float16Array"},
		&value.Promise{}, &value.Promise{Rejected: &value.Error{}}, &value.Stream{Failed: &value.Error{}}, &value.Async{Failed: &value.Error{}},
		&value.FormData{Entries: []value.FormEntry{{Value: value.Null{}}}},
		&value.Map{Entries: []value.Entry{{Key: nil, Value: nil}}},
		&value.Async{Return: &value.Error{}},
	} {
		if entries, err := reply.Encode(&reply.Reply{Root: &value.Array{Items: []value.Value{v}}, Wire: reply.Current}); err == nil {
			t.Errorf("%T was written: %s", v, show(entries))
		}
	}
}
