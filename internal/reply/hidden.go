package reply

import "strconv"

// HiddenField is a hidden input of a form.
type HiddenField struct{ Name, Value string }

// HiddenFields are what a form without JavaScript needs to call an action with
// a closure as its only bound argument (spec reply-format §7). The id and the
// sealed text hold no character that JSON escapes. An empty text stands for no
// closure.
func HiddenFields(id, sealed string) []HiddenField {
	if sealed == "" {
		return []HiddenField{{idField + id, ""}}
	}
	const n = "1" // the number of the form; forms are apart, so it may repeat
	part := func(i int) string { return actionField + n + ":" + strconv.Itoa(i) }
	return []HiddenField{
		{refField + n, ""},
		{part(0), `{"id":"` + id + `","bound":"$@1"}`},
		{part(1), `["$@2"]`},
		{part(2), `"` + sealed + `"`},
	}
}
