package proxy_test

import (
	"io"
	"testing"

	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

// TestRulesSeeEveryValue: the gate leaves out most values of a call, but never
// those that a rule looks at.
func TestRulesSeeEveryValue(t *testing.T) {
	schema, err := policy.ParseSchema("rule.json", []byte(`{"prefixItems":[true,{"properties":{"a":{"items":{"const":"good"}}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	function := parts("1", `{"id":"`+id+`","bound":null}`, "2", `[["k",{"a":[0,["$h1"]]}]]`, "0", `[0,"$Q2"]`)
	for _, tt := range []struct {
		name, body string
		form       bool
		rule       policy.Rule
		want       reject.Reason
	}{
		{name: "a function deep down, and no rule", body: function, form: true},
		{name: "a function deep down", body: function, form: true, rule: policy.Rule{DenyReferences: true}, want: policy.ServerReferenceDenied},
		{name: "no function", body: `[0,{"a":["x",["y"]]}]`, rule: policy.Rule{DenyReferences: true}},
		{name: "a text that the schema refuses", body: `[0,{"a":["good","bad"]}]`, rule: policy.Rule{Args: schema}, want: policy.ArgumentNotAllowed},
		{name: "texts that it allows", body: `[0,{"a":["good","good"]}]`, rule: policy.Rule{Args: schema}},
	} {
		tt.rule.Match = []string{"**"}
		g, _ := newGate(t, proxy.Config{Rules: []policy.Rule{tt.rule}})
		worst{name: tt.name, body: tt.body, form: tt.form, want: tt.want}.admit(t, g)
	}
}

// TestCallsAreWrittenAnewInFull: what React would read differently is written
// again with all values.
func TestCallsAreWrittenAnewInFull(t *testing.T) {
	g, _ := newGate(t, proxy.Config{})
	r := post("text/plain;charset=UTF-8", `[[1,2],{"a":{"__proto__":[],"b":["x",{"c":2.5}]},"d":"$D2026-01-02T03:04:05.678Z"}]`)
	r.Header.Set("Next-Action", id)
	d := admit(g, r)
	body, err := io.ReadAll(r.Body)
	if want := `[[1,2],{"a":{"b":["x",{"c":2.5}]},"d":"$D2026-01-02T03:04:05.678Z"}]`; d.Verdict != proxy.Admit || err != nil || string(body) != want {
		t.Errorf("%v %v: upstream gets %s (%v), want %s", d.Verdict, d.Refusal, body, err, want)
	}
	d.Release(true)
}
