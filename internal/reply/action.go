package reply

import (
	"bytes"
	"strings"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Names of the fields that React writes into forms (spec reply-format §7).
const (
	actionField = "$ACTION_"
	idField     = actionField + "ID_"
	refField    = actionField + "REF_"
	keyField    = actionField + "KEY"
)

// maxSelectors is the most fields of one kind that select an action: the
// form's own, and that of the button that sent it (I17). Until 19.2.7 React
// decoded every one of them (CVE-2026-44907).
const maxSelectors = 2

// Action is a call that a form made without JavaScript.
type Action struct {
	// ID is the action that the last selector names.
	ID string
	// Bound are its bound arguments, nil for none.
	Bound *value.Array
	// Key is the position hash of a useActionState form, empty for none; its
	// state is then the last bound argument.
	Key string
	// Form is what the user filled in: every field but those named `$ACTION_…`,
	// in order.
	Form *value.FormData
	// Refs are the functions among the bound arguments, as in [Reply].
	Refs []*value.ServerReference
	// Reencode is set when React would read other bound arguments.
	Reencode bool
}

// ParseAction reads a form that was posted without JavaScript (spec
// reply-format §7). The last selector wins, as in React, so that a button
// overrides its form; but every `$ACTION_REF_` must be followed by a well-formed
// reply, because React decodes the last of them for the form's state even when
// another action runs. Unknown `$ACTION_` fields select nothing and are withheld from the
// form, as React does. Errors are those of [ParseForm] and action_missing; the
// action is nil with one. Cost as in [ParseForm], for at most two replies.
func ParseAction(entries []formdata.Entry, o Options) (*Action, *reject.Error) {
	if len(entries) > o.Limits.Parts {
		return nil, tooComplex("too many parts")
	}
	f := fields{action: &Action{Form: &value.FormData{}}}
	for i := range entries {
		if err := f.add(&entries[i]); err != nil {
			return nil, err
		}
	}
	if f.selector == "" {
		return nil, reject.New(reject.ActionMissing, StageReply, "the form has no field that selects an action")
	}
	if id, ok := strings.CutPrefix(f.selector, idField); ok {
		f.action.ID = id
	}
	for _, ref := range f.refs {
		if err := f.descriptor(entries, ref, o); err != nil {
			return nil, err
		}
	}
	// Form fields count like values.
	if len(f.action.Form.Entries) > o.Limits.Nodes {
		return nil, tooComplex("too many values")
	}
	return f.action, nil
}

// fields sorts the fields of a form.
type fields struct {
	action      *Action
	selector    string
	refs        []string // names of the `$ACTION_REF_` fields, each once
	nRefs, nIDs int
	hasKey      bool
}

// add takes the next field.
func (f *fields) add(e *formdata.Entry) *reject.Error {
	switch {
	case !strings.HasPrefix(e.Name, actionField):
		entry, err := formEntry(unescapeName(e.Name), e)
		if file, ok := entry.Value.(*value.File); ok {
			file.Name = unescapeName(file.Name)
		}
		f.action.Form.Entries = append(f.action.Form.Entries, entry)
		return err
	case strings.HasPrefix(e.Name, refField):
		f.nRefs++
		if len(f.refs) == 0 || f.refs[0] != e.Name {
			f.refs = append(f.refs, e.Name)
		}
	case strings.HasPrefix(e.Name, idField):
		f.nIDs++
	case e.Name == keyField:
		if f.hasKey {
			return malformed("two $ACTION_KEY fields")
		}
		f.hasKey, f.action.Key = true, string(e.Value)
	default:
		return nil
	}
	if e.File {
		return malformed("a $ACTION_ field that is a file")
	}
	if f.nRefs > maxSelectors || f.nIDs > maxSelectors {
		return malformed("more fields that select an action than a form and its button have")
	}
	if e.Name != keyField {
		f.selector = e.Name
	}
	return nil
}

// unescapeName undoes what browsers do to quotes and line ends in names, as the
// parser does that Next uses for forms without JavaScript, and only for these
// (spec reply-format §1.1).
func unescapeName(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return strings.NewReplacer("%22", `"`, "%0D", "\r", "%0d", "\r", "%0A", "\n", "%0a", "\n").Replace(s)
}

// descriptor reads the reply behind `$ACTION_REF_<s>`: the parts
// `$ACTION_<s>:<name>`, whose root is a function's. Next looks at the first
// bytes, `{"id":"`, and takes what follows up to the next quote for the id
// (spec next-actions §6); React parses the JSON. Both must find the same.
func (f *fields) descriptor(entries []formdata.Entry, ref string, o Options) *reject.Error {
	prefix := actionField + strings.TrimPrefix(ref, refField) + ":"
	var parts []formdata.Entry
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e.Name, prefix); ok {
			if e.File {
				// Hidden inputs hold texts only.
				return malformed("a bound argument that is a file")
			}
			e.Name = name
			parts = append(parts, e)
		}
	}
	o.Lean = false
	o.NoTemporary = true // React's decoder has no set for them here
	p := newParser(parts, o)
	defer p.clear()
	p.allParts = true
	root, err := p.value()
	if err != nil {
		return err
	}
	var bound value.ServerReference
	if err := bind(&bound, root); err != nil {
		return err
	}
	if start := []byte(`{"id":"` + bound.ID + `"`); !bytes.HasPrefix(parts[p.slots[0].first].Value, start) {
		return malformed("an action's id is not spelled as React spells it")
	}
	if ref == f.selector {
		f.action.ID, f.action.Bound = bound.ID, bound.Bound
		f.action.Refs, f.action.Reencode = p.functions, p.reencode
	}
	return nil
}
