package caddy

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// App is what the gates of one configuration share: their metrics, the keys
// that they sign with, and the look over the routes that finds ways around them. It has no settings and is
// there as soon as a route has a gate.
type App struct {
	metrics *metrics
	// keysets are those that sign, by file. Handlers are provisioned one after
	// the other, and nothing else looks.
	keysets map[string]*signingKeys
	ctx     caddy.Context
	logger  *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "actiongw",
		New: func() caddy.Module { return new(App) },
	}
}

// Provision creates the metrics.
func (a *App) Provision(ctx caddy.Context) (err error) {
	a.ctx, a.logger, a.keysets = ctx, ctx.Logger(), map[string]*signingKeys{}
	a.metrics, err = newMetrics(ctx.GetMetricsRegistry())
	return err
}

// Start warns about proxies that can be reached around a gate.
func (a *App) Start() error {
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return nil // without http there is nothing to go around
	}
	for _, upstream := range exposed(app.(*caddyhttp.App).Servers) {
		a.logger.Warn("a proxy can be reached without passing its actiongw gate: in Next.js any path runs any action, so mount the gate without a matcher, ahead of every proxy to the same upstream, error routes included",
			zap.String("upstream", upstream))
	}
	return nil
}

// Stop has nothing to stop.
func (a *App) Stop() error { return nil }
