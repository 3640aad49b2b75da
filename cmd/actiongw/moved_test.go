package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestOneActionAtATime: behind the gate of a Next.js app a second gate takes
// the calls of an action that has moved to a JSON backend, and no others.
func TestOneActionAtATime(t *testing.T) {
	moved, _ := recorded(t, "c_str")
	stays, _ := recorded(t, "a_one")
	next := startUpstream(t)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(backend.Close)
	g := startGate(t, "", `log
		actiongw {
			manifest `+thisBuild+`
		}
		@moved vars {http.actiongw.action_id} `+moved.ActionID+`
		handle @moved {
			actiongw {
				backend json
				manifest `+thisBuild+`
			}
			reverse_proxy `+backend.Listener.Addr().String()+`
		}
		handle {
			`+next.proxy()+`
		}`)

	got := send(t, g.address, moved.Request.Raw(), false)
	if got.status != 200 || !strings.Contains(got.body, `"closure":["`) || len(next.take()) != 0 {
		t.Errorf("the call that has moved: %d %s", got.status, got.body)
	}
	g.log.await(t, "the call that has moved", func(line map[string]any) bool { return line["actiongw_outcome"] == "result" })
	for line := range strings.Lines(g.log.text()) {
		if n := strings.Count(line, `"actiongw_verdict"`); n > 1 {
			t.Errorf("the verdict stands %d times in one line: %s", n, line)
		}
	}

	got = send(t, g.address, stays.Request.Raw(), false)
	if seen := next.take(); got.status != 200 || len(seen) != 1 || seen[0].body != string(stays.Request.Body) {
		t.Errorf("the call that stays: %d, Next.js saw %+v", got.status, seen)
	}

	// The backend's path is no way around the gates.
	send(t, g.address, []byte("POST /_actions/x HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\n{}"), false)
	if seen := next.take(); len(seen) != 1 || seen[0].target != "/_actions/x" {
		t.Errorf("a call made by hand did not end at Next.js: %+v", seen)
	}
}
