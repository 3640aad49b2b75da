//go:build e2e

package assertion_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	tink "github.com/tink-crypto/tink-go/v2/jwt"
)

// forged is an assertion that nobody may take, and what it is.
type forged struct{ is, assertion string }

// forgeries makes of a genuine assertion those that anybody could make.
func forgeries(t *testing.T, g *gate, algorithm, genuine string) []forged {
	t.Helper()
	parts := strings.Split(genuine, ".")
	head, payload := decode(t, parts[0]), decode(t, parts[1])
	none := map[string]any{"alg": "none", "typ": head["typ"], "kid": head["kid"]}
	later := decode(t, parts[1])
	later["exp"] = payload["exp"].(float64) + 3600
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := []forged{
		{"nothing", ""},
		{"no JWT", "genuine"},
		{"two lines", genuine + ", " + genuine},
		{"without a signature", parts[0] + "." + parts[1] + "."},
		{"with half a signature", genuine[:len(genuine)-40]},
		{"alg none", encode(t, none) + "." + parts[1] + "."},
		{"alg none in capitals", encode(t, map[string]any{"alg": "NONE", "typ": head["typ"], "kid": head["kid"]}) + "." + parts[1] + "."},
		{"alg none with the signature", encode(t, none) + "." + parts[1] + "." + parts[2]},
		{"another expiry", parts[0] + "." + encode(t, later) + "." + parts[2]},
		{"another key under the same kid", sign(t, jose.ES256, other, head, payload, false)},
		{"another key that comes along", sign(t, jose.ES256, other, head, payload, true)},
		{"another secret under the same kid", sign(t, jose.HS256, []byte(strings.Repeat("guess", 8)), head, payload, false)},
		{"an unknown kid", sign(t, jose.ES256, other, map[string]any{"kid": "unknown", "typ": head["typ"]}, payload, false)},
	}
	// HS256 with what everybody can read: the classic of all confusions.
	if algorithm == "ES256" {
		for is, public := range publicTexts(t, g) {
			all = append(all, forged{"HS256 with the public key as " + is, sign(t, jose.HS256, public, head, payload, false)})
		}
	}
	return append(all, misuses(t, g, algorithm, head, payload)...)
}

// misuses are signed by the gate's own key, and are no assertions.
func misuses(t *testing.T, g *gate, algorithm string, head, payload map[string]any) (all []forged) {
	t.Helper()
	for is, change := range map[string]func(head, payload map[string]any){
		"the key's signature under another typ":   func(head, _ map[string]any) { head["typ"] = "JWT" },
		"the key's signature under no typ":        func(head, _ map[string]any) { delete(head, "typ") },
		"the key's signature without an expiry":   func(_, payload map[string]any) { delete(payload, "exp") },
		"the key's signature without a beginning": func(_, payload map[string]any) { delete(payload, "nbf") },
		"the key's signature without an id":       func(_, payload map[string]any) { delete(payload, "jti") },
		"the key's signature without an audience": func(_, payload map[string]any) { delete(payload, "aud") },
		"the key's signature without an issuer":   func(_, payload map[string]any) { delete(payload, "iss") },
		"the key's signature without a call":      func(_, payload map[string]any) { delete(payload, "actiongw") },
		"the key's signature on another version": func(_, payload map[string]any) {
			payload["actiongw"].(map[string]any)["v"] = 2
		},
		"the key's signature from the future": func(_, payload map[string]any) {
			payload["nbf"] = payload["nbf"].(float64) + 3600
			payload["exp"] = payload["exp"].(float64) + 3600
		},
	} {
		head, payload := copied(t, head), copied(t, payload)
		change(head, payload)
		if algorithm == "HS256" {
			all = append(all, forged{is, sign(t, jose.HS256, []byte(secret), head, payload, false)})
		} else {
			all = append(all, forged{is, signInside(t, g, head, payload)})
		}
	}
	return all
}

// signInside signs with the gate's own private key.
func signInside(t *testing.T, g *gate, head, payload map[string]any) string {
	t.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	var typ *string
	if word, ok := head["typ"].(string); ok {
		typ = &word
	}
	raw, err := tink.NewRawJWTFromJSON(typ, text)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := tink.NewSigner(g.keys)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.SignAndEncode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// sign signs as an attacker does, with the public key in the head if embed is
// set.
func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, head, payload map[string]any, embed bool) string {
	t.Helper()
	o := &jose.SignerOptions{EmbedJWK: embed}
	if typ, ok := head["typ"].(string); ok {
		o.WithType(jose.ContentType(typ))
	}
	o.WithHeader("kid", head["kid"])
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// publicTexts are the spellings of the public key that a verifier might hold.
func publicTexts(t *testing.T, g *gate) map[string][]byte {
	t.Helper()
	response, err := http.Get("http://" + g.sites["ES256"] + "/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(text, &keys); err != nil || len(keys.Keys) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	jwk, err := json.Marshal(keys.Keys[0])
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(keys.Keys[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"a set": text, "a JWK": jwk, "DER": der,
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
	}
}

func decode(t *testing.T, part string) (m map[string]any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func encode(t *testing.T, m map[string]any) string {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func copied(t *testing.T, m map[string]any) map[string]any { return decode(t, encode(t, m)) }

// awaitExpiry waits until an assertion is no longer good, whatever its kind.
func awaitExpiry(t *testing.T, assertion string) {
	t.Helper()
	exp := decode(t, strings.Split(assertion, ".")[1])["exp"].(float64)
	time.Sleep(time.Until(time.Unix(int64(exp), 0).Add(time.Second)))
}
