// Package assertion makes the signed statement by which upstream knows that a
// call came through the gate, and what the gate found out about it: one compact
// JWT (RFC 7519) that is good for one audience, one body and about a minute.
//
// A [Signer] signs [Claims], with the primary key of a keyset or with a shared
// secret. [JWKS] is what upstream verifies the former with. Nothing here looks
// at a clock: times come in as values.
package assertion

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/jwt/jwthmac"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"

	"github.com/actiongw/actiongw/internal/keyring"
)

// Type is the `typ` of an assertion. It is a word of our own, so that no other
// JWT of the same issuer can be passed off as one (RFC 8725 §3.11).
const Type = "actiongw-assertion+jwt"

// Version is the claim `v`. It grows when a claim changes its meaning; new
// claims may come without.
const Version = 1

// Claims is what an assertion says. Empty texts are left out of it.
type Claims struct {
	// Issuer names the gate, and Audience the only upstream that may take the
	// assertion for its own. Audience is required.
	Issuer, Audience string
	// IssuedAt is counted in seconds, less their fractions, and Lifetime in
	// whole ones.
	IssuedAt time.Time
	Lifetime time.Duration
	// ID is random, at least 128 bits. By it upstream can take each assertion
	// only once.
	ID string
	// Call is what stands in the member `actiongw`.
	Call Call
}

// Call is what the gate found out about a call.
type Call struct {
	// Dialect is whose protocol the client spoke: next or react.
	Dialect string
	// Action is the action's name, or else its id, and ID its id.
	Action, ID string
	// Build is the deployment, or else the manifest, that has the action.
	Build string
	// Method and Target are those of the request as upstream gets it; Target is
	// path and query. URL is path and query as the client sent them, where they
	// differ.
	Method, Target, URL string
	// Authority is the called host, if the operator has listed it: any other
	// is only what the client says.
	Authority string
	// Origin is the caller's, and OriginRule the option that let it call.
	Origin, OriginRule string
	// Closure is none, opened or unchecked, and KeyID the fingerprint of the
	// key that opened it.
	Closure, KeyID string
	// BodySHA256 is the digest of the body as upstream gets it.
	BodySHA256 [sha256.Size]byte
	BodyBytes  int64
	// CallSHA256 is the digest of the part `call` alone, for frameworks that
	// hide the body of a multipart request. nil for calls that are no JSON.
	CallSHA256 *[sha256.Size]byte
}

// Signer signs assertions with one key. It is safe for concurrent use.
type Signer struct {
	sign func(*jwt.RawJWT) (string, error) // fmt walks into fields, not into functions
}

// FromKeyset makes a Signer of the primary key of a keyset of
// [keyring.Assertions], which costs more than signing does.
func FromKeyset(set keyring.Keyset) (*Signer, error) {
	handle, err := set.SigningHandle()
	if err != nil {
		return nil, err
	}
	signer, err := jwt.NewSigner(handle)
	if err != nil {
		return nil, errors.New("the keyset cannot be used to sign")
	}
	return &Signer{signer.SignAndEncode}, nil
}

// MinSecretBytes is the least length of a shared secret, that of the digest of
// HS256 (RFC 7518 §3.2).
const MinSecretBytes = 32

// FromSecret makes a Signer for HS256 of a secret that upstream has, too. Its
// bytes are the key as they stand. `kid` is a fingerprint of it.
func FromSecret(secret []byte) (*Signer, error) {
	if len(secret) < MinSecretBytes {
		return nil, fmt.Errorf("the secret is %d bytes long; want at least %d: make one with `openssl rand -base64 48`", len(secret), MinSecretBytes)
	}
	handle, err := secretHandle(secret)
	if err != nil {
		return nil, errors.New("the secret cannot be used to sign")
	}
	mac, err := jwt.NewMAC(handle)
	if err != nil {
		return nil, errors.New("the secret cannot be used to sign")
	}
	return &Signer{mac.ComputeMACAndEncode}, nil
}

