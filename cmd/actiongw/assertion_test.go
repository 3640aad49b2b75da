package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/e2e/assertion/verifier"
	"github.com/actiongw/actiongw/internal/keyring"
)

const sharedSecret = "ff1c9dd4c2a94b0d8f0a6c0a7ad9e1a5b1a6"

// secretBlock signs with a shared secret; more are further lines.
func secretBlock(t testing.TB, more string) string {
	return "assertion {\naudience orders\nsecret {file." + writeFile(t, "secret", sharedSecret+"\n") + "}\n" + more + "\n}\n"
}

// bySecret verifies what secretBlock signs, each assertion once.
func bySecret() *verifier.Verifier {
	used := map[string]bool{}
	return &verifier.Verifier{
		Issuer: "actiongw", Audience: "orders", Secrets: [][]byte{[]byte(sharedSecret)},
		FirstUse: func(id string, _ time.Time) bool { first := !used[id]; used[id] = true; return first },
	}
}

// claimsOf reads the member actiongw without a look at the signature.
func claimsOf(t *testing.T, r received) map[string]any {
	t.Helper()
	parts := strings.Split(r.header.Get("Actiongw-Assertion"), ".")
	if len(parts) != 3 {
		t.Fatalf("no assertion: %v", r.header)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Actiongw map[string]any }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Actiongw
}

