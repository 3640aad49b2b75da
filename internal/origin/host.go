package origin

import (
	"net/netip"
	"strings"
)

// address is a host and a port as they stand in a URL: `name` is lower case,
// `port` is empty when none is written.
type address struct{ name, port string }

// parseAddress reads `host[:port]`: a lower-case name of letters, digits,
// hyphens, underscores and dots, an IPv4 address, or an IPv6 address in
// brackets (RFC 3986 §3.2.2 without percent-encoding, RFC 6454 §6.2 as
// browsers print it). No user, no path, no zone. Underscores are no part of
// DNS host names, but browsers send them for the service names of containers.
func parseAddress(s string) (address, bool) {
	name, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		name, port = s[:i], s[i+1:]
		if !isPort(port) {
			return address{}, false
		}
	}
	if strings.HasPrefix(name, "[") {
		return address{name, port}, isIPv6(name)
	}
	return address{name, port}, isName(name)
}

// isPort accepts 0 to 65535 without leading zeros, as browsers print ports.
func isPort(s string) bool {
	if s == "" || len(s) > 5 || s[0] == '0' && len(s) > 1 {
		return false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n <= 65535
}

func isIPv6(bracketed string) bool {
	inner, ok := strings.CutSuffix(bracketed[1:], "]")
	// netip also reads zones, which no URL host has.
	if !ok || strings.ContainsAny(inner, "%ABCDEF") {
		return false
	}
	ip, err := netip.ParseAddr(inner)
	return err == nil && ip.Is6()
}

// isName accepts labels of 1 to 63 characters, 253 in all (RFC 1035 §2.3.4),
// with a trailing dot as an option. A name whose last label is a number must
// be an IPv4 address, as in every browser.
func isName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
		last = label
	}
	if strings.Trim(last, "0123456789") == "" {
		ip, err := netip.ParseAddr(s)
		return err == nil && ip.Is4()
	}
	return true
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// String is the address as a URL has it.
func (a address) String() string {
	if a.port == "" {
		return a.name
	}
	return a.name + ":" + a.port
}

// withoutPort drops the port if it is the given scheme's default.
func (a address) withoutPort(scheme string) address {
	if a.port == defaultPort(scheme) {
		a.port = ""
	}
	return a
}

// defaultPort is the port that a URL of the scheme has when none is written;
// schemes other than those of the web have none.
func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	default:
		return "none"
	}
}

// parseOrigin reads `scheme://host[:port]` (RFC 6454 §6.2), lower case. The
// scheme may be one of an app's web view.
func parseOrigin(s string) (scheme string, at address, ok bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !isScheme(scheme) {
		return "", address{}, false
	}
	at, ok = parseAddress(rest)
	return scheme, at, ok
}

// isScheme follows RFC 3986 §3.1, lower case.
func isScheme(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
