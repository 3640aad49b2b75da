package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// ParseNextKey reads a key as Next.js takes it: standard base64 of 16, 24 or
// 32 bytes, with padding and with nothing around it.
//
// It is stricter than Next, which reads base64 as browsers do. For each
// spelling that only Next would take, the error says what to write instead for
// the same bytes. No error repeats any of the text, nor says more about it than
// lengths and positions.
func ParseNextKey(text string) (Key, error) {
	for _, m := range mistakes {
		if m.made(text) {
			return Key{}, errors.New(m.says)
		}
	}
	if i := strings.IndexFunc(text, notBase64); i >= 0 {
		return Key{}, fmt.Errorf("character %d of the key is none of base64; make a key with `openssl rand -base64 32`", i+1)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return Key{}, errors.New("the key's last character carries stray bits; decode the text and encode it again, which gives the same key")
	}
	return newKey(raw)
}

// A mistake is one way in which keys are written wrongly, and the way out.
type mistake struct {
	made func(string) bool
	says string
}

// mistakes is in the order of looking: what stands around the key before what
// is wrong within it.
//
// Hexadecimal of 16 bytes is not among them. Those 32 digits are also base64 of
// 24 bytes, and that is how Next reads them: refusing them would refuse a key
// that works. [DiagnoseNextKey] warns.
var mistakes = [...]mistake{
	{func(s string) bool { return s == "" },
		"the key is empty; a placeholder of a variable or file that is not set becomes empty"},
	{func(s string) bool { return strings.HasPrefix(s, "\ufeff") },
		"the key begins with an invisible byte order mark; save the file as UTF-8 without one"},
	{func(s string) bool { return strings.HasSuffix(s, "\n") || strings.HasSuffix(s, "\r") },
		"the key ends with a newline; write it without one, as with `printf %s`"},
	{func(s string) bool { return s != strings.TrimSpace(s) },
		"the key has a space or a newline in front of it or behind it; remove it"},
	{func(s string) bool { return strings.HasPrefix(s, `{"`) },
		"the key is JSON, perhaps a keyset or a wrapping key, and no text as Next.js takes it; name a keyset where a keyset is wanted"},
	{isPlaceholder,
		"the key is a placeholder that was not filled in; set the variable or the file that it names, and spell it as the place where it stands wants it"},
	{isQuoted,
		"the key has quotes around it; remove them (docker --env-file and systemd's EnvironmentFile differ in whether they do)"},
	{func(s string) bool { return strings.ContainsAny(s, " \t\r\n\v\f") },
		"the key has a space or a newline inside; write it in one piece, as `openssl rand -base64 32` prints it"},
	{func(s string) bool { return isHex(s) && (len(s) == 48 || len(s) == 64) },
		"the key is hexadecimal; convert it with `xxd -r -p | base64`, on the Next.js side as well"},
	{func(s string) bool { return strings.ContainsAny(s, "-_") },
		"the key is in the URL-safe alphabet; write + for - and / for _, which gives the same key"},
	{func(s string) bool { return strings.Contains(strings.TrimRight(s, "="), "=") },
		"the key has a = in the middle; two keys may have been joined"},
	{func(s string) bool { return strings.HasSuffix(s, "===") },
		"the key ends with more than two =; remove all but those that make its length a multiple of 4"},
	{func(s string) bool { return len(s)%4 != 0 && strings.HasSuffix(s, "=") },
		"the key's = at the end do not fit its length; a part of it may be missing"},
	{func(s string) bool { return len(s)%4 == 1 },
		"the key's length is not one of base64; a part of it is missing"},
	{func(s string) bool { return len(s)%4 != 0 },
		"the key lacks its padding; add = until its length is a multiple of 4, which gives the same key"},
}

// isPlaceholder recognises {env.X}, {$X}, $X, ${X} and %X%.
func isPlaceholder(s string) bool {
	return strings.ContainsAny(s, "{}$") || len(s) > 2 && s[0] == '%' && s[len(s)-1] == '%'
}

func isQuoted(s string) bool {
	for _, quote := range []string{`"`, `'`, "`", "“", "”", "‘", "’"} {
		if strings.HasPrefix(s, quote) || strings.HasSuffix(s, quote) {
			return true
		}
	}
	return false
}

func isHex(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func notBase64(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '+' && r != '/' && r != '='
}
