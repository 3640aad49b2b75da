// Package action says whether a request is a server-action call, of which
// kind, and which action it names.
//
// Recognition has two steps, because a form posted without JavaScript looks
// like any other form until its fields are known. [Recognize] sees the method
// and two headers; [FromFields] sees the names of the form's parts. The rule
// of both is to call a call everything that any supported backend might run as
// one, whatever the spelling of its media type.
package action

import "strings"

// Kind is what a request is, as far as actions go.
type Kind uint8

// The kinds of request.
const (
	// None is a request that no backend runs as an action.
	None Kind = iota
	// Fetch is a call by React's client: the action header is present.
	Fetch
	// MaybeForm is a multipart POST without the header. Its part names decide.
	MaybeForm
	// Form is a MaybeForm whose part names have said yes.
	Form
)

// String is the word for logs, metrics and placeholders.
func (k Kind) String() string {
	switch k {
	case Fetch:
		return "fetch"
	case MaybeForm, Form:
		return "form"
	default:
		return "none"
	}
}

// Recognize says what a request is from its method and the raw values of the
// lines of its action header (see [Dialect]) and Content-Type, duplicates kept;
// header is nil when there is no such line. A request with the action header is a Fetch whatever
// its method: the caller refuses all but POST, so that no other reading of the
// same request can run (spec next-actions §1).
func Recognize(method string, header, contentType []string) Kind {
	if header != nil {
		return Fetch
	}
	if method != "POST" {
		return None
	}
	for _, line := range contentType {
		if isMultipart(line) {
			return MaybeForm
		}
	}
	return None
}

// isMultipart reports whether a Content-Type line mentions multipart/form-data,
// in any case. Next wants it at the start, in lower case; backends that read
// forms with Node's own Request.formData find it behind a comma too.
func isMultipart(line string) bool {
	for i := range len(line) - len(multipartType) + 1 {
		if strings.EqualFold(line[i:i+len(multipartType)], multipartType) {
			return true
		}
	}
	return false
}
