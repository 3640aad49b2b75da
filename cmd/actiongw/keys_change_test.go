package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gwcaddy "github.com/actiongw/actiongw/caddy"
	"github.com/actiongw/actiongw/internal/keyring"
)

// TestTheLifeOfAKeyByCommands walks a key through its states, and tries on the
// way what is not allowed.
func TestTheLifeOfAKeyByCommands(t *testing.T) {
	s := newOwnSite(t)
	before := readSecret(t, s.keyset)
	first := s.list(t)[0]
	for _, tc := range []struct{ command, says string }{
		{"disable", "promote another key before disabling the primary one"},
		{"enable", "only disabled keys can be"},
		{"destroy", "disable the key first"},
	} {
		s.keys(t, tc.command, s.keyset, first.Fingerprint).want(t, 1, tc.says)
	}
	s.keys(t, "promote", s.keyset, "12345").want(t, 1, `no key "12345"`, "keys list")
	s.keys(t, "promote", s.keyset).want(t, 1, "got 1 argument")
	typed(t, "", nil, "keys", "promote", s.keyset, "1").want(t, 1, "--wrapping-key-file is required", gwcaddy.EnvWrappingKey)
	if readSecret(t, s.keyset) != before {
		t.Error("a command that failed has changed the keyset")
	}

	var added listedKey
	r := s.keys(t, "add", s.keyset, "--json")
	if err := json.Unmarshal([]byte(r.out), &added); err != nil || added.State != keyring.Pending || added.Bits != 256 || added.Created == "" {
		t.Fatalf("%v\n%s%s", err, r.out, r.err)
	}
	for _, step := range []struct{ command, state, states string }{
		{"promote", "primary", "enabled primary"},
		{"promote", "primary", "enabled primary"}, // once more changes nothing
	} {
		s.keys(t, step.command, s.keyset, added.Fingerprint).want(t, 0, step.state, "hand the keyset to every instance")
		s.wantStates(t, step.states)
	}
	for _, step := range []struct{ command, state, states string }{
		{"disable", "disabled", "disabled primary"},
		{"enable", "enabled", "enabled primary"},
		{"disable", "disabled", "disabled primary"},
		{"destroy", "destroyed", "primary destroyed"},
	} {
		s.keys(t, step.command, s.keyset, fmt.Sprint(first.ID), "--json").want(t, 0, `"state": "`+step.state+`"`, first.Fingerprint)
		s.wantStates(t, step.states)
	}
	s.keys(t, "enable", s.keyset, first.Fingerprint).want(t, 1, "no key")
	s.keys(t, "doctor", "--keyset", s.keyset).want(t, 0, "can use it")
	if files, err := os.ReadDir(filepath.Dir(s.keyset)); err != nil || len(files) != 3 {
		t.Errorf("files were left over: %v", files)
	}
	readSecret(t, s.keyset) // for its owner alone
}

func (s ownSite) wantStates(t *testing.T, want string) {
	t.Helper()
	var states []string
	for _, key := range s.list(t) {
		states = append(states, string(key.State))
	}
	if got := strings.Join(states, " "); got != want {
		t.Errorf("states %s, want %s", got, want)
	}
}

// TestWrappingKeyFromTheEnvironment, or from the file that the twin names.
func TestWrappingKeyFromTheEnvironment(t *testing.T) {
	s := newOwnSite(t)
	text := readSecret(t, s.wrapping)
	for _, env := range []string{gwcaddy.EnvWrappingKey + "=" + text, gwcaddy.EnvWrappingKey + "_FILE=" + s.wrapping} {
		r := typed(t, "", []string{env}, "keys", "list", s.keyset)
		r.want(t, 0, "primary")
		r.wantNone(t, text)
	}
	both := []string{gwcaddy.EnvWrappingKey + "=" + text, gwcaddy.EnvWrappingKey + "_FILE=" + s.wrapping}
	typed(t, "", both, "keys", "list", s.keyset).want(t, 1, "keep one")
	wrong := typed(t, "", []string{gwcaddy.EnvWrappingKey + "=" + strings.Repeat("s3cr3t", 5)}, "keys", "list", s.keyset)
	wrong.want(t, 1, gwcaddy.EnvWrappingKey+": the wrapping key is not")
	wrong.wantNone(t, "s3cr3t")
}

