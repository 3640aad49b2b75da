// Package verifier checks the assertions of actiongw with go-jose, version 4.
// It is an example to copy, and docs/assertion.md shows it.
package verifier

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Verifier checks assertions. It wants either JWKS or Secrets.
type Verifier struct {
	Issuer, Audience string
	// JWKS is the URL of the gate's public keys, for ES256.
	JWKS string
	// Secrets are what is shared with the gate, for HS256; more than one only
	// while it is being changed.
	Secrets [][]byte
	// Leeway allows for clocks that differ.
	Leeway time.Duration
	// FirstUse, if set, remembers ids until they expire and reports whether it
	// has not seen this one: then each assertion is taken once.
	FirstUse func(id string, expires time.Time) bool

	mu      sync.Mutex
	keys    jose.JSONWebKeySet
	fetched time.Time
}

// Call is what the gate says about a call. There is more; see the claims.
type Call struct {
	Version    int    `json:"v"`
	Action     string `json:"action"`
	ID         string `json:"id"`
	Method     string `json:"method"`
	Target     string `json:"target"`
	Origin     string `json:"origin"`
	Closure    string `json:"closure"`
	BodySHA256 string `json:"body_sha256"`
}

// Verify checks the one line of Actiongw-Assertion that came with a request.
// target is path and query as they arrived, in net/http r.RequestURI.
func (v *Verifier) Verify(assertion, method, target string, body []byte) (*Call, error) {
	algorithm := jose.ES256
	if len(v.Secrets) > 0 {
		algorithm = jose.HS256
	}
	token, err := jwt.ParseSigned(assertion, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		return nil, err
	}
	var claims jwt.Claims
	var own struct {
		Call *Call `json:"actiongw"`
	}
	if err := v.checkSignature(token, &claims, &own); err != nil {
		return nil, err
	}
	if token.Headers[0].ExtraHeaders[jose.HeaderType] != "actiongw-assertion+jwt" {
		return nil, errors.New("this JWT is no assertion")
	}
	if claims.Expiry == nil || claims.NotBefore == nil || claims.ID == "" || own.Call == nil {
		return nil, errors.New("a claim is missing")
	}
	expected := jwt.Expected{Issuer: v.Issuer, AnyAudience: jwt.Audience{v.Audience}, Time: time.Now()}
	if err := claims.ValidateWithLeeway(expected, v.Leeway); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(body)
	switch {
	case own.Call.Version != 1:
		return nil, errors.New("the claims are of another version")
	case own.Call.Method != method || own.Call.Target != target:
		return nil, errors.New("the assertion is for another request")
	case own.Call.BodySHA256 != hex.EncodeToString(digest[:]):
		return nil, errors.New("the assertion is for another body")
	case v.FirstUse != nil && !v.FirstUse(claims.ID, claims.Expiry.Time()):
		return nil, errors.New("the assertion has been used")
	}
	return own.Call, nil
}

// checkSignature reads the claims of a token that one of the keys has signed.
func (v *Verifier) checkSignature(token *jwt.JSONWebToken, claims ...any) error {
	for _, secret := range v.Secrets {
		if token.Claims(secret, claims...) == nil {
			return nil
		}
	}
	if len(v.Secrets) > 0 {
		return errors.New("no secret fits the signature")
	}
	key, err := v.key(token.Headers[0].KeyID)
	if err != nil {
		return err
	}
	return token.Claims(key, claims...)
}

// key finds a public key. It fetches the keys every five minutes, and when it
// does not know one, but then not oftener than every thirty seconds: anybody
// can make up key ids.
func (v *Verifier) key(id string) (*jose.JSONWebKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	found, age := v.keys.Key(id), time.Since(v.fetched)
	if age > 5*time.Minute || len(found) == 0 && age > 30*time.Second {
		if err := v.fetch(); err != nil {
			return nil, err
		}
		found = v.keys.Key(id)
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("no key of the id %q", id)
	}
	return &found[0], nil
}

func (v *Verifier) fetch() error {
	v.fetched = time.Now()
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(v.JWKS)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the keys cannot be fetched: %s", response.Status)
	}
	var keys jose.JSONWebKeySet
	if err := json.NewDecoder(response.Body).Decode(&keys); err != nil {
		return err
	}
	v.keys = keys
	return nil
}
