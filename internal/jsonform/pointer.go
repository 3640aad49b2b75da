package jsonform

import "strings"

// AppendStep appends one step of a JSON Pointer, without its slash (RFC 6901
// §3).
func AppendStep(p []byte, key string) []byte {
	for i := range len(key) {
		switch key[i] {
		case '~':
			p = append(p, "~0"...)
		case '/':
			p = append(p, "~1"...)
		default:
			p = append(p, key[i])
		}
	}
	return p
}

// parseStep reads one step of a pointer (RFC 6901 §4).
func parseStep(step string) (string, bool) {
	if !strings.Contains(step, "~") {
		return step, true
	}
	for i := range len(step) {
		if step[i] == '~' && (i+1 == len(step) || step[i+1] != '0' && step[i+1] != '1') {
			return "", false
		}
	}
	return strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~"), true
}
