package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gwcaddy "github.com/actiongw/actiongw/caddy"
	"github.com/actiongw/actiongw/internal/keyring"
)

// TestKeysGenerateWritesAKeyForTheOwnerAlone.
func TestKeysGenerateWritesAKeyForTheOwnerAlone(t *testing.T) {
	for bits, length := range map[string]int{"128": 24, "192": 32, "256": 44} {
		file := filepath.Join(t.TempDir(), "next.key")
		r := typed(t, "", nil, "keys", "generate", "--out", file, "--bits", bits)
		r.want(t, 0, "wrote "+file)
		text := readSecret(t, file)
		r.wantNone(t, text)
		key, err := keyring.ParseNextKey(text)
		if err != nil || len(text) != length || !strings.Contains(r.out, key.Fingerprint()) {
			t.Errorf("%s bits: %d characters, %v\n%s", bits, len(text), err, r.out)
		}
		again := typed(t, "", nil, "keys", "generate", "--out", file)
		again.want(t, 1, "not written over")
		if readSecret(t, file) != text {
			t.Error("the key was written over")
		}
		typed(t, "", nil, "keys", "doctor", "--key-file", file, "--json").want(t, 0, key.Fingerprint(), `"usable": true`)
	}
	printed := typed(t, "", nil, "keys", "generate", "--stdout")
	printed.want(t, 0)
	if _, err := keyring.ParseNextKey(strings.TrimSpace(printed.out)); err != nil {
		t.Error(err)
	}
	typed(t, "", nil, "keys", "generate").want(t, 1, "--out is required")
	typed(t, "", nil, "keys", "generate", "--bits", "512", "--out", "x").want(t, 1, "--bits 512")
	typed(t, "", nil, "keys", "generate", "--kind", "rsa", "--out", "x").want(t, 1, "--kind")
	typed(t, "", nil, "keys", "generate", "--kind", "wrapping", "--stdout").want(t, 1, "--stdout is for a Next key")
}

