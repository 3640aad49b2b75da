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
// of the reply to say. It refuses a form whose selector is missing, or is no id
// by parse, such as [Dialect.ParseID].
func FromFields(entries iter.Seq2[string, []byte], parse func(string) (ID, bool)) (ID, *reject.Error) {
	selector := ""
	for name := range entries {
		if strings.HasPrefix(name, idField) || strings.HasPrefix(name, refField) {
			selector = name
		}
	}
	if id, ok := strings.CutPrefix(selector, idField); ok {
		return parseFieldID(id, parse)
	}
	if ref, ok := strings.CutPrefix(selector, refField); ok {
		return fromDescriptor(entries, "$ACTION_"+ref+":0", parse)
	}
	return "", reject.New(reject.ActionMissing, reject.StageForm, "the form has $ACTION_ fields and no selector among them")
}

func parseFieldID(s string, parse func(string) (ID, bool)) (ID, *reject.Error) {
	id, ok := parse(s)
	if !ok {
		return "", reject.New(reject.ActionIDMalformed, reject.StageForm, "the form's action id has not the form of one")
	}
	return id, nil
}

// fromDescriptor reads the id at the start of a bound action's root,
// `{"id":"<id>",…`. Next demands exactly these first bytes (spec next-actions §6).
func fromDescriptor(entries iter.Seq2[string, []byte], field string, parse func(string) (ID, bool)) (ID, *reject.Error) {
	const start = `{"id":"`
	for name, value := range entries {
		if name != field || len(value) < len(start) || string(value[:len(start)]) != start {
			continue
		}
		if id, _, ok := strings.Cut(string(value[len(start):]), `"`); ok {
			return parseFieldID(id, parse)
		}
	}
	return "", nil
}
