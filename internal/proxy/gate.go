// Package proxy is the gate: the pipeline from a request to a verdict.
//
//	*http.Request ── strip the headers that are ours or internal
//	   │ action.Recognize            not a call ─────────────────────────► Pass: untouched, unread
//	   │ head: duplicates, Connection, early data, media type
//	   │ origin.Check                fetch action: before a byte of the body is read
//	   │ read body                   bounded in size, time and memory
//	   │ formdata.Parse              form post without $ACTION_ fields ──► Pass: the very bytes, replayed
//	   │ origin.Check                form action: now
//	   │ manifest, policy            which action is it, may it be called (fetch action: before the body)
//	   │ reply.Parse                 arguments
//	   │ closure.Open → flight.Parse captured values
//	   │ policy.Decide               the action's own rule
//	   │ jsoncall.Encode             JSON backend: the call as JSON
//	   │ assertion.Sign              what upstream may believe, if it is to
//	   ▼
//	Admit: one of each control header, the bytes that were checked or the JSON of them
//	any step may end in exactly one *reject.Error
//
// It never dials: what passes goes to the next HTTP handler. A form post is no
// call until its fields say so, hence the two places of the origin check, and
// hence [formdata.Sieve] for uploads that are too long to hold.
package proxy

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/origin"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// Gate decides about requests. It is immutable but for the memory that it
// counts, and safe for concurrent use.
type Gate struct {
	config  Config
	origins *origin.Policy
	builds  atomic.Pointer[builds]

	callPath []string // the segments of the configured one
}

// Peer is what the server knows about the other end of the connection.
type Peer struct {
	// Trusted is set when the peer is a proxy that the server trusts.
	Trusted bool
	// Writer is the response writer: through it the connection's reads can be
	// broken off.
	Writer http.ResponseWriter
	// URL is path and query as the client sent them, where a handler ahead of
	// the gate may have changed them. Empty is unknown.
	URL string
}

// call is one request on its way through the gate.
type call struct {
	Decision
	gate *Gate
	r    *http.Request
	peer Peer

	caller origin.Caller
	builds *builds
	target manifest.Action // zero if no build has it
	rule   *policy.Rule

	work        *workspace   // nil until there is something to read
	sealedBytes int          // looked at for closures
	captured    *value.Array // the values of the action's own closure, nil for none
	message     jsoncall.Message
	carried     *carried
}

// carried is what most calls take with them when they go on, in one piece of
// memory.
type carried struct {
	body heldBody
	name [1]string // in the header
	key  [1]string // of the closure
}

func (c *call) carry() *carried {
	if c.carried == nil {
		c.carried = &carried{}
	}
	return c.carried
}

// Admit takes a request through the gate. On Pass and Admit, r is ready for
// the next handler; on Refuse it must go nowhere without [Defuse]. The caller
// releases the decision when r has been handled.
func (g *Gate) Admit(r *http.Request, peer Peer) Decision {
	clean(r, g.config.KeepInternal)
	c := call{gate: g, r: r, peer: peer}
	c.handle()
	if c.work != nil {
		c.memory.keepWorkspace(c.work)
	}
	return c.Decision
}

// handle comes to the decision.
func (c *call) handle() {
	g, r := c.gate, c.r
	c.memory, c.Dialect, c.json = g.config.Memory, g.config.Dialect, g.config.JSON
	c.Kind = action.Recognize(r.Method, r.Header[c.Dialect.Header()], r.Header[headerType])
	// Its fields are looked for as in a form that cannot be parsed.
	if c.Kind == action.None && !c.json && c.Dialect.TakesURLEncoded(r.Method, r.Header[headerType]) {
		c.Kind = action.MaybeForm
	}
	var err *reject.Error
	switch {
	case g.config.JSON && g.leadsToCalls(r):
		// Nobody outside may post a call that is ready made.
		err = reject.New(reject.PathReserved, reject.StageHead, "calls arrive there from the gate only")
	case c.Kind == action.Fetch:
		err = c.fetch()
	case c.Kind == action.MaybeForm:
		err = c.form()
	default:
		err = c.pass()
	}
	if c.stream == nil {
		c.BodyBytes = len(c.body)
	}
	switch c.Refusal = err; {
	case err == nil:
	case g.config.Report:
		c.Verdict = WouldRefuse
		c.replay()
	default:
		c.Verdict = Refuse
	}
}

// pass is the way of what is no call.
func (c *call) pass() *reject.Error {
	if c.gate.config.OnlyActions {
		return reject.New(reject.NotAnAction, reject.StageHead, "only_actions is set and this is no call")
	}
	c.replay()
	return nil
}

