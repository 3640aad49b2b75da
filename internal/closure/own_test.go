package closure_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reject"
)

const now = 1767225600

var here = closure.Scope{Audience: "shop", ActionID: "createInvoice"}

// keysets makes our keys, and the same keyset with the sealing key revoked.
func keysets(t testing.TB, seed byte) (own, revoked keyring.OwnKeys) {
	t.Helper()
	random := bytes.NewReader([]byte(strings.Repeat(string(rune('a'+seed)), 36) + strings.Repeat("z", 36)))
	set, err := keyring.Generate(keyring.OwnClosures, random, now)
	if err != nil {
		t.Fatal(err)
	}
	first := set.List()[0].ID
	later, id, err := set.Add(random, now)
	if err != nil {
		t.Fatal(err)
	}
	if later, err = later.Promote(id); err != nil {
		t.Fatal(err)
	}
	if later, err = later.Disable(first); err != nil {
		t.Fatal(err)
	}
	return ownKeys(t, set), ownKeys(t, later)
}

func ownKeys(t testing.TB, set keyring.Keyset) keyring.OwnKeys {
	t.Helper()
	keys, err := set.Own()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func sealOwn(t testing.TB, keys keyring.OwnKeys, scope closure.Scope, c closure.Own) string {
	t.Helper()
	sealed, err := closure.SealOwn(keys, scope, c)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestOpenOwn(t *testing.T) {
	keys, revoked := keysets(t, 0)
	others, _ := keysets(t, 1)
	c := closure.Own{Issued: now, Expires: now + 60, Values: []byte(`["v41"]`)}
	bound := c
	bound.Binding = closure.Bind("session-1")
	sealed, sealedBound := sealOwn(t, keys, here, c), sealOwn(t, keys, here, bound)
	scope := func(audience, action string) closure.Scope {
		return closure.Scope{Audience: audience, ActionID: action}
	}
	at := func(now int64) closure.Expectation { return closure.Expectation{Scope: here, Now: now} }
	with := func(cookies ...string) closure.Expectation {
		return closure.Expectation{Scope: here, Now: now, Cookies: cookies}
	}
	in := func(s closure.Scope) closure.Expectation { return closure.Expectation{Scope: s, Now: now} }
	body := strings.TrimPrefix(sealed, closure.Prefix)
	for _, tc := range []struct {
		is     string
		keys   keyring.OwnKeys
		want   closure.Expectation
		sealed string
		reason reject.Reason
	}{
		{"as sealed", keys, at(now), sealed, ""},
		{"in its last second", keys, at(now + 59), sealed, ""},
		{"when it expires", keys, at(now + 60), sealed, closure.Expired},
		{"long after", keys, at(now + 1e6), sealed, closure.Expired},
		{"by an instance whose clock is behind", keys, at(now - 5), sealed, ""},
		{"bound, with the cookie", keys, with("session-1"), sealedBound, ""},
		{"bound, without a cookie", keys, with(), sealedBound, closure.BindingMismatch},
		{"bound, with an empty cookie", keys, with(""), sealedBound, closure.BindingMismatch},
		{"bound, with another cookie", keys, with("session-2"), sealedBound, closure.BindingMismatch},
		{"bound, with the cookie twice", keys, with("session-1", "session-1"), sealedBound, closure.BindingMismatch},
		{"bound, with another cookie before it", keys, with("session-2", "session-1"), sealedBound, closure.BindingMismatch},
		{"not bound, with any cookies", keys, with("a", "b"), sealed, ""},
		{"bound to the empty text, which ties to nobody", keys, with(""),
			sealOwn(t, keys, here, closure.Own{Issued: now, Expires: now + 60, Binding: closure.Bind(""), Values: []byte("[]")}), closure.BindingMismatch},
		{"by another site", keys, in(scope("blog", "createInvoice")), sealed, closure.Altered},
		{"for another action", keys, in(scope("shop", "deleteInvoice")), sealed, closure.Altered},
		{"by names that only together are the same", keys, in(scope("shopcreate", "Invoice")), sealed, closure.Altered},
		{"with a revoked key", revoked, at(now), sealed, closure.KeyDisabled},
		{"with other keys", others, at(now), sealed, closure.KeyUnknown},
		{"with no keys", keyring.OwnKeys{}, at(now), sealed, closure.KeyUnknown},
		{"with a character changed", keys, at(now), sealed[:40] + flip(sealed[40:41]) + sealed[41:], closure.Altered},
		{"cut short", keys, at(now), sealed[:40], closure.Altered},
		{"with padding", keys, at(now), sealed + "=", closure.Malformed},
		{"with a newline", keys, at(now), sealed[:40] + "\n" + sealed[40:], closure.Malformed},
		{"with a newline behind", keys, at(now), sealed + "\n", closure.Malformed},
		{"in the standard alphabet", keys, at(now), closure.Prefix + "+/" + body[2:], closure.Malformed},
		{"without its prefix", keys, at(now), body, closure.Malformed},
		{"of a later version", keys, at(now), "ag2." + body, closure.Malformed},
		{"the prefix alone", keys, at(now), closure.Prefix, closure.KeyUnknown},
		{"Next's layout", keys, at(now), seal(t, keyOf(t, 32, 1), id, flight), closure.Malformed},
	} {
		opened, err := closure.OpenOwn(tc.keys, tc.want, tc.sealed)
		if reasonOf(err) != tc.reason {
			t.Errorf("%s: %v, want %q", tc.is, err, tc.reason)
		}
		if err == nil && (opened.Expires != now+60 || string(opened.Values) != `["v41"]` || opened.Key.State != keyring.Primary) ||
			err != nil && (opened.Values != nil || err.Stage != "closure") {
			t.Errorf("%s: %+v", tc.is, opened)
		}
		if err != nil {
			refuseText(t, tc.is, fmt.Sprintf("%v %v", err, err.Facts), "v41", "session", "createInvoice", "shop")
		}
	}
}

// flip gives another character of the alphabet.
func flip(s string) string {
	if s == "A" {
		return "B"
	}
	return "A"
}

func refuseText(t *testing.T, is, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s: %q shows %q", is, text, s)
		}
	}
}

