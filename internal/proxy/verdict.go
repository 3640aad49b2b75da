package proxy

import (
	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/reject"
)

// Verdict is what becomes of a request.
type Verdict uint8

// The verdicts.
const (
	// Pass: no call. It goes on as it came, header hygiene aside.
	Pass Verdict = iota
	// Admit: a call that goes on.
	Admit
	// WouldRefuse: a call that goes on as it came because of report mode.
	WouldRefuse
	// Refuse: the request ends here.
	Refuse
)

// String is the word for logs, metrics and placeholders.
func (v Verdict) String() string {
	return [...]string{"pass", "admit", "would_refuse", "refuse"}[v]
}

// Decision is what the gate has found out about one request and made of it.
type Decision struct {
	Verdict Verdict
	Kind    action.Kind
	Dialect action.Dialect
	// ID is the action's id where the request names one that looks like an id.
	ID action.ID
	// Name is what the manifest calls the action, empty if no manifest has it.
	Name string
	// Closure says what became of the call's captured values, and Keys are the
	// fingerprints of the keys that opened closures.
	Closure policy.Closure
	Keys    []string
	// Refusal is the reason of Refuse and WouldRefuse, nil otherwise.
	Refusal *reject.Error
	// BodyBytes is how much of the body was read into memory.
	BodyBytes int

	json   bool // the backend reads calls as JSON
	memory *Memory
	held   int64        // bytes counted
	body   []byte       // what was read, or what is sent in its place
	buffer *[]byte      // which it was read into
	given  *heldBody    // what upstream reads it from
	stream *watchedBody // what upstream reads instead
}

// Late returns the refusal that the gate came to while the body of a request
// with verdict Pass was streaming, or nil. It may be called at any time.
func (d *Decision) Late() *reject.Error {
	if d.stream == nil {
		return nil
	}
	return d.stream.refusal.Load()
}

// Streams reports whether the body is still watched while it passes, so that
// Late may change.
func (d *Decision) Streams() bool { return d.stream != nil }

// Translated reports whether the answer to the call has to be translated, by
// [Translation].
func (d *Decision) Translated() bool {
	return d.Verdict == Admit && d.json && d.Kind == action.Fetch
}

// Client is who waits for the answer to a fetch call.
func (d *Decision) Client() jsoncall.Client {
	switch {
	case d.Dialect == action.React:
		return jsoncall.React
	case d.legacy():
		return jsoncall.Next14
	}
	return jsoncall.Next
}

// Release ends the counting of the body's memory. With done set, nobody will
// read the body again, and its buffer serves another request; after an error
// of the next handler that is not so, because error routes may read it.
func (d *Decision) Release(done bool) {
	if d.stream != nil {
		d.stream.giveBack()
		return
	}
	if d.held == 0 {
		return
	}
	d.memory.give(d.held)
	if done {
		if d.given != nil {
			d.given.takeBack()
		}
		d.memory.keep(d.buffer)
	}
	d.held, d.body, d.buffer = 0, nil, nil
}
