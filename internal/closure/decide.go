package closure

import (
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reject"
)

// MaxTries is how many keys the gate tries in one call, over all candidates. A
// try costs as much as decrypting the whole text, so without a bound a call
// with many references would buy a lot of work. A page sends one closure, or a
// few where actions are arguments.
const MaxTries = 32

// Kind is what the manifest says about an action's captured variables.
type Kind uint8

// The kinds of actions. The zero Kind is the careful one.
const (
	// MayCapture: nobody knows. No manifest is loaded, or it gives no names, as
	// those of Next 14.
	MayCapture Kind = iota
	// Inline: the action is defined inside a component, so it can capture.
	Inline
	// Named: the action is an export of its module, so it captures nothing.
	Named
)

// Candidate is a string that stands where a closure can stand: argument 0 of a
// call, or the first bound argument of a reference, with arrays of one element
// and promises unwrapped.
type Candidate struct {
	Text string
	// InPromise is set when it stood there as the client sends closures: as a
	// promise of the string, in no array.
	InPromise bool
	// ActionID is the id of its own reference; for argument 0, of the call.
	ActionID string
	Kind     Kind
	// MaxLength is the longest text that a request can hold, the body limit.
	MaxLength int
	// Room is memory to open it in, which may be nil. What was opened stays there.
	Room []byte
}

// Verdict is what a candidate turned out to be.
type Verdict uint8

// The verdicts.
const (
	// Data is no closure: an argument like any other.
	Data Verdict = iota
	// Closure was opened and is in order in every way.
	Closure
	// Unchecked is likely a closure, and there is no key to open it with.
	Unchecked
)

// Decision is a verdict with what led to it.
type Decision struct {
	Verdict Verdict
	// Opened is set for Closure, in Next's layout.
	Opened Opened
	// Own is set for Closure, in our own layout.
	Own *OpenedOwn
	// Tries is how many keys were tried, to be taken off what remains.
	Tries int
}

// Decide finds out whether a candidate is a sealed closure, trying at most
// tries keys, and whether it is in order.
//
// What opens must be what a page sends: sealed for the action of its own
// reference, under a live key, spelled canonically, as a promise of a string.
// Anything else about it is refused, because Next would take it. What does not
// open is refused when only a closure is likely to be there, and data otherwise.
// Reasons: those of [OpenNext], [NotCanonical], [Misplaced], [TriesExceeded].
func Decide(ring keyring.Ring, c Candidate, tries int) (Decision, *reject.Error) {
	if len(c.Text) < minSealedText {
		return Decision{}, nil // too short for Next to open it
	}
	if len(c.Text) > c.MaxLength {
		// No request holds such a text. Passing it on unseen would be wrong if
		// one did after all.
		return Decision{}, refuse(Malformed, "a text is longer than the whole request may be")
	}
	data, canonical, ok := decode(c.Room, c.Text)
	if !ok {
		return unreadable(c)
	}
	if len(data) < minSealedBytes {
		return Decision{}, nil // white space made the text long
	}
	if ring.Len() == 0 {
		return keyless(c), nil
	}
	plaintext, by, tried := ring.Open(data, tries)
	if by.State == "" {
		return unopened(c, tried, ring.Len())
	}
	opened, err := check(c.ActionID, plaintext, by, canonical)
	switch {
	case err != nil:
		return Decision{}, err
	case !c.InPromise:
		return Decision{}, refuse(Misplaced, "the closure did not come as a promise").With("key", opened.Key)
	case !canonical:
		return Decision{}, refuse(NotCanonical, "the closure is not spelled as Next spells it").With("key", opened.Key)
	}
	return Decision{Verdict: Closure, Opened: opened, Tries: tried}, nil
}

// DecideOwn is [Decide] for a text that begins with [Prefix], where there are
// keys of our own layout. It costs one try: a closure of this layout names its
// key.
//
// What names a key that is here must open and be what a page sends. What names
// none, or is not of the layout, is refused in a promise, where pages send
// closures. Elsewhere it is text that a user typed: nothing behind the gate
// could open it. Reasons: those of [OpenOwn], [Misplaced], [TriesExceeded].
func DecideOwn(keys keyring.OwnKeys, c Candidate, want Expectation, tries int) (Decision, *reject.Error) {
	if tries < 1 {
		return Decision{}, refuse(TriesExceeded, "the call has too many texts that may be closures")
	}
	opened, err := OpenOwn(keys, want, c.Text)
	switch {
	case err != nil && !c.InPromise && len(err.Facts) == 0: // no key is known
		return Decision{Tries: 1}, nil
	case err != nil:
		return Decision{}, err
	case !c.InPromise:
		return Decision{}, refuse(Misplaced, "the closure did not come as a promise").With("key", opened.Key.Fingerprint)
	}
	return Decision{Verdict: Closure, Own: &opened, Tries: 1}, nil
}

// likely reports whether a candidate that is long enough stands where pages
// send closures and hardly ever anything else.
func (c Candidate) likely() bool { return c.InPromise && c.Kind != Named }

// unreadable decides on text that atob refuses. Next cannot open it either, so
// letting it through is safe, and without a manifest it may be a promise of
// ordinary text. Where a closure belongs it is refused, to say so early.
func unreadable(c Candidate) (Decision, *reject.Error) {
	if c.InPromise && c.Kind == Inline {
		return Decision{}, refuse(Malformed, "the closure is not base64 of a sealed value")
	}
	return Decision{}, nil
}

// keyless decides where no key is configured. Such a gate checks no closures,
// which it warns of at its start; the verdict says so for each call.
func keyless(c Candidate) Decision {
	if c.likely() {
		return Decision{Verdict: Unchecked}
	}
	return Decision{}
}

// unopened decides on a text that no key opened.
func unopened(c Candidate, tried, keys int) (Decision, *reject.Error) {
	switch {
	case tried < keys:
		// A key that was not tried might open it, and Next would.
		return Decision{}, refuse(TriesExceeded, "the call has too many texts that may be closures")
	case c.likely():
		return Decision{}, refuseKey()
	}
	// Long base64 that no key of ours opens is data: a picture, a token.
	return Decision{Tries: tried}, nil
}
