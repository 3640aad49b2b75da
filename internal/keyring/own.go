package keyring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// OwnKeys seal and open our own layout. The zero OwnKeys hold no key.
type OwnKeys struct {
	keys func() *ownKeys // a function for the reason given at Key
}

type ownKeys struct {
	byID    map[uint32]ownKey
	primary uint32
}

type ownKey struct {
	aead tink.AEAD
	info OwnKey
}

// OwnKey is what may be said of the key that opened something.
type OwnKey struct {
	ID          uint32
	Fingerprint string
	State       State
}

// Own makes the keys of a keyset of [OwnClosures] ready for use, which costs
// more than sealing does: once at start, not per call.
//
// Each key gets a primitive of its own in place of Tink's one for all, which
// leaves out disabled keys and so cannot tell a revoked key from none.
func (k Keyset) Own() (OwnKeys, error) {
	if k.handle == nil || k.purpose != OwnClosures {
		return OwnKeys{}, fmt.Errorf("this is not a keyset for %s", OwnClosures)
	}
	keys := &ownKeys{byID: map[uint32]ownKey{}}
	for e := range k.entries() {
		key, ok := e.Key().(*aesgcm.Key)
		state := k.stateOf(e)
		if !ok || state == Destroyed {
			continue
		}
		aead, err := aesgcm.NewAEAD(key)
		if err != nil {
			return OwnKeys{}, fmt.Errorf("key %d of the keyset cannot be used", e.KeyID())
		}
		keys.byID[e.KeyID()] = ownKey{aead, OwnKey{e.KeyID(), k.fingerprintOf(e.KeyID()), state}}
		if state == Primary {
			keys.primary = e.KeyID()
		}
	}
	return OwnKeys{func() *ownKeys { return keys }}, nil
}

// IsZero reports whether there are no keys.
func (o OwnKeys) IsZero() bool { return o.keys == nil }

// Encrypt seals plaintext with the primary key. The nonce is Tink's, from the
// system's randomness: it takes no other.
func (o OwnKeys) Encrypt(plaintext, associated []byte) ([]byte, error) {
	if o.IsZero() {
		return nil, errors.New("there is no key to seal with")
	}
	return o.keys().byID[o.keys().primary].aead.Encrypt(plaintext, associated)
}

// tinkPrefix begins a ciphertext of a key with Tink's prefix: this byte and the
// key's id in 4 bytes, big-endian.
const tinkPrefix = 1

// Decrypt opens a ciphertext with the key that it names, whatever its state.
// by is zero when that key is not here. ok is false when the ciphertext or the
// associated data are not what was sealed.
func (o OwnKeys) Decrypt(ciphertext, associated []byte) (plaintext []byte, by OwnKey, ok bool) {
	if o.IsZero() || len(ciphertext) < 5 || ciphertext[0] != tinkPrefix {
		return nil, OwnKey{}, false
	}
	key, known := o.keys().byID[binary.BigEndian.Uint32(ciphertext[1:])]
	if !known {
		return nil, OwnKey{}, false
	}
	plaintext, err := key.aead.Decrypt(ciphertext, associated)
	return plaintext, key.info, err == nil
}

// String counts the keys.
func (o OwnKeys) String() string {
	if o.IsZero() {
		return "no keys"
	}
	return fmt.Sprintf("%d keys", len(o.keys().byID))
}

// Format answers every verb with String.
func (o OwnKeys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }
