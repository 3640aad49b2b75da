package proxy

import (
	"slices"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/reject"
)

// identify finds out which action the id names, and whether it may be called
// at all. It needs nothing of the body.
func (c *call) identify() *reject.Error {
	c.builds = c.gate.builds.Load()
	var err *reject.Error
	if c.target, c.Name, err = c.lookup(string(c.ID)); err != nil {
		return err
	}
	c.rule = c.builds.rules.For(c.Name, string(c.ID))
	return c.rule.CheckAccess()
}

// lookup finds an action and its name: a declared one, or one of the builds.
// Other ids are refused once all actions are known, unless the operator lets
// them pass to the app, which looks them up itself.
func (c *call) lookup(id string) (manifest.Action, string, *reject.Error) {
	if c.gate.isDeclared(id) {
		return manifest.Action{}, id, nil
	}
	found, _, err := c.builds.set.Check(id, first(c.r.Header["X-Deployment-Id"]))
	switch {
	case err != nil && c.gate.config.PassUnknown:
		return manifest.Action{}, "", nil
	case err == nil && c.builds.complete && !c.gate.config.PassUnknown:
		err = reject.New(reject.ActionUnknown, reject.StageAction, "no declared action has this name")
	}
	return found, found.Name(), err
}

// parseID reads an action id: one of the dialect, or a declared name.
func (g *Gate) parseID(s string) (action.ID, bool) {
	if g.isDeclared(s) {
		return action.ID(s), true
	}
	return g.config.Dialect.ParseID(s)
}

// isDeclared looks through the declared names, which are few.
func (g *Gate) isDeclared(s string) bool { return slices.Contains(g.config.Declared, s) }

// legacy reports a call of Next 14, whose client understands other answers
// than those of 15 and 16 and writes other replies.
func (d *Decision) legacy() bool { return d.Dialect == action.Next && d.ID.Legacy() }
