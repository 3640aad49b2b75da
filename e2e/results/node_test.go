//go:build e2e

// Package results puts translated answers before the clients that they are
// for: the reducers of server actions of Next.js 14, 15 and 16 as they are
// shipped, and the client of bare React, over real connections.
package results

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/proxy"

	"github.com/actiongw/actiongw/e2e/program"
)

// clients are those that call.mjs knows, and what they are to the gate.
var clients = map[string]jsoncall.Client{
	"next16": jsoncall.Next,
	"next15": jsoncall.Next,
	"next14": jsoncall.Next14,
	"react":  jsoncall.React,
}

const digest = "ABCDEFGHIJKLM"

// seen is what a client makes of an answer.
type seen struct {
	// Value is tagged JSON, empty while there is no result.
	Value string
	Error *struct{ Message, Digest string }
	// Page is what becomes of the page, nil for nothing. A hard change is one
	// that the browser loads.
	Page *struct {
		URL  string
		Hard bool
	}
	// Redirect and Revalidate are what an app of bare React finds in the header.
	Redirect, Revalidate string
}

// A site is a page whose actions a backend serves behind the gate's
// translation, and a client that has loaded it.
type site struct {
	url string
	in  io.Writer
	out *bufio.Reader
}

// open starts a client. Its calls go to what backend returns for their path.
func open(t *testing.T, name string, backend func(path string) http.HandlerFunc) *site {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { backend(r.URL.Path)(w, r) }))
	t.Cleanup(upstream.Close)
	target, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr := proxy.Translation{Client: clients[name], Digest: func() string { return digest }}
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report := tr.Serve(w, r, func(w http.ResponseWriter, r *http.Request) (err error) {
			through := httputil.NewSingleHostReverseProxy(target)
			through.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, e error) { err = e }
			through.ServeHTTP(w, r)
			return err
		})
		if report.Broken {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(gate.Close)
	s := &site{url: gate.URL}
	s.load(t, name)
	return s
}

// load starts call.mjs, after it has installed the packages of ../react if they
// are missing.
func (s *site) load(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat("../react/node_modules"); err != nil {
		program.Run(t, "../react", "npm", "install", "--no-package-lock", "--no-audit", "--no-fund")
	}
	_, s.in, s.out = program.Talk(t, "node", "call.mjs", name)
}

// call calls an action from the page at a path and query.
func (s *site) call(t *testing.T, path string) seen {
	t.Helper()
	line, err := json.Marshal(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	answer, err := s.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("%s: call.mjs gave no answer: %v", path, err)
	}
	var got seen
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatalf("%s: call.mjs said %.200q: %v", path, answer, err)
	}
	return got
}

// respond is a backend that answers with one text.
func respond(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// with is a backend that sends a header besides.
func with(name, value string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		next(w, r)
	}
}

func short(s string) string {
	if len(s) > 300 {
		return s[:300] + strings.Repeat(".", 3)
	}
	return s
}
