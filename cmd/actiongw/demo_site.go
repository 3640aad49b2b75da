package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// demoMaxShown is how many bytes of a call the page shows; those of its own
// forms are shorter.
const demoMaxShown = 2000

// demoSite is what makes a demo of the guest book: the page's files, an upload
// that is no call, the evil twin, and what the page shows of the gate's work.
type demoSite struct {
	Gate, Twin     string // addresses of the gate and of the other site
	Calls, Uploads atomic.Int64
	score          *demoScore
	last           atomic.Pointer[string] // the last call, as the backend got it
}

// Decisions are the gate's latest, newest first.
func (s *demoSite) Decisions() []demoLine { return s.score.decisions() }

// Last is the last call, as the backend got it.
func (s *demoSite) Last() string {
	if last := s.last.Load(); last != nil {
		return *last
	}
	return ""
}

// around serves the guest book and what the demo adds to it.
func (s *demoSite) around(book http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", book)
	mux.HandleFunc("POST /upload", s.upload)
	mux.HandleFunc("GET /state", s.state)
	serveDemoFiles(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Whatever could run an action counts, also what this backend would
		// turn down: the page shows that refused calls never arrive at all.
		if r.Header["Rsc-Action"] != nil || (r.Method == http.MethodPost && r.URL.Path != "/upload") {
			s.Calls.Add(1)
			if strings.HasPrefix(r.URL.Path, "/_actions/") {
				s.keep(r)
			}
		}
		secureDemo(w, "'self'")
		mux.ServeHTTP(w, r)
	})
}

// keep remembers the body of a call, which the gate has limited, and puts it
// back.
func (s *demoSite) keep(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	last := strings.ToValidUTF8(string(body[:min(len(body), demoMaxShown)]), "?")
	s.last.Store(&last)
}

// secureDemo adds the headers of all pages; formAction is where forms may post.
func secureDemo(w http.ResponseWriter, formAction string) {
	w.Header().Set("Content-Security-Policy", "default-src 'self'; form-action "+formAction+"; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

// twinHandler serves the evil twin: a page of another origin whose form posts
// to the guest book. It is not behind the gate.
func (s *demoSite) twinHandler() http.Handler {
	page := template.Must(template.ParseFS(demoFiles, "demo/twin.html"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, s) // an error here: the browser is gone
	})
	serveDemoFiles(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secureDemo(w, s.Gate)
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

// upload reads the first file of a form and answers with its size and SHA-256,
// so that the page can tell whether the gate left it untouched.
func (s *demoSite) upload(w http.ResponseWriter, r *http.Request) {
	s.Uploads.Add(1)
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

// state is what the page asks for every second.
func (s *demoSite) state(w http.ResponseWriter, _ *http.Request) {
	writeDemoJSON(w, map[string]any{
		"calls": s.Calls.Load(), "uploads": s.Uploads.Load(), "decisions": s.Decisions(), "last": s.Last(),
	})
}
