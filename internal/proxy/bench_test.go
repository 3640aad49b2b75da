package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/proxy"
)

// BenchmarkAdmit is the gate alone, without a connection: what a request costs
// beyond the proxy.
func BenchmarkAdmit(b *testing.B) {
	text := `["` + strings.Repeat("x", 2000) + `"]`
	part := "--B\r\nContent-Disposition: form-data; name=\"1\"\r\n\r\n" + strings.Repeat("x", 91_000) + "\r\n--B\r\nContent-Disposition: form-data; name=\"0\"\r\n\r\n[\"$@1\"]\r\n--B--\r\n"
	for _, bc := range []struct {
		name, contentType, body, origin string
		fetch                           bool
	}{
		{"page", "", "", "", false},
		{"text2k", "text/plain;charset=UTF-8", text, "https://" + site, true},
		{"multipart91k", formType, part, "https://" + site, true},
		{"form", formType, call, "https://" + site, false},
		{"refused", "text/plain;charset=UTF-8", text, "https://evil.example", true},
	} {
		b.Run(bc.name, func(b *testing.B) {
			g, _ := newGate(b, proxy.Config{})
			body := strings.NewReader("")
			r := httptest.NewRequest("POST", "/", nil)
			if bc.contentType == "" {
				r.Method = "GET"
			}
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(bc.body)
				r.Host, r.Body, r.ContentLength = site, io.NopCloser(body), int64(len(bc.body))
				r.Header = http.Header{"User-Agent": {"x"}, "Accept": {"*/*"}, "Cookie": {"a=b"}}
				if bc.contentType != "" {
					r.Header["Content-Type"], r.Header["Origin"] = []string{bc.contentType}, []string{bc.origin}
				}
				if bc.fetch {
					r.Header["Next-Action"] = []string{id}
				}
				d := g.Admit(r, proxy.Peer{Writer: w})
				d.Release(true)
			}
		})
	}
}
