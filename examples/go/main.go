// An invoice app. Its actions are called through the gate only, as plain JSON.
package main

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"html/template"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
)

//go:embed page.html
var pageHTML string

// An app is everything there is, in memory.
type app struct {
	mu       sync.Mutex
	invoices []*invoice
	likes    int

	secret []byte
	gate   sealer
	page   *template.Template
}

func main() {
	secret := os.Getenv("ACTIONGW_SECRET")
	if secret == "" {
		log.Fatal("set ACTIONGW_SECRET to the secret of the gate's assertions")
	}
	a := &app{
		invoices: []*invoice{{ID: 1, Customer: "Ada", Amount: "12.50", Version: 1}},
		secret:   []byte(secret),
		gate:     sealer{cmp.Or(os.Getenv("ACTIONGW_SEAL"), "http://127.0.0.1:9080/"), os.Getenv("ACTIONGW_SEAL_TOKEN")},
		page:     template.Must(template.New("page").Parse(pageHTML)),
	}
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.render(w, r, http.StatusOK, "")
	})
	http.HandleFunc("POST /_actions/{name}", a.serveAction)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "3000"), nil))
}

func (a *app) serveAction(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<20)
	c, err := readCall(r, a.secret)
	if err != nil {
		http.Error(w, "Calls come through the gate.", http.StatusForbidden)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	done, err := a.act(c, r)
	if err != nil {
		log.Print(c.Action, ": ", err)
		http.Error(w, "It did not work.", http.StatusInternalServerError)
		return
	}
	if done.user != "" {
		http.SetCookie(w, &http.Cookie{Name: "user", Value: url.QueryEscape(done.user), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	// A browser without JavaScript shows what it gets; React's client wants the value.
	plain := strings.Contains(r.Header.Get("Accept"), "text/html")
	switch {
	case done.redirect != "":
		http.Redirect(w, r, done.redirect, http.StatusSeeOther)
	case plain && done.problem != "":
		a.render(w, r, http.StatusUnprocessableEntity, done.problem)
	case plain:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		answer(w, done)
	}
}

func answer(w http.ResponseWriter, done result) {
	if done.changed {
		w.Header().Set("Actiongw-Revalidate", "1")
	}
	w.Header().Set("Content-Type", "application/json")
	value := done.value
	if done.types != nil {
		w.Header().Set("Content-Type", "application/vnd.actiongw.result+json")
		value = map[string]any{"value": done.value, "types": done.types}
	}
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Print(err)
	}
}

// render writes the page: forms that work without JavaScript, and the same data
// as JSON for the client.
func (a *app) render(w http.ResponseWriter, r *http.Request, status int, problem string) {
	type shown struct {
		*invoice
		Publish string        `json:"publish,omitempty"`
		Fields  template.HTML `json:"-"`
	}
	var data struct {
		User     string  `json:"user"`
		Likes    int     `json:"likes"`
		Invoices []shown `json:"invoices"`
		Problem  string  `json:"-"`
	}
	if cookie, err := r.Cookie("user"); err == nil {
		data.User, _ = url.QueryUnescape(cookie.Value)
	}
	data.Likes, data.Problem = a.likes, problem
	for _, i := range a.invoices {
		next := shown{invoice: i}
		if !i.Published {
			seal, err := a.gate.seal("publish", i.ID, i.Version)
			if err != nil {
				log.Print(err)
				http.Error(w, "The page could not be made.", http.StatusInternalServerError)
				return
			}
			next.Publish, next.Fields = seal.Sealed, seal.HTML
		}
		data.Invoices = append(data.Invoices, next)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := a.page.Execute(w, data); err != nil {
		log.Print(err)
	}
}
