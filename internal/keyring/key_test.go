package keyring_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/keyring"
)

// drawn are 32 bytes as `openssl rand` gives them; keys of tests are cut from it.
var drawn = []byte("\xdb\xa4;\xa3\x86g-L\xce~\xfdBF\xd2Q=E\xa7X\xcb\x98\x80\x10\xfa+\x9c\x0e\x1e\xd8\xbbl(")

func textOf(n int) string { return base64.StdEncoding.EncodeToString(drawn[:n]) }

func keyOf(t testing.TB, n int) keyring.Key {
	t.Helper()
	key, err := keyring.ParseNextKey(textOf(n))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestParseNextKey(t *testing.T) {
	k32 := textOf(32)
	for _, tc := range []struct {
		is, text, says string // empty: a key
	}{
		{"a key of 256 bits", k32, ""},
		{"of 192 bits", textOf(24), ""},
		{"of 128 bits", textOf(16), ""},
		{"32 hexadecimal digits, which Next takes as base64 of 24 bytes", hex.EncodeToString(drawn[:16]), ""},
		{"nothing", "", "is empty"},
		{"a variable that Caddy did not fill in", "{env.NEXT_KEY}", "placeholder"},
		{"a variable in the Caddyfile's other spelling", "{$NEXT_KEY}", "placeholder"},
		{"a variable of the shell", "$NEXT_KEY", "placeholder"},
		{"a variable of the shell in braces", "${NEXT_KEY}", "placeholder"},
		{"a variable of Windows", "%NEXT_KEY%", "placeholder"},
		{"a variable in quotes", `"$NEXT_KEY"`, "placeholder"},
		{"a keyset", `{"encryptedKeyset":"` + k32 + `"}`, "is JSON"},
		{"double quotes", `"` + k32 + `"`, "quotes"},
		{"single quotes", `'` + k32 + `'`, "quotes"},
		{"a quote at the end only", k32 + `"`, "quotes"},
		{"quotes of a word processor", "“" + k32 + "”", "quotes"},
		{"a newline at the end", k32 + "\n", "ends with a newline"},
		{"a newline of Windows at the end", k32 + "\r\n", "ends with a newline"},
		{"a space in front", " " + k32, "in front of it or behind"},
		{"a tab behind", k32 + "\t", "in front of it or behind"},
		{"a newline inside", k32[:20] + "\n" + k32[20:], "inside"},
		{"a space inside", k32[:20] + " " + k32[20:], "inside"},
		{"a byte order mark", "\ufeff" + k32, "byte order mark"},
		{"hexadecimal of 32 bytes", hex.EncodeToString(drawn), "is hexadecimal"},
		{"hexadecimal in capitals", strings.ToUpper(hex.EncodeToString(drawn)), "is hexadecimal"},
		{"hexadecimal of 24 bytes", hex.EncodeToString(drawn[:24]), "is hexadecimal"},
		{"the URL-safe alphabet", base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xfb, 0xef, 0xff}, 8)), "URL-safe"},
		{"no padding", strings.TrimRight(k32, "="), "lacks its padding"},
		{"half of the padding", strings.TrimSuffix(textOf(16), "="), "do not fit"},
		{"too much padding", k32 + "==", "more than two ="},
		{"a character missing", k32[1:], "do not fit"},
		{"a length that base64 cannot have", strings.TrimRight(k32, "=")[:41], "not one of base64"},
		{"two keys in one", k32 + k32, "in the middle"},
		{"a character of another alphabet", "!" + k32[1:], "character 1"},
		{"a letter that is not ASCII", strings.Replace(k32[4:], "=", "é", 1) + "aaa", "none of base64"},
		{"stray bits in the last character", "AAAAAAAAAAAAAAAAAAAAAB==", "stray bits"},
		{"15 bytes", textOf(15), "15 bytes"},
		{"33 bytes", base64.StdEncoding.EncodeToString(append(drawn[:32:32], 1)), "33 bytes"},
		{"padding alone", "====", "more than two ="},
	} {
		key, err := keyring.ParseNextKey(tc.text)
		switch {
		case tc.says == "" && err != nil:
			t.Errorf("%s: %v", tc.is, err)
		case tc.says == "" && (key.IsZero() || key.InsecureNextText() != tc.text):
			t.Errorf("%s: the key is not the text", tc.is)
		case tc.says != "" && (err == nil || !key.IsZero()):
			t.Errorf("%s is taken", tc.is)
		case tc.says != "" && !strings.Contains(err.Error(), tc.says):
			t.Errorf("%s: %q, want %q in it", tc.is, err, tc.says)
		case tc.says != "":
			refuseLeak(t, tc.is, err.Error(), tc.text)
		}
	}
}

// refuseLeak fails when text has 8 characters of secret in a row in it.
func refuseLeak(t *testing.T, is, text, secret string) {
	t.Helper()
	for i := 0; i+8 <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+8]) {
			t.Errorf("%s: %q shows a part of the key", is, text)
			return
		}
	}
}

