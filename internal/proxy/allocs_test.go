//go:build !race

package proxy_test

import (
	"net/http/httptest"
	"testing"

	"github.com/actiongw/actiongw/internal/proxy"
)

// TestClosureCallsAllocateLittle: what is needed for one call is kept for the
// next. The race detector makes pools forget, so it is not for that.
func TestClosureCallsAllocateLittle(t *testing.T) {
	c := proxy.Config{Keys: ring(t, 1)}
	g, _ := newGate(t, c)
	a, w := closureCall(t, c), connection{httptest.NewRecorder()}
	r, body := a.request()
	arriving := testing.AllocsPerRun(100, func() { a.at(r, body) })
	all := testing.AllocsPerRun(100, func() {
		a.at(r, body)
		d := g.Admit(r, proxy.Peer{Writer: w})
		if d.Refusal != nil || len(d.Keys) != 1 {
			t.Fatal(d.Refusal)
		}
		d.Release(true)
	})
	// What the call takes along; the texts of its closure, sealed and open, and the
	// values around them.
	if n := all - arriving; n > 8 {
		t.Errorf("%v allocations, want at most 8", n)
	}
}
