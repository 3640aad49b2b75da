package reply_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// row is one line of the files in internal/vectors/spec, which were written by
// React's own encoder and decoder (README.md there).
type row struct {
	Name, Note, Strict, Generated string
	Text                          *string
	TextLength                    int
	Parts                         []part
	Value, SentValue, Streaming   json.RawMessage
	ValueOmitted                  bool
	Error                         string
}

type part struct {
	Name           string
	Text           *string
	Base64         []byte
	Filename, Type string
}

func rows(t testing.TB, file string) []row {
	data, err := os.ReadFile("../vectors/spec/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, r)
	}
	least := map[string]int{"reply.jsonl": 179, "reply-reject.jsonl": 44, "forms.jsonl": 26}[file]
	if len(all) == 0 || len(all) < least {
		t.Fatalf("%s has %d rows, want at least %d", file, len(all), least)
	}
	return all
}

func (r row) entries() []formdata.Entry {
	var entries []formdata.Entry
	for _, p := range r.Parts {
		if p.Text != nil {
			entries = append(entries, formdata.Entry{Name: p.Name, Value: []byte(*p.Text)})
		} else {
			entries = append(entries, formdata.Entry{Name: p.Name, File: true, FileName: p.Filename, ContentType: p.Type, Value: p.Base64})
		}
	}
	return entries
}

// body is the text of a row, made again where the file leaves it out.
func (r row) body(t *testing.T) []byte {
	if r.Text != nil {
		return []byte(*r.Text)
	}
	if r.Generated != "array-limit-flat-strings" {
		t.Fatalf("nobody knows how to make %s", r.Name)
	}
	text := []byte(`["` + strings.Repeat("x", r.TextLength-len(`["",0]`)) + `",0]`)
	if len(text) != r.TextLength {
		t.Fatalf("made %d bytes, want %d", len(text), r.TextLength)
	}
	return text
}

func (r row) parse(t *testing.T, o reply.Options) (*reply.Reply, *reject.Error) {
	if r.Parts != nil {
		return reply.ParseForm(r.entries(), o)
	}
	return reply.ParseText(r.body(t), o)
}

func current() reply.Options {
	return reply.Options{Wire: reply.Current, AnyRoot: true, Limits: reply.DefaultLimits()}
}

// policy are the rows about which the specification leaves the decision to us.
var policy = map[string]bool{
	// White space between tokens reads the same for everybody, and people type
	// it when they try a call out.
	"whitespace-json": true,
	// Only an aborted client leaves a promise out, and Next's never aborts.
	"promise-missing": false,
}

// Rows that are refused elsewhere.
var notHere = map[string]string{
	"server-ref-missing": "whether an id exists is for the manifest to say",
}

func TestReplyVectors(t *testing.T) {
	for _, file := range []string{"reply.jsonl", "reply-reject.jsonl"} {
		for _, r := range rows(t, file) {
			t.Run(r.Name, func(t *testing.T) {
				o := current()
				o.NoTemporary = r.Name == "temp-without-set"
				if r.Parts != nil {
					agree(t, r.Name, r.entries(), o)
				} else {
					agree(t, r.Name, form("0", string(r.body(t))), o)
				}
				got, refusal := r.parse(t, o)
				if (got == nil) != (refusal != nil) {
					t.Fatalf("a reply %v and a refusal %v", got, refusal)
				}
				want, ok := map[string]bool{"accept": true, "reject": false}[r.Strict]
				if r.Strict == "policy" {
					want, ok = policy[r.Name]
				}
				if notHere[r.Name] != "" {
					want = true
				}
				if !ok {
					t.Fatalf("no decision on a row marked %q", r.Strict)
				}
				if (refusal == nil) != want {
					t.Fatalf("accepted %v, want %v: %v", refusal == nil, want, refusal)
				}
				if refusal == nil && r.Value != nil {
					same(t, r, got)
				}
			})
		}
	}
}

// same compares a reply with what React's decoder returned, or with what the
// client meant where React returns something else.
func same(t *testing.T, r row, got *reply.Reply) {
	raw := r.Value
	if r.SentValue != nil {
		raw = r.SentValue
	}
	root := got.Root
	if p, ok := root.(*value.Promise); ok { // the decoder was awaited
		root = p.Value
	}
	tagged(t, root, raw)
}

func tagged(t *testing.T, v value.Value, raw []byte) {
	t.Helper()
	want, err := vectors.CanonicalTagged(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := vectors.Tagged(v); err != nil || got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
}

// Rows of forms.jsonl that React or Next accepts and no renderer writes, or
// that somebody else refuses.
var formDecisions = map[string]struct {
	accept bool
	why    string
}{
	"none":                 {false, "not an action: the caller lets the form pass"},
	"action-key-only":      {false, "no selector"},
	"ref-missing-meta":     {false, "React refuses, too"},
	"ref-bound-inline":     {false, "bound arguments come as a promise (I4)"},
	"ref-bound-inline-key": {false, "bound arguments come as a promise (I4)"},
	"dup-meta":             {false, "two parts of one name (I1); Next refuses, too"},
	"ref-temp":             {false, "React refuses, too"},
	"id-unknown":           {true, "whether an id exists is for the manifest to say"},
	"bound-1001":           {false, "too many bound arguments; React refuses, too"},
}

func TestFormVectors(t *testing.T) {
	for _, r := range rows(t, "forms.jsonl") {
		t.Run(r.Name, func(t *testing.T) {
			want := r.Error == ""
			if d, ok := formDecisions[r.Name]; ok {
				want = d.accept
			}
			action, refusal := reply.ParseAction(r.entries(), current())
			if (action == nil) != (refusal != nil) || (refusal == nil) != want {
				t.Fatalf("accepted %v, want %v: %v", refusal == nil, want, refusal)
			}
			if refusal == nil && r.Error == "" {
				sameCall(t, action, r.Value)
			}
		})
	}
}

// sameCall compares an action with the call and the form state of a row.
func sameCall(t *testing.T, a *reply.Action, raw []byte) {
	var want struct {
		Action    json.RawMessage
		FormState []json.RawMessage
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	bound := a.Bound
	if bound == nil {
		bound = &value.Array{}
	}
	call := &value.Object{Members: []value.Member{
		{Key: "id", Value: value.String(a.ID)}, {Key: "bound", Value: bound}, {Key: "formData", Value: a.Form},
	}}
	tagged(t, call, want.Action)
	if len(want.FormState) == 4 {
		if key, _ := json.Marshal(a.Key); string(key) != string(want.FormState[1]) {
			t.Errorf("key %s, want %s", key, want.FormState[1])
		}
	}
}
