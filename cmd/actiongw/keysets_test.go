package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gwcaddy "github.com/actiongw/actiongw/caddy"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
)

// ownSite is a site with a keyset of its own, made by the real commands.
type ownSite struct {
	wrapping, keyset string
}

func newOwnSite(t testing.TB) ownSite {
	t.Helper()
	dir := t.TempDir()
	s := ownSite{filepath.Join(dir, "wrapping.json"), filepath.Join(dir, "own.keyset")}
	typed(t, "", nil, "keys", "generate", "--kind", "wrapping", "--out", s.wrapping).want(t, 0)
	s.keys(t, "generate", "--kind", "keyset", "--out", s.keyset).want(t, 0)
	return s
}

// keys runs a command on the keyset.
func (s ownSite) keys(t testing.TB, args ...string) result {
	t.Helper()
	return typed(t, "", nil, append(append([]string{"keys"}, args...), "--wrapping-key-file", s.wrapping)...)
}

// options are the lines of the gate's block.
func (s ownSite) options(more ...string) string {
	return "wrapping_key {file." + s.wrapping + "}\nclosures " + s.keyset + " {\naudience shop\n" + strings.Join(more, "\n") + "\n}"
}

// seal seals values for an action of the shop with the primary key.
func (s ownSite) seal(t testing.TB, scope closure.Scope, c closure.Own) string {
	t.Helper()
	text, err := os.ReadFile(s.wrapping)
	if err != nil {
		t.Fatal(err)
	}
	wrapping, err := keyring.ParseWrappingKey(text)
	if err != nil {
		t.Fatal(err)
	}
	set, err := gwcaddy.ReadKeyset(keyring.OwnClosures, s.keyset, wrapping)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := set.Own()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := closure.SealOwn(keys, scope, c)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// list returns the keys of the keyset as `keys list` shows them.
func (s ownSite) list(t testing.TB) []listedKey {
	t.Helper()
	r := s.keys(t, "list", s.keyset, "--json")
	var listed struct{ Keys []listedKey }
	if err := json.Unmarshal([]byte(r.out), &listed); err != nil {
		t.Fatalf("%v\n%s%s", err, r.out, r.err)
	}
	return listed.Keys
}

var (
	here  = closure.Scope{Audience: "shop", ActionID: actionID}
	fresh = closure.Own{Issued: 1, Expires: time.Now().Add(time.Hour).Unix(), Values: []byte(`["s3cr3t-1",7]`)}
)

// sealedType has a boundary that occurs in no sealed text.
const sealedType = "multipart/form-data; boundary=b.b"

// callWith is a call whose argument 0 is a promise of the text.
func callWith(text string, header ...string) []byte {
	return callOf(`["$@1",9]`, []string{fmt.Sprintf("%q", text)}, header...)
}

// callOf is a call of a root and of parts 1, 2 ….
func callOf(root string, parts []string, header ...string) []byte {
	body := ""
	for i, part := range parts {
		body += fmt.Sprintf("--b.b|Content-Disposition: form-data; name=\"%d\"||%s|", i+1, part)
	}
	body += "--b.b|Content-Disposition: form-data; name=\"0\"||" + root + "|--b.b--|"
	return message("POST", append([]string{"Next-Action: " + actionID, "Content-Type: " + sealedType, "Origin: http://" + site}, header...), body)
}

// formWith is a form without JavaScript whose bound argument is the text.
func formWith(text string) []byte {
	part := func(name, value string) string {
		return "--b.b|Content-Disposition: form-data; name=\"" + name + "\"||" + value + "|"
	}
	return message("POST", []string{"Content-Type: " + sealedType, "Origin: http://" + site},
		part("$ACTION_REF_1", "")+part("$ACTION_1:0", `{"id":"`+actionID+`","bound":"$@1"}`)+
			part("$ACTION_1:1", `["$@2"]`)+part("$ACTION_1:2", fmt.Sprintf("%q", text))+part("title", "x")+"--b.b--|")
}

func pass(t *testing.T, g *gate, up *upstream, is string, raw []byte) {
	t.Helper()
	got, seen := send(t, g.address, raw, false), up.take()
	if got.status != 200 || len(seen) != 1 {
		t.Errorf("%s: %d %s, the backend saw %d", is, got.status, got.body, len(seen))
	}
}

// TestOwnClosuresOpen: what the site has sealed passes, is counted under its
// key, and satisfies a rule that wants a closure.
func TestOwnClosuresOpen(t *testing.T) {
	s, admin := newOwnSite(t), unusedAddress(t)
	up := startUpstream(t)
	g := startGate(t, "admin "+admin, "actiongw {\n"+s.options("cookie session")+"\naction ** {\nclosure required\n}\n}\n"+up.proxy())
	bound := fresh
	bound.Binding = closure.Bind("abc")
	typedOne := typed(t, `["user-1"]`, nil, "seal", "--action", actionID, "--audience", "shop", "--values", "-", "--keyset", s.keyset, "--wrapping-key-file", s.wrapping)
	typedOne.want(t, 0, closure.Prefix)

	pass(t, g, up, "a closure", callWith(s.seal(t, here, fresh)))
	pass(t, g, up, "in a form", formWith(s.seal(t, here, fresh)))
	pass(t, g, up, "bound to the session", callWith(s.seal(t, here, bound), "Cookie: a=1; session=abc; b=session=x"))
	pass(t, g, up, "sealed by the command", callWith(strings.TrimSpace(typedOne.out)))
	if want := fmt.Sprintf("actiongw_key_uses_total{key=%q} 4\n", s.list(t)[0].Fingerprint); !strings.Contains(scrape(t, admin), want) {
		t.Errorf("no %s in\n%s", want, scrape(t, admin))
	}
	repel(t, g, up, []attack{
		{"no closure", fetchCall(), "closure_missing"},
		{"a text of another layout", callWith("AG1" + strings.TrimPrefix(s.seal(t, here, fresh), "ag1")), "closure_missing"},
		{"a text that a user typed", message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://" + site}, `["ag1.hello"]`), "closure_missing"},
	})
	if strings.Contains(g.log.text(), "s3cr3t") {
		t.Error("a captured value is in the log")
	}
}

// Somebody takes a closure from one place and sends it to another.
func TestAttackOwnClosureMoved(t *testing.T) {
	s := newOwnSite(t)
	g, up := guarded(t, s.options())
	elsewhere := newOwnSite(t)
	other := strings.Replace(actionID, actionID[2:4], "ee", 1)
	repel(t, g, up, []attack{
		{"from another action", callWith(s.seal(t, closure.Scope{Audience: "shop", ActionID: other}, fresh)), "closure_altered"},
		{"from another site with the same keys", callWith(s.seal(t, closure.Scope{Audience: "blog", ActionID: actionID}, fresh)), "closure_altered"},
		{"from a site with other keys", callWith(elsewhere.seal(t, here, fresh)), "closure_key_unknown"},
		{"to a function that is passed along", callOf(`["x","$h1"]`, []string{
			`{"id":"` + other + `","bound":"$@2"}`, `["$@3"]`, fmt.Sprintf("%q", s.seal(t, here, fresh)),
		}), "closure_altered"},
	})
}

// The closure of a page that was open for too long.
func TestAttackOwnClosureExpired(t *testing.T) {
	s := newOwnSite(t)
	g, up := guarded(t, s.options())
	old := fresh
	old.Expires = 2
	repel(t, g, up, []attack{
		{"in a call", callWith(s.seal(t, here, old)), "closure_expired"},
		{"in a form", formWith(s.seal(t, here, old)), "closure_expired"},
		{"as a plain text", callOf(fmt.Sprintf("[%q]", s.seal(t, here, old)), nil), "closure_expired"},
	})
}

// Somebody has stolen a key, and it was revoked.
func TestAttackOwnClosureOfDisabledKey(t *testing.T) {
	s := newOwnSite(t)
	stolen := s.seal(t, here, fresh)
	s.keys(t, "add", s.keyset).want(t, 0, "pending")
	keys := s.list(t)
	s.keys(t, "promote", s.keyset, keys[1].Fingerprint).want(t, 0, "primary")
	s.keys(t, "disable", s.keyset, fmt.Sprint(keys[0].ID)).want(t, 0, "disabled")
	g, up := guarded(t, s.options())
	repel(t, g, up, []attack{
		{"as pages send it", callWith(stolen), "closure_key_disabled"},
		{"as a plain text", callOf(fmt.Sprintf("[%q]", stolen), nil), "closure_key_disabled"},
	})
	pass(t, g, up, "of the new key", callWith(s.seal(t, here, fresh)))
}

// Somebody sends the closure of another user's page.
func TestAttackOwnClosureBoundToAnotherCookie(t *testing.T) {
	s := newOwnSite(t)
	g, up := guarded(t, s.options("cookie session"))
	bound := fresh
	bound.Binding = closure.Bind("abc")
	sealed := s.seal(t, here, bound)
	repel(t, g, up, []attack{
		{"without a cookie", callWith(sealed), "closure_binding_mismatch"},
		{"with another session", callWith(sealed, "Cookie: session=abd"), "closure_binding_mismatch"},
		{"with another cookie of that value", callWith(sealed, "Cookie: Session=abc; xsession=abc"), "closure_binding_mismatch"},
		{"with an empty cookie", callWith(sealed, "Cookie: session="), "closure_binding_mismatch"},
		{"with the cookie twice", callWith(sealed, "Cookie: session=abc; session=mine"), "closure_binding_mismatch"},
		{"with the cookie in two lines", callWith(sealed, "Cookie: session=abc", "Cookie: session=mine"), "closure_binding_mismatch"},
		{"with a second one that Go does not read", callWith(sealed, "Cookie: session=abc;session =mi\"ne"), "closure_binding_mismatch"},
		{"with the value in quotes", callWith(sealed, `Cookie: session="abc"`), "closure_binding_mismatch"},
	})
	unnamed, upstream := guarded(t, s.options())
	repel(t, unnamed, upstream, []attack{{"and the gate knows no cookie", callWith(sealed, "Cookie: session=abc"), "closure_binding_mismatch"}})
}

// A closure where no page puts one might be one that nobody looks at.
func TestAttackOwnClosureMisplaced(t *testing.T) {
	s := newOwnSite(t)
	g, up := guarded(t, s.options())
	text := fmt.Sprintf("%q", s.seal(t, here, fresh))
	repel(t, g, up, []attack{
		{"as a plain text", callOf("["+text+"]", nil), "closure_misplaced"},
		{"in an array", callOf("[["+text+"]]", nil), "closure_misplaced"},
		{"in an array in a promise", callOf(`["$@1"]`, []string{"[" + text + "]"}), "closure_misplaced"},
		{"bound to a function that is passed along", callOf(`["x","$h1"]`, []string{`{"id":"` + actionID + `","bound":"$@2"}`, "[" + text + "]"}), "closure_misplaced"},
	})
}

// Each bit of a closure counts, and it has one spelling.
func TestAttackOwnClosureAltered(t *testing.T) {
	s := newOwnSite(t)
	g, up := guarded(t, s.options())
	sealed := s.seal(t, here, fresh)
	short := sealed[:len(sealed)/4*4-4] // no stray bits at its end
	other := "A"
	if sealed[40] == 'A' {
		other = "B"
	}
	repel(t, g, up, []attack{
		{"cut short", callWith(short), "closure_altered"},
		{"cut behind the key's id", callWith(sealed[:12]), "closure_altered"},
		{"cut before the key's id", callWith(sealed[:8]), "closure_key_unknown"},
		{"cut behind the prefix", callWith("ag1."), "closure_key_unknown"},
		{"cut short, as a plain text", callOf(fmt.Sprintf("[%q]", short), nil), "closure_altered"},
		{"with another character", callWith(sealed[:40] + other + sealed[41:]), "closure_altered"},
		{"with padding", callWith(sealed + "="), "closure_malformed"},
		{"in two lines", callWith(sealed[:40] + "\n" + sealed[40:]), "closure_malformed"},
	})
}

// A prefix in another case is no prefix: nobody would open such a text. It is
// data like what a user types, and nothing is decrypted.
func TestAttackOwnClosurePrefixInOtherCase(t *testing.T) {
	s, admin := newOwnSite(t), unusedAddress(t)
	up := startUpstream(t)
	g := startGate(t, "admin "+admin, "actiongw {\n"+s.options()+"\n}\n"+up.proxy())
	rest := strings.TrimPrefix(s.seal(t, here, fresh), "ag1.")
	for _, prefix := range []string{"AG1.", "Ag1.", " ag1.", "ag2.", ""} {
		pass(t, g, up, prefix, callWith(prefix+rest))
	}
	if metrics := scrape(t, admin); strings.Contains(metrics, "actiongw_key_uses_total{") {
		t.Errorf("something was opened:\n%s", metrics)
	}
}

// TestOwnClosuresAreDataWithoutKeys: in front of Next.js the layout means
// nothing, and with keys a text that a user typed is still one.
func TestOwnClosuresAreDataWithoutKeys(t *testing.T) {
	s := newOwnSite(t)
	g, up := guarded(t)
	sealed := s.seal(t, here, fresh)
	pass(t, g, up, "in a promise", callWith(sealed))
	pass(t, g, up, "as a plain text", callOf(fmt.Sprintf("[%q]", sealed), nil))
	g, up = guarded(t, s.options())
	pass(t, g, up, "typed by a user", callOf(`["ag1.hello there"]`, nil))
	pass(t, g, up, "as another argument", callOf(fmt.Sprintf("[1,%q]", sealed), nil))
}

// Functions with closures are decrypted one by one; a call buys 32 of them.
func TestAttackTooManyOwnClosures(t *testing.T) {
	s := newOwnSite(t)
	g, up := guarded(t, s.options())
	functions := func(n int) []byte {
		sealed := fmt.Sprintf("%q", s.seal(t, here, fresh))
		root, parts := `"x"`, []string{}
		for range n {
			at := len(parts)
			root += fmt.Sprintf(`,"$h%x"`, at+1)
			parts = append(parts, fmt.Sprintf(`{"id":"%s","bound":"$@%x"}`, actionID, at+2), fmt.Sprintf(`["$@%x"]`, at+3), sealed)
		}
		return callOf("["+root+"]", parts)
	}
	pass(t, g, up, "as many as there may be", functions(32))
	repel(t, g, up, []attack{{"one more", functions(33), "closure_tries_exceeded"}})
}
