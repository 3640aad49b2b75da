package caddy

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// provision loads a handler from JSON, as Caddy does.
func provision(t *testing.T, config string) (*Handler, error) {
	t.Helper()
	ctx, err := caddy.ProvisionContext(&caddy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	module, err := ctx.LoadModuleByID("http.handlers.actiongw", json.RawMessage(config))
	if err != nil {
		return nil, err
	}
	return module.(*Handler), nil
}

// TestJSONGivesTheErrorsOfTheCaddyfile: what the Caddyfile refuses, JSON does.
func TestJSONGivesTheErrorsOfTheCaddyfile(t *testing.T) {
	for _, tc := range []struct{ is, config, says string }{
		{"an unknown key", `{"origin": ["a.example"]}`, "unknown field"},
		{"an unknown mode", `{"mode": "strict"}`, `mode "strict": want enforce or report`},
		{"an unknown policy", `{"missing_origin": "reject"}`, "want allow or deny"},
		{"an unknown answerer", `{"errors": "plain"}`, "want dialect or caddy"},
		{"a negative size", `{"max_body": -1}`, "max_body is negative"},
		{"a negative duration", `{"body_timeout": -1}`, "body_timeout is negative"},
		{"too little memory", `{"max_memory": 1000}`, "max_memory 1000 is too small"},
		{"a wildcard alone", `{"origins": ["*"]}`, "wildcard alone"},
		{"nobody may call", `{"same_host": false}`, "would refuse every call"},
		{"an origin from an empty variable", `{"origins": ["a.example", "{env.ACTIONGW_TEST_EMPTY}"]}`, "ACTIONGW_TEST_EMPTY"},
		{"an origin from an unknown placeholder", `{"origins": ["{nothing}"]}`, "nothing"},
		{"a key from an empty variable", `{"key": "{env.ACTIONGW_TEST_EMPTY}"}`, "ACTIONGW_TEST_EMPTY"},
		{"a key from a file that is not there", `{"key": "{file./nowhere/key}"}`, "key"},
		{"an older key from an empty variable", `{"previous_keys": ["{env.ACTIONGW_TEST_EMPTY}"]}`, "ACTIONGW_TEST_EMPTY"},
		{"a revoked key from an empty variable", `{"disabled_keys": ["{env.ACTIONGW_TEST_EMPTY}"]}`, "ACTIONGW_TEST_EMPTY"},
		{"closures without a keyset", `{"closures": {"audience": "shop"}}`, "closures wants the file of a keyset"},
		{"closures without an audience", `{"closures": {"keyset": "x"}}`, "closures wants an audience"},
		{"closures bound to two cookies", `{"closures": {"keyset": "x", "audience": "shop", "cookie": "a;b"}}`, "want the name of one cookie"},
		{"a wrapping key without keysets", `{"wrapping_key": "{env.KEK}"}`, "wrapping_key is for keysets, and there is none"},
		{"a wrapping key for a shared secret", `{"assertion": {"audience": "a", "secret": "x"}, "wrapping_key": "{env.KEK}"}`, "wrapping_key is for keysets, and there is none"},
		{"a wrapping key where it once was", `{"assertion": {"audience": "a", "keyset": "x", "wrapping_key": "{env.KEK}"}}`, "unknown field"},
		{"a wrapping key in the clear", `{"next_keyset": "x", "wrapping_key": "{\"primaryKeyId\":1}"}`, "wants a placeholder"},
		{"a keyset and no wrapping key", `{"next_keyset": "x"}`, "wrapping_key: keysets are encrypted, and nothing says with which key"},
		{"a wrapping key from an empty variable", `{"next_keyset": "x", "wrapping_key": "{env.ACTIONGW_TEST_EMPTY}"}`, "wrapping_key: "},
		{"closures that nothing opens", `{"backend": "json", "actions": [{"match": ["publish"], "closure_required": true}]}`, "action rule 1: closure required would refuse every call of publish"},
	} {
		if _, err := provision(t, tc.config); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q in it", tc.is, err, tc.says)
		}
	}
}

// TestClosuresThatMayBeRequired: what is not declared may have those of Next.
func TestClosuresThatMayBeRequired(t *testing.T) {
	for _, tc := range []struct{ is, config string }{
		{"a JSON backend with manifests", `{"backend": "json", "actions": [{"match": ["**#inline-*"], "closure_required": true}]}`},
		{"a declared action without any", `{"backend": "json", "actions": [{"match": ["publish"]}]}`},
		{"a server of React", `{"actions": [{"match": ["publish"], "closure_required": true}]}`},
	} {
		if _, err := provision(t, tc.config); err != nil {
			t.Errorf("%s: %v", tc.is, err)
		}
	}
}

func TestOriginsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("ACTIONGW_TEST_SITE", "shop.example")
	h, err := provision(t, `{"origins": ["{env.ACTIONGW_TEST_SITE}", "*.{env.ACTIONGW_TEST_SITE}"]}`)
	if err != nil {
		t.Fatal(err)
	}
	for host, status := range map[string]int{"shop.example": 200, "a.shop.example": 200, "other.example": 421} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("[]"))
		r.Host = host
		r.Header = map[string][]string{"Next-Action": {strings.Repeat("a", 42)}, "Content-Type": {"text/plain"}}
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, r, accept{}); err != nil || w.Code != status {
			t.Errorf("%s: %v, status %d, want %d", host, err, w.Code, status)
		}
	}
}

func TestMatcher(t *testing.T) {
	id := map[string][]string{"Next-Action": {"x"}}
	form := map[string][]string{"Content-Type": {"multipart/form-data; boundary=b"}}
	for _, tc := range []struct {
		is     string
		kind   string
		method string
		header map[string][]string
		want   bool
	}{
		{"a call as fetch", "fetch", "POST", id, true},
		{"a call as form", "maybe_form", "POST", id, false},
		{"a call as either", "", "POST", id, true},
		{"a form as form", "maybe_form", "POST", form, true},
		{"a form as fetch", "fetch", "POST", form, false},
		{"a form as either", "", "POST", form, true},
		{"a page", "", "GET", nil, false},
		{"a GET with the action header", "fetch", "GET", id, true},
	} {
		r := httptest.NewRequest(tc.method, "/", nil)
		r.Header = tc.header
		m := MatchServerAction{Kind: tc.kind}
		if got, err := m.MatchWithError(r); err != nil || got != tc.want {
			t.Errorf("%s: %v, %v", tc.is, got, err)
		}
	}
}
