package proxy

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
)

// checkReply reads the arguments of a call by React's client and decides about
// them. entries are nil for a text body.
func (c *call) checkReply(mediaType action.MediaType, entries []formdata.Entry) (action.MediaType, *reject.Error) {
	var r *reply.Reply
	var err *reject.Error
	o := c.replyOptions()
	o.Lean = !c.rule.LooksInside() && !c.json
	o.Workspace = c.workspace().reply
	if mediaType.Boundary == "" {
		r, err = reply.ParseText(c.body, o)
	} else {
		r, err = reply.ParseForm(entries, o)
	}
	if err == nil {
		err = c.checkValues(r.Args, r.Refs)
	}
	if err != nil || !r.Reencode || c.json {
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
	id, ok := c.gate.parseID(a.ID)
	switch {
	case !ok:
		return reject.New(reject.ActionIDMalformed, reject.StageReply, "the form's action id is not "+c.Dialect.IDForm())
	case c.ID != "" && id != c.ID:
		return reject.New(reject.ReplyMalformed, reject.StageReply, "the form's descriptor names two actions")
	case a.Reencode && !c.json:
		return reject.New(reject.ReplyMalformed, reject.StageReply, "React would read other bound arguments than were sent")
	}
	c.ID = id
	if err := c.identify(); err != nil {
		return err
	}
	// A limit of the rule is for Decide, which names the rule.
	if c.rule.MaxBody == 0 && int64(len(c.body)) > c.gate.config.MaxBody {
		return tooLarge()
	}
	args := &value.Array{}
	if a.Bound != nil {
		args.Items = append(args.Items, a.Bound.Items...)
	}
	args.Items = append(args.Items, a.Form)
	return c.checkValues(args, a.Refs)
}

func (c *call) replyOptions() reply.Options {
	return reply.Options{Wire: c.gate.config.Wire, Legacy: c.legacy(), Limits: reply.DefaultLimits()}
}

// checkValues decides about arguments, the captured values first: functions
// that were passed along, closures, the rule of the action.
func (c *call) checkValues(args *value.Array, refs []*value.ServerReference) *reject.Error {
	tries := closure.MaxTries
	if len(args.Items) > 0 {
		var err *reject.Error
		if c.Closure, c.captured, err = c.openClosure(args.Items[0], string(c.ID), captures(c.target), &tries); err != nil {
			return err
		}
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
	// A function value costs memory, its receiver's, too, and only these two look
	// inside. A copy spares all others that.
	var nameOf func(id string) string
	if c.json || c.rule.LooksInside() {
		names := *c
		nameOf = names.nameOf
	}
	err := c.rule.Decide(policy.Call{BodyBytes: int64(len(c.body)), Closure: c.Closure, Args: passed, NameOf: nameOf, BaseNames: c.json})
	if err == nil && c.json {
		err = c.translate(passed, nameOf)
	}
	return err
}

// nameOf is the name of a function that was passed along.
func (c *call) nameOf(id string) string {
	_, name, _ := c.lookup(id)
	return name
}

// checkReference decides about a function that was passed along: it must be
// one that exists and may be called, and its own closure must be in order, and
// there where its rule requires one.
func (c *call) checkReference(ref *value.ServerReference, tries *int) *reject.Error {
	if _, ok := c.gate.parseID(ref.ID); !ok {
		return reject.New(reject.ActionIDMalformed, reject.StageReply, "a server function among the arguments has no action's id")
	}
	found, name, err := c.lookup(ref.ID)
	if err != nil {
		return err
	}
	rule := c.builds.rules.For(name, ref.ID)
	if err := rule.CheckAccess(); err != nil {
		return err
	}
	sealed := policy.ClosureNone
	if ref.Bound != nil && len(ref.Bound.Items) > 0 {
		if sealed, _, err = c.openClosure(ref.Bound.Items[0], ref.ID, captures(found), tries); err != nil {
			return err
		}
	}
	return rule.CheckClosure(sealed)
}

// openClosure opens what stands where a closure can stand, if it is one, and
// returns what became of it and the captured values.
func (c *call) openClosure(v value.Value, id string, kind closure.Kind, tries *int) (policy.Closure, *value.Array, *reject.Error) {
	text, inPromise, ok := closure.TextOf(v)
	if !ok {
		return policy.ClosureNone, nil, nil
	}
	// A text may stand in many places of a call, as the same promise. Genuine
	// calls carry each text once or, in hydrated forms, twice.
	if c.sealedBytes += len(text); c.sealedBytes > 4*len(c.body) {
		return policy.ClosureNone, nil, reject.New(reject.ClosureTriesExceeded, reject.StageClosure, "the call repeats a text that may be sealed")
	}
	d, err := c.decide(closure.Candidate{
		Text: text, InPromise: inPromise, ActionID: id, Kind: kind, MaxLength: len(c.body),
	}, *tries)
	*tries -= d.Tries
	switch {
	case err != nil:
		return policy.ClosureNone, nil, err
	case d.Verdict == closure.Unchecked:
		return policy.ClosureUnchecked, nil, nil
	case d.Verdict == closure.Data:
		return policy.ClosureNone, nil, nil
	}
	captured, key, err := c.readCaptured(d)
	if c.Keys == nil {
		c.Keys = c.carry().key[:0]
	}
	c.Keys = append(c.Keys, key)
	if err != nil {
		return policy.ClosureNone, nil, err
	}
	return policy.ClosureOpened, captured, nil
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
