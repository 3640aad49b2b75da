package keyring_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/keyring"
)

// numbered makes the n-th of many different keys.
func numbered(t testing.TB, n int) keyring.Key {
	t.Helper()
	key, err := keyring.ParseNextKey(base64.StdEncoding.EncodeToString(append(drawn[:31:31], byte(n))))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestNewRing(t *testing.T) {
	a, b := numbered(t, 1), numbered(t, 2)
	many := func(n int) (entries []keyring.Entry) {
		for i := range n {
			entries = append(entries, keyring.Entry{Key: numbered(t, i), State: keyring.Enabled})
		}
		return entries
	}
	type entries = []keyring.Entry
	for _, tc := range []struct {
		is      string
		entries entries
		states  string // of the ring, in order; empty: refused
		says    string
	}{
		{"no keys", nil, "", ""},
		{"one that seals and one that opens", entries{{a, keyring.Primary}, {b, keyring.Enabled}}, "primary enabled", ""},
		{"keys that open only", entries{{a, keyring.Build}, {b, keyring.Pending}}, "build pending", ""},
		{"a manifest names the configured key", entries{{a, keyring.Primary}, {a, keyring.Build}}, "primary", ""},
		{"a manifest that comes first names the configured key", entries{{a, keyring.Build}, {b, keyring.Enabled}, {a, keyring.Primary}}, "primary enabled", ""},
		{"a manifest names a revoked key", entries{{a, keyring.Build}, {a, keyring.Disabled}}, "disabled", ""},
		{"a revoked key is named again", entries{{a, keyring.Disabled}, {a, keyring.Primary}}, "disabled", ""},
		{"two keys that seal", entries{{a, keyring.Primary}, {b, keyring.Primary}}, "", "two different keys"},
		{"one key that seals, twice", entries{{a, keyring.Primary}, {a, keyring.Primary}}, "primary", ""},
		{"a destroyed key", entries{{a, keyring.Destroyed}}, "", `cannot be used as "destroyed"`},
		{"a state that is none", entries{{a, "current"}}, "", `cannot be used as "current"`},
		{"no key at all", entries{{keyring.Key{}, keyring.Primary}}, "", "no key cannot"},
		{"as many as a call tries", many(32), strings.TrimSpace(strings.Repeat("enabled ", 32)), ""},
		{"more than a call tries", many(33), "", "33 keys are too many"},
	} {
		ring, err := keyring.NewRing(tc.entries...)
		if tc.says != "" {
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: %v, want %q", tc.is, err, tc.says)
			}
			continue
		}
		var states []string
		for _, e := range ring.Entries() {
			states = append(states, string(e.State))
		}
		if got := strings.Join(states, " "); err != nil || got != tc.states || ring.Len() != len(states) {
			t.Errorf("%s: %q, %v, want %q", tc.is, got, err, tc.states)
		}
		if _, seals := ring.Primary(); seals != strings.Contains(tc.states, "primary") {
			t.Errorf("%s: seals is %v", tc.is, seals)
		}
	}
}

func TestRingOpensWithTheRightKeyWithinTheLimit(t *testing.T) {
	var entries []keyring.Entry
	for i := range 5 {
		entries = append(entries, keyring.Entry{Key: numbered(t, i), State: keyring.Enabled})
	}
	entries[4].State = keyring.Disabled
	ring, err := keyring.NewRing(entries...)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range append(entries, keyring.Entry{Key: numbered(t, 9)}) {
		sealed, err := e.Key.Seal(bytes.NewReader(drawn), []byte("plain"))
		if err != nil {
			t.Fatal(err)
		}
		for limit := range 7 {
			plaintext, by, tried := ring.Open(bytes.Clone(sealed), limit)
			opens := i < 5 && i < limit
			want := min(limit, 5)
			if opens {
				want = i + 1
			}
			if opens != (string(plaintext) == "plain") || opens && (by.State != e.State || by.Key.Fingerprint() != e.Key.Fingerprint()) || !opens && by.State != "" || tried != want {
				t.Errorf("key %d, limit %d: %q by %v, %d tried", i, limit, plaintext, by.State, tried)
			}
		}
	}
}

func TestARingDoesNotChangeThroughWhatItReturns(t *testing.T) {
	ring, err := keyring.NewRing(keyring.Entry{Key: numbered(t, 1), State: keyring.Disabled})
	if err != nil {
		t.Fatal(err)
	}
	ring.Entries()[0].State = keyring.Primary
	if _, ok := ring.Primary(); ok {
		t.Error("a revoked key seals")
	}
}
