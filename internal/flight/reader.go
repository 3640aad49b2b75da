package flight

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// A reader turns rows into values, in three steps: split cuts the stream, then
// the rows that references reach are read one by one (a reference to a row
// only puts it in the queue), then link sets the references.
type reader struct {
	*Workspace
	value.Slabs

	limits Limits
	byID   map[uint32]int
	// debug is set when the stream has debug rows. empty is the number of a
	// row without text, 0 for none.
	debug bool
	empty int

	nodes int
	// now is the number of the row that is being read, for errors.
	now int
	// body is a copy of the row's text, from which strings are cut.
	body string

	// open counts the references that were read and wait for link.
	open int
	// missing are promises of rows that are not there, by id.
	missing map[uint32]*value.Promise
	// work counts what link does.
	work int
}

// Workspace is memory for parsing streams, one at a time. What was parsed
// shares none of it.
type Workspace struct {
	rows  []row
	queue []int

	json    jsontext.Decoder
	text    bytes.Buffer   // that it reads
	items   []value.Value  // of the arrays that are open
	members []value.Member // of the objects that are open

	// slots are the places of references that wait for link.
	slots []slot
	// thens are the values under the key `then`.
	thens []*value.Value
	// fills are rows from which a letter made something that link fills.
	fills []fill
}

// clear forgets the stream that was parsed, and lists that were longer than real
// closures need.
func (w *Workspace) clear() {
	const most = 128
	w.rows, w.queue = value.Emptied(w.rows, most), value.Emptied(w.queue, most)
	w.items, w.members = value.Emptied(w.items, most), value.Emptied(w.members, most)
	w.slots, w.thens, w.fills = value.Emptied(w.slots, most), value.Emptied(w.thens, most), value.Emptied(w.fills, most)
	w.text = bytes.Buffer{}
	w.json.Reset(&w.text)
}

// A pending value stands where a reference was read until link replaces it.
// It is a Value by embedding one, which stays nil.
type pending struct {
	value.Value
	row  int
	path string // empty, or steps with a colon before each
}

// A failure is the value of a row that is an error.
type failure struct {
	value.Value
	err *value.Error
}

// A slot is a place that holds a pending value. In the row's own place, and
// nowhere else, the value may turn out to be an error.
type slot struct {
	at  *value.Value
	row bool
}

// A fill is a row and the letter of the reference that uses it.
type fill struct {
	row int
	tag byte
}

// mention finds the row that a reference names and sees to it that it will be
// read. Input: an id, and how deep the reference stands. Output: the row's
// index, -1 when there is none. Limits: those of what counted rows hold.
// Errors: such a row with a content that does not fit. Source: §1, §5.
func (r *reader) mention(id uint32, depth int) (int, *reject.Error) {
	at := r.find(id)
	if at < 0 {
		return -1, nil
	}
	w := &r.rows[at]
	if w.seen {
		return at, nil
	}
	w.seen, w.depth = true, depth
	switch w.tag {
	case 0, 'E':
	case 'I':
		w.value = &value.ClientReference{}
	case 'R', 'r':
		w.value = &value.Stream{Binary: w.tag == 'r'}
	case 'X', 'x':
		w.value = &value.Async{Iterator: w.tag == 'x'}
	default:
		v, err := countedValue(w)
		w.value = v
		return at, err
	}
	r.queue = append(r.queue, at)
	return at, nil
}

// countedValue is the text or the bytes of a counted row. Errors: text
// that is not UTF-8, a view whose length does not fit its elements. Source: §1.
func countedValue(w *row) (value.Value, *reject.Error) {
	if w.tag == 'T' {
		if !utf8.Valid(w.body) {
			return nil, malformed(w.n, "its text is not UTF-8")
		}
		return value.String(w.body), nil
	}
	kind, size := value.ViewOf(w.tag)
	if len(w.body)%size != 0 {
		return nil, malformed(w.n, "its length is not a multiple of its elements'")
	}
	return &value.Bytes{Kind: kind, Data: bytes.Clone(w.body)}, nil
}

