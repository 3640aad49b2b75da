//go:build e2e

package results

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/vectors"
)

const (
	plain = "application/json"
	rich  = "application/vnd.actiongw.result+json"
)

// page numbers the cases of a table.
func page(i int) string { return "/page/" + strconv.Itoa(i) }

func caseOf(path string) int {
	i, err := strconv.Atoi(strings.TrimPrefix(path, "/page/"))
	if err != nil {
		panic(err)
	}
	return i
}

// values are results, and what the function in the browser returns.
var values = []struct {
	is, contentType, body string
	want                  string // tagged JSON
	new                   bool   // more than Next 14 knows
}{
	{"an object", plain, `{"id": 7, "paid": false, "note": null}`, `{"id":7,"paid":false,"note":null}`, false},
	{"a text", plain, `"hello"`, `"hello"`, false},
	{"a number", plain, `-1.5e-7`, `-1.5e-7`, false},
	{"null", plain, `null`, `null`, false},
	{"texts that begin with $", plain, `["$","$1","$$","$@1","$undefined","$n7","$Sx","a$1"]`, `["$","$1","$$","$@1","$undefined","$n7","$Sx","a$1"]`, false},
	{"texts that begin with an escaped $", plain, `["\u0024","\u00241","\u0024\u0024"]`, `["$","$1","$$"]`, false},
	{"an array that would be an element", plain, `["$","script",null,{"src":"https://evil.example/"}]`, `["$","script",null,{"src":"https://evil.example/"}]`, false},
	{"a text that would be a reference to the page", plain, `{"a":"$0:b"}`, `{"a":"$0:b"}`, false},
	{"rows in a text", plain, `"x\n1:\"other\"\n"`, `"x\n1:\"other\"\n"`, false},
	{"halves of pairs", plain, `["\ud800","\udc00a"]`, `["\ud800","\udc00a"]`, false},
	{"other scripts", plain, `"日本語 😀 \u65e5"`, `"日本語 😀 日"`, false},
	{"a member then", plain, `{"then":"now"}`, `{"then":"now"}`, false},
	{"members with $", plain, `{"$a":"$b"}`, `{"$type":"object","entries":[["$a","$b"]]}`, false},
	{"100 levels", plain, strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat("[", 100) + strings.Repeat("]", 100), false},
	{"a large result", plain, "[" + strings.Repeat(`"$é",`, 100_000) + "0]", "[" + strings.Repeat(`"$é",`, 100_000) + "0]", false},

	{"undefined", rich, `{"value":null,"types":{"/value":"undefined"}}`, `{"$type":"undefined"}`, false},
	{"numbers that JSON lacks", rich, `{"value":[null,null,null,0],"types":{"/value/0":"NaN","/value/1":"Infinity","/value/2":"-Infinity","/value/3":"-0"}}`,
		`[{"$type":"number","value":"NaN"},{"$type":"number","value":"Infinity"},{"$type":"number","value":"-Infinity"},{"$type":"number","value":"-0"}]`, false},
	{"a BigInt", rich, `{"value":"-12345678901234567890","types":{"/value":"BigInt"}}`, `{"$type":"bigint","value":"-12345678901234567890"}`, false},
	{"a Date", rich, `{"value":{"due":"2026-01-02T03:04:05+01:00"},"types":{"/value/due":"Date"}}`, `{"due":{"$type":"date","value":"2026-01-02T02:04:05.000Z"}}`, false},
	{"a Map", rich, `{"value":[["$k",{"a":1}],[2,"$v"]],"types":{"/value":"Map"}}`, `{"$type":"map","entries":[["$k",{"a":1}],[2,"$v"]]}`, false},
	{"a Set", rich, `{"value":["a",{"b":"2026-01-02T03:04:05Z"}],"types":{"/value":"Set","/value/1/b":"Date"}}`,
		`{"$type":"set","values":["a",{"b":{"$type":"date","value":"2026-01-02T03:04:05.000Z"}}]}`, false},
	{"a promise", rich, `{"value":{"later":"$7"},"types":{"/value/later":"Promise"}}`, `{"later":{"$type":"promise","value":"$7"}}`, false},
	{"a promise of a Date", rich, `{"value":["2026-01-02T03:04:05Z"],"types":{"/value/0":"Promise<Date>"}}`,
		`[{"$type":"promise","value":{"$type":"date","value":"2026-01-02T03:04:05.000Z"}}]`, false},
	{"long texts", rich, `{"value":["` + strings.Repeat("é", 2000) + `"]}`, `["` + strings.Repeat("é", 2000) + `"]`, false},
	{"a FormData", rich, `{"value":{"$a":["1","$2"],"b":["3"]},"types":{"/value":"FormData"}}`, `{"$type":"formdata","entries":[["$a","1"],["$a","$2"],["b","3"]]}`, true},
	{"bytes", rich, `{"value":["AAEC","AAECAw=="],"types":{"/value/0":"Uint8Array","/value/1":"ArrayBuffer"}}`,
		`[{"$type":"typedarray","kind":"Uint8Array","base64":"AAEC"},{"$type":"arraybuffer","base64":"AAECAw=="}]`, true},
	{"wide numbers", rich, `{"value":["AAAAAAAA8D8=","AQAAAAAAAAA="],"types":{"/value/0":"Float64Array","/value/1":"BigInt64Array"}}`,
		`[{"$type":"typedarray","kind":"Float64Array","base64":"AAAAAAAA8D8="},{"$type":"typedarray","kind":"BigInt64Array","base64":"AQAAAAAAAAA="}]`, true},
	{"a stream", rich, `{"value":{"s":["a","$b"]},"types":{"/value/s":"Stream"}}`, `{"s":{"$type":"readablestream","chunks":["a","$b"]}}`, true},
	{"an iterable", rich, `{"value":{"s":[1,"$b"]},"types":{"/value/s":"AsyncIterable"}}`, `{"s":{"$type":"asynciterable","values":[1,"$b"]}}`, true},
	{"an iterator", rich, `{"value":{"s":[1,2]},"types":{"/value/s":"Iterator"}}`, `{"s":{"$type":"iterator","values":[1,2]}}`, true},
}

