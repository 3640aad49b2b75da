package reply

import (
	"bytes"

	"github.com/actiongw/actiongw/internal/value"
	"github.com/go-json-experiment/json/jsontext"
)

// Workspace is memory for reading replies, one at a time. What has been read
// does not refer to it, so it is free again when the reading is done.
type Workspace struct {
	slots    []slot
	queue    []int32 // ids whose texts are still to be read, in the order of tags
	mentions []mention

	// The state of reading one JSON text.
	text   []byte
	copied string // the text again, if its values are to share a copy of it
	// escapes is set when a backslash is in the text.
	escapes   bool
	dec       jsontext.Decoder
	buf       bytes.Buffer
	stack     []value.Member // finished values of unfinished containers
	names     []name         // of the members of unfinished objects
	unescaped []byte         // names that were escaped
	frames    []frame        // unfinished containers, the innermost last

	skipped *skipped
	pair    *value.Array
}

// maxKept is how many elements of each list a Workspace keeps for the next
// reply: enough for a list of a thousand arguments, or for a Map of them, in
// some 100 KB.
const maxKept = 1024

// NewWorkspace returns a Workspace that fits an ordinary call.
func NewWorkspace() *Workspace {
	s := &skipped{}
	return &Workspace{
		slots:   make([]slot, 0, 8),
		stack:   make([]value.Member, 0, 32),
		names:   make([]name, 0, 32),
		frames:  make([]frame, 0, 8),
		skipped: s,
		pair:    &value.Array{Items: []value.Value{s, s}},
	}
}

// clear drops all that was read, and lists that have become long.
func (w *Workspace) clear() {
	w.slots = emptied(w.slots)
	w.queue = emptied(w.queue)
	w.mentions = emptied(w.mentions)
	w.text, w.copied = nil, ""
	w.stack = emptied(w.stack)
	w.names = emptied(w.names)
	w.unescaped = emptied(w.unescaped)
	w.frames = emptied(w.frames)
	w.buf = bytes.Buffer{}
	w.dec.Reset(&w.buf)
}

func emptied[T any](list []T) []T {
	if cap(list) > maxKept {
		return nil
	}
	clear(list[:cap(list)])
	return list[:0]
}
