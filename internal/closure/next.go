// Package closure seals and opens closures: the variables that an inline server
// action captured, which go through the browser encrypted.
//
// There are two layouts. That of Next.js ([OpenNext], [SealNext]) binds the
// values to an action's id and to nothing else; what opens it is a
// [keyring.Ring]. Our own ([OpenOwn], [SealOwn]) adds a site, an expiry and,
// where wanted, a cookie; it is for backends that are not Next.
//
// Nothing on the wire says that a text is a closure of Next. [TextOf] finds the
// text of an argument, and [Decide] is the rule by which the gate finds out. Our
// own layout begins with [Prefix], and its rule is [DecideOwn].
//
// What a closure of Next holds is a Flight stream, which is for others to read;
// ours holds JSON, see [Own.Captured]. Neither plaintext nor request bytes are in
// errors.
package closure

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reject"
)

// Lengths of an action id in hexadecimal digits: Next 15 and 16, and Next 14
// (spec next-actions §5).
const (
	idLength       = 42
	legacyIDLength = 40
)

// The shortest closure: an id of Next 14 and no values. Next needs that much
// to open anything, so shorter text cannot be a closure.
const (
	minSealedBytes = keyring.Overhead + legacyIDLength
	minSealedText  = (minSealedBytes + 2) / 3 * 4
)

// Opened is a closure of Next's layout that opened and belongs to its action.
type Opened struct {
	// ActionID is the id that was found inside.
	ActionID string
	// Flight is the stream of the captured values, behind the id: valid UTF-8,
	// not parsed.
	Flight []byte
	// Key is the fingerprint of the key that opened it, State what that key is.
	Key   string
	State keyring.State
	// Canonical is set when the text was spelled as Next spells it.
	Canonical bool
}

// OpenNext opens a closure that came with the action of that id, trying all
// keys. It refuses with [Malformed], [KeyUnknown], [KeyDisabled] or
// [ActionMismatch]; how the text was spelled it only reports.
func OpenNext(ring keyring.Ring, actionID, sealed string) (Opened, *reject.Error) {
	data, canonical, ok := decode(nil, sealed)
	if !ok || len(data) < minSealedBytes {
		return Opened{}, refuse(Malformed, "the closure is not base64 of a sealed value")
	}
	plaintext, by, _ := ring.Open(data, ring.Len())
	if by.State == "" {
		return Opened{}, refuseKey()
	}
	return check(actionID, plaintext, by, canonical)
}

// check looks at a closure that has been opened.
func check(actionID string, plaintext []byte, by keyring.Entry, canonical bool) (Opened, *reject.Error) {
	key := by.Key.Fingerprint()
	if !by.State.Live() {
		return Opened{}, refuse(KeyDisabled, "the closure was sealed with a key that has been revoked").With("key", key)
	}
	// Next compares the beginning of the plaintext with the id of the action
	// that it runs, so the id says by itself where the stream begins. Next also
	// drops a byte order mark there, which its own sealing never writes.
	if !isActionID(actionID) || len(plaintext) < len(actionID) || string(plaintext[:len(actionID)]) != actionID {
		return Opened{}, refuse(ActionMismatch, "the closure was sealed for another action").With("key", key)
	}
	// Next replaces invalid UTF-8, so it would read something else than we do.
	// Its own sealing never writes it.
	if !utf8.Valid(plaintext) {
		return Opened{}, refuse(Malformed, "the closure holds something else than text").With("key", key)
	}
	return Opened{actionID, plaintext[len(actionID):], key, by.State, canonical}, nil
}

func refuseKey() *reject.Error {
	return refuse(KeyUnknown, "no key opens the closure: it was sealed elsewhere, or altered")
}

// SealNext seals the Flight stream of captured values for an action, as Next
// does. The nonce comes from random. It fails for what is not an action id or
// not UTF-8, for the zero key, and when random does.
func SealNext(random io.Reader, key keyring.Key, actionID string, flight []byte) (string, error) {
	if !isActionID(actionID) {
		return "", errors.New("a closure is sealed for an action id of 42 or 40 hexadecimal digits")
	}
	if !utf8.Valid(flight) {
		return "", errors.New("the values of a closure are text")
	}
	sealed, err := key.Seal(random, append([]byte(actionID), flight...))
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// isActionID accepts 42 or 40 lower-case hexadecimal digits.
func isActionID(s string) bool {
	return (len(s) == idLength || len(s) == legacyIDLength) && strings.Trim(s, "0123456789abcdef") == ""
}
