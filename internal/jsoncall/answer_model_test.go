package jsoncall_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/vectors"
)

// model puts a JSON text through a ModelWriter, cut where the numbers say.
func model(body string, cut func(left int) int) (string, error) {
	w := jsoncall.NewModelWriter()
	var out []byte
	var err error
	for body != "" {
		n := cut(len(body))
		if out, err = w.Append(out, []byte(body[:n])); err != nil {
			return "", err
		}
		body = body[n:]
	}
	out, err = w.End(out)
	return string(out), err
}

func whole(left int) int { return left }

func TestModels(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tc := range []struct{ is, body, want string }{
		{"white space goes, as a line break would end the row", " {\r\n\t\"a\" : [ 1 , 2.50 ,\n-0 ] , \"b\":{} }\n", `{"a":[1,2.50,-0],"b":{}}`},
		{"a text that would be a reference", `"$1"`, `"$$1"`},
		{"a text that would make an array an element", `["$","script",null,{}]`, `["$$","script",null,{}]`},
		{"a text that Next 14's client would run in development", `"$E(alert)(1)"`, `"$$E(alert)(1)"`},
		{"a dollar in disguise", `["\u0024E1"]`, `["$\u0024E1"]`},
		{"a dollar further on", `"a$1"`, `"a$1"`},
		{"an empty text", `""`, `""`},
		{"keys are not escaped", `{"$a":1,"$":2}`, `{"$a":1,"$":2}`},
		{"a row in a text", `"\n1:{}\n"`, `"\n1:{}\n"`},
		{"half a pair", `"\ud800"`, `"\ud800"`},
		{"words", `[null,true,false]`, `[null,true,false]`},
		{"100 levels", deep(100), deep(100)},

		{"101 levels", deep(101), ""},
		{"nothing", "", ""},
		{"white space", " \n", ""},
		{"half a text", `{"a":"b`, ""},
		{"half a number", `-`, ""},
		{"an open list", `[1,2`, ""},
		{"two texts", `{} {}`, ""},
		{"a comma too many", `[1,]`, ""},
		{"no comma", `[1 2]`, ""},
		{"no colon", `{"a" 1}`, ""},
		{"single quotes", `{'a':1}`, ""},
		{"a word of JavaScript", `NaN`, ""},
		{"a byte order mark", "\uFEFF{}", ""},
		{"a member that comes twice", `{"a":1,"a":2}`, ""},
		{"a member that clients drop", `{"__proto__":{"admin":true}}`, ""},
		{"the same in disguise", `{"\u005f_proto__":{}}`, ""},
		{"bytes that are not UTF-8", "\"\xff\"", ""},
		{"a raw line break in a text", "\"a\n1:{}\"", ""},
		{"a page", "<!doctype html><title>500</title>", ""},
	} {
		got, err := model(tc.body, whole)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s: %.200q, %v", tc.is, got, err)
		}
		one, err := model(tc.body, func(int) int { return 1 })
		if one != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s, byte by byte: %.200q, %v", tc.is, one, err)
		}
	}
}

// TestModelsInPieces: where a large text is cut makes no difference, neither in
// a long text nor between tokens.
func TestModelsInPieces(t *testing.T) {
	body := `{"long":"` + strings.Repeat("é$\\u0024\\\\", 40_000) + `","rows":[` + strings.Repeat(`{"id": 12345.678, "name":"$x"},`, 5_000) + `0]}`
	want, err := model(body, whole)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		most := 1 << random.IntN(18)
		got, err := model(body, func(left int) int { return min(left, 1+random.IntN(most)) })
		if err != nil || got != want {
			t.Fatalf("in pieces of up to %d: %v", most, err)
		}
	}
}

// TestAModelComesBeforeTheEnd: of a large text, only the end waits.
func TestAModelComesBeforeTheEnd(t *testing.T) {
	w := jsoncall.NewModelWriter()
	piece := []byte(strings.Repeat(`{"id":1},`, 1_000))
	out, err := w.Append(nil, append([]byte("["), piece...))
	most := 0
	for range 1_000 {
		most = max(most, len(out))
		if out, err = w.Append(out[:0], piece); err != nil {
			t.Fatal(err)
		}
	}
	if most == 0 || most > 100_000 {
		t.Errorf("%d bytes came at once", most)
	}
}

