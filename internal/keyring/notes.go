package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// note is what is kept of one key beside the Tink keyset.
type note struct {
	id      uint32
	created int64 // Unix seconds
	// state is Pending or Destroyed; the other states are Tink's to know.
	state       State
	fingerprint string
}

// notes are in the order in which the keys came.
//
//	{"version":1,"keys":[{"id":7,"created":1767225600,"state":"pending","fingerprint":"1f2e3d4c"}]}
type notes []note

func (ns notes) find(id uint32) *note {
	for i := range ns {
		if ns[i].id == id {
			return &ns[i]
		}
	}
	return nil
}

// with returns notes in which the one for id has been changed, and was added
// before if there was none. The receiver stays as it is.
func (ns notes) with(id uint32, change func(*note)) notes {
	ns = slices.Clone(ns)
	if ns.find(id) == nil {
		ns = append(ns, note{id: id})
	}
	change(ns.find(id))
	return ns
}

// encode writes notes as parseNotes reads them. None of the texts needs
// escaping: states are our words and fingerprints are hexadecimal.
func (ns notes) encode() []byte {
	out := []byte(`{"version":1,"keys":[`)
	for i, n := range ns {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `{"id":%d,"created":%d`, n.id, n.created)
		if n.state != "" {
			out = fmt.Appendf(out, `,"state":%q`, n.state)
		}
		out = fmt.Appendf(out, `,"fingerprint":%q}`, n.fingerprint)
	}
	return append(out, "]}\n"...)
}

// Limits of notes: as large as notes on a thousand keys.
const maxNotesBytes = 1 << 17

// parseNotes reads notes; empty text is no notes. It is strict: a member that
// it does not know, or one that comes twice, is an error.
func parseNotes(text []byte) (notes, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	if len(text) > maxNotesBytes {
		return nil, errors.New("the notes beside the keyset are too large")
	}
	p := notesParser{d: jsontext.NewDecoder(bytes.NewReader(text))}
	var ns notes
	version := int64(0)
	p.object(func(name string) {
		switch name {
		case "version":
			version = p.integer()
		case "keys":
			p.array(func() { ns = append(ns, p.note()) })
		default:
			p.fail("have an unknown member")
		}
	})
	if _, err := p.d.ReadToken(); p.wrong == "" && !errors.Is(err, io.EOF) {
		p.fail("go on behind their end")
	}
	if p.wrong == "" && version != 1 {
		p.fail("are not of version 1; a newer actiongw may have written them")
	}
	if p.wrong != "" {
		return nil, fmt.Errorf("the notes beside the keyset %s, at byte %d", p.wrong, p.d.InputOffset())
	}
	return ns, nil
}

// notesParser walks over JSON tokens and remembers the first thing that was
// wrong, after which it reads nothing more.
type notesParser struct {
	d     *jsontext.Decoder
	wrong string
}

func (p *notesParser) fail(wrong string) {
	if p.wrong == "" {
		p.wrong = wrong
	}
}

// token reads one token of the kind, or fails.
func (p *notesParser) token(kind jsontext.Kind) jsontext.Token {
	if p.wrong != "" {
		return jsontext.Token{}
	}
	t, err := p.d.ReadToken()
	if err != nil {
		p.fail("are not valid JSON")
	} else if t.Kind() != kind {
		p.fail("have a value of the wrong type")
	}
	return t
}

func (p *notesParser) object(member func(name string)) {
	p.token('{')
	for p.wrong == "" && p.d.PeekKind() == '"' {
		member(p.text())
	}
	p.token('}')
}

func (p *notesParser) array(item func()) {
	p.token('[')
	for p.wrong == "" && p.d.PeekKind() != ']' && p.d.PeekKind() != 0 {
		item()
	}
	p.token(']')
}

func (p *notesParser) text() string {
	if t := p.token('"'); p.wrong == "" {
		return t.String()
	}
	return ""
}

func (p *notesParser) integer() int64 {
	t := p.token('0')
	if p.wrong != "" {
		return 0
	}
	n, err := strconv.ParseInt(t.String(), 10, 64)
	if err != nil || n < 0 {
		p.fail("have a number that is not a positive integer")
	}
	return n
}

func (p *notesParser) note() note {
	var n note
	p.object(func(name string) {
		switch name {
		case "id":
			id := p.integer()
			if n.id = uint32(id); int64(n.id) != id { //nolint:gosec // compared after the conversion
				p.fail("have an id that is not a key's")
			}
		case "created":
			n.created = p.integer()
		case "state":
			if n.state = State(p.text()); n.state != Pending && n.state != Destroyed {
				p.fail("have a state other than pending and destroyed")
			}
		case "fingerprint":
			if n.fingerprint = p.text(); !isFingerprint(n.fingerprint) {
				p.fail("have a fingerprint that is not 8 hexadecimal digits")
			}
		default:
			p.fail("have an unknown member")
		}
	})
	return n
}

func isFingerprint(s string) bool {
	_, err := strconv.ParseUint(s, 16, 32)
	return len(s) == 8 && err == nil
}
