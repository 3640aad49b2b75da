package keyring_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/keyring"
)

const now = 1767225600

// counting is not random, and good enough for ids and keys of tests.
type counting struct{ n byte }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		c.n += 151
		p[i] = c.n ^ byte(i*i)
	}
	return len(p), nil
}

func generate(t *testing.T, purpose keyring.Purpose) keyring.Keyset {
	t.Helper()
	set, err := keyring.Generate(purpose, &counting{}, now)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func wrappingKey(t *testing.T, seed byte) keyring.WrappingKey {
	t.Helper()
	text, err := keyring.InsecureGenerateCleartextWrappingKey(&counting{seed}, now)
	if err != nil {
		t.Fatal(err)
	}
	wrapping, err := keyring.ParseWrappingKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return wrapping
}

func states(set keyring.Keyset) string {
	var states []string
	for _, info := range set.List() {
		states = append(states, string(info.State))
	}
	return strings.Join(states, " ")
}

// TestTheLifeOfAKey walks one keyset of each purpose through every change, and
// tries each change that is not allowed on the way.
func TestTheLifeOfAKey(t *testing.T) {
	for _, purpose := range keyring.Purposes() {
		random := &counting{}
		set, err := keyring.Generate(purpose, random, now)
		if err != nil {
			t.Fatal(err)
		}
		first := set.List()[0].ID
		set, second, err := set.Add(random, now+60)
		if err != nil {
			t.Fatal(err)
		}
		steps := []struct {
			is     string
			verb   string
			id     uint32
			states string
		}{
			{"the primary key cannot be revoked", "disable", first, ""},
			{"a pending key cannot be enabled", "enable", second, ""},
			{"a pending key cannot be destroyed", "destroy", second, ""},
			{"an unknown key cannot be promoted", "promote", 1, ""},
			{"promoting the primary key changes nothing", "promote", first, "primary pending"},
			{"promoting moves the seal", "promote", second, "enabled primary"},
			{"the key before can seal again", "promote", first, "primary enabled"},
			{"and back", "promote", second, "enabled primary"},
			{"an enabled key cannot be destroyed", "destroy", first, ""},
			{"an enabled key can be revoked", "disable", first, "disabled primary"},
			{"twice is as once", "disable", first, "disabled primary"},
			{"a revoked key cannot be promoted", "promote", first, ""},
			{"revoking can be taken back", "enable", first, "enabled primary"},
			{"and done again", "disable", first, "disabled primary"},
			{"a revoked key can be destroyed", "destroy", first, "primary destroyed"},
			{"a destroyed key cannot come back", "enable", first, ""},
			{"nor be destroyed again", "destroy", first, ""},
		}
		for _, step := range steps {
			do := map[string]func(uint32) (keyring.Keyset, error){
				"promote": set.Promote, "disable": set.Disable, "enable": set.Enable, "destroy": set.Destroy,
			}[step.verb]
			before := states(set)
			changed, err := do(step.id)
			if step.states == "" {
				if err == nil || states(set) != before {
					t.Errorf("%s: %s: %v, %s", purpose, step.is, err, states(set))
				}
				continue
			}
			if err != nil || states(changed) != step.states {
				t.Fatalf("%s: %s: %q, %v, want %q", purpose, step.is, states(changed), err, step.states)
			}
			if states(set) != before {
				t.Fatalf("%s: %s: the keyset from before changed", purpose, step.is)
			}
			set = changed
		}
		list := set.List()
		if list[0].Created != now+60 || list[0].Bits != 256 || list[1].Created != now || list[1].ID != first || len(list[1].Fingerprint) != 8 {
			t.Errorf("%s: the list is %+v", purpose, list)
		}
	}
}

func TestKeysetsAreWrittenAndRead(t *testing.T) {
	wrapping, other := wrappingKey(t, 1), wrappingKey(t, 2)
	for _, purpose := range keyring.Purposes() {
		set, _, err := generate(t, purpose).Add(&counting{9}, now+1)
		if err != nil {
			t.Fatal(err)
		}
		for _, encoding := range []keyring.Encoding{keyring.JSON, keyring.Binary} {
			encrypted, err := set.Encrypted(wrapping, encoding)
			if err != nil {
				t.Fatal(err)
			}
			cleartext, err := set.InsecureCleartext(encoding)
			if err != nil {
				t.Fatal(err)
			}
			wrong := keyring.OwnClosures
			if purpose == wrong {
				wrong = keyring.NextClosures
			}
			for _, tc := range []struct {
				is      string
				purpose keyring.Purpose
				data    []byte
				notes   []byte
				key     keyring.WrappingKey
				says    string // empty: read
			}{
				{"as written", purpose, encrypted, set.Notes(), wrapping, ""},
				{"without notes", purpose, encrypted, nil, wrapping, ""},
				{"with another wrapping key", purpose, encrypted, nil, other, "another wrapping key"},
				{"without a wrapping key", purpose, encrypted, nil, keyring.WrappingKey{}, "no wrapping key"},
				{"for another purpose", wrong, encrypted, nil, wrapping, "is not one for"},
				{"for no purpose", "closures", encrypted, nil, wrapping, "no purpose"},
				{"in the clear", purpose, cleartext, nil, wrapping, "is not encrypted"},
				{"empty", purpose, nil, nil, wrapping, "is empty"},
				{"cut in half", purpose, encrypted[:len(encrypted)/2], nil, wrapping, "cannot be read"},
				{"with a byte changed", purpose, changed(encrypted), nil, wrapping, "cannot be read"},
				{"far too large", purpose, make([]byte, 1<<21), nil, wrapping, "too large"},
				{"with notes that are none", purpose, encrypted, []byte("[]"), wrapping, "wrong type"},
			} {
				got, err := keyring.ReadKeyset(tc.purpose, tc.data, tc.notes, tc.key)
				if tc.says != "" {
					if err == nil || !strings.Contains(err.Error(), tc.says) {
						t.Errorf("%s %s %s: %v, want %q", purpose, encoding, tc.is, err, tc.says)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s %s %s: %v", purpose, encoding, tc.is, err)
					continue
				}
				if tc.notes != nil && fmt.Sprint(got.List()) != fmt.Sprint(set.List()) {
					t.Errorf("%s %s: %v, want %v", purpose, encoding, got.List(), set.List())
				}
				if tc.notes == nil && states(got) != "primary enabled" {
					t.Errorf("%s %s without notes: %s", purpose, encoding, states(got))
				}
			}
			again, err := keyring.InsecureReadCleartextKeyset(purpose, cleartext, set.Notes())
			if err != nil || fmt.Sprint(again.List()) != fmt.Sprint(set.List()) {
				t.Errorf("%s %s in the clear: %v, %v", purpose, encoding, again.List(), err)
			}
		}
	}
}

// changed flips one bit in the middle, which in JSON is inside of the base64.
func changed(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)/3] ^= 1
	return data
}

