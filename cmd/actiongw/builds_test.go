package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/vectors"
)

const (
	manifests = "../../internal/vectors/traffic/manifests/"
	thisBuild = manifests + "next16-turbopack-open.json"
)

// recorded returns a genuine exchange of the recorded app, and its key.
func recorded(t *testing.T, scenario string) (e vectors.Exchange, key string) {
	t.Helper()
	exchanges, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := vectors.Keys()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exchanges {
		if e.Build == "next16-turbopack" && e.Scenario == scenario && e.Ran() {
			return e, keys[e.KeyName]
		}
	}
	t.Fatalf("no genuine exchange %s", scenario)
	return e, ""
}

// TestNamesAndClosuresAreSeen: what the manifest and the key tell about a call
// stands in the access log, in the metrics, and in the backend's request.
func TestNamesAndClosuresAreSeen(t *testing.T) {
	e, key := recorded(t, "c_str")
	t.Setenv("NEXT_SERVER_ACTIONS_ENCRYPTION_KEY", key)
	up, admin := startUpstream(t), unusedAddress(t)
	g := startGate(t, "admin "+admin, "log\nactiongw {\nmanifest "+thisBuild+"\n}\nreverse_proxy "+up.Listener.Addr().String()+" {\nheader_up X-Closure {http.actiongw.closure}\n}")
	if got := send(t, g.address, e.Request.Raw(), false); got.status != 200 {
		t.Fatalf("status %d %s", got.status, got.body)
	}
	seen := up.take()
	if len(seen) != 1 || !strings.Contains(seen[0].header.Get("Actiongw-Action"), "#inline-") || seen[0].header.Get("X-Closure") != "opened" {
		t.Errorf("the backend saw %+v", seen)
	}
	line := g.log.await(t, "the call", func(line map[string]any) bool { return line["actiongw_verdict"] == "admit" })
	name, _ := line["actiongw_action"].(string)
	if name != seen[0].header.Get("Actiongw-Action") {
		t.Errorf("the access log calls it %q", name)
	}
	metrics := scrape(t, admin)
	for _, want := range []string{`actiongw_actions_total{action="` + name + `",verdict="admit"} 1`, `actiongw_key_uses_total{key="`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
	if text := g.log.text(); strings.Contains(text, key) {
		t.Error("the key is in the log")
	}
}

// holds that a gate with these options refuses a call for the reason, or lets it
// through when that is empty.
func holds(t *testing.T, is, options string, e vectors.Exchange, reason string) {
	t.Helper()
	g, up := guarded(t, options)
	got, seen := send(t, g.address, e.Request.Raw(), false), up.take()
	if reason == "" {
		if len(seen) != 1 {
			t.Errorf("%s: %d %s", is, got.status, got.body)
		}
	} else if line := g.refusal(t, got); line["reason"] != reason || len(seen) != 0 {
		t.Errorf("%s: refused as %v, the backend saw %d", is, line["reason"], len(seen))
	}
}

// TestKeysRotate: closures of older pages open under a previous key, and not
// under a revoked one.
func TestKeysRotate(t *testing.T) {
	e, key := recorded(t, "c_str")
	const other = "o2gGHmhuprsLIa2FCD6NKg=="
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ACTIONGW_TEST_KEY", key)
	for _, tc := range []struct{ is, options, reason string }{
		{"the key itself, from a variable", "key {env.ACTIONGW_TEST_KEY}", ""},
		{"the key itself, from a file", "key {file." + file + "}", ""},
		{"a previous key", "key " + other + "\nprevious_keys " + key, ""},
		{"the build's own key, from its manifest", "key " + other + "\nmanifest " + thisBuild, ""},
		{"another key", "key " + other, "closure_key_unknown"},
		{"a revoked key", "key " + other + "\ndisabled_keys " + key, "closure_key_disabled"},
		{"a revoked key that a manifest brings back", "key " + other + "\ndisabled_keys " + key + "\nmanifest " + thisBuild, "closure_key_disabled"},
		{"no key at all", "mode enforce", ""},
	} {
		holds(t, tc.is, tc.options, e, tc.reason)
	}
}

// TestKeysFromFilesOfTheEnvironment: the _FILE twins, and which key was used.
func TestKeysFromFilesOfTheEnvironment(t *testing.T) {
	e, key := recorded(t, "c_str")
	parsed, err := keyring.ParseNextKey(key)
	if err != nil {
		t.Fatal(err)
	}
	const other = "o2gGHmhuprsLIa2FCD6NKg=="
	for _, files := range []map[string]string{
		{"NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE": key + "\n"},
		{"NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE": other + "\r\n", "ACTIONGW_PREVIOUS_KEYS_FILE": "pqyrpqyrpqyrpqyrpqyrpg==\n" + key + "\n"},
	} {
		for name, text := range files {
			t.Setenv(name, writeFile(t, "key", text))
		}
		up, admin := startUpstream(t), unusedAddress(t)
		g := startGate(t, "admin "+admin, "actiongw\n"+up.proxy())
		if got := send(t, g.address, e.Request.Raw(), false); got.status != 200 || len(up.take()) != 1 {
			t.Errorf("%v: %d %s", files, got.status, got.body)
		}
		if want := fmt.Sprintf("actiongw_key_uses_total{key=%q} 1\n", parsed.Fingerprint()); !strings.Contains(scrape(t, admin), want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestSeveralBuilds: an id is known when one of the builds has it, and its
// closures open with that build's key; unknown ones may be let through.
func TestSeveralBuilds(t *testing.T) {
	e, key := recorded(t, "c_str")
	t.Setenv("ACTIONGW_TEST_KEY", key)
	const another = manifests + "next14-webpack-open.json"
	for _, tc := range []struct{ is, options, reason string }{
		{"two builds, the second of which has it", "manifest " + another + "\nmanifest " + thisBuild, ""},
		{"two builds, the first of which has it", "manifest " + thisBuild + "\nmanifest " + another, ""},
		{"another build alone", "manifest " + another, "action_unknown"},
		{"another build alone, and unknown actions pass", "manifest " + another + "\nunknown_actions pass\nkey {env.ACTIONGW_TEST_KEY}", ""},
		{"a build that is not there yet beside another", "manifest " + another + "\nmanifest /nowhere/manifest.json\nkey {env.ACTIONGW_TEST_KEY}", ""},
	} {
		holds(t, tc.is, tc.options, e, tc.reason)
	}
}

// TestManifestIsReadAgain: a new build is known a moment after its file has
// changed, without a reload, and a broken file changes nothing.
func TestManifestIsReadAgain(t *testing.T) {
	good, err := os.ReadFile(thisBuild)
	if err != nil {
		t.Fatal(err)
	}
	e, key := recorded(t, "a_simple")
	id := field(e, "next-action")
	file := filepath.Join(t.TempDir(), "server-reference-manifest.json")
	g, up := guarded(t, "key "+key, "manifest "+file)
	try := func() int { got := send(t, g.address, e.Request.Raw(), false); up.take(); return got.status }
	write := func(data []byte, says string) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		g.log.await(t, says, func(line map[string]any) bool { msg, _ := line["msg"].(string); return strings.Contains(msg, says) })
	}
	if status := try(); status != 200 {
		t.Errorf("before there is a manifest: %d", status)
	}
	write(without(t, good, id), "manifest loaded")
	if status := try(); status != 404 {
		t.Errorf("an action that the build does not have: %d", status)
	}
	write([]byte(`{"node":`), "last good one stays")
	if status := try(); status != 404 {
		t.Errorf("after a broken file: %d", status)
	}
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); try() != 200; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new build is not known")
		}
	}
}

