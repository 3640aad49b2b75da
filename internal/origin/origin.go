// Package origin decides whether a caller may call an action: it compares the
// Origin that the browser reports with the host that was called and with the
// origins that the operator allows.
//
// The rule is Next's (spec next-actions §3) without its holes: the forwarded
// host counts only when the server trusts the proxy that set it, `null` is an
// origin like any other (CVE-2026-27978), hosts compare in lower case and
// without a default port, and what is no origin is a clean refusal.
package origin

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/reject"
)

// Config is what the operator says about callers.
type Config struct {
	// Allow lists patterns of origins, or `null` for pages without one.
	Allow []string
	// SameHostOff ends the rule that a page may call the host it came from.
	SameHostOff bool
	// DenyMissing refuses calls without an Origin, as tools other than
	// browsers send them.
	DenyMissing bool
}

// Policy is a checked Config. It is immutable.
type Policy struct {
	patterns    []pattern
	null        bool
	sameHost    bool
	denyMissing bool
}

// New checks a Config. Its errors name the entry and what to write instead.
func New(c Config) (*Policy, error) {
	p := &Policy{sameHost: !c.SameHostOff, denyMissing: c.DenyMissing}
	for _, text := range c.Allow {
		if text == "null" {
			p.null = true
			continue
		}
		pattern, err := parsePattern(text)
		if err != nil {
			return nil, fmt.Errorf("origin %q: %w", text, err)
		}
		p.patterns = append(p.patterns, pattern)
	}
	if !p.sameHost && len(p.patterns) == 0 {
		return nil, errors.New("same_host off without origins would refuse every call: list the origins that may call")
	}
	return p, nil
}

// Evidence is what a request says about its caller.
type Evidence struct {
	// Origin is the raw value of the only Origin line, and HasOrigin whether
	// there is one: an empty Origin is malformed, none at all is missing.
	Origin    string
	HasOrigin bool
	// Host is the called host as the client, or a trusted proxy, spelled it.
	Host string
	// FetchSite are the raw values of the Sec-Fetch-Site lines.
	FetchSite []string
	// Secure is set when the call is known to have come over https.
	Secure bool
}

// Caller is what is known of a caller that may call.
type Caller struct {
	// Host is the called host in the one spelling that upstream should see:
	// lower case, and without the port when that is the default of the Origin's
	// scheme, because Next compares the two as strings.
	Host string
	// Listed is set when the operator lists Host. Any other is only what the
	// caller says.
	Listed bool
	// Origin is where the caller comes from, empty if it does not say.
	Origin string
	// Rule is the option that lets it call.
	Rule Rule
}

// Rule is the option that lets a caller call, for upstream to know.
type Rule string

// The rules, named after the options.
const (
	SameHost      Rule = "same_host"      // the Origin is the called host
	Listed        Rule = "origins"        // the Origin is on the list
	MissingOrigin Rule = "missing_origin" // there is no Origin, and there need not be
)

// Check decides about one call.
func (p *Policy) Check(e Evidence) (Caller, *reject.Error) {
	called, ok := parseAddress(strings.ToLower(e.Host))
	if !ok {
		return Caller{}, reject.New(reject.HostMalformed, reject.StageOrigin, "want host or host:port")
	}
	caller := Caller{Listed: len(p.patterns) > 0, Origin: e.Origin}
	if !e.HasOrigin || e.Origin == "null" {
		called = called.withoutPort("http").withoutPort("https")
		caller.Host = called.String()
		if refusal := p.checkHost(called); refusal != nil {
			return caller, refusal
		}
		if e.HasOrigin {
			caller.Rule = Listed
			return caller, p.checkNull(called)
		}
		caller.Rule = MissingOrigin
		return caller, p.checkMissing(e)
	}
	scheme, from, ok := parseOrigin(e.Origin)
	if !ok {
		return caller, reject.New(reject.OriginMalformed, reject.StageOrigin, "want scheme://host or scheme://host:port in lower case")
	}
	called, from = called.withoutPort(scheme), from.withoutPort(scheme)
	caller.Host = called.String()
	refusal := p.checkHost(called)
	if refusal == nil {
		caller.Rule, refusal = p.checkCaller(called, from, scheme, e.Secure)
	}
	return caller, refusal
}

// checkHost refuses hosts that the operator did not list, once there is a list:
// then a forged Host cannot steer what upstream builds from it (CVE-2024-34351).
func (p *Policy) checkHost(called address) *reject.Error {
	host := called.String()
	if len(p.patterns) == 0 || slices.ContainsFunc(p.patterns, func(o pattern) bool { return o.matchesHost(host) }) {
		return nil
	}
	return reject.New(reject.HostNotAllowed, reject.StageOrigin, "the called host is not among origins").
		With("host", host).With("fix", p.line(host))
}

// checkMissing lets a call without an Origin through, as Next does: curl, tests
// and servers send none, and no browser omits it on a cross-site POST. A
// browser that does omit it still says where the call comes from.
func (p *Policy) checkMissing(e Evidence) *reject.Error {
	for _, site := range e.FetchSite {
		if site == "cross-site" || site == "same-site" {
			return reject.New(reject.OriginMissing, reject.StageOrigin, "Sec-Fetch-Site says that the call comes from another origin")
		}
	}
	if p.denyMissing {
		return reject.New(reject.OriginMissing, reject.StageOrigin, "missing_origin deny is set").With("fix", "missing_origin allow")
	}
	return nil
}

func (p *Policy) checkNull(called address) *reject.Error {
	// Any sandboxed frame of any site has this origin, so only a list that
	// names it lets it through.
	if p.null {
		return nil
	}
	return reject.New(reject.OriginNull, reject.StageOrigin, "origins does not list null").
		With("origin", "null").With("host", called.String()).With("fix", p.line(called.String(), "null"))
}

// checkCaller compares two addresses whose default ports are dropped.
func (p *Policy) checkCaller(called, caller address, scheme string, secure bool) (Rule, *reject.Error) {
	origin := caller.String()
	// On a site known to be https, a page over http is written by whoever sits
	// on the network; only a pattern that says http lets it through.
	downgraded := secure && scheme == "http"
	// A page may call the host that it came from, as in Next.
	if p.sameHost && caller == called && !downgraded {
		return SameHost, nil
	}
	for _, pattern := range p.patterns {
		if pattern.scheme == "" && downgraded || pattern.scheme != "" && pattern.scheme != scheme {
			continue
		}
		// The operator lists this origin.
		if pattern.matchesHost(origin) {
			return Listed, nil
		}
	}
	fix := origin
	if downgraded {
		fix = scheme + "://" + origin
	}
	return "", reject.New(reject.OriginNotAllowed, reject.StageOrigin, "the caller's origin is neither the called host nor among origins").
		With("origin", scheme+"://"+origin).With("host", called.String()).With("fix", p.line(called.String(), fix))
}

// line is the configuration that would let the given origins through: the
// list as it is, or the called host if there is none yet, and what is missing.
func (p *Policy) line(host string, more ...string) string {
	words := []string{"origins"}
	for _, pattern := range p.patterns {
		words = append(words, pattern.text)
	}
	if p.null {
		words = append(words, "null")
	}
	if len(p.patterns) == 0 || len(more) == 0 {
		words = append(words, host)
	}
	for _, word := range more {
		if word != host {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}