// TestErrorsOfKeysetsShowNothingOfTheFile: Tink's JSON parser quotes what it
// does not understand, and in a keyset that may be a key.
func TestErrorsOfKeysetsShowNothingOfTheFile(t *testing.T) {
	text := fmt.Sprintf(`{"primaryKeyId":1,"key":[{"keyData":{"value":%q}},!]}`, textOf(32))
	for is, data := range map[string]string{
		"not quite JSON":            text,
		"a key as a member":         fmt.Sprintf(`{%q:1}`, textOf(32)),
		"a key as an encrypted set": fmt.Sprintf(`{"encryptedKeyset":"%s!"}`, textOf(32)),
	} {
		for _, purpose := range keyring.Purposes() {
			_, err := keyring.ReadKeyset(purpose, []byte(data), nil, wrappingKey(t, 1))
			_, err2 := keyring.InsecureReadCleartextKeyset(purpose, []byte(data), nil)
			_, err3 := keyring.ParseWrappingKey([]byte(data))
			_, err4 := keyring.InsecureReadCleartextKeyset(purpose, []byte(data), []byte(data))
			for _, err := range []error{err, err2, err3, err4} {
				if err == nil {
					t.Fatalf("%s was read", is)
				}
				refuseLeak(t, is, err.Error(), textOf(32))
			}
		}
	}
}

