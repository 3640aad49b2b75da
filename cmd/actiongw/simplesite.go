package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	gwcaddy "github.com/actiongw/actiongw/caddy"
	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/assertion"
)

// simpleSite is a gate in front of one app that is configured without a file: by
// the flags of `proxy`, or by the environment of `sidecar`.
type simpleSite struct {
	// source says where the settings are from, for errors that two of them
	// cause together.
	source string
	listen listener
	// health is where health and metrics are served, if anywhere.
	health    *listener
	upstreams setting
	trusted   setting
	// options are the lines of the actiongw block.
	options []setting
	// blocks are further lines of it that make up blocks. There are braces and
	// placeholders in them; what the user wrote has been checked.
	blocks    []setting
	audience  []string // for which calls are signed, none if they are not
	admin     string
	accessLog bool
}

// setting is a line of a Caddyfile, and where the user has written it.
type setting struct {
	name   string // the flag or the variable, for errors
	option string // the first word of the line
	values []string
}

// load starts the gate.
func (s *simpleSite) load() error {
	if err := s.check(); err != nil {
		return err
	}
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(s.caddyfile()), map[string]any{"filename": s.source})
	if err != nil {
		return err
	}
	return caddy.Load(config, true)
}

// option is what the settings give an option of the actiongw block, on all its
// lines.
func (s *simpleSite) option(name string) (values []string) {
	for _, one := range s.options {
		if one.option == name {
			values = append(values, one.values...)
		}
	}
	return values
}

// addBlock adds a block to the actiongw block.
func (s *simpleSite) addBlock(head setting, lines ...setting) {
	head.values = append(head.values, "{")
	s.blocks = slices.Concat(s.blocks, []setting{head}, lines, []setting{{name: head.name, option: "}"}})
}

// declare adds the actions of a JSON backend, which are named at from.
func (s *simpleSite) declare(from string, names []string) error {
	for _, name := range names {
		if _, ok := action.ParseName(name); !ok {
			return fmt.Errorf("%s: %q is no name of an action; for rules by pattern write a Caddyfile", from, name)
		}
		s.options = append(s.options, setting{from, "action", []string{name}})
	}
	return nil
}

// signWithFile has the gate sign calls with the shared secret in a file.
func (s *simpleSite) signWithFile(from, file, text string, audience setting) error {
	if err := (setting{name: from, values: []string{file}}).checkWords(); err != nil {
		return err
	}
	return s.sign(from, "{file."+file+"}", text, audience)
}

// sign has the gate sign calls with a shared secret that is named at from. Its
// text is looked at now, and read again through the placeholder by the gate.
func (s *simpleSite) sign(from, placeholder, text string, audience setting) error {
	// Line ends are no part of it, as for the gate.
	if _, err := assertion.FromSecret([]byte(strings.TrimRight(text, "\r\n"))); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	s.audience = audience.values
	s.addBlock(setting{name: from, option: "assertion"}, audience, setting{from, "secret", []string{placeholder}})
	return audience.checkWords()
}

// check reads the settings as the directives will, so that errors name the
// flag or the variable, and not a line of a file that nobody has written.
func (s *simpleSite) check() error {
	for _, one := range append([]setting{s.upstreams, s.trusted}, s.options...) {
		if err := one.checkWords(); err != nil {
			return err
		}
	}
	for _, text := range s.trusted.values {
		_, notPrefix := netip.ParsePrefix(text)
		_, notAddress := netip.ParseAddr(text)
		if notPrefix != nil && notAddress != nil && text != "private_ranges" {
			return fmt.Errorf("%s: %q is no range of addresses: want one such as 10.0.0.0/8, or private_ranges", s.trusted.name, text)
		}
	}
	if err := new(reverseproxy.Handler).UnmarshalCaddyfile(s.block("reverse_proxy", s.upstreams)); err != nil {
		return err
	}
	return new(gwcaddy.Handler).UnmarshalCaddyfile(s.block("actiongw", slices.Concat(s.options, s.blocks)...))
}

// checkWords refuses what would be more than one word in a Caddyfile, which
// parts words at all that is white space for Unicode and reads << as the start of
// many lines.
func (s setting) checkWords() error {
	for _, word := range s.values {
		if strings.ContainsAny(word, "\"`{}\\#") || strings.ContainsFunc(word, unicode.IsSpace) ||
			strings.ContainsFunc(word, unicode.IsControl) || strings.HasPrefix(word, "<<") {
			return fmt.Errorf("%s: %q is no address, origin, name, size or path", s.name, word)
		}
	}
	return nil
}

