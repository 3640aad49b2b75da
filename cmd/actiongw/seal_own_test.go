package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestOwnSealedValuesOpenAgain seals in our own layout as a user types it, and
// opens what came out.
func TestOwnSealedValuesOpenAgain(t *testing.T) {
	s := newOwnSite(t)
	with := func(stdin string, args ...string) result {
		return typed(t, stdin, nil, append(args, "--keyset", s.keyset, "--wrapping-key-file", s.wrapping)...)
	}
	values := " [\"s3cr3t-1\", {\"role\": \"admin\"}]\n"
	scope := []string{"--action", "createInvoice", "--audience", "shop"}
	sealed := with(values, append([]string{"seal", "--values", "-"}, scope...)...)
	sealed.want(t, 0, "ag1.")
	sealed.wantNone(t, "s3cr3t")

	hidden := with(sealed.out, append([]string{"open"}, scope...)...)
	hidden.want(t, 0, "createInvoice", "primary", "expires    20", "bound      no", "values     2", "hidden")
	hidden.wantNone(t, "s3cr3t")
	with(sealed.out, append([]string{"open", "--reveal"}, scope...)...).want(t, 0, `"s3cr3t-1"`, `role: string "admin"`)

	cookie := writeFile(t, "cookie", "abc\n")
	asJSON := with(values, append([]string{"seal", "--values", "-", "--ttl", "2h", "--bind-file", cookie, "--json"}, scope...)...)
	var made struct{ Action, Audience, Key, Expires, Sealed string }
	if err := json.Unmarshal([]byte(asJSON.out), &made); err != nil || made.Audience != "shop" || made.Expires == "" || made.Key != s.list(t)[0].Fingerprint {
		t.Errorf("seal --json: %v\n%s", err, asJSON.out)
	}
	with(made.Sealed, append([]string{"open", "--json", "--bind-file", cookie}, scope...)...).want(t, 0, `"bound": true`, made.Expires, made.Key)

	for _, tc := range []struct {
		is, text, reason string
		args             []string
	}{
		{"of another action", sealed.out, "closure_altered", []string{"--action", "x", "--audience", "shop"}},
		{"of another site", sealed.out, "closure_altered", []string{"--action", "createInvoice", "--audience", "blog"}},
		{"without its cookie", made.Sealed, "closure_binding_mismatch", scope},
		{"with another cookie", made.Sealed, "closure_binding_mismatch", append([]string{"--bind-file", writeFile(t, "cookie", "abd")}, scope...)},
		{"of Next.js", strings.Repeat("QUJD", 40), "closure_malformed", scope},
	} {
		r := with(tc.text, append([]string{"open"}, tc.args...)...)
		r.want(t, exitRefused, tc.reason)
		r.wantNone(t, "s3cr3t", "abc")
	}
	for _, tc := range []struct {
		says string
		args []string
	}{
		{"--audience is required", []string{"seal", "--values", "-", "--action", "x"}},
		{"--action is required", []string{"seal", "--values", "-", "--audience", "x"}},
		{"--ttl wants at least 1s", append([]string{"seal", "--values", "-", "--ttl", "0s"}, scope...)},
		{"keep one", append([]string{"open", "--key-file", cookie}, scope...)},
		{"is empty", append([]string{"open", "--bind-file", writeFile(t, "cookie", "\n")}, scope...)},
	} {
		with(values, tc.args...).want(t, 1, tc.says)
	}
	typed(t, sealed.out, nil, "open").want(t, 1, "own layout", "--keyset")
	typed(t, values, nil, "seal", "--values", "-", "--audience", "shop").want(t, 1, "--audience is for closures of actiongw's own layout")
}

// TestNextKeysetSeals: a keyset for Next closures does for seal and open what a
// file of a key does.
func TestNextKeysetSeals(t *testing.T) {
	s := newOwnSite(t)
	next := s.keyset + ".next"
	s.keys(t, "import-next", "--keyset", next, "--key-file", writeFile(t, "key", recordedKey(t, "k32-open"))).want(t, 0)
	keyset := []string{"--keyset", next, "--wrapping-key-file", s.wrapping}
	sealed := typed(t, `["s3cr3t-1"]`, nil, append([]string{"seal", "--action", sealAction, "--values", "-"}, keyset...)...)
	sealed.want(t, 0)
	typed(t, sealed.out, nil, append([]string{"open", "--reveal"}, keyset...)...).want(t, 0, sealAction, "s3cr3t-1", "primary")
	typed(t, sealed.out, nil, append([]string{"open", "--audience", "shop"}, keyset...)...).want(t, 1, "own layout")
}
