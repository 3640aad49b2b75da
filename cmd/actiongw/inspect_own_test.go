package main

import (
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/closure"
)

// TestInspectReadsBareReact: the header and the ids are those of its dialect.
func TestInspectReadsBareReact(t *testing.T) {
	call := string(reactCall("createInvoice", `[{"amount":7}]`))
	typed(t, call, nil, "inspect", "--dialect", "react").want(t, 0, "kind       fetch", "createInvoice", "amount", "verdict    admit")
	typed(t, strings.Replace(call, "http://shop", "http://evil", 1), nil, "inspect", "--dialect", "react").want(t, exitRefused, "origin_not_allowed")
	typed(t, call, nil, "inspect").want(t, 0, "no call of an action")
	typed(t, call, nil, "inspect", "--dialect", "vue").want(t, 1, "--dialect: ")
}

// TestInspectOpensOurOwnLayout, as the gate would, in calls and in forms.
func TestInspectOpensOurOwnLayout(t *testing.T) {
	s := newOwnSite(t)
	bound := fresh
	bound.Binding = closure.Bind("abc")
	sealed, expired := s.seal(t, here, fresh), fresh
	expired.Expires = 2
	with := func(raw []byte, more ...string) result {
		return typed(t, string(raw), nil, append([]string{"inspect", "--keyset", s.keyset, "--wrapping-key-file", s.wrapping, "--audience", "shop"}, more...)...)
	}
	key := s.list(t)[0].Fingerprint
	for is, raw := range map[string][]byte{"a call": callWith(sealed), "a form": formWith(sealed)} {
		r := with(raw)
		r.want(t, 0, "opened with key "+key, "values captured: 2", "verdict    admit")
		r.wantNone(t, "s3cr3t", sealed)
		with(raw, "--reveal").want(t, 0, `"s3cr3t-1"`)
		with(raw, "--json").want(t, 0, `"canonical": true`, `"key": "`+key+`"`)
		if t.Failed() {
			t.Fatal(is)
		}
	}
	with(callWith(s.seal(t, here, bound), "Cookie: session=abc"), "--cookie", "session").want(t, 0, "opened with key "+key, "verdict    admit")

	elsewhere := here
	elsewhere.Audience = "blog"
	for reason, raw := range map[string][]byte{
		"closure_expired":          callWith(s.seal(t, here, expired)),
		"closure_altered":          callWith(s.seal(t, elsewhere, fresh)),
		"closure_binding_mismatch": callWith(s.seal(t, here, bound), "Cookie: session=abd"),
		"closure_key_unknown":      callWith(newOwnSite(t).seal(t, here, fresh)),
	} {
		r := with(raw, "--cookie", "session")
		r.want(t, exitRefused, reason, "closure    argument 0")
		r.wantNone(t, "s3cr3t", "abd")
	}
	typed(t, string(callWith(sealed)), nil, "inspect").want(t, 0, "there is no key to open it with")
	typed(t, string(callWith(sealed)), nil, "inspect", "--keyset", s.keyset, "--wrapping-key-file", s.wrapping).want(t, 1, "--audience is required")
	typed(t, string(callWith(sealed)), nil, "inspect", "--cookie", "session").want(t, 1, "--cookie is for closures of actiongw's own layout")
}
