package caddy

import (
	"maps"
	"reflect"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// exposed returns the upstreams that some requests reach through a gate and
// others around it. It follows routes as Caddy does, in order, and knows
// subroutes (`handle`, `route`, sites) and `reverse_proxy`; what other modules
// do with requests it cannot know.
func exposed(routes caddyhttp.RouteList) []string {
	w := walk{gated: map[string]bool{}, open: map[string]bool{}}
	w.list(routes, way{})
	return slices.Sorted(func(yield func(string) bool) {
		for upstream := range maps.Keys(w.open) {
			if w.gated[upstream] && !yield(upstream) {
				return
			}
		}
	})
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
