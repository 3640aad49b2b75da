package proxy_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/go-json-experiment/json/jsontext"
)

// connection takes deadlines, as those of a server do.
type connection struct{ *httptest.ResponseRecorder }

func (connection) SetReadDeadline(time.Time) error { return nil }

// dense is about n bytes of small values: the entries of a Map.
func dense(n int) string {
	return "[" + many(n, n, func(i int) string {
		return fmt.Sprintf(`["line-%d",{"sku":"SKU-%05d","name":"Garden chair no. %d, folding","quantity":%d,"price":"%d.95","gift":false,"tags":["garden","wood","sale"]}]`, i, i, i, i%9+1, i)
	}) + "]"
}

// sealed is the text of a closure of about n bytes.
func sealed(b *testing.B, c proxy.Config, n int) string {
	text, err := closure.SealNext(rand.Reader, c.Keys[0].Key, id, []byte(`0:["`+strings.Repeat("x", n*3/4)+`"]`+"\n"))
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// BenchmarkAdmit is the gate alone, without a connection: what a request costs
// beyond the proxy.
func BenchmarkAdmit(b *testing.B) {
	const textType, reply = "text/plain;charset=UTF-8", "multipart/form-data; boundary=b-0-b"
	c := proxy.Config{Keys: ring(b, 1)}
	text := `["` + strings.Repeat("x", 2000) + `"]`
	for _, bc := range []struct {
		name, contentType, body, origin string
		fetch                           bool
	}{
		{"page", "", "", "", false},
		{"text2k", textType, text, "https://" + site, true},
		{"dense2k", textType, "[" + dense(2<<10) + "]", "https://" + site, true},
		{"closure2k", reply, parts("1", `"`+sealed(b, c, 2000)+`"`, "0", `["$@1",7]`), "https://" + site, true},
		{"dense91k", reply, parts("1", dense(91<<10), "0", `["$Q1",7]`), "https://" + site, true},
		{"text91k", reply, parts("1", `"`+strings.Repeat("x ", 45_000)+`"`, "0", `[7,"$@1"]`), "https://" + site, true},
		{"form", formType, call, "https://" + site, false},
		{"refused", textType, text, "https://evil.example", true},
	} {
		b.Run(bc.name, func(b *testing.B) {
			g, _ := newGate(b, c)
			body := strings.NewReader("")
			r := httptest.NewRequest("POST", "/", nil)
			if bc.contentType == "" {
				r.Method = "GET"
			}
			w := connection{httptest.NewRecorder()}
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

// BenchmarkClosureParts is what of closure2k cannot be saved: the base64, the
// decryption, and finding the tokens of its JSON texts.
func BenchmarkClosureParts(b *testing.B) {
	c := proxy.Config{Keys: ring(b, 1)}
	keys, err := keyring.NewRing(c.Keys...)
	if err != nil {
		b.Fatal(err)
	}
	text := sealed(b, c, 2000)
	var plain []byte
	b.ReportAllocs()
	for b.Loop() {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			b.Fatal(err)
		}
		plain, _, _ = keys.Open(data, 1)
		for _, part := range [][]byte{[]byte(`"` + text + `"`), []byte(`["$@1",7]`), plain[bytes.IndexByte(plain, ':')+1:]} {
			tokens := jsontext.NewDecoder(bytes.NewBuffer(part))
			for err = error(nil); err == nil; _, err = tokens.ReadToken() {
			}
		}
	}
}
