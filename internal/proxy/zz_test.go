package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/proxy"
)

func BenchmarkZ(b *testing.B) {
	for _, n := range []int{1 << 10, 30 << 10} {
		const boundary = "----WebKitFormBoundaryq7Jm2Xw9LrT4VbKz"
		var body strings.Builder
		maps := 3
		if n == 1<<10 {
			maps = 2
		}
		root := "["
		for m := range maps {
			fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"%d\"\r\n\r\n[", boundary, m+1)
			at := body.Len()
			for i := 0; body.Len()-at < n; i++ {
				if i > 0 {
					body.WriteString(",")
				}
				fmt.Fprintf(&body, `["line-%d-%d",{"sku":"SKU-%05d","name":"Garden chair no. %d, folding","quantity":%d,"price":"33.23","gift":false,"tags":["garden","wood","sale"]}]`, m, i, i, i, i%9+1)
			}
			body.WriteString("]\r\n")
			root += fmt.Sprintf(`"$Q%x",`, m+1)
		}
		fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"0\"\r\n\r\n%s0]\r\n--%s--\r\n", boundary, root, boundary)
		text := body.String()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			g, _ := newGate(b, proxy.Config{})
			body := strings.NewReader("")
			r := httptest.NewRequest("POST", "/", nil)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(text)
				r.Host, r.Body, r.ContentLength = site, io.NopCloser(body), int64(len(text))
				r.Header = http.Header{"User-Agent": {"x"}, "Accept": {"*/*"}, "Cookie": {"a=b"}}
				r.Header["Content-Type"], r.Header["Origin"] = []string{"multipart/form-data; boundary=" + boundary}, []string{"https://" + site}
				r.Header["Next-Action"] = []string{id}
				d := g.Admit(r, proxy.Peer{Writer: w})
				if d.Refusal != nil {
					b.Fatal(d.Refusal)
				}
				d.Release(true)
			}
		})
	}
}
