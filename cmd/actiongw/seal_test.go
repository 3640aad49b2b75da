package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const sealAction = "60abababababababababababababababababababab"

// TestSealedValuesOpenAgain seals as a user types it and opens what came out.
func TestSealedValuesOpenAgain(t *testing.T) {
	key := recordedKey(t, "k32-open")
	file := writeFile(t, "next.key", key)
	values := `["s3cr3t-1", {"role": "admin", "n": 7, "list": [null, true, -1.5]}, "` + strings.Repeat("long ", 40) + `end"]`

	sealed := typed(t, values, nil, "seal", "--action", sealAction, "--values", "-", "--key-file", file)
	sealed.want(t, 0)
	sealed.wantNone(t, key, "s3cr3t-1")

	hidden := typed(t, sealed.out, nil, "open", "--action", sealAction, "--key-file", file)
	hidden.want(t, 0, sealAction, "canonical  yes", "values     3", "hidden")
	hidden.wantNone(t, key, "s3cr3t-1")

	shown := typed(t, sealed.out, nil, "open", "--key-file", file, "--reveal")
	shown.want(t, 0, sealAction, `"s3cr3t-1"`, `role: string "admin"`, "number -1.5", "long end")
	shown.wantNone(t, key)

	twice := typed(t, sealed.out, nil, "open", "--key-file", writeFile(t, "new.key", recordedKey(t, otherKey(t, key))), "--key-file", file)
	twice.want(t, 0, "enabled")

	asJSON := typed(t, values, []string{nextKeyVariable + "_FILE=" + file}, "seal", "--action", sealAction, "--values", "-", "--json")
	var made struct{ Action, Key, Sealed string }
	if err := json.Unmarshal([]byte(asJSON.out), &made); err != nil || made.Action != sealAction || len(made.Key) != 8 {
		t.Errorf("seal --json: %v\n%s", err, asJSON.out)
	}
	typed(t, made.Sealed, nil, "open", "--json", "--key-file", file).want(t, 0, `"canonical": true`, made.Key)
}

// TestOpenSaysWhatIsWrong: what the gate would refuse ends in status 3.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	key := recordedKey(t, "k32-open")
	file := writeFile(t, "next.key", key)
	sealed := strings.TrimSpace(typed(t, `["s3cr3t-1"]`, nil, "seal", "--action", sealAction, "--values", "-", "--key-file", file).out)
	other := writeFile(t, "other.key", recordedKey(t, otherKey(t, key)))
	for name, c := range map[string]struct {
		text, reason string
		args         []string
	}{
		"another action": {sealed, "closure_action_mismatch", []string{"--key-file", file, "--action", strings.Replace(sealAction, "ab", "cd", 1)}},
		"another key":    {sealed, "closure_key_unknown", []string{"--key-file", other}},
		"no padding":     {strings.TrimRight(sealed[:20]+" "+sealed[20:], "="), "closure_not_canonical", []string{"--key-file", file, "--action", sealAction}},
		"no base64":      {"?", "closure_malformed", []string{"--key-file", file}},
	} {
		t.Run(name, func(t *testing.T) {
			r := typed(t, c.text, nil, append([]string{"open"}, c.args...)...)
			r.want(t, exitRefused, c.reason)
			r.wantNone(t, key, "s3cr3t-1")
		})
	}
	typed(t, sealed, nil, "open").want(t, 1, "there is no key", "--key-file")
	typed(t, "", nil, "open", "--key-file", file).want(t, 1, "empty")
	typed(t, "[]", nil, "seal", "--action", "xyz", "--values", "-", "--key-file", file).want(t, 1, "--action wants")
	typed(t, `{"a":1}`, nil, "seal", "--action", sealAction, "--values", "-", "--key-file", file).want(t, 1, "want a JSON array")
	typed(t, `["s3cr3t-1"`, nil, "seal", "--action", sealAction, "--values", "-", "--key-file", file).want(t, 1, "ends in the middle")
	typed(t, `[{"a":1,"a":2}]`, nil, "seal", "--action", sealAction, "--values", "-", "--key-file", file).want(t, 1, "twice")
}

// TestOpenReadsWhatPagesSent opens the closures of the recorded calls.
func TestOpenReadsWhatPagesSent(t *testing.T) {
	for _, build := range []string{"next14-webpack", "next15-webpack-k16", "next16-turbopack"} {
		e := exchange(t, build, "c_str")
		var sealed []struct{ Sealed, ActionID, Flight string }
		if err := json.Unmarshal(e.Expected.SealedInRequest, &sealed); err != nil || len(sealed) == 0 {
			t.Fatalf("%s: nothing sealed: %v", e.ID, err)
		}
		key := []string{nextKeyVariable + "=" + recordedKey(t, e.KeyName)}
		typed(t, sealed[0].Sealed, key, "open").want(t, 0, sealed[0].ActionID, "canonical  yes")
		r := typed(t, sealed[0].Sealed, key, "open", "--reveal", "--action", sealed[0].ActionID)
		r.want(t, 0, "hello open world")
	}
}
