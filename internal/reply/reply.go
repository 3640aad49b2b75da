// Package reply reads the arguments of a server action: the "reply" format in
// which React's client sends values to a server function, as a JSON text or as
// a form with one part for each value that JSON cannot hold.
//
// [ParseText] and [ParseForm] read what fetch sends, [ParseAction] what a form
// without JavaScript sends, [Encode] writes a reply again. What is read is
// what a genuine client of one version of React can have written, and nothing
// else (spec reply-format §12.2, invariants I1 to I18): every part has one
// name, one kind and one place that opens it, and every reference names an
// object that stands in the same reply. The published attacks on React's
// decoder are all replies that no client writes (spec reply-format §12.1);
// attack_test.go has one of each.
//
// How a reply is read, in this order:
//
//	index     names.go    the parts by name, and by nothing else
//	read      json.go     one JSON text into values, without recursion; lean.go
//	tags      tags.go     one function for each tag: what "$Q1" opens
//	resolve   refs.go     references, by walking own members of what was read
//	arrive    order.go    has what they name come when React's decoder gets there?
//	finish    finish.go   contents into Maps, Sets, promises, functions
//	compare   cursor.go   does React's decoder find the same form fields?
//
// Errors say what is wrong in words of ours and never repeat the request.
package reply

import (
	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Options say who is expected to have written the reply.
type Options struct {
	// Wire is the column of spec reply-format §11 to hold the reply to.
	Wire Wire
	// Legacy tells Auto that the action's id has 40 digits, as in Next.js 14.
	Legacy bool
	// AnyRoot admits a root that is no argument list. Next always sends a list;
	// a bare React client sends whatever it was given.
	AnyRoot bool
	// NoTemporary refuses `$T`: React's decoder does, too, when it was not given
	// a set of temporary references. Next gives one for fetch calls since 15.
	NoTemporary bool
	// Lean says that most values will not be looked at, which saves the memory
	// for them. What is refused is the same. Kept are the number of arguments, the
	// functions and how many arguments are bound to each, and where a closure can
	// be: in the first of either, in promises and arrays of one element. All else
	// may be values of no known type, or missing. A reply that is to be written again is kept
	// whole, and so is whatever [ParseAction] reads.
	Lean bool
	// Workspace is memory to read in; nil for new memory.
	Workspace *Workspace
	// Limits bound the cost; see [DefaultLimits].
	Limits Limits
}

// Limits bound what one reply can cost. Zero values are not defaults.
type Limits struct {
	// Nodes is the most values: JSON values, form fields and files.
	Nodes int
	// Parts is the most parts.
	Parts int
	// Depth is the deepest nesting of one JSON text.
	Depth int
	// ArraySlots is React's own budget for arrays in arrays.
	ArraySlots int
	// PositionBytes is the most text that names temporary references.
	PositionBytes int
}

// DefaultLimits are those of the gate.
func DefaultLimits() Limits {
	return Limits{
		// A form of a thousand fields is large, 50,000 values are 100 KB of the
		// tersest JSON, and everything behind us is linear in this number.
		Nodes: 50_000,
		// As in formdata: a part for each Map, Set, file or form entry hardly ever
		// adds up to a hundred.
		Parts: 1000,
		// React's decoder runs out of stack between 4,000 and 6,000 levels (spec
		// reply-format §9): nothing deeper ever arrives.
		Depth: 6000,
		// React counts arrays that are referred to again and again up to this
		// number (spec reply-format §9, CVE-2026-23864).
		ArraySlots: 1_000_000,
		// A position is the path to a function or an element in the arguments, some
		// twenty bytes. Deep nesting times many of them is the only way to a megabyte.
		PositionBytes: 1 << 20,
	}
}

// maxArguments is the most arguments, and the most bound ones: Next 16 and
// React refuse more, so no call is lost (spec reply-format §9, I15).
const maxArguments = 1000

// Reply is a reply that was read.
type Reply struct {
	// Args is the argument list; nil when AnyRoot admitted something else.
	Args *value.Array
	// Root is the whole value; Args when that is set.
	Root value.Value
	// Refs are the functions of the server that the client passed along, each
	// once, in the order in which they were met. Whether their ids exist is for
	// the manifest to say.
	Refs []*value.ServerReference
	// Wire is the column to write the reply in again: the newest that fits.
	Wire Wire
	// Reencode is set when React's decoder may read something else than was read
	// here, and [Encode] repairs that: form fields under an id from 10 up, forms
	// that are not met in the order of their fields, references that are followed
	// too early, rows without bytes or in front of their stream, files without a
	// name, and members named __proto__.
	Reencode bool
}

// ParseText reads the body of a text/plain call: one JSON text, which stands
// for a form with the single part "0" (spec reply-format §1). For its errors
// see [ParseForm].
func ParseText(body []byte, o Options) (*Reply, *reject.Error) {
	if o.Workspace == nil {
		o.Workspace = NewWorkspace()
	}
	entries := append(o.Workspace.single[:0], formdata.Entry{Name: rootName, Value: body})
	defer clear(entries)
	return parse(entries, o)
}

// ParseForm reads the parts of a multipart call. Every part must be one that a
// client of one version of React writes, and must be reachable from part "0".
// The values share memory with the entries. The reply is nil with an error,
// which is one of the reasons in reasons.go. CPU and memory are linear in the
// parts, within the limits.
func ParseForm(entries []formdata.Entry, o Options) (*Reply, *reject.Error) {
	return parse(entries, o)
}
