package jsoncall_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

var update = flag.Bool("update", false, "write the golden files anew")

// names gives p1, p2…, where the gate gives what nobody can guess.
func names() func() string {
	n := 0
	return func() string {
		n++
		return fmt.Sprint("p", n)
	}
}

// encode writes a call of values that may take a megabyte.
func encode(closure *value.Array, args ...value.Value) (jsoncall.Message, *reject.Error) {
	return jsoncall.Encode(jsoncall.Call{
		Action: "createInvoice", ID: "60ab", URL: "/invoices?page=2", Closure: closure, Args: args,
		NameOf: func(id string) string { return "name of " + id },
	}, jsoncall.Limits{Bytes: 1 << 20}, names())
}

// vector is a line of the files in internal/vectors/spec: what React's own
// encoder or server wrote means this value.
type vector struct {
	Name      string
	Value     json.RawMessage
	SentValue json.RawMessage
}

func (v vector) value(t *testing.T) value.Value {
	raw := v.Value
	if v.SentValue != nil {
		raw = v.SentValue
	}
	got, err := vectors.Untagged(raw)
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return got
}

func readVectors(t *testing.T, file string) []vector {
	data, err := os.ReadFile("../vectors/spec/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if v.Value != nil {
			all = append(all, v)
		}
	}
	return all
}

// TestVectors compares what becomes of React's own values with the golden
// files: as arguments those that a client sent, as captured values those that a
// server rendered. A line is a vector's name and the JSON, or why there is none.
func TestVectors(t *testing.T) {
	for _, tt := range []struct {
		vectors, golden string
		encode          func(v value.Value) (jsoncall.Message, *reject.Error)
		atLeast         int
	}{
		{"reply.jsonl", "args.golden", func(v value.Value) (jsoncall.Message, *reject.Error) {
			if list, ok := v.(*value.Array); ok {
				return encode(nil, list.Items...)
			}
			return encode(nil, v)
		}, 150},
		{"flight.jsonl", "closure.golden", func(v value.Value) (jsoncall.Message, *reject.Error) {
			return encode(&value.Array{Items: []value.Value{v}})
		}, 100},
	} {
		var got strings.Builder
		rows := readVectors(t, tt.vectors)
		if len(rows) < tt.atLeast {
			t.Fatalf("only %d values in %s", len(rows), tt.vectors)
		}
		for _, v := range rows {
			m, err := tt.encode(v.value(t))
			switch {
			case err != nil:
				fmt.Fprintf(&got, "%s\t%v\n", v.Name, err)
			case len(m.Call) > 2000: // the long ones are for other tests
				fmt.Fprintf(&got, "%s\t%d bytes\n", v.Name, len(m.Call))
			default:
				fmt.Fprintf(&got, "%s\t%s\n", v.Name, m.Call)
			}
		}
		compare(t, "testdata/"+tt.golden, got.String())
	}
}

// compare compares line by line, so that a difference is a short one.
func compare(t *testing.T, file, got string) {
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: -update writes it", err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Errorf("%s:%d: got %s, want %s", file, i+1, gotLines[i], wantLines[i])
		}
	}
	if len(gotLines) != len(wantLines) {
		t.Errorf("%s: got %d lines, want %d", file, len(gotLines), len(wantLines))
	}
}
