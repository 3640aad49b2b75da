package caddy

import (
	"math"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"

	"github.com/actiongw/actiongw/internal/origin"
	"github.com/actiongw/actiongw/internal/proxy"
)

func parseDirective(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	return handler, handler.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	actiongw {
//		mode           enforce|report
//		origins        <origin...>
//		same_host      on|off
//		missing_origin allow|deny
//		max_body       <size>
//		body_timeout   <duration>
//		max_memory     <size>
//		strip_internal on|off
//		only_actions
//		errors         dialect|caddy
//	}
//
// Every line is optional, and so is the block.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("actiongw takes a block and no arguments; %q would be a matcher only with a leading / or @, and a gate needs none", d.Val())
	}
	seen := map[string]bool{}
	for d.NextBlock(0) {
		name := d.Val()
		if seen[name] {
			return d.Errf("%s is set twice", name)
		}
		seen[name] = true
		if err := h.unmarshalOption(d, name); err != nil {
			return err
		}
	}
	// The same checks as at start, so that they name a line.
	config, err := h.config(standIns())
	if err == nil {
		_, err = proxy.New(config)
	}
	return at(d, err)
}

// unmarshalOption reads one line of the block.
func (h *Handler) unmarshalOption(d *caddyfile.Dispenser, name string) error {
	switch name {
	case "mode":
		return word(d, &h.Mode, "enforce", "report")
	case "missing_origin":
		return word(d, &h.MissingOrigin, "allow", "deny")
	case "errors":
		return word(d, &h.Errors, "dialect", "caddy")
	case "same_host":
		return onOff(d, &h.SameHost)
	case "strip_internal":
		return onOff(d, &h.StripInternal)
	case "max_body":
		return size(d, &h.MaxBody)
	case "max_memory":
		return size(d, &h.MaxMemory)
	case "only_actions":
		h.OnlyActions = true
		if d.NextArg() {
			return d.Err("only_actions takes no value")
		}
		return nil
	case "body_timeout":
		return duration(d, &h.BodyTimeout)
	case "origins":
		return h.unmarshalOrigins(d)
	default:
		// Silence about a misspelled option would leave the gate weaker than
		// its operator believes.
		return d.Errf("unknown option %q: want mode, origins, same_host, missing_origin, max_body, body_timeout, max_memory, strip_internal, only_actions or errors", name)
	}
}

func (h *Handler) unmarshalOrigins(d *caddyfile.Dispenser) error {
	h.Origins = d.RemainingArgs()
	if len(h.Origins) == 0 {
		return d.Err("origins wants at least one origin, such as shop.example.com")
	}
	// Checked here as well, so that the error names this line.
	config, err := (&Handler{Origins: h.Origins}).config(standIns())
	if err == nil {
		_, err = origin.New(config.Origin)
	}
	return at(d, err)
}

// at adds the place in the file to an error, if there is one.
func at(d *caddyfile.Dispenser, err error) error {
	if err == nil {
		return nil
	}
	return d.WrapErr(err)
}

// value reads the only argument of an option.
func value(d *caddyfile.Dispenser) (string, error) {
	name := d.Val()
	args := d.RemainingArgs()
	if len(args) != 1 {
		return "", d.Errf("%s wants one value, not %d", name, len(args))
	}
	return args[0], nil
}

func word(d *caddyfile.Dispenser, to *string, words ...string) error {
	name := d.Val()
	text, err := value(d)
	if err != nil {
		return err
	}
	for _, word := range words {
		if text == word {
			*to = text
			return nil
		}
	}
	return d.Errf("%s %q: want %s", name, text, strings.Join(words, " or "))
}

func onOff(d *caddyfile.Dispenser, to **bool) error {
	var text string
	if err := word(d, &text, "on", "off"); err != nil {
		return err
	}
	on := text == "on"
	*to = &on
	return nil
}

// size reads a size of at least one byte. humanize has unsigned sizes, ours
// are not: a huge one must not turn into no limit at all.
func size(d *caddyfile.Dispenser, to *int64) error {
	name := d.Val()
	text, err := value(d)
	if err != nil {
		return err
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n == 0 || n > math.MaxInt64/4 {
		return d.Errf("%s %q: want a size such as 1MiB", name, text)
	}
	*to = int64(n)
	return nil
}

func duration(d *caddyfile.Dispenser, to *caddy.Duration) error {
	name := d.Val()
	text, err := value(d)
	if err != nil {
		return err
	}
	n, err := caddy.ParseDuration(text)
	if err != nil || n <= 0 {
		return d.Errf("%s %q: want a duration such as 30s", name, text)
	}
	*to = caddy.Duration(n)
	return nil
}

// standIns is a replacer that puts a word for every placeholder: what they
// stand for is known at start only, and the rest can be checked before.
func standIns() *caddy.Replacer {
	repl := caddy.NewEmptyReplacer()
	repl.Map(func(string) (any, bool) { return "placeholder", true })
	return repl
}
