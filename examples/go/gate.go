package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A call is what the gate forwards as JSON.
type call struct {
	Action  string
	Closure []int             // what the page had sealed; here always numbers
	Args    []json.RawMessage // each action knows what it takes
}

// arg reads argument i, counted from the end if it is negative.
func (c *call) arg(i int, to any) error {
	if i < 0 {
		i += len(c.Args)
	}
	if i < 0 || i >= len(c.Args) {
		return errors.New("an argument is missing")
	}
	return json.Unmarshal(c.Args[i], to)
}

// claims is what the gate signs. The library checks the registered ones.
type claims struct {
	jwt.RegisteredClaims
	Actiongw struct {
		Version    int    `json:"v"`
		Method     string `json:"method"`
		Target     string `json:"target"`
		BodySHA256 string `json:"body_sha256"`
	} `json:"actiongw"`
}

// readCall returns the call in a request. It fails if the request is not from
// the gate exactly as it is. Files are in r.MultipartForm.
func readCall(r *http.Request, secret []byte) (*call, error) {
	var said claims
	token, err := jwt.ParseWithClaims(r.Header.Get("Actiongw-Assertion"), &said,
		func(*jwt.Token) (any, error) { return secret, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("actiongw"), jwt.WithAudience("invoices"),
		jwt.WithExpirationRequired(), jwt.WithLeeway(5*time.Second))
	if err != nil {
		return nil, err
	}
	if token.Header["typ"] != "actiongw-assertion+jwt" {
		return nil, errors.New("this JWT is not an assertion")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(body)
	about := said.Actiongw
	if about.Version != 1 || about.Method != r.Method || about.Target != r.RequestURI ||
		about.BodySHA256 != hex.EncodeToString(digest[:]) {
		return nil, errors.New("the assertion is about another request")
	}

	if r.Header.Get("Content-Type") != "application/json" {
		// With files the call is one part of a form, and each file another.
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := r.ParseMultipartForm(int64(len(body))); err != nil {
			return nil, err
		}
		body = []byte(r.MultipartForm.Value["call"][0])
	}
	c := new(call)
	return c, json.Unmarshal(body, c)
}

// sealed is a text that only the gate can read, and a form's fields with it.
type sealed struct {
	Sealed string
	HTML   template.HTML
}

// A sealer has the gate seal values for an action.
type sealer struct{ url, token string }

func (s sealer) seal(action string, values ...any) (out sealed, err error) {
	body, err := json.Marshal(map[string]any{"action": action, "values": values})
	if err != nil {
		return out, err
	}
	r, err := http.NewRequest(http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	r.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return out, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return out, fmt.Errorf("the gate does not seal: %s", answer.Status)
	}
	return out, json.NewDecoder(answer.Body).Decode(&out)
}
