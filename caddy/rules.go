package caddy

import (
	"fmt"
	"os"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/reply"
)

// Rule says what holds for the actions that it matches. The first rule that
// matches an action is the only one that counts for it; an action that none
// matches may be called.
type Rule struct {
	// Patterns of names (`app/actions.ts#createInvoice`), files, folders
	// (`app/admin/**`) or ids. `*` is any text within one part of a path, `**`
	// any parts.
	Match []string `json:"match,omitempty"`
	// Refuse every call. Default: false.
	Deny bool `json:"deny,omitempty"`
	// The most bytes that the body of a call may have. Default: that of the gate.
	MaxBody int64 `json:"max_body,omitempty"`
	// Refuse calls without captured values that came sealed. Default: false.
	ClosureRequired bool `json:"closure_required,omitempty"`
	// Refuse server functions in the arguments. Default: false.
	DenyServerReferences bool `json:"deny_server_references,omitempty"`
	// The file of a JSON Schema for the list of arguments. It needs a `wire`
	// other than `auto`. Default: none.
	Args string `json:"args,omitempty"`
}

// readRules turns rules into those of the gate. Schemas are read with read, so
// that a Caddyfile can be adapted without them.
func (h *Handler) readRules(read func(file string) (*policy.Schema, error)) ([]policy.Rule, error) {
	var rules []policy.Rule
	for i, r := range h.Actions {
		if r.Args != "" {
			if wire, err := reply.ParseWire(h.wire()); err == nil && wire == reply.Auto {
				return nil, fmt.Errorf("action rule %d: args needs a wire other than auto: two versions of React read one call differently, and the schema would check only one reading", i+1)
			}
		}
		// Nobody seals for a declared action in Next's layout.
		if names := declaredBy(r); h.Backend == "json" && r.ClosureRequired && h.Closures == nil && len(names) > 0 {
			return nil, fmt.Errorf("action rule %d: closure required would refuse every call of %s, because nothing opens its closures: set closures, with the keyset and the audience that they are sealed with", i+1, names[0])
		}
		rule, err := r.Policy(read)
		if err != nil {
			return nil, fmt.Errorf("action rule %d: %w", i+1, err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// declared are the actions that rules name by nothing but a name. A JSON
// backend has no manifest that would.
func (h *Handler) declared() (names []string) {
	for _, r := range h.Actions {
		for _, name := range declaredBy(r) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func declaredBy(r Rule) (names []string) {
	for _, pattern := range r.Match {
		if name, ok := action.ParseName(pattern); ok {
			names = append(names, string(name))
		}
	}
	return names
}

// Policy turns a rule into that of the gate. The schema of its arguments, if
// there is one, is read with read, such as [ReadSchema].
func (r Rule) Policy(read func(file string) (*policy.Schema, error)) (policy.Rule, error) {
	rule := policy.Rule{
		Match: r.Match, Deny: r.Deny, MaxBody: r.MaxBody,
		ClosureRequired: r.ClosureRequired, DenyReferences: r.DenyServerReferences,
	}
	if r.Args != "" {
		var err error
		if rule.Args, err = read(r.Args); err != nil {
			return policy.Rule{}, fmt.Errorf("args %s: %w", r.Args, err)
		}
	}
	return rule, nil
}

// ReadSchema reads the JSON Schema in a file.
func ReadSchema(file string) (*policy.Schema, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return policy.ParseSchema(file, data)
}

// noSchema stands in for a file that is read at start only.
func noSchema(string) (*policy.Schema, error) { return nil, nil }

func (h *Handler) wire() string {
	if h.Wire == "" {
		return reply.Auto.String()
	}
	return h.Wire
}

// unmarshalRule reads `action <pattern...> { … }`.
func (h *Handler) unmarshalRule(d *caddyfile.Dispenser) error {
	rule := Rule{Match: d.RemainingArgs()}
	if len(rule.Match) == 0 {
		return d.Err("action wants at least one pattern, such as app/actions.ts#createInvoice or app/admin/**")
	}
	nesting := d.Nesting()
	for d.NextBlock(nesting) {
		if err := rule.unmarshalOption(d); err != nil {
			return err
		}
	}
	h.Actions = append(h.Actions, rule)
	return nil
}

func (r *Rule) unmarshalOption(d *caddyfile.Dispenser) error {
	var text string
	switch d.Val() {
	case "deny":
		r.Deny = true
		if d.NextArg() {
			return d.Err("deny takes no value")
		}
		return nil
	case "max_body":
		return size(d, &r.MaxBody)
	case "closure":
		r.ClosureRequired = true
		return word(d, &text, "required")
	case "server_references":
		err := word(d, &text, "allow", "deny")
		r.DenyServerReferences = text == "deny"
		return err
	case "args":
		file, err := value(d)
		r.Args = file
		return err
	default:
		return d.Errf("unknown option %q of action: want deny, max_body, closure, server_references or args", d.Val())
	}
}
