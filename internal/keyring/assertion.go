package keyring

import (
	"fmt"

	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/jwt/jwtecdsa"
	"github.com/tink-crypto/tink-go/v2/jwt/jwtrsassapkcs1"
	"github.com/tink-crypto/tink-go/v2/jwt/jwtrsassapss"
	"github.com/tink-crypto/tink-go/v2/key"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// addSigning draws a key for ES256 by Tink, which takes no randomness but the
// system's. Its `kid` is the key's id, in base64url.
func addSigning(m *keyset.Manager) (uint32, error) { return m.Add(jwt.ES256Template()) }

// SigningHandle returns the Tink keyset behind a keyset of [Assertions], for
// Tink's jwt. Its primary key signs. Tink counts pending keys as enabled, so
// that its public half holds every key that may sign, has signed, or will.
func (k Keyset) SigningHandle() (*keyset.Handle, error) {
	if k.handle == nil || k.purpose != Assertions {
		return nil, fmt.Errorf("this is not a keyset for %s", Assertions)
	}
	return k.handle, nil
}

// verifying is the public half of a key that signs: bytes that tell it from
// all others, how long it is, and the `kid` that it is published under.
type verifying struct {
	raw  []byte
	bits int
	kid  string
}

// verifyingOf returns the public half of a key of [Assertions], and whether it
// is one: of the algorithms ES, RS and PS, which JWT libraries know.
func verifyingOf(e *keyset.Entry) (v verifying, ok bool) {
	private, ok := e.Key().(interface{ PublicKey() (key.Key, error) })
	if !ok {
		return v, false
	}
	public, err := private.PublicKey()
	if err != nil {
		return v, false
	}
	switch public := public.(type) {
	case *jwtecdsa.PublicKey:
		v.raw = public.PublicPoint()
		v.bits = min(4*(len(v.raw)-1), 521) // two numbers behind one byte; P-521 does not fill its bytes
		v.kid, _ = public.KID()
	case *jwtrsassapkcs1.PublicKey:
		v.raw, v.bits = public.Modulus(), 8*len(public.Modulus())
		v.kid, _ = public.KID()
	case *jwtrsassapss.PublicKey:
		v.raw, v.bits = public.Modulus(), 8*len(public.Modulus())
		v.kid, _ = public.KID()
	default:
		return v, false
	}
	return v, true
}

// checkSigning refuses what is no key for assertions. A shared secret is none,
// because the keyset's public half is published, and a key without `kid` could
// not be told from the next one.
func checkSigning(e *keyset.Entry) error {
	v, ok := verifyingOf(e)
	switch {
	case !ok:
		return fmt.Errorf("key %d of the keyset is not one for %s: want a private JWT key of ES256, ES384, ES512, RS… or PS…; a shared secret goes into `secret`", e.KeyID(), Assertions)
	case v.kid == "":
		return fmt.Errorf("key %d of the keyset has no kid; make one with Tink's prefix", e.KeyID())
	}
	return nil
}
