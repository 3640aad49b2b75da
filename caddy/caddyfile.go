package caddy

import (
	"math"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/origin"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reply"
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
//
//		backend        react|json
//		call_path      <path>
//		max_result     <size>
//		result_timeout <duration>
//		dialect        next|react
//
//		key             <text>
//		previous_keys   <text...>
//		disabled_keys   <text...>
//		next_keyset     <file>
//		closures <keyset file> {
//			audience <name>
//			cookie   <name>
//		}
//		wrapping_key    <text>
//		manifest        <file> [<deployment>]
//		unknown_actions reject|pass
//		wire            auto|next14|react19.0|react19.2.2|react19.2.6|current
//		action <pattern...> {
//			deny
//			max_body          <size>
//			closure           required
//			server_references allow|deny
//			args              <schema file>
//		}
//		assertion {
//			issuer   <text>
//			audience <text>
//			keyset   <file>
//			secret   <text>
//			ttl      <duration>
//		}
//	}
//
// Every line is optional, and so is the block. `manifest` and `action` may
// repeat. In `assertion`, `audience` and either `keyset` or `secret` are
// required.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("actiongw takes a block and no arguments; %q would be a matcher only with a leading / or @, and a gate needs none", d.Val())
	}
	seen := map[string]bool{}
	for d.NextBlock(0) {
		name := d.Val()
		if seen[name] && name != "manifest" && name != "action" {
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
		config.Rules, err = h.readRules(noSchema)
	}
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
	case "key":
		text, err := value(d)
		h.Key = text
		if err != nil {
			return err
		}
		return checkKeys(d, text)
	case "previous_keys":
		h.PreviousKeys = d.RemainingArgs()
		return checkKeys(d, h.PreviousKeys...)
	case "disabled_keys":
		h.DisabledKeys = d.RemainingArgs()
		return checkKeys(d, h.DisabledKeys...)
	case "next_keyset":
		return single(d, &h.NextKeyset)
	case "closures":
		return h.unmarshalClosures(d)
	case "wrapping_key":
		return unmarshalWrappingKey(d, &h.WrappingKey)
	case "manifest":
		return h.unmarshalManifest(d)
	case "unknown_actions":
		return word(d, &h.UnknownActions, "reject", "pass")
	case "backend":
		return word(d, &h.Backend, "react", "json")
	case "call_path":
		text, err := value(d)
		h.CallPath = text
		if err == nil {
			_, err = proxy.ParseCallPath(text)
		}
		return at(d, err)
	case "max_result":
		return size(d, &h.MaxResult)
	case "result_timeout":
		return duration(d, &h.ResultTimeout)
	case "dialect":
		return word(d, &h.Dialect, action.Next.String(), action.React.String())
	case "wire":
		return h.unmarshalWire(d)
	case "action":
		return h.unmarshalRule(d)
	case "assertion":
		return h.unmarshalAssertion(d)
	default:
		// Silence about a misspelled option would leave the gate weaker than
		// its operator believes.
		return d.Errf("unknown option %q: want mode, origins, same_host, missing_origin, max_body, body_timeout, max_memory, strip_internal, only_actions, errors, key, previous_keys, disabled_keys, next_keyset, closures, wrapping_key, manifest, unknown_actions, backend, call_path, max_result, result_timeout, dialect, wire, action or assertion", name)
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

// checkKeys reads the keys that stand in the file itself, so that the error
// names the line. Placeholders are expanded at start.
func checkKeys(d *caddyfile.Dispenser, texts ...string) error {
	for _, text := range texts {
		if strings.Contains(text, "{") {
			continue
		}
		if _, err := keyring.ParseNextKey(text); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

func (h *Handler) unmarshalWire(d *caddyfile.Dispenser) error {
	text, err := value(d)
	if err != nil {
		return err
	}
	h.Wire = text
	_, err = reply.ParseWire(text)
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

// single is value for an option that takes any text.
func single(d *caddyfile.Dispenser, to *string) (err error) {
	*to, err = value(d)
	return err
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