// TestNextKeyset: the gate opens what a page of Next.js has sealed with a key of
// a keyset, and refuses it once the key is disabled and the gate reloaded.
func TestNextKeyset(t *testing.T) {
	e, key := recorded(t, "c_str")
	dir, up, admin := t.TempDir(), startUpstream(t), unusedAddress(t)
	s := ownSite{filepath.Join(dir, "wrapping.json"), filepath.Join(dir, "next.keyset")}
	typed(t, "", nil, "keys", "generate", "--kind", "wrapping", "--out", s.wrapping).want(t, 0)
	other := recordedKey(t, otherKey(t, key))
	for _, text := range []string{key, other} {
		s.keys(t, "import-next", "--keyset", s.keyset, "--key-file", writeFile(t, "key", text)).want(t, 0)
	}
	s.keys(t, "add", s.keyset).want(t, 1, "keys import-next")
	options := "wrapping_key {file." + s.wrapping + "}\nnext_keyset " + s.keyset
	site := func(more string) string { return "actiongw {\n" + options + "\n" + more + "\n}\n" + up.proxy() }
	g := startGate(t, "admin "+admin, site(""))
	file := filepath.Join(dir, "Caddyfile")
	reloaded := func(more string) {
		t.Helper()
		writeConfig(t, file, g.address, "admin "+admin, site(more))
		if status, body := reload(t, admin, file); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
	}

	keys := s.list(t)
	pass(t, g, up, "the primary key's", e.Request.Raw())
	if want := fmt.Sprintf("actiongw_key_uses_total{key=%q} 1\n", keys[0].Fingerprint); !strings.Contains(scrape(t, admin), want) {
		t.Errorf("no %s", want)
	}
	reloaded("key o2gGHmhuprsLIa2FCD6NKg==")
	pass(t, g, up, "beside another key", e.Request.Raw())
	s.keys(t, "promote", s.keyset, keys[1].Fingerprint).want(t, 0)
	s.keys(t, "disable", s.keyset, keys[0].Fingerprint).want(t, 0)
	pass(t, g, up, "before the reload", e.Request.Raw())
	reloaded("mode enforce")
	repel(t, g, up, []attack{{"the disabled key's", e.Request.Raw(), "closure_key_disabled"}})
	reloaded("key " + key)
	repel(t, g, up, []attack{{"the disabled key's, which key brings back", e.Request.Raw(), "closure_key_disabled"}})
	s.keys(t, "destroy", s.keyset, keys[0].Fingerprint).want(t, 0)
	reloaded("mode enforce")
	repel(t, g, up, []attack{{"the destroyed key's", e.Request.Raw(), "closure_key_unknown"}})
	if text := g.log.text(); strings.Contains(text, key) || strings.Contains(text, "primaryKeyId") {
		t.Error("a key is in the log")
	}
}

// TestClosureKeysRotate, step by step as docs/operations.md says.
func TestClosureKeysRotate(t *testing.T) {
	s, up, admin := newOwnSite(t), startUpstream(t), unusedAddress(t)
	site := "actiongw {\n" + s.options() + "\n}\n" + up.proxy()
	g := startGate(t, "admin "+admin, site)
	file := filepath.Join(t.TempDir(), "Caddyfile")
	writeConfig(t, file, g.address, "admin "+admin, site)
	next := func(command string, key listedKey) {
		t.Helper()
		s.keys(t, command, s.keyset, key.Fingerprint).want(t, 0)
		typed(t, "", nil, "reload", "--force", "--config", file, "--address", admin).want(t, 0)
	}
	old := callWith(s.seal(t, here, fresh))
	s.keys(t, "add", s.keyset).want(t, 0)
	keys := s.list(t)
	next("promote", keys[1])
	fresher := callWith(s.seal(t, here, fresh))
	pass(t, g, up, "an old page", old)
	pass(t, g, up, "a new page", fresher)
	if metrics := scrape(t, admin); !strings.Contains(metrics, keys[0].Fingerprint+`"} 1`) || !strings.Contains(metrics, keys[1].Fingerprint+`"} 1`) {
		t.Error("the uses of both keys are not counted")
	}
	next("disable", keys[0])
	repel(t, g, up, []attack{{"an old page", old, "closure_key_disabled"}})
	next("destroy", keys[0])
	repel(t, g, up, []attack{{"an old page", old, "closure_key_unknown"}})
	pass(t, g, up, "a new page", fresher)
}

