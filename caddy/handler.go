package caddy

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/origin"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
)

// inFlight counts the bodies that all gates of this process hold. It is the
// one thing that outlives a configuration: during a reload two of them serve
// requests at once, and the memory that they share is the machine's.
var inFlight proxy.Memory

// Handler guards React and Next.js server actions. It lets only well-formed
// action calls from allowed origins reach the next handler, usually
// `reverse_proxy`, and leaves all other traffic as it is.
//
// Every setting has a default that protects: an empty handler enforces POST,
// an Origin equal to the Host, a body of at most 1 MiB and strict parsing.
//
// The handler sets these placeholders on action calls, and on forms that might
// have been calls; on other requests they are empty:
//
// Placeholder | Value
// ------------|------
// `{http.actiongw.verdict}` | `admit`, `refuse`, `would_refuse` (report mode) or `pass` (a form that is no call)
// `{http.actiongw.reason}` | why it was or would be refused, a word of the list in docs/reject-reasons.md
// `{http.actiongw.action_id}` | the action's id, if the call names one
// `{http.actiongw.action}` | the action's name in the manifest, if one has it
// `{http.actiongw.closure}` | `none`, `opened` or `unchecked`
// `{http.actiongw.outcome}` | with a JSON backend, once it has answered a fetch call: `result`, `redirect` or another word of docs/results.md
// `{http.actiongw.kind}` | `fetch` or `form`
// `{http.actiongw.digest}` | of refusals: the random word that is also in the answer and in the log
type Handler struct {
	// What to do with a call that breaks a rule: `enforce` refuses it;
	// `report` logs and counts it as `would_refuse` and lets it through.
	// Default: `enforce`.
	Mode string `json:"mode,omitempty"`

	// Origins that may call, and hosts that may be called: `host`,
	// `host:port` or `scheme://host`, with `*` for one label, `**` in front
	// for one or more, and `null` for pages without an origin. A list of
	// Next's `allowedOrigins` works as it is, with the site's own hosts added:
	// once the list is set, calls to a host outside it are refused.
	// Placeholders such as `{env.SITE}` are expanded at start.
	// Default: none; a page may call its own host.
	Origins []string `json:"origins,omitempty"`

	// Whether a page may call the host that it came from, without being
	// listed. Default: true.
	SameHost *bool `json:"same_host,omitempty"`

	// What to do with calls without an Origin: `allow` or `deny`. Browsers
	// always send one; curl, tests and servers do not. Default: `allow`.
	MissingOrigin string `json:"missing_origin,omitempty"`

	// The most bytes that the body of a call may have. Uploads that are no
	// calls are not limited. Default: 1048576, as in Next.
	MaxBody int64 `json:"max_body,omitempty"`

	// How long the body of a call may take to arrive. It must also keep up
	// 1 KiB a second after the first ten seconds. Default: 30s.
	BodyTimeout caddy.Duration `json:"body_timeout,omitempty"`

	// The most bytes of request bodies that this process may hold at once, in
	// all gates. Beyond it calls are answered with 503. Default: 268435456.
	MaxMemory int64 `json:"max_memory,omitempty"`

	// Whether to remove the headers by which Next.js talks to itself
	// (`x-middleware-subrequest` and its kin) from every request.
	// Default: true.
	StripInternal *bool `json:"strip_internal,omitempty"`

	// Refuse every request that is no action call, for a path that serves
	// nothing else. Default: false.
	OnlyActions bool `json:"only_actions,omitempty"`

	// Who answers refused calls: `dialect`, in the language of the client, or
	// `caddy`, the site's `handle_errors` routes. Default: `dialect`.
	Errors string `json:"errors,omitempty"`

	// The key that seals the app's closures, base64 of 16, 24 or 32 bytes;
	// usually a placeholder such as `{env.NAME}` or `{file.PATH}`. Default: the
	// environment's NEXT_SERVER_ACTIONS_ENCRYPTION_KEY, or the file that
	// NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE names. Without any, closures pass
	// unchecked.
	Key string `json:"key,omitempty"`

	// Keys that closures of older pages were sealed with, newest first.
	// Default: ACTIONGW_PREVIOUS_KEYS, separated by commas or spaces, or its
	// _FILE twin.
	PreviousKeys []string `json:"previous_keys,omitempty"`

	// Revoked keys: closures that they open are refused.
	DisabledKeys []string `json:"disabled_keys,omitempty"`

	// The path of a keyset of more such keys: its primary, enabled and pending
	// ones open, closures of its disabled ones are refused. It is read at start
	// and at each reload. Default: none.
	NextKeyset string `json:"next_keyset,omitempty"`

	// Closures of actiongw's own layout, for backends other than Next.js.
	// Default: none; such a text is an argument like any other.
	Closures *Closures `json:"closures,omitempty"`

	// The key that keysets are encrypted with, as `actiongw keys generate --kind
	// wrapping` makes it; a placeholder such as `{file.PATH}` or `{env.NAME}`.
	// Default: the environment's ACTIONGW_WRAPPING_KEY, or the file that
	// ACTIONGW_WRAPPING_KEY_FILE names.
	WrappingKey string `json:"wrapping_key,omitempty"`

	// The builds of the app that are served now. They give actions their
	// names, and the keys of builds of Next 15 and 16.
	Manifests []Manifest `json:"manifests,omitempty"`

	// What to do with action ids that no manifest has: `reject` or `pass`.
	// Without manifests, and while one has no actions yet, they pass.
	// Default: `reject`.
	UnknownActions string `json:"unknown_actions,omitempty"`

	// What is behind the gate: `react`, a server that speaks React's formats
	// and gets calls as they came, or `json`, any other, which gets them as
	// JSON and whose answers become what React's client expects.
	// Default: `react`.
	Backend string `json:"backend,omitempty"`

	// The path below which a JSON backend gets calls, the action's name behind
	// it. Nobody but the gate may send requests there.
	// Default: `/_actions/`.
	CallPath string `json:"call_path,omitempty"`

	// The most bytes that the result of a JSON backend may have.
	// Default: 10485760.
	MaxResult int64 `json:"max_result,omitempty"`

	// How long a JSON backend may take to send a result once it has begun.
	// How long it may take to begin is for `reverse_proxy` to say. Default: 30s.
	ResultTimeout caddy.Duration `json:"result_timeout,omitempty"`

	// How calls are marked and actions named: `next`, or `react` for bare
	// react-server-dom, with the header `Rsc-Action`. Default: `next`.
	Dialect string `json:"dialect,omitempty"`

	// Which version of React's reply format calls must be in: `auto`,
	// `next14`, `react19.0`, `react19.2.2`, `react19.2.6` or `current`.
	// Default: `auto`, any one version per call.
	Wire string `json:"wire,omitempty"`

	// Rules for single actions, by name.
	Actions []Rule `json:"actions,omitempty"`

	// How admitted calls are signed, so that upstream can tell them from
	// others. Default: they are not.
	Assertion *Assertion `json:"assertion,omitempty"`

	gate    *proxy.Gate
	metrics *metrics
	logger  *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.actiongw",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision builds the gate.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.logger = ctx.Logger()
	app, err := ctx.App("actiongw")
	if err != nil {
		return err
	}
	h.metrics = app.(*App).metrics
	repl := caddy.NewReplacer()
	config, err := h.config(repl)
	if err != nil {
		return err
	}
	if config.Keys, err = h.readKeys(repl); err != nil {
		return err
	}
	if err := h.readKeysets(repl, app.(*App), &config); err != nil {
		return err
	}
	if config.Rules, err = h.readRules(ReadSchema); err != nil {
		return err
	}
	if config.JSON {
		config.Declared = h.declared()
	}
	if err := h.Assertion.readSecret(repl, &config); err != nil {
		return err
	}
	if h.gate, err = proxy.New(config); err != nil {
		return err
	}
	builds, err := h.loadBuilds()
	if err == nil && len(h.Manifests) > 0 {
		go builds.run(ctx)
	}
	return err
}

