package jsoncall

import (
	"fmt"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
)

// ParseResult reads the result of a call from JSON, plain or rich: an object of
// `value` and, if need be, `types`, in the words of the package comment;
// pointers begin with /value. See [jsonform.Reader] for what is accepted.
// Members named `__proto__`, which React's client would drop, are refused.
//
// The error is for the operator's log: it has the pointer to what is wrong, at
// most 200 bytes of it, and besides nothing of the body.
func ParseResult(body []byte, rich bool) (value.Value, error) {
	r := jsonform.Reader{Root: "value"}
	parse := r.Parse
	if rich {
		parse = r.ParseDocument
	}
	v, misfit := parse(body)
	switch {
	case misfit == nil:
		return v, nil
	case misfit.Pointer == "":
		return nil, fmt.Errorf("the result: %s", misfit.Why)
	}
	// A log line is for reading; 200 bytes lead to the place.
	return nil, fmt.Errorf("at %.200q of the result: %s", misfit.Pointer, misfit.Why)
}
