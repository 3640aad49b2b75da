package reply_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/vectors"
)

// The fuzzers get a form as one text: parts between the bytes 0x1e, name and
// value between the first `=`, files with `<` in front.
func parts(data []byte) []formdata.Entry {
	var entries []formdata.Entry
	for field := range bytes.SplitSeq(data, []byte{0x1e}) {
		file := bytes.HasPrefix(field, []byte("<"))
		name, v, _ := bytes.Cut(bytes.TrimPrefix(field, []byte("<")), []byte("="))
		entries = append(entries, formdata.Entry{Name: string(name), File: file, Value: v})
	}
	return entries
}

func join(entries []formdata.Entry) []byte {
	var b []byte
	for i, e := range entries {
		if i > 0 {
			b = append(b, 0x1e)
		}
		if e.File {
			b = append(b, '<')
		}
		b = append(append(append(b, e.Name...), '='), e.Value...)
	}
	return b
}

// recorded are the bodies of recorded requests as the fuzzers get them, one of
// each scenario.
func recorded(f *testing.F) (all [][]byte) {
	exchanges, err := vectors.Seeds()
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range exchanges {
		for _, h := range e.Request.Headers {
			_, boundary, isForm := strings.Cut(h[1], "multipart/form-data; boundary=")
			switch {
			case strings.HasPrefix(h[1], "text/plain"):
				all = append(all, append([]byte("0="), e.Request.Body...))
			case isForm:
				if entries, refusal := formdata.Parse(nil, e.Request.Body, boundary, formdata.DefaultLimits()); refusal == nil {
					all = append(all, join(entries))
				}
			}
		}
	}
	if len(all) < 200 {
		f.Fatalf("only %d recorded calls: they are looked for in the wrong place", len(all))
	}
	return all
}

// FuzzParseForm holds that no form makes the parser panic, that a refusal comes
// alone, and that what is read can be written and reads as the same values.
func FuzzParseForm(f *testing.F) {
	for _, file := range []string{"reply.jsonl", "reply-reject.jsonl"} {
		for _, r := range rows(f, file) {
			switch {
			case r.Parts != nil:
				f.Add(join(r.entries()), uint8(reply.Current))
			case r.Text != nil:
				f.Add([]byte("0="+*r.Text), uint8(reply.Auto))
			}
		}
	}
	for _, call := range recorded(f) {
		f.Add(call, uint8(reply.Auto))
	}
	f.Add(join(form("1", fn, "2_a", "x", "0", `["$F1","$K2"]`)), uint8(reply.React190))
	f.Add(join(form("1", `{"o":{"x":1,"me":"$1:o"}}`, "0", `["$@1",{"a:b":"$1:o"}]`)), uint8(reply.Current))
	f.Fuzz(func(t *testing.T, data []byte, wire uint8) {
		o := current()
		o.Wire = reply.Wire(wire % 6)
		r, refusal := reply.ParseForm(parts(data), o)
		if (r == nil) != (refusal != nil) {
			t.Fatalf("a reply %v with a refusal %v", r, refusal)
		}
		if refusal != nil || bytes.Contains(data, []byte("__proto__")) {
			return // what is dropped with __proto__ may leave a gap in the ids
		}
		if strings.Count(string(data), "$K") > 9 {
			return // see TestTenthForm
		}
		if bytes.Contains(data, []byte("$T")) {
			return // the position of one in a lazy value changes, see Encode
		}
		again(t, r, o)
	})
}

// FuzzParseAction holds that no form without JavaScript makes the parser panic,
// that a refusal comes alone, and that no action's field reaches the app.
func FuzzParseAction(f *testing.F) {
	for _, r := range rows(f, "forms.jsonl") {
		f.Add(join(r.entries()))
	}
	for _, call := range recorded(f) {
		f.Add(call)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, refusal := reply.ParseAction(parts(data), current())
		if (a == nil) != (refusal != nil) {
			t.Fatalf("an action %v with a refusal %v", a, refusal)
		}
		if a == nil {
			return
		}
		for _, e := range a.Form.Entries {
			if strings.HasPrefix(e.Name, "$ACTION_") {
				t.Fatalf("the app gets %q", e.Name)
			}
		}
	})
}
