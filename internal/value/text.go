package value

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Unquote returns the text of a JSON string literal, quotes included, that a
// JSON tokenizer has already accepted. Lone surrogates stay what they are, as
// WTF-8; an escaped pair becomes the character it means. Unquote reports false
// for bytes that are not UTF-8 (a tokenizer may let them pass) and for an
// escape that JSON does not know. Source: RFC 8259 §7, the WTF-8 encoding §4.
func Unquote(literal []byte) (string, bool) {
	if len(literal) < 2 {
		return "", false
	}
	inner := literal[1 : len(literal)-1]
	if !utf8.Valid(inner) {
		return "", false
	}
	escape := firstEscape(inner)
	if escape < 0 {
		return string(inner), true
	}
	text := make([]byte, escape, len(inner))
	copy(text, inner)
	for rest := inner[escape:]; len(rest) > 0; {
		if rest[0] != '\\' {
			n := firstEscape(rest)
			if n < 0 {
				n = len(rest)
			}
			text, rest = append(text, rest[:n]...), rest[n:]
			continue
		}
		var size int
		if text, size = appendEscape(text, rest); size == 0 {
			return "", false
		}
		rest = rest[size:]
	}
	return string(text), true
}

// firstEscape is the index of the first backslash, -1 for none.
func firstEscape(b []byte) int {
	for i, c := range b {
		if c == '\\' {
			return i
		}
	}
	return -1
}

// appendEscape appends what the escape at the start of rest means, and tells
// how many bytes it is long: 0 for none that JSON knows.
func appendEscape(text, rest []byte) ([]byte, int) {
	if len(rest) < 2 {
		return text, 0
	}
	switch rest[1] {
	case '"', '\\', '/':
		return append(text, rest[1]), 2
	case 'b':
		return append(text, '\b'), 2
	case 'f':
		return append(text, '\f'), 2
	case 'n':
		return append(text, '\n'), 2
	case 'r':
		return append(text, '\r'), 2
	case 't':
		return append(text, '\t'), 2
	case 'u':
		unit, ok := hexUnit(rest)
		if !ok {
			return text, 0
		}
		if low, ok := hexUnit(rest[6:]); ok && isHigh(unit) && isLow(low) {
			pair := (unit-0xD800)<<10 + (low - 0xDC00) + 0x10000
			return utf8.AppendRune(text, pair), 12
		}
		return appendUnit(text, unit), 6
	}
	return text, 0
}

// hexUnit reads \uXXXX at the start of b.
func hexUnit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

func isHigh(unit rune) bool { return unit >= 0xD800 && unit < 0xDC00 }
func isLow(unit rune) bool  { return unit >= 0xDC00 && unit < 0xE000 }

// appendUnit appends one UTF-16 unit, a lone surrogate as three bytes.
func appendUnit(text []byte, unit rune) []byte {
	if isHigh(unit) || isLow(unit) {
		return append(text, 0xE0|byte(unit>>12), 0x80|byte(unit>>6)&0xBF, 0x80|byte(unit)&0xBF)
	}
	return utf8.AppendRune(text, unit)
}

// surrogateAt returns the lone surrogate whose three bytes begin at s[i].
func surrogateAt(s string, i int) (unit rune, ok bool) {
	if s[i] != 0xED || i+2 >= len(s) || s[i+1] < 0xA0 || s[i+1] > 0xBF || s[i+2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | rune(s[i+1]&0x3F)<<6 | rune(s[i+2]&0x3F), true
}

// AppendQuoted appends s as the JSON string literal that JavaScript's
// JSON.stringify writes: short escapes where JSON has them, \u00XX for other
// control characters, \udXXX for lone surrogates, all else as it is. Bytes
// that are not WTF-8 become U+FFFD.
func AppendQuoted(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
			dst = append(dst, s[start:i]...)
			if unit, ok := surrogateAt(s, i); ok {
				dst = append(dst, '\\', 'u', 'd', digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
				size = 3
			} else {
				dst = append(dst, "\uFFFD"...)
			}
		} else {
			dst = append(dst, s[start:i]...)
			if short := shortEscape(c); short != 0 {
				dst = append(dst, '\\', short)
			} else {
				dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			}
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// shortEscape is the letter of a two-character escape, 0 for none.
func shortEscape(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case '\b':
		return 'b'
	case '\f':
		return 'f'
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	}
	return 0
}

// AppendNumber appends a finite double as JavaScript writes it: the shortest
// digits that read back as the same double, with an exponent from 1e21 up and
// below 1e-6. Minus zero becomes 0, as it does there. Source: ECMA-262,
// Number::toString.
func AppendNumber(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0')
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of exponent: 1e-07.
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// UnitLen is the length of a WTF-8 text in UTF-16 units: JavaScript's length.
func UnitLen(s string) int {
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0xF0:
			n += 2
		case c&0xC0 != 0x80:
			n++
		}
	}
	return n
}
