package caddy

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/actiongw/actiongw/internal/keyring"
)

// write makes a file of its own for a test.
func write(t *testing.T, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// wrappingFile makes a wrapping key.
func wrappingFile(t *testing.T) (file, text string) {
	t.Helper()
	key, err := keyring.InsecureGenerateCleartextWrappingKey(rand.Reader, 0)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, key), string(key)
}

// keysetFile makes a keyset of a purpose.
func keysetFile(t *testing.T, purpose keyring.Purpose, wrapping string) string {
	t.Helper()
	set, err := keyring.Generate(purpose, rand.Reader, 0)
	if err != nil {
		t.Fatal(err)
	}
	key, err := keyring.ParseWrappingKey([]byte(wrapping))
	if err != nil {
		t.Fatal(err)
	}
	data, err := set.Encrypted(key, keyring.JSON)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, data)
}

// symmetricFile makes a keyset of a shared secret for JWT, by Tink itself.
func symmetricFile(t *testing.T, wrapping string) string {
	t.Helper()
	handle, err := keyset.NewHandle(jwt.HS256Template())
	if err != nil {
		t.Fatal(err)
	}
	key, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(wrapping)))
	if err != nil {
		t.Fatal(err)
	}
	wrap, err := aead.New(key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := handle.Write(keyset.NewJSONWriter(&out), wrap); err != nil {
		t.Fatal(err)
	}
	return write(t, out.Bytes())
}

// TestKeysThatCannotSignAreNamedAtStart, for the gate and for the JWKS.
func TestKeysThatCannotSignAreNamedAtStart(t *testing.T) {
	wrapping, text := wrappingFile(t)
	other, _ := wrappingFile(t)
	good := keysetFile(t, keyring.Assertions, text)
	secret := func(text string) string {
		return fmt.Sprintf(`{"assertion":{"audience":"a","secret":"{file.%s}"}}`, write(t, []byte(text)))
	}
	set := func(file, wrapping string) string {
		return fmt.Sprintf(`{"assertion":{"audience":"a","keyset":%q},"wrapping_key":%q}`, file, wrapping)
	}
	for _, tc := range []struct{ is, config, says string }{
		{"a keyset", set(good, "{file."+wrapping+"}"), ""},
		{"a secret", secret(strings.Repeat("s", 32)), ""},
		{"a secret and a line end", secret(strings.Repeat("s", 32) + "\r\n"), ""},
		{"a short secret", secret(strings.Repeat("s", 31)), "the secret is 31 bytes long; want at least 32"},
		{"a short secret and line ends", secret(strings.Repeat("s", 31) + "\n\n\n"), "31 bytes long"},
		{"a secret from an empty variable", `{"assertion":{"audience":"a","secret":"{env.ACTIONGW_TEST_EMPTY}"}}`, "ACTIONGW_TEST_EMPTY"},
		{"an audience from an empty variable", `{"assertion":{"audience":"{env.ACTIONGW_TEST_EMPTY}","secret":"x"}}`, "ACTIONGW_TEST_EMPTY"},
		{"a negative ttl", `{"assertion":{"audience":"a","secret":"x","ttl":-1}}`, "ttl is negative"},
		{"no such keyset", set(good+".not", "{file."+wrapping+"}"), "no such file"},
		{"another wrapping key", set(good, "{file."+other+"}"), "another wrapping key"},
		{"the name of the wrapping key's file", set(good, wrapping), "not the key itself or the path alone"},
		{"a wrapping key that is none", set(good, "{file."+good+"}"), "the wrapping key is not a Tink keyset"},
		{"no wrapping key", set(good, ""), "ACTIONGW_WRAPPING_KEY or its _FILE twin"},
		{"a keyset for closures", set(keysetFile(t, keyring.OwnClosures, text), "{file."+wrapping+"}"), "not one for assertion"},
		{"a keyset of a shared secret", set(symmetricFile(t, text), "{file."+wrapping+"}"), "a shared secret goes into `secret`"},
		{"a keyset in the clear", set(wrapping, "{file."+wrapping+"}"), "not encrypted"},
	} {
		h, err := provision(t, tc.config)
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", tc.is, err, tc.says)
		}
		if err == nil && h.Assertion.Secret != "" {
			t.Errorf("%s: the handler still shows its key", tc.is)
		}
		if !strings.Contains(tc.config, `"keyset"`) {
			continue
		}
		jwks := strings.NewReplacer(`"assertion":{"audience":"a",`, "", `},"wrapping_key"`, `,"wrapping_key"`).Replace(tc.config)
		if err := provisionJWKS(t, jwks); (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("JWKS of %s: %v, want %q", tc.is, err, tc.says)
		}
	}
	if err := provisionJWKS(t, `{}`); err == nil || !strings.Contains(err.Error(), "keyset is required") {
		t.Errorf("JWKS of nothing: %v", err)
	}
	if err := provisionJWKS(t, `{"secret":"x"}`); err == nil {
		t.Error("a secret was published")
	}
	t.Setenv("ACTIONGW_WRAPPING_KEY", text)
	if _, err := provision(t, set(good, "")); err != nil {
		t.Errorf("the wrapping key from the environment: %v", err)
	}
}

func provisionJWKS(t *testing.T, config string) error {
	t.Helper()
	ctx, err := caddy.ProvisionContext(&caddy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ctx.LoadModuleByID("http.handlers.actiongw_jwks", json.RawMessage(config))
	return err
}

// TestGateAndJWKSShareAKeyset, so that one cannot run ahead of the other.
func TestGateAndJWKSShareAKeyset(t *testing.T) {
	wrapping, text := wrappingFile(t)
	file := keysetFile(t, keyring.Assertions, text)
	ctx, err := caddy.ProvisionContext(&caddy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for id, config := range map[string]string{
		"actiongw":      fmt.Sprintf(`{"assertion":{"audience":"a","keyset":%q},"wrapping_key":"{file.%s}"}`, file, wrapping),
		"actiongw_jwks": fmt.Sprintf(`{"keyset":%q,"wrapping_key":"{file.%s}"}`, file, wrapping),
	} {
		if _, err := ctx.LoadModuleByID("http.handlers."+id, json.RawMessage(config)); err != nil {
			t.Fatal(err)
		}
	}
	app, err := ctx.App("actiongw")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(app.(*App).keysets); n != 1 {
		t.Errorf("%d keysets are watched", n)
	}
}
