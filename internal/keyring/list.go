package keyring

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Info is what may be shown of one key of a keyset.
type Info struct {
	ID          uint32
	State       State
	Fingerprint string
	// Created is in Unix seconds, 0 when the notes do not say.
	Created int64
	// Bits is the length of the key, 0 for a destroyed one.
	Bits int
}

// List describes the keys in the order in which they came into the keyset, and
// then those that were destroyed.
func (k Keyset) List() []Info {
	var list []Info
	for e := range k.entries() {
		info := Info{ID: e.KeyID(), State: k.stateOf(e), Fingerprint: k.fingerprintOf(e.KeyID())}
		if raw, ok := rawBytes(e); ok {
			info.Bits = 8 * len(raw)
		} else if v, ok := verifyingOf(e); ok {
			info.Bits = v.bits
		}
		if n := k.notes.find(e.KeyID()); n != nil {
			info.Created = n.created
		}
		list = append(list, info)
	}
	for _, n := range k.notes {
		if n.state == Destroyed && k.entry(n.id) == nil {
			list = append(list, Info{ID: n.id, State: Destroyed, Fingerprint: n.fingerprint, Created: n.created})
		}
	}
	return list
}

// Purpose is what the keys are for.
func (k Keyset) Purpose() Purpose { return k.purpose }

// NextEntries takes the keys of a keyset of [NextClosures] out of Tink, ready
// for [NewRing]: the primary one first, for it opens the most, then the others,
// newest first.
func (k Keyset) NextEntries() ([]Entry, error) {
	if k.handle == nil || k.purpose != NextClosures {
		return nil, fmt.Errorf("this is not a keyset for %s", NextClosures)
	}
	var first, rest []Entry
	for e := range k.entries() {
		state := k.stateOf(e)
		raw, ok := rawBytes(e)
		if state == Destroyed || !ok {
			continue
		}
		key, err := newKey(raw)
		if err != nil {
			return nil, err
		}
		if state == Primary {
			first = append(first, Entry{key, state})
		} else {
			rest = append(rest, Entry{key, state})
		}
	}
	slices.Reverse(rest)
	return append(first, rest...), nil
}

// String names the purpose and counts the keys.
func (k Keyset) String() string {
	if k.handle == nil {
		return "no keyset"
	}
	return fmt.Sprintf("keyset for %s of %d keys", k.purpose, k.handle.Len())
}

// Format answers every verb with String.
func (k Keyset) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// entries walks over the keys that Tink holds.
func (k Keyset) entries() func(yield func(*keyset.Entry) bool) {
	return func(yield func(*keyset.Entry) bool) {
		for i := range k.handle.Len() {
			if e, err := k.handle.Entry(i); err != nil || !yield(e) {
				return
			}
		}
	}
}

func (k Keyset) entry(id uint32) *keyset.Entry {
	for e := range k.entries() {
		if e.KeyID() == id {
			return e
		}
	}
	return nil
}

func (k Keyset) has(fingerprint string) bool {
	for e := range k.entries() {
		if k.fingerprintOf(e.KeyID()) == fingerprint {
			return true
		}
	}
	return false
}

// state is the state of a key, empty when the keyset has none of that id.
func (k Keyset) state(id uint32) State {
	if e := k.entry(id); e != nil {
		return k.stateOf(e)
	}
	return ""
}

// stateOf joins Tink's states with ours. Pending is a note on a key that Tink
// holds as enabled; where the two contradict each other, Tink is right, since
// the notes are not protected.
func (k Keyset) stateOf(e *keyset.Entry) State {
	switch {
	case e.IsPrimary():
		return Primary
	case e.KeyStatus() == keyset.Disabled:
		return Disabled
	case e.KeyStatus() != keyset.Enabled:
		return Destroyed
	}
	if n := k.notes.find(e.KeyID()); n != nil && n.state == Pending {
		return Pending
	}
	return Enabled
}

// fingerprintOf is the fingerprint of a key that Tink holds. That of a Next key
// is the one that [Key.Fingerprint] gives.
func (k Keyset) fingerprintOf(id uint32) string {
	e := k.entry(id)
	if e == nil {
		return ""
	}
	// That of a key that signs is made of its public half.
	if v, ok := verifyingOf(e); ok {
		return fingerprint("actiongw assertion key", v.raw)
	}
	raw, ok := rawBytes(e)
	switch {
	case !ok:
		return ""
	case k.purpose == NextClosures:
		return fingerprint("actiongw next key", raw)
	default:
		return fingerprint("actiongw own key", raw)
	}
}

// rawBytes takes the bytes of a key for closures out of Tink.
func rawBytes(e *keyset.Entry) ([]byte, bool) {
	key, ok := e.Key().(*aesgcm.Key)
	if !ok {
		return nil, false
	}
	return key.KeyBytes().Data(insecuresecretdataaccess.Token{}), true
}

// checkPurpose refuses a keyset that holds other keys than its purpose says:
// a Next key used with Tink's nonce, or a key of ours used without its prefix,
// would open nothing that was sealed with it.
func checkPurpose(purpose Purpose, handle *keyset.Handle) error {
	if handle.Len() > MaxKeys {
		return errors.New("the keyset has more than 32 keys; destroy those that nothing uses any more")
	}
	if purpose == Assertions {
		for e := range (Keyset{handle: handle}).entries() {
			if err := checkSigning(e); err != nil {
				return err
			}
		}
		return nil
	}
	variant, err := purpose.variant()
	if err != nil {
		return err
	}
	for e := range (Keyset{handle: handle}).entries() {
		key, ok := e.Key().(*aesgcm.Key)
		if !ok {
			return fmt.Errorf("key %d of the keyset is not one for %s: it is not an AES-GCM key", e.KeyID(), purpose)
		}
		params, ok := key.Parameters().(*aesgcm.Parameters)
		switch {
		case !ok || params.Variant() != variant:
			return fmt.Errorf("key %d of the keyset is not one for %s, which have the prefix type %v", e.KeyID(), purpose, variant)
		case purpose == OwnClosures && params.KeySizeInBytes() == 24:
			return fmt.Errorf("key %d of the keyset has 192 bits, which Tink cannot use", e.KeyID())
		}
	}
	return nil
}
