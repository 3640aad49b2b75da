//go:build e2e

package strangler_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// backend is what the actions have moved to. It knows neither React nor
// Next.js. The pages of the app ask it for data, as they would after a move.
type backend struct {
	*httptest.Server
	actions map[string]func(http.ResponseWriter, call)

	mu     sync.Mutex
	calls  []string // in their order: action, kind, closure and arguments
	left   int      // in stock
	orders []string
}

// call is what the gate makes of a call.
type call struct {
	Closure json.RawMessage   `json:"closure"`
	Args    []json.RawMessage `json:"args"`
	Types   json.RawMessage   `json:"types"`
}

func startBackend(t *testing.T) *backend {
	b := &backend{left: 3}
	b.actions = map[string]func(http.ResponseWriter, call){
		"app/actions.js#stock":     b.stock,
		"app/actions.js#quote":     b.quote,
		"app/actions.js#order":     b.order,
		"app/actions.js#subscribe": b.subscribe,
		"app/actions.js#thank":     b.thank,
		"app/actions.js#report":    b.report,
		"app/actions.js#signIn":    b.signIn,
		"app/actions.js#restock":   b.restock,
		"app/actions.js#cancel":    b.cancel,
		"app/actions.js#find":      b.find,
		"app/page.jsx#inline-0":    b.buy,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_actions/{name}", b.serve)
	mux.HandleFunc("GET /stock", func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		fmt.Fprint(w, b.left)
	})
	mux.HandleFunc("GET /reports/7", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, "text/html", "<!doctype html><h1>Report of the backend</h1>")
	})
	b.Server = httptest.NewServer(mux)
	t.Cleanup(b.Close)
	return b
}

// serve takes a call. To React's client the action answers; a form without
// JavaScript wants a page, and gets a redirect to one.
func (b *backend) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	var c call
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kind, act := "fetch", b.actions[name]
	if !strings.Contains(r.Header.Get("Accept"), "application/json") {
		kind, act = "form", b.subscribe
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	args, _ := json.Marshal(c.Args)
	b.calls = append(b.calls, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", name, kind, c.Closure, args, c.Types)))
	if act == nil {
		http.Error(w, "no such action", http.StatusNotImplemented)
		return
	}
	act(w, c)
}

// take returns the calls since the last time.
func (b *backend) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := slices.Clone(b.calls)
	b.calls = nil
	return calls
}

func (b *backend) stock(w http.ResponseWriter, _ call) {
	answer(w, "application/json", fmt.Sprintf(`{"item":"tea","note":"$1 a bag","left":%d}`, b.left))
}

func (b *backend) quote(w http.ResponseWriter, c call) {
	answer(w, "application/vnd.actiongw.result+json", `{
		"value": {"until": "2026-02-01T00:00:00Z", "options": `+string(c.Args[1])+`},
		"types": {"/value/until": "Date", "/value/options": "Map"}
	}`)
}

// order has the previous state as its first argument (useActionState).
func (b *backend) order(w http.ResponseWriter, c call) {
	var form struct{ Item, Amount []string }
	if err := json.Unmarshal(c.Args[1], &form); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.orders = append(b.orders, form.Item[0]+" "+form.Amount[0])
	state, _ := json.Marshal(map[string]any{"orders": b.orders})
	answer(w, "application/json", string(state))
}

// buy is an inline action, which has captured a price.
func (b *backend) buy(w http.ResponseWriter, c call) {
	answer(w, "application/json", fmt.Sprintf(`{"closure":%s,"args":[%s]}`, c.Closure, c.Args[0]))
}

func (b *backend) subscribe(w http.ResponseWriter, _ call) { redirect(w, "/thanks?by=Go") }

func (b *backend) thank(w http.ResponseWriter, _ call) {
	w.Header().Set("Actiongw-Revalidate", "1")
	redirect(w, "/thanks?by=Go")
}

func (b *backend) report(w http.ResponseWriter, _ call) { redirect(w, "/reports/7") }

func (b *backend) signIn(w http.ResponseWriter, c call) {
	http.SetCookie(w, &http.Cookie{Name: "user", Value: strings.Trim(string(c.Args[0]), `"`), Path: "/", HttpOnly: true})
	w.Header().Set("Actiongw-Revalidate", "1")
	w.WriteHeader(http.StatusNoContent)
}

func (b *backend) restock(w http.ResponseWriter, _ call) {
	b.left += 10
	w.Header().Set("Actiongw-Revalidate", "1")
	answer(w, "application/json", `"more tea"`)
}

func (b *backend) cancel(w http.ResponseWriter, _ call) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusConflict)
	_, _ = io.WriteString(w, `{"title":"The order has shipped"}`)
}

func (b *backend) find(w http.ResponseWriter, _ call) { w.WriteHeader(http.StatusNotFound) }

func answer(w http.ResponseWriter, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(w, body)
}

func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
}
