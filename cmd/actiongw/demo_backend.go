package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

//go:embed demo
var demoFiles embed.FS

const (
	// demoCookie is the session; sealed values are bound to it.
	demoCookie = "actiongw_demo"

	demoBookSize = 50  // entries kept
	demoMaxName  = 40  // characters
	demoMaxText  = 280 // characters
)

// demoBackend is the guest book behind the gate: net/http, encoding/json, and
// nothing that knows React. It trusts what reaches it, as a backend may that
// only the gate can reach: calls come from its own pages, and with the values
// that it had sealed into them.
type demoBackend struct {
	site *demoSite // what is for the demo only
	keys demoSealer
	now  func() time.Time
	page *template.Template

	signed  atomic.Int64 // entries ever made
	mu      sync.Mutex
	guests  map[string]int // numbers of the visitors, by session
	entries []demoEntry    // newest first
}

// demoEntry is one entry of the guest book.
type demoEntry struct {
	ID      int    `json:"-"`
	Guest   int    `json:"guest"`
	Name    string `json:"name"`
	Message string `json:"message"`
	Time    string `json:"time"`
	// Remove are the hidden fields of the button that removes the entry. They
	// work for the guest who wrote it only.
	Remove []demoField `json:"remove"`
}

func newDemoBackend(site *demoSite, keys demoSealer, now func() time.Time) *demoBackend {
	return &demoBackend{
		site:   site,
		keys:   keys,
		now:    now,
		page:   template.Must(template.ParseFS(demoFiles, "demo/page.html")),
		guests: map[string]int{},
		entries: []demoEntry{{
			Name: "The backend", Message: "This entry was here before you came. Yours goes above it.", Time: now().Format("15:04"),
		}},
	}
}

// handler serves the guest book; only the gate is meant to dial it. The gate
// sends calls of an action to /_actions/ and its name, whatever page they were
// made on.
func (b *demoBackend) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { b.show(w, r, "") })
	mux.HandleFunc("POST /_actions/sign", b.sign)
	mux.HandleFunc("POST /_actions/remove", b.remove)
	return mux
}

// demoCall is a call as the gate sends it. A fetch call and a form without
// JavaScript look the same.
type demoCall struct {
	// Closure holds what the page has sealed: the guest's number for `sign`,
	// the entry's for `remove`.
	Closure []int `json:"closure"`
	// Args is the form; each field has a list of values.
	Args []struct {
		Name    []string `json:"name"`
		Message []string `json:"message"`
	} `json:"args"`
}

// readDemoCall reads a call, or answers that it cannot.
func readDemoCall(w http.ResponseWriter, r *http.Request) (call demoCall, ok bool) {
	if json.NewDecoder(r.Body).Decode(&call) == nil && len(call.Closure) == 1 && len(call.Args) == 1 {
		return call, true
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"title": "This is no call of the guest book's own pages"})
	return call, false
}

// wantsJSON tells a fetch call, for which the gate wants JSON, from a form,
// for which the browser wants a page.
func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

// sign adds an entry. A form ends in a redirect, so that loading the page again
// does not sign the book again.
func (b *demoBackend) sign(w http.ResponseWriter, r *http.Request) {
	call, ok := readDemoCall(w, r)
	if !ok {
		return
	}
	form := call.Args[0]
	entry, problem := b.add(r, call.Closure[0], strings.Join(form.Name, " "), strings.Join(form.Message, " "))
	switch {
	case wantsJSON(r) && problem != "":
		writeDemoJSON(w, map[string]any{"problem": problem})
	case wantsJSON(r):
		writeDemoJSON(w, map[string]any{"entry": entry})
	case problem != "":
		b.show(w, r, problem)
	default:
		http.Redirect(w, r, "/#book", http.StatusSeeOther)
	}
}

