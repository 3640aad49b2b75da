package assertion_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	tinkjwt "github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"github.com/actiongw/actiongw/internal/assertion"
	"github.com/actiongw/actiongw/internal/keyring"
)

const now = 1767225600

const secret = "correct horse battery staple, and a bit more"

func claims() assertion.Claims {
	return assertion.Claims{
		Issuer: "https://shop.example", Audience: "orders",
		IssuedAt: time.Unix(now, 999_000_000), Lifetime: time.Minute, ID: "IDOFTHECALL",
		Call: assertion.Call{
			Dialect: "next", Action: "app/actions.ts#save", ID: strings.Repeat("a", 42), Build: "v7",
			Method: "POST", Target: "/cart?a=1&b=%C3%BC", URL: "/shop/cart?a=1&b=%C3%BC", Authority: "shop.example",
			Origin: "https://shop.example", OriginRule: "same_host", Closure: "opened", KeyID: "0a1b2c3d",
			BodySHA256: sha256.Sum256([]byte("body")), BodyBytes: 4,
		},
	}
}

func generate(t testing.TB) keyring.Keyset {
	t.Helper()
	set, err := keyring.Generate(keyring.Assertions, rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func signer(t testing.TB, set keyring.Keyset) *assertion.Signer {
	t.Helper()
	s, err := assertion.FromKeyset(set)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, s *assertion.Signer, c assertion.Claims) string {
	t.Helper()
	token, err := s.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// published is what a verifier reads from the JWKS of a keyset.
func published(t testing.TB, set keyring.Keyset) jose.JSONWebKeySet {
	t.Helper()
	text, err := assertion.JWKS(set)
	if err != nil {
		t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys.Keys {
		if !key.IsPublic() || key.KeyID == "" || key.Use != "sig" {
			t.Errorf("published: %+v", key)
		}
	}
	return keys
}

// verify reads an assertion with a stock library.
func verify(token string, algorithm jose.SignatureAlgorithm, key any) (header jose.Header, claims map[string]any, err error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		return header, nil, err
	}
	return parsed.Headers[0], claims, parsed.Claims(key, &claims)
}

// wanted are the claims of claims(), as JSON.
var wanted = fmt.Sprintf(`{"actiongw":{"action":"app/actions.ts#save","authority":"shop.example","body_bytes":4,"body_sha256":%q,`+
	`"build":"v7","closure":"opened","dialect":"next","id":%q,"key_id":"0a1b2c3d","method":"POST","origin":"https://shop.example",`+
	`"origin_rule":"same_host","target":"/cart?a=1\u0026b=%%C3%%BC","url":"/shop/cart?a=1\u0026b=%%C3%%BC","v":1},`+
	`"aud":"orders","exp":%d,"iat":%d,"iss":"https://shop.example","jti":"IDOFTHECALL","nbf":%d}`,
	hex.EncodeToString(sum("body")), strings.Repeat("a", 42), now+60, now, now)

func sum(text string) []byte {
	digest := sha256.Sum256([]byte(text))
	return digest[:]
}

// TestStockLibraryReadsTheClaims: every member as it is documented, under every
// algorithm.
func TestStockLibraryReadsTheClaims(t *testing.T) {
	shared, err := assertion.FromSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	header, got, err := verify(sign(t, shared, claims()), jose.HS256, []byte(secret))
	checkToken(t, "a secret", header, got, err)

	for name, template := range map[jose.SignatureAlgorithm]*tinkpb.KeyTemplate{
		jose.ES256: tinkjwt.ES256Template(), jose.ES384: tinkjwt.ES384Template(), jose.ES512: tinkjwt.ES512Template(),
		jose.RS256: tinkjwt.RS256_2048_F4_Key_Template(), jose.PS256: tinkjwt.PS256_2048_F4_Key_Template(),
	} {
		handle, err := keyset.NewHandle(template)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&out)); err != nil {
			t.Fatal(err)
		}
		set, err := keyring.InsecureReadCleartextKeyset(keyring.Assertions, out.Bytes(), nil)
		if err != nil {
			t.Fatal(err)
		}
		header, got, err := verify(sign(t, signer(t, set), claims()), name, published(t, set))
		checkToken(t, string(name), header, got, err)
	}
}

func checkToken(t *testing.T, is string, header jose.Header, got map[string]any, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", is, err)
		return
	}
	if header.ExtraHeaders[jose.HeaderType] != assertion.Type || header.KeyID == "" || header.JSONWebKey != nil {
		t.Errorf("%s: header %+v", is, header)
	}
	if text, _ := json.Marshal(got); string(text) != wanted {
		t.Errorf("%s:\n%s\nwant\n%s", is, text, wanted)
	}
}

