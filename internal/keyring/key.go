// Package keyring holds keys: those that Next.js seals closures with, and the
// Tink keysets of our own layout and of assertions.
//
// A [Key] is one Next key, ready for use. [ParseNextKey] reads it from the text
// that NEXT_SERVER_ACTIONS_ENCRYPTION_KEY holds and names the usual mistakes. A
// [Ring] is the keys of one gate in the order in which they are tried, each
// with its [State]. A [Keyset] is a Tink keyset of one purpose plus what Tink
// does not keep, such as when a key was made; commands change it by functions
// that return a new one. [OwnKeys] seal and open our own layout.
//
// No value of this package shows key material: not in exported fields, not in
// %v, %+v or %#v, not in JSON, not in errors. What stands for a key everywhere
// is its fingerprint. Material leaves by functions with Insecure in their names.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Sizes of Next's layout, initialisation vector ‖ AES-GCM ciphertext ‖ tag
// (spec next-actions §8).
const (
	// NonceSize is 16, not GCM's usual 12. Tink cannot do that: it takes such
	// parameters and then uses 12, so Next keys stay outside of it.
	NonceSize = 16
	tagSize   = 16
	// Overhead is how many bytes sealing adds.
	Overhead = NonceSize + tagSize
)

// Key is one key that Next.js seals closures with. The zero Key is none.
type Key struct {
	// A function, because fmt walks into unexported fields of an outer struct
	// without asking for methods, and with a verb that does not fit follows
	// pointers. Nothing walks into a function. nil for no key.
	secret func() *secret
}

type secret struct {
	raw         []byte
	aead        cipher.AEAD
	fingerprint string
}

// newKey builds the key's cipher once, which costs more than opening a small
// closure. It keeps raw, and fails unless raw is 16, 24 or 32 bytes.
func newKey(raw []byte) (Key, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return Key{}, fmt.Errorf("the key is %d bytes long; want 16, 24 or 32: make one with `openssl rand -base64 32`", len(raw))
	}
	aead, err := cipher.NewGCMWithNonceSize(block, NonceSize)
	if err != nil {
		return Key{}, fmt.Errorf("AES-GCM with a nonce of %d bytes is not available here", NonceSize)
	}
	made := &secret{raw, aead, fingerprint("actiongw next key", raw)}
	return Key{func() *secret { return made }}, nil
}

// fingerprint names a key in logs: the first 8 hexadecimal digits of SHA-256
// over a domain and the key. It is the same in every process. 32 bits tell the
// few keys of a site apart and are no help in finding a random key.
func fingerprint(domain string, raw []byte) string {
	h := sha256.New()
	h.Write([]byte(domain))
	h.Write([]byte{0})
	h.Write(raw)
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// IsZero reports whether k is no key.
func (k Key) IsZero() bool { return k.secret == nil }

// Fingerprint names the key in 8 hexadecimal digits, empty for the zero Key.
// It is stable and safe to log.
func (k Key) Fingerprint() string {
	if k.IsZero() {
		return ""
	}
	return k.secret().fingerprint
}

// Open appends the plaintext of sealed bytes to dst, and reports whether they
// were sealed with this key. If not, what lies behind the end of dst is wiped.
// To open in place, dst is the empty slice behind the nonce.
func (k Key) Open(dst, sealed []byte) ([]byte, bool) {
	if k.IsZero() || len(sealed) < Overhead {
		return dst, false
	}
	plaintext, err := k.secret().aead.Open(dst, sealed[:NonceSize], sealed[NonceSize:], nil)
	if err != nil {
		return dst, false
	}
	return plaintext, true
}

// Seal returns plaintext sealed under a nonce that it reads from random. It
// fails for the zero Key and when random does.
func (k Key) Seal(random io.Reader, plaintext []byte) ([]byte, error) {
	if k.IsZero() {
		return nil, errors.New("there is no key to seal with")
	}
	sealed := make([]byte, NonceSize, Overhead+len(plaintext))
	if _, err := io.ReadFull(random, sealed); err != nil {
		return nil, fmt.Errorf("no random bytes for a nonce: %w", err)
	}
	return k.secret().aead.Seal(sealed, sealed, plaintext, nil), nil
}

// InsecureNextText returns the key itself as the text that Next.js takes in
// NEXT_SERVER_ACTIONS_ENCRYPTION_KEY, for writing it to a file and nothing else.
func (k Key) InsecureNextText() string {
	if k.IsZero() {
		return ""
	}
	return base64.StdEncoding.EncodeToString(k.secret().raw)
}

// String names the key by its fingerprint.
func (k Key) String() string {
	if k.IsZero() {
		return "no key"
	}
	return "key " + k.secret().fingerprint
}

// Format answers every verb, %#v and %x included, with String.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// equal compares the keys themselves, in constant time.
func (k Key) equal(other Key) bool {
	return !k.IsZero() && !other.IsZero() && subtle.ConstantTimeCompare(k.secret().raw, other.secret().raw) == 1
}
