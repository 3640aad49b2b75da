package jsoncall

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
)

// parseRich takes `value` out of a rich result and makes of it what `types`
// says.
func parseRich(document value.Value) (value.Value, error) {
	envelope, ok := document.(*value.Object)
	if !ok {
		return nil, errors.New("a rich result is an object with value and types")
	}
	var types typed
	var result value.Value
	for _, m := range envelope.Members {
		switch m.Key {
		case "value":
			result = m.Value
		case "types":
			members, ok := m.Value.(*value.Object)
			if !ok {
				return nil, &misfit{"/types", "want an object of pointers and words"}
			}
			for _, m := range members.Members {
				if err := types.add(m.Key, m.Value); err != nil {
					return nil, err
				}
			}
		default:
			return nil, &misfit{"/" + string(appendStep(nil, m.Key)), "a rich result has value and types, and nothing else"}
		}
	}
	if result == nil {
		return nil, errors.New("a rich result needs a value; that of undefined is null")
	}
	if types.below == nil {
		return result, nil
	}
	result, wrong := types.below["value"].apply(result)
	if wrong != nil {
		return nil, wrong.within("value")
	}
	return result, nil
}

// typed is a place that a pointer of `types` names or leads through.
type typed struct {
	// kind is the word for what stands here, empty for none.
	kind  string
	below map[string]*typed
}

// add notes one member of `types`.
func (t *typed) add(pointer string, word value.Value) error {
	kind, ok := word.(value.String)
	if !ok || kind == "" {
		return &misfit{pointer, "want a word for its type"}
	}
	if pointer != "/value" && !strings.HasPrefix(pointer, "/value/") {
		return &misfit{pointer, "types has pointers that begin with /value"}
	}
	for step := range strings.SplitSeq(pointer[1:], "/") {
		key, ok := unescapeStep(step)
		if !ok {
			return &misfit{pointer, "~ is written as ~0 in a pointer, and / as ~1"}
		}
		if t.below == nil {
			t.below = map[string]*typed{}
		}
		if t.below[key] == nil {
			t.below[key] = &typed{}
		}
		t = t.below[key]
	}
	t.kind = string(kind)
	return nil
}

// unescapeStep reads one step of a pointer (RFC 6901 §4).
func unescapeStep(step string) (string, bool) {
	if !strings.Contains(step, "~") {
		return step, true
	}
	for i := range len(step) {
		if step[i] == '~' && (i+1 == len(step) || step[i+1] != '0' && step[i+1] != '1') {
			return "", false
		}
	}
	return strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~"), true
}

// apply makes of v what the types say, from the inside out, because pointers
// lead through the JSON as it came. The steps are no more than v has levels.
func (t *typed) apply(v value.Value) (made value.Value, wrong *misfit) {
	met := 0
	switch v := v.(type) {
	case *value.Array:
		for i := range v.Items {
			if below := t.below[strconv.Itoa(i)]; below != nil {
				met++
				if v.Items[i], wrong = below.apply(v.Items[i]); wrong != nil {
					return nil, wrong.within(strconv.Itoa(i))
				}
			}
		}
	case *value.Object:
		for i, m := range v.Members {
			if below := t.below[m.Key]; below != nil {
				met++
				if v.Members[i].Value, wrong = below.apply(m.Value); wrong != nil {
					return nil, wrong.within(m.Key)
				}
			}
		}
	}
	if met < len(t.below) {
		return nil, &misfit{why: "types has a pointer to something in here that does not exist"}
	}
	if t.kind == "" {
		return v, nil
	}
	made, why := become(v, t.kind)
	if why != "" {
		return nil, &misfit{why: why}
	}
	return made, nil
}

// become makes a value of the given type, or says what stands in the way.
func become(v value.Value, kind string) (made value.Value, why string) {
	if kind == "Promise" {
		return &value.Promise{Value: v}, ""
	}
	if inner, ok := strings.CutPrefix(kind, "Promise<"); ok && strings.HasSuffix(inner, ">") {
		if strings.Count(kind, "<") > jsonform.MaxDepth {
			return nil, "more than 100 promises in each other"
		}
		return becomePromise(v, inner[:len(inner)-1])
	}
	switch v := v.(type) {
	case value.Null:
		made = fromNull(kind)
	case value.Number:
		if kind == "-0" && v == 0 {
			made = value.Number(math.Copysign(0, -1))
		}
	case value.String:
		made = fromText(string(v), kind)
	case *value.Array:
		made = fromArray(v.Items, kind)
	case *value.Object:
		made = fromObject(v, kind)
	}
	if made != nil {
		return made, ""
	}
	return nil, wanted(kind)
}

func becomePromise(v value.Value, inner string) (made value.Value, why string) {
	if _, null := v.(value.Null); null && inner == "never" {
		return &value.Promise{Rejected: &value.Error{}}, ""
	}
	if v, why = become(v, inner); why != "" {
		return nil, why
	}
	return &value.Promise{Value: v}, ""
}
