package main

import (
	"fmt"
	"os"
	"strings"
)

// The variants that the protocol needs: the one that the others are compared with, a second process
// of the very same as the A/A control, and the upstream without a proxy.
const (
	baseVariant    = "bare"
	controlVariant = "bare-again"
	directVariant  = "direct"
)

// A variant is one way to reach the upstream. All variants that are not direct run the same
// binary, each in a process of its own, and differ in one Caddyfile fragment.
type variant struct {
	name    string
	about   string // for --help
	site    string // Caddyfile directives that stand before reverse_proxy
	direct  bool   // no proxy: the load goes to the upstream, whose CPU time is measured
	refuses bool   // answers a foreign Origin with 4xx; others answer 200
}

// How a gate signs: the lines of its block. The files are made by makeKeys.
const (
	signSecret   = "assertion {\naudience bench\nsecret 0123456789abcdef0123456789abcdef\n}"
	signKey      = "wrapping_key {file." + wrappingFile + "}\nassertion {\naudience bench\nkeyset " + keysetFile + "\n}"
	wrappingFile = "wrapping.json"
	keysetFile   = "assertion.keyset"
)

// variants is the table of what is compared. To compare something else add a line here, or give
// --add NAME=FILE for a single run.
var variants = []variant{
	{name: baseVariant, about: "Caddy's reverse_proxy alone: what the others are divided by"},
	{name: controlVariant, about: "a second process of the same: the A/A control"},
	{name: "gate", about: "actiongw with its defaults before reverse_proxy", site: "actiongw", refuses: true},
	{name: "gate-hs256", about: "the gate, which signs calls with a secret", site: "actiongw {\n" + signSecret + "\n}", refuses: true},
	{name: "gate-es256", about: "the gate, which signs calls with a key", site: "actiongw {\n" + signKey + "\n}", refuses: true},
	{name: "json", about: "the gate in front of a JSON backend", site: "actiongw {\nbackend json\n}", refuses: true},
	{name: "json-hs256", about: "the same, which signs calls with a secret", site: "actiongw {\nbackend json\n" + signSecret + "\n}", refuses: true},
	{name: directVariant, about: "no proxy, to show that the generator has room to spare", direct: true},
}

// addVariant reads NAME=FILE, where the file holds the directives. Fragments that use the gate
// are expected to refuse what it refuses.
func addVariant(arg string) (variant, error) {
	name, file, ok := strings.Cut(arg, "=")
	if !ok || name == "" || file == "" {
		return variant{}, fmt.Errorf("want NAME=FILE, got %q", arg)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return variant{}, err
	}
	site := strings.TrimSpace(string(text))
	return variant{name: name, site: site, refuses: strings.Contains(site, "actiongw")}, nil
}

// caddyfile is the whole configuration of a variant: one plain HTTP site on the loopback
// interface, no admin endpoint, nothing written to disk.
func (v variant) caddyfile(port, upstream int) string {
	var b strings.Builder
	b.WriteString("{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n}\n\n")
	fmt.Fprintf(&b, ":%d {\n", port)
	for line := range strings.Lines(v.site) {
		fmt.Fprintf(&b, "\t%s\n", strings.TrimRight(line, "\r\n"))
	}
	fmt.Fprintf(&b, "\treverse_proxy 127.0.0.1:%d\n}\n", upstream)
	return b.String()
}

// want says which status a workload must get from this variant, as a sentence and a check.
func (v variant) want(w workload) (string, func(status int) bool) {
	if v.refuses && w.refused {
		return "4xx", func(s int) bool { return s >= 400 && s < 500 }
	}
	return "200", func(s int) bool { return s == 200 }
}
