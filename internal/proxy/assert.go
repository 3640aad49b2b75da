package proxy

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/actiongw/actiongw/internal/assertion"
	"github.com/actiongw/actiongw/internal/policy"
)

const (
	headerAssertion = "Actiongw-Assertion"
	headerDigest    = "Content-Digest"

	// DefaultAssertionTTL is for queues in front of upstream and clocks that
	// differ a little, and short for whoever finds an assertion in a log.
	DefaultAssertionTTL = time.Minute
	maxAssertionTTL     = 5 * time.Minute
	// DefaultIssuer is who signs where the operator names nobody.
	DefaultIssuer = "actiongw"
)

// Assertion says how admitted calls are signed for upstream.
type Assertion struct {
	// Issuer and Audience name the gate and the upstream. The audience is
	// required: an assertion for nobody would be good everywhere.
	Issuer, Audience string
	// TTL is how long an assertion is good, in whole seconds.
	TTL time.Duration
	// Signer returns the signer of the moment; a keyset may change at any time.
	Signer func() *assertion.Signer
}

// checked returns a with its defaults filled in. Its errors say what to write
// instead.
func (a *Assertion) checked() (*Assertion, error) {
	if a == nil {
		return nil, nil
	}
	full := *a
	if full.Issuer == "" {
		full.Issuer = DefaultIssuer
	}
	if full.TTL == 0 {
		full.TTL = DefaultAssertionTTL
	}
	switch {
	case full.Audience == "":
		return nil, errors.New("assertion: audience is required: a name for the upstream, which it compares with its own, such as orders-backend")
	case full.TTL < time.Second || full.TTL > maxAssertionTTL || full.TTL%time.Second != 0:
		return nil, errors.New("assertion: ttl: want whole seconds, at most 5m, such as 60s")
	}
	return &full, nil
}

// sign adds to an admitted call the digest of its body, and what upstream may
// believe of it. It comes last, because it speaks of the request as upstream
// gets it.
func (c *call) sign() {
	a, r := c.gate.config.Assertion, c.r
	if a == nil && !c.json {
		return
	}
	digest := sha256.Sum256(c.body)
	r.Header[headerDigest] = []string{"sha-256=:" + base64.StdEncoding.EncodeToString(digest[:]) + ":"} // RFC 9530 §2
	if a == nil {
		return
	}
	// Bytes that a URI cannot have reach backends in different spellings, of
	// which a signature would fit one.
	r.URL.RawQuery = escapeURI(r.URL.RawQuery)
	said := assertion.Call{
		Dialect:    c.Dialect.String(),
		Action:     c.name(),
		ID:         string(c.ID),
		Build:      c.build(),
		Method:     r.Method,
		Target:     r.URL.RequestURI(),
		Origin:     c.caller.Origin,
		OriginRule: string(c.caller.Rule),
		Closure:    c.Closure.String(),
		BodySHA256: digest,
		BodyBytes:  int64(len(c.body)),
	}
	if url := escapeURI(c.peer.URL); url != said.Target {
		said.URL = url
	}
	if c.json {
		part := sha256.Sum256(c.message.Call)
		said.CallSHA256 = &part
	}
	if c.caller.Listed {
		said.Authority = c.caller.Host
	}
	if c.Closure == policy.ClosureOpened {
		said.KeyID = c.Keys[0] // the action's own closure is opened before those of references
	}
	token, err := a.Signer().Sign(assertion.Claims{
		Issuer: a.Issuer, Audience: a.Audience,
		IssuedAt: time.Now(), Lifetime: a.TTL,
		ID:   rand.Text(), // 130 bits
		Call: said,
	})
	// Signing has no reason to fail: checked has seen the audience and the ttl.
	// If it did, upstream would refuse a call that nobody vouches for.
	if err == nil {
		r.Header[headerAssertion] = []string{token}
	}
}

// build names the build that has the action: its deployment, or its manifest.
func (c *call) build() string {
	_, build, _ := c.builds.set.LookupIn(string(c.ID), first(c.r.Header["X-Deployment-Id"]))
	switch {
	case build == nil:
		return ""
	case build.Deployment != "":
		return build.Deployment
	default:
		return build.Name
	}
}

// escapeURI percent-encodes the bytes that net/http lets through and that a URI
// cannot have (RFC 3986 §2): spaces, and all beyond ASCII.
func escapeURI(s string) string {
	bad := func(b byte) bool { return b <= ' ' || b >= 0x7f }
	n := 0
	for i := range len(s) {
		if bad(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	out.Grow(len(s) + 2*n)
	for i := range len(s) {
		if b := s[i]; bad(b) {
			out.Write([]byte{'%', digits[b>>4], digits[b&15]})
		} else {
			out.WriteByte(b)
		}
	}
	return out.String()
}

// Unsign takes back what sign added, for a request that its next handler has
// failed with: another upstream, in an error route, is another audience.
func Unsign(r *http.Request) { delete(r.Header, headerAssertion) }
