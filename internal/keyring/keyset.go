package keyring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
)

// Purpose is what the keys of one keyset are for. A keyset has one purpose, so
// that revoking its keys touches nothing else.
type Purpose string

// The purposes. They are told apart by the prefix that Tink gives the keys, so
// a keyset of one purpose is not read as one of the other.
const (
	// NextClosures are keys for Next's layout. Tink only stores them: as AES-GCM
	// keys without prefix (RAW), whose bytes are taken out for use with the
	// 16-byte nonce that Tink does not know.
	NextClosures Purpose = "next-closures"
	// OwnClosures are keys for our own layout, AES-256-GCM with Tink's prefix,
	// which says at the head of a ciphertext which key made it.
	OwnClosures Purpose = "own-closures"
	// Assertions are private keys that sign what upstream verifies with the
	// published public keys: ES256 when made here.
	Assertions Purpose = "assertion"
)

// Purposes returns all of them, in the order of errors.
func Purposes() []Purpose { return []Purpose{NextClosures, OwnClosures, Assertions} }

// variant is the prefix type of the AES-GCM keys for closures.
func (p Purpose) variant() (aesgcm.Variant, error) {
	switch p {
	case NextClosures:
		return aesgcm.VariantNoPrefix, nil
	case OwnClosures:
		return aesgcm.VariantTink, nil
	default:
		return aesgcm.VariantUnknown, fmt.Errorf("%q is no purpose of a keyset; there are %v", string(p), Purposes())
	}
}

// Keyset is the keys of one purpose: a Tink keyset, which exactly one key is
// primary of, and the notes beside it. It never changes: what changes a key
// returns a new Keyset. The zero Keyset is none.
type Keyset struct {
	purpose Purpose
	handle  *keyset.Handle
	notes   notes
}

// generatedBytes is the length of closure keys made here: AES-256, as Next
// makes them.
const generatedBytes = 32

// Generate makes a keyset of one fresh primary key. now is in Unix seconds.
// random is for closure keys; keys for [Assertions] are drawn by Tink.
func Generate(purpose Purpose, random io.Reader, now int64) (Keyset, error) {
	k, id, err := Keyset{purpose: purpose}.add(random, now, Enabled)
	if err != nil {
		return Keyset{}, err
	}
	return k.withHandle(func(m *keyset.Manager) error { return m.SetPrimary(id) })
}

// Add makes a fresh key, which is pending: it opens, and seals after Promote;
// or it is published, and signs after Promote. That leaves the time to hand the
// keyset to every instance. It returns the new keyset and the key's id.
func (k Keyset) Add(random io.Reader, now int64) (Keyset, uint32, error) {
	if k.handle == nil {
		return Keyset{}, 0, errNoKeyset
	}
	return k.add(random, now, Pending)
}

// ImportNext puts a key of a Next app into a keyset of [NextClosures]. Into the
// zero Keyset it goes as the primary key of a new one, into another as an
// enabled one, which opens; Promote makes it seal. A key that is in the keyset
// already is refused.
func (k Keyset) ImportNext(key Key, now int64) (Keyset, uint32, error) {
	switch {
	case key.IsZero():
		return Keyset{}, 0, errors.New("there is no key to import")
	case k.handle != nil && k.purpose != NextClosures:
		return Keyset{}, 0, fmt.Errorf("this keyset is for %s; keys of Next belong into one for %s", k.purpose, NextClosures)
	case k.handle != nil && k.has(key.Fingerprint()):
		return Keyset{}, 0, fmt.Errorf("%v is in this keyset already", key)
	}
	isNew := k.handle == nil
	k.purpose = NextClosures
	k, id, err := k.addRaw(key.secret().raw, 0, now, Enabled)
	if err == nil && isNew {
		k, err = k.Promote(id)
	}
	return k, id, err
}

// Promote makes a pending or enabled key the primary one. The one before stays
// enabled, so that it goes on opening.
func (k Keyset) Promote(id uint32) (Keyset, error) {
	switch state := k.state(id); state {
	case Pending, Enabled:
	case Primary:
		return k, nil
	default:
		return Keyset{}, k.refuse(id, "promoted", "only pending and enabled keys can be")
	}
	k, err := k.withHandle(func(m *keyset.Manager) error { return m.SetPrimary(id) })
	k.notes = k.notes.with(id, func(n *note) { n.state = "" })
	return k, err
}

// Disable revokes a key at once: what it opens is refused from then on. Enable
// takes that back. The primary key cannot be revoked before another is.
func (k Keyset) Disable(id uint32) (Keyset, error) {
	if state := k.state(id); state != Pending && state != Enabled && state != Disabled {
		return Keyset{}, k.refuse(id, "disabled", "promote another key before disabling the primary one")
	}
	k, err := k.withHandle(func(m *keyset.Manager) error { return m.Disable(id) })
	k.notes = k.notes.with(id, func(n *note) { n.state = "" })
	return k, err
}

