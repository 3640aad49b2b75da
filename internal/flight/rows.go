package flight

import (
	"bytes"
	"strings"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Letters of rows (§1).
const (
	// counted rows say how many bytes they are long and have no newline.
	counted = "TAOoUSsLlGgMmVb"
	// lines end with a newline, as models do.
	lines = "IEHRrXxCNDJW"
	// anonymous rows have no id.
	anonymous = "HNW"
	// starts are the first bytes of JSON, by which a model is known.
	starts = `{["tfn-0123456789`
)

// A row is one row of the stream, first as text, later as value.
type row struct {
	// n is the row's number in the stream, from 1.
	n    int
	id   uint32
	tag  byte // 0 for a model
	body []byte

	// next chains the rows of one stream (tags R r X x), last is the chain's
	// end, kept in its first row; 0 for none.
	next, last int
	closed     bool
	// chunk marks the rows of a chain after the first.
	chunk bool

	// seen marks rows that a reference reached, depth how deep it stood.
	seen  bool
	depth int
	value value.Value
	// What references with a letter made of this row; use is the letter of made.
	promise *value.Promise
	lazy    *value.Lazy
	made    value.Value
	use     byte
}

func (r *row) isStream() bool { return r.tag == 'R' || r.tag == 'r' || r.tag == 'X' || r.tag == 'x' }

// split cuts the stream into rows and stores those that carry values. Input:
// the whole stream. Limits: as many rows as values. Errors: whatever is not a
// sequence of rows, and a second row of one id. Source: §1.
func (r *reader) split(stream []byte) *reject.Error {
	for n := 1; len(stream) > 0; n++ {
		head, size, err := cutRow(stream, n)
		if err != nil {
			return err
		}
		stream, head.n = stream[size:], n
		switch head.tag {
		case 'N', 'W', 'D', 'J':
			r.debug = true
		case 'H':
		default:
			if err := r.store(head); err != nil {
				return err
			}
		}
	}
	if r.empty > 0 && !r.debug {
		return malformed(r.empty, "it is empty")
	}
	return nil
}

// cutRow reads the row at the start of stream, the n-th, and tells its size.
// Input: at least one byte. Limits: none of its own. Errors: a bad id, tag or
// length, an end that is missing. Source: §1.
func cutRow(stream []byte, n int) (head row, size int, err *reject.Error) {
	id, at := cutHex(stream)
	if at < len(stream) && stream[at] != ':' || at == 0 && stream[0] != ':' {
		return row{}, 0, malformed(n, "it does not begin with an id and a colon")
	}
	at++
	if at >= len(stream) {
		return row{}, 0, malformed(n, "it ends early")
	}
	head = row{id: id}
	tag := stream[at]
	if strings.IndexByte(counted, tag) >= 0 {
		head.tag = tag
		length, digits := cutHex(stream[at+1:])
		from := at + 1 + digits + 1
		if digits == 0 || from > len(stream) || stream[from-1] != ',' || int(length) > len(stream)-from {
			return row{}, 0, malformed(n, "its length is wrong")
		}
		size = from + int(length)
		head.body = stream[from:size]
	} else {
		end := bytes.IndexByte(stream[at:], '\n')
		if end < 0 {
			return row{}, 0, malformed(n, "it does not end with a newline")
		}
		size = at + end + 1
		if strings.IndexByte(lines, tag) >= 0 {
			head.tag = tag
			at++
		} else if strings.IndexByte(starts, tag) < 0 && tag != '\n' {
			return row{}, 0, malformed(n, "it is of an unknown kind")
		}
		head.body = stream[at : size-1]
	}
	if bare := stream[0] == ':'; bare != (head.tag != 0 && strings.IndexByte(anonymous, head.tag) >= 0) {
		return row{}, 0, malformed(n, "its kind and its id do not go together")
	}
	return head, size, nil
}

// cutHex reads a number in the hexadecimal digits of an id or a length, lower
// case without leading zeros, and tells how many there are; 0 when it is none.
// Limits: 8 digits, more than any memory holds rows or bytes of.
func cutHex[T []byte | string](b T) (n uint32, digits int) {
	for digits < len(b) {
		c := b[digits]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return n, digits
		}
		if digits == 8 || digits == 1 && n == 0 {
			return 0, 0
		}
		n = n<<4 | uint32(c)
		digits++
	}
	return n, digits
}

// store keeps a row by its id. Input: a row with an id. Limits: the
// budget of values also bounds rows. Errors: an id that is taken, a chunk of no
// stream or after its end. Source: §1, §5.
func (r *reader) store(head row) *reject.Error {
	if head.tag == 0 && len(head.body) == 0 {
		// In development an empty row means: nothing will come under this id.
		r.empty = head.n
		return nil
	}
	if len(r.rows) >= r.limits.Nodes {
		return refuse(TooComplex, head.n, "there are too many rows")
	}
	at := len(r.rows)
	first := r.find(head.id)
	switch {
	case first < 0 && (head.tag == 'C' || head.tag == 'b'):
		return malformed(head.n, "it belongs to no stream")
	case first < 0:
		if r.byID != nil {
			r.byID[head.id] = at
		}
	case !r.rows[first].isStream():
		return malformed(head.n, "its id is taken")
	default:
		stream := &r.rows[first]
		if stream.closed || head.isStream() {
			return malformed(head.n, "its stream has ended, or begins again")
		}
		stream.closed = head.tag == 'C' || head.tag == 'E'
		head.chunk = true
		if stream.last == 0 {
			stream.next = at
		} else {
			r.rows[stream.last].next = at
		}
		stream.last = at
	}
	r.rows = append(r.rows, head)
	return nil
}

// find is the index of the row of an id, of its first one for a stream, -1 for
// none. Real closures have a handful of rows; only then is looking at all of
// them cheaper than a map.
func (r *reader) find(id uint32) int {
	const few = 16
	if len(r.rows) <= few {
		for i := range r.rows {
			if r.rows[i].id == id && !r.rows[i].chunk {
				return i
			}
		}
		return -1
	}
	if r.byID == nil {
		r.byID = make(map[uint32]int, 2*len(r.rows))
		for i := range r.rows {
			if !r.rows[i].chunk {
				r.byID[r.rows[i].id] = i
			}
		}
	}
	if at, ok := r.byID[id]; ok {
		return at
	}
	return -1
}
