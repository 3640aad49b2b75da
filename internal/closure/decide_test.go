package closure_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reject"
)

func TestDecide(t *testing.T) {
	key, old, revoked, build := keyOf(t, 32, 2), keyOf(t, 32, 3), keyOf(t, 32, 4), keyOf(t, 32, 5)
	ring := ringOf(t, keyring.Entry{Key: key, State: keyring.Primary}, keyring.Entry{Key: old, State: keyring.Enabled},
		keyring.Entry{Key: revoked, State: keyring.Disabled}, keyring.Entry{Key: build, State: keyring.Build})
	empty := keyring.Ring{}
	good := seal(t, key, id, flight)
	picture := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a picture ", 30)))
	prose := strings.Repeat("long text of a user, ", 10)
	const promise, plain, all = true, false, closure.MaxTries
	for _, tc := range []struct {
		is        string
		ring      keyring.Ring
		text      string
		inPromise bool
		kind      closure.Kind
		tries     int
		verdict   closure.Verdict
		reason    reject.Reason
		used      int
	}{
		// What a page sends.
		{"a closure of an inline action", ring, good, promise, closure.Inline, all, closure.Closure, "", 1},
		{"a closure without a manifest", ring, good, promise, closure.MayCapture, all, closure.Closure, "", 1},
		{"a closure sealed with a key from before", ring, seal(t, old, id, flight), promise, closure.Inline, all, closure.Closure, "", 2},
		{"a closure sealed with the build's own key", ring, seal(t, build, id, flight), promise, closure.Inline, all, closure.Closure, "", 4},
		{"short text", ring, "hello", plain, closure.Inline, all, closure.Data, "", 0},
		{"short text in a promise", ring, "hello", promise, closure.Inline, all, closure.Data, "", 0},
		{"a picture in base64", ring, picture, plain, closure.Inline, all, closure.Data, "", 4},
		{"a picture without a manifest", ring, picture, plain, closure.MayCapture, all, closure.Data, "", 4},
		{"a promise of a picture for a named action", ring, picture, promise, closure.Named, all, closure.Data, "", 4},
		{"prose", ring, prose, plain, closure.Inline, all, closure.Data, "", 0},
		{"a promise of prose without a manifest", ring, prose, promise, closure.MayCapture, all, closure.Data, "", 0},
		{"a promise of prose for a named action", ring, prose, promise, closure.Named, all, closure.Data, "", 0},
		{"one character too short to be a closure", ring, strings.Repeat("A", 95), promise, closure.Inline, all, closure.Data, "", 0},
		{"long only by its white space", ring, strings.Repeat("AAAA ", 20), promise, closure.Inline, all, closure.Data, "", 0},

		// What no page sends, and Next would open.
		{"a closure that is not in a promise", ring, good, plain, closure.Inline, all, 0, closure.Misplaced, 0},
		{"a closure for an action that captures nothing", ring, good, plain, closure.Named, all, 0, closure.Misplaced, 0},
		{"a closure without padding", ring, strings.TrimRight(seal(t, key, id, flight+"."), "="), promise, closure.Inline, all, 0, closure.NotCanonical, 0},
		{"a closure with a newline", ring, good + "\n", promise, closure.Inline, all, 0, closure.NotCanonical, 0},
		{"a closure of another action", ring, seal(t, key, otherID, flight), promise, closure.Inline, all, 0, closure.ActionMismatch, 0},
		{"a closure of another action as plain text", ring, seal(t, key, otherID, flight), plain, closure.Named, all, 0, closure.ActionMismatch, 0},
		{"a closure sealed with a revoked key", ring, seal(t, revoked, id, flight), promise, closure.Inline, all, 0, closure.KeyDisabled, 0},
		{"a closure sealed with a revoked key, as plain text", ring, seal(t, revoked, id, flight), plain, closure.Named, all, 0, closure.KeyDisabled, 0},

		// What does not open, where a closure belongs.
		{"a closure sealed elsewhere", ring, seal(t, keyOf(t, 32, 9), id, flight), promise, closure.Inline, all, 0, closure.KeyUnknown, 0},
		{"a closure sealed elsewhere, without a manifest", ring, seal(t, keyOf(t, 32, 9), id, flight), promise, closure.MayCapture, all, 0, closure.KeyUnknown, 0},
		{"a promise of a picture for an inline action", ring, picture, promise, closure.Inline, all, 0, closure.KeyUnknown, 0},
		{"a promise of prose for an inline action", ring, prose, promise, closure.Inline, all, 0, closure.Malformed, 0},

		// Without keys.
		{"a closure and no key", empty, good, promise, closure.MayCapture, all, closure.Unchecked, "", 0},
		{"a closure of an inline action and no key", empty, good, promise, closure.Inline, all, closure.Unchecked, "", 0},
		{"a promise for a named action and no key", empty, good, promise, closure.Named, all, closure.Data, "", 0},
		{"a picture and no key", empty, picture, plain, closure.MayCapture, all, closure.Data, "", 0},

		// Limits.
		{"the last try opens", ring, seal(t, build, id, flight), promise, closure.Inline, 4, closure.Closure, "", 4},
		{"one try too few", ring, seal(t, build, id, flight), promise, closure.Inline, 3, 0, closure.TriesExceeded, 0},
		{"no tries left for a picture", ring, picture, plain, closure.Named, 0, 0, closure.TriesExceeded, 0},
		{"no tries left for prose, which needs none", ring, prose, plain, closure.Inline, 0, closure.Data, "", 0},
		{"text longer than a request", ring, strings.Repeat("A", 1001), plain, closure.Named, all, 0, closure.Malformed, 0},
	} {
		decision, err := closure.Decide(tc.ring, closure.Candidate{
			Text: tc.text, InPromise: tc.inPromise, ActionID: id, Kind: tc.kind, MaxLength: 1000,
		}, tc.tries)
		if reasonOf(err) != tc.reason || decision.Verdict != tc.verdict || decision.Tries != tc.used {
			t.Errorf("%s: verdict %d, %d tries, %v; want %d, %d, %q", tc.is, decision.Verdict, decision.Tries, err, tc.verdict, tc.used, tc.reason)
		}
		if (decision.Verdict == closure.Closure) != (string(decision.Opened.Flight) == flight) {
			t.Errorf("%s: verdict %d comes with %q", tc.is, decision.Verdict, decision.Opened.Flight)
		}
	}
}

