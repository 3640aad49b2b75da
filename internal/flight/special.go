package flight

import (
	"math"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// readSpecial reads a string that begins with a dollar sign. Input: its text,
// and how deep it stands. Output: a value, or a pending one. Limits: none of
// its own. Errors: a string that React's server does not write. Source: §2.
func (r *reader) readSpecial(s string, depth int) (value.Value, *reject.Error) {
	if len(s) == 1 {
		return nil, malformed(r.now, "an element marker stands alone")
	}
	rest := s[2:]
	switch s[1] {
	case '$':
		return value.String(s[1:]), nil
	case 'D':
		if value.IsDate(rest) {
			return &value.Date{ISO: rest}, nil
		}
		return nil, malformed(r.now, "a date is not one")
	case 'n':
		if value.IsBigInt(rest) {
			return value.BigInt(rest), nil
		}
		return nil, malformed(r.now, "a BigInt is not one")
	case 'S':
		return value.Symbol(rest), nil
	case '@':
		return r.readPromise(rest, depth)
	case 'L':
		return r.readLazy(rest, depth)
	case 'h', 'Q', 'W', 'i', 'K', 'B':
		return r.readMade(s[1], rest, depth)
	case 'E', 'P', 'Y':
		if r.debug {
			return value.Undefined{}, nil
		}
	case 'Z':
		// Development builds add a row with name, message and stack.
		if _, digits := cutHex(rest); digits == len(rest) {
			return &value.Error{}, nil
		}
	case 'u', 'N', 'I', '-':
		return r.readWord(s)
	default:
		return r.readReference(s[1:], depth)
	}
	return nil, malformed(r.now, "a string begins with an unknown tag")
}

// readWord reads the values that have a word of their own. Source: §2.
func (r *reader) readWord(s string) (value.Value, *reject.Error) {
	switch s {
	case "$undefined":
		return value.Undefined{}, nil
	case "$NaN":
		return value.Number(math.NaN()), nil
	case "$Infinity":
		return value.Number(math.Inf(1)), nil
	case "$-Infinity":
		return value.Number(math.Inf(-1)), nil
	case "$-0":
		return value.Number(math.Copysign(0, -1)), nil
	}
	return nil, malformed(r.now, "a string begins with an unknown tag")
}

// readReference reads `<hex>` or `<hex>:<step>:<step>`. Rows that are complete
// as they are give their value at once. Errors: no such row. Source: §2.
func (r *reader) readReference(s string, depth int) (value.Value, *reject.Error) {
	id, digits := cutHex(s)
	if digits == 0 || digits < len(s) && s[digits] != ':' {
		return nil, malformed(r.now, "a string begins with an unknown tag")
	}
	at, err := r.target(id, depth)
	if err != nil {
		return nil, err
	}
	w := &r.rows[at]
	if digits == len(s) && w.tag != 0 && w.tag != 'E' {
		return w.value, nil
	}
	r.open++
	return &pending{row: at, path: s[digits:]}, nil
}

// target is mention for references that need their row.
func (r *reader) target(id uint32, depth int) (int, *reject.Error) {
	at, err := r.mention(id, depth)
	if err == nil && at < 0 {
		err = malformed(r.now, "a reference names no row")
	}
	return at, err
}

// readID reads the id after a letter. Errors: anything else.
func (r *reader) readID(s string) (uint32, *reject.Error) {
	id, digits := cutHex(s)
	if digits == 0 || digits < len(s) {
		return 0, malformed(r.now, "a reference is not an id")
	}
	return id, nil
}

// readPromise reads `$@<hex>`, or `$@` alone, which never settles, as a promise
// without row does not. All references to a row are one promise. Source: §2, §3.
func (r *reader) readPromise(rest string, depth int) (value.Value, *reject.Error) {
	if len(rest) == 0 {
		return &value.Promise{}, nil
	}
	id, err := r.readID(rest)
	if err != nil {
		return nil, err
	}
	at, err := r.mention(id, depth+1)
	if err != nil {
		return nil, err
	}
	if at < 0 {
		p, ok := r.missing[id]
		if !ok {
			if r.missing == nil {
				r.missing = map[uint32]*value.Promise{}
			}
			p = &value.Promise{}
			r.missing[id] = p
		}
		return p, nil
	}
	w := &r.rows[at]
	if w.promise == nil {
		w.promise = &value.Promise{}
		r.fills = append(r.fills, fill{at, '@'})
	}
	return w.promise, nil
}

// readLazy reads `$L<hex>`: a deferred part of an element. Source: §2.
func (r *reader) readLazy(rest string, depth int) (value.Value, *reject.Error) {
	id, err := r.readID(rest)
	if err != nil {
		return nil, err
	}
	at, err := r.target(id, depth+1)
	if err != nil {
		return nil, err
	}
	w := &r.rows[at]
	if w.lazy == nil {
		w.lazy = &value.Lazy{}
		r.fills = append(r.fills, fill{at, 'L'})
	}
	return w.lazy, nil
}

// readMade reads a reference whose letter makes something of a model row: a
// server reference (h), Map (Q), Set (W), iterator (i), FormData (K), Blob (B).
// The server makes a new row for each object, so all references to a row are
// one object here. Errors: no such row, one that is not a model, or two
// letters for one row. Source: §2.
func (r *reader) readMade(tag byte, rest string, depth int) (value.Value, *reject.Error) {
	id, err := r.readID(rest)
	if err != nil {
		return nil, err
	}
	at, err := r.target(id, depth+1)
	if err != nil {
		return nil, err
	}
	w := &r.rows[at]
	if w.made != nil && w.use == tag {
		return w.made, nil
	}
	if w.tag != 0 || w.made != nil {
		return nil, malformed(r.now, "a reference does not fit its row")
	}
	switch tag {
	case 'h':
		w.made = &value.ServerReference{}
	case 'Q':
		w.made = &value.Map{}
	case 'W':
		w.made = &value.Set{}
	case 'i':
		w.made = &value.Iterator{}
	case 'K':
		w.made = &value.FormData{}
	case 'B':
		w.made = &value.File{Blob: true}
	}
	w.use = tag
	r.fills = append(r.fills, fill{at, tag})
	return w.made, nil
}
