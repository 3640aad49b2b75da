package caddy

import (
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/actiongw/actiongw/internal/action"
)

// MatchServerAction matches requests that are, or may be, server action calls,
// by method and headers alone: for routing, rate limits and logging. The gate
// does not need it; do not put it in front of the gate, which would then not
// see what the matcher does not match.
//
// `fetch` matches calls by React's client, `maybe_form` multipart form posts,
// of which only the body tells whether they are calls. Without a kind, both.
type MatchServerAction struct {
	// `fetch`, `maybe_form`, or both if empty.
	Kind string `json:"kind,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (MatchServerAction) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.matchers.server_action",
		New: func() caddy.Module { return new(MatchServerAction) },
	}
}

// Provision checks the kind.
func (m *MatchServerAction) Provision(caddy.Context) error {
	switch m.Kind {
	case "", "fetch", "maybe_form":
		return nil
	default:
		return fmt.Errorf("server_action %q: want fetch, maybe_form or nothing", m.Kind)
	}
}

// UnmarshalCaddyfile sets up the matcher from Caddyfile tokens. Syntax:
//
//	server_action [fetch|maybe_form]
func (m *MatchServerAction) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	for d.Next() {
		if d.NextArg() {
			m.Kind = d.Val()
		}
		if d.NextArg() {
			return d.ArgErr()
		}
		if err := m.Provision(caddy.Context{}); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

// MatchWithError reports whether the request matches.
func (m *MatchServerAction) MatchWithError(r *http.Request) (bool, error) {
	switch action.Recognize(r.Method, mark(r.Header), r.Header["Content-Type"]) {
	case action.Fetch:
		return m.Kind != "maybe_form", nil
	case action.MaybeForm:
		return m.Kind != "fetch", nil
	default:
		return false, nil
	}
}

// mark returns the lines of the action header of whichever dialect, nil if
// there are none.
func mark(h http.Header) []string {
	if lines := h[action.Next.Header()]; lines != nil {
		return lines
	}
	return h[action.React.Header()]
}
