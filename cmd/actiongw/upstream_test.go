package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// upstream is a backend that remembers what reaches it.
type upstream struct {
	*httptest.Server
	mu   sync.Mutex
	seen []received
}

// received is one request as the backend got it.
type received struct {
	method, target, host string
	header, trailer      http.Header
	body                 string
	length               int64
	err                  error // of reading the body: a broken request
}

// startUpstream is a backend that speaks React's formats.
func startUpstream(t testing.TB) *upstream {
	return startUpstreamWith(t, "text/x-component", "0:{}\n")
}

// startUpstreamWith is a backend that gives everybody the same answer.
func startUpstreamWith(t testing.TB, mediaType, answer string) *upstream {
	u := &upstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body strings.Builder
		_, err := io.Copy(&body, r.Body)
		u.mu.Lock()
		u.seen = append(u.seen, received{r.Method, r.RequestURI, r.Host, r.Header, r.Trailer, body.String(), r.ContentLength, err})
		u.mu.Unlock()
		w.Header().Set("Content-Type", mediaType)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(u.Close)
	return u
}

// proxy is the Caddyfile line that sends requests here.
func (u *upstream) proxy() string { return "reverse_proxy " + u.Listener.Addr().String() }

// take returns what has arrived since the last call.
func (u *upstream) take() []received {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := u.seen
	u.seen = nil
	return seen
}