func TestDecideOwn(t *testing.T) {
	keys, revoked := keysets(t, 0)
	others, _ := keysets(t, 1)
	c := closure.Own{Issued: now, Expires: now + 60, Values: []byte(`["v41"]`)}
	good := sealOwn(t, keys, here, c)
	elsewhere := sealOwn(t, others, here, c)
	const promise, plain = true, false
	for _, tc := range []struct {
		is        string
		keys      keyring.OwnKeys
		text      string
		inPromise bool
		now       int64
		tries     int
		verdict   closure.Verdict
		reason    reject.Reason
	}{
		{"what a page sends", keys, good, promise, now, 1, closure.Closure, ""},
		{"with no tries left", keys, good, promise, now, 0, 0, closure.TriesExceeded},
		{"as a plain text", keys, good, plain, now, 1, 0, closure.Misplaced},
		{"expired", keys, good, promise, now + 60, 1, 0, closure.Expired},
		{"expired, as a plain text", keys, good, plain, now + 60, 1, 0, closure.Expired},
		{"of a revoked key, as a plain text", revoked, good, plain, now, 1, 0, closure.KeyDisabled},
		{"cut short", keys, good[:40], promise, now, 1, 0, closure.Altered},
		{"cut short, as a plain text", keys, good[:40], plain, now, 1, 0, closure.Altered},
		{"of an unknown key", keys, elsewhere, promise, now, 1, 0, closure.KeyUnknown},
		{"of an unknown key, as a plain text", keys, elsewhere, plain, now, 1, closure.Data, ""},
		{"what a user typed", keys, "ag1.hello there", plain, now, 1, closure.Data, ""},
		{"what a user typed, in a promise", keys, "ag1.hello there", promise, now, 1, 0, closure.Malformed},
	} {
		d, err := closure.DecideOwn(tc.keys, closure.Candidate{Text: tc.text, InPromise: tc.inPromise, ActionID: here.ActionID},
			closure.Expectation{Scope: here, Now: tc.now}, tc.tries)
		if reasonOf(err) != tc.reason || d.Verdict != tc.verdict || err == nil && d.Tries != 1 {
			t.Errorf("%s: verdict %d, %d tries, %v; want %d, %q", tc.is, d.Verdict, d.Tries, err, tc.verdict, tc.reason)
		}
		if (d.Verdict == closure.Closure) != (d.Own != nil && string(d.Own.Values) == `["v41"]`) {
			t.Errorf("%s: verdict %d comes with %+v", tc.is, d.Verdict, d.Own)
		}
	}
}
