package manifest

import (
	"strconv"
	"strings"
)

// Lengths of an id in hexadecimal digits (spec next-actions §5).
const (
	idLength       = 42
	legacyIDLength = 40
)

// maxName is the most bytes of a name. A name goes into a header, log lines
// and metric labels; the longest paths that people write have a few hundred.
// A longer one is an error, because cut short it could escape a rule.
const maxName = 1024

// shortID is how many digits of an id stand in a 14.2 name: 48 bits, which do
// not collide by chance within a build.
const shortID = 12

// isID reports whether s is an action id. Next looks ids up as they are
// spelled, so upper case is none.
func isID(s string) bool {
	if len(s) != idLength && len(s) != legacyIDLength {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// digit is the value of a hexadecimal digit that isID has seen.
func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}

// nameOf makes the name of an action that is complete but for it.
func nameOf(a Action) (string, error) {
	var name string
	// A build made on Windows may spell paths with backslashes. Rules are
	// written with slashes.
	file := spell(strings.ReplaceAll(a.File, `\`, "/"), inFile)
	switch {
	case a.File == "" || a.Export == "":
		page := "unknown"
		if len(a.Pages) > 0 {
			page = spell(a.Pages[0], inFile)
		}
		name = page + "#" + a.ID[:shortID]
	case a.Inline >= 0:
		name = file + "#inline-" + strconv.Itoa(a.Inline)
	default:
		name = file + "#" + spell(a.Export, inExport)
	}
	if len(name) > maxName {
		return "", errorf("the name of action %s has %d bytes, want at most %d", a.ID, len(name), maxName)
	}
	return name, nil
}

// Characters, besides letters and digits, that stand for themselves. The first
// are what Next's route folders are made of. The second lack the hyphen: no
// export can then be called inline-3.
const (
	inFile   = "-._~/()[]@$+=!,&"
	inExport = "_$"
)

// spell writes s in printable ASCII, other bytes as %XX.
func spell(s, plain string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if letter || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + hex[c>>4:c>>4+1] + hex[c&15:c&15+1])
		}
	}
	return b.String()
}

// inlineNumber reads the number from the export name that the compiler gives
// to an inline action; -1 means that it is another name.
func inlineNumber(export string) int {
	digits, ok := strings.CutPrefix(export, "$$RSC_SERVER_ACTION_")
	if !ok {
		digits, ok = strings.CutPrefix(export, "$$ACTION_")
	}
	n, err := strconv.Atoi(digits)
	// The last test refuses signs and zeros in front, which the compiler does
	// not write: two exports must not get one name.
	if !ok || err != nil || n < 0 || strconv.Itoa(n) != digits {
		return -1
	}
	return n
}
