package jsonform

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Scalars replaces each half of a surrogate pair, three bytes in our texts, by
// one U+FFFD. strings.ToValidUTF8 would make one of a whole row of them, and a
// long text would pass as a short one.
func Scalars(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && isSurrogate(s[i:]) {
			size = 3
		}
		b.WriteRune(r)
		i += size
	}
	return b.String()
}

// isSurrogate reports whether s, which is not empty, begins with half of a pair.
func isSurrogate(s string) bool {
	return len(s) >= 3 && s[0] == 0xED && s[1]&0xE0 == 0xA0 && s[2]&0xC0 == 0x80
}

// BaseName is a file's name without folders, in the way of Unix or of Windows,
// and without control characters and line ends of Unicode. Browsers send folders when a whole one is
// picked. Names that mean a folder become empty.
func BaseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, name)
	if name == "." || name == ".." {
		return ""
	}
	return name
}
