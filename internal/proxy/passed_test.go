package proxy_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

// TestRulesHoldForFunctionsThatArePassed: an action can be reached through
// another one that calls what it is given.
func TestRulesHoldForFunctionsThatArePassed(t *testing.T) {
	other := strings.Replace(id, "40", "41", 1)
	key := ring(t, 1)
	sealed, err := closure.SealNext(rand.Reader, key[0].Key, other, []byte("0:[1]\n"))
	if err != nil {
		t.Fatal(err)
	}
	bare := parts("1", `{"id":"`+other+`","bound":null}`, "0", `["$h1"]`)
	bound := func(v string) string {
		return parts("2", `{"id":"`+other+`","bound":"$@1"}`, "0", `["$h2"]`, "1", `["$@3"]`, "3", v)
	}
	for _, tt := range []struct {
		name, body string
		keys       []keyring.Entry
		rule       policy.Rule
		want       reject.Reason
	}{
		{name: "one without a rule", body: bare, rule: policy.Rule{Match: []string{id}}},
		{name: "what has no action's id (I14)", body: parts("1", `{"id":"fs#readFile","bound":null}`, "0", `["$h1"]`), rule: policy.Rule{Match: []string{id}}, want: reject.ActionIDMalformed},
		{name: "the same among bound arguments", body: parts("3", `{"id":"constructor","bound":null}`, "2", `{"id":"`+other+`","bound":"$@1"}`, "0", `["$h2"]`, "1", `["$h3"]`), rule: policy.Rule{Match: []string{id}}, want: reject.ActionIDMalformed},
		{name: "one that is denied", body: bare, rule: policy.Rule{Match: []string{other}, Deny: true}, want: policy.ActionDenied},
		{name: "one without its closure", body: bare, rule: policy.Rule{Match: []string{other}, ClosureRequired: true}, want: policy.ClosureMissing},
		{name: "one with its closure", body: bound(`"` + sealed + `"`), keys: key, rule: policy.Rule{Match: []string{other}, ClosureRequired: true}},
		{name: "one with a text in its place", body: bound(`"user-1"`), keys: key, rule: policy.Rule{Match: []string{other}, ClosureRequired: true}, want: policy.ClosureMissing},
		{name: "one with its closure and no key", body: bound(`"` + sealed + `"`), rule: policy.Rule{Match: []string{other}, ClosureRequired: true}, want: policy.ClosureMissing},
	} {
		g, _ := newGate(t, proxy.Config{Keys: tt.keys, Rules: []policy.Rule{tt.rule}})
		worst{name: tt.name, body: tt.body, form: true, want: tt.want}.admit(t, g)
	}
}

// TestFormsAreNotWrittenAnew: hidden inputs hold what React's server has
// rendered, in which it reads everything as it was meant.
func TestFormsAreNotWrittenAnew(t *testing.T) {
	g, _ := newGate(t, proxy.Config{})
	for bound, want := range map[string]reject.Reason{`[{"a":1}]`: "", `[{"__proto__":1}]`: reject.ReplyMalformed} {
		d := admit(g, post("multipart/form-data; boundary=b-0-b", parts("$ACTION_REF_1", "", "$ACTION_1:1", bound, "$ACTION_1:0", `{"id":"`+id+`","bound":"$@1"}`)))
		if (d.Refusal == nil) != (want == "") || d.Refusal != nil && d.Refusal.Reason != want {
			t.Errorf("%s: %v, want %q", bound, d.Refusal, want)
		}
		d.Release(true)
	}
}
