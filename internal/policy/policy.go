// Package policy holds the operator's rules for single actions: which may be
// called at all, how large a call may be, whether it must bring a sealed
// closure, and what its arguments may look like.
//
//	table, err := policy.New([]policy.Rule{
//		{Match: []string{"app/admin/**"}, Deny: true},
//		{Match: []string{"app/actions.ts#createInvoice"}, Args: invoice},
//		{Match: []string{"**#inline-*"}, ClosureRequired: true},
//	}, known)
//	refusal := table.For(name, id).Decide(call)
//
// One sentence says how rules combine: the first rule that matches an action
// is the only one that counts for it, and what that rule leaves out has its
// default. An action that no rule matches may be called.
//
// Rules speak of actions by the names that the build's manifest gives them. A
// name is only as trustworthy as the manifest; ids and arguments come from the
// caller.
package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/reject"
)

// Rule is what holds for the actions that it matches. Its zero value allows
// everything that the gate allows.
type Rule struct {
	// Match lists patterns, see [New]; the rule is for an action that one of
	// them matches.
	Match []string
	// Deny refuses every call. Other settings beside it are an error.
	Deny bool
	// MaxBody is the most bytes that the body of a call may have; 0 is the
	// gate's own limit.
	MaxBody int64
	// ClosureRequired refuses calls without captured values that came sealed
	// and were opened.
	ClosureRequired bool
	// DenyReferences refuses server functions in the arguments, at any depth.
	// They are values like others to React, and an action that calls what it
	// was given then runs a function of the caller's choice.
	DenyReferences bool
	// Args is the schema of the list of arguments, nil for none.
	Args *Schema

	patterns []pattern
	// label says in logs which rule it is.
	label string
	// unnamed is set for the rule that stands in for an undecidable one.
	unnamed bool
}

// Action is an action that is known beforehand, by name and id.
type Action struct{ Name, ID string }

// Table is a list of rules, ready for look-ups. It is immutable.
type Table struct {
	rules []Rule
	known map[Action]*Rule
	// fallback is for actions that no rule matches.
	fallback, unnamed Rule
	used              []bool
}

// New checks rules and makes a Table. For the known actions, those of the
// manifests, it finds the rules now; others are looked up when they are called.
//
// A pattern is one of these. Anything but * stands for itself, so that
// [slug] and (group) need no escapes.
//
//	app/actions.ts#createInvoice   an action by its name
//	app/actions.ts                 every action of a file
//	app/admin/**                   every action of a folder, at any depth
//	**#delete*                     by export, wherever it stands
//	app/*/page.tsx#inline-*        * is any text within one part of a path
//	**                             every action
//	40…, 42 or 40 hex digits       an action by its id
//
// It is an error when a rule has no pattern, a pattern cannot be read, a rule
// both denies and sets something, or a rule comes behind one for every action,
// where nothing reaches it. Errors count rules from 1.
func New(rules []Rule, known []Action) (*Table, error) {
	t := &Table{
		rules: slices.Clone(rules),
		used:  make([]bool, len(rules)),
		known: make(map[Action]*Rule, len(known)),
		// The default, here and nowhere else: what no rule mentions may be
		// called. A gate in front of an app that works must not break it
		// before anyone has written a rule. A last rule that denies ** turns
		// the default around.
		fallback: Rule{},
		unnamed:  Rule{Deny: true, unnamed: true},
	}
	for i := range t.rules {
		if err := t.rules[i].compile(i); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
		if i > 0 && slices.Contains(t.rules[i-1].Match, "**") {
			return nil, fmt.Errorf("rule %d is never used: rule %d is for every action; put that one last", i+1, i)
		}
	}
	for _, a := range known {
		rule, i := t.find(a.Name, a.ID)
		t.known[a] = rule
		if i >= 0 {
			t.used[i] = true
		}
	}
	return t, nil
}

// compile checks a rule and reads its patterns.
func (r *Rule) compile(i int) error {
	if len(r.Match) == 0 {
		return errors.New("it has no pattern, so it is for no action; use ** for all")
	}
	r.Match = slices.Clone(r.Match)
	r.label = fmt.Sprintf("%d (%s)", i+1, strings.Join(r.Match, " "))
	r.patterns = make([]pattern, len(r.Match))
	for j, text := range r.Match {
		p, err := parsePattern(text)
		if err != nil {
			return fmt.Errorf("pattern %q: %w", text, err)
		}
		r.patterns[j] = p
	}
	switch {
	case r.MaxBody < 0:
		return errors.New("max_body is negative: want a size such as 64KiB")
	case r.Deny && (r.MaxBody != 0 || r.ClosureRequired || r.DenyReferences || r.Args != nil):
		return errors.New("it denies the action, so nothing else in it is ever looked at: drop the rest, or the denial")
	}
	return nil
}

// For returns the rule for an action, never nil and to be read only. The name
// is empty when no manifest names the action. Rules by name cannot be applied
// to such a call; when one is reached, the call is denied, because it might
// have been written for just this action.
func (t *Table) For(name, id string) *Rule {
	if rule, ok := t.known[Action{name, id}]; ok {
		return rule
	}
	rule, _ := t.find(name, id)
	return rule
}

// find walks the rules; the index is -1 for one that is not in the list.
func (t *Table) find(name, id string) (*Rule, int) {
	file, export, _ := strings.Cut(name, "#")
	for i := range t.rules {
		rule := &t.rules[i]
		undecided := false
		for j := range rule.patterns {
			p := &rule.patterns[j]
			switch {
			case p.all || p.id != "" && p.id == id:
				return rule, i
			case p.id != "":
			case name == "":
				undecided = true
			case p.matches(file, export):
				return rule, i
			}
		}
		if undecided {
			return &t.unnamed, -1
		}
	}
	return &t.fallback, -1
}

// Unused lists the rules that are for none of the known actions, as they are
// called in logs: a pattern is misspelled, or an earlier rule takes all that
// it matches. A rule that was meant to deny something and is unused denies
// nothing, so the operator should hear about it once the manifests are there.
func (t *Table) Unused() []string {
	var all []string
	for i, used := range t.used {
		if !used {
			all = append(all, t.rules[i].label)
		}
	}
	return all
}

// HasSchemas reports whether any rule has a schema. A gate with schemas needs
// a pinned wire format, so that upstream reads the arguments that were checked.
func (t *Table) HasSchemas() bool {
	return slices.ContainsFunc(t.rules, func(r Rule) bool { return r.Args != nil })
}

// MaxBody is the most bytes that any action may have, with standard for rules
// that set nothing: how much to read of a form, whose action is known only
// when it has been read.
func (t *Table) MaxBody(standard int64) int64 {
	most := standard
	for i := range t.rules {
		most = max(most, t.rules[i].MaxBody)
	}
	return most
}

// Limit is the most bytes that the body may have under this rule.
func (r *Rule) Limit(standard int64) int64 {
	if r.MaxBody > 0 {
		return r.MaxBody
	}
	return standard
}

// refuse makes a refusal that tells the log which rule it was.
func (r *Rule) refuse(reason reject.Reason, detail string) *reject.Error {
	e := reject.New(reason, Stage, detail)
	if r.label != "" {
		e = e.With("rule", r.label)
	}
	return e
}
