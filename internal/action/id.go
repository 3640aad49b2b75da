package action

// ID names an action. In Next it is lower-case hexadecimal digits, 42 of them in
// 15 and 16 (an information byte and a SHA-1), 40 in 14 (spec next-actions §5).
// A value of this type has passed [ParseID], [Dialect.ParseID] or [ParseName],
// and may be logged.
type ID string

// Lengths of an id in hexadecimal digits.
const (
	idLength       = 42
	legacyIDLength = 40
)

// ParseID reads an action id of Next. Upper case is no id: Next looks ids up as they
// are spelled.
func ParseID(s string) (ID, bool) {
	if len(s) != idLength && len(s) != legacyIDLength {
		return "", false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", false
		}
	}
	return ID(s), true
}

// Legacy reports whether the id is one of Next 14, whose client understands
// other answers than those of 15 and 16.
func (id ID) Legacy() bool {
	_, hex := ParseID(string(id))
	return hex && len(id) == legacyIDLength
}
