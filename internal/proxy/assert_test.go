package proxy_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/internal/assertion"
	"github.com/actiongw/actiongw/internal/proxy"
)

// signing is a configuration whose assertions a test can read.
func signing(t testing.TB) *proxy.Assertion {
	t.Helper()
	signer, err := assertion.FromSecret([]byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return &proxy.Assertion{Audience: "orders", Signer: func() *assertion.Signer { return signer }}
}

// TestWhatIsSignedIsWhatGoesOn: the gate writes some bodies anew, and upstream
// must find the digest of what it gets and not of what the client sent.
func TestWhatIsSignedIsWhatGoesOn(t *testing.T) {
	g, _ := newGate(t, proxy.Config{Assertion: signing(t)})
	for is, body := range map[string]string{
		"as it came":    `["a"]`,
		"written anew":  `[{"__proto__":1},"a"]`,
		"a longer body": `["` + strings.Repeat("x", 50_000) + `"]`,
	} {
		r := post("text/plain;charset=UTF-8", body)
		r.Header.Set("Next-Action", id)
		d := admit(g, r)
		if d.Verdict != proxy.Admit {
			t.Fatalf("%s: %v", is, d.Refusal)
		}
		goesOn, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if anew := is == "written anew"; anew != (string(goesOn) != body) {
			t.Errorf("%s: %.100s", is, goesOn)
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(r.Header.Get("Actiongw-Assertion"), ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		var claims struct {
			Actiongw struct {
				BodySHA256 string `json:"body_sha256"`
				BodyBytes  int    `json:"body_bytes"`
			}
		}
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(goesOn)
		if got := claims.Actiongw; got.BodySHA256 != hex.EncodeToString(digest[:]) || got.BodyBytes != len(goesOn) {
			t.Errorf("%s: %+v is signed", is, got)
		}
		if want := "sha-256=:" + base64.StdEncoding.EncodeToString(digest[:]) + ":"; r.Header.Get("Content-Digest") != want {
			t.Errorf("%s: Content-Digest %s", is, r.Header.Get("Content-Digest"))
		}
		proxy.Unsign(r)
		if r.Header.Get("Actiongw-Assertion") != "" {
			t.Errorf("%s: the assertion stays", is)
		}
	}
}

// TestWithoutAnAssertionBlock the gate adds neither header, and leaves a digest
// of the client alone.
func TestWithoutAnAssertionBlock(t *testing.T) {
	g, _ := newGate(t, proxy.Config{})
	r := post("text/plain;charset=UTF-8", "[]")
	r.Header.Set("Next-Action", id)
	r.Header.Set("Content-Digest", "sha-256=:AAAA:")
	r.URL.RawQuery = "\xff"
	if d := admit(g, r); d.Verdict != proxy.Admit {
		t.Fatal(d.Refusal)
	}
	if r.Header.Get("Actiongw-Assertion") != "" || r.Header.Get("Content-Digest") != "sha-256=:AAAA:" || r.URL.RawQuery != "\xff" {
		t.Errorf("%v %q", r.Header, r.URL.RawQuery)
	}
}

func TestAssertionsThatAreConfiguredWrongly(t *testing.T) {
	for is, change := range map[string]func(*proxy.Assertion){
		"no audience":     func(a *proxy.Assertion) { a.Audience = "" },
		"a negative ttl":  func(a *proxy.Assertion) { a.TTL = -time.Second },
		"a fraction":      func(a *proxy.Assertion) { a.TTL = 1500 * time.Millisecond },
		"a very long ttl": func(a *proxy.Assertion) { a.TTL = 6 * time.Minute },
	} {
		a := signing(t)
		change(a)
		if _, err := proxy.New(proxy.Config{Assertion: a}); err == nil || !strings.HasPrefix(err.Error(), "assertion: ") {
			t.Errorf("%s: %v", is, err)
		}
	}
}
