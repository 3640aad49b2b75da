package caddy

import (
	"net/http"
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// accept is a next handler that takes everything.
type accept struct{}

func (accept) ServeHTTP(w http.ResponseWriter, _ *http.Request) error {
	w.WriteHeader(http.StatusOK)
	return nil
}

// TestExposedUpstreams finds the ways around a gate.
func TestExposedUpstreams(t *testing.T) {
	for _, tc := range []struct {
		is   string
		site string
		want []string
	}{
		{"the gate before everything", "actiongw\nreverse_proxy app:3000", nil},
		{"no gate at all is no mistake of a gate", "reverse_proxy app:3000", nil},
		{"the gate on some paths, the proxy on all", "actiongw /app/*\nreverse_proxy app:3000", []string{"app:3000"}},
		{"the gate on the paths of the proxy", "@app path /app/*\nactiongw @app\nreverse_proxy @app app:3000", nil},
		{"a handle block with the gate and one without", "handle /app/* {\nactiongw\nreverse_proxy app:3000\n}\nhandle {\nreverse_proxy app:3000\n}", []string{"app:3000"}},
		{"another backend without the gate", "handle /app/* {\nactiongw\nreverse_proxy app:3000\n}\nhandle {\nreverse_proxy other:3000\n}", nil},
		{"handle blocks behind the gate", "actiongw\nhandle /a/* {\nreverse_proxy app:3000\n}\nhandle {\nreverse_proxy app:3000\n}", nil},
		{"the gate ordered behind a handle block", "route {\nhandle /a/* {\nreverse_proxy app:3000\n}\nactiongw\nreverse_proxy app:3000\n}", []string{"app:3000"}},
		{"an error route to the same backend", "basic_auth {\na $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}\nactiongw\nreverse_proxy app:3000\nhandle_errors {\nreverse_proxy app:3000\n}", []string{"app:3000"}},
		{"an error route to another backend", "actiongw\nreverse_proxy app:3000\nhandle_errors {\nreverse_proxy pages:3000\n}", nil},
		{"another server to the same backend", "actiongw\nreverse_proxy app:3000\n}\nhttp://shop.example:8081 {\nreverse_proxy app:3000", []string{"app:3000"}},
		{"one of two backends is reached around", "actiongw /app/*\nreverse_proxy /app/* app:3000\nreverse_proxy app:3000 other:3000", []string{"app:3000", "other:3000"}},
	} {
		config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("http://shop.example {\n"+tc.site+"\n}\n"), nil)
		if err != nil {
			t.Fatalf("%s: %v", tc.is, err)
		}
		var parsed caddy.Config
		if err := caddy.StrictUnmarshalJSON(config, &parsed); err != nil {
			t.Fatal(err)
		}
		ctx, err := caddy.ProvisionContext(&parsed)
		if err != nil {
			t.Fatalf("%s: %v", tc.is, err)
		}
		app, err := ctx.App("http")
		if err != nil {
			t.Fatal(err)
		}
		if got := exposed(app.(*caddyhttp.App).Servers); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.is, got, tc.want)
		}
	}
}
