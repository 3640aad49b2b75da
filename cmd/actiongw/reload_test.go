package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// reload gives a running gate another Caddyfile through its admin endpoint.
func reload(t *testing.T, admin, file string) (status int, body string) {
	t.Helper()
	config, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var response *http.Response
	// The admin endpoint itself starts anew with every configuration, and may
	// close a connection unread.
	for range 5 {
		if response, err = http.Post("http://"+admin+"/load", "text/caddyfile", bytes.NewReader(config)); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// TestReloadUnderLoadLosesNoRequest changes the configuration ten times while
// calls keep coming and one is half sent, and then tries a broken one. Every
// call is answered and reaches the backend once. Connections that are opened
// in the very moment may be closed unread: Go's server does not answer what it
// has not yet read when it shuts down, and clients then try again.
func TestReloadUnderLoadLosesNoRequest(t *testing.T) {
	up := startUpstream(t)
	admin := unusedAddress(t)
	g := startGate(t, "admin "+admin, "actiongw\n"+up.proxy())

	slow, err := net.Dial("tcp", g.address)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	_ = slow.SetDeadline(time.Now().Add(patience))
	call := fetchCall()
	_, _ = slow.Write(call[:len(call)-3])
	for deadline := time.Now().Add(patience); strings.Contains(scrape(t, admin), "actiongw_memory_bytes 0\n"); {
		if time.Now().After(deadline) {
			t.Fatal("the gate has not begun with the slow call")
		}
	}

	var stop atomic.Bool
	var sent atomic.Int64
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for !stop.Load() {
				switch got := send(t, g.address, call, false); got.status {
				case http.StatusOK:
					sent.Add(1)
				case 0: // closed without a byte of an answer
				default:
					t.Errorf("a call during reload: %d %s", got.status, got.body)
				}
			}
		})
	}
	file := t.TempDir() + "/Caddyfile"
	for i := range 10 {
		writeConfig(t, file, g.address, "admin "+admin, fmt.Sprintf("actiongw {\nmax_body %dKiB\n}\n%s", 100+i, up.proxy()))
		if status, body := reload(t, admin, file); status != http.StatusOK {
			t.Fatalf("reload %d: %d %s", i, status, body)
		}
	}
	writeConfig(t, file, g.address, "admin "+admin, "actiongw {\norigins *\n}\n"+up.proxy())
	if status, body := reload(t, admin, file); status == http.StatusOK || !strings.Contains(body, "wildcard alone") {
		t.Errorf("a broken configuration was taken: %d %s", status, body)
	}
	stop.Store(true)
	senders.Wait()
	if reached := int64(len(up.take())); sent.Load() < 10 || reached != sent.Load() {
		t.Errorf("%d calls were answered, and %d reached the backend", sent.Load(), reached)
	}

	_, _ = slow.Write(call[len(call)-3:])
	if got := read(slow, "POST"); got.status != http.StatusOK {
		t.Errorf("the call that was half sent: %d %s", got.status, got.body)
	}
	// The last good configuration serves, and counts.
	if got := send(t, g.address, message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain"}, strings.Repeat("x", 110<<10)), false); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("the new limit is not in force: %d", got.status)
	}
	metrics := scrape(t, admin)
	for _, line := range []string{
		`actiongw_calls_total{kind="fetch",reason="body_too_large",verdict="refuse"} 1`,
		"actiongw_memory_bytes 0",
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("no %s in the metrics:\n%s", line, metrics)
		}
	}
}

// scrape reads our metrics.
func scrape(t *testing.T, admin string) string {
	t.Helper()
	response, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	var ours strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "actiongw_") {
			ours.WriteString(line)
		}
	}
	return ours.String()
}

// TestErrorRouteMayReadTheBody: a backend that is down is stood in for by one
// in an error route, with the whole body.
func TestErrorRouteMayReadTheBody(t *testing.T) {
	up := startUpstream(t)
	g := startGate(t, "", "actiongw\nreverse_proxy "+unusedAddress(t)+"\nhandle_errors {\nactiongw\n"+up.proxy()+"\n}")
	text := []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://" + site}
	form := []string{"Content-Type: " + formType, "Origin: http://" + site}
	file := `--B|Content-Disposition: form-data; name="f"; filename="f"||`
	for is, raw := range map[string][]byte{
		"a small call":      message("POST", text, "[]"),
		"a call":            message("POST", text, `["`+strings.Repeat("x", 50<<10)+`"]`),
		"a form action":     message("POST", form, "--B|"+selector+"||x|"+file+strings.Repeat("x", 50<<10)+"|--B--|"),
		"an upload":         message("POST", form, file+strings.Repeat("x", 50<<10)+"|--B--|"),
		"a streamed upload": message("POST", form, file+strings.Repeat("x", 2<<20)+"|--B--|"),
	} {
		_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		got, seen := send(t, g.address, raw, false), up.take()
		if got.status == 0 || len(seen) != 1 || seen[0].body != string(body) || seen[0].err != nil {
			t.Errorf("%s: status %d %s, the backend saw %d requests", is, got.status, got.body, len(seen))
		}
	}
}
