package main

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"io"
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
	// demoActionID names the one action of the guest book. The first two digits
	// say, as in Next.js, that it takes one argument; the rest is an arbitrary SHA-1.
	demoActionID = "40a9993e364706816aba3e25717850c26c9cd0d89d"

	demoBookSize = 50      // entries kept
	demoMaxName  = 40      // characters
	demoMaxText  = 280     // characters
	demoMaxBody  = 2 << 20 // bytes of a call; the gate stops at half of that
)

// demoBackend is the guest book behind the gate: plain net/http, and just
// enough of the server action protocol for a form and a fetch call. It trusts
// what reaches it, as a backend behind a gate may; the count of what did is
// shown on the page.
type demoBackend struct {
	gate, twin string // addresses of the gate and of the other site
	now        func() time.Time
	pages      *template.Template

	calls, uploads atomic.Int64

	mu      sync.Mutex
	entries []demoEntry // newest first
}

// demoEntry is one entry of the guest book.
type demoEntry struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	Time    string `json:"time"`
}

func newDemoBackend(gate, twin string, now func() time.Time) *demoBackend {
	b := &demoBackend{
		gate:  gate,
		twin:  twin,
		now:   now,
		pages: template.Must(template.ParseFS(demoFiles, "demo/*.html")),
	}
	b.sign("The backend", "This entry was here before you came. Yours goes above it.")
	return b
}

// handler serves the guest book; only the gate is meant to dial it.
func (b *demoBackend) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { b.write(w, "page.html", "") })
	mux.HandleFunc("POST /{$}", b.act)
	mux.HandleFunc("POST /upload", b.upload)
	mux.HandleFunc("GET /count", b.count)
	serveDemoFiles(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Whatever could run an action counts, also what this backend would
		// turn down: the page shows that refused calls never arrive at all.
		if r.Header["Next-Action"] != nil || (r.Method == http.MethodPost && r.URL.Path != "/upload") {
			b.calls.Add(1)
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

// twinHandler serves the evil twin: a page of another origin whose form posts
// to the guest book. It is not behind the gate.
func (b *demoBackend) twinHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { b.write(w, "twin.html", "") })
	serveDemoFiles(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; form-action "+b.gate+"; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

// serveDemoFiles adds what both sites show. The types are written out, since
// Go would ask the system, and not every system knows them.
func serveDemoFiles(mux *http.ServeMux) {
	for name, mediaType := range map[string]string{
		"style.css": "text/css; charset=utf-8",
		"app.js":    "text/javascript; charset=utf-8",
		"icon.svg":  "image/svg+xml",
	} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			http.ServeFileFS(w, r, demoFiles, "demo/"+name)
		})
	}
}

// act runs the action, as a fetch call or as a form post.
func (b *demoBackend) act(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, demoMaxBody)
	if id, ok := r.Header["Next-Action"]; ok {
		if len(id) != 1 || id[0] != demoActionID {
			w.Header().Set("X-Nextjs-Action-Not-Found", "1")
			http.Error(w, "Server action not found.", http.StatusNotFound)
			return
		}
		b.actOnFetch(w, r)
		return
	}
	b.actOnForm(w, r)
}

// actOnForm is the path without JavaScript. It ends in a redirect, so that
// loading the page again does not sign the book again.
func (b *demoBackend) actOnForm(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(demoMaxBody); err != nil {
		http.Error(w, "Invalid Server Action request.", http.StatusBadRequest)
		return
	}
	if _, ok := r.MultipartForm.Value["$ACTION_ID_"+demoActionID]; !ok {
		http.Error(w, "Invalid Server Action request.", http.StatusBadRequest)
		return
	}
	if _, problem := b.sign(r.PostFormValue("name"), r.PostFormValue("message")); problem != "" {
		b.write(w, "page.html", problem)
		return
	}
	http.Redirect(w, r, "/#book", http.StatusSeeOther)
}

// demoRootRow is row 0 of an answer: what a Next.js client, 15 or 16, expects
// around the result in row 1.
const demoRootRow = `0:{"a":"$@1","f":"","b":"","q":"","i":false}` + "\n"

