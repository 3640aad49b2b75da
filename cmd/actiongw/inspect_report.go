package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

// callReport is what is said of one request.
type callReport struct {
	Request string   `json:"request"`
	Notes   []string `json:"notes,omitempty"`
	// Kind is fetch, form, or none for what is no call.
	Kind     string           `json:"kind"`
	Action   *actionReport    `json:"action,omitempty"`
	Wire     string           `json:"wire,omitempty"`
	Closures []*closureReport `json:"closures,omitempty"`
	// Unread says why there are no arguments.
	Unread    string      `json:"unread,omitempty"`
	Arguments []*treeNode `json:"arguments,omitempty"`

	Verdict string `json:"verdict"`
	// Unchecked is set when there may be a closure and no key to tell.
	Unchecked bool `json:"unchecked,omitempty"`
	// The rest is set for calls that the gate would refuse.
	Reason  reject.Reason     `json:"reason,omitempty"`
	Stage   reject.Stage      `json:"stage,omitempty"`
	Status  int               `json:"status,omitempty"`
	Meaning string            `json:"meaning,omitempty"`
	Detail  string            `json:"detail,omitempty"`
	Facts   map[string]string `json:"facts,omitempty"`

	// cookies are those that closures may be bound to.
	cookies []string
}

// actionReport is the action that a call names.
type actionReport struct {
	ID    string   `json:"id"`
	Name  string   `json:"name,omitempty"`
	Build string   `json:"build,omitempty"`
	Pages []string `json:"pages,omitempty"`
	// Rule is the one that counts for it, nil for none.
	Rule *listedRule `json:"rule,omitempty"`
}

// closureReport is a text that is sealed or seems to be.
type closureReport struct {
	// At is where it stands.
	At string `json:"at"`
	// Sealed is the length of the text.
	Sealed int  `json:"sealed"`
	Opened bool `json:"opened"`
	// Key is the fingerprint of the key that opened it.
	Key       string `json:"key,omitempty"`
	KeyState  string `json:"key_state,omitempty"`
	Canonical bool   `json:"canonical,omitempty"`
	Problem   string `json:"problem,omitempty"`
	Values    int    `json:"values"`
	// Captured is set with --reveal alone.
	Captured []*treeNode `json:"captured,omitempty"`
}

func (c *closureReport) summary() string {
	switch {
	case c.Opened && c.Problem != "":
		return fmt.Sprintf("opened with key %s: %s", c.Key, c.Problem)
	case c.Opened:
		return "opened with key " + c.Key
	case c.Key != "":
		return fmt.Sprintf("of key %s: %s", c.Key, c.Problem)
	default:
		return "not opened: " + c.Problem
	}
}

// title is the request line, without what may be personal: the query.
func (c *captured) title() string {
	r := c.request
	path := r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		path += "?…"
	}
	return r.Method + " " + plainText(r.Host+path)
}

// decide fills in what the gate said.
func (r *callReport) decide(d *proxy.Decision, refusal *reject.Error) {
	r.Verdict, r.Kind = d.Verdict.String(), d.Kind.String()
	if d.Kind == action.MaybeForm {
		r.Kind = action.None.String()
	}
	r.Unchecked = d.Closure == policy.ClosureUnchecked
	if refusal == nil {
		return
	}
	r.Verdict = proxy.Refuse.String()
	r.Reason, r.Stage, r.Status = refusal.Reason, refusal.Stage, refusal.Status()
	r.Meaning, r.Detail = refusal.Reason.Sentence(), refusal.Detail
	for _, fact := range refusal.Facts {
		if r.Facts == nil {
			r.Facts = map[string]string{}
		}
		r.Facts[fact.Name] = fact.Value
	}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func (r *callReport) isCall() bool { return r.Kind != action.None.String() || r.Reason != "" }

// write prints the report for people.
func (r *callReport) write(out io.Writer) {
	line := func(name, text string) { fmt.Fprintf(out, "  %-10s %s\n", name, text) }
	fmt.Fprintln(out, r.Request)
	for _, note := range r.Notes {
		line("note", note)
	}
	if !r.isCall() {
		line("kind", "no call of an action")
	} else {
		line("kind", r.Kind)
	}
	if a := r.Action; a != nil {
		line("action", strings.TrimSpace(a.ID+" "+a.Name))
		if a.Build != "" {
			line("build", a.Build)
			line("pages", strings.Join(a.Pages, " "))
		}
		if a.Rule != nil {
			line("rule", fmt.Sprintf("%d (%s)", a.Rule.Number, strings.Join(a.Rule.Match, " ")))
		}
	}
	if r.Wire != "" {
		line("wire", r.Wire)
	}
	for _, c := range r.Closures {
		c.write(out)
	}
	switch {
	case r.Unread != "":
		line("arguments", "not read: "+r.Unread)
	case len(r.Arguments) > 0:
		fmt.Fprintln(out, "  arguments")
		for _, n := range r.Arguments {
			n.write(out, "    ")
		}
	case r.isCall():
		line("arguments", "none")
	}
	r.writeVerdict(line)
}

func (c *closureReport) write(out io.Writer) {
	fmt.Fprintf(out, "  %-10s %s, %d characters: %s\n", "closure", c.At, c.Sealed, c.summary())
	if !c.Opened || c.Problem != "" {
		return
	}
	if !c.Canonical {
		fmt.Fprintf(out, "  %-10s it is not spelled as Next spells it\n", "")
	}
	if c.Captured == nil && c.Values > 0 {
		fmt.Fprintf(out, "  %-10s values captured: %d, hidden; --reveal shows them\n", "", c.Values)
	}
	for _, n := range c.Captured {
		n.write(out, "    captured ")
	}
}

func (r *callReport) writeVerdict(line func(name, text string)) {
	if r.Reason == "" {
		line("verdict", r.Verdict)
		if r.Unchecked {
			line("", "the closure was not checked: give the key with --key-file or a manifest")
		}
		return
	}
	line("verdict", fmt.Sprintf("%s: %s (stage %s, status %d)", r.Verdict, r.Reason, r.Stage, r.Status))
	line("", r.Meaning)
	if r.Detail != "" {
		line("", r.Detail)
	}
	for _, name := range sortedKeys(r.Facts) {
		line("", name+": "+plainText(r.Facts[name]))
	}
}
