package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/actiongw/actiongw/e2e/assertion/verifier"
)

// verifying is a backend that verifies every call with the keys that it has
// fetched once: a fresh one stands for one whose copy of the keys has expired.
type verifying struct {
	*httptest.Server
	by               atomic.Pointer[verifier.Verifier]
	verified, failed atomic.Int64
	lastKey          atomic.Value // the head of the last assertion, which names its key
}

func startVerifying(t *testing.T) *verifying {
	u := &verifying{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client went away
		}
		assertion := r.Header.Get("Actiongw-Assertion")
		if _, err := u.by.Load().Verify(assertion, r.Method, r.RequestURI, body); err != nil {
			u.failed.Add(1)
			t.Errorf("an assertion was not verified: %v", err)
			return
		}
		head, _, _ := strings.Cut(assertion, ".")
		u.lastKey.Store(head)
		u.verified.Add(1)
	}))
	t.Cleanup(u.Close)
	return u
}

// TestSigningKeysRotateUnderLoad: three keys follow each other while calls keep
// coming, by reload and by the file alone, and no call fails to be verified.
// Each new key is published, fetched, and promoted; a backend that still has
// only the keys from before a promotion knows both.
func TestSigningKeysRotateUnderLoad(t *testing.T) {
	file, wrapping, set, wrappingKey := signingKeyset(t)
	up, admin := startVerifying(t), unusedAddress(t)
	config := func(i int) string {
		return fmt.Sprintf("actiongw_jwks /jwks.json %[1]s {\nwrapping_key {file.%[2]s}\n}\nactiongw {\nmax_body %[3]dKiB\nassertion {\naudience orders\nkeyset %[1]s\n}\nwrapping_key {file.%[2]s}\n}\nreverse_proxy %[4]s",
			file, wrapping, 100+i, up.Listener.Addr())
	}
	g := startGate(t, "admin "+admin, config(0))
	caddyfile := t.TempDir() + "/Caddyfile"
	// publish writes the keyset and has the gate take it up: every third time
	// by a reload, and else by itself, which takes it a second.
	publishes := 0
	publish := func() {
		t.Helper()
		if err := replaceKeyset(file, set, wrappingKey); err != nil {
			t.Fatal(err)
		}
		if publishes++; publishes%3 != 0 {
			return
		}
		writeConfig(t, caddyfile, g.address, "admin "+admin, config(publishes))
		if status, body := reload(t, admin, caddyfile); status != http.StatusOK {
			t.Fatalf("reload: %d %s", status, body)
		}
	}
	await := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) || t.Failed() {
				t.Fatalf("waiting for %s: %d calls verified, %d failed; the gate's log:\n%s", what, up.verified.Load(), up.failed.Load(), g.log.text())
			}
		}
	}
	published := func() string {
		response, err := http.Get("http://" + g.address + "/jwks.json")
		if err != nil {
			return "" // closed unread by a reload
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return string(text)
	}
	fetch := func() {
		up.by.Store(&verifier.Verifier{Issuer: "actiongw", Audience: "orders", JWKS: "http://" + g.address + "/jwks.json", Leeway: 5 * time.Second})
	}
	more := func() {
		t.Helper()
		want := up.verified.Load() + 20
		await("more calls", func() bool { return up.verified.Load() >= want })
	}

	fetch()
	var stop atomic.Bool
	var senders sync.WaitGroup
	defer senders.Wait()
	defer stop.Store(true)
	for range 3 {
		senders.Go(func() {
			for !stop.Load() {
				send(t, g.address, fetchCall(), false)
			}
		})
	}
	more()
	for i := range 3 {
		before, old := up.lastKey.Load(), set.List()[i].ID
		next, added, err := set.Add(rand.Reader, time.Now().Unix())
		if err != nil {
			t.Fatal(err)
		}
		set = next
		known := published()
		publish()
		await("the new key", func() bool { now := published(); return now != "" && now != known })
		fetch()
		more()
		if up.lastKey.Load() != before {
			t.Error("a pending key signs")
		}
		if set, err = set.Promote(added); err != nil {
			t.Fatal(err)
		}
		publish()
		await("the promoted key to sign", func() bool { return up.lastKey.Load() != before })
		more()
		if set, err = set.Disable(old); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	senders.Wait()
	if up.failed.Load() > 0 || up.verified.Load() < 100 {
		t.Errorf("%d calls verified, %d failed", up.verified.Load(), up.failed.Load())
	}
	t.Logf("%d calls verified over 3 rotations, %d failed", up.verified.Load(), up.failed.Load())
}

// TestABrokenKeysetLeavesTheLastGoodOne in force.
func TestABrokenKeysetLeavesTheLastGoodOne(t *testing.T) {
	file, wrapping, _, _ := signingKeyset(t)
	up := startVerifying(t)
	g := startGate(t, "", "actiongw_jwks /jwks.json "+file+" {\nwrapping_key {file."+wrapping+"}\n}\nactiongw {\nassertion {\naudience orders\nkeyset "+file+"\n}\nwrapping_key {file."+wrapping+"}\n}\nreverse_proxy "+up.Listener.Addr().String())
	if err := replaceFile(file, []byte(`{"encryptedKeyset":"`+strings.Repeat("A", 99)+`"}`)); err != nil {
		t.Fatal(err)
	}
	g.log.await(t, "the broken keyset", func(line map[string]any) bool {
		return line["level"] == "error" && line["file"] == file && strings.Contains(fmt.Sprint(line["msg"]), "the last good one stays in force")
	})
	up.by.Store(&verifier.Verifier{Issuer: "actiongw", Audience: "orders", JWKS: "http://" + g.address + "/jwks.json", Leeway: 5 * time.Second})
	if got := send(t, g.address, fetchCall(), false); got.status != http.StatusOK || up.verified.Load() != 1 {
		t.Errorf("%d %s", got.status, got.body)
	}
}
