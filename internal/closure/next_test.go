package closure_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/vectors"
)

const (
	id       = "60abababababababababababababababababababab"
	otherID  = "60cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	legacyID = "b393206531a71c8c94ca58f861732708c87a5cf8"
	flight   = "0:[\"usr_1\",500]\n"
)

// keyOf makes a key of n bytes; no two seeds give the same.
func keyOf(t testing.TB, n int, seed byte) keyring.Key {
	t.Helper()
	key, err := keyring.ParseNextKey(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{seed}, n)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ringOf(t testing.TB, entries ...keyring.Entry) keyring.Ring {
	t.Helper()
	ring, err := keyring.NewRing(entries...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func single(t testing.TB, key keyring.Key) keyring.Ring {
	t.Helper()
	return ringOf(t, keyring.Entry{Key: key, State: keyring.Primary})
}

// nonces gives the same bytes each time, where a test wants no others.
func nonces() io.Reader { return bytes.NewReader([]byte("0123456789abcdef")) }

func seal(t testing.TB, key keyring.Key, actionID, stream string) string {
	t.Helper()
	sealed, err := closure.SealNext(nonces(), key, actionID, []byte(stream))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func reasonOf(err *reject.Error) reject.Reason {
	if err == nil {
		return ""
	}
	return err.Reason
}

// TestVectors opens the sealed values of ../vectors/spec/sealed.jsonl. Those
// named page-… were rendered by real Next.js servers; the others were made with
// WebCrypto under a fixed nonce, and what Next itself says of them is recorded:
// `flight`, or `error`.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("../vectors/spec/sealed.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	// How our words follow from Next's errors is told here, row by row.
	refused := map[string]reject.Reason{
		"wrong-action-id": closure.ActionMismatch,
		"tag-flipped":     closure.KeyUnknown,
		"iv-flipped":      closure.KeyUnknown,
		"truncated":       closure.Malformed,
		"base64url":       closure.Malformed,
		"wrong-key":       closure.KeyUnknown,
	}
	respelled := map[string]bool{"base64-unpadded": true, "base64-whitespace": true}
	rows := 0
	for line := range bytes.Lines(data) {
		var v struct {
			Name, KeyBase64, ActionID, Sealed, Error string
			Flight                                   *string
		}
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		rows++
		key, err := keyring.ParseNextKey(v.KeyBase64)
		if v.Name == "key-15-bytes" {
			if err == nil {
				t.Errorf("%s: the key is taken", v.Name)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		opened, refusal := closure.OpenNext(single(t, key), v.ActionID, v.Sealed)
		if v.Flight == nil {
			if want := refused[v.Name]; want == "" || reasonOf(refusal) != want {
				t.Errorf("%s: %v, want %q; Next says %s", v.Name, refusal, want, v.Error)
			}
			continue
		}
		if refusal != nil || string(opened.Flight) != *v.Flight || opened.ActionID != v.ActionID || opened.Canonical == respelled[v.Name] {
			t.Errorf("%s: %+v, %v", v.Name, opened, refusal)
		}
		if _, refusal := closure.OpenNext(single(t, keyOf(t, 32, 1)), v.ActionID, v.Sealed); reasonOf(refusal) != closure.KeyUnknown {
			t.Errorf("%s opens under another key: %v", v.Name, refusal)
		}
	}
	if rows < 21 {
		t.Errorf("%d rows, want at least 21", rows)
	}
}

// recordedSeal is one sealed value of the recorded traffic.
type recordedSeal struct {
	Sealed, SealedSha256, ActionID string
	SealedLength                   int
	Flight, FlightSha256           string
	StartsWithActionID             bool
	FlightTrimmed                  bool
	FlightLength                   int
}

// TestRecordedClosuresOpen opens every closure that a browser sent in the
// recorded traffic: under the app's key to what the app sealed, and under no
// other key.
func TestRecordedClosuresOpen(t *testing.T) {
	exchanges, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := vectors.Keys()
	if err != nil {
		t.Fatal(err)
	}
	var right, wrong = map[string]keyring.Ring{}, map[string]keyring.Ring{}
	for name, text := range texts {
		key, err := keyring.ParseNextKey(text)
		if err != nil {
			t.Fatal(err)
		}
		right[name] = single(t, key)
		others := []keyring.Entry{{Key: keyOf(t, 32, 1), State: keyring.Enabled}}
		for other, text := range texts {
			if key, err := keyring.ParseNextKey(text); err == nil && other != name {
				others = append(others, keyring.Entry{Key: key, State: keyring.Enabled})
			}
		}
		wrong[name] = ringOf(t, others...)
	}
	handMade := map[string]reject.Reason{
		"g_seal_noid":     closure.Malformed, // no id inside, and so too short for one
		"g_seal_otherid":  closure.ActionMismatch,
		"g_fseal_otherid": closure.ActionMismatch,
	}
	genuine, forged := 0, map[string]int{}
	for _, e := range exchanges {
		var seals []recordedSeal
		if len(e.Expected.SealedInRequest) > 0 {
			if err := json.Unmarshal(e.Expected.SealedInRequest, &seals); err != nil {
				t.Fatalf("%s: %v", e.ID, err)
			}
		}
		for _, s := range seals {
			text, ok := s.find(e)
			if !ok {
				t.Errorf("%s: the closure is not in the body", e.ID)
				continue
			}
			if !s.StartsWithActionID { // hand-made, under the right key
				forged[e.Scenario]++
				_, refusal := closure.OpenNext(right[e.KeyName], e.ActionID, text)
				if want := handMade[e.Scenario]; want == "" || reasonOf(refusal) != want {
					t.Errorf("%s: %v, want %q", e.ID, refusal, want)
				}
				continue
			}
			genuine++
			opened, refusal := closure.OpenNext(right[e.KeyName], s.ActionID, text)
			if refusal != nil || !opened.Canonical || opened.ActionID != s.ActionID || !s.holds(opened.Flight) {
				t.Errorf("%s: %+v, %v", e.ID, opened, refusal)
			}
			if _, refusal := closure.OpenNext(wrong[e.KeyName], s.ActionID, text); reasonOf(refusal) != closure.KeyUnknown {
				t.Errorf("%s opens under another key: %v", e.ID, refusal)
			}
		}
	}
	if genuine < 559 || len(forged) != len(handMade) {
		t.Errorf("%d closures and %v, want at least 559 and all hand-made ones", genuine, forged)
	}
}

var base64Run = regexp.MustCompile(`[A-Za-z0-9+/]{60,}=*`)

// find takes the sealed text out of the body.
func (s recordedSeal) find(e vectors.Exchange) (string, bool) {
	for _, run := range base64Run.FindAll(e.Request.Body, -1) {
		digest := sha256.Sum256(run)
		if string(run) == s.Sealed || s.Sealed == "" && len(run) == s.SealedLength && hex.EncodeToString(digest[:]) == s.SealedSha256 {
			return string(run), true
		}
	}
	return "", false
}

// holds compares the plaintext, or its hash where that is all that was kept.
func (s recordedSeal) holds(stream []byte) bool {
	if !s.FlightTrimmed {
		return string(stream) == s.Flight
	}
	digest := sha256.Sum256(stream)
	return len(stream) == s.FlightLength && hex.EncodeToString(digest[:]) == s.FlightSha256 && bytes.HasPrefix(stream, []byte(s.Flight))
}

func TestOpenNext(t *testing.T) {
	key, old, revoked := keyOf(t, 32, 2), keyOf(t, 24, 3), keyOf(t, 16, 4)
	ring := ringOf(t, keyring.Entry{Key: key, State: keyring.Primary}, keyring.Entry{Key: old, State: keyring.Enabled},
		keyring.Entry{Key: revoked, State: keyring.Disabled})
	raw := func(plaintext string) string {
		sealed, err := key.Seal(nonces(), []byte(plaintext))
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(sealed)
	}
	for _, tc := range []struct {
		is, id, sealed string
		reason         reject.Reason
		by             keyring.Key
	}{
		{"sealed with the primary key", id, seal(t, key, id, flight), "", key},
		{"sealed with a key from before", id, seal(t, old, id, flight), "", old},
		{"an id of Next 14", legacyID, seal(t, key, legacyID, flight), "", key},
		{"no values", id, seal(t, key, id, ""), "", key},
		{"sealed with a revoked key", id, seal(t, revoked, id, flight), closure.KeyDisabled, revoked},
		{"sealed with a key that is not here", id, seal(t, keyOf(t, 32, 9), id, flight), closure.KeyUnknown, keyring.Key{}},
		{"sealed for another action", id, seal(t, key, otherID, flight), closure.ActionMismatch, key},
		{"an id of Next 14 under one of 16", id, seal(t, key, legacyID, flight), closure.ActionMismatch, key},
		{"a revoked key and another action: the key comes first", id, seal(t, revoked, otherID, flight), closure.KeyDisabled, revoked},
		{"an id in capitals", strings.ToUpper(id), raw(strings.ToUpper(id) + flight), closure.ActionMismatch, key},
		{"an empty id, which everything begins with", "", seal(t, key, id, flight), closure.ActionMismatch, key},
		{"no id inside", id, raw(strings.Repeat("x", 60)), closure.ActionMismatch, key},
		{"an id behind a byte order mark, which Next drops", id, raw("\ufeff" + id + flight), closure.ActionMismatch, key},
		{"bytes that are not UTF-8, which Next replaces", id, raw(id + "0:\"\xff\"\n"), closure.Malformed, key},
		{"nothing", id, "", closure.Malformed, keyring.Key{}},
		{"a sealed value too short to hold an id", id, raw("short"), closure.Malformed, keyring.Key{}},
		{"the URL-safe alphabet", id, strings.NewReplacer("+", "-", "/", "_").Replace(seal(t, key, id, flight+"?")) + "-", closure.Malformed, keyring.Key{}},
	} {
		opened, err := closure.OpenNext(ring, tc.id, tc.sealed)
		if reasonOf(err) != tc.reason {
			t.Errorf("%s: %v, want %q", tc.is, err, tc.reason)
			continue
		}
		if err == nil && (opened.ActionID != tc.id || opened.Key != tc.by.Fingerprint() || !opened.Canonical || !opened.State.Live()) {
			t.Errorf("%s: %+v", tc.is, opened)
		}
		if err != nil && (opened.Flight != nil || err.Stage != "closure") {
			t.Errorf("%s: a refusal comes with %+v", tc.is, opened)
		}
		if err != nil && !tc.by.IsZero() && (len(err.Facts) != 1 || err.Facts[0] != reject.Fact{Name: "key", Value: tc.by.Fingerprint()}) {
			t.Errorf("%s: the log does not name the key: %v", tc.is, err.Facts)
		}
	}
}

func TestSealNextRefuses(t *testing.T) {
	key := keyOf(t, 32, 2)
	broken := errors.New("broken")
	for _, tc := range []struct {
		is     string
		random io.Reader
		key    keyring.Key
		id     string
		flight string
	}{
		{"no key", nonces(), keyring.Key{}, id, flight},
		{"what is not an id", nonces(), key, "createInvoice", flight},
		{"an id in capitals", nonces(), key, strings.ToUpper(id), flight},
		{"values that are not text", nonces(), key, id, "\xff"},
		{"a nonce that is too short", strings.NewReader("short"), key, id, flight},
		{"randomness that fails", failing{broken}, key, id, flight},
	} {
		if sealed, err := closure.SealNext(tc.random, tc.key, tc.id, []byte(tc.flight)); err == nil || sealed != "" {
			t.Errorf("%s: %q, %v", tc.is, sealed, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestSpellings: what atob reads is read, for Next reads it; only Next's own
// spelling is canonical.
func TestSpellings(t *testing.T) {
	key := keyOf(t, 32, 2)
	ring := single(t, key)
	var byPadding [3]string // a closure that ends with none, one and two =
	for n := range 3 {
		s := seal(t, key, id, flight+strings.Repeat(" ", n))
		byPadding[strings.Count(s, "=")] = s
	}
	none, one, two := byPadding[0], byPadding[1], byPadding[2]
	stray := func(s string, bits byte) string { // sets bits that belong to no byte
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		at := len(strings.TrimRight(s, "=")) - 1
		return s[:at] + string(alphabet[byte(strings.IndexByte(alphabet, s[at]))|bits]) + s[at+1:]
	}
	for _, tc := range []struct {
		is, text         string
		opens, canonical bool
	}{
		{"without need for padding", none, true, true},
		{"with one =", one, true, true},
		{"with two =", two, true, true},
		{"with its one = missing", strings.TrimRight(one, "="), true, false},
		{"with both = missing", strings.TrimRight(two, "="), true, false},
		{"with one of two = missing", strings.TrimSuffix(two, "="), false, false},
		{"with = where none belongs", none + "=", false, false},
		{"with two = where none belong", none + "==", false, false},
		{"with four = where none belong", none + "====", false, false},
		{"with a = too much", one + "=", false, false},
		{"with = in the middle", one[:40] + "=" + one[40:], false, false},
		{"with spaces inside", one[:40] + "  " + one[40:], true, false},
		{"with a tab in front", "\t" + one, true, false},
		{"with a newline behind", one + "\n", true, false},
		{"with a carriage return inside", one[:3] + "\r" + one[3:], true, false},
		{"with a form feed inside", one[:3] + "\f" + one[3:], true, false},
		{"with a newline between its =", two[:len(two)-1] + "\n=", true, false},
		{"with a newline in place of its =", strings.TrimRight(one, "=") + "\n", true, false},
		{"with a vertical tab, which is no white space", one[:3] + "\v" + one[3:], false, false},
		{"with a no-break space, which is none either", one[:4] + "\u00a0" + one[4:], false, false},
		{"with a NUL", one[:4] + "\x00" + one[4:], false, false},
		{"with stray bits before one =", stray(one, 1), true, false},
		{"with stray bits before two =", stray(two, 8), true, false},
		{"with stray bits and no =", strings.TrimRight(stray(two, 15), "="), true, false},
		{"with a character missing", one[1:], false, false},
		{"in the URL-safe alphabet", "-" + one[1:], false, false},
		{"percent-encoded", strings.Replace(one, "=", "%3D", 1), false, false},
	} {
		opened, err := closure.OpenNext(ring, id, tc.text)
		if (err == nil) != tc.opens || err == nil && opened.Canonical != tc.canonical {
			t.Errorf("%s: canonical %v, %v", tc.is, opened.Canonical, err)
		}
	}
}

// TestEveryChangedBitCloses: no byte of a closure can be changed.
func TestEveryChangedBitCloses(t *testing.T) {
	key := keyOf(t, 32, 2)
	ring := single(t, key)
	sealed, err := base64.StdEncoding.DecodeString(seal(t, key, id, flight))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(sealed) {
		sealed[i/8] ^= 1 << (i % 8)
		if _, err := closure.OpenNext(ring, id, base64.StdEncoding.EncodeToString(sealed)); reasonOf(err) != closure.KeyUnknown {
			t.Errorf("bit %d: %v", i, err)
		}
		sealed[i/8] ^= 1 << (i % 8)
	}
	for i := range sealed {
		if _, err := closure.OpenNext(ring, id, base64.StdEncoding.EncodeToString(sealed[:i])); err == nil {
			t.Errorf("opens when cut to %d bytes", i)
		}
	}
}
