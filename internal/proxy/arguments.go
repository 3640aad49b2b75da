package proxy

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
)

// identify finds out which action the id names, and whether it may be called
// at all. It needs nothing of the body.
func (c *call) identify() *reject.Error {
	c.builds = c.gate.builds.Load()
	found, err := c.lookup(string(c.ID))
	if err != nil {
		return err
	}
	c.target = found
	c.Name = found.Name()
	c.rule = c.builds.rules.For(c.Name, string(c.ID))
	return c.rule.CheckAccess()
}

// lookup finds an action of the builds. Ids that no build has are refused once
// all builds are known, unless the operator lets them pass to the app, which
// looks them up itself.
func (c *call) lookup(id string) (manifest.Action, *reject.Error) {
	found, _, err := c.builds.set.Check(id, first(c.r.Header["X-Deployment-Id"]))
	if err != nil && c.gate.config.PassUnknown {
		return manifest.Action{}, nil
	}
	return found, err
}

// checkReply reads the arguments of a call by React's client and decides about
// them. entries are nil for a text body.
func (c *call) checkReply(mediaType action.MediaType, entries []formdata.Entry) (action.MediaType, *reject.Error) {
	var r *reply.Reply
	var err *reject.Error
	o := c.replyOptions()
	o.Lean = !c.rule.LooksInside()
	o.Workspace = c.memory.workspace()
	if mediaType.Boundary == "" {
		r, err = reply.ParseText(c.body, o)
	} else {
		r, err = reply.ParseForm(entries, o)
	}
	c.memory.workspaces.Put(o.Workspace)
	if err == nil {
		err = c.checkValues(r.Args, r.Refs)
	}
	if err != nil || !r.Reencode {
		return mediaType, err
	}
	return c.reencode(r, mediaType)
}

// checkAction reads the bound arguments of a form without JavaScript, and
// decides about them and the action that they name.
func (c *call) checkAction(entries []formdata.Entry) *reject.Error {
	a, err := reply.ParseAction(entries, c.replyOptions())
	if err != nil {
		return err
	}
	id, ok := action.ParseID(a.ID)
	switch {
	case !ok:
		return reject.New(reject.ActionIDMalformed, reject.StageReply, "the form's action id is not 40 or 42 lower-case hex digits")
	case c.ID != "" && id != c.ID:
		return reject.New(reject.ReplyMalformed, reject.StageReply, "the form's descriptor names two actions")
	case a.Reencode:
		return reject.New(reject.ReplyMalformed, reject.StageReply, "React would read other bound arguments than were sent")
	}
	c.ID = id
	if err := c.identify(); err != nil {
		return err
	}
	args := &value.Array{}
	if a.Bound != nil {
		args.Items = append(args.Items, a.Bound.Items...)
	}
	args.Items = append(args.Items, a.Form)
	return c.checkValues(args, a.Refs)
}

func (c *call) replyOptions() reply.Options {
	return reply.Options{Wire: c.gate.config.Wire, Legacy: c.ID.Legacy(), Limits: reply.DefaultLimits()}
}

// checkValues decides about arguments, the captured values first: functions
// that were passed along, closures, the rule of the action.
func (c *call) checkValues(args *value.Array, refs []*value.ServerReference) *reject.Error {
	tries := closure.MaxTries
	if len(args.Items) > 0 {
		opened, err := c.openClosure(args.Items[0], string(c.ID), captures(c.target), &tries)
		if err != nil {
			return err
		}
		c.Closure = opened
	}
	for _, ref := range refs {
		if err := c.checkReference(ref, &tries); err != nil {
			return err
		}
	}
	passed := args.Items
	if c.Closure == policy.ClosureOpened {
		passed = passed[1:]
	}
	return c.rule.Decide(policy.Call{
		BodyBytes: int64(len(c.body)),
		Closure:   c.Closure,
		Args:      passed,
		NameOf: func(id string) string {
			found, _, _ := c.builds.set.Lookup(id)
			return found.Name()
		},
	})
}

// checkReference decides about a function that was passed along: it must be
// one that exists and may be called, and its own closure must be in order.
func (c *call) checkReference(ref *value.ServerReference, tries *int) *reject.Error {
	if _, ok := action.ParseID(ref.ID); !ok {
		return reject.New(reject.ActionIDMalformed, reject.StageReply, "a server function among the arguments has no action's id")
	}
	found, err := c.lookup(ref.ID)
	if err == nil {
		err = c.builds.rules.For(found.Name(), ref.ID).CheckAccess()
	}
	if err == nil && ref.Bound != nil && len(ref.Bound.Items) > 0 {
		_, err = c.openClosure(ref.Bound.Items[0], ref.ID, captures(found), tries)
	}
	return err
}

// openClosure opens what stands where a closure can stand, if it is one.
func (c *call) openClosure(v value.Value, id string, kind closure.Kind, tries *int) (policy.Closure, *reject.Error) {
	text, inPromise, ok := closure.TextOf(v)
	if !ok {
		return policy.ClosureNone, nil
	}
	// A text may stand in many places of a call, as the same promise. Genuine
	// calls carry each text once or, in hydrated forms, twice.
	if c.sealedBytes += len(text); c.sealedBytes > 4*len(c.body) {
		return policy.ClosureNone, reject.New(reject.ClosureTriesExceeded, reject.StageClosure, "the call repeats a text that may be sealed")
	}
	d, err := closure.Decide(c.builds.ring, closure.Candidate{
		Text: text, InPromise: inPromise, ActionID: id, Kind: kind, MaxLength: len(c.body),
	}, *tries)
	*tries -= d.Tries
	switch {
	case err != nil:
		return policy.ClosureNone, err
	case d.Verdict == closure.Unchecked:
		return policy.ClosureUnchecked, nil
	case d.Verdict == closure.Data:
		return policy.ClosureNone, nil
	}
	c.Keys = append(c.Keys, d.Opened.Key)
	captured, err := flight.Parse(d.Opened.Flight, flight.Limits{})
	if err != nil {
		return policy.ClosureNone, err
	}
	if _, ok := captured.(*value.Array); !ok {
		return policy.ClosureNone, reject.New(reject.FlightMalformed, reject.StageClosure, "the captured values are no list")
	}
	return policy.ClosureOpened, nil
}

// reencode writes a reply anew that React's decoder would read differently
// from what its client meant.
func (c *call) reencode(r *reply.Reply, mediaType action.MediaType) (action.MediaType, *reject.Error) {
	entries, err := reply.Encode(r)
	body := c.body
	switch {
	case err != nil:
	case mediaType.Boundary == "" && len(entries) == 1:
		body = entries[0].Value
	default:
		if mediaType.Boundary == "" || occurs(mediaType.Boundary, entries) {
			mediaType.Boundary = "----actiongw" + rand.Text() // 130 bits: in no part
		}
		body = formdata.Append(nil, entries, mediaType.Boundary)
	}
	if err != nil || int64(len(body)) > c.rule.Limit(c.gate.config.MaxBody) {
		return mediaType, reject.New(reject.ReplyTooComplex, reject.StageReply, "the arguments are too long when they are written so that React reads them as they were meant")
	}
	c.body = body
	return mediaType, nil
}

// occurs reports whether a boundary stands in a part, where escapes may have
// hidden it before.
func occurs(boundary string, entries []formdata.Entry) bool {
	return slices.ContainsFunc(entries, func(e formdata.Entry) bool {
		return bytes.Contains(e.Value, []byte(boundary)) || strings.Contains(e.Name+"\x00"+e.FileName+"\x00"+e.ContentType, boundary)
	})
}