// readRow reads a row of the queue. Errors: those of its content. Source: §1.
func (r *reader) readRow(at int) *reject.Error {
	w := &r.rows[at]
	r.now = w.n
	switch w.tag {
	case 'E':
		e, err := r.readError(w.body)
		w.value = &failure{err: e}
		return err
	case 'R', 'r', 'X', 'x':
		return r.readStream(at)
	}
	v, err := r.readModel(w.body, w.depth)
	if err != nil {
		return err
	}
	if w.tag == 'I' {
		// The module's own description replaces the made reference until link
		// has read the id from it.
		w.made, w.use, v = v, 'I', w.value
		r.fills = append(r.fills, fill{at, 'I'})
		r.slot(&w.made, false)
	}
	w.value = v
	r.slot(&w.value, true)
	return nil
}

// slot notes a place that may hold a pending value.
func (r *reader) slot(at *value.Value, row bool) {
	if _, ok := (*at).(*pending); ok {
		r.slots = append(r.slots, slot{at, row})
	}
}

// readStream reads the rows of a stream or async iterable. Input: its first
// row. Limits: the budget of values. Errors: a stream without end, a chunk of
// a kind that it does not have. Source: §2.
func (r *reader) readStream(at int) *reject.Error {
	w := &r.rows[at]
	if !w.closed || len(w.body) > 0 {
		return malformed(w.n, "the stream that it begins has no end")
	}
	n := 0
	for i := w.next; i != 0; i = r.rows[i].next {
		n++
	}
	// The last row is the end. Chunks keep their places, which slots point to.
	chunks := make([]value.Value, n-1)
	i := w.next
	for k := range chunks {
		r.now = r.rows[i].n
		chunk, err := r.readChunk(w.tag, &r.rows[i], w.depth)
		if err != nil {
			return err
		}
		chunks[k] = chunk
		r.slot(&chunks[k], false)
		i = r.rows[i].next
	}
	r.now = r.rows[i].n
	return r.endStream(w, &r.rows[i], chunks)
}

// readChunk reads one chunk of a stream that began with tag. Limits and errors
// as in readStream. Source: §2.
func (r *reader) readChunk(tag byte, w *row, depth int) (value.Value, *reject.Error) {
	if r.nodes++; r.nodes > r.limits.Nodes {
		return nil, refuse(TooComplex, r.now, "there are too many values")
	}
	fits := strings.IndexByte(counted, w.tag) >= 0 && w.tag != 'b'
	if tag == 'r' {
		fits = w.tag == 'b' || w.tag == 'o'
	} else if w.tag == 0 {
		return r.readModel(w.body, depth+1)
	}
	if !fits {
		return nil, malformed(r.now, "it is no chunk of its stream")
	}
	return countedValue(w)
}

// endStream reads the row that ends a stream: C, with a return value for async
// iterables, or E. Source: §1.
func (r *reader) endStream(w, end *row, chunks []value.Value) *reject.Error {
	var failed *value.Error
	var err *reject.Error
	if end.tag == 'E' {
		if failed, err = r.readError(end.body); err != nil {
			return err
		}
	}
	switch s := w.value.(type) {
	case *value.Stream:
		s.Chunks, s.Failed = chunks, failed
		if end.tag == 'C' && len(end.body) > 0 {
			return malformed(r.now, "a stream has no return value")
		}
	case *value.Async:
		s.Items, s.Failed = chunks, failed
		if end.tag == 'C' && len(end.body) > 0 {
			if s.Return, err = r.readModel(end.body, w.depth+1); err != nil {
				return err
			}
			if _, none := s.Return.(value.Undefined); none {
				s.Return = nil
			}
			r.slot(&s.Return, false)
		}
	}
	return nil
}
