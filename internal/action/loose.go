package action

import "strings"

// LooseDelimiter reads the delimiter of a multipart body, two hyphens and the
// boundary, from a Content-Type that [ParseMediaType] does not accept, the way
// busboy does: the first `boundary` parameter in any case, a word or a quoted
// string with escaped quotes and backslashes. It is empty if there is none.
//
// Nothing may be parsed by it. It is for the search for disguised fields
// alone: busboy cuts delimiters out of headers, and so must the search.
func LooseDelimiter(contentType string) string {
	_, s, _ := strings.Cut(contentType, ";")
	for s != "" {
		var name, value string
		name, s, _ = strings.Cut(strings.TrimLeft(s, " \t"), "=")
		if rest, quoted := strings.CutPrefix(s, `"`); quoted {
			value, s = unquote(rest)
		} else {
			value, s = cutBefore(s, "; \t")
		}
		if strings.EqualFold(name, "boundary") {
			return "--" + latin1(value)
		}
		s = strings.TrimPrefix(strings.TrimLeft(s, " \t"), ";")
	}
	return ""
}

// unquote reads a quoted string from behind its first quote.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			return b.String(), s[i+1:]
		}
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

func cutBefore(s, chars string) (before, from string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// latin1 turns bytes into text as Node does with header values.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
