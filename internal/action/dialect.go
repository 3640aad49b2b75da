package action

import (
	"fmt"
	"slices"
	"strings"
)

// Dialect is how the clients of a framework mark calls and name actions.
//
//	next    Next-Action   40 or 42 hexadecimal digits
//	react   Rsc-Action    whatever the server's bundler calls a function
//
// The second is bare react-server-dom, where the framework is the site's own.
type Dialect uint8

// The dialects.
const (
	Next Dialect = iota
	React
)

// ParseDialect reads the word of a configuration; empty is Next.
func ParseDialect(word string) (Dialect, error) {
	switch word {
	case "", Next.String():
		return Next, nil
	case React.String():
		return React, nil
	}
	return 0, fmt.Errorf("dialect %q: want next or react", word)
}

// String is the word of configurations and logs.
func (d Dialect) String() string { return [...]string{"next", "react"}[d] }

// Header is the header that marks a call by fetch, in canonical form.
func (d Dialect) Header() string { return [...]string{"Next-Action", "Rsc-Action"}[d] }

// ParseID reads an action id in the dialect's form.
func (d Dialect) ParseID(s string) (ID, bool) {
	if d == React {
		return parseReactID(s)
	}
	return ParseID(s)
}

// TakesURLEncoded reports whether a request is a form that no client of actions
// sends, but that a server may take for a call. Next takes none. A server of
// bare React has Request.formData() read the body, which reads this type as
// well, and decodeAction sees only the fields.
func (d Dialect) TakesURLEncoded(method string, contentType []string) bool {
	return d == React && method == "POST" && slices.ContainsFunc(contentType, func(line string) bool {
		return strings.Contains(strings.ToLower(line), "application/x-www-form-urlencoded")
	})
}

// IDForm says in a refusal what an id looks like.
func (d Dialect) IDForm() string {
	return [...]string{"40 or 42 lower-case hex digits", "a bundler's name of a function"}[d]
}

// parseReactID reads the id of bare react-server-dom, a module and a name as
// in `file:///srv/app/actions.js#create`. The characters are those of paths
// and of JavaScript names, so that an id can stand in a header, a log and,
// escaped, in a path. A step up is none: backends that undo escapes before
// they split a path would leave it.
func parseReactID(s string) (ID, bool) {
	const longest = 512 // of a source's path, with room to spare
	if s == "" || len(s) > longest {
		return "", false
	}
	for i := range len(s) {
		if !isWordByte(s[i]) && strings.IndexByte("$./#:@~+()[]", s[i]) < 0 {
			return "", false
		}
	}
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "." || segment == ".." {
			return "", false
		}
	}
	return ID(s), true
}

// ParseName reads a declared action's name, which is its id as well: a letter,
// and up to 99 letters, digits, `_` and `-`. Refused are names that look like
// an id of Next.
func ParseName(s string) (ID, bool) {
	const longest = 100
	if s == "" || len(s) > longest || !isLetter(s[0]) {
		return "", false
	}
	for i := range len(s) {
		if !isWordByte(s[i]) {
			return "", false
		}
	}
	_, hex := ParseID(s)
	return ID(s), !hex
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isWordByte(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '_' || c == '-'
}
