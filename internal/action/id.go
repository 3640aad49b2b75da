package action

// ID names an action: lower-case hexadecimal digits, 42 of them in Next 15 and
// 16 (an information byte and a SHA-1), 40 in Next 14 (spec next-actions §5).
// A value of this type has passed [ParseID] and may be logged.
type ID string

// Lengths of an id in hexadecimal digits.
const (
	idLength       = 42
	legacyIDLength = 40
)

// ParseID reads an action id. Upper case is no id: Next looks ids up as they
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
func (id ID) Legacy() bool { return len(id) == legacyIDLength }
