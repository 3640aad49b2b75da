package closure

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reject"
)

// Prefix begins every closure of our own layout and names its version:
//
//	"ag1." ‖ base64url(ciphertext), no padding
//
// The ciphertext is Tink's, which names its key. Its associated data are the
// version, the audience and the action's id, each behind its length in 4 bytes,
// big-endian. Its plaintext is what encode writes.
const Prefix = "ag1."

var ownBase64 = base64.RawURLEncoding.Strict()

// Scope is what a closure of our own layout is sealed for. It does not open in
// any other.
type Scope struct {
	// Audience is the site, from the configuration and never from a request.
	Audience string
	// ActionID is the action's id or declared name.
	ActionID string
}

// associated is the associated data: no two scopes give the same bytes.
func (s Scope) associated() []byte {
	var out []byte
	for _, part := range []string{Prefix, s.Audience, s.ActionID} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part))) //nolint:gosec // names from a configuration, not gigabytes
		out = append(out, part...)
	}
	return out
}

// Own is a closure of our own layout, open.
type Own struct {
	// Issued and Expires are in Unix seconds. At Expires it is no longer valid.
	// Sealing anew keeps both.
	Issued, Expires int64
	// Binding ties it to one browser; empty for none.
	Binding Binding
	// Values is a JSON array, the captured values. Types is a JSON object that
	// says which of them JSON cannot say, empty for none. Both are kept byte for
	// byte; Captured reads them.
	Values, Types []byte
}

// Binding is the digest of a cookie's value, empty for none.
type Binding string

// Bind makes a Binding to the value of a cookie. It is no secret-keeper of
// cookies that can be guessed, and need not be one: it travels encrypted.
func Bind(cookie string) Binding {
	digest := sha256.Sum256([]byte("actiongw closure binding\x00" + cookie))
	return Binding(base64.RawURLEncoding.EncodeToString(digest[:]))
}

// SealOwn seals values for a scope with the primary key. It fails without
// audience or action, for an expiry that is not behind the time of issue, and
// for values or types that are not JSON of their kind.
func SealOwn(keys keyring.OwnKeys, scope Scope, c Own) (string, error) {
	if scope.Audience == "" || scope.ActionID == "" {
		return "", errors.New("a closure is sealed for an audience and an action; one of them is empty")
	}
	plaintext, err := c.encode()
	if err != nil {
		return "", err
	}
	ciphertext, err := keys.Encrypt(plaintext, scope.associated())
	if err != nil {
		return "", err
	}
	return Prefix + ownBase64.EncodeToString(ciphertext), nil
}

// Expectation is what OpenOwn holds a closure against.
type Expectation struct {
	Scope
	// Now is in Unix seconds.
	Now int64
	// Cookies are all values in the request of the cookie that closures are
	// bound to.
	Cookies []string
}

// OpenedOwn is a closure of our own layout that opened and is valid now.
type OpenedOwn struct {
	Own
	Key keyring.OwnKey
}

// OpenOwn opens a closure. It refuses with [Malformed], [KeyUnknown],
// [KeyDisabled], [Altered], [Expired] or [BindingMismatch]. Whether there had to
// be a binding is the caller's to say.
func OpenOwn(keys keyring.OwnKeys, want Expectation, sealed string) (OpenedOwn, *reject.Error) {
	ciphertext, ok := decodeOwn(sealed)
	if !ok {
		return OpenedOwn{}, refuse(Malformed, "the closure is not of the layout that this action takes")
	}
	plaintext, by, ok := keys.Decrypt(ciphertext, want.associated())
	switch {
	case by.State == "":
		return OpenedOwn{}, refuse(KeyUnknown, "the closure names a key that is not here")
	case !ok:
		return OpenedOwn{}, refuse(Altered, "the closure was altered, or sealed for another action or site").With("key", by.Fingerprint)
	case !by.State.Live():
		return OpenedOwn{}, refuse(KeyDisabled, "the closure was sealed with a key that has been revoked").With("key", by.Fingerprint)
	}
	c, ok := parseOwn(plaintext)
	switch {
	case !ok: // sealed by something that is not this package
		return OpenedOwn{}, refuse(Malformed, "the closure holds something else than values").With("key", by.Fingerprint)
	case want.Now >= c.Expires:
		return OpenedOwn{}, refuse(Expired, "the closure has expired; load the page again").With("key", by.Fingerprint)
	}
	if detail := c.Binding.check(want.Cookies); detail != "" {
		return OpenedOwn{}, refuse(BindingMismatch, detail).With("key", by.Fingerprint)
	}
	return OpenedOwn{c, by}, nil
}

// decodeOwn takes the ciphertext out of the text, which has one spelling only.
func decodeOwn(sealed string) ([]byte, bool) {
	text, ok := strings.CutPrefix(sealed, Prefix)
	if !ok {
		return nil, false
	}
	ciphertext, err := ownBase64.DecodeString(text)
	// Go skips CR and LF even when it is strict; they make the text longer.
	return ciphertext, err == nil && len(text) == ownBase64.EncodedLen(len(ciphertext))
}

// check says what is wrong with the cookies, empty when the closure is not
// bound or they are right. Two cookies are wrong even if both are: the backend
// may read either. An empty one is as good as none: it ties to nobody.
func (b Binding) check(cookies []string) string {
	switch {
	case b == "":
		return ""
	case len(cookies) == 0 || len(cookies) == 1 && cookies[0] == "":
		return "the closure is bound to a cookie that did not come"
	case len(cookies) > 1:
		return "the closure is bound to a cookie that came more than once"
	case subtle.ConstantTimeCompare([]byte(b), []byte(Bind(cookies[0]))) != 1:
		return "the closure is bound to another value of its cookie"
	}
	return ""
}
