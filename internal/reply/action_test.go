package reply_test

import (
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
)

// TestActions has forms without JavaScript, by what of I17 they keep or break.
func TestActions(t *testing.T) {
	user := func(n int) []formdata.Entry {
		sent := form("$ACTION_ID_a", "")
		for range n {
			sent = append(sent, form("x", "")...)
		}
		return sent
	}
	for _, tt := range []struct {
		name string
		sent []formdata.Entry
		want reject.Reason
	}{
		{"an id", form("$ACTION_ID_a", "", "x", "1"), ok},
		{"a descriptor", form("$ACTION_REF_1", "", "$ACTION_1:0", fn, "x", "1"), ok},
		{"a form and its button", form("$ACTION_ID_a", "", "$ACTION_REF_1", "", "$ACTION_1:0", fn), ok},
		{"a field of the user's that is named like React's", form("$ACTION_ID_a", "", "$ACTION_FAKE", "1"), ok},
		{"three ids", form("$ACTION_ID_a", "", "$ACTION_ID_b", "", "$ACTION_ID_c", ""), malformed},
		{"three descriptors", form("$ACTION_REF_1", "", "$ACTION_1:0", fn, "$ACTION_REF_2", "", "$ACTION_2:0", fn, "$ACTION_REF_3", "", "$ACTION_3:0", fn), malformed},
		{"a descriptor that is used by none, and broken", form("$ACTION_REF_1", "", "$ACTION_1:0", "{", "$ACTION_ID_a", ""), malformed},
		{"a key", form("$ACTION_REF_1", "", "$ACTION_1:0", fn, "$ACTION_KEY", "k1"), ok},
		{"two keys", form("$ACTION_REF_1", "", "$ACTION_1:0", fn, "$ACTION_KEY", "k1", "$ACTION_KEY", "k2"), malformed},
		{"a key that is a file", form("$ACTION_REF_1", "", "$ACTION_1:0", fn, "$ACTION_KEY<", "k1"), malformed},
		{"an id that is a file", form("$ACTION_ID_a<", ""), malformed},
		{"a descriptor that is a file", form("$ACTION_REF_1", "", "$ACTION_1:0<", fn), malformed},
		{"a bound argument that is a file", form("$ACTION_REF_1", "", "$ACTION_1:2<", "x", "$ACTION_1:1", `["$B2"]`, "$ACTION_1:0", `{"id":"a","bound":"$@1"}`), malformed},
		{"a descriptor that Next finds no id in", form("$ACTION_REF_1", "", "$ACTION_1:0", `{ "id":"a","bound":null}`), malformed},
		{"a descriptor in which Next finds another id", form("$ACTION_REF_1", "", "$ACTION_1:0", `{"id":"a\u0062","bound":null}`), malformed},
		{"1,000 fields", user(999), ok},
		{"1,001 fields", user(1000), tooComplex},
	} {
		a, err := reply.ParseAction(tt.sent, current())
		if reason(err) != tt.want || (a == nil) != (err != nil) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if err == nil && a.ID != "a" {
			t.Errorf("%s: the action is %q", tt.name, a.ID)
		}
	}
}
