package policy

import (
	"slices"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Closure says what became of the captured values of a call.
type Closure uint8

// The ways of a closure.
const (
	// ClosureNone: the call has no captured values.
	ClosureNone Closure = iota
	// ClosureOpened: they came sealed and were opened under a live key.
	ClosureOpened
	// ClosureUnchecked: there may be some, and no key to tell.
	ClosureUnchecked
)

// String is the word for placeholders and assertions.
func (c Closure) String() string {
	return [...]string{"none", "opened", "unchecked"}[c]
}

// Call is what the gate knows about a call when it asks for a decision.
type Call struct {
	// BodyBytes is the size of the body as it came.
	BodyBytes int64
	Closure   Closure
	// Args are the arguments, bound ones first, without captured values.
	Args []value.Value
	// NameOf gives the name of an action's id for server references among the
	// arguments. Nil means that there are no names.
	NameOf func(id string) string
	// BaseNames says that the backend gets the names of files without folders,
	// so that a schema looks at the same.
	BaseNames bool
}

// CheckAccess refuses if the rule denies the action. The answer needs nothing
// but the action's name, so the gate can ask before it reads the body.
func (r *Rule) CheckAccess() *reject.Error {
	switch {
	case r.unnamed:
		return r.refuse(ActionDenied, "no manifest names this action, and there are rules by name that could be for it")
	case r.Deny:
		return r.refuse(ActionDenied, "a rule denies this action")
	}
	return nil
}

// CheckClosure refuses if the rule requires a closure and none has been opened.
func (r *Rule) CheckClosure(c Closure) *reject.Error {
	switch {
	case !r.ClosureRequired || c == ClosureOpened:
		return nil
	case c == ClosureUnchecked:
		return r.refuse(ClosureMissing, "this action must come with a sealed closure, and no key is configured to open one")
	}
	return r.refuse(ClosureMissing, "this action must come with a sealed closure")
}

// LooksInside reports whether Decide looks at arguments, and not only at what
// else is known about the call.
func (r *Rule) LooksInside() bool { return r.DenyReferences || r.Args != nil }

// Decide applies the whole rule to a call. It returns nil when the call may go
// on. A refusal holds nothing of the call: the log gets the rule and, for
// arguments, the place in the schema.
func (r *Rule) Decide(c Call) *reject.Error {
	if err := r.CheckAccess(); err != nil {
		return err
	}
	if r.MaxBody > 0 && c.BodyBytes > r.MaxBody {
		return r.refuse(reject.BodyTooLarge, "the body is longer than this action's rule allows")
	}
	if err := r.CheckClosure(c.Closure); err != nil {
		return err
	}
	switch {
	case r.DenyReferences && holdsReference(c.Args):
		return r.refuse(ServerReferenceDenied, "an argument holds a server function, and this action takes none")
	case r.Args == nil:
		return nil
	}
	form, err := c.Form()
	if err == nil {
		err = r.Args.Check(form)
	}
	if err != nil {
		err = err.With("rule", r.label)
	}
	return err
}

// holdsReference looks for a server function among values, at any depth. Each
// value is looked into once, however often it occurs, so that cycles end and
// the work is bounded by what the parser built.
func holdsReference(args []value.Value) bool {
	todo := slices.Clone(args)
	seen := map[value.Value]struct{}{}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch v.(type) {
		case *value.ServerReference:
			return true
		case nil, value.Undefined, value.Null, value.Bool, value.Number, value.String, value.BigInt, value.Symbol:
			continue
		}
		if _, known := seen[v]; !known {
			seen[v] = struct{}{}
			todo = value.AppendChildren(todo, v)
		}
	}
	return false
}
