package reply

import (
	"strings"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
)

// rootName is the part that everything else hangs from.
const rootName = "0"

// class is what a part's name says that the part is.
type class uint8

const (
	noPart   class = iota
	bare           // `12`: a JSON text or a file; since 19.0 and before 19.2.9 also the rows of a stream
	formPart       // `_12_field`, before 19.2.6 `12_field`
	rowPart        // `S12`, since 19.2.9
)

// slot is what is known about one id.
type slot struct {
	class class
	kind  kind // of the tag that opened it
	// first is the entry of the id's first part; count the number of its parts.
	// The fields of a form are neighbours; rows are chained in parser.next.
	first, count, last int32
	// opener is the entry whose text opened the id.
	opener int32
	// odd is set for a Map with an entry that is no pair.
	odd bool
	// from and to bound the tags in this part's text, in parser.mentions.
	from, to int32
	content
}

// index sorts the parts by their names (spec reply-format §2, I1). Linear in
// the entries; refused are names of no client, ids that stand for two things,
// and forms whose fields do not follow each other in the order of the ids,
// which are given out in the order of writing (§6).
func (p *parser) index() *reject.Error {
	lastForm := 0
	for i := range p.entries {
		e := &p.entries[i]
		named, id, _ := splitName(e.Name)
		if named == noPart {
			return malformed("a part has a name that no client of React writes")
		}
		s, err := p.slot(id)
		if err != nil {
			return err
		}
		if s.class != noPart && s.class != named {
			return malformed("an id stands for parts of two kinds")
		}
		switch named {
		case formPart:
			// Neighbours: a part of another name in between would be taken for a
			// field, where React goes by names.
			if id < lastForm || s.count > 0 && int32(i) != s.first+s.count {
				return malformed("the fields of a form do not follow each other")
			}
			lastForm = id
			err = p.allow(formColumns(e.Name))
		case rowPart:
			err = p.allow(inNow)
		case bare:
			if s.count > 0 { // rows of a stream before 19.2.9
				err = p.repeated(id)
			}
		}
		if err != nil {
			return err
		}
		s.class = named
		p.chain(s, i)
	}
	return nil
}

// repeated handles a second part of the same bare name: rows of a stream in
// the columns that name them so, and a duplicate in all others.
func (p *parser) repeated(id int) *reject.Error {
	if rows := in190 | in192 | in1926; id > 0 && p.cols&rows != 0 {
		return p.allow(rows)
	}
	return malformed("two parts have the same name")
}

// chain adds entry i to the parts of s.
func (p *parser) chain(s *slot, i int) {
	if s.count == 0 {
		s.first = int32(i)
	} else if s.class != formPart {
		if p.next == nil {
			p.next = make([]int32, len(p.entries))
		}
		p.next[s.last] = int32(i)
	}
	s.last = int32(i)
	s.count++
}

// formColumns tells by the underscore which columns a form field fits.
func formColumns(name string) columns {
	if name[0] == '_' {
		return since1926
	}
	return before
}

// splitName reads a part's name: `<n>`, `_<n>_<field>`, `S<n>` and, as before
// 19.2.6, `<n>_<field>` (spec reply-format §2, §11). The class is noPart for
// all others.
func splitName(name string) (class, int, string) {
	switch {
	case name == "":
		return noPart, 0, ""
	case name[0] == 'S':
		if id, rest := leadingID(name[1:]); id > 0 && rest == "" {
			return rowPart, id, ""
		}
	case name[0] == '_':
		if id, rest := leadingID(name[1:]); id > 0 && strings.HasPrefix(rest, "_") {
			return formPart, id, rest[1:]
		}
	case name == rootName:
		return bare, 0, ""
	default:
		id, rest := leadingID(name)
		if id > 0 && rest == "" {
			return bare, id, ""
		}
		if id > 0 && rest[0] == '_' {
			return formPart, id, rest[1:]
		}
	}
	return noPart, 0, ""
}

// leadingID reads a decimal id from 1 up, without leading zeros, from the
// start of s: 0 for none.
func leadingID(s string) (id int, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		// No reply has ten million parts, and no int overflows below that.
		if id = id*10 + int(s[n]-'0'); n == 0 && id == 0 || n > 6 {
			return 0, s
		}
		n++
	}
	return id, s[n:]
}

// parseHex reads an id inside of a value: lower-case hexadecimal from 1 up
// without leading zeros (I3). It returns 0 for anything else.
func parseHex(s string) int {
	id := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			id = id<<4 | int(c-'0')
		case c >= 'a' && c <= 'f':
			id = id<<4 | int(c-'a'+10)
		default:
			return 0
		}
		if id == 0 || i > 5 {
			return 0
		}
	}
	return id
}

// slot returns what is known about an id. Ids are given out from 1 without
// gaps, and only an empty form has no part (spec reply-format §6): so an id is
// never larger than the number of parts and of tags, of which the shortest,
// `"$K1"`, has five bytes. This bound keeps a small body from asking for a
// large table.
func (p *parser) slot(id int) (*slot, *reject.Error) {
	if id > p.maxID {
		return nil, malformed("an id is larger than the number of parts")
	}
	for id >= len(p.slots) {
		p.slots = append(p.slots, slot{})
	}
	return &p.slots[id], nil
}

// textBytes is the size of all parts that may hold tags.
func textBytes(entries []formdata.Entry) int {
	n := 0
	for i := range entries {
		if !entries[i].File {
			n += len(entries[i].Value)
		}
	}
	return n
}