// sealedBefore is a closure as the first version of this package sealed it, with
// the keys of keysets(t, 0) for here. Closures live in pages for as long as
// people leave them open, so it must open in every later version.
const sealedBefore = "ag1.AWFhYWFWDhsPIlqCCw-PMsvn7vJVwwB8vezjOXl8yFQl_qd1WqmjlLoayfkunNSRIaiwX30TmsF5GphHHwbrsTL7x2nZNSaxMQQElXfZQJaVMg6DkeYaAsP3QmNRTfaoYA6rFipD_" +
	"FAhCinm20kV5yNFLZXJVx0FSC6vfAENe9n92QvWitxefDJjte1fZSbkdeVRnhoYjWUxJGJFGugDyJtqFksQ2UOJ0BHL"

func TestTheLayoutStaysWhatItIs(t *testing.T) {
	keys, _ := keysets(t, 0)
	opened, err := closure.OpenOwn(keys, closure.Expectation{Scope: here, Now: now, Cookies: []string{"session-1"}}, sealedBefore)
	if err != nil || opened.Issued != now || string(opened.Values) != `["v41"]` || string(opened.Types) != `{"/closure/0":"Date"}` {
		t.Fatalf("%+v, %v", opened, err)
	}
	// And the same by nothing but the standard library and the comments.
	ciphertext, bad := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(sealedBefore, "ag1."))
	if bad != nil || string(ciphertext[:5]) != "\x01aaaa" {
		t.Fatalf("%q, %v", ciphertext[:5], bad)
	}
	block, bad := aes.NewCipher([]byte(strings.Repeat("a", 32)))
	if bad != nil {
		t.Fatal(bad)
	}
	gcm, bad := cipher.NewGCM(block)
	if bad != nil {
		t.Fatal(bad)
	}
	plaintext, bad := gcm.Open(nil, ciphertext[5:17], ciphertext[17:], []byte("\x00\x00\x00\x04ag1.\x00\x00\x00\x04shop\x00\x00\x00\x0dcreateInvoice"))
	want := `{"iat":1767225600,"exp":1767225660,"binding":"` + string(closure.Bind("session-1")) + `","values":["v41"],"types":{"/closure/0":"Date"}}`
	if bad != nil || string(plaintext) != want {
		t.Errorf("%s, %v", plaintext, bad)
	}
}

func TestSealOwnKeepsWhatItIsGiven(t *testing.T) {
	keys, _ := keysets(t, 0)
	for _, c := range []closure.Own{
		{Issued: 0, Expires: 1, Values: []byte("[]")},
		{Issued: now, Expires: now + 1, Binding: closure.Bind("x"), Values: []byte(`[1, {"a" : "\ud800"}, "é"]`), Types: []byte(`{"/values/0":"BigInt"}`)},
		{Issued: now, Expires: 1<<63 - 1, Values: []byte(`[{"iat":1,"values":[]}]`), Types: []byte(`{}`)},
	} {
		opened, err := closure.OpenOwn(keys, closure.Expectation{Scope: here, Cookies: []string{"x"}}, sealOwn(t, keys, here, c))
		if err != nil || fmt.Sprintf("%+v", opened.Own) != fmt.Sprintf("%+v", c) {
			t.Errorf("%+v: %+v, %v", c, opened.Own, err)
		}
	}
}

