package reject

// Reason is one word of the closed list below.
type Reason string

// The reasons, in the order in which the gate looks for them. Each comment
// gives the shortest request that meets it; docs/reject-reasons.md says what
// an operator can do.
const (
	// MethodNotAllowed: GET with a Next-Action header. Only POST runs an action.
	MethodNotAllowed Reason = "method_not_allowed"
	// NotAnAction: any request that is no call, behind `only_actions`.
	NotAnAction Reason = "not_an_action"
	// PathReserved: anything on the path where a JSON backend gets calls. A call
	// that somebody wrote by hand would look like one that the gate has checked.
	PathReserved Reason = "path_reserved"
	// HeaderDuplicated: two Next-Action, Content-Type or Origin lines. The
	// backend might read the other one.
	HeaderDuplicated Reason = "header_duplicated"
	// ConnectionNomination: `Connection: next-action`. A proxy behind us would
	// drop the header that it names (RFC 9110 §7.6.1), and with it our decision.
	ConnectionNomination Reason = "connection_nomination"
	// ActionIDMalformed: `Next-Action: x`. Ids are 42 (Next 15, 16) or 40
	// (Next 14) lower-case hexadecimal digits.
	ActionIDMalformed Reason = "action_id_malformed"
	// EarlyData: a call in TLS 0-RTT data, which an attacker can replay (RFC 8470).
	EarlyData Reason = "early_data"
	// ContentEncodingUnsupported: a compressed call. Next does not decompress
	// it, so what we would check is not what it would read.
	ContentEncodingUnsupported Reason = "content_encoding_unsupported"
	// MediaTypeUnsupported: a call as application/json. React's client sends
	// text/plain or multipart/form-data and nothing else.
	MediaTypeUnsupported Reason = "media_type_unsupported"
	// MediaTypeMalformed: multipart/form-data with no boundary, or with two.
	MediaTypeMalformed Reason = "media_type_malformed"
	// CharsetUnsupported: `charset=utf-16`, which hides text from a reader of UTF-8.
	CharsetUnsupported Reason = "charset_unsupported"
	// HostMalformed: a Host that is missing or is not host[:port].
	HostMalformed Reason = "host_malformed"
	// ForwardedHostMalformed: a trusted proxy sent two X-Forwarded-Host values.
	ForwardedHostMalformed Reason = "forwarded_host_malformed"
	// HostNotAllowed: `origins` is set and the request's Host is none of them.
	HostNotAllowed Reason = "host_not_allowed"
	// OriginMalformed: an Origin that no browser writes.
	OriginMalformed Reason = "origin_malformed"
	// OriginNull: `Origin: null` (a sandboxed frame, a data: page), and `null`
	// is not in `origins` (CVE-2026-27978).
	OriginNull Reason = "origin_null"
	// OriginMissing: no Origin, and either the browser says that the request
	// comes from elsewhere (Sec-Fetch-Site) or `missing_origin deny` is set.
	OriginMissing Reason = "origin_missing"
	// OriginNotAllowed: a page of another site called.
	OriginNotAllowed Reason = "origin_not_allowed"
	// BodyTooLarge: one byte more than `max_body`.
	BodyTooLarge Reason = "body_too_large"
	// BodyIncomplete: the connection ended before the promised Content-Length.
	BodyIncomplete Reason = "body_incomplete"
	// BodyTimeout: the body arrived too slowly.
	BodyTimeout Reason = "body_timeout"
	// Overloaded: bodies in flight fill `max_memory`.
	Overloaded Reason = "overloaded"
	// FormMalformed: a multipart call that a strict reader and a lenient one
	// might read differently.
	FormMalformed Reason = "form_malformed"
	// PartsExceeded: a multipart call of more than 1,000 parts.
	PartsExceeded Reason = "parts_exceeded"
	// ActionMissing: a form with `$ACTION_` fields that name no action.
	ActionMissing Reason = "action_missing"
	// ActionUnknown: a well-formed id that no build's manifest holds. A page of
	// a build that is gone sends such ids, and so does a scanner.
	ActionUnknown Reason = "action_unknown"
	// ActionDenied: a rule denies the action, or there are rules by name and
	// nothing says what the action is called.
	ActionDenied Reason = "action_denied"
	// ReplyMalformed: `[1,` or `["$n1.5"]` or a part that nothing refers to.
	// React's client writes none of these.
	ReplyMalformed Reason = "reply_malformed"
	// ReplyReferenceInvalid: `["$1:__proto__:then"]` (CVE-2025-55182). A
	// reference must name an object that stands in the same reply.
	ReplyReferenceInvalid Reason = "reply_reference_invalid"
	// ReplyWireMixed: parts of two versions of React in one call, or of another
	// than `wire` says.
	ReplyWireMixed Reason = "reply_wire_mixed"
	// ReplyTooComplex: more values, parts, nesting or repeats than the limits
	// allow (CVE-2026-23864).
	ReplyTooComplex Reason = "reply_too_complex"
	// ArgumentsExceeded: more than 1,000 arguments, bound or not.
	ArgumentsExceeded Reason = "arguments_exceeded"
	// ClosureMalformed: a text that stands where a closure must stand and is
	// none: not base64, too short, or with something else than text inside.
	ClosureMalformed Reason = "closure_malformed"
	// ClosureKeyUnknown: a closure that no key here opens: sealed by another
	// build or instance, or altered; nobody can tell which.
	ClosureKeyUnknown Reason = "closure_key_unknown"
	// ClosureKeyDisabled: a closure that a revoked key opens.
	ClosureKeyDisabled Reason = "closure_key_disabled"
	// ClosureActionMismatch: a genuine closure of another action than the one
	// it came with. Pages never do that; somebody moved it.
	ClosureActionMismatch Reason = "closure_action_mismatch"
	// ClosureNotCanonical: a genuine closure spelled in another way than Next
	// spells it: with spaces, without padding, with stray bits.
	ClosureNotCanonical Reason = "closure_not_canonical"
	// ClosureMisplaced: a genuine closure that did not come as a promise of a
	// string. Next opens it inline and in arrays, too, but its client never
	// puts it there.
	ClosureMisplaced Reason = "closure_misplaced"
	// ClosureTriesExceeded: more texts that may be closures than a call has.
	ClosureTriesExceeded Reason = "closure_tries_exceeded"
	// ClosureMissing: no closure, for an action whose rule requires one.
	ClosureMissing Reason = "closure_missing"
	// FlightMalformed: a closure that opened and holds no stream of React's.
	FlightMalformed Reason = "flight_malformed"
	// FlightTooComplex: captured values beyond the limits.
	FlightTooComplex Reason = "flight_too_complex"
	// FlightFailed: a closure that holds an error in place of its values.
	FlightFailed Reason = "flight_failed"
	// ServerReferenceDenied: an argument holds a server function, and the
	// action's rule allows none (CVE-2025-55183).
	ServerReferenceDenied Reason = "server_reference_denied"
	// ArgumentNotAllowed: the arguments do not fit the action's schema.
	ArgumentNotAllowed Reason = "argument_not_allowed"
)

