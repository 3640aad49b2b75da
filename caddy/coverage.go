package caddy

import (
	"reflect"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// exposed returns the upstreams that some requests reach through a gate and
// others around it, on whatever server. It follows routes as Caddy does, in
// order, and knows subroutes (`handle`, `route`, sites), error routes and
// `reverse_proxy` with fixed upstreams. It does not follow named routes,
// `handle_response` or dynamic upstreams, nor know two spellings of one
// address, and a gate inside a `route` counts for that route alone.
func exposed(servers map[string]*caddyhttp.Server) []string {
	w := walk{gated: map[string]bool{}, open: map[string]bool{}}
	for _, server := range servers {
		w.list(server.Routes, way{})
		w.errors(server.Errors)
	}
	var both []string
	for upstream := range w.open {
		if w.gated[upstream] {
			both = append(both, upstream)
		}
	}
	slices.Sort(both)
	return both
}

// walk notes for each upstream whether it is met behind a gate, even one that
// some requests miss, and whether it is met by requests that have seen none.
type walk struct{ gated, open map[string]bool }

// way is what the requests that get to a place have met.
type way struct {
	all  bool                    // every one has met a gate
	some []caddyhttp.MatcherSets // those that match these have
}

func (w *walk) list(routes caddyhttp.RouteList, at way) {
	for _, route := range routes {
		inside := at
		if slices.ContainsFunc(at.some, func(m caddyhttp.MatcherSets) bool { return reflect.DeepEqual(m, route.MatcherSets) }) {
			inside.all = true
		}
		gate := false
		for _, handler := range route.Handlers {
			switch h := handler.(type) {
			case *Handler:
				gate, inside.all = true, true
			case *caddyhttp.Subroute:
				w.list(h.Routes, inside)
				w.errors(h.Errors)
			case *reverseproxy.Handler:
				w.proxy(h, inside)
			}
		}
		// Behind this route are those that it matched and those that not.
		switch {
		case gate && len(route.MatcherSets) == 0:
			at.all = true
		case gate:
			at.some = append(slices.Clone(at.some), route.MatcherSets)
		}
	}
}

// errors follows error routes. A handler ahead of the gate may have failed, so
// requests there have met none.
func (w *walk) errors(config *caddyhttp.HTTPErrorConfig) {
	if config != nil {
		w.list(config.Routes, way{})
	}
}

func (w *walk) proxy(h *reverseproxy.Handler, at way) {
	for _, upstream := range h.Upstreams {
		if at.all || len(at.some) > 0 {
			w.gated[upstream.Dial] = true
		}
		if !at.all {
			w.open[upstream.Dial] = true
		}
	}
}
