package caddy

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// JWKS serves the public keys of a keyset that signs assertions, as a JSON Web
// Key Set (RFC 7517): those that sign, have signed and will sign. Upstream
// verifies with them. It shows nothing secret and never a shared secret, and
// may stand where upstream alone can reach it as well as on the public site.
type JWKS struct {
	// The file of the keyset. It is read again when it changes; a broken one
	// leaves what was known. Required.
	Keyset string `json:"keyset,omitempty"`
	// The key that the keyset is encrypted with; a placeholder such as
	// `{file.PATH}`. Default: the environment's ACTIONGW_WRAPPING_KEY, or the
	// file that ACTIONGW_WRAPPING_KEY_FILE names.
	WrappingKey string `json:"wrapping_key,omitempty"`

	keys *signingKeys
}

// CaddyModule returns the Caddy module information.
func (JWKS) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.actiongw_jwks",
		New: func() caddy.Module { return new(JWKS) },
	}
}

// Provision reads the keyset.
func (j *JWKS) Provision(ctx caddy.Context) error {
	if j.Keyset == "" {
		return errors.New("keyset is required: the file of the keyset that the gate signs with")
	}
	app, err := ctx.App("actiongw")
	if err != nil {
		return err
	}
	wrapping, err := readWrappingKey(caddy.NewReplacer(), j.WrappingKey)
	if err != nil {
		return err
	}
	j.keys, err = app.(*App).signingKeys(j.Keyset, wrapping)
	return err
}

// ServeHTTP answers GET and HEAD with the public keys.
func (j *JWKS) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		return caddyhttp.Error(http.StatusMethodNotAllowed, fmt.Errorf("the keys are for GET and HEAD"))
	}
	keys := j.keys.current.Load()
	h.Set("Content-Type", "application/jwk-set+json")
	// As long as verifiers are told to keep keys; a key that is added waits
	// longer than that before it signs.
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Etag", keys.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(keys.jwks))
	return nil
}

func parseJWKS(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(JWKS)
	return handler, handler.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	actiongw_jwks <path> <keyset> {
//		wrapping_key <text>
//	}
//
// The path, or another matcher, is where the keys are served. The block is
// optional.
func (j *JWKS) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name; a matcher has been taken out behind it
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Errf("actiongw_jwks wants the path to serve the keys at and then the file of a keyset, such as: actiongw_jwks /.well-known/jwks.json /etc/actiongw/assertion.keyset")
	}
	j.Keyset = args[0]
	for d.NextBlock(0) {
		if name := d.Val(); name != "wrapping_key" {
			return d.Errf("unknown option %q of actiongw_jwks: want wrapping_key", name)
		}
		if err := unmarshalWrappingKey(d, &j.WrappingKey); err != nil {
			return err
		}
	}
	return nil
}