// entry is what the list says about one reason.
type entry struct {
	reason Reason
	// status is a number because net/http stays out of this package.
	status int
	// says is one sentence for the person who meets the refusal.
	says string
}

// table is the closed list. A switch would do for look-ups, but the tests,
// the metrics and the docs want to walk it.
var table = [...]entry{
	{MethodNotAllowed, 405, "Server actions are called with POST."},
	{NotAnAction, 404, "Only server actions are served here."},
	{PathReserved, 403, "This path is not open to the outside."},
	{HeaderDuplicated, 400, "A header that must be single was sent twice."},
	{ConnectionNomination, 400, "The Connection header names a header that must not be dropped."},
	{ActionIDMalformed, 400, "This is not the id of a server action."},
	{EarlyData, 425, "Server actions are not accepted in early data; send the request again."},
	{ContentEncodingUnsupported, 415, "The body of a server action must not be compressed."},
	{MediaTypeUnsupported, 415, "Server actions are sent as text/plain or multipart/form-data."},
	{MediaTypeMalformed, 400, "The Content-Type of this request cannot be read."},
	{CharsetUnsupported, 415, "Server actions are sent in UTF-8."},
	{HostMalformed, 400, "The Host of this request cannot be read."},
	{ForwardedHostMalformed, 400, "The forwarded host of this request cannot be read."},
	{HostNotAllowed, 421, "This site is not served here."},
	{OriginMalformed, 403, "The Origin of this request cannot be read."},
	{OriginNull, 403, "This request comes from a page without an origin of its own."},
	{OriginMissing, 403, "This request does not say which site it comes from."},
	{OriginNotAllowed, 403, "This request comes from a site that may not call this one."},
	{BodyTooLarge, 413, "The data that was sent is too large."},
	{BodyIncomplete, 400, "The data that was sent did not arrive completely."},
	{BodyTimeout, 408, "The data that was sent arrived too slowly."},
	{Overloaded, 503, "The server is busy; try again in a moment."},
	{FormMalformed, 400, "The form data cannot be read."},
	{PartsExceeded, 413, "The form has too many fields."},
	{ActionMissing, 400, "The form does not say which action it calls."},
	{ActionUnknown, 404, "This action does not exist any more; reload the page."},
	{ActionDenied, 403, "This action may not be called."},
	{ReplyMalformed, 400, "The arguments of this call cannot be read."},
	{ReplyReferenceInvalid, 400, "The arguments of this call refer to something that is not there."},
	{ReplyWireMixed, 400, "The arguments of this call are written for another version."},
	{ReplyTooComplex, 400, "The arguments of this call are too complex."},
	{ArgumentsExceeded, 400, "The call has too many arguments."},
	{ClosureMalformed, 400, "What this page had prepared for the call cannot be read; reload the page."},
	{ClosureKeyUnknown, 403, "What this page had prepared for the call is not known here; reload the page."},
	{ClosureKeyDisabled, 403, "This page is too old; reload it."},
	{ClosureActionMismatch, 403, "What was prepared for one action was sent with another."},
	{ClosureNotCanonical, 403, "What this page had prepared for the call was altered."},
	{ClosureMisplaced, 403, "What this page had prepared for the call was moved."},
	{ClosureTriesExceeded, 403, "The call carries too much that may be sealed."},
	{ClosureMissing, 403, "This action is called from its page only."},
	{FlightMalformed, 400, "What this page had prepared for the call cannot be read."},
	{FlightTooComplex, 400, "What this page had prepared for the call is too complex."},
	{FlightFailed, 400, "The page failed to prepare this call; reload it."},
	{ServerReferenceDenied, 403, "This action takes no functions as arguments."},
	{ArgumentNotAllowed, 400, "The arguments of this call are not what the action takes."},
}

// All returns every reason, in the order of the list.
func All() []Reason {
	all := make([]Reason, len(table))
	for i, e := range table {
		all[i] = e.reason
	}
	return all
}

// Status is the HTTP status that answers a request refused for r.
func (r Reason) Status() int { return r.lookup().status }

// Sentence is one plain sentence for the person who meets the refusal.
func (r Reason) Sentence() string { return r.lookup().says }

// lookup finds r in the list. A word outside it can only come from a bug of
// ours, which a test looks for; the request is then still refused as a bad one.
func (r Reason) lookup() entry {
	for _, e := range table {
		if e.reason == r {
			return e
		}
	}
	return entry{r, 400, "The request was refused."}
}
