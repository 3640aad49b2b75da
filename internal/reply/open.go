package reply

import (
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// open marks an id as what one tag says that it is. Each id is opened once (I5).
func (p *parser) open(hex string, k kind, e edge) (*slot, *reject.Error) {
	slot, again, err := p.reopen(hex, k, e)
	if err == nil && again {
		return nil, badReference("a part is used twice")
	}
	return slot, err
}

// reopen is open for the tags that may repeat: promises and functions. A part
// that a bare reference has opened as a lazy value may turn out to be a
// promise's: the reference then named its fulfilled value (I4).
func (p *parser) reopen(hex string, k kind, e edge) (_ *slot, again bool, _ *reject.Error) {
	id := parseHex(hex)
	if id == 0 {
		return nil, false, malformed("a tag without an id")
	}
	slot, err := p.slot(id)
	if err != nil {
		return nil, false, err
	}
	p.mention(id, e)
	switch {
	case slot.kind == unopened, slot.kind == kindLazy && k == kindPromise:
		slot.kind, slot.opener = k, p.at.entry
		return slot, false, nil
	case slot.kind != k:
		return nil, false, badReference("a part is used as two kinds of value")
	case p.old14(): // 14 writes every value again (spec reply-format §11)
		return nil, false, badReference("a part is used twice")
	}
	return slot, true, nil
}

func slotMade(s *slot) value.Value {
	if s == nil {
		return nil
	}
	return s.made
}

// mention notes that the text being read leads to id.
func (p *parser) mention(id int, e edge) {
	if p.inert() {
		e = never
	}
	p.mentions = append(p.mentions, mention{int32(id), e})
}

// textPart holds that an opened id has one part, that it is a text (I4), and
// that it stood before its container unless it is a promise's.
func (p *parser) textPart(s *slot) *reject.Error {
	if s.class != bare || s.count != 1 {
		return badReference("a part that is not there")
	}
	if p.entries[s.first].File {
		return badReference("a value whose part is a file")
	}
	if s.kind == kindPromise {
		return nil
	}
	return p.standsBefore(s)
}

// standsBefore holds that the parts of s come before the one that opens it:
// the client writes contents before containers (spec reply-format §6), and a
// streaming decoder that meets the container first fails or sees an empty
// form.
func (p *parser) standsBefore(s *slot) *reject.Error {
	if !p.allParts && s.last >= s.opener {
		return badReference("a part comes after the one that contains it")
	}
	return nil
}