// fetch is the way of a call by React's client.
func (c *call) fetch() *reject.Error {
	g, r := c.gate, c.r
	if r.Method != http.MethodPost {
		return reject.New(reject.MethodNotAllowed, reject.StageHead, "want POST")
	}
	// Read first, because the answer to any refusal depends on it.
	var ok bool
	c.ID, ok = g.parseID(first(r.Header[c.Dialect.Header()]))
	if err := c.checkHead(); err != nil {
		return err
	}
	if !ok {
		return reject.New(reject.ActionIDMalformed, reject.StageHead, c.Dialect.Header()+" is not "+c.Dialect.IDForm())
	}
	mediaType, err := action.ParseMediaType(first(r.Header[headerType]))
	if err != nil {
		return err
	}
	host, err := c.checkOrigin()
	if err != nil {
		return err
	}
	if err := c.identify(); err != nil {
		return err
	}
	limit := c.rule.Limit(c.gate.config.MaxBody)
	if r.ContentLength > limit {
		return tooLarge()
	}
	if err := c.readBody(limit, c.gate.config.Report); err != nil {
		return err
	}
	var entries []formdata.Entry
	if mediaType.Boundary != "" {
		if entries, err = c.parts(mediaType.Boundary); err != nil {
			return err
		}
	}
	if mediaType, err = c.checkReply(mediaType, entries); err != nil {
		return err
	}
	c.admit(mediaType, host)
	return nil
}

// form is the way of a multipart POST without the action header, which may be
// any upload.
func (c *call) form() *reject.Error {
	mediaType, delimiter, unreadable := c.formType()
	// Which action it calls is known when it has been read.
	limit := c.gate.builds.Load().rules.MaxBody(c.gate.config.MaxBody)
	if c.r.ContentLength > limit {
		limit = min(limit, firstLook)
	}
	if stop := c.readBody(limit, true); stop != nil {
		if c.gate.config.OnlyActions {
			return stop
		}
		return c.watch(mediaType.Boundary, delimiter, stop)
	}
	var entries []formdata.Entry
	if unreadable == nil {
		entries, unreadable = c.parts(mediaType.Boundary)
	}
	if unreadable != nil {
		// Nobody can say which fields a backend would find, so a mention of
		// one is enough. Old libraries, phones and curl write forms that we
		// cannot read and that mention none.
		if formdata.MentionsAction(c.body, delimiter) {
			c.Kind = action.Form
			return unreadable
		}
		return c.pass()
	}
	if !slices.ContainsFunc(entries, formdata.Entry.IsActionField) {
		return c.pass()
	}
	return c.formAction(mediaType, entries)
}

// formAction is the rest of the way once a form's fields say that it is a call.
func (c *call) formAction(mediaType action.MediaType, entries []formdata.Entry) (err *reject.Error) {
	c.Kind = action.Form
	if err := c.checkHead(); err != nil {
		return err
	}
	c.ID, err = action.FromFields(func(yield func(string, []byte) bool) {
		for _, e := range entries {
			if !yield(e.Name, e.Value) {
				return
			}
		}
	}, c.gate.parseID)
	if err != nil {
		return err
	}
	host, err := c.checkOrigin()
	if err != nil {
		return err
	}
	if err := c.checkAction(entries); err != nil {
		return err
	}
	c.admit(mediaType, host)
	return nil
}

// formType reads the media type of a form, and the delimiter by which a laxer
// reader might go. Of several lines nobody knows which one a backend takes.
func (c *call) formType() (m action.MediaType, delimiter string, err *reject.Error) {
	lines := c.r.Header[headerType]
	if len(lines) == 1 {
		if m, err = action.ParseMediaType(lines[0]); err == nil {
			return m, "--" + m.Boundary, nil
		}
	} else {
		err = reject.New(reject.HeaderDuplicated, reject.StageHead, "two Content-Type lines")
	}
	return m, action.LooseDelimiter(lines[0]), err
}

// admit makes the request what upstream should see.
func (c *call) admit(mediaType action.MediaType, host string) {
	c.Verdict = Admit
	if c.json {
		c.rewrite(c.message.ContentType, host)
		c.readdress()
	} else {
		c.rewrite(mediaType.Respell(c.r.Header[headerType][0]), host)
	}
	c.replace()
	c.sign()
}

// checkOrigin decides about the caller and returns the host for upstream.
func (c *call) checkOrigin() (string, *reject.Error) {
	h := c.r.Header
	host := c.r.Host
	if c.forwardedHost() {
		lines := h[headerForwardedHost]
		// A list tells of two proxies, and Next 14 and 16 read it differently.
		if len(lines) > 1 || strings.Contains(lines[0], ",") {
			return "", reject.New(reject.ForwardedHostMalformed, reject.StageOrigin, "more than one X-Forwarded-Host from a trusted proxy")
		}
		host = lines[0]
	}
	proto := h[headerForwardedProto]
	var err *reject.Error
	c.caller, err = c.gate.origins.Check(origin.Evidence{
		Origin:    first(h[headerOrigin]),
		HasOrigin: h[headerOrigin] != nil,
		Host:      host,
		FetchSite: h["Sec-Fetch-Site"],
		Secure:    c.r.TLS != nil || c.peer.Trusted && len(proto) == 1 && proto[0] == "https",
	})
	return c.caller.Host, err
}

// forwardedHost reports whether the called host is what a trusted proxy says.
func (c *call) forwardedHost() bool {
	lines := c.r.Header[headerForwardedHost]
	return c.peer.Trusted && len(lines) > 0 && lines[0] != ""
}

func first(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}