// block is a directive whose tokens say which flag or variable they are from.
func (s *simpleSite) block(directive string, lines ...setting) *caddyfile.Dispenser {
	tokens := []caddyfile.Token{{File: s.source, Text: directive}, {File: s.source, Text: "{"}}
	count := map[string]int{} // lines that are from the same variable
	for _, line := range lines {
		count[line.name]++
		for _, word := range append([]string{line.option}, line.values...) {
			tokens = append(tokens, caddyfile.Token{File: line.name, Line: count[line.name], Text: word})
		}
	}
	return caddyfile.NewDispenser(append(tokens, caddyfile.Token{File: s.source, Line: 1, Text: "}"}))
}

// caddyfile writes the configuration that the settings stand for.
func (s *simpleSite) caddyfile() string {
	var b strings.Builder
	line := func(indent int, words ...string) {
		fmt.Fprintln(&b, strings.Repeat("\t", indent)+strings.Join(words, " "))
	}
	s.global(line)
	s.listen.open(line)
	if s.accessLog {
		line(1, "log")
	}
	line(1, "actiongw {")
	for _, option := range slices.Concat(s.options, s.blocks) {
		line(2, append([]string{option.option}, option.values...)...)
	}
	line(1, "}")
	// In a block, where no address is taken for a matcher.
	line(1, "reverse_proxy {")
	line(2, append([]string{"to"}, s.upstreams.values...)...)
	line(1, "}")
	line(0, "}")
	if s.health != nil {
		s.health.open(line)
		line(1, "route {")
		line(2, "respond", healthPath, "ok")
		line(2, "metrics /metrics")
		line(2, "respond 404")
		line(1, "}")
		line(0, "}")
	}
	return b.String()
}

// global writes the options of the process.
func (s *simpleSite) global(line func(int, ...string)) {
	line(0, "{")
	line(1, "persist_config off")
	if s.admin == "" {
		line(1, "admin off")
	} else {
		line(1, "admin", s.admin)
	}
	if s.listen.plain {
		// Without certificates there is nothing to store.
		line(1, "storage_check off")
		line(1, "storage_clean_interval off")
	}
	line(1, "servers {")
	if s.listen.plain {
		// The other protocols want TLS; Caddy would warn that they are off.
		line(2, "protocols h1")
	}
	if len(s.trusted.values) > 0 {
		line(2, append([]string{"trusted_proxies static"}, s.trusted.values...)...)
	}
	line(1, "}")
	line(0, "}")
}

// listener is where a site listens, in the words of a Caddyfile.
type listener struct {
	site, bind string
	host, port string // host is that of pages, if only one is served
	plain      bool   // no TLS
}

// open writes the lines that open the site's block.
func (l listener) open(line func(int, ...string)) {
	line(0, l.site, "{")
	if l.bind != "" {
		line(1, "bind", l.bind)
	}
}

// parseListener reads a port (8080 or :8080), an address (127.0.0.1:8080) or a
// host (shop.example.com). name is the flag or variable that has the text.
func parseListener(name, text string) (listener, error) {
	if err := (setting{name: name, values: []string{text}}).checkWords(); err != nil {
		return listener{}, err
	}
	address := strings.TrimPrefix(strings.TrimPrefix(text, "http://"), "https://")
	host, port, err := net.SplitHostPort(address)
	if _, notNumber := strconv.Atoi(address); notNumber == nil {
		host, port = "", address
	} else if err != nil {
		host, port = address, ""
	}
	ip, notIP := netip.ParseAddr(strings.Trim(host, "[]"))
	switch _, err := strconv.ParseUint(port, 10, 16); {
	case port != "" && err != nil:
		return listener{}, fmt.Errorf("%s: %q is no port: want one such as :8080", name, port)
	case notIP == nil && port == "":
		return listener{}, fmt.Errorf("%s: %s has no port: want %s:8080", name, text, text)
	case notIP == nil:
		// A site of this name would answer requests for the bare address
		// only; any Host may be asked for at this one.
		return listener{site: "http://:" + port, bind: ip.String(), port: port, plain: true}, nil
	case host == "":
		return listener{site: ":" + port, port: port, plain: true}, nil
	default:
		return listener{site: text, host: host, port: port, plain: strings.HasPrefix(text, "http://")}, nil
	}
}