// TestAdmittedCallsAreSigned over what the backend gets, whatever the client
// sent in the same headers.
func TestAdmittedCallsAreSigned(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "actiongw {\n"+secretBlock(t, "")+"}\n"+up.proxy())
	check := bySecret()
	for is, tc := range map[string]struct {
		raw    []byte
		origin string
		rule   string
	}{
		"a call":                     {fetchCall(), "http://" + site, "same_host"},
		"a call by curl":             {message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain"}, "[]"), "", "missing_origin"},
		"a form action":              {message("POST", []string{"Content-Type: " + formType, "Origin: http://" + site}, formBody(selector)), "http://" + site, "same_host"},
		"a long call":                {message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain"}, `["`+strings.Repeat("x", 90<<10)+`"]`), "", "missing_origin"},
		"a call with its own digest": {fetchCall("Content-Digest: sha-256=:AAAA:", "content-digest: sha-512=:AAAA:"), "http://" + site, "same_host"},
		"a call with its own claims": {fetchCall("Actiongw-Assertion: a.b.c", "actiongw-assertion: d.e.f"), "http://" + site, "same_host"},
	} {
		got, seen := send(t, g.address, tc.raw, false), up.take()
		if got.status != http.StatusOK || len(seen) != 1 {
			t.Errorf("%s: %d %s, %d requests reached the backend", is, got.status, got.body, len(seen))
			continue
		}
		r := seen[0]
		call, err := check.Verify(strings.Join(r.header["Actiongw-Assertion"], " "), r.method, r.target, []byte(r.body))
		if err != nil {
			t.Errorf("%s: %v", is, err)
			continue
		}
		if call.Action != actionID || call.ID != actionID || call.Origin != tc.origin || call.Closure == "" {
			t.Errorf("%s: %+v", is, call)
		}
		if got := claimsOf(t, r); got["origin_rule"] != tc.rule || got["body_bytes"] != float64(len(r.body)) || got["v"] != 1.0 || got["dialect"] != "next" {
			t.Errorf("%s: %v", is, got)
		}
		digest := sha256.Sum256([]byte(r.body))
		if want := "sha-256=:" + base64.StdEncoding.EncodeToString(digest[:]) + ":"; len(r.header["Content-Digest"]) != 1 || r.header.Get("Content-Digest") != want {
			t.Errorf("%s: Content-Digest %q, want %s", is, r.header["Content-Digest"], want)
		}
	}
}

// TestAttackForgedAssertion: nothing but an admitted call carries one to the
// backend, least of all one that the client brings along.
func TestAttackForgedAssertion(t *testing.T) {
	forged := []string{"Actiongw-Assertion: a.b.c", "ACTIONGW-ASSERTION: d.e.f", "Actiongw_Assertion: g.h.i"}
	evil := append([]string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://evil.example"}, forged...)
	for _, mode := range []string{"enforce", "report"} {
		up := startUpstream(t)
		g := startGate(t, "", "actiongw {\nmode "+mode+"\n"+secretBlock(t, "")+"}\n"+up.proxy())
		for is, raw := range map[string][]byte{
			"a page":                   message("GET", forged, ""),
			"an upload":                message("POST", append([]string{"Content-Type: " + formType}, forged...), formBody(`Content-Disposition: form-data; name="a"`)),
			"a long upload":            message("POST", append([]string{"Content-Type: " + formType}, forged...), "--B|Content-Disposition: form-data; name=\"a\"||"+strings.Repeat("x", 2<<20)+"|--B--|"),
			"a JSON API":               message("POST", append([]string{"Content-Type: application/json"}, forged...), "{}"),
			"a call of another origin": message("POST", evil, "[]"),
			"a broken call":            fetchCall(append([]string{"Next-Action: " + actionID}, forged...)...),
		} {
			send(t, g.address, raw, false)
			seen := up.take()
			if refused := mode == "enforce" && strings.Contains(is, " call"); refused != (len(seen) == 0) {
				t.Errorf("%s, %s: %d requests reached the backend", mode, is, len(seen))
			}
			for _, r := range seen {
				if len(r.header["Actiongw-Assertion"]) > 0 || r.header.Get("Actiongw_assertion") != "" || r.header.Get("Content-Digest") != "" {
					t.Errorf("%s, %s: %v", mode, is, r.header)
				}
			}
		}
		// The same gate signs.
		send(t, g.address, fetchCall(forged...), false)
		if seen := up.take(); len(seen) != 1 {
			t.Errorf("%s: the call did not arrive", mode)
		} else if _, err := bySecret().Verify(seen[0].header.Get("Actiongw-Assertion"), "POST", "/page", []byte(seen[0].body)); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// TestAnErrorRouteGetsNoAssertion: it was meant for the backend that is down.
func TestAnErrorRouteGetsNoAssertion(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "actiongw {\n"+secretBlock(t, "")+"}\nreverse_proxy "+unusedAddress(t)+"\nhandle_errors {\n"+up.proxy()+"\n}")
	send(t, g.address, fetchCall(), false)
	if seen := up.take(); len(seen) != 1 || seen[0].header.Get("Actiongw-Assertion") != "" {
		t.Errorf("the error route got %+v", seen)
	}
}

// TestWhatTheAssertionSaysOfTheRequest: the target is the one that the backend
// gets, and what nobody vouches for is left out.
func TestWhatTheAssertionSaysOfTheRequest(t *testing.T) {
	to := func(target string) []byte { return bytes.Replace(fetchCall(), []byte("/page"), []byte(target), 1) }
	for _, tc := range []struct {
		is, options, site string
		raw               []byte
		target            string
		url, authority    any
	}{
		{"as it came", "", "", to("/a%2Fb/./c?x=1&x=%20&y"), "/a%2Fb/./c?x=1&x=%20&y", nil, nil},
		{"with a path that is no ASCII", "", "", to("/\xfc?b=1"), "/%FC?b=1", nil, nil},
		{"with a query that is no UTF-8", "", "", to("/?q=\xff\xfe&r=ü"), "/?q=%FF%FE&r=%C3%BC", nil, nil},
		{"with a prefix stripped", "", "uri strip_prefix /shop", to("/shop/cart?a=1"), "/cart?a=1", "/shop/cart?a=1", nil},
		{"rewritten", "", "rewrite * /app{uri}", to("/x?a=1"), "/app/x?a=1", "/x?a=1", nil},
		{"to a listed host", "origins " + site, "", to("/"), "/", nil, site},
	} {
		up := startUpstream(t)
		g := startGate(t, "", tc.site+"\nactiongw {\n"+tc.options+"\n"+secretBlock(t, "")+"}\n"+up.proxy())
		if got := send(t, g.address, tc.raw, false); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", tc.is, got.status, got.body)
			continue
		}
		r := up.take()[0]
		if _, err := bySecret().Verify(r.header.Get("Actiongw-Assertion"), r.method, r.target, []byte(r.body)); err != nil {
			t.Errorf("%s: %q arrived: %v", tc.is, r.target, err)
		}
		if got := claimsOf(t, r); got["target"] != tc.target || got["url"] != tc.url || got["authority"] != tc.authority {
			t.Errorf("%s: target %v, url %v, authority %v", tc.is, got["target"], got["url"], got["authority"])
		}
	}
}

// TestWhatTheAssertionSaysOfTheAction: its name, its build, and the key that
// opened its closure.
func TestWhatTheAssertionSaysOfTheAction(t *testing.T) {
	e, text := recorded(t, "c_str")
	t.Setenv("NEXT_SERVER_ACTIONS_ENCRYPTION_KEY", text)
	key, err := keyring.ParseNextKey(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ACTIONGW_TEST_ISSUER", "https://shop.example")
	for deployment, build := range map[string]string{"": thisBuild, "v7": "v7"} {
		up := startUpstream(t)
		g := startGate(t, "", "actiongw {\nmanifest "+thisBuild+" "+deployment+"\n"+secretBlock(t, "issuer {env.ACTIONGW_TEST_ISSUER}")+"}\n"+up.proxy())
		if got := send(t, g.address, e.Request.Raw(), false); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		got := claimsOf(t, up.take()[0])
		action, _ := got["action"].(string)
		if got["build"] != build || got["key_id"] != key.Fingerprint() || got["closure"] != "opened" || !strings.Contains(action, "#inline-") || got["id"] == action {
			t.Errorf("%q: %v", deployment, got)
		}
	}
}

// signingKeyset makes a wrapping key and a keyset for assertions in a folder.
func signingKeyset(t testing.TB) (file, wrappingFile string, set keyring.Keyset, wrapping keyring.WrappingKey) {
	t.Helper()
	now := time.Now().Unix()
	text, err := keyring.InsecureGenerateCleartextWrappingKey(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	if wrapping, err = keyring.ParseWrappingKey(text); err != nil {
		t.Fatal(err)
	}
	if set, err = keyring.Generate(keyring.Assertions, rand.Reader, now); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "assertion.keyset")
	if err := createKeyset(file, set, wrapping); err != nil {
		t.Fatal(err)
	}
	return file, writeFile(t, "wrapping.json", string(text)), set, wrapping
}

// TestJWKS: who may read the public keys, and how.
func TestJWKS(t *testing.T) {
	file, wrapping, _, _ := signingKeyset(t)
	up := startUpstream(t)
	t.Setenv("ACTIONGW_WRAPPING_KEY_FILE", wrapping)
	g := startGate(t, "", "actiongw_jwks /jwks.json "+file+"\nactiongw {\nonly_actions\nassertion {\nissuer http://gate\naudience orders\nkeyset "+file+"\nttl 1s\n}\n}\n"+up.proxy())
	get := func(method string, header ...string) answer {
		return send(t, g.address, bytes.Replace(message(method, header, ""), []byte("/page"), []byte("/jwks.json"), 1), false)
	}
	got := get("GET")
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/jwk-set+json" ||
		got.header.Get("Cache-Control") != "public, max-age=300" || !strings.Contains(got.body, `"kty":"EC"`) || strings.Contains(got.body, `"d"`) {
		t.Errorf("%+v", got)
	}
	if again := get("GET", "If-None-Match: "+got.header.Get("Etag")); again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("unchanged: %+v", again)
	}
	if head := get("HEAD"); head.status != http.StatusOK || head.header.Get("Content-Length") != fmt.Sprint(len(got.body)) {
		t.Errorf("HEAD: %+v", head)
	}
	if post := get("POST"); post.status != http.StatusMethodNotAllowed || post.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %+v", post)
	}
	send(t, g.address, fetchCall(), false)
	r := up.take()[0]
	v := &verifier.Verifier{Issuer: "http://gate", Audience: "orders", JWKS: "http://" + g.address + "/jwks.json", Leeway: time.Minute}
	if _, err := v.Verify(r.header.Get("Actiongw-Assertion"), "POST", "/page", []byte(r.body)); err != nil {
		t.Error(err)
	}
}
