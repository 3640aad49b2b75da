package action

import (
	"iter"
	"strings"

	"github.com/actiongw/actiongw/internal/reject"
)

// Names of the fields that select an action (spec reply-format §7).
const (
	idField  = "$ACTION_ID_"
	refField = "$ACTION_REF_"
)

// FromFields returns the action that a form without JavaScript calls, from its
// entries in order: name and raw value. Like React it takes the last selector,
// so that a button overrides its form. The id is empty when a `$ACTION_REF_`
// is not followed by a readable descriptor; what that means is for the parser
// of the reply to say. It refuses a form whose selector is missing or is no id.
func FromFields(entries iter.Seq2[string, []byte]) (ID, *reject.Error) {
	selector := ""
	for name := range entries {
		if strings.HasPrefix(name, idField) || strings.HasPrefix(name, refField) {
			selector = name
		}
	}
	if id, ok := strings.CutPrefix(selector, idField); ok {
		return parseFieldID(id)
	}
	if ref, ok := strings.CutPrefix(selector, refField); ok {
		return fromDescriptor(entries, "$ACTION_"+ref+":0")
	}
	return "", reject.New(reject.ActionMissing, reject.StageForm, "the form has $ACTION_ fields and no selector among them")
}

func parseFieldID(s string) (ID, *reject.Error) {
	id, ok := ParseID(s)
	if !ok {
		return "", reject.New(reject.ActionIDMalformed, reject.StageForm, "the form's action id is not 40 or 42 lower-case hex digits")
	}
	return id, nil
}

// fromDescriptor reads the id at the start of a bound action's root,
// `{"id":"<id>",…`. Next demands exactly these first bytes (spec next-actions §6).
func fromDescriptor(entries iter.Seq2[string, []byte], field string) (ID, *reject.Error) {
	const start = `{"id":"`
	for name, value := range entries {
		if name != field || len(value) < len(start) || string(value[:len(start)]) != start {
			continue
		}
		if id, _, ok := strings.Cut(string(value[len(start):]), `"`); ok {
			return parseFieldID(id)
		}
	}
	return "", nil
}
