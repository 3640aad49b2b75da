package reply

import "github.com/actiongw/actiongw/internal/reject"

// StageReply is the step that reads a call's arguments.
const StageReply = reject.StageReply

// The reasons for which the arguments of a call are refused. No genuine client
// of a supported version meets the first three.
const (
	ReplyMalformed        = reject.ReplyMalformed
	ReplyReferenceInvalid = reject.ReplyReferenceInvalid
	ReplyWireMixed        = reject.ReplyWireMixed
	ReplyTooComplex       = reject.ReplyTooComplex
	ArgumentsExceeded     = reject.ArgumentsExceeded
)

func malformed(detail string) *reject.Error {
	return reject.New(ReplyMalformed, StageReply, detail)
}

func badReference(detail string) *reject.Error {
	return reject.New(ReplyReferenceInvalid, StageReply, detail)
}

func tooComplex(detail string) *reject.Error {
	return reject.New(ReplyTooComplex, StageReply, detail)
}

func wireMixed() *reject.Error {
	return reject.New(ReplyWireMixed, StageReply, "parts or tags of a version of React that does not fit the rest or the configuration")
}

func argumentsExceeded() *reject.Error {
	return reject.New(ArgumentsExceeded, StageReply, "more arguments than React passes to a function")
}
