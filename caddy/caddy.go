// Package caddy is the Caddy module of actiongw: it turns JSON and Caddyfile
// into a gate, requests into decisions of that gate, and decisions into
// answers, log lines and metrics. What is an action call and what may pass is
// decided in internal/proxy and below.
package caddy

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// init registers all that this package adds to Caddy.
func init() {
	caddy.RegisterModule(Handler{})
	caddy.RegisterModule(MatchServerAction{})
	caddy.RegisterModule(Seal{})
	caddy.RegisterModule(App{})
	caddy.RegisterModule(JWKS{})
	httpcaddyfile.RegisterHandlerDirective("actiongw_jwks", parseJWKS)
	// Ahead of the gate, whose only_actions would refuse to serve keys.
	httpcaddyfile.RegisterDirectiveOrder("actiongw_jwks", httpcaddyfile.Before, "invoke")
	httpcaddyfile.RegisterHandlerDirective("actiongw", parseDirective)
	// Ahead of invoke, handle and route: ordered later, a handle block of the
	// site would be matched first and walk around the gate.
	httpcaddyfile.RegisterDirectiveOrder("actiongw", httpcaddyfile.Before, "invoke")
	httpcaddyfile.RegisterHandlerDirective("actiongw_seal", parseSeal)
	httpcaddyfile.RegisterDirectiveOrder("actiongw_seal", httpcaddyfile.Before, "respond")
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)

	_ caddy.Provisioner           = (*Seal)(nil)
	_ caddyfile.Unmarshaler       = (*Seal)(nil)
	_ caddyhttp.MiddlewareHandler = (*Seal)(nil)

	_ caddy.Provisioner                 = (*MatchServerAction)(nil)
	_ caddyfile.Unmarshaler             = (*MatchServerAction)(nil)
	_ caddyhttp.RequestMatcherWithError = (*MatchServerAction)(nil)

	_ caddy.Provisioner           = (*JWKS)(nil)
	_ caddyfile.Unmarshaler       = (*JWKS)(nil)
	_ caddyhttp.MiddlewareHandler = (*JWKS)(nil)

	_ caddy.App         = (*App)(nil)
	_ caddy.Provisioner = (*App)(nil)
)
