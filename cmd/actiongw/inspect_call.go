package main

import (
	"time"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
)

// describe reads a call as the gate does, and as far as it can be read, also
// when the gate refused it earlier.
func (in *inspector) describe(report *callReport, c *captured, d *proxy.Decision) {
	if d.ID != "" {
		report.Action = in.describeAction(string(d.ID), c.request.Header.Get("X-Deployment-Id"))
	}
	args, refs, err := in.arguments(report, c, d)
	if err != nil {
		report.Unread = err.Error()
		return
	}
	g := newGrower()
	shown := map[value.Value]*treeNode{}
	g.special = func(v value.Value) *treeNode { return shown[v] }
	if len(args) > 0 {
		in.describeClosure(report, shown, args[0], "argument 0", string(d.ID))
	}
	for _, ref := range refs {
		if ref.Bound != nil && len(ref.Bound.Items) > 0 {
			in.describeClosure(report, shown, ref.Bound.Items[0], "server function "+cut(ref.ID), ref.ID)
		}
	}
	report.Arguments = g.list("arguments", args).Items
}

func (in *inspector) describeAction(id, deployment string) *actionReport {
	a := &actionReport{ID: id}
	if found, build, ok := in.set.LookupIn(id, deployment); ok {
		a.Name, a.Build, a.Pages = found.Name(), build.Name, found.Pages
	}
	a.Rule = ruleOf(in.table, in.rules, a.Name, id)
	return a
}

// arguments reads the arguments of a call, bound ones first.
func (in *inspector) arguments(report *callReport, c *captured, d *proxy.Decision) ([]value.Value, []*value.ServerReference, *reject.Error) {
	mediaType, err := action.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil {
		return nil, nil, err
	}
	o := reply.Options{Wire: in.wire, Legacy: d.ID.Legacy(), Limits: reply.DefaultLimits()}
	if mediaType.Boundary == "" {
		return replyArguments(report)(reply.ParseText(c.body, o))
	}
	entries, err := formdata.Parse(nil, c.body, mediaType.Boundary, formdata.DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	if d.Kind == action.Fetch {
		return replyArguments(report)(reply.ParseForm(entries, o))
	}
	a, err := reply.ParseAction(entries, o)
	if err != nil {
		return nil, nil, err
	}
	var args []value.Value
	if a.Bound != nil {
		args = append(args, a.Bound.Items...)
	}
	return append(args, a.Form), a.Refs, nil
}

func replyArguments(report *callReport) func(*reply.Reply, *reject.Error) ([]value.Value, []*value.ServerReference, *reject.Error) {
	return func(r *reply.Reply, err *reject.Error) ([]value.Value, []*value.ServerReference, *reject.Error) {
		if err != nil {
			return nil, nil, err
		}
		report.Wire = r.Wire.String()
		return r.Args.Items, r.Refs, nil
	}
}

// describeClosure adds what stands where a closure can stand, if it is one or
// is likely to be one.
func (in *inspector) describeClosure(report *callReport, shown map[value.Value]*treeNode, v value.Value, at, id string) {
	text, inPromise, _ := closure.TextOf(v)
	if text == "" {
		return
	}
	c := &closureReport{At: at, Sealed: len(text)}
	var err *reject.Error
	noKeys := in.ring.Len() == 0
	if isOwn(text) {
		err, noKeys = in.openOwn(c, report.cookies, id, text), in.closures.Keys.IsZero()
	} else {
		err = in.openNext(c, id, text)
	}
	switch {
	case err == nil:
	case err.Reason == reject.ClosureMalformed && len(err.Facts) == 0, err.Reason == reject.ClosureKeyUnknown && !inPromise:
		return // data like any other
	default:
		c.Problem = err.Error()
		for _, fact := range err.Facts {
			if fact.Name == "key" {
				c.Key = fact.Value
			}
		}
		if noKeys {
			c.Problem = "there is no key to open it with"
		}
	}
	if _, bare := v.(value.String); !bare {
		shown[v] = &treeNode{Type: "closure", Text: c.summary()}
	}
	report.Closures = append(report.Closures, c)
}

// openNext opens a closure of Next.js and reads the captured values.
func (in *inspector) openNext(c *closureReport, id, text string) *reject.Error {
	opened, err := closure.OpenNext(in.ring, id, text)
	if err != nil {
		return err
	}
	c.Opened, c.Key, c.KeyState, c.Canonical = true, opened.Key, string(opened.State), opened.Canonical
	captured, err := flight.Parse(opened.Flight, flight.Limits{})
	if err != nil {
		c.Problem = err.Error()
		return nil
	}
	list, ok := captured.(*value.Array)
	if !ok {
		c.Problem = "the captured values are no list"
		return nil
	}
	in.describeCaptured(c, list)
	return nil
}

// openOwn opens a closure of our own layout, as the gate would now.
func (in *inspector) openOwn(c *closureReport, cookies []string, id, text string) *reject.Error {
	opened, err := closure.OpenOwn(in.closures.Keys, closure.Expectation{
		Scope:   closure.Scope{Audience: in.closures.Audience, ActionID: id},
		Now:     time.Now().Unix(),
		Cookies: cookies,
	}, text)
	if err != nil {
		return err
	}
	c.Opened, c.Key, c.KeyState, c.Canonical = true, opened.Key.Fingerprint, string(opened.Key.State), true
	list, wrong := opened.Captured()
	if wrong != nil {
		c.Problem = "the captured values are not what their types say"
		return nil
	}
	in.describeCaptured(c, list)
	return nil
}

// describeCaptured counts the captured values, and shows them if asked to.
func (in *inspector) describeCaptured(c *closureReport, list *value.Array) {
	c.Values = len(list.Items)
	if in.reveal {
		c.Captured = newGrower().list("captured", list.Items).Items
	}
}
