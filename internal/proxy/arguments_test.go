package proxy_test

import (
	"io"
	"strings"
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

// TestRuleRaisesTheLimitOfForms: which rule is for a form without JavaScript is
// known when it has been read.
func TestRuleRaisesTheLimitOfForms(t *testing.T) {
	g, memory := newGate(t, proxy.Config{MaxBody: 200, Rules: []policy.Rule{{Match: []string{id}, MaxBody: 1000}}})
	other := strings.Replace(id, "40", "41", 1)
	form := func(id string, n int) string {
		const head, end = "--B\r\nContent-Disposition: form-data; name=\"$ACTION_ID_", "\r\n--B--\r\n"
		body := head + id + "\"\r\n\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
		return body + strings.Repeat("x", n-len(body)-len(end)) + end
	}
	for _, tt := range []struct {
		name string
		body string
		want reject.Reason
	}{
		{"as long as the rule allows", form(id, 1000), ""},
		{"a byte more", form(id, 1001), reject.BodyTooLarge},
		{"another action, as long as the gate allows", form(other, 200), ""},
		{"another action, a byte more", form(other, 201), reject.BodyTooLarge},
	} {
		d := admit(g, post(formType, tt.body))
		if (d.Refusal == nil) != (tt.want == "") || d.Refusal != nil && d.Refusal.Reason != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, d.Refusal, tt.want)
		}
		d.Release(true)
	}
	if memory.Held() != 0 {
		t.Errorf("%d bytes are still counted", memory.Held())
	}
}

// TestRuleThatLimitsAFormIsNamed: the log says which of the limits it was.
func TestRuleThatLimitsAFormIsNamed(t *testing.T) {
	g, _ := newGate(t, proxy.Config{Rules: []policy.Rule{{Match: []string{id}, MaxBody: 10}}})
	d := admit(g, post(formType, call))
	defer d.Release(true)
	if d.Refusal == nil || d.Refusal.Reason != reject.BodyTooLarge || len(d.Refusal.Facts) == 0 {
		t.Errorf("%v", d.Refusal)
	}
}

// TestAttackPartsThatParsersReadDifferently: to some parser of Node or to busboy
// each of these forms calls the action that the rule denies.
func TestAttackPartsThatParsersReadDifferently(t *testing.T) {
	allowed := strings.Replace(id, "40", "41", 1)
	g, _ := newGate(t, proxy.Config{Rules: []policy.Rule{{Match: []string{id}, Deny: true}}})
	part := func(header, name, value string) string {
		return "--B\r\n" + header + ": form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	const disposition = "Content-Disposition"
	for _, tt := range []struct{ name, body string }{
		{
			"a header with a long s, whose part Node 18 skips",
			part(disposition, "$ACTION_ID_"+id, "") + part("Content-Di\u017fpo\u017fition", "$ACTION_ID_"+allowed, ""),
		},
		{
			"two backslashes, which Node 18 and busboy read as one",
			part(disposition, `$ACTION_x\y:0`, `{"id":"`+id+`","bound":null}`) + part(disposition, `$ACTION_REF_x\\y`, "") + part(disposition, `$ACTION_x\\y:0`, `{"id":"`+allowed+`","bound":null}`),
		},
		{
			"escapes in upper and lower case, the same to Node 20 and later",
			part(disposition, "$ACTION_x%0dy:0", `{"id":"`+id+`","bound":null}`) + part(disposition, "$ACTION_REF_x%0Dy", "") + part(disposition, "$ACTION_x%0Dy:0", `{"id":"`+allowed+`","bound":null}`),
		},
	} {
		d := admit(g, post(formType, tt.body+"--B--\r\n"))
		if d.Refusal == nil || d.Refusal.Reason != reject.FormMalformed {
			t.Errorf("%s: %v %v", tt.name, d.Verdict, d.Refusal)
		}
		d.Release(true)
	}
}