// Enable lets a disabled key open again.
func (k Keyset) Enable(id uint32) (Keyset, error) {
	if k.state(id) != Disabled {
		return Keyset{}, k.refuse(id, "enabled", "only disabled keys can be")
	}
	return k.withHandle(func(m *keyset.Manager) error { return m.Enable(id) })
}

// Destroy removes the bytes of a disabled key for ever and leaves a note that
// it existed. Only disabled keys can be destroyed: whoever does it has seen
// that nothing breaks without the key.
func (k Keyset) Destroy(id uint32) (Keyset, error) {
	if k.state(id) != Disabled {
		return Keyset{}, k.refuse(id, "destroyed", "disable the key first, and see that nothing needs it")
	}
	mark := k.fingerprintOf(id)
	k, err := k.withHandle(func(m *keyset.Manager) error { return m.Delete(id) })
	k.notes = k.notes.with(id, func(n *note) { n.state, n.fingerprint = Destroyed, mark })
	return k, err
}

var errNoKeyset = errors.New("there is no keyset")

func (k Keyset) refuse(id uint32, verb, why string) error {
	state := k.state(id)
	if state == "" {
		return fmt.Errorf("this keyset has no key %d", id)
	}
	return fmt.Errorf("key %d is %s and cannot be %s: %s", id, state, verb, why)
}

// add puts a fresh key into the keyset.
func (k Keyset) add(random io.Reader, now int64, state State) (Keyset, uint32, error) {
	if k.purpose == Assertions {
		return k.insert(addSigning, now, state)
	}
	fresh := make([]byte, generatedBytes+4)
	if _, err := io.ReadFull(random, fresh); err != nil {
		return Keyset{}, 0, fmt.Errorf("no random bytes for a key: %w", err)
	}
	return k.addRaw(fresh[:generatedBytes], binary.BigEndian.Uint32(fresh[generatedBytes:]), now, state)
}

// addRaw puts a key into the keyset. The id is for keys with a prefix, which
// it becomes a part of; for others Tink draws one.
func (k Keyset) addRaw(raw []byte, id uint32, now int64, state State) (Keyset, uint32, error) {
	variant, err := k.purpose.variant()
	if err != nil {
		return Keyset{}, 0, err
	}
	if variant == aesgcm.VariantNoPrefix {
		id = 0
	} else if id == 0 || k.state(id) != "" || k.notes.find(id) != nil {
		return Keyset{}, 0, errors.New("the id drawn for the key is taken; try again")
	}
	// 12 is what Tink will use whatever stands here. It has no meaning for Next
	// keys, which Tink only stores.
	params, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: len(raw), IVSizeInBytes: 12, TagSizeInBytes: tagSize, Variant: variant,
	})
	if err != nil {
		return Keyset{}, 0, fmt.Errorf("a key of %d bytes cannot be kept in a keyset", len(raw))
	}
	fresh, err := aesgcm.NewKey(secretdata.NewBytesFromData(raw, insecuresecretdataaccess.Token{}), id, params)
	if err != nil {
		return Keyset{}, 0, errors.New("the key cannot be kept in a keyset")
	}
	return k.insert(func(m *keyset.Manager) (uint32, error) { return m.AddKey(fresh) }, now, state)
}

// insert has a key added to a copy of the Tink keyset, and notes it.
func (k Keyset) insert(add func(*keyset.Manager) (uint32, error), now int64, state State) (Keyset, uint32, error) {
	manager := keyset.NewManager()
	if k.handle != nil {
		manager = keyset.NewManagerFromHandle(k.handle)
	}
	id, err := add(manager)
	if err != nil || k.notes.find(id) != nil {
		return Keyset{}, 0, errors.New("the id drawn for the key is taken; try again")
	}
	if k.handle == nil { // Tink makes no keyset without a primary key
		if err := manager.SetPrimary(id); err != nil {
			return Keyset{}, 0, errors.New("the new key cannot be primary")
		}
	}
	if k.handle, err = manager.Handle(); err != nil {
		return Keyset{}, 0, errors.New("the keyset is not valid with the new key")
	}
	k.notes = k.notes.with(id, func(n *note) {
		n.created, n.fingerprint = now, k.fingerprintOf(id)
		if state == Pending {
			n.state = Pending
		}
	})
	return k, id, nil
}

// withHandle applies one change to a copy of the Tink keyset. Tink's errors
// are not repeated: the callers have looked at all that Tink refuses.
func (k Keyset) withHandle(change func(*keyset.Manager) error) (Keyset, error) {
	manager := keyset.NewManagerFromHandle(k.handle)
	if err := change(manager); err != nil {
		return Keyset{}, errors.New("the keyset does not allow this change")
	}
	handle, err := manager.Handle()
	if err != nil {
		return Keyset{}, errors.New("the keyset would not be valid after this change")
	}
	k.handle = handle
	return k, nil
}
