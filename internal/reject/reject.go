// Package reject is the vocabulary of refusal: the closed list of reasons for
// which the gate ends a request, and the one error type that carries them.
//
// A reason is a promise to operators. The same snake_case word stands in the
// answer to the client, in the log line, in the metric label, in the heading
// of docs/reject-reasons.md and in the test vectors, and it never changes its
// meaning. Adding one means adding all of these; a test holds them together.
//
// What an [Error] says about a request is split by audience. Reason and Detail
// are made of our own words and numbers and may reach the client. Facts may
// hold values that passed a grammar of ours (a host, an origin) and go to the
// log only. Neither ever holds bytes of a body, a key or a plaintext.
package reject

// Stage is the step of the gate that ended a request, as it stands in the log.
type Stage string

// The steps of the gate, in the order in which a request meets them.
const (
	StageHead   Stage = "head"   // method, headers, media type
	StageOrigin Stage = "origin" // may this caller call this host?
	StageBody   Stage = "body"   // reading: size, time, memory
	StageForm   Stage = "form"   // multipart structure, action fields
	StageAction Stage = "action" // which action is it, and may it be called?
	StageReply  Stage = "reply"  // the arguments

	StageClosure Stage = "closure" // captured values: sealed, opened, read
	StagePolicy  Stage = "policy"  // the action's own rule
)

// Error is the refusal of one request: why, where, and what to tell the
// operator. The gate returns no other error.
type Error struct {
	Reason Reason
	Stage  Stage
	// Detail narrows the reason down in our own words, for clients as well as
	// for operators. It never repeats a byte of the request.
	Detail string
	// Facts are for the operator's log only.
	Facts []Fact
}

// Fact is one named value for the log line of a refusal.
type Fact struct{ Name, Value string }

// New makes a refusal. Detail follows the rule in [Error].
func New(reason Reason, stage Stage, detail string) *Error {
	return &Error{Reason: reason, Stage: stage, Detail: detail}
}

// With adds a fact for the log and returns the same error.
func (e *Error) With(name, value string) *Error {
	e.Facts = append(e.Facts, Fact{name, value})
	return e
}

// Error returns the reason word and the detail; it is safe to show to a client.
func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

// Status is the HTTP status of the refusal.
func (e *Error) Status() int { return e.Reason.Status() }
