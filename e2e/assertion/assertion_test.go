//go:build e2e

// Package assertion_test holds the verifiers that docs/assertion.md shows, in
// Go, Node and Python, against the real gate: what it signs verifies, with keys
// fetched from it, and nothing else does. It needs node, npm, and the packages
// python3-jwt and python3-cryptography, and fails without them.
package assertion_test

import (
	"os"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/e2e/program"
)

const (
	actionID = "4012345678901234567890123456789012345678ab"
	formType = "multipart/form-data; boundary=B"
	form     = "--B\r\nContent-Disposition: form-data; name=\"$ACTION_ID_" + actionID + "\"\r\n\r\n\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"amount\"\r\n\r\n12.50\r\n--B--\r\n"
)

func TestVerifiers(t *testing.T) {
	program.Run(t, ".", "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	program.Run(t, ".", "/usr/bin/python3", "-c", "import jwt, cryptography")
	g := startGate(t)
	for algorithm, o := range map[string]options{
		"ES256": {Audience: "orders", JWKS: g.jwks},
		"HS256": {Audience: "orders", Secrets: []string{"the one before, of another time", secret}},
	} {
		call := g.call(t, algorithm, "/cart?a=1&b=%20x", "text/plain", `["genuine"]`)
		bad := append(copies(t, g, algorithm, call), forge(t, g, algorithm, call)...)
		for _, language := range languages() {
			t.Run(algorithm+" in "+language, func(t *testing.T) {
				verify := start(t, language, o)
				for is, r := range map[string]request{
					"a call": call,
					"a form": g.call(t, algorithm, "/cart", formType, form),
				} {
					if action, err := verify(r); err != nil || action != actionID {
						t.Errorf("%s was not taken: %q, %v", is, action, err)
					}
				}
				for _, b := range bad {
					if action, err := verify(b.request); err == nil {
						t.Errorf("%s was taken, as %s", b.is, action)
					} else {
						t.Logf("%-52s %v", b.is, err)
					}
				}
				// After all that it still works.
				if _, err := verify(call); err != nil {
					t.Error(err)
				}
			})
		}
	}
	// Each verifier fetches at the start and for the first unknown key at most.
	if n := g.fetches.Load(); n == 0 || n > 6 {
		t.Errorf("the public keys were fetched %d times by three verifiers", n)
	}
}

// wrong is a request that no verifier may take.
type wrong struct {
	is string
	request
}

// copies puts genuine assertions on requests that they are not for.
func copies(t *testing.T, g *gate, algorithm string, call request) []wrong {
	t.Helper()
	on := func(is string, change func(*request)) wrong {
		r := call
		change(&r)
		return wrong{is, r}
	}
	short := g.call(t, algorithm+" short", call.Target, "text/plain", string(call.Body))
	awaitExpiry(t, short.Assertion)
	return []wrong{
		on("on another body", func(r *request) { r.Body = []byte(`["genuinE"]`) }),
		on("on no body", func(r *request) { r.Body = []byte{} }),
		on("on a longer body", func(r *request) { r.Body = append(r.Body[:len(r.Body):len(r.Body)], ' ') }),
		on("on another path", func(r *request) { r.Target = "/admin?a=1&b=%20x" }),
		on("on another query", func(r *request) { r.Target = "/cart?a=2&b=%20x" }),
		on("on no query", func(r *request) { r.Target = "/cart" }),
		on("on another spelling of the target", func(r *request) { r.Target = "/cart?a=1&b=+x" }),
		on("on another method", func(r *request) { r.Method = "PUT" }),
		{"for another audience", g.call(t, algorithm+" audience", call.Target, "text/plain", string(call.Body))},
		{"of another issuer", g.call(t, algorithm+" issuer", call.Target, "text/plain", string(call.Body))},
		{"after its expiry", short},
	}
}

// forge puts forged assertions on a genuine request.
func forge(t *testing.T, g *gate, algorithm string, call request) (all []wrong) {
	t.Helper()
	for _, f := range forgeries(t, g, algorithm, call.Assertion) {
		r := call
		r.Assertion = f.assertion
		all = append(all, wrong{f.is, r})
	}
	return all
}

// TestSingleUse: with a memory of ids an assertion is good once.
func TestSingleUse(t *testing.T) {
	program.Run(t, ".", "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	g := startGate(t)
	call := g.call(t, "HS256", "/", "text/plain", "[]")
	for _, language := range languages() {
		verify := start(t, language, options{Audience: "orders", Secrets: []string{secret}, Once: true})
		if _, err := verify(call); err != nil {
			t.Errorf("%s: %v", language, err)
		}
		if _, err := verify(call); err == nil || !strings.Contains(err.Error(), "has been used") {
			t.Errorf("%s: the second time: %v", language, err)
		}
	}
}

// TestTheDocsShowWhatIsTested, letter by letter.
func TestTheDocsShowWhatIsTested(t *testing.T) {
	docs, err := os.ReadFile("../../docs/assertion.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"verifier.mjs", "verifier.py", "verifier/verifier.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(docs), "\n"+string(text)+"```\n") {
			t.Errorf("docs/assertion.md shows another %s", name)
		}
	}
}
