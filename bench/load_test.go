//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

func is200(status int) bool { return status == 200 }

// drive sends a request to h over a few connections for a moment.
func drive(t *testing.T, h http.HandlerFunc, request []byte) (*generator, error) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return driveTo(t, s.Listener.Addr().(*net.TCPAddr).Port, request)
}

func driveTo(t *testing.T, port int, request []byte) (*generator, error) {
	t.Helper()
	g, err := newGenerator(port, 3, request, is200)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	if err := g.run(t.Context(), time.Time{}); err != nil {
		return g, err
	}
	if g.requests != 3 {
		t.Errorf("%d requests in a run without time, want one for each connection", g.requests)
	}
	return g, g.run(t.Context(), time.Now().Add(50*time.Millisecond))
}

func TestGenerator(t *testing.T) {
	chunked := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for range 3 {
			io.WriteString(w, "piece")
			w.(http.Flusher).Flush()
		}
	}
	plain := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "ok")
	}
	closing := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		plain(w, r)
	}
	early := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }
	tests := []struct {
		about   string
		handler http.HandlerFunc
		request []byte
		closes  bool
	}{
		{"a small response", plain, get(), false},
		{"a large request", plain, post("/", upload(4<<20), sameOrigin), false},
		{"a response in chunks", chunked, get(), false},
		{"a server that closes each connection", closing, get(), true},
		{"a server that answers before it has read the request", early, post("/", upload(8<<20), sameOrigin), true},
	}
	for _, tt := range tests {
		g, err := drive(t, tt.handler, tt.request)
		if err != nil {
			t.Errorf("%s: %v", tt.about, err)
			continue
		}
		if g.requests < 3 || g.times.count != g.requests || g.times.quantile(.5) <= 0 {
			t.Errorf("%s: %d requests, %d latencies", tt.about, g.requests, g.times.count)
		}
		if closes := g.closed > 0; closes != tt.closes {
			t.Errorf("%s: %d connections opened anew", tt.about, g.closed)
		}
	}
}

func TestGeneratorReportsUnexpectedStatus(t *testing.T) {
	_, err := drive(t, func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no way", 403) }, get())
	var unexpected *unexpectedStatus
	if !errors.As(err, &unexpected) || unexpected.status != 403 {
		t.Errorf("got %v", err)
	}
}

func TestGeneratorReportsCutResponse(t *testing.T) {
	_, err := drive(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "short")
	}, get())
	if err == nil {
		t.Error("no error")
	}
}

func TestGeneratorStops(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer s.Close()
	g, err := newGenerator(s.Listener.Addr().(*net.TCPAddr).Port, 1, get(), is200)
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := g.run(ctx, time.Now().Add(time.Minute)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestUpstream(t *testing.T) {
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { failed <- serveUpstream(ports[0]) }() // ends with the test binary
	for range 100 {
		if c, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: ports[0]}); err == nil {
			c.Close()
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, w := range workloads {
		if g, err := driveTo(t, ports[0], w.request); err != nil || g.requests < 3 {
			t.Errorf("%s: %d requests, error %v", w.name, g.requests, err)
		}
	}
	select {
	case err := <-failed:
		t.Errorf("the upstream ended: %v", err)
	default:
	}
}

func TestCPUTime(t *testing.T) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Millisecond); time.Now().Before(until); {
	}
	after, err := cpuTime(os.Getpid())
	if err != nil || after-before < 5*time.Millisecond || after-before > time.Second {
		t.Errorf("20 ms of work took %v of CPU time, error %v", after-before, err)
	}
}
