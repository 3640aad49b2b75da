package formdata

import (
	"bytes"
	"strings"
)

// actionPrefix starts the name of every field that belongs to React.
const actionPrefix = "$ACTION_"

// maxHeld is how many bytes may separate `$` from the end of `$ACTION_` before
// the search gives up on them. The largest header block in which a parser of
// Node drops bytes is 80 KiB (@fastify/busboy); a name that is longer is none.
const maxHeld = 88 << 10

// MentionsAction reports whether `$ACTION_` occurs anywhere in body, plain or
// disguised. It is for bodies that the grammar does not accept, where nobody
// can say where a backend's parser would find names. The delimiter is two
// hyphens and the boundary, or empty if it is not known.
func MentionsAction(body []byte, delimiter string) bool {
	s := newSearches(delimiter)
	return s.scan(body, true)
}

// searches look for the same in two readings of the body at once, because a
// delimiter may itself contain what hides a field from the other reading: as
// it is, and with delimiters elided (busboy cuts them out of headers).
type searches [2]search

func newSearches(delimiter string) searches {
	return searches{{}, {delimiter: []byte(delimiter)}}
}

// scan goes on in both readings and reports a hit in either.
func (s *searches) scan(data []byte, eof bool) bool {
	plain := s[0].scan(data, eof)
	return len(s[1].delimiter) > 0 && s[1].scan(data, eof) || plain
}

// release says how many bytes at the start can no longer become a hit, and
// counts positions from behind them.
func (s *searches) release() int {
	n := s[0].free()
	if len(s[1].delimiter) > 0 {
		n = min(n, s[1].free())
	}
	for i := range s {
		s[i].pos, s[i].start, s[i].char = s[i].pos-n, s[i].start-n, s[i].char-n
	}
	return n
}

// hidesAction reports a name that is an action field only after its disguise
// is taken off: escapes or dropped bytes before or inside of `$ACTION_`. And one
// that becomes another action field: browsers write `%0D` and `%0A`, which undici
// reads in lower case, too, so that two names are one to it.
func hidesAction(name string) bool {
	if strings.HasPrefix(name, actionPrefix) {
		return strings.Contains(name, "%0d") || strings.Contains(name, "%0a")
	}
	if !strings.ContainsAny(name, "$%") {
		return false
	}
	var s search
	return s.scan([]byte(name), true) && strings.TrimLeft(name[:s.start], dropped) == ""
}

// dropped are the bytes that some parser of forms loses on the way from the
// wire to a name: white space and the line ends of folds, quotes, backslashes,
// the zero bytes of UTF-16, and those of a byte order mark.
const dropped = "\x00\t\n\r \"\\\xef\xbb\xbf"

func isDropped(c byte) bool { return strings.IndexByte(dropped, c) >= 0 }

// search looks for `$ACTION_` in bytes that come in pieces, as the most
// forgiving of parsers would see them: dropped bytes out, then one level of
// percent-encoding undone, then dropped bytes out again. Positions count from
// the first byte still held.
type search struct {
	delimiter []byte // elided if it is not empty
	pos       int    // the next byte to look at
	matched   int    // how much of actionPrefix has been found
	start     int    // where that began
	digits    int    // of an escape: 0 none, 1 and 2 the digit that comes next
	value     int    // of an escape: its first digit
	char      int    // where the character that is being decoded began
}

// scan goes on from pos and reports a hit; data starts with the same byte as
// before, less what release has taken.
func (s *search) scan(data []byte, eof bool) bool {
	for s.pos < len(data) {
		if s.matched == 0 && s.digits == 0 && !s.skip(data) {
			return false
		}
		rest := data[s.pos:]
		switch {
		case len(s.delimiter) > 0 && bytes.HasPrefix(rest, s.delimiter):
			s.pos += len(s.delimiter)
		case !eof && len(rest) < len(s.delimiter) && bytes.HasPrefix(s.delimiter, rest):
			return false // perhaps a delimiter: wait for the rest of it
		default:
			s.feed(rest[0])
			s.pos++
		}
		if s.matched == len(actionPrefix) {
			return true
		}
		if s.matched > 0 && s.pos-s.start > maxHeld {
			s.matched = 0
		}
	}
	return false
}

// skip moves to the next byte that a match can begin with.
func (s *search) skip(data []byte) bool {
	for ; s.pos < len(data); s.pos++ {
		if c := data[s.pos]; c == '$' || c == '%' {
			return true
		}
	}
	return false
}

// feed takes one byte from the wire.
func (s *search) feed(c byte) {
	if isDropped(c) {
		return
	}
	if s.digits > 0 {
		digit := unhex(c)
		switch {
		case digit < 0: // no escape after all: its percent sign ends the match
			s.digits, s.matched = 0, 0
		case s.digits == 1:
			s.digits, s.value = 2, digit
			return
		default:
			s.digits = 0
			s.match(byte(s.value<<4 | digit))
			return
		}
	}
	s.char = s.pos
	if c == '%' {
		s.digits = 1
		return
	}
	s.match(c)
}

// match takes one decoded character.
func (s *search) match(c byte) {
	switch {
	case isDropped(c):
	case c == actionPrefix[0]:
		s.matched, s.start = 1, s.char
	case s.matched > 0 && c == actionPrefix[s.matched]:
		s.matched++
	default:
		s.matched = 0
	}
}

// free is how many bytes at the start can no longer become a hit.
func (s *search) free() int {
	switch {
	case s.matched > 0:
		return s.start
	case s.digits > 0:
		return s.char
	default:
		return s.pos
	}
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}
