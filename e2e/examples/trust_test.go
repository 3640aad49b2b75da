//go:build e2e

package examples_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A message is a request to a backend's action, and what is signed for it.
type message struct {
	path, body string
	method     string
	header     map[string]any
	claims     map[string]any
	about      map[string]any
	key        string
	sum        func() hash.Hash
	token      func(string) string
}

const likeCall = `{"action":"like","id":"like","url":"/","closure":null,"args":[]}`

// genuine is a message as the gate sends it.
func genuine() *message {
	digest := sha256.Sum256([]byte(likeCall))
	return &message{
		path: "/_actions/like", body: likeCall, method: http.MethodPost,
		header: map[string]any{"alg": "HS256", "typ": "actiongw-assertion+jwt", "kid": "0a1b2c3d"},
		claims: map[string]any{
			"iss": "actiongw", "aud": "invoices", "jti": "ID", "iat": unix(0), "nbf": unix(0), "exp": unix(time.Minute),
		},
		about: map[string]any{
			"v": 1, "dialect": "react", "action": "like", "id": "like", "method": "POST", "target": "/_actions/like",
			"closure": "none", "body_sha256": hex.EncodeToString(digest[:]), "body_bytes": len(likeCall),
		},
		key: secret, sum: sha256.New, token: func(s string) string { return s },
	}
}

func unix(from time.Duration) int64 { return time.Now().Add(from).Unix() }

// request signs the message and makes a request of it.
func (m *message) request(t *testing.T, port int) *http.Request {
	t.Helper()
	m.claims["actiongw"] = m.about
	signed := encode(t, m.header) + "." + encode(t, m.claims)
	mac := hmac.New(m.sum, []byte(m.key))
	mac.Write([]byte(signed))
	token := m.token(signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))

	r, err := http.NewRequest(m.method, fmt.Sprintf("http://127.0.0.1:%d%s", port, m.path), strings.NewReader(m.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Actiongw-Assertion", token)
	}
	return r
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// TestBackendsTrustTheGateOnly posts calls to the backends themselves, past any
// gate, as somebody who has found their port.
func TestBackendsTrustTheGateOnly(t *testing.T) {
	cases := []struct {
		is     string
		change func(*message)
		want   int
	}{
		{"a call as the gate sends it", func(*message) {}, 200},
		{"a call without an assertion", func(m *message) { m.token = func(string) string { return "" } }, 403},
		{"an assertion that is no JWT", func(m *message) { m.token = func(string) string { return "a.b.c" } }, 403},
		{"an assertion of another secret", func(m *message) { m.key = strings.ToUpper(secret) }, 403},
		{"an assertion without a signature", func(m *message) {
			m.header["alg"] = "none"
			m.token = func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] }
		}, 403},
		{"an assertion of another algorithm", func(m *message) { m.header["alg"], m.sum = "HS512", sha512.New }, 403},
		{"another kind of JWT by the same issuer", func(m *message) { m.header["typ"] = "JWT" }, 403},
		{"a JWT without a type", func(m *message) { delete(m.header, "typ") }, 403},
		{"an assertion of another issuer", func(m *message) { m.claims["iss"] = "somebody" }, 403},
		{"an assertion for another backend", func(m *message) { m.claims["aud"] = "orders" }, 403},
		{"an assertion for nobody", func(m *message) { delete(m.claims, "aud") }, 403},
		{"an assertion that has expired", func(m *message) { m.claims["exp"] = unix(-time.Minute) }, 403},
		{"an assertion that never expires", func(m *message) { delete(m.claims, "exp") }, 403},
		{"an assertion of tomorrow", func(m *message) { m.claims["nbf"] = unix(24 * time.Hour) }, 403},
		{"an assertion about another body", func(m *message) { m.body = strings.Replace(m.body, `[]`, `[1]`, 1) }, 403},
		{"an assertion about another action", func(m *message) { m.path = "/_actions/fail" }, 403},
		{"an assertion about another method", func(m *message) { m.about["method"] = "PUT" }, 403},
		{"an assertion whose claims may mean something else", func(m *message) { m.about["v"] = 2 }, 403},
		{"an assertion about nothing", func(m *message) { m.about = nil }, 403},
	}
	for _, b := range backends {
		t.Run(b.language, func(t *testing.T) {
			port := b.start(t, "http://127.0.0.1:1/")
			for _, tc := range cases {
				t.Run(tc.is, func(t *testing.T) {
					m := genuine()
					tc.change(m)
					if got := status(t, m.request(t, port)); got != tc.want {
						t.Errorf("status %d, want %d", got, tc.want)
					}
				})
			}
		})
	}
}