func TestValuesAreWhatTheBackendMeant(t *testing.T) {
	for name := range clients {
		t.Run(name, func(t *testing.T) {
			s := open(t, name, func(path string) http.HandlerFunc {
				v := values[caseOf(path)]
				return respond(200, v.contentType, v.body)
			})
			for i, tc := range values {
				got := s.call(t, page(i))
				if tc.new && name == "next14" {
					if got.Error == nil || got.Error.Digest != digest {
						t.Errorf("%s: %+v, want an error", tc.is, got)
					}
					continue
				}
				if got.Error != nil || got.Page != nil {
					t.Errorf("%s: %+v %+v", tc.is, got.Error, got.Page)
					continue
				}
				value, err := vectors.CanonicalTagged([]byte(got.Value))
				want, err2 := vectors.CanonicalTagged([]byte(tc.want))
				if err != nil || err2 != nil || value != want {
					t.Errorf("%s: %s, want %s (%v, %v)", tc.is, short(got.Value), short(want), err, err2)
				}
			}
		})
	}
}

// failures are answers that are no results.
var failures = []struct {
	is      string
	backend http.HandlerFunc
	// digests that Next 15 and 16, and Next 14 show instead of ours; "-" for a
	// connection that breaks.
	next, next14 string
}{
	{"not found", respond(404, "text/html", "<h1>404"), "NEXT_HTTP_ERROR_FALLBACK;404", "NEXT_NOT_FOUND"},
	{"forbidden", respond(403, plain, "{}"), "NEXT_HTTP_ERROR_FALLBACK;403", ""},
	{"unauthorized", respond(401, plain, "{}"), "NEXT_HTTP_ERROR_FALLBACK;401", ""},
	{"a failed validation", respond(422, plain, `{"errors":["amount"]}`), "", ""},
	{"a stack trace", respond(500, "text/plain", "Traceback (most recent call last):"), "", ""},
	{"a backend that is busy", respond(503, "text/plain", "busy"), "", ""},
	{"a page where there should be JSON", respond(200, "text/html", "<!doctype html>"), "", ""},
	{"half of a result", respond(200, plain, `{"ok":tru`), "", ""},
	{"Flight that a backend made", respond(200, "text/x-component", "0:{}\n"), "", ""},
	{"another site that looks like a path", with("Location", "//evil.example", respond(303, plain, "")), "", ""},
	{"a script to go to", with("Location", "javascript:alert(1)", respond(302, plain, "")), "", ""},
	{"another site behind a dot, where Next 16 would go", with("Location", "/.//evil.example", respond(303, plain, "")), "", ""},
	{"a large result with garbage at its end", respond(200, plain, "["+strings.Repeat("1,", 200_000)+"oops"), "-", "-"},
}

func TestFailuresRejectWithADigest(t *testing.T) {
	for name := range clients {
		t.Run(name, func(t *testing.T) {
			s := open(t, name, func(path string) http.HandlerFunc { return failures[caseOf(path)].backend })
			for i, tc := range failures {
				want := map[string]string{"next16": tc.next, "next15": tc.next, "next14": tc.next14}[name]
				switch {
				case tc.next == "-":
					want = ""
				case want == "":
					want = digest
				}
				got := s.call(t, page(i))
				if got.Error == nil || got.Error.Digest != want || got.Value != "" || got.Page != nil {
					t.Errorf("%s: %+v, error %+v, page %+v", tc.is, got, got.Error, got.Page)
				}
			}
		})
	}
}
