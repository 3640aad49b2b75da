package value_test

import (
	"math"
	"testing"

	"github.com/actiongw/actiongw/internal/value"
)

func TestUnquote(t *testing.T) {
	tests := []struct {
		name, literal, want string
		ok                  bool
	}{
		{"plain text stays", `"abc é 😀"`, "abc é 😀", true},
		{"the empty text", `""`, "", true},
		{"short escapes", `"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", true},
		{"an escaped unit", `"a\u00e9b"`, "aéb", true},
		{"an escaped pair is one character", `"\ud83d\ude00"`, "😀", true},
		{"upper-case digits", `"\uD83D\uDE00"`, "😀", true},
		{"a lone high surrogate is kept", `"x\ud800y"`, "x\xed\xa0\x80y", true},
		{"a lone low surrogate is kept", `"\udfff"`, "\xed\xbf\xbf", true},
		{"low before high are two lone ones", `"\ude00\ud83d"`, "\xed\xb8\x80\xed\xa0\xbd", true},
		{"a NUL", `"\u0000"`, "\x00", true},
		{"bytes that are not UTF-8", "\"\xff\"", "", false},
		{"a surrogate as raw bytes is not UTF-8", "\"\xed\xa0\x80\"", "", false},
		{"an escape JSON does not know", `"\x41"`, "", false},
		{"a short unit", `"\u12"`, "", false},
		{"no quotes", `"`, "", false},
	}
	for _, tt := range tests {
		got, ok := value.Unquote([]byte(tt.literal))
		if got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %q, %t", tt.name, got, ok)
		}
	}
}

func TestAppendQuoted(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain text stays", "abc é 😀 \u2028", "\"abc é 😀 \u2028\""},
		{"what JSON must escape", "\"\\\b\f\n\r\t\x00\x1f", `"\"\\\b\f\n\r\t\u0000\u001f"`},
		{"a slash and DEL stay", "/\x7f", "\"/\x7f\""},
		{"lone surrogates are escaped", "a\xed\xa0\x80b\xed\xbf\xbf", `"a\ud800b\udfff"`},
		{"other bad bytes are replaced", "a\xffb", "\"a\uFFFDb\""},
	}
	for _, tt := range tests {
		if got := string(value.AppendQuoted(nil, tt.text)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAppendNumber(t *testing.T) {
	tests := []struct {
		name string
		f    float64
		want string
	}{
		{"zero", 0, "0"},
		{"minus zero is written as zero", math.Copysign(0, -1), "0"},
		{"an integer", -42, "-42"},
		{"the largest exact integer", 9007199254740991, "9007199254740991"},
		{"the last number without exponent", 123456789012345680000, "123456789012345680000"},
		{"the first with exponent", 1e21, "1e+21"},
		{"small, still without", 0.000001, "0.000001"},
		{"small, with one digit of exponent", -1.5e-7, "-1.5e-7"},
		{"the smallest", 5e-324, "5e-324"},
		{"two digits of exponent stay", 1e-10, "1e-10"},
		{"the largest", math.MaxFloat64, "1.7976931348623157e+308"},
	}
	for _, tt := range tests {
		if got := string(value.AppendNumber(nil, tt.f)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestUnitLen(t *testing.T) {
	tests := []struct {
		name, text string
		want       int
	}{
		{"ASCII", "abc", 3},
		{"two bytes, one unit", "é", 1},
		{"four bytes, two units", "😀", 2},
		{"a lone surrogate, one unit", "\xed\xa0\x80", 1},
	}
	for _, tt := range tests {
		if got := value.UnitLen(tt.text); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}
