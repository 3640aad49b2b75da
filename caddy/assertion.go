package caddy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/actiongw/actiongw/internal/assertion"
	"github.com/actiongw/actiongw/internal/proxy"
)

// Assertion has the gate sign each admitted call for upstream, in the header
// `Actiongw-Assertion`: a JWT that names the action and holds the digest of the
// body, see docs/assertion.md. Exactly one of `keyset` and `secret` is needed.
type Assertion struct {
	// Who signs: the claim `iss`. Placeholders are expanded at start.
	// Default: `actiongw`.
	Issuer string `json:"issuer,omitempty"`
	// For whom: the claim `aud`, a name that upstream compares with its own.
	// Placeholders are expanded at start. Required.
	Audience string `json:"audience,omitempty"`
	// The file of a keyset of `actiongw keys generate --kind assertion`,
	// encrypted with the gate's `wrapping_key`. It is read again when it
	// changes; a broken one leaves what was known.
	Keyset string `json:"keyset,omitempty"`
	// A secret of at least 32 bytes that upstream has, too, for HS256; usually
	// a placeholder such as `{file.PATH}`.
	Secret string `json:"secret,omitempty"`
	// How long an assertion is good, in whole seconds, at most 5m.
	// Default: 60s.
	TTL caddy.Duration `json:"ttl,omitempty"`
}

// config translates the settings but for the key. nil is none.
func (a *Assertion) config(repl *caddy.Replacer) (*proxy.Assertion, error) {
	if a == nil {
		return nil, nil
	}
	switch {
	case (a.Keyset == "") == (a.Secret == ""):
		return nil, errors.New("assertion: want either keyset, a file, or secret, a text that upstream has, too")
	case a.TTL < 0:
		return nil, errors.New("assertion: ttl is negative: want a duration such as 60s")
	}
	c := &proxy.Assertion{TTL: time.Duration(a.TTL)}
	for _, text := range []struct {
		option, text string
		to           *string
	}{{"issuer", a.Issuer, &c.Issuer}, {"audience", a.Audience, &c.Audience}} {
		// An empty variable would silently mean nobody.
		expanded, err := repl.ReplaceOrErr(text.text, true, true)
		if err != nil {
			return nil, fmt.Errorf("assertion: %s %q: %w", text.option, text.text, err)
		}
		*text.to = expanded
	}
	return c, nil
}

// readSecret has the gate sign with the shared secret, if there is one, and
// forgets its text: exported fields can end up in logs.
func (a *Assertion) readSecret(repl *caddy.Replacer, config *proxy.Config) error {
	if a == nil || a.Secret == "" {
		return nil
	}
	secret := a.Secret
	a.Secret = ""
	text, err := repl.ReplaceOrErr(secret, true, true)
	if err != nil {
		return fmt.Errorf("assertion: secret: %w", err)
	}
	// The line end that editors put at the end of a file is no part of it.
	signer, err := assertion.FromSecret([]byte(strings.TrimRight(text, "\r\n")))
	if err != nil {
		return fmt.Errorf("assertion: %w", err)
	}
	config.Assertion.Signer = func() *assertion.Signer { return signer }
	return nil
}

// unmarshalAssertion reads `assertion { … }`.
func (h *Handler) unmarshalAssertion(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.Err("assertion takes a block and no values")
	}
	a := new(Assertion)
	seen := map[string]bool{}
	nesting := d.Nesting()
	for d.NextBlock(nesting) {
		name := d.Val()
		if seen[name] {
			return d.Errf("%s is set twice", name)
		}
		seen[name] = true
		if err := a.unmarshalOption(d, name); err != nil {
			return err
		}
	}
	h.Assertion = a
	return nil
}

func (a *Assertion) unmarshalOption(d *caddyfile.Dispenser, name string) error {
	to, ok := map[string]*string{
		"issuer":   &a.Issuer,
		"audience": &a.Audience,
		"keyset":   &a.Keyset,
		"secret":   &a.Secret,
	}[name]
	switch {
	case ok:
		text, err := value(d)
		*to = text
		return err
	case name == "ttl":
		return duration(d, &a.TTL)
	default:
		return d.Errf("unknown option %q of assertion: want issuer, audience, keyset, secret or ttl", name)
	}
}
