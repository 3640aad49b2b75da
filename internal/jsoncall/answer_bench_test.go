package jsoncall_test

import (
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
)

// BenchmarkModelWriter is what translating a result costs, in pieces of the size
// in which proxies copy.
func BenchmarkModelWriter(b *testing.B) {
	for _, bc := range []struct{ name, body string }{
		{"small", `{"ok":true,"invoice":{"id":1042,"total":"12.50"}}`},
		{"1MiB of rows", "[" + strings.Repeat(`{"id":1042,"name":"$Ada","paid":false,"total":12.5},`, 20_000) + "0]"},
		{"1MiB text", `"` + strings.Repeat("lorem ipsum ", 87_000) + `"`},
	} {
		body := []byte(bc.body)
		b.Run(bc.name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				w := jsoncall.NewModelWriter()
				out = jsoncall.Next.AppendOpening(out[:0], false)
				for rest := body; len(rest) > 0; {
					piece := rest[:min(len(rest), 32<<10)]
					rest = rest[len(piece):]
					var err error
					if out, err = w.Append(out, piece); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := w.End(out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
