package vectors

// WithoutJSON are recorded calls of browsers that hold what JSON cannot say, by
// scenario, with a word of the refusal. Scenarios that end in _form are the
// same without JavaScript.
func WithoutJSON() map[string]string {
	return map[string]string{
		"a_proto":     "__proto__",
		"b_cycle":     "contains itself",
		"b_jsx":       "a symbol", // in Next 14, which sends an element as an object
		"b_symbol":    "a symbol",
		"b_tempback":  "a symbol",
		"c_clientref": "a React element",
		"c_error":     "an error",
		"c_jsx":       "a React element",
		"c_special":   "a symbol",
	}
}

// LoggedOtherwise are those that the app logged in another way than it got
// them, with the cause.
func LoggedOtherwise() map[string]string {
	return map[string]string{
		"a_default":   "the action's parameter has a default",
		"a_fixed2":    "the action takes fewer parameters",
		"a_noparam":   "the action takes fewer parameters",
		"a_skipfirst": "the action takes fewer parameters",
		"c_fixedargs": "the action takes another number of parameters",
		"c_loop0":     "Next 14 captures two values for item and item.i",
		"c_loop3":     "Next 14 captures two values for item and item.i",
		"c_noargs":    "the action takes fewer parameters",
		"d_emptyfile": "Next names a file without a name undefined",
		"d_rich":      "Next 14 reads the names of fields as Latin-1",
	}
}
