package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/vectors"
)

// TestActionsListsWhatABuildExposes, with nothing of the build's key.
func TestActionsListsWhatABuildExposes(t *testing.T) {
	manifests, err := vectors.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range manifests {
		var secret struct {
			EncryptionKey string `json:"encryptionKey"`
		}
		if err := json.Unmarshal(data, &secret); err != nil || secret.EncryptionKey == "" {
			t.Fatalf("%s has no key: %v", name, err)
		}
		file := manifestFile(t, name)
		table := typed(t, "", nil, "actions", "--manifest", file)
		table.want(t, 0, "NAME", "PAGES", "app/closure/page")
		table.wantNone(t, secret.EncryptionKey)

		asJSON := typed(t, "", nil, "actions", "-m", file, "--json")
		asJSON.want(t, 0)
		asJSON.wantNone(t, secret.EncryptionKey)
		var list actionsReport
		if err := json.Unmarshal([]byte(asJSON.out), &list); err != nil || len(list.Actions) < 10 {
			t.Fatalf("%s: %d actions, %v", name, len(list.Actions), err)
		}
		for _, a := range list.Actions {
			if !strings.Contains(table.out, a.Name) || !strings.Contains(table.out, a.ID) || a.Kind == "" || len(a.Pages) == 0 {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
	two := typed(t, "", nil, "actions", "-m", manifestFile(t, "next16-turbopack-open"), "-m", manifestFile(t, "next16-turbopack-changed"))
	two.want(t, 0, "BUILD")
}

// TestActionsSaysWhichRuleCounts.
func TestActionsSaysWhichRuleCounts(t *testing.T) {
	build := manifestFile(t, "next16-turbopack-open")
	list := func(rules string, more ...string) result {
		return typed(t, "", nil, append([]string{"actions", "-m", build, "--rules", writeFile(t, "rules.json", rules)}, more...)...)
	}
	const some = `[{"match": ["app/actions.js#echo"], "deny": true}, {"match": ["**#inline-*"], "closure_required": true}, {"match": ["app/nothing/**"]}]`
	list(some).want(t, 0, "RULE", "1, denied", "none", "rule 3 (app/nothing/**) is for none of them")
	list(some, "--fail-uncovered").want(t, exitRefused)
	list(some, "--json").want(t, 0, `"uncovered": `, `"number": 2`)
	all := list(`[{"match": ["app/actions.js#echo"], "deny": true}, {"match": ["**"], "max_body": 1000}]`, "--fail-uncovered")
	all.want(t, 0, "0 actions that no rule matches")

	list(`{"match": []}`).want(t, 1, "want a list")
	list(`[{"mtach": ["**"]}]`).want(t, 1, "mtach")
	list(`[{"match": ["**"], "deny": true, "max_body": 1}]`).want(t, 1, "rule 1")
	list(`[{"match": ["**"], "args": "/nowhere.json"}]`).want(t, 1, "rule 1", "/nowhere.json")
	typed(t, "", nil, "actions").want(t, 1, "--manifest is required")
	typed(t, "", nil, "actions", "-m", build, "--fail-uncovered").want(t, 1, "--rules")
	typed(t, "", nil, "actions", "-m", writeFile(t, "m.json", "{")).want(t, 1, "m.json")
}

// TestInspectAppliesRules: the same file, on a recorded call.
func TestInspectAppliesRules(t *testing.T) {
	e := exchange(t, openBuild, "c_str")
	build := manifestFile(t, "next16-turbopack-open")
	schema := writeFile(t, "schema.json", `{"type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}]}`)
	for _, c := range []struct {
		rules, wire, want string
		status            int
	}{
		{`[{"match": ["**#inline-*"], "deny": true}]`, "auto", "action_denied", exitRefused},
		{`[{"match": ["**#inline-*"], "closure_required": true}]`, "auto", "admit", 0},
		{`[{"match": ["app/admin/**"], "deny": true}, {"match": ["**#inline-*", "x"]}]`, "auto", "2 (**#inline-* x)", 0},
		{`[{"match": ["**"], "args": "` + schema + `"}]`, "current", "argument_not_allowed", exitRefused},
		{`[{"match": ["**"], "args": "` + schema + `"}]`, "auto", "needs --wire", 1},
		{`[]`, "react20", "unknown wire", 1},
	} {
		r := typed(t, string(e.Request.Raw()), nil, "inspect", "-m", build, "--wire", c.wire, "--rules", writeFile(t, "rules.json", c.rules))
		r.want(t, c.status, c.want)
	}
}
