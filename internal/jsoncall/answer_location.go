package jsoncall

import (
	"strings"
	"unicode/utf8"
)

// maxLocation is longer than the request line that most servers read (RFC 9112
// §3 recommends 8,000 bytes).
const maxLocation = 8000

// readLocation reads where a redirect leads: an absolute path of the site, or a
// URL with http or https. It returns printable ASCII, or what is wrong.
//
// Clients resolve it with a browser's URL parser and then navigate, in Next.js
// 14 and 15 also to javascript:. Refused is what that parser reads other
// than it looks: `//host` and `/\host` are other sites though they begin like
// a path, tabs and line breaks vanish (`/<TAB>/host`), and what stands before
// an @ is no host. A path that is relative to the call's own would be resolved
// against the page. Source: WHATWG URL §4.4.
func readLocation(lines []string) (location, detail string) {
	if len(lines) != 1 || lines[0] == "" {
		return "", "a redirect needs exactly one Location"
	}
	s := lines[0]
	if len(s) > maxLocation {
		return "", "the Location is longer than 8000 bytes"
	}
	if !utf8.ValidString(s) {
		return "", "the Location is not UTF-8"
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7F {
			return "", "the Location has a control character"
		}
		if s[i] == '\\' {
			return "", "the Location has a backslash, which browsers read as a slash"
		}
	}
	switch {
	case strings.HasPrefix(s, "//"):
		return "", "the Location begins with two slashes: write https:// to lead to another site"
	case s[0] != '/' && !isSiteURL(s):
		return "", "the Location is neither a path that begins with a slash nor a URL with http or https and a plain host"
	}
	return escape(s, " "), ""
}

// isSiteURL reports whether s begins with http:// or https:// and a host.
func isSiteURL(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return false
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	// No user, no percent escapes, no Unicode: a host in Location is ASCII (RFC
	// 3986 §3.2.2 by way of RFC 9110 §10.2.2).
	for i := range len(authority) {
		c := authority[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("-._:[]", c) < 0 {
			return false
		}
	}
	return authority != "" && authority[0] != ':'
}

// escape percent-encodes the bytes of s that are in set or not ASCII.
func escape(s, set string) string {
	const digits = "0123456789ABCDEF"
	plain := func(c byte) bool { return c < utf8.RuneSelf && strings.IndexByte(set, c) < 0 }
	i := 0
	for i < len(s) && plain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)+16), s[:i]...)
	for ; i < len(s); i++ {
		if c := s[i]; plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