// secretHandle is a Tink keyset of the secret alone.
func secretHandle(secret []byte) (*keyset.Handle, error) {
	params, err := jwthmac.NewParameters(len(secret), jwthmac.CustomKID, jwthmac.HS256)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(append([]byte("actiongw assertion secret\x00"), secret...))
	key, err := jwthmac.NewKey(jwthmac.KeyOpts{
		KeyBytes:     secretdata.NewBytesFromData(secret, insecuresecretdataaccess.Token{}),
		CustomKID:    hex.EncodeToString(digest[:4]),
		HasCustomKID: true,
		Parameters:   params,
	})
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManager()
	id, err := manager.AddKey(key)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	return manager.Handle()
}

// Sign returns the assertion as a compact JWT. It fails without an audience,
// because an assertion that names none would be good anywhere, and without a
// lifetime or an id.
func (s *Signer) Sign(c Claims) (string, error) {
	switch {
	case c.Audience == "":
		return "", errors.New("an assertion needs an audience")
	case c.Lifetime < time.Second:
		return "", errors.New("an assertion needs a lifetime of at least a second")
	case c.ID == "":
		return "", errors.New("an assertion needs an id")
	}
	typ := Type
	issued := c.IssuedAt.Truncate(time.Second)
	expires := issued.Add(c.Lifetime.Truncate(time.Second))
	options := &jwt.RawJWTOptions{
		TypeHeader: &typ,
		Audience:   &c.Audience,
		JWTID:      &c.ID,
		IssuedAt:   &issued,
		NotBefore:  &issued,
		ExpiresAt:  &expires,
		CustomClaims: map[string]any{
			"actiongw": c.Call.claim(),
		},
	}
	if c.Issuer != "" {
		options.Issuer = &c.Issuer
	}
	raw, err := jwt.NewRawJWT(options)
	if err != nil {
		return "", errors.New("the claims cannot be written as a JWT")
	}
	return s.sign(raw)
}

// claim is the member `actiongw`.
func (c *Call) claim() map[string]any {
	claim := map[string]any{
		"v":           Version,
		"body_sha256": hex.EncodeToString(c.BodySHA256[:]),
		"body_bytes":  c.BodyBytes,
	}
	for _, member := range [...]struct{ name, text string }{
		{"dialect", c.Dialect},
		{"action", c.Action},
		{"id", c.ID},
		{"build", c.Build},
		{"method", c.Method},
		{"target", c.Target},
		{"url", c.URL},
		{"authority", c.Authority},
		{"origin", c.Origin},
		{"origin_rule", c.OriginRule},
		{"closure", c.Closure},
		{"key_id", c.KeyID},
	} {
		if member.text != "" {
			// Tink refuses what is no UTF-8, as the path of a manifest may be.
			claim[member.name] = strings.ToValidUTF8(member.text, "\uFFFD")
		}
	}
	if c.CallSHA256 != nil {
		claim["call_sha256"] = hex.EncodeToString(c.CallSHA256[:])
	}
	return claim
}

// JWKS returns the public keys of a keyset of [keyring.Assertions] as a JSON
// Web Key Set (RFC 7517): the primary key, those that signed before it, and
// those that are pending, so that upstream knows a key before it signs. Disabled
// keys are not among them.
func JWKS(set keyring.Keyset) ([]byte, error) {
	handle, err := set.SigningHandle()
	if err != nil {
		return nil, err
	}
	public, err := handle.Public()
	if err != nil {
		return nil, errors.New("the keyset has no public keys")
	}
	jwks, err := jwt.JWKSetFromPublicKeysetHandle(public)
	if err != nil {
		return nil, errors.New("the public keys cannot be written as a JSON Web Key Set")
	}
	return jwks, nil
}

// Format answers every verb with the same word.
func (s *Signer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "signer of assertions") }