// without takes an action out of a manifest.
func without(t *testing.T, manifest []byte, id string) []byte {
	t.Helper()
	var m map[string]json.RawMessage
	var node map[string]json.RawMessage
	if json.Unmarshal(manifest, &m) != nil || json.Unmarshal(m["node"], &node) != nil || node[id] == nil {
		t.Fatalf("the recorded manifest has no action %s", id)
	}
	delete(node, id)
	m["node"], _ = json.Marshal(node)
	out, _ := json.Marshal(m)
	return out
}

// TestRulesByName: the first rule that matches an action counts.
func TestRulesByName(t *testing.T) {
	e, key := recorded(t, "a_simple")
	schema := filepath.Join(t.TempDir(), "args.json")
	if err := os.WriteFile(schema, []byte(`{"type":"array","maxItems":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ is, rules, reason string }{
		{"no rule", "", ""},
		{"a rule for others", "action app/admin/** {\ndeny\n}", ""},
		{"its file is denied", "action app/actions.js {\ndeny\n}", "action_denied"},
		{"an earlier rule allows it", "action app/actions.js#* {\nmax_body 1MiB\n}\naction ** {\ndeny\n}", ""},
		{"its body is too large for its rule", "action app/actions.js {\nmax_body 10\n}", "body_too_large"},
		{"it must come with a closure", "action ** {\nclosure required\n}", "closure_missing"},
		{"its arguments do not fit", "wire current\naction ** {\nargs " + schema + "\n}", "argument_not_allowed"},
	} {
		g, up := guarded(t, "key "+key, "manifest "+thisBuild, tc.rules)
		got, seen := send(t, g.address, e.Request.Raw(), false), up.take()
		if tc.reason == "" {
			if len(seen) != 1 {
				t.Errorf("%s: %d %s", tc.is, got.status, got.body)
			}
		} else if line := g.refusal(t, got); line["reason"] != tc.reason || len(seen) != 0 {
			t.Errorf("%s: refused as %v, the backend saw %d", tc.is, line["reason"], len(seen))
		}
	}
}

// TestMistakesWithKeysAreNamed at start, and without the key.
func TestMistakesWithKeysAreNamed(t *testing.T) {
	for _, tc := range []struct{ is, name, text, says string }{
		{"hexadecimal digits", "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY", strings.Repeat("0a1b2c3d", 8), "hex"},
		{"quotes", "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY", `"o2gGHmhuprsLIa2FCD6NKg=="`, "quote"},
		{"a file that is not there", "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE", "/nowhere/key", "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE"},
		{"a previous key that is none", "ACTIONGW_PREVIOUS_KEYS", "o2gGHmhuprsLIa2FCD6NKg==,nonsense", "ACTIONGW_PREVIOUS_KEYS, number 2"},
	} {
		t.Setenv(tc.name, tc.text)
		file := filepath.Join(t.TempDir(), "Caddyfile")
		writeConfig(t, file, unusedAddress(t), "", "actiongw")
		g := start(t, "validate", "--config", file)
		_ = g.cmd.Wait()
		if text := g.log.text(); !strings.Contains(text, tc.says) || g.cmd.ProcessState.Success() {
			t.Errorf("%s: want %q in:\n%s", tc.is, tc.says, text)
		} else if len(tc.text) > 20 && tc.name != "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE" && strings.Contains(text, tc.text) {
			t.Errorf("%s: the key is in the error", tc.is)
		}
		t.Setenv(tc.name, "")
	}
}
