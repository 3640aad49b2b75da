package flight_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/vectors"
)

// vector is one line of internal/vectors/spec/flight.jsonl: a stream, and what
// React's published client decodes it to.
type vector struct {
	Name, Source, Text, Base64, Error string
	Value                             json.RawMessage
}

func (v vector) stream(t testing.TB) []byte {
	if v.Base64 == "" {
		return []byte(v.Text)
	}
	b, err := base64.StdEncoding.DecodeString(v.Base64)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("../vectors/spec/flight.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	for line := range bytes.Lines(data) {
		var v vector
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if len(all) < 134 {
		t.Fatalf("only %d vectors", len(all))
	}
	return all
}

// refuse is the expectation that a stream is refused.
const refuse = "refused"

// differs are the vectors that Parse takes for something else than React's
// client does, with the reason.
var differs = map[string]struct{ want, why string }{
	"hex-upper-ref": {refuse, "the client reads ids in any case; servers write lower case"},
	"unknown-tag":   {refuse, "the client drops a letter that it does not know"},
	"hash-tag":      {refuse, "the client drops a # as well"},
	"dup-row":       {refuse, "the client takes the first of two rows; servers write one"},
	"weak":          {refuse, "the client takes all that begins with $u or $w for undefined"},
	"date-bad":      {refuse, "the client makes an invalid date of any text; servers send null"},
	"stream-late-close": {refuse,
		"the client hands out what came of a stream without end; in a closure, all has come"},
	"root-rejected":    {`{"$type":"promise","error":{"$type":"error","digest":"D1"}}`, "the client waits for a promise at the root"},
	"root-promise":     {`{"$type":"promise","value":{"v":1}}`, "the same"},
	"server-ref-twice": {`[{"$type":"serverref","id":"act1","bound":null},{"$type":"alias","path":[0]}]`, "the client makes two functions of one reference; it was one for the sender"},
	"missing-promise":  {`[{"$type":"promise"}]`, "at the end the client rejects what has not settled; a prerender leaves it out"},
	"infinite-promise": {`[{"$type":"promise"}]`, "the same"},
	"string-long-bom":  {"[\"\uFEFF" + strings.Repeat("x", 1024) + `"]`, "the published client drops a byte order mark, Next's keeps it, as the sender meant"},
}

func TestVectors(t *testing.T) {
	seen := 0
	for _, v := range readVectors(t) {
		want, err := vectors.CanonicalTagged(v.Value)
		if v.Value == nil {
			want, err = refuse, nil
		}
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		if d, ok := differs[v.Name]; ok {
			seen++
			if d.want == want {
				t.Errorf("%s does not differ", v.Name)
			}
			want = d.want
		}
		got := refuse
		if parsed, err := flight.Parse(v.stream(t), flight.Limits{}); err == nil {
			if got, _ = vectors.Tagged(parsed); got == "" {
				t.Errorf("%s: no tagged value", v.Name)
			}
		}
		if got != want {
			t.Errorf("%s: got %.300s, want %.300s", v.Name, got, want)
		}
	}
	if seen != len(differs) {
		t.Errorf("%d of %d exceptions are vectors", seen, len(differs))
	}
}

// rewritten are streams of React's server for which Append writes others, with
// the reason. Both decode to the same value.
var rewritten = map[string]string{
	"undefined-in-object": "a member that is undefined is dropped when it is read",
	"key-proto":           "so is a member __proto__",
	"abort-error":         "a row that refers to an error is the error itself",
	"blob":                "Blobs are written before they are used",
	"blob-empty":          "the same",
	"formdata-file":       "the same",
}

// What React's server wrote and we read, we write again byte for byte.
func TestVectorsWrittenAgain(t *testing.T) {
	same, seen := 0, 0
	for _, v := range readVectors(t) {
		parsed, err := flight.Parse(v.stream(t), flight.Limits{})
		if err != nil || !strings.HasPrefix(v.Source, "renderToReadableStream") {
			continue
		}
		out, werr := flight.Append(nil, 0, parsed)
		if v.Name == "client-ref" || v.Name == "element-client" {
			if werr == nil || out != nil {
				t.Errorf("%s: got %q, but client modules cannot be written", v.Name, out)
			}
			continue
		}
		if werr != nil {
			t.Errorf("%s: %v", v.Name, werr)
			continue
		}
		if _, ok := rewritten[v.Name]; ok {
			seen++
		} else if same++; !bytes.Equal(out, v.stream(t)) {
			t.Errorf("%s: got %.300q, want %.300q", v.Name, out, v.stream(t))
		}
		checkIdentity(t, v.Name, parsed, out)
	}
	if same < 70 || seen != len(rewritten) {
		t.Errorf("%d streams are the same, %d of %d others seen", same, seen, len(rewritten))
	}
	t.Logf("%d streams of React's server written again byte for byte", same)
}
