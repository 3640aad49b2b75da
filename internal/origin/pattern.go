package origin

import (
	"errors"
	"fmt"
	"strings"
)

// pattern is one entry of the allowed origins: a host in which a label may be
// `*` (any one label) and the first may be `**` (one or more), with an
// optional scheme. It is Next's `allowedOrigins` (spec next-actions §3) plus
// the scheme, so that a list can be copied over as it is.
type pattern struct {
	text   string
	scheme string // empty: any
	labels []string
}

// parsePattern reads one entry. Unlike Next it refuses what can never match,
// and wildcards alone, which would switch the check off.
func parsePattern(text string) (pattern, error) {
	p := pattern{text: text}
	host := strings.ToLower(text)
	if scheme, rest, ok := strings.Cut(host, "://"); ok {
		if !isScheme(scheme) {
			return p, errors.New("the scheme is not one")
		}
		p.scheme, host = scheme, rest
	}
	plain := strings.NewReplacer("**", "x", "*", "x").Replace(host)
	at, ok := parseAddress(plain)
	switch {
	case strings.HasSuffix(host, "/"):
		return p, errors.New("drop the slash at the end: an origin has no path")
	case !ok:
		return p, errors.New("want host, host:port or scheme://host, with * or ** for whole labels")
	case at.port != "" && at.port == defaultPort(p.scheme):
		return p, fmt.Errorf("drop the port %s: browsers never send it with %s", at.port, p.scheme)
	}
	p.labels = strings.Split(host, ".")
	return p, checkWildcards(p.labels)
}

func checkWildcards(labels []string) error {
	for i, label := range labels {
		switch {
		case !strings.Contains(label, "*"):
			continue
		case len(labels) == 1:
			return errors.New("a wildcard alone would allow every site; name the domain, as in *.example.com")
		case label == "**" && i > 0:
			return errors.New("** is allowed as the first label only")
		case label != "*" && label != "**":
			return errors.New("* stands for a whole label, never for a part of one")
		}
	}
	return nil
}

// matchesHost compares labels from the right, as Next does. The port is a part
// of the last label.
func (p pattern) matchesHost(host string) bool {
	labels := p.labels
	for len(labels) > 0 {
		dot := strings.LastIndexByte(host, '.')
		label, want := host[dot+1:], labels[len(labels)-1]
		labels = labels[:len(labels)-1]
		switch {
		case want == "**":
			return label != ""
		case label == "" || want != "*" && want != label:
			return false
		case dot < 0:
			return len(labels) == 0
		}
		host = host[:dot]
	}
	return false
}
