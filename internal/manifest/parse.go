package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// maxBytes is the most bytes of a manifest. An action takes about 100 for each
// page that contains it: 1,000 actions on 300 pages make 30 MB.
const maxBytes = 32 << 20

// errorf makes every error of this package.
func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// Parse reads the contents of a server-reference-manifest.json of Next 14.2,
// 15 or 16, made by webpack or Turbopack (spec next-actions §10). Actions of
// the node and the edge runtime become one list.
//
// Members that the gate does not use may be missing, new or of any kind. It is
// an error when the file is larger than 32 MiB or no JSON, names a member
// twice, holds an id that is none, ids of different lengths, or one id under
// two names. Errors say what is wrong and, where the contents show it, which
// other file they are from; they never hold the key. On error the Manifest is
// nil.
func Parse(data []byte) (*Manifest, error) {
	if err := checkSight(data); err != nil {
		return nil, err
	}
	p := parser{
		dec:   jsontext.NewDecoder(bytes.NewBuffer(data)),
		byID:  map[string]int{},
		pages: map[string]string{},
	}
	if err := p.file(); err != nil {
		return nil, explain(err)
	}
	return p.finish()
}

// parser is one reading of a file.
type parser struct {
	dec      *jsontext.Decoder
	members  []string // of the whole file, in order
	sections int      // how many of node and edge there were
	key      string
	actions  []Action
	byID     map[string]int
	// pages holds one copy of every page's name, which large apps repeat for
	// every action of a shared layout.
	pages map[string]string
}

// file reads the whole file: one object and nothing behind it.
func (p *parser) file() error {
	err := p.object("the file", func(name string) (err error) {
		p.members = append(p.members, name)
		switch name {
		case "node", "edge":
			p.sections++
			return p.object(name, p.action)
		case "encryptionKey":
			p.key, err = p.text(name)
			return err
		}
		return p.dec.SkipValue()
	})
	if err != nil {
		return err
	}
	if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errorf("something follows the JSON object, at byte %d", p.dec.InputOffset())
	}
	return nil
}

// action reads the entry of one id, in either section.
func (p *parser) action(id string) error {
	if !isID(id) {
		return errorf("%q is no action id: want 42 (Next 15, 16) or 40 (Next 14.2) lower-case hex digits", id)
	}
	a := Action{ID: id}
	err := p.object("action "+id, func(name string) error {
		switch name {
		case "filename", "exportedName":
			return p.place(&a, name)
		case "workers":
			return p.object("workers of action "+id, func(page string) error {
				return p.worker(&a, page)
			})
		}
		return p.dec.SkipValue()
	})
	if err != nil {
		return err
	}
	return p.add(a)
}

// worker reads one page of an action: a module id in Next 14.2, an object in
// later ones. Turbopack of Next 15 repeats the action's names in it, and only
// there in some versions.
func (p *parser) worker(a *Action, page string) error {
	if known, ok := p.pages[page]; ok {
		page = known
	} else {
		p.pages[page] = page
	}
	a.Pages = append(a.Pages, page)
	if p.dec.PeekKind() != '{' {
		return p.dec.SkipValue()
	}
	return p.object("worker", func(name string) error {
		if name == "filename" || name == "exportedName" {
			return p.place(a, name)
		}
		return p.dec.SkipValue()
	})
}

// place reads a file or export name of an action. All that are given must
// agree. An empty one is none.
func (p *parser) place(a *Action, member string) error {
	text, err := p.text(member)
	if err != nil || text == "" {
		return err
	}
	field := &a.File
	if member == "exportedName" {
		field = &a.Export
	}
	if *field != "" && *field != text {
		return errorf("action %s has two values of %s, %q and %q", a.ID, member, *field, text)
	}
	*field = text
	return nil
}

// add puts an action into the list. One that runs in both runtimes comes twice.
func (p *parser) add(a Action) error {
	if len(p.actions) > 0 && len(p.actions[0].ID) != len(a.ID) {
		return errorf("ids of 40 and of 42 digits in one file: no version of Next writes both")
	}
	i, ok := p.byID[a.ID]
	if !ok {
		p.byID[a.ID] = len(p.actions)
		p.actions = append(p.actions, a)
		return nil
	}
	known := &p.actions[i]
	if known.File != a.File || known.Export != a.Export {
		return errorf("action %s has two names, %q in %q and %q in %q", a.ID, known.Export, known.File, a.Export, a.File)
	}
	known.Pages = append(known.Pages, a.Pages...)
	return nil
}

// finish names the actions and makes the Manifest.
func (p *parser) finish() (*Manifest, error) {
	if p.sections == 0 {
		return nil, errorf("no member node or edge: want server-reference-manifest.json%s", guess(p.members))
	}
	key := p.key
	m := &Manifest{
		actions: p.actions,
		byID:    p.byID,
		byName:  make(map[string]int, len(p.actions)),
		key:     func() string { return key },
	}
	for i := range m.actions {
		a := &m.actions[i]
		slices.Sort(a.Pages)
		a.Pages = slices.Compact(a.Pages)
		a.Inline = inlineNumber(a.Export)
		var err error
		if a.name, err = nameOf(*a); err != nil {
			return nil, err
		}
		if a.Inline >= 0 || a.File == "" || a.Export == "" {
			continue
		}
		// While `next dev` runs, the id of an older version of a function can
		// stand beside the new one. Which of the two is meant nobody knows.
		if _, taken := m.byName[a.name]; taken {
			m.byName[a.name] = -1
		} else {
			m.byName[a.name] = i
		}
	}
	return m, nil
}

// object reads an object and calls member for each of its names; member reads
// the value.
func (p *parser) object(what string, member func(name string) error) error {
	kind := p.dec.PeekKind()
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	if kind != '{' {
		return errorf("%s is not an object, at byte %d", what, p.dec.InputOffset())
	}
	for p.dec.PeekKind() != '}' {
		name, err := p.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	_, err := p.dec.ReadToken()
	return err
}

// text reads a string.
func (p *parser) text(what string) (string, error) {
	token, err := p.dec.ReadToken()
	if err != nil {
		return "", err
	}
	if token.Kind() != '"' {
		return "", errorf("%s is not a string, at byte %d", what, p.dec.InputOffset())
	}
	return token.String(), nil
}

// explain words the errors of the JSON reader, whose own texts quote the file
// and could quote the key.
func explain(err error) error {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errorf("the file ends in the middle: it was still being written, or was cut off")
	case ok && errors.Is(err, jsontext.ErrDuplicateName):
		return errorf("a member occurs twice: %s", syntax.JSONPointer)
	case ok:
		return errorf("not JSON from byte %d on", syntax.ByteOffset)
	}
	return err
}