func TestKeysAreNotMadeWithoutRandomness(t *testing.T) {
	broken := errors.New("broken")
	for _, purpose := range []keyring.Purpose{keyring.OwnClosures, keyring.NextClosures} {
		random := io.MultiReader(strings.NewReader("x"), failing{broken})
		if _, err := keyring.Generate(purpose, random, 1); !errors.Is(err, broken) {
			t.Errorf("%s: %v", purpose, err)
		}
	}
}

func TestImportNext(t *testing.T) {
	for _, n := range []int{16, 24, 32} {
		key := keyOf(t, n)
		set, id, err := keyring.Keyset{}.ImportNext(key, now)
		if err != nil {
			t.Fatal(err)
		}
		if info := set.List()[0]; info.ID != id || info.State != keyring.Primary || info.Fingerprint != key.Fingerprint() || info.Bits != 8*n {
			t.Errorf("%d bytes: %+v", n, info)
		}
		if _, _, err := set.ImportNext(key, now); err == nil {
			t.Errorf("%d bytes: imported twice", n)
		}
		set, _, err = set.ImportNext(numbered(t, 7), now)
		if err != nil || states(set) != "primary enabled" {
			t.Errorf("%d bytes: %s, %v", n, states(set), err)
		}
		set, pending, err := set.Add(&counting{}, now)
		if err != nil {
			t.Fatal(err)
		}
		if set, err = roundTrip(t, set); err != nil {
			t.Fatal(err)
		}
		entries, err := set.NextEntries()
		if err != nil || len(entries) != 3 || entries[0].State != keyring.Primary ||
			entries[0].Key.InsecureNextText() != key.InsecureNextText() ||
			entries[1].State != keyring.Pending || entries[2].Key.Fingerprint() != numbered(t, 7).Fingerprint() {
			t.Errorf("%d bytes: entries %v, %v", n, entries, err)
		}
		if _, err := keyring.NewRing(entries...); err != nil {
			t.Error(err)
		}
		if set, err = set.Disable(pending); err != nil {
			t.Fatal(err)
		}
		if entries, err := set.NextEntries(); err != nil || entries[1].State != keyring.Disabled {
			t.Errorf("%d bytes: a revoked key is missing or live: %v, %v", n, entries, err)
		}
	}
	if _, _, err := generate(t, keyring.OwnClosures).ImportNext(keyOf(t, 32), now); err == nil {
		t.Error("a Next key went into a keyset of ours")
	}
	if _, _, err := (keyring.Keyset{}).ImportNext(keyring.Key{}, now); err == nil {
		t.Error("no key was imported")
	}
}

// roundTrip writes a keyset to files and reads it back.
func roundTrip(t *testing.T, set keyring.Keyset) (keyring.Keyset, error) {
	t.Helper()
	wrapping := wrappingKey(t, 1)
	data, err := set.Encrypted(wrapping, keyring.JSON)
	if err != nil {
		t.Fatal(err)
	}
	return keyring.ReadKeyset(set.Purpose(), data, set.Notes(), wrapping)
}

