//go:build e2e

package results

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// redirects are locations that pass; own says that they are on the page's site.
var redirects = []struct {
	location string
	own      bool
	path     string // where it leads
}{
	{"/invoices?page=2#top", true, "/invoices?page=2#top"},
	{"/a;b?c=;d", true, "/a;b?c=;d"},
	{"/a/../b", true, "/b"},
	{"/%5Cevil.example", true, "/%5Cevil.example"},
	{"/%2F/evil.example", true, "/%2F/evil.example"},
	{"/@evil.example", true, "/@evil.example"},
	{"/login?next=//evil.example", true, "/login?next=//evil.example"},
	{"https://other.example/a?b=c", false, "/a?b=c"},
}

func TestRedirectsLeadWhereTheBackendSaid(t *testing.T) {
	for name := range clients {
		t.Run(name, func(t *testing.T) {
			s := open(t, name, func(path string) http.HandlerFunc {
				return with("Location", redirects[caseOf(path)].location, respond(303, "text/html", "<a>"))
			})
			site, err := url.Parse(s.url)
			if err != nil {
				t.Fatal(err)
			}
			for i, tc := range redirects {
				got := s.call(t, page(i))
				target := got.Redirect
				if name != "react" {
					if got.Page == nil || !got.Page.Hard {
						t.Errorf("%s: the page stays: %+v", tc.location, got)
						continue
					}
					target = got.Page.URL
				}
				// The browser resolves it as ResolveReference does.
				to, err := site.Parse(target)
				if err != nil {
					t.Errorf("%s: %v", tc.location, err)
					continue
				}
				if own := to.Host == site.Host; own != tc.own {
					t.Errorf("%s leads to %s", tc.location, to)
				}
				// Next 15 and 16 would cut at a semicolon that is not escaped.
				path := strings.ReplaceAll(to.RequestURI(), "%3B", ";")
				if to.Fragment != "" {
					path += "#" + to.Fragment
				}
				if path != tc.path {
					t.Errorf("%s leads to %s", tc.location, to)
				}
			}
		})
	}
}

// TestRevalidationLoadsThePageAnew: Next 16 asks for its data, 15 and 14 load it
// as a browser would, and an app of bare React is told.
func TestRevalidationLoadsThePageAnew(t *testing.T) {
	for name := range clients {
		t.Run(name, func(t *testing.T) {
			s := open(t, name, func(path string) http.HandlerFunc {
				if path == "/cart" {
					return with("Actiongw-Revalidate", "1", respond(200, plain, `"saved"`))
				}
				return respond(200, plain, `"saved"`)
			})
			got := s.call(t, "/cart?x=1")
			// Next 14 does not end the call before the page is gone.
			if wantValue := name != "next14"; wantValue != (got.Value == `"saved"`) || got.Error != nil {
				t.Errorf("%+v", got)
			}
			switch name {
			case "next16":
				if got.Page == nil || got.Page.Hard || got.Page.URL != "/cart" {
					t.Errorf("page %+v", got.Page)
				}
			case "react":
				if got.Revalidate != "1" {
					t.Errorf("%+v", got)
				}
			default:
				// White space: the URL of the page, as URL parsers drop it.
				if got.Page == nil || !got.Page.Hard || got.Page.URL != " " {
					t.Errorf("page %+v", got.Page)
				}
			}
			if again := s.call(t, "/other"); again.Page != nil || again.Value != `"saved"` || again.Revalidate != "" {
				t.Errorf("without it: %+v, page %+v", again, again.Page)
			}
		})
	}
}
