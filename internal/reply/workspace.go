package reply

import (
	"bytes"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/go-json-experiment/json/jsontext"
)

// Workspace is memory for reading replies, one at a time. What was read shares
// none of it that changes, so the next reply may follow at once.
type Workspace struct {
	parser   parser
	single   [1]formdata.Entry // the part that a text is
	slots    []slot
	queue    []int32 // ids whose texts are still to be read, in the order of tags
	mentions []mention

	// The state of reading one JSON text.
	dec       jsontext.Decoder
	buf       bytes.Buffer
	text      []byte
	copied    string         // the text again, for values that share its memory
	escapes   bool           // a backslash is in the text
	frames    []frame        // unfinished containers, the innermost last
	stack     []value.Member // their finished values
	names     []span         // of their members
	unescaped []byte         // those that were escaped

	// What stands for values that were left out, for an array of two, and for
	// the entries of a Map.
	skipped *skipped
	pair    *value.Array
	pairs   []value.Entry
}

// maxKept is how long a list may be to be kept for the next reply: a Map of a
// thousand entries, or as many arguments, fit in. All lists together are then
// at most some 150 KB.
const maxKept = 1024

// NewWorkspace returns a Workspace that an ordinary call fits into.
func NewWorkspace() *Workspace {
	s := &skipped{}
	return &Workspace{
		slots:   make([]slot, 0, 8),
		frames:  make([]frame, 0, 8),
		stack:   make([]value.Member, 0, 32),
		names:   make([]span, 0, 32),
		skipped: s,
		pair:    &value.Array{Items: []value.Value{s, s}},
		pairs:   []value.Entry{{Key: s, Value: s}},
	}
}

// clear forgets the reply that was read.
func (w *Workspace) clear() {
	w.slots, w.queue, w.mentions = value.Emptied(w.slots, maxKept), value.Emptied(w.queue, maxKept), value.Emptied(w.mentions, maxKept)
	w.frames, w.stack = value.Emptied(w.frames, maxKept), value.Emptied(w.stack, maxKept)
	w.names, w.unescaped = value.Emptied(w.names, maxKept), value.Emptied(w.unescaped, maxKept)
	w.text, w.copied, w.buf, w.parser = nil, "", bytes.Buffer{}, parser{}
	w.dec.Reset(&w.buf)
}