// FuzzModelWriter: however a text is cut, it is written if ParseResult reads it,
// and what the client then decodes is what ParseResult says.
func FuzzModelWriter(f *testing.F) {
	for _, s := range []string{`{"a":["$1","$","\u0024","\ud800",-0.0,1e5]}`, `"$$"`, " [ ] ", `{"a":1,"a":2}`, `{"__proto__":1}`, `[1,2]x`, `{"then":"$h1"}`} {
		f.Add([]byte(s), uint16(1))
		f.Add([]byte(s), uint16(500))
	}
	f.Fuzz(func(t *testing.T, body []byte, cut uint16) {
		row, err := model(string(body), func(left int) int { return min(left, 1+int(cut)) })
		v, refused := jsoncall.ParseResult(body, false)
		if (err == nil) != (refused == nil) {
			t.Fatalf("written: %v, read: %v", err, refused)
		}
		if err != nil {
			return
		}
		if strings.ContainsAny(row, "\n\r\t") {
			t.Fatalf("a row in several lines: %q", row)
		}
		decoded, bad := flight.Parse([]byte("0:"+row+"\n"), flight.Limits{})
		if bad != nil && strings.HasSuffix(bad.Detail, "a number is too large") {
			return // JavaScript's JSON.parse takes it for Infinity, our parser does not take it
		}
		if bad != nil {
			t.Fatalf("%v: %q", bad, row)
		}
		got, err := vectors.Tagged(decoded)
		want, err2 := vectors.Tagged(v)
		if err != nil || err2 != nil || got != want {
			t.Fatalf("the client decodes %s, %v, want %s, %v", got, err, want, err2)
		}
	})
}

func TestRowsOfEachClient(t *testing.T) {
	const rich = `{"value":["2026-01-02T03:04:05Z"],"types":{"/value/0":"Date"}}`
	for _, tc := range []struct {
		is                           string
		client                       jsoncall.Client
		rich, undefined, failed, new string
	}{
		{"Next 15 and 16", jsoncall.Next,
			"0:{\"a\":\"$@1\",\"f\":\"\",\"b\":\"\",\"q\":\"\",\"i\":false}\n1:[\"$D2026-01-02T03:04:05.000Z\"]\n",
			"0:{\"a\":\"$@1\",\"f\":\"\",\"b\":\"\",\"q\":\"\",\"i\":false}\n1:\"$undefined\"\n",
			"0:{\"a\":\"$@1\",\"f\":\"\",\"b\":\"\",\"q\":\"\",\"i\":false}\n1:E{\"digest\":\"d\"}\n",
			"0:{\"a\":\"$@1\",\"f\":\" \",\"b\":\"\",\"q\":\"\",\"i\":false}\n1:\"$undefined\"\n"},
		{"Next 14", jsoncall.Next14,
			"0:[\"$@1\",[\"\",null]]\n1:[\"$D2026-01-02T03:04:05.000Z\"]\n",
			"0:[\"$@1\",[\"\",null]]\n1:\"$undefined\"\n",
			"0:[\"$@1\",[\"\",null]]\n1:E{\"digest\":\"d\"}\n",
			"0:[\"$@1\",[\"\",\" \"]]\n1:\"$undefined\"\n"},
		{"bare React", jsoncall.React, "0:[\"$D2026-01-02T03:04:05.000Z\"]\n", "0:\"$undefined\"\n", "0:E{\"digest\":\"d\"}\n", "0:\"$undefined\"\n"},
	} {
		if got, err := tc.client.AppendRich(nil, []byte(rich), false); string(got) != tc.rich {
			t.Errorf("%s: %q, %v", tc.is, got, err)
		}
		if got := tc.client.AppendUndefined(nil, false); string(got) != tc.undefined {
			t.Errorf("%s: %q", tc.is, got)
		}
		if got := tc.client.AppendError(nil, "d"); string(got) != tc.failed {
			t.Errorf("%s: %q", tc.is, got)
		}
		if got := tc.client.AppendUndefined(nil, true); string(got) != tc.new {
			t.Errorf("%s, with the page anew: %q", tc.is, got)
		}
	}
}

// TestNext14IsNotSentWhatItCannotRead: its client would take the bytes of the
// row for JSON.
func TestNext14IsNotSentWhatItCannotRead(t *testing.T) {
	for _, tc := range []struct {
		word, json string
		readable   bool
	}{
		{"Uint8Array", `"AAEC"`, false},
		{"FormData", `{"a":["b"]}`, false},
		{"Iterator", `[1]`, false},
		{"AsyncIterable", `[1]`, false},
		{"Stream", `["a"]`, false},
		{"Promise<Uint8Array>", `"AAEC"`, false},
		{"Map", `[["a",1]]`, true},
		{"Set", `[1]`, true},
		{"BigInt", `"1"`, true},
		{"Promise<Date>", `"2026-01-02T03:04:05Z"`, true},
	} {
		body := []byte(`{"value":{"a":` + tc.json + `},"types":{"/value/a":"` + tc.word + `"}}`)
		if _, err := jsoncall.Next14.AppendRich(nil, body, false); (err == nil) != tc.readable {
			t.Errorf("%s: %v", tc.word, err)
		}
		if _, err := jsoncall.Next.AppendRich(nil, body, false); err != nil {
			t.Errorf("%s, in a newer client: %v", tc.word, err)
		}
	}
}