// actOnFetch answers a call of app.js: arguments as a JSON array in, a result
// as a Flight row out.
func (b *demoBackend) actOnFetch(w http.ResponseWriter, r *http.Request) {
	type result struct {
		Entry   *demoEntry `json:"entry,omitempty"`
		Problem string     `json:"problem,omitempty"`
	}
	w.Header().Set("Content-Type", "text/x-component")
	w.Header().Set("Cache-Control", "no-store")

	var args []demoEntry
	if err := json.NewDecoder(r.Body).Decode(&args); err != nil || len(args) != 1 {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, demoRootRow+"1:E{\"digest\":\"arguments\"}\n")
		return
	}
	entry, problem := b.sign(unescapeReply(args[0].Name), unescapeReply(args[0].Message))
	answer := result{Problem: problem}
	if problem == "" {
		answer.Entry = &demoEntry{escapeFlight(entry.Name), escapeFlight(entry.Message), entry.Time}
	}
	row, _ := json.Marshal(answer) // strings only: cannot fail
	_, _ = io.WriteString(w, demoRootRow+"1:"+string(row)+"\n")
}

// escapeFlight writes s as a string of a Flight row, where a leading dollar
// sign would begin a reference.
func escapeFlight(s string) string {
	if strings.HasPrefix(s, "$") {
		return "$" + s
	}
	return s
}

// unescapeReply is the same rule in the other direction.
func unescapeReply(s string) string {
	if strings.HasPrefix(s, "$$") {
		return s[1:]
	}
	return s
}

// sign adds an entry, or says in a sentence what is wrong with it.
func (b *demoBackend) sign(name, message string) (entry demoEntry, problem string) {
	name = strings.TrimSpace(name)
	message = strings.TrimSpace(strings.ReplaceAll(message, "\r\n", "\n"))
	switch {
	case name == "" || message == "":
		return demoEntry{}, "Please write a name and a message."
	case utf8.RuneCountInString(name) > demoMaxName || utf8.RuneCountInString(message) > demoMaxText:
		return demoEntry{}, "Please make it shorter."
	}
	entry = demoEntry{name, message, b.now().Format("15:04")}

	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append([]demoEntry{entry}, b.entries...)
	b.entries = b.entries[:min(len(b.entries), demoBookSize)]
	return entry, ""
}

// upload reads the first file of a form and answers with its size and SHA-256,
// so that the page can tell whether the gate left it untouched.
func (b *demoBackend) upload(w http.ResponseWriter, r *http.Request) {
	b.uploads.Add(1)
	r.Body = http.MaxBytesReader(w, r.Body, 16<<20)
	parts, err := r.MultipartReader()
	if err != nil {
		http.Error(w, "A form with a file is expected here.", http.StatusBadRequest)
		return
	}
	part, err := parts.NextPart()
	if err != nil {
		http.Error(w, "The form has no file.", http.StatusBadRequest)
		return
	}
	sum := sha256.New()
	size, err := io.Copy(sum, part)
	if err != nil {
		http.Error(w, "The file did not arrive completely.", http.StatusBadRequest)
		return
	}
	writeDemoJSON(w, map[string]any{"bytes": size, "sha256": hex.EncodeToString(sum.Sum(nil))})
}

// count says what has reached the backend.
func (b *demoBackend) count(w http.ResponseWriter, _ *http.Request) {
	writeDemoJSON(w, map[string]int64{"calls": b.calls.Load(), "uploads": b.uploads.Load()})
}

func writeDemoJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v)
}

// write renders a page; problem is what was wrong with a form.
func (b *demoBackend) write(w http.ResponseWriter, page, problem string) {
	b.mu.Lock()
	entries := slices.Clone(b.entries)
	b.mu.Unlock()

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = b.pages.ExecuteTemplate(w, page, map[string]any{ // an error here: the browser is gone
		"Gate": b.gate, "Twin": b.twin, "Action": demoActionID, "Problem": problem,
		"Calls": b.calls.Load(), "Uploads": b.uploads.Load(), "Entries": entries,
		"MaxName": demoMaxName, "MaxText": demoMaxText,
	})
}