// readSecret reads a file that only its owner may read.
func readSecret(t testing.TB, file string) string {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v", file, info.Mode())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestKeysets makes keysets, imports keys and lists them, as the help tells.
func TestKeysets(t *testing.T) {
	dir := t.TempDir()
	wrapping, own, next := filepath.Join(dir, "wrapping.json"), filepath.Join(dir, "own.keyset"), filepath.Join(dir, "next.keyset")
	typed(t, "", nil, "keys", "generate", "--kind", "wrapping", "--out", wrapping).want(t, 0, "wrote")
	secret := regexp.MustCompile(`"value":"([^"]+)"`).FindStringSubmatch(readSecret(t, wrapping))[1]
	with := func(args ...string) result {
		r := typed(t, "", nil, append(append([]string{"keys"}, args...), "--wrapping-key-file", wrapping)...)
		r.wantNone(t, secret)
		return r
	}

	with("generate", "--kind", "keyset", "--out", own).want(t, 0, "wrote "+own+", key ")
	readSecret(t, own)
	with("list", own).want(t, 0, "own-closures", "primary", "256", "20")
	with("doctor", "--keyset", own).want(t, 0, "can use it")

	signing := filepath.Join(dir, "assertion.keyset")
	with("generate", "--kind", "assertion", "--out", signing).want(t, 0, "wrote "+signing+", key ")
	with("list", signing).want(t, 0, "keys for assertion", "primary", "256", "20")
	with("doctor", "--keyset", signing).want(t, 0, "can use it")
	with("jwks", signing).want(t, 0, `"kty":"EC"`, `"alg":"ES256"`, `"kid":"`)
	with("jwks", signing).wantNone(t, `"d":`)
	with("jwks", own).want(t, 1, "not a keyset for assertion")

	first, second := recordedKey(t, "k32-open"), recordedKey(t, otherKey(t, recordedKey(t, "k32-open")))
	marks := []string{}
	for i, text := range []string{first, second} {
		key, err := keyring.ParseNextKey(text)
		if err != nil {
			t.Fatal(err)
		}
		marks = append(marks, key.Fingerprint())
		r := with("import-next", "--keyset", next, "--key-file", writeFile(t, "key", text+"\n"))
		r.want(t, 0, key.Fingerprint(), []string{"primary", "enabled"}[i])
		r.wantNone(t, text)
		if strings.Contains(readSecret(t, next)+readSecret(t, gwcaddy.NotesFile(next)), text) {
			t.Error("the key is in the keyset, in the clear")
		}
	}
	list := with("list", next, "--json")
	list.want(t, 0, "next-closures", marks[0], marks[1])
	list.wantNone(t, first, second)
	var listed struct{ Keys []listedKey }
	if err := json.Unmarshal([]byte(list.out), &listed); err != nil || len(listed.Keys) != 2 || listed.Keys[0].Created == "" {
		t.Errorf("%v\n%s", err, list.out)
	}

	with("import-next", "--keyset", next, "--key-file", writeFile(t, "key", first)).want(t, 1, "already")
	with("import-next", "--keyset", own, "--key-file", writeFile(t, "key", first)).want(t, 1, "own-closures")
	typed(t, first, nil, "keys", "import-next", "--keyset", filepath.Join(dir, "stdin"), "--key-file", "-", "--wrapping-key-file", wrapping).want(t, 0, marks[0])
	typed(t, "", nil, "keys", "list", next).want(t, 1, "--wrapping-key-file is required")
	other := filepath.Join(dir, "other.json")
	typed(t, "", nil, "keys", "generate", "--kind", "wrapping", "--out", other).want(t, 0)
	typed(t, "", nil, "keys", "list", next, "--wrapping-key-file", other).want(t, 1, "another wrapping key")
	if files, err := os.ReadDir(dir); err != nil || len(files) != 10 {
		t.Errorf("files were left over: %v", files)
	}
}

// TestKeysDoctorNamesTheMistake, in the environment, in a file and on standard
// input, and never shows the key.
func TestKeysDoctorNamesTheMistake(t *testing.T) {
	good := recordedKey(t, "k32-open")
	urlSafe := good[:3] + "-_" + good[5:]
	for _, c := range []struct{ name, text, says string }{
		{"hexadecimal", hex.EncodeToString([]byte(good)[:32]), "hexadecimal"},
		{"URL-safe alphabet", urlSafe, "URL-safe"},
		{"quotes", `"` + good + `"`, "quotes"},
		{"a newline", good + "\n\n", "newline"},
		{"a space inside", good[:10] + " " + good[10:], "space"},
		{"too short", good[:4] + "AAAA", "bytes"},
		{"no padding", strings.TrimRight(good, "="), "padding"},
		{"a variable that is not filled in", "${KEY}", "placeholder"},
		{"no base64", strings.Replace(good, good[:1], "*", 1), "base64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := writeFile(t, "key", c.text)
			for from, r := range map[string]result{
				nextKeyVariable:   typed(t, "", []string{nextKeyVariable + "=" + c.text}, "keys", "doctor"),
				file:              typed(t, "", nil, "keys", "doctor", "--key-file", file),
				"standard input":  typed(t, c.text, nil, "keys", "doctor", "--key-file", "-"),
				`"usable": false`: typed(t, "", []string{nextKeyVariable + "_FILE=" + file}, "keys", "doctor", "--json"),
			} {
				r.want(t, exitRefused, from, c.says, "problem")
				if len(c.text) > 10 {
					r.wantNone(t, strings.Trim(c.text, "\"\n"), good, good[5:15])
				}
			}
			inUse := typed(t, "POST / HTTP/1.1\r\n\r\n", []string{nextKeyVariable + "=" + c.text}, "inspect")
			inUse.want(t, 1, nextKeyVariable, c.says)
		})
	}
	typed(t, "", nil, "keys", "doctor").want(t, 1, "there is no key to look at")
	typed(t, "", []string{nextKeyVariable + "=" + good, nextKeyVariable + "_FILE=/x"}, "keys", "doctor").want(t, 1, "keep one")
	typed(t, "", []string{nextKeyVariable + "=" + good + "\n"}, "keys", "doctor").want(t, exitRefused, "newline")
	newline := typed(t, good+"\n", nil, "keys", "doctor", "--key-file", "-")
	newline.want(t, 0, "warning", "newline", "can use it")
	newline.wantNone(t, good)
}

// TestHelpOfEveryCommand has examples, and every command can print JSON.
func TestHelpOfEveryCommand(t *testing.T) {
	for _, command := range [][]string{
		{"inspect"}, {"actions"}, {"seal"}, {"open"},
		{"keys", "generate"}, {"keys", "list"}, {"keys", "import-next"}, {"keys", "doctor"},
		{"keys", "add"}, {"keys", "promote"}, {"keys", "disable"}, {"keys", "enable"}, {"keys", "destroy"},
	} {
		typed(t, "", nil, append(command, "--help")...).want(t, 0, "Examples:", "--json", "actiongw "+strings.Join(command, " "))
		typed(t, "", nil, append(command, "a", "b", "c")...).want(t, 1, "actiongw "+strings.Join(command, " ")+" wants", "got 3 arguments", "--help")
	}
	typed(t, "", nil, "keys", "jwks", "--help").want(t, 0, "Examples:", "actiongw keys jwks")
	typed(t, "", nil, "keys").want(t, 0, "generate", "import-next", "doctor")
	typed(t, "", nil, "keys", "genrate").want(t, 1, "genrate")
}