func TestSealOwnRefuses(t *testing.T) {
	keys, _ := keysets(t, 0)
	own := func(change func(*closure.Own)) closure.Own {
		c := closure.Own{Issued: now, Expires: now + 60, Values: []byte("[]")}
		change(&c)
		return c
	}
	values := func(text string) closure.Own { return own(func(c *closure.Own) { c.Values = []byte(text) }) }
	types := func(text string) closure.Own { return own(func(c *closure.Own) { c.Types = []byte(text) }) }
	for _, tc := range []struct {
		is    string
		keys  keyring.OwnKeys
		scope closure.Scope
		c     closure.Own
	}{
		{"no keys", keyring.OwnKeys{}, here, values("[]")},
		{"no audience", keys, closure.Scope{ActionID: "a"}, values("[]")},
		{"no action", keys, closure.Scope{Audience: "a"}, values("[]")},
		{"no expiry", keys, here, own(func(c *closure.Own) { c.Expires = 0 })},
		{"an expiry at the time of issue", keys, here, own(func(c *closure.Own) { c.Expires = now })},
		{"a time before 1970", keys, here, own(func(c *closure.Own) { c.Issued = -1 })},
		{"a binding that Bind did not make", keys, here, own(func(c *closure.Own) { c.Binding = `","exp":9` })},
		{"no values", keys, here, values("")},
		{"values that are no array", keys, here, values(`{"a":1}`)},
		{"values that end early", keys, here, values(`[],"exp":9`)},
		{"values that do not end", keys, here, values(`[1`)},
		{"values with white space around", keys, here, values(" []")},
		{"values with a member twice", keys, here, values(`[{"a":1,"a":2}]`)},
		{"values that are not UTF-8", keys, here, values("[\"\xff\"]")},
		{"types that are no object", keys, here, types(`[]`)},
		{"types that end early", keys, here, types(`{},"types":{}`)},
	} {
		if sealed, err := closure.SealOwn(tc.keys, tc.scope, tc.c); err == nil || sealed != "" {
			t.Errorf("%s: %q, %v", tc.is, sealed, err)
		}
	}
}

// TestOnlyTheWrittenFormIsRead: a plaintext sealed with our key by something
// else is taken only if it is what SealOwn writes.
func TestOnlyTheWrittenFormIsRead(t *testing.T) {
	keys, _ := keysets(t, 0)
	associated := "\x00\x00\x00\x04ag1.\x00\x00\x00\x04shop\x00\x00\x00\x0dcreateInvoice"
	for _, tc := range []struct {
		is, plaintext string
		ok            bool
	}{
		{"as written", `{"iat":1,"exp":2,"values":[]}`, true},
		{"with everything", `{"iat":1,"exp":2,"binding":"` + string(closure.Bind("x")) + `","values":[],"types":{}}`, true},
		{"in another order", `{"exp":2,"iat":1,"values":[]}`, false},
		{"with white space", `{"iat":1, "exp":2,"values":[]}`, false},
		{"with a member twice", `{"iat":1,"exp":2,"exp":3,"values":[]}`, false},
		{"with an unknown member", `{"iat":1,"exp":2,"values":[],"admin":true}`, false},
		{"without an expiry", `{"iat":1,"values":[]}`, false},
		{"without values", `{"iat":1,"exp":2}`, false},
		{"with a number spelled otherwise", `{"iat":1,"exp":2e0,"values":[]}`, false},
		{"with a number as text", `{"iat":1,"exp":"2","values":[]}`, false},
		{"with values that are no array", `{"iat":1,"exp":2,"values":null}`, false},
		{"with an empty binding", `{"iat":1,"exp":2,"binding":"","values":[]}`, false},
		{"with something behind", `{"iat":1,"exp":2,"values":[]}x`, false},
		{"an array", `[]`, false},
		{"nothing", ``, false},
	} {
		ciphertext, err := keys.Encrypt([]byte(tc.plaintext), []byte(associated))
		if err != nil {
			t.Fatal(err)
		}
		sealed := closure.Prefix + base64.RawURLEncoding.EncodeToString(ciphertext)
		_, refusal := closure.OpenOwn(keys, closure.Expectation{Scope: here, Cookies: []string{"x"}}, sealed)
		if (refusal == nil) != tc.ok || refusal != nil && refusal.Reason != closure.Malformed {
			t.Errorf("%s: %v", tc.is, refusal)
		}
	}
}