// config translates the settings. Words outside the documented ones are
// errors here, so that JSON and Caddyfile give the same.
func (h *Handler) config(repl *caddy.Replacer) (proxy.Config, error) {
	c := proxy.Config{
		Report:       h.Mode == "report",
		MaxBody:      h.MaxBody,
		BodyTimeout:  time.Duration(h.BodyTimeout),
		MaxMemory:    h.MaxMemory,
		KeepInternal: h.StripInternal != nil && !*h.StripInternal,
		OnlyActions:  h.OnlyActions,
		PassUnknown:  h.UnknownActions == "pass",
		JSON:         h.Backend == "json",
		CallPath:     h.CallPath,
		Memory:       &inFlight,
		Origin: origin.Config{
			SameHostOff: h.SameHost != nil && !*h.SameHost,
			DenyMissing: h.MissingOrigin == "deny",
		},
	}
	for _, text := range h.Origins {
		// An empty variable would silently shorten the list.
		expanded, err := repl.ReplaceOrErr(text, true, true)
		if err != nil {
			return c, fmt.Errorf("origin %q: %w", text, err)
		}
		c.Origin.Allow = append(c.Origin.Allow, expanded)
	}
	for _, word := range []struct{ name, value, usual, other string }{
		{"mode", h.Mode, "enforce", "report"},
		{"missing_origin", h.MissingOrigin, "allow", "deny"},
		{"errors", h.Errors, "dialect", "caddy"},
		{"backend", h.Backend, "react", "json"},
		{"unknown_actions", h.UnknownActions, "reject", "pass"},
	} {
		if word.value != "" && word.value != word.usual && word.value != word.other {
			return c, fmt.Errorf("%s %q: want %s or %s", word.name, word.value, word.usual, word.other)
		}
	}
	if err := errors.Join(h.checkKeysets(), h.checkBackend()); err != nil {
		return c, err
	}
	var err error
	if c.Dialect, err = action.ParseDialect(h.Dialect); err != nil {
		return c, err
	}
	if c.Wire, err = reply.ParseWire(h.wire()); err != nil {
		return c, err
	}
	c.Assertion, err = h.Assertion.config(repl)
	return c, err
}

