//go:build e2e

package formparsers

import (
	"bytes"
	"io"
	"net/http/httptest"
	"testing"
	"testing/iotest"

	"github.com/actiongw/actiongw/internal/proxy"
)

// verdict tells whether the gate lets a POST with this Content-Type and body,
// and without the action header, pass as something that is not a call: when it
// holds the whole body, or when it has to let it stream.
func verdict(t testing.TB, contentType string, body []byte) (passes bool) {
	t.Helper()
	return admits(t, proxy.Config{}, contentType, body) ||
		admits(t, proxy.Config{MaxBody: 1}, contentType, body)
}

func admits(t testing.TB, config proxy.Config, contentType string, body []byte) bool {
	t.Helper()
	gate, err := proxy.New(config)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", iotest.OneByteReader(bytes.NewReader(body)))
	r.Header.Set("Content-Type", contentType)
	d := gate.Admit(r, proxy.Peer{Writer: httptest.NewRecorder()})
	defer d.Release(true)
	_, err = io.Copy(io.Discard, r.Body)
	return d.Verdict == proxy.Pass && d.Late() == nil && err == nil
}