// TestMistakesWithKeysetsAreNamed at start, and without a key.
func TestMistakesWithKeysetsAreNamed(t *testing.T) {
	s, other := newOwnSite(t), newOwnSite(t)
	next := filepath.Join(t.TempDir(), "next.keyset")
	s.keys(t, "import-next", "--keyset", next, "--key-file", writeFile(t, "key", "o2gGHmhuprsLIa2FCD6NKg==")).want(t, 0)
	wrapping := "wrapping_key {file." + s.wrapping + "}\n"
	own := func(file string) string { return "closures " + file + " {\naudience shop\n}" }
	for _, tc := range []struct{ is, options, says string }{
		{"no wrapping key", own(s.keyset), "wrapping_key: keysets are encrypted"},
		{"another wrapping key", "wrapping_key {file." + other.wrapping + "}\n" + own(s.keyset), "encrypted with another wrapping key"},
		{"a wrapping key that is none", "wrapping_key {file." + s.keyset + "}\n" + own(s.keyset), "wrapping_key: the wrapping key is not"},
		{"a file that is not there", wrapping + own(s.keyset+"x"), "no such file"},
		{"a keyset in the clear", wrapping + own(s.wrapping), "the keyset is not encrypted"},
		{"a keyset for Next closures", wrapping + own(next), "not one for own-closures"},
		{"a keyset for own closures", wrapping + "next_keyset " + s.keyset, "next_keyset: " + s.keyset + ": key"},
		{"an audience from an empty variable", wrapping + strings.Replace(own(s.keyset), "shop", "{env.ACTIONGW_TEST_EMPTY}", 1), "audience: "},
	} {
		file := filepath.Join(t.TempDir(), "Caddyfile")
		writeConfig(t, file, unusedAddress(t), "", "actiongw {\n"+tc.options+"\n}")
		g := start(t, "validate", "--config", file)
		_ = g.cmd.Wait()
		if text := g.log.text(); !strings.Contains(text, tc.says) || g.cmd.ProcessState.Success() || strings.Contains(text, "primaryKeyId") {
			t.Errorf("%s: want %q in:\n%s", tc.is, tc.says, text)
		}
	}
}

// TestKeysDoctorComparesInstances: a copy that is behind, one that has revoked
// what another uses, and copies that are the same.
func TestKeysDoctorComparesInstances(t *testing.T) {
	s := newOwnSite(t)
	copied := func() string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "own.keyset")
		for from, to := range map[string]string{s.keyset: file, gwcaddy.NotesFile(s.keyset): gwcaddy.NotesFile(file)} {
			data, err := os.ReadFile(from)
			if err == nil {
				err = os.WriteFile(to, data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return file
	}
	same := copied()
	s.keys(t, "doctor", "--keyset", s.keyset, "--keyset", same).want(t, 0, "together: the gate can use it")
	s.keys(t, "add", s.keyset).want(t, 0)
	keys := s.list(t)
	s.keys(t, "doctor", "--keyset", s.keyset, "--keyset", same).want(t, 0, "together: warning", same+" does not have key "+keys[1].Fingerprint)
	s.keys(t, "promote", s.keyset, keys[1].Fingerprint).want(t, 0)
	s.keys(t, "doctor", "--keyset", s.keyset, "--keyset", same, "--json").want(t, exitRefused, "which another instance seals with", `"usable": false`)
	s.keys(t, "disable", s.keyset, keys[0].Fingerprint).want(t, 0)
	s.keys(t, "doctor", "--keyset", s.keyset, "--keyset", same).want(t, exitRefused, "is disabled on "+s.keyset)

	next := s.keyset + ".next"
	s.keys(t, "import-next", "--keyset", next, "--key-file", writeFile(t, "key", recordedKey(t, "k32-open"))).want(t, 0)
	s.keys(t, "doctor", "--keyset", s.keyset, "--keyset", next).want(t, 1, "look at them one by one")
}