// ServeHTTP takes the request through the gate and passes on what may pass.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) (err error) {
	start := time.Now()
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	peer := proxy.Peer{Trusted: trusted, Writer: w}
	if h.Assertion != nil || h.Backend == "json" {
		peer.URL = originalURL(r)
	}
	d := h.gate.Admit(r, peer)
	defer func() { d.Release(err == nil) }()
	if d.Kind == action.None && d.Refusal == nil {
		setPlaceholders(r, noPlaceholder)
		return next.ServeHTTP(w, r)
	}
	o := h.observe(r, &d, start)
	switch {
	case d.Verdict == proxy.Refuse:
		return h.refuse(w, r, o)
	case d.Streams():
		return h.stream(w, r, next, o)
	case d.Translated():
		return h.translate(w, r, next, o)
	default:
		if err = next.ServeHTTP(w, r); err != nil {
			proxy.Unsign(r)
		}
		return err
	}
}

// originalURL is path and query as the client sent them, before rewrites.
func originalURL(r *http.Request) string {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return original.URL.RequestURI()
	}
	return ""
}

// refuse answers a refused request, or has the site's error routes answer it.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, o *observation) error {
	// Answering may wait for the client.
	o.decision.Release(true)
	// The path alone is a call to some backends, and an error route may proxy.
	if h.Errors != "caddy" || o.refusal.Reason == reject.PathReserved {
		proxy.WriteAnswer(w, r, o.decision, o.refusal, o.digest)
		return nil
	}
	proxy.BeginAnswer(w, r, o.refusal)
	proxy.Defuse(r)
	return caddyhttp.Error(o.refusal.Status(), o.refusal)
}

// stream passes on a body that the gate goes on watching. Should it turn out
// to be a call, upstream's request has been broken off, and the client gets
// the refusal if nothing has been answered yet: always in the dialect, because
// the proxy has already chosen to answer and error routes are out of reach.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, o *observation) error {
	// Deferred, because a proxy ends a broken response in a panic.
	defer h.observeLate(r, o)
	return next.ServeHTTP(&lateWriter{
		ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w},
		ours:                  w.Header().Clone(),
		refused:               func() bool { return o.decision.Late() != nil && h.Mode != "report" },
		answer: func(w http.ResponseWriter) {
			h.observeLate(r, o)
			proxy.WriteAnswer(w, r, o.decision, o.refusal, o.digest)
		},
	}, r)
}
