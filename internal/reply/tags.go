package reply

import (
	"bytes"
	"strconv"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// tagFunc reads the text of one tag, dollar and letter included. It refuses
// every spelling but the one that React's client writes (I3).
type tagFunc func(p *parser, s string) (value.Value, *reject.Error)

// tag reads a text that starts with a dollar (spec reply-format §3). An
// escaped text costs nothing; what a tag opens is read later, so there is no
// recursion.
func (p *parser) tag(s string) (value.Value, *reject.Error) {
	if len(s) < 2 {
		return nil, malformed("a lone dollar")
	}
	if s[1] == '$' {
		return value.String(s[1:]), nil
	}
	f, cols := tagFor(s[1])
	if f == nil {
		return nil, malformed("an unknown tag")
	}
	if err := p.allow(cols); err != nil {
		return nil, err
	}
	return f(p, s)
}

// tagFor is the table of tags: what reads each, and in which columns it exists
// (spec reply-format §3, §11). It is a switch because the functions lead back
// to it.
func tagFor(letter byte) (tagFunc, columns) {
	const all = inNext14 | since19
	switch letter {
	case 'u', 'N', 'I', '-':
		return (*parser).constantTag, all
	case 'D':
		return (*parser).dateTag, all
	case 'n':
		return (*parser).bigIntTag, all
	case 'Q':
		return (*parser).mapTag, all
	case 'W':
		return (*parser).setTag, all
	case 'K':
		return (*parser).formTag, all
	case '@':
		return (*parser).promiseTag, all
	case 'h':
		return (*parser).functionTag, inNext14 | since192
	case 'F':
		return (*parser).functionTag, in190
	case 'S': // a symbol in Next 14, an Int16Array since
		return (*parser).symbolOrViewTag, all
	case 'i':
		return (*parser).iteratorTag, since19
	case 'B':
		return (*parser).fileTag, since19
	case 'A', 'O', 'o', 'U', 's', 'L', 'l', 'G', 'g', 'M', 'm', 'V':
		return (*parser).viewTag, since19
	case 'R', 'r':
		return (*parser).streamTag, since19
	case 'X', 'x':
		return (*parser).asyncTag, since19
	case 'T':
		return (*parser).temporaryTag, since19
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f':
		return (*parser).referenceTag, since19
	}
	return nil, 0
}

// constantTag reads the values that JSON has no word for.
func (p *parser) constantTag(s string) (value.Value, *reject.Error) {
	switch s {
	case "$undefined":
		return value.Undefined{}, nil
	case "$NaN":
		return number754(0x7FF8000000000001), nil
	case "$Infinity":
		return number754(0x7FF0000000000000), nil
	case "$-Infinity":
		return number754(0xFFF0000000000000), nil
	case "$-0":
		return number754(0x8000000000000000), nil
	}
	return nil, malformed("a constant that is not spelled as React spells it")
}

// dateTag reads `$D<iso>`: an instant as toISOString writes it, and one that
// exists (I11).
func (p *parser) dateTag(s string) (value.Value, *reject.Error) {
	if !value.IsDate(s[2:]) {
		return nil, malformed("a date that is not spelled as JavaScript spells it")
	}
	if !p.keeps(p.innermost()) {
		return p.skipped, nil
	}
	return &value.Date{ISO: s[2:]}, nil
}

// maxBigInt is the longest text of a BigInt that React reads, sign included
// (spec reply-format §9, CVE-2026-23864).
const maxBigInt = 300

// bigIntTag reads `$n<digits>`, canonical (I11, I15).
func (p *parser) bigIntTag(s string) (value.Value, *reject.Error) {
	if len(s)-2 > maxBigInt {
		return nil, tooComplex("a BigInt is too long")
	}
	if !value.IsBigInt(s[2:]) {
		return nil, malformed("a BigInt that is not spelled as JavaScript spells it")
	}
	if !p.keeps(p.innermost()) {
		return p.skipped, nil
	}
	return value.BigInt(s[2:]), nil
}

// mapTag reads `$Q<id>`: a part that holds the Map's entries.
func (p *parser) mapTag(s string) (value.Value, *reject.Error) {
	return p.container(s, kindMap, &value.Map{})
}

// setTag reads `$W<id>`: a part that holds the Set's members.
func (p *parser) setTag(s string) (value.Value, *reject.Error) {
	return p.container(s, kindSet, &value.Set{})
}

// iteratorTag reads `$i<id>`: a part that holds what the iterator yields.
func (p *parser) iteratorTag(s string) (value.Value, *reject.Error) {
	return p.container(s, kindIterator, &value.Iterator{})
}

// container opens a part that only this tag names and that stood before it
// (I5; CVE-2026-23864, CVE-2026-23869: one part consumed again and again).
func (p *parser) container(s string, k kind, v value.Value) (value.Value, *reject.Error) {
	slot, err := p.open(s[2:], k, contains)
	if err != nil {
		return nil, err
	}
	slot.made = v
	p.queue = append(p.queue, p.mentions[len(p.mentions)-1].id)
	return v, p.textPart(slot)
}

// promiseTag reads `$@<id>`: a part that holds the fulfilled value. The same
// promise may stand in many places.
func (p *parser) promiseTag(s string) (value.Value, *reject.Error) {
	slot, again, err := p.reopen(s[2:], kindPromise, later)
	if err != nil || again {
		return slotMade(slot), err
	}
	slot.made = &p.promises.Take(1)[0]
	p.queue = append(p.queue, p.mentions[len(p.mentions)-1].id)
	return slot.made, p.textPart(slot)
}

// functionTag reads `$h<id>`, `$F<id>` before 19.2.2: a part that holds an
// action's id and bound arguments. It never stands under a member `then`,
// where an object with such a member would have been a promise (I9;
// CVE-2025-55183, CVE-2025-55184).
func (p *parser) functionTag(s string) (value.Value, *reject.Error) {
	if p.underThen() {
		return nil, badReference("a function under the name then")
	}
	slot, again, err := p.reopen(s[2:], kindFunction, contains)
	if err != nil || again {
		return slotMade(slot), err
	}
	f := &value.ServerReference{}
	slot.made = f
	p.functions = append(p.functions, f)
	p.queue = append(p.queue, p.mentions[len(p.mentions)-1].id)
	return f, p.textPart(slot)
}

// formTag reads `$K<id>`: the parts `_<id>_<field>`, resolved by the decimal
// id, which is what the client meant (spec reply-format §5). An empty form has
// no part at all. CVE-2026-23870: one form, one reference.
func (p *parser) formTag(s string) (value.Value, *reject.Error) {
	slot, err := p.open(s[2:], kindForm, contains)
	if err != nil {
		return nil, err
	}
	if slot.class != formPart && slot.class != noPart {
		return nil, badReference("a form whose parts are no fields")
	}
	form := &value.FormData{}
	slot.made = form
	if slot.count == 0 {
		return form, nil
	}
	if err := p.count(int(slot.count)); err != nil {
		return nil, err
	}
	form.Entries = make([]value.FormEntry, slot.count)
	for i := range form.Entries {
		e := &p.entries[int(slot.first)+i]
		_, _, field := splitName(e.Name)
		if form.Entries[i], err = formEntry(field, e); err != nil {
			return nil, err
		}
		if f, ok := form.Entries[i].Value.(*value.File); ok {
			p.named(f)
		}
	}
	return form, p.standsBefore(slot)
}

// temporaryTag reads `$T`: a value that stays with the client and is known by
// its position. In a row, and below a name with a colon, there is none, and
// React's decoder refuses (spec reply-format §4.3).
func (p *parser) temporaryTag(s string) (value.Value, *reject.Error) {
	if s != "$T" {
		return nil, malformed("a temporary reference with something behind it")
	}
	if p.o.NoTemporary || p.at.row {
		return nil, badReference("a temporary reference where there can be none")
	}
	position := strconv.AppendUint(nil, uint64(p.at.id), 16)
	for i, f := range p.frames[1:] {
		position = append(position, ':')
		if !f.object {
			position = strconv.AppendInt(position, int64(f.n-1), 10)
			continue
		}
		end := int32(len(p.names))
		if i+2 < len(p.frames) {
			end = p.frames[i+2].names
		}
		key := p.bytes(p.names[end-1])
		if bytes.IndexByte(key, ':') >= 0 {
			return nil, badReference("a temporary reference below a name with a colon")
		}
		position = append(position, key...)
	}
	if p.positionBytes += len(position); p.positionBytes > p.o.Limits.PositionBytes {
		return nil, tooComplex("too many temporary references")
	}
	return &value.TemporaryReference{Position: string(position)}, nil
}
