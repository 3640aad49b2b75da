package keyring

import (
	"errors"
	"fmt"
	"slices"
)

// State is what a key may be used for. The words stand in lists, logs and the
// notes beside a keyset.
type State string

// The states of a key.
const (
	// Pending keys have been handed out and do not seal yet. They open, because
	// another instance may have been told to seal with them already.
	Pending State = "pending"
	// Primary is the one key that seals. It opens.
	Primary State = "primary"
	// Enabled keys were primary once, or stand beside it. They open.
	Enabled State = "enabled"
	// Build is the key of a build, from its manifest. It opens what that build
	// sealed.
	Build State = "build"
	// Disabled keys are revoked. They are still tried, so that what they open
	// can be refused by its name and cannot pass as data.
	Disabled State = "disabled"
	// Destroyed keys are gone; a keyset remembers that they existed.
	Destroyed State = "destroyed"
)

// Live reports whether what a key of this state opens may be used.
func (s State) Live() bool {
	return s == Pending || s == Primary || s == Enabled || s == Build
}

// Entry is one key of a ring.
type Entry struct {
	Key   Key
	State State
}

// MaxKeys is how many keys a ring can hold. A call may try 32 keys in all, so
// more would leave keys that are never tried.
const MaxKeys = 32

// Ring is the keys of one gate, or of one build behind it, in the order in
// which they are tried. It never changes. The zero Ring holds none.
type Ring struct{ entries []Entry }

// NewRing makes a ring of keys, newest first. It fails for more than [MaxKeys]
// keys, for two primary ones, and for keys that are none or destroyed.
//
// A key that is given twice, such as the configured one that a build's manifest
// names too, stays once, at its first place. If either mention says disabled it
// is disabled: a manifest must not bring a revoked key back. Otherwise primary
// wins, then the first mention.
func NewRing(entries ...Entry) (Ring, error) {
	var kept []Entry
	primaries := 0
	for _, e := range entries {
		if e.Key.IsZero() || !e.State.Live() && e.State != Disabled {
			return Ring{}, fmt.Errorf("%v cannot be used as %q", e.Key, string(e.State))
		}
		at := slices.IndexFunc(kept, func(k Entry) bool { return k.Key.equal(e.Key) })
		if at < 0 {
			kept = append(kept, e)
		} else if e.State == Disabled || e.State == Primary && kept[at].State != Disabled {
			kept[at].State = e.State
		}
	}
	for _, e := range kept {
		if e.State == Primary {
			primaries++
		}
	}
	if primaries > 1 {
		return Ring{}, errors.New("two different keys are primary; only one can seal")
	}
	if len(kept) > MaxKeys {
		return Ring{}, fmt.Errorf("%d keys are too many: a call tries %d; remove those that nothing uses any more", len(kept), MaxKeys)
	}
	return Ring{kept}, nil
}

// Len is the number of keys.
func (r Ring) Len() int { return len(r.entries) }

// Entries returns the keys in the order of trying.
func (r Ring) Entries() []Entry { return slices.Clone(r.entries) }

// Primary returns the key that seals, if there is one.
func (r Ring) Primary() (Key, bool) {
	for _, e := range r.entries {
		if e.State == Primary {
			return e.Key, true
		}
	}
	return Key{}, false
}

// Open tries up to limit keys on sealed bytes, in order and whatever their
// state, and returns the plaintext, the entry whose key opened it, and how many
// keys it tried. When none did, the entry is zero; tried is then less than Len
// if the limit was the reason. It may write over sealed.
func (r Ring) Open(sealed []byte, limit int) (plaintext []byte, by Entry, tried int) {
	if len(sealed) < Overhead {
		return nil, Entry{}, r.Len() // no key opens that, tried or not
	}
	var buffer []byte
	for i, e := range r.entries {
		switch {
		case i >= limit:
			return nil, Entry{}, i
		case i == r.Len()-1:
			// A failed attempt wipes what it wrote to, so only the last one may
			// work in place. With one key, as most have, that is the first.
			buffer = sealed[NonceSize:NonceSize]
		case buffer == nil:
			buffer = make([]byte, 0, len(sealed)-Overhead)
		}
		if plaintext, ok := e.Key.Open(buffer, sealed); ok {
			return plaintext, e, i + 1
		}
	}
	return nil, Entry{}, r.Len()
}
