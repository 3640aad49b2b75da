package keyring_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/actiongw/actiongw/internal/keyring"
)

// TestTinkItselfReadsOurKeysets: what we write is an ordinary keyset, and what
// our keys seal is an ordinary ciphertext of Tink, in both directions.
func TestTinkItselfReadsOurKeysets(t *testing.T) {
	set, _, err := generate(t, keyring.OwnClosures).Add(&counting{3}, now)
	if err != nil {
		t.Fatal(err)
	}
	cleartext, err := set.InsecureCleartext(keyring.Binary)
	if err != nil {
		t.Fatal(err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(cleartext)))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := aead.New(handle)
	if err != nil {
		t.Fatal(err)
	}
	ours := own(t, set)
	sealed, err := ours.Encrypt([]byte("plain"), []byte("here"))
	if err != nil {
		t.Fatal(err)
	}
	if plaintext, err := theirs.Decrypt(sealed, []byte("here")); err != nil || string(plaintext) != "plain" {
		t.Errorf("theirs: %q, %v", plaintext, err)
	}
	if sealed, err = theirs.Encrypt([]byte("plain"), []byte("here")); err != nil {
		t.Fatal(err)
	}
	if plaintext, by, ok := ours.Decrypt(sealed, []byte("here")); !ok || string(plaintext) != "plain" || by.State != keyring.Primary {
		t.Errorf("ours: %q by %+v, %v", plaintext, by, ok)
	}
}

func TestKeysetsOfOtherKindsAreRefused(t *testing.T) {
	for _, tc := range []struct {
		is     string
		handle func() (*keyset.Handle, error)
		says   string
	}{
		{"another cipher", func() (*keyset.Handle, error) { return keyset.NewHandle(aead.ChaCha20Poly1305KeyTemplate()) }, "not an AES-GCM key"},
		{"keys without prefix", func() (*keyset.Handle, error) { return keyset.NewHandle(aead.AES256GCMNoPrefixKeyTemplate()) }, "not one for own-closures"},
	} {
		handle, err := tc.handle()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
			t.Fatal(err)
		}
		_, err = keyring.InsecureReadCleartextKeyset(keyring.OwnClosures, out.Bytes(), nil)
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", tc.is, err, tc.says)
		}
	}
}
