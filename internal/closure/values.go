package closure

import (
	"errors"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
)

// ParseValues reads captured values from a JSON array, one element for each
// variable; see [jsonform.Reader]. Errors repeat nothing of the text.
func ParseValues(text []byte) (*value.Array, error) { return Own{Values: text}.Captured() }

// Captured returns the captured values. The pointers of Types begin with
// /closure, where backends find the values.
func (c Own) Captured() (*value.Array, error) {
	// The page that seals a value is the app's own, so any name may be in it.
	r := jsonform.Reader{Root: "closure", Proto: true}
	v, misfit := r.ParseTyped(c.Values, c.Types)
	if misfit != nil {
		return nil, misfit
	}
	list, ok := v.(*value.Array)
	if !ok {
		return nil, errors.New(`want a JSON array, one element for each captured variable, such as ["user-1", 7]`)
	}
	return list, nil
}
