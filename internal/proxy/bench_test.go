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
func sealed(tb testing.TB, c proxy.Config, n int) string {
	text, err := closure.SealNext(rand.Reader, c.Keys[0].Key, id, []byte(`0:["`+strings.Repeat("x", n*3/4)+`"]`+"\n"))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// arrival is a request that arrives again and again. Empty contentType is a
// page.
type arrival struct {
	contentType, body, origin string
	fetch                     bool
}

// textType and replyType are the media types of calls.
const textType, replyType = "text/plain;charset=UTF-8", "multipart/form-data; boundary=b-0-b"

// closureCall is a call with a closure of 2 KB.
func closureCall(tb testing.TB, c proxy.Config) arrival {
	return arrival{replyType, parts("1", `"`+sealed(tb, c, 2000)+`"`, "0", `["$@1",7]`), "https://" + site, true}
}

// request is one that at fills in, and the body that at has it read.
func (a arrival) request() (*http.Request, *strings.Reader) {
	r := httptest.NewRequest("POST", "/", nil)
	if a.contentType == "" {
		r.Method = "GET"
	}
	return r, strings.NewReader("")
}

// at makes r what it is when it arrives.
func (a arrival) at(r *http.Request, body *strings.Reader) {
	body.Reset(a.body)
	r.Host, r.Body, r.ContentLength = site, io.NopCloser(body), int64(len(a.body))
	r.Header = http.Header{"User-Agent": {"x"}, "Accept": {"*/*"}, "Cookie": {"a=b"}}
	if a.contentType != "" {
		r.Header["Content-Type"], r.Header["Origin"] = []string{a.contentType}, []string{a.origin}
	}
	if a.fetch {
		r.Header["Next-Action"] = []string{id}
	}
}

// BenchmarkAdmit is the gate alone, without a connection: what a request costs
// beyond the proxy. "arrival" is what of the others is the benchmark itself.
func BenchmarkAdmit(b *testing.B) {
	c := proxy.Config{Keys: ring(b, 1)}
	text := `["` + strings.Repeat("x", 2000) + `"]`
	for _, bc := range []struct {
		name string
		arrival
	}{
		{"arrival", closureCall(b, c)},
		{"page", arrival{}},
		{"text2k", arrival{textType, text, "https://" + site, true}},
		{"dense2k", arrival{textType, "[" + dense(2<<10) + "]", "https://" + site, true}},
		{"closure2k", closureCall(b, c)},
		{"dense91k", arrival{replyType, parts("1", dense(91<<10), "0", `["$Q1",7]`), "https://" + site, true}},
		{"text91k", arrival{replyType, parts("1", `"`+strings.Repeat("x ", 45_000)+`"`, "0", `[7,"$@1"]`), "https://" + site, true}},
		{"form", arrival{formType, call, "https://" + site, false}},
		{"refused", arrival{textType, text, "https://evil.example", true}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			g, _ := newGate(b, c)
			r, body := bc.request()
			w := connection{httptest.NewRecorder()}
			b.ReportAllocs()
			for b.Loop() {
				bc.at(r, body)
				if bc.name == "arrival" {
					continue
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
