package reply

import (
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// streamTag reads `$R<id>` and `$r<id>`: a ReadableStream whose chunks are
// rows, the latter of bytes.
func (p *parser) streamTag(s string) (value.Value, *reject.Error) {
	return p.openRows(s, &value.Stream{Binary: s[1] == 'r'})
}

// asyncTag reads `$X<id>` and `$x<id>`: an async iterable, and one that is its
// own iterator.
func (p *parser) asyncTag(s string) (value.Value, *reject.Error) {
	return p.openRows(s, &value.Async{Iterator: s[1] == 'x'})
}

// openRows opens an id that stands for rows: parts `S<id>`, before 19.2.9
// parts `<id>` (spec reply-format §2, §11). CVE-2026-23870: rows are never
// read as a model, nor a model as rows.
func (p *parser) openRows(s string, v value.Value) (value.Value, *reject.Error) {
	slot, err := p.open(s[2:], kindStream, later)
	if err != nil {
		return nil, err
	}
	switch slot.class {
	case rowPart:
	case bare:
		if err := p.allow(in190 | in192 | in1926); err != nil {
			return nil, err
		}
	default:
		return nil, badReference("a stream without rows")
	}
	slot.made = v
	p.queue = append(p.queue, p.mentions[len(p.mentions)-1].id)
	return v, nil
}

// readRows reads the rows of a stream: JSON texts and, once and last, a `C`,
// behind which an async iterable may have its return value. The rows are
// returned as an array, the return value last.
func (p *parser) readRows(id int) (value.Value, *reject.Error) {
	slot := p.slots[id]
	rows := &value.Array{Items: make([]value.Value, 0, slot.count)}
	unresolved := false
	for i, entry := int32(0), slot.first; i < slot.count; i++ {
		e := &p.entries[entry]
		p.at = place{id: id, entry: entry, row: true}
		text := e.Value
		isEnd := len(text) > 0 && text[0] == 'C'
		if e.File || isEnd != (i == slot.count-1) {
			return nil, malformed("a stream does not end in one closing row")
		}
		if isEnd {
			text = text[1:]
		}
		if !isEnd || len(text) > 0 {
			v, err := p.read(text)
			if err != nil {
				return nil, err
			}
			_, reference := v.(*pending)
			unresolved = unresolved || reference
			rows.Items = append(rows.Items, v)
		}
		if i < slot.count-1 {
			entry = p.next[entry]
		}
	}
	if unresolved {
		p.patches = append(p.patches, rows)
	}
	return rows, p.fillRows(slot.made, rows, int(slot.count)-1)
}

// fillRows holds the rows against what their stream may have: a ReadableStream
// has no return value, and one of bytes at most one row, `"$o<id>"` (I13). The
// client sends that row for no bytes, too, which React's decoder waits on for
// ever; without it the stream ends.
func (p *parser) fillRows(made value.Value, rows *value.Array, chunks int) *reject.Error {
	s, ok := made.(*value.Stream)
	if !ok {
		return nil
	}
	if len(rows.Items) > chunks {
		return malformed("a stream has a return value")
	}
	if s.Binary {
		if chunks > 1 {
			return malformed("a stream of bytes has two rows")
		}
		for _, v := range rows.Items {
			b, ok := v.(*value.Bytes)
			if !ok || b.Kind != "Uint8Array" {
				return malformed("a stream of bytes has a row that is something else")
			}
			if len(b.Data) == 0 {
				rows.Items, p.reencode = nil, true
			}
		}
	}
	return nil
}
