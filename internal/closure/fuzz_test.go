package closure_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/vectors"
)

// seals are sealed values of the recorded traffic, one of each scenario.
func seals(f *testing.F) (all []recordedSeal) {
	exchanges, err := vectors.Seeds()
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range exchanges {
		var some []recordedSeal
		if err := json.Unmarshal(e.Expected.SealedInRequest, &some); err != nil {
			f.Fatal(err)
		}
		all = append(all, some...)
	}
	if len(all) < 50 {
		f.Fatalf("only %d sealed values are recorded", len(all))
	}
	return all
}

// FuzzSealedOpens: what was sealed opens to the same, as a closure in order.
func FuzzSealedOpens(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), flight, uint8(0))
	f.Add([]byte{}, "", uint8(1))
	f.Add([]byte{0xff}, "1:\"é😀\"\n", uint8(2))
	for _, s := range seals(f) {
		f.Add([]byte("0123456789abcdef"), s.Flight, uint8(2))
	}
	f.Fuzz(func(t *testing.T, nonce []byte, stream string, size uint8) {
		if !utf8.ValidString(stream) {
			return // a Flight stream is UTF-8
		}
		key := keyOf(t, []int{16, 24, 32}[size%3], 7)
		random := bytes.NewReader(append(nonce, make([]byte, keyring.NonceSize)...))
		for _, actionID := range []string{id, legacyID} {
			sealed, err := closure.SealNext(random, key, actionID, []byte(stream))
			if err != nil {
				random.Reset(make([]byte, keyring.NonceSize))
				continue
			}
			c := closure.Candidate{Text: sealed, InPromise: true, ActionID: actionID, MaxLength: len(sealed)}
			decision, refusal := closure.Decide(single(t, key), c, 1)
			if refusal != nil || string(decision.Opened.Flight) != stream || decision.Verdict != closure.Closure {
				t.Errorf("%+v, %v", decision, refusal)
			}
			if _, refusal := closure.OpenNext(single(t, keyOf(t, 32, 8)), actionID, sealed); reasonOf(refusal) != closure.KeyUnknown {
				t.Errorf("another key: %v", refusal)
			}
		}
	})
}

// FuzzNothingElseOpens: text that was not sealed opens under no key, in either
// layout, however near it is to a sealed one; and one value has one canonical
// spelling.
func FuzzNothingElseOpens(f *testing.F) {
	key := keyOf(f, 32, 7)
	ring := single(f, key)
	genuine := seal(f, key, id, flight)
	keys, _ := keysets(f, 0)
	for _, s := range []string{"", "hello", genuine, genuine + "\n", " " + genuine, strings.TrimRight(genuine, "="), genuine[1:],
		sealedBefore, sealedBefore + "=", sealedBefore[:20], closure.Prefix, strings.Repeat("A", 96)} {
		f.Add(s)
	}
	for _, s := range seals(f) {
		f.Add(s.Sealed) // empty for those of which the hash was kept
	}
	f.Fuzz(func(t *testing.T, text string) {
		opened, err := closure.OpenNext(ring, id, text)
		switch {
		case err != nil && opened.Flight != nil:
			t.Error("a refusal comes with a plaintext")
		case err == nil && string(opened.Flight) != flight:
			t.Error("something else opened")
		case err == nil && opened.Canonical != (text == genuine):
			t.Errorf("canonical is %v", opened.Canonical)
		case err == nil && strings.Map(onlyBase64, text)[:90] != genuine[:90]:
			t.Error("another text opened")
		}
		for _, inPromise := range []bool{false, true} {
			for _, kind := range []closure.Kind{closure.MayCapture, closure.Inline, closure.Named} {
				c := closure.Candidate{Text: text, InPromise: inPromise, ActionID: id, Kind: kind, MaxLength: 1 << 20}
				decision, refusal := closure.Decide(ring, c, closure.MaxTries)
				if (decision.Verdict == closure.Closure) != (text == genuine && inPromise) {
					t.Errorf("%+v: %+v", c, decision)
				}
				// What Next would open never passes as data.
				if err == nil && refusal == nil && decision.Verdict != closure.Closure {
					t.Errorf("%+v passes as data", c)
				}
			}
		}
		want := closure.Expectation{Scope: here, Now: now, Cookies: []string{"session-1"}}
		if _, err := closure.OpenOwn(keys, want, text); (err == nil) != (text == sealedBefore) {
			t.Errorf("our layout: %v", err)
		}
	})
}

func onlyBase64(r rune) rune {
	if strings.ContainsRune(" \t\r\n\f=", r) {
		return -1
	}
	return r
}

// FuzzOwnOpens: what was sealed in our layout opens to the same bytes.
func FuzzOwnOpens(f *testing.F) {
	keys, _ := keysets(f, 0)
	f.Add([]byte(`["v41"]`), []byte(`{"/values/0":"Date"}`), "shop", "create", int64(now), int64(60), "cookie")
	f.Add([]byte(`[]`), []byte(nil), "a", "b", int64(0), int64(1), "")
	f.Fuzz(func(t *testing.T, values, types []byte, audience, action string, issued, lasts int64, cookie string) {
		c := closure.Own{Issued: issued, Expires: issued + lasts, Values: values, Types: types}
		want := closure.Expectation{Scope: closure.Scope{Audience: audience, ActionID: action}, Now: issued}
		if cookie != "" {
			c.Binding, want.Cookies = closure.Bind(cookie), []string{cookie}
		}
		sealed, err := closure.SealOwn(keys, want.Scope, c)
		if err != nil {
			return // what cannot be sealed says nothing about opening
		}
		opened, refusal := closure.OpenOwn(keys, want, sealed)
		if refusal != nil || opened.Issued != c.Issued || opened.Expires != c.Expires || opened.Binding != c.Binding ||
			!bytes.Equal(opened.Values, values) || !bytes.Equal(opened.Types, types) {
			t.Errorf("%+v, %v", opened, refusal)
		}
		want.Audience += "x"
		if _, refusal := closure.OpenOwn(keys, want, sealed); reasonOf(refusal) != closure.Altered {
			t.Errorf("another audience: %v", refusal)
		}
	})
}