func TestOwnKeys(t *testing.T) {
	random := &counting{}
	before, err := keyring.Generate(keyring.OwnClosures, random, now)
	if err != nil {
		t.Fatal(err)
	}
	old := before.List()[0]
	sealed, err := own(t, before).Encrypt([]byte("plain"), []byte("here"))
	if err != nil {
		t.Fatal(err)
	}
	pending, id, err := before.Add(random, now)
	if err != nil {
		t.Fatal(err)
	}
	promoted, err := pending.Promote(id)
	if err != nil {
		t.Fatal(err)
	}
	disabled, err := promoted.Disable(old.ID)
	if err != nil {
		t.Fatal(err)
	}
	destroyed, err := disabled.Destroy(old.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		is         string
		set        keyring.Keyset
		sealed     []byte
		associated string
		state      keyring.State
		opens      bool
	}{
		{"under its key", before, sealed, "here", keyring.Primary, true},
		{"beside a pending key", pending, sealed, "here", keyring.Primary, true},
		{"after another key was promoted", promoted, sealed, "here", keyring.Enabled, true},
		{"after its key was revoked", disabled, sealed, "here", keyring.Disabled, true},
		{"after its key was destroyed", destroyed, sealed, "here", "", false},
		{"with other associated data", before, sealed, "there", keyring.Primary, false},
		{"with a byte changed", before, changed(sealed), "here", keyring.Primary, false},
		{"with another prefix", before, append([]byte{0}, sealed[1:]...), "here", "", false},
		{"cut off behind the key's id", before, sealed[:5], "here", keyring.Primary, false},
		{"nothing", before, nil, "here", "", false},
	} {
		plaintext, by, ok := own(t, tc.set).Decrypt(tc.sealed, []byte(tc.associated))
		if ok != tc.opens || by.State != tc.state || ok && (string(plaintext) != "plain" || by.ID != old.ID || by.Fingerprint != old.Fingerprint) {
			t.Errorf("%s: %q by %+v, %v", tc.is, plaintext, by, ok)
		}
	}
	if _, _, ok := (keyring.OwnKeys{}).Decrypt(sealed, nil); ok {
		t.Error("no keys open")
	}
	if _, err := (keyring.OwnKeys{}).Encrypt(nil, nil); err == nil {
		t.Error("no keys seal")
	}
	if _, err := generate(t, keyring.NextClosures).Own(); err == nil {
		t.Error("Next keys became ours")
	}
}

func own(t *testing.T, set keyring.Keyset) keyring.OwnKeys {
	t.Helper()
	keys, err := set.Own()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestNotesAreReadStrictly(t *testing.T) {
	set := generate(t, keyring.OwnClosures)
	cleartext, err := set.InsecureCleartext(keyring.Binary)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ is, notes, says string }{
		{"none", "", ""},
		{"white space", " \n", ""},
		{"no keys", `{"version":1,"keys":[]}`, ""},
		{"white space between", "{ \"version\" : 1,\n\"keys\":[ { \"id\":7 } ] }\n", ""},
		{"no version", `{"keys":[]}`, "version 1"},
		{"a later version", `{"version":2,"keys":[]}`, "version 1"},
		{"an unknown member", `{"version":1,"key":[]}`, "unknown member"},
		{"another case", `{"Version":1,"keys":[]}`, "unknown member"},
		{"a member twice", `{"version":1,"version":1}`, "not valid JSON"},
		{"a state that is Tink's", `{"version":1,"keys":[{"id":1,"state":"primary"}]}`, "state other"},
		{"an id that is too large", `{"version":1,"keys":[{"id":4294967296}]}`, "not a key's"},
		{"a fraction", `{"version":1,"keys":[{"id":1.5}]}`, "positive integer"},
		{"a negative time", `{"version":1,"keys":[{"created":-1}]}`, "positive integer"},
		{"a text for a number", `{"version":"1"}`, "wrong type"},
		{"a fingerprint that is none", `{"version":1,"keys":[{"fingerprint":"12345"}]}`, "fingerprint"},
		{"something behind", `{"version":1,"keys":[]} {}`, "behind their end"},
		{"cut off", `{"version":1,"keys":[`, "not valid JSON"},
		{"too many", `{"version":1,"keys":[` + strings.Repeat(" ", 1<<17), "too large"},
	} {
		_, err := keyring.InsecureReadCleartextKeyset(keyring.OwnClosures, cleartext, []byte(tc.notes))
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", tc.is, err, tc.says)
		}
	}
}
