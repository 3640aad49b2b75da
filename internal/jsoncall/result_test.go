package jsoncall_test

import (
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/value"
)

// TestParseResult: what looks rich is so only if the backend says it.
func TestParseResult(t *testing.T) {
	const body = `{"value":"2026-01-02T03:04:05Z","types":{"/value":"Date"}}`
	rich, err := jsoncall.ParseResult([]byte(body), true)
	if date, ok := rich.(*value.Date); err != nil || !ok || date.ISO != "2026-01-02T03:04:05.000Z" {
		t.Errorf("rich: %v, %v", rich, err)
	}
	plain, err := jsoncall.ParseResult([]byte(body), false)
	if o, ok := plain.(*value.Object); err != nil || !ok || len(o.Members) != 2 {
		t.Errorf("plain: %v, %v", plain, err)
	}
}

// TestWhatIsWrongWithAResult holds what an operator reads in the log.
func TestWhatIsWrongWithAResult(t *testing.T) {
	long := strings.Repeat("k", 1000)
	for _, tt := range []struct {
		title, body string
		rich        bool
		want        string
	}{
		{"nothing", ``, false, "the result: the JSON is empty, or ends in the middle"},
		{"a page", `<html>s3cr3t`, false, "the result: this is no JSON, at byte 0"},
		{"no JSON", `{"a":[1,s3cr3t]}`, false, `at "/a/1" of the result: this is no JSON, at byte 8`},
		{"a member that would be lost", `[{"__proto__":"s3cr3t"}]`, false, `at "/0/__proto__" of the result: React's client drops members of this name, before byte 13`},
		{"a rich result that is plain", `["s3cr3t"]`, true, "the result: want an object of value and types"},
		{"a type that does not fit", `{"value":["s3cr3t"],"types":{"/value/0":"BigInt"}}`, true, `at "/value/0" of the result: BigInt wants a decimal text`},
		{"a long pointer is cut", `{"value":{"` + long + `":1},"types":{"/value/` + long + `":"Set"}}`, true, `at "/value/` + long[:193] + `" of the result: Set wants an array`},
		{"a pointer with a line end", `{"value":{"\n":1},"types":{"/value/\n":"Set"}}`, true, `at "/value/\n" of the result: Set wants an array`},
	} {
		v, err := jsoncall.ParseResult([]byte(tt.body), tt.rich)
		if v != nil || err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v and %v, want %s", tt.title, v, err, tt.want)
		}
	}
}