// TestUnknownClaimsAreLeftOut in place of being empty.
func TestUnknownClaimsAreLeftOut(t *testing.T) {
	set := generate(t)
	digest := sha256.Sum256(nil)
	_, got, err := verify(sign(t, signer(t, set), assertion.Claims{
		Audience: "a", ID: "b", Lifetime: time.Second, IssuedAt: time.Unix(now, 0),
		Call: assertion.Call{BodySHA256: digest, CallSHA256: &digest, Build: "not \xff UTF-8"},
	}), jose.ES256, published(t, set))
	want := fmt.Sprintf(`{"actiongw":{"body_bytes":0,"body_sha256":%[1]q,"build":"not `+"\uFFFD"+` UTF-8","call_sha256":%[1]q,"v":1},"aud":"a","exp":%[2]d,"iat":%[3]d,"jti":"b","nbf":%[3]d}`,
		hex.EncodeToString(digest[:]), now+1, now)
	if text, _ := json.Marshal(got); err != nil || string(text) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, text, want)
	}
}

func TestWhatIsNotSigned(t *testing.T) {
	s := signer(t, generate(t))
	for is, change := range map[string]func(*assertion.Claims){
		"no audience": func(c *assertion.Claims) { c.Audience = "" },
		"no id":       func(c *assertion.Claims) { c.ID = "" },
		"no lifetime": func(c *assertion.Claims) { c.Lifetime = 0 },
	} {
		c := claims()
		change(&c)
		if token, err := s.Sign(c); err == nil {
			t.Errorf("%s: %s", is, token)
		}
	}
	for n, ok := range map[int]bool{0: false, 31: false, 32: true, 4096: true} {
		if _, err := assertion.FromSecret(make([]byte, n)); (err == nil) != ok {
			t.Errorf("a secret of %d bytes: %v", n, err)
		}
	}
	closures, err := keyring.Generate(keyring.OwnClosures, rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := assertion.FromKeyset(closures); err == nil {
		t.Error("a keyset for closures signs")
	}
	if text, err := assertion.JWKS(closures); err == nil {
		t.Errorf("a symmetric key was published: %s", text)
	}
}

// TestTheLifeOfASigningKey: a key is published from when it is added until it
// is disabled, and signs while it is primary.
func TestTheLifeOfASigningKey(t *testing.T) {
	set := generate(t)
	first := set.List()[0].ID
	byFirst := sign(t, signer(t, set), claims())
	set, second, err := set.Add(rand.Reader, now+1)
	if err != nil {
		t.Fatal(err)
	}
	byPending := sign(t, signer(t, set), claims())
	if a, b := kid(t, byFirst), kid(t, byPending); a != b {
		t.Error("a pending key signs")
	}
	if n := len(published(t, set).Keys); n != 2 {
		t.Errorf("with a pending key %d are published", n)
	}
	before := published(t, set)
	if set, err = set.Promote(second); err != nil {
		t.Fatal(err)
	}
	bySecond := sign(t, signer(t, set), claims())
	if kid(t, bySecond) == kid(t, byFirst) {
		t.Error("the promoted key does not sign")
	}
	for is, token := range map[string]string{"of the key before": byFirst, "of the promoted key": bySecond} {
		for when, keys := range map[string]jose.JSONWebKeySet{"before": before, "after": published(t, set)} {
			if _, _, err := verify(token, jose.ES256, keys); err != nil {
				t.Errorf("an assertion %s under the keys from %s: %v", is, when, err)
			}
		}
	}
	if set, err = set.Disable(first); err != nil {
		t.Fatal(err)
	}
	if _, _, err := verify(byFirst, jose.ES256, published(t, set)); err == nil {
		t.Error("a revoked key verifies")
	}
	if set, err = set.Destroy(first); err != nil {
		t.Fatal(err)
	}
	if n := len(published(t, set).Keys); n != 1 {
		t.Errorf("with a destroyed key %d are published", n)
	}
}

func kid(t *testing.T, token string) string {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Headers[0].KeyID
}

func TestNoKeyShowsInPrints(t *testing.T) {
	s, err := assertion.FromSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	hexed := hex.EncodeToString([]byte(secret))
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d", "%s"} {
		for _, v := range []any{s, *s, struct{ s *assertion.Signer }{s}, []*assertion.Signer{s}} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, secret) || strings.Contains(text, hexed) {
				t.Errorf("%s of %T: %s", verb, v, text)
			}
		}
	}
}

func BenchmarkSign(b *testing.B) {
	shared, err := assertion.FromSecret([]byte(secret))
	if err != nil {
		b.Fatal(err)
	}
	for _, bc := range []struct {
		name   string
		signer *assertion.Signer
	}{{"HS256", shared}, {"ES256", signer(b, generate(b))}} {
		b.Run(bc.name, func(b *testing.B) {
			c := claims()
			b.ReportAllocs()
			var size int
			for b.Loop() {
				token, err := bc.signer.Sign(c)
				if err != nil {
					b.Fatal(err)
				}
				size = len(token)
			}
			b.ReportMetric(float64(size), "B/token")
		})
	}
}
