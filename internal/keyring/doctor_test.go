package keyring_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/keyring"
)

func TestDiagnoseNextKey(t *testing.T) {
	for _, tc := range []struct {
		is, text string
		severity keyring.Severity // empty: nothing found
		says     string
	}{
		{"a good key", textOf(32), "", ""},
		{"a key that cannot be used", textOf(15), keyring.Problem, "15 bytes"},
		{"16 bytes in hexadecimal", hex.EncodeToString(drawn[:16]), keyring.Warning, "hexadecimal"},
		{"a key written by hand", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", keyring.Warning, "by hand"},
	} {
		found := keyring.DiagnoseNextKey(tc.text)
		if tc.severity == "" {
			if len(found) != 0 {
				t.Errorf("%s: %v", tc.is, found)
			}
			continue
		}
		if len(found) != 1 || found[0].Severity != tc.severity || !strings.Contains(found[0].Says, tc.says) || found[0].Fix == "" {
			t.Errorf("%s: %v, want %s: %q", tc.is, found, tc.severity, tc.says)
		}
		for _, f := range found {
			refuseLeak(t, tc.is, f.Says+f.Fix, tc.text)
		}
	}
}

func TestDiagnose(t *testing.T) {
	const day = 24 * 60 * 60
	fresh := generate(t, keyring.NextClosures)
	pending, _, err := fresh.Add(&counting{5}, now)
	if err != nil {
		t.Fatal(err)
	}
	cleartext, err := fresh.InsecureCleartext(keyring.JSON)
	if err != nil {
		t.Fatal(err)
	}
	read := func(notes []byte) keyring.Keyset {
		set, err := keyring.InsecureReadCleartextKeyset(keyring.NextClosures, cleartext, notes)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	written, err := keyring.ParseNextKey("MDEyMzQ1Njc4OWFiY2RlZg==")
	if err != nil {
		t.Fatal(err)
	}
	byHand, _, err := keyring.Keyset{}.ImportNext(written, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		is   string
		set  keyring.Keyset
		at   int64
		says []string
	}{
		{"a fresh keyset", fresh, now, nil},
		{"with a pending key", pending, now + day, nil},
		{"no keyset", keyring.Keyset{}, now, []string{"no keyset"}},
		{"a key that sealed for two years", fresh, now + 730*day, []string{"730 days ago"}},
		{"a key that stays pending", pending, now + 30*day, []string{"pending for 30 days"}},
		{"a clock that is behind", fresh, now - day, []string{"in the future"}},
		{"no notes", read(nil), now, []string{"has no note"}},
		{"notes of another keyset", read(generate(t, keyring.OwnClosures).Notes()), now, []string{"has no note", "does not have"}},
		{"notes of another key", read([]byte(strings.Replace(string(fresh.Notes()), fresh.List()[0].Fingerprint, "00000000", 1))), now, []string{"another one than"}},
		{"a key written by hand", byHand, now, []string{"readable text"}},
	} {
		found := tc.set.Diagnose(tc.at)
		if len(found) != len(tc.says) {
			t.Errorf("%s: %v, want %q", tc.is, found, tc.says)
			continue
		}
		for i, f := range found {
			if !strings.Contains(f.Says, tc.says[i]) || f.Fix == "" {
				t.Errorf("%s: %v, want %q", tc.is, f, tc.says[i])
			}
		}
	}
}

func TestDiagnoseInstances(t *testing.T) {
	type infos = []keyring.Info
	key := func(fingerprint string, state keyring.State) keyring.Info {
		return keyring.Info{Fingerprint: fingerprint, State: state}
	}
	for _, tc := range []struct {
		is    string
		lists map[string]infos
		says  string
	}{
		{"the same everywhere", map[string]infos{"a": {key("1", keyring.Primary)}, "b": {key("1", keyring.Primary)}}, ""},
		{"one seals while one still waits", map[string]infos{"a": {key("1", keyring.Primary)}, "b": {key("1", keyring.Pending)}}, ""},
		{"a key that is destroyed on both", map[string]infos{"a": {key("1", keyring.Destroyed)}, "b": {key("1", keyring.Destroyed)}}, ""},
		{"one seals with a key that one lacks", map[string]infos{"a": {key("1", keyring.Primary)}, "b": nil}, "b does not have key 1, which another"},
		{"a pending key that has not arrived", map[string]infos{"a": {key("1", keyring.Pending)}, "b": nil}, "b does not have key 1"},
		{"a key that one has revoked", map[string]infos{"a": {key("1", keyring.Enabled)}, "b": {key("1", keyring.Disabled)}}, "key 1 is disabled on b"},
	} {
		found := keyring.DiagnoseInstances(tc.lists)
		if (tc.says == "") != (len(found) == 0) || tc.says != "" && (len(found) != 1 || !strings.HasPrefix(found[0].Says, tc.says)) {
			t.Errorf("%s: %v, want %q", tc.is, found, tc.says)
		}
	}
}
