package closure

import "github.com/actiongw/actiongw/internal/value"

// TextOf takes promises and arrays of one element off a value, as Next does
// before it opens a closure, and returns the text inside; ok is false if there
// is none. inPromise is set for the one form in which pages send a closure: a
// promise of a text.
func TextOf(v value.Value) (text string, inPromise, ok bool) {
	if promise, isPromise := v.(*value.Promise); isPromise {
		_, inPromise = promise.Value.(value.String)
	}
	// Deeper nesting is no text to Next either: String([[…]]) works to any
	// depth, so the bound is only there to end circles.
	for range 100 {
		switch inner := v.(type) {
		case value.String:
			return string(inner), inPromise, true
		case *value.Promise:
			v = inner.Value
		case *value.Array:
			if len(inner.Items) != 1 {
				return "", false, false
			}
			v = inner.Items[0]
		default:
			return "", false, false
		}
	}
	return "", false, false
}
