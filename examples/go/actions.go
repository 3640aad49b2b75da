package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

type invoice struct {
	ID        int      `json:"id"`
	Customer  string   `json:"customer"`
	Amount    string   `json:"amount"`
	Version   int      `json:"version"`
	Published bool     `json:"published"`
	Receipt   *receipt `json:"receipt"`
}

type receipt struct {
	Name   string `json:"name"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
}

// A result is what the caller of an action gets: a value, and its types if JSON
// has no word for one; whether the page has changed; a problem for the person
// who sent a form without JavaScript.
type result struct {
	value    any
	types    map[string]string
	changed  bool
	problem  string
	user     string // signs in
	redirect string
}

var amountForm = regexp.MustCompile(`^[0-9]{1,7}\.[0-9]{2}$`)

func (a *app) createInvoice(c *call) (result, error) {
	// React's useActionState puts the previous state in front.
	var form url.Values
	if err := c.arg(-1, &form); err != nil {
		return result{}, err
	}
	customer, amount := form.Get("customer"), form.Get("amount")
	errs := map[string]string{}
	if strings.TrimSpace(customer) == "" {
		errs["customer"] = "Who gets the invoice?"
	}
	if !amountForm.MatchString(amount) {
		errs["amount"] = "Write the amount like 12.50."
	}
	if len(errs) > 0 {
		values := map[string]string{"customer": customer, "amount": amount}
		return result{
			value:   map[string]any{"errors": errs, "values": values},
			problem: strings.TrimSpace(errs["customer"] + " " + errs["amount"]),
		}, nil
	}
	id := len(a.invoices) + 1
	a.invoices = append(a.invoices, &invoice{ID: id, Customer: customer, Amount: amount, Version: 1})
	return result{value: map[string]int{"created": id}, changed: true}, nil
}

// What the page showed comes back sealed: nobody can publish what they have
// not seen.
func (a *app) publish(c *call) (result, error) {
	id, version := c.Closure[0], c.Closure[1]
	shown := a.find(id)
	if shown.Version != version {
		problem := fmt.Sprintf("Invoice %d has changed since you loaded this page. Load it again and look.", id)
		return result{value: map[string]string{"error": problem}, problem: problem}, nil
	}
	shown.Published = true
	shown.Version++
	return result{value: map[string]int{"published": id}, changed: true}, nil
}

func (a *app) attachReceipt(c *call, r *http.Request) (result, error) {
	var id int
	var form struct {
		Receipt []struct {
			Name, Part string
			Size       int
		}
	}
	if err := errors.Join(c.arg(0, &id), c.arg(1, &form)); err != nil {
		return result{}, err
	}
	shown := a.find(id)
	if shown == nil || len(form.Receipt) == 0 || form.Receipt[0].Size == 0 {
		return result{value: map[string]string{"error": "Choose a file."}, problem: "Choose a file."}, nil
	}
	file, _, err := r.FormFile(form.Receipt[0].Part)
	if err != nil {
		return result{}, err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return result{}, err
	}
	digest := sha256.Sum256(content)
	shown.Receipt = &receipt{form.Receipt[0].Name, len(content), hex.EncodeToString(digest[:])}
	shown.Version++
	return result{value: shown.Receipt, changed: true}, nil
}

func (a *app) like() (result, error) {
	a.likes++
	return result{
		value: map[string]any{"count": a.likes, "at": time.Now()},
		types: map[string]string{"/value/at": "Date"},
	}, nil
}

func (a *app) signIn(c *call) (result, error) {
	var form url.Values
	err := c.arg(0, &form)
	return result{user: form.Get("user"), redirect: "/?welcome"}, err
}

func (a *app) find(id int) *invoice {
	for _, candidate := range a.invoices {
		if candidate.ID == id {
			return candidate
		}
	}
	return nil
}

// act runs a call's action.
func (a *app) act(c *call, r *http.Request) (result, error) {
	switch c.Action {
	case "createInvoice":
		return a.createInvoice(c)
	case "publish":
		return a.publish(c)
	case "attachReceipt":
		return a.attachReceipt(c, r)
	case "like":
		return a.like()
	case "signIn":
		return a.signIn(c)
	default: // also "fail"; the text is for our log only
		return result{}, errors.New("the printer is on fire")
	}
}
