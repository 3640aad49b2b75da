package jsonform

import (
	"math"
	"strconv"
	"strings"

	"github.com/actiongw/actiongw/internal/value"
)

// applyTypes makes of v what the object of types says.
func (r Reader) applyTypes(v, types value.Value) (value.Value, *Misfit) {
	members, ok := types.(*value.Object)
	if !ok {
		return nil, &Misfit{"/types", "want an object of pointers and words"}
	}
	var t typed
	for _, m := range members.Members {
		if misfit := t.add(r.Root, m.Key, m.Value); misfit != nil {
			return nil, misfit
		}
	}
	if t.below == nil {
		return v, nil
	}
	v, misfit := t.below[r.Root].apply(v)
	if misfit != nil {
		return nil, misfit.within(r.Root)
	}
	return v, nil
}

// typed is a place that a pointer of `types` names or leads through.
type typed struct {
	// kind is the word for what stands here, empty for none.
	kind  string
	below map[string]*typed
}

// add notes one member of `types`.
func (t *typed) add(root, pointer string, word value.Value) *Misfit {
	kind, ok := word.(value.String)
	if !ok || kind == "" {
		return &Misfit{pointer, "want a word for its type"}
	}
	if pointer != "/"+root && !strings.HasPrefix(pointer, "/"+root+"/") {
		return &Misfit{pointer, "types has pointers that begin with /" + root}
	}
	// A longer pointer leads nowhere, and each step costs memory.
	if strings.Count(pointer, "/") > MaxDepth+1 {
		return &Misfit{pointer, "a pointer of more than 100 levels"}
	}
	for step := range strings.SplitSeq(pointer[1:], "/") {
		key, ok := parseStep(step)
		if !ok {
			return &Misfit{pointer, "~ is written as ~0 in a pointer, and / as ~1"}
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

// apply makes of v what the types say, from the inside out, because pointers
// lead through the JSON as it came. It goes no deeper than v does.
func (t *typed) apply(v value.Value) (value.Value, *Misfit) {
	if misfit := t.applyBelow(v); misfit != nil {
		return nil, misfit
	}
	if t.kind == "" {
		return v, nil
	}
	made, why := become(v, t.kind)
	if why != "" {
		return nil, &Misfit{Why: why}
	}
	return made, nil
}

// applyBelow applies what is said of the items and members of v.
func (t *typed) applyBelow(v value.Value) (misfit *Misfit) {
	if t.below == nil {
		return nil
	}
	met := 0
	switch v := v.(type) {
	case *value.Array:
		for i := range v.Items {
			if below := t.below[strconv.Itoa(i)]; below != nil {
				met++
				if v.Items[i], misfit = below.apply(v.Items[i]); misfit != nil {
					return misfit.within(strconv.Itoa(i))
				}
			}
		}
	case *value.Object:
		for i, m := range v.Members {
			if below := t.below[m.Key]; below != nil {
				met++
				if v.Members[i].Value, misfit = below.apply(m.Value); misfit != nil {
					return misfit.within(m.Key)
				}
			}
		}
	}
	if met < len(t.below) {
		return &Misfit{Why: "types has a pointer to something in here that does not exist"}
	}
	return nil
}

// become makes a value of the given type, or says what stands in the way.
func become(v value.Value, kind string) (made value.Value, why string) {
	if kind == "Promise" {
		return &value.Promise{Value: v}, ""
	}
	if inner, ok := strings.CutPrefix(kind, "Promise<"); ok && strings.HasSuffix(inner, ">") {
		if strings.Count(kind, "<") > MaxDepth {
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
