package keyring_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"github.com/actiongw/actiongw/internal/keyring"
)

// TestKeysThatSign: which of Tink's JWT keys a keyset for assertions may hold.
func TestKeysThatSign(t *testing.T) {
	for _, tc := range []struct {
		is       string
		template *tinkpb.KeyTemplate
		bits     int
		says     string // empty: taken
	}{
		{"ES256", jwt.ES256Template(), 256, ""},
		{"ES384", jwt.ES384Template(), 384, ""},
		{"ES512", jwt.ES512Template(), 521, ""},
		{"RS256", jwt.RS256_2048_F4_Key_Template(), 2048, ""},
		{"PS256", jwt.PS256_2048_F4_Key_Template(), 2048, ""},
		{"ES256 without kid", jwt.RawES256Template(), 0, "no kid"},
		{"a shared secret", jwt.HS256Template(), 0, "a shared secret goes into `secret`"},
	} {
		handle, err := keyset.NewHandle(tc.template)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
			t.Fatal(err)
		}
		set, err := keyring.InsecureReadCleartextKeyset(keyring.Assertions, out.Bytes(), nil)
		if tc.says != "" {
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: %v, want %q", tc.is, err, tc.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.is, err)
			continue
		}
		if info := set.List()[0]; info.Bits != tc.bits || len(info.Fingerprint) != 8 || info.State != keyring.Primary {
			t.Errorf("%s: %+v", tc.is, info)
		}
		if _, err := set.SigningHandle(); err != nil {
			t.Errorf("%s: %v", tc.is, err)
		}
	}
	if _, err := generate(t, keyring.OwnClosures).SigningHandle(); err == nil {
		t.Error("a keyset for closures signs")
	}
	public, err := keyset.NewHandle(jwt.ES256Template())
	if err != nil {
		t.Fatal(err)
	}
	if public, err = public.Public(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := public.WriteWithNoSecrets(keyset.NewJSONWriter(&out)); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.InsecureReadCleartextKeyset(keyring.Assertions, out.Bytes(), nil); err == nil || !strings.Contains(err.Error(), "private") {
		t.Errorf("public keys: %v", err)
	}
}