func TestFingerprintsNeverChange(t *testing.T) {
	for n, want := range map[int]string{16: "83dd8499", 24: "72215027", 32: "eae6fff2"} {
		if got := keyOf(t, n).Fingerprint(); got != want {
			t.Errorf("%d bytes: %s, want %s: logs of another version name this key otherwise", n, got, want)
		}
	}
	if got := (keyring.Key{}).Fingerprint(); got != "" {
		t.Errorf("no key has the fingerprint %q", got)
	}
}

func TestSealAndOpen(t *testing.T) {
	key, other := keyOf(t, 32), keyOf(t, 16)
	sealed, err := key.Seal(bytes.NewReader(make([]byte, 16)), []byte("plain"))
	if err != nil || len(sealed) != keyring.Overhead+5 {
		t.Fatalf("%d bytes, %v", len(sealed), err)
	}
	for _, tc := range []struct {
		is     string
		key    keyring.Key
		sealed []byte
		opens  bool
	}{
		{"what was sealed", key, sealed, true},
		{"under another key", other, sealed, false},
		{"under no key", keyring.Key{}, sealed, false},
		{"cut short", key, sealed[:31], false},
		{"nothing", key, nil, false},
	} {
		plaintext, ok := tc.key.Open(nil, tc.sealed)
		if ok != tc.opens || ok && string(plaintext) != "plain" {
			t.Errorf("%s: %q, %v", tc.is, plaintext, ok)
		}
	}
	if _, err := (keyring.Key{}).Seal(bytes.NewReader(make([]byte, 16)), nil); err == nil {
		t.Error("no key seals")
	}
	broken := errors.New("broken")
	if _, err := key.Seal(io.MultiReader(strings.NewReader("x"), failing{broken}), nil); !errors.Is(err, broken) {
		t.Errorf("randomness that fails: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestNothingPrintsAKey puts every type that holds key material through every
// verb of fmt, alone and inside of other values, and through JSON.
func TestNothingPrintsAKey(t *testing.T) {
	key := keyOf(t, 32)
	ring, err := keyring.NewRing(keyring.Entry{Key: key, State: keyring.Primary})
	if err != nil {
		t.Fatal(err)
	}
	next, _, err := keyring.Keyset{}.ImportNext(key, 1)
	if err != nil {
		t.Fatal(err)
	}
	set, err := keyring.Generate(keyring.OwnClosures, bytes.NewReader(append(drawn[:32:32], 0, 0, 0, 7)), 1)
	if err != nil {
		t.Fatal(err)
	}
	own, err := set.Own()
	if err != nil {
		t.Fatal(err)
	}
	cleartext, err := set.InsecureCleartext(keyring.JSON)
	if err != nil {
		t.Fatal(err)
	}
	wrapping, err := keyring.ParseWrappingKey(cleartext)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{key, ring, next, set, own, wrapping, keyring.Entry{Key: key}} {
		for _, holder := range []any{v, &v, []any{v}, map[string]any{"k": v}, struct{ V any }{v}, struct{ v any }{v}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%t", "%e"} {
				refuseMaterial(t, fmt.Sprintf("%T with %s", v, verb), fmt.Sprintf(verb, holder))
			}
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		refuseMaterial(t, fmt.Sprintf("%T as JSON", v), string(text))
	}
	type holder struct {
		key  keyring.Key
		ring keyring.Ring
		own  keyring.OwnKeys
		next keyring.Keyset
		wrap keyring.WrappingKey
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d"} {
		refuseMaterial(t, "unexported fields with "+verb, fmt.Sprintf(verb, holder{key, ring, own, next, wrapping}))
	}
	if got := fmt.Sprint(key, keyring.Key{}); got != "key eae6fff2 no key" {
		t.Errorf("a key prints as %q", got)
	}
	refuseMaterial(t, "notes", string(set.Notes()))
	refuseMaterial(t, "list", fmt.Sprintf("%+v", set.List()))
}

// refuseMaterial looks for drawn, in the spellings in which fmt and JSON write
// bytes: a run of four is not met by chance.
func refuseMaterial(t *testing.T, is, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for i := 0; i+4 <= len(drawn); i++ {
		part := drawn[i : i+4]
		for _, spelling := range []string{
			string(part), hex.EncodeToString(part), strings.Trim(fmt.Sprint(part), "[]"), //nolint:staticcheck // the numbers are meant
			strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", part), "[]byte{"), "}"),
			strings.Trim(fmt.Sprintf("%b", part), "[]"), strings.Trim(fmt.Sprintf("%o", part), "[]"),
		} {
			if strings.Contains(lower, strings.ToLower(spelling)) {
				t.Fatalf("%s shows key material: %.200s", is, text)
			}
		}
	}
	for start := range 3 {
		whole := base64.RawStdEncoding.EncodeToString(drawn[start:])
		for i := 0; i+8 <= len(whole); i += 4 {
			if strings.Contains(text, whole[i:i+8]) {
				t.Fatalf("%s shows key material in base64: %.200s", is, text)
			}
		}
	}
}
