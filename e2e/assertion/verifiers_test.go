//go:build e2e

package assertion_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/actiongw/actiongw/e2e/assertion/verifier"

	"github.com/actiongw/actiongw/e2e/program"
)

// options are those of a verifier in Node and in Python, by their names there.
type options struct {
	Audience string   `json:"audience"`
	JWKS     string   `json:"jwks,omitempty"`
	Secrets  []string `json:"secrets,omitempty"`
	Leeway   int      `json:"leeway"`
	Once     bool     `json:"once,omitempty"`
}

// verify is one of the verifiers: the name of the action, or why not.
type verify func(request) (action string, err error)

// languages are those that there is a verifier in.
func languages() []string { return []string{"Go", "Node", "Python"} }

// start starts a verifier.
func start(t *testing.T, language string, o options) verify {
	t.Helper()
	switch language {
	case "Node":
		return process(t, o, "node", "drive.mjs")
	case "Python":
		return process(t, o, "/usr/bin/python3", "drive.py") // Debian's, which has Debian's PyJWT
	default:
		return goVerifier(o)
	}
}

func goVerifier(o options) verify {
	v := &verifier.Verifier{Issuer: "actiongw", Audience: o.Audience, JWKS: o.JWKS, Leeway: time.Duration(o.Leeway) * time.Second}
	for _, text := range o.Secrets {
		v.Secrets = append(v.Secrets, []byte(text))
	}
	used := map[string]bool{}
	if o.Once {
		v.FirstUse = func(id string, _ time.Time) bool { first := !used[id]; used[id] = true; return first }
	}
	return func(r request) (string, error) {
		call, err := v.Verify(r.Assertion, r.Method, r.Target, r.Body)
		if err != nil {
			return "", err
		}
		return call.Action, nil
	}
}

// process starts a verifier that takes requests by lines.
func process(t *testing.T, o options, name, script string) verify {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	_, in, out := program.Talk(t, name, script, string(text))
	return ask(t, script, json.NewEncoder(in), out)
}

func ask(t *testing.T, script string, in *json.Encoder, out *bufio.Reader) verify {
	return func(r request) (string, error) {
		t.Helper()
		if err := in.Encode(r); err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		line, err := out.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) || len(line) == 0 {
			t.Fatalf("%s has ended: %v", script, err)
		}
		var answer struct {
			Call  *verifier.Call
			Error string
		}
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Fatalf("%s: %v: %s", script, err, line)
		}
		switch {
		case answer.Error != "":
			return "", errors.New(answer.Error)
		case answer.Call == nil:
			t.Fatalf("%s: %s", script, line)
		}
		return answer.Call.Action, nil
	}
}