// add makes an entry, or says in a sentence why not.
func (b *demoBackend) add(r *http.Request, guest int, name, message string) (entry demoEntry, problem string) {
	name = strings.TrimSpace(name)
	message = strings.TrimSpace(strings.ReplaceAll(message, "\r\n", "\n"))
	switch {
	case name == "" || message == "":
		return entry, "Please write a name and a message."
	case utf8.RuneCountInString(name) > demoMaxName || utf8.RuneCountInString(message) > demoMaxText:
		return entry, "Please make it shorter."
	}
	entry = demoEntry{ID: int(b.signed.Add(1)), Guest: guest, Name: name, Message: message, Time: b.now().Format("15:04")}
	remove, err := b.keys.seal(r.Context(), demoSealRequest{Action: "remove", Values: []int{entry.ID}, Bind: demoSession(r)})
	if err != nil {
		return entry, "The gate did not seal the entry's button."
	}
	entry.Remove = remove.Fields

	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append([]demoEntry{entry}, b.entries...)
	b.entries = b.entries[:min(len(b.entries), demoBookSize)]
	return entry, ""
}

// remove removes an entry. Which one comes out of the closure: nobody can ask
// for another, or for one of somebody else.
func (b *demoBackend) remove(w http.ResponseWriter, r *http.Request) {
	call, ok := readDemoCall(w, r)
	if !ok {
		return
	}
	b.mu.Lock()
	b.entries = slices.DeleteFunc(b.entries, func(e demoEntry) bool { return e.ID == call.Closure[0] })
	b.mu.Unlock()
	if wantsJSON(r) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, "/#book", http.StatusSeeOther)
}

// show renders the page; problem is what was wrong with a form.
func (b *demoBackend) show(w http.ResponseWriter, r *http.Request, problem string) {
	guest, session := b.guest(w, r)
	sealed := map[string]demoSealed{}
	for name, request := range map[string]demoSealRequest{
		"Sign": {Action: "sign", Values: []int{guest}, Bind: session},
		// Two for the buttons that attack: one that is stale in a second, and
		// one of somebody else's page.
		"Stale":  {Action: "sign", Values: []int{guest}, Bind: session, TTL: 1},
		"Stolen": {Action: "sign", Values: []int{guest + 1}, Bind: rand.Text()},
	} {
		var err error
		if sealed[name], err = b.keys.seal(r.Context(), request); err != nil {
			http.Error(w, "The gate did not seal the page's form.", http.StatusBadGateway)
			return
		}
	}
	b.mu.Lock()
	entries := slices.Clone(b.entries)
	b.mu.Unlock()

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = b.page.Execute(w, map[string]any{ // an error here: the browser is gone
		"Site": b.site, "Guest": guest, "Sealed": sealed, "Entries": entries, "Problem": problem,
		"MaxName": demoMaxName, "MaxText": demoMaxText,
	})
}

// guest returns the visitor's number and session, and gives both to new ones.
func (b *demoBackend) guest(w http.ResponseWriter, r *http.Request) (number int, session string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	session = demoSession(r)
	if number, ok := b.guests[session]; ok {
		return number, session
	}
	session = rand.Text()
	b.guests[session] = len(b.guests) + 1
	// The demo has no TLS; a real site adds Secure.
	http.SetCookie(w, &http.Cookie{Name: demoCookie, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}) //nolint:gosec // see above
	return b.guests[session], session
}

// demoSession is the value of the visitor's cookie, empty without one.
func demoSession(r *http.Request) string {
	cookie, err := r.Cookie(demoCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// demoSealer asks the gate's handler actiongw_seal to seal values.
type demoSealer struct{ url, token string }

// demoSealRequest is what to seal: for which action, for which session, and
// for how many seconds, 0 for as long as the handler allows.
type demoSealRequest struct {
	Action string `json:"action"`
	Values []int  `json:"values"`
	Bind   string `json:"bind"`
	TTL    int    `json:"ttl,omitempty"`
}

// demoSealed is a sealed text, and the hidden fields of a form that calls the
// action with it.
type demoSealed struct {
	Sealed string      `json:"sealed"`
	Fields []demoField `json:"fields"`
}

// demoField is a hidden field of a form.
type demoField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (s demoSealer) seal(ctx context.Context, request demoSealRequest) (sealed demoSealed, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return sealed, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return sealed, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return sealed, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return sealed, fmt.Errorf("sealing for %s: %s", request.Action, response.Status)
	}
	return sealed, json.NewDecoder(response.Body).Decode(&sealed)
}

func writeDemoJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v)
}
