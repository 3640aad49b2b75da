package caddy

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reply"
)

const (
	// defaultSealTTL is as long as people leave a page open and still expect
	// its buttons to work.
	defaultSealTTL = 24 * time.Hour
	// maxSealBody is some thousand captured values; what a page captures is a
	// handful.
	maxSealBody = 64 << 10
)

// Seal seals captured values for backends that render pages. It answers
//
//	POST {"action": "publish", "values": ["v41"], "ttl": 3600, "bind": "<cookie's value>"}
//
// with the sealed text, the hidden fields of a form without JavaScript, and
// the same as HTML:
//
//	{"sealed": "ag1.…", "fields": [{"name": "…", "value": "…"}], "html": "<input …>"}
//
// `ttl`, in seconds, and `bind` may be missing. The site for which it seals is
// a setting and never the caller's to say.
//
// Whoever may ask can seal anything, so it answers over a Unix socket, on a
// loopback address, or to a bearer token, and never to what came from a browser
// or through a proxy.
type Seal struct {
	// The path of the keyset to seal with, that of the gate's `closures`.
	// Required.
	Keyset string `json:"keyset,omitempty"`

	// The name of this site, that of the gate's `closures`. Required.
	Audience string `json:"audience,omitempty"`

	// The key that the keyset is encrypted with; a placeholder such as
	// `{file.PATH}`. Default: as for the gate.
	WrappingKey string `json:"wrapping_key,omitempty"`

	// The bearer token to ask for; usually a placeholder such as
	// `{file.PATH}`. Default: none, and then only loopback addresses and Unix
	// sockets are answered on.
	Token string `json:"token,omitempty"`

	// How long closures open, unless the caller asks for less.
	// Default: 24h.
	TTL caddy.Duration `json:"ttl,omitempty"`

	keys     keyring.OwnKeys
	audience string
	// token is the hash of "Bearer <token>", nil without a token.
	token []byte
}

// CaddyModule returns the Caddy module information.
func (Seal) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.actiongw_seal",
		New: func() caddy.Module { return new(Seal) },
	}
}

// Provision reads the keyset, and forgets the token.
func (s *Seal) Provision(caddy.Context) error {
	repl := caddy.NewReplacer()
	token := s.Token
	s.Token = ""
	switch {
	case s.Keyset == "":
		return errors.New("actiongw_seal wants the file of a keyset; `actiongw keys generate --kind keyset` makes one")
	case s.Audience == "":
		return errors.New("actiongw_seal wants an audience, the same as in the gate's closures")
	// Closures know whole seconds.
	case s.TTL != 0 && time.Duration(s.TTL) < time.Second:
		return errors.New("ttl is less than a second: want a duration such as 24h")
	}
	if token != "" {
		expanded, err := repl.ReplaceOrErr(token, true, true)
		if err != nil {
			return fmt.Errorf("token: %w", err)
		}
		if len(expanded) < minToken {
			return fmt.Errorf("token: want at least %d characters, such as `openssl rand -hex 32` prints", minToken)
		}
		s.token = hashToken("Bearer " + strings.TrimSpace(expanded))
	}
	wrapping, err := readWrappingKey(repl, s.WrappingKey)
	if err != nil {
		return err
	}
	own, err := (&Closures{Keyset: s.Keyset, Audience: s.Audience}).read(repl, wrapping)
	s.keys, s.audience = own.Keys, own.Audience
	return err
}

// minToken is what 128 random bits take in base64.
const minToken = 22

func hashToken(header string) []byte {
	sum := sha256.Sum256([]byte(header))
	return sum[:]
}

// sealRequest is what a backend asks for.
type sealRequest struct {
	Action string          `json:"action"`
	Values json.RawMessage `json:"values"`
	TTL    int64           `json:"ttl"`
	Bind   json.RawMessage `json:"bind"`
}

// ServeHTTP seals.
func (s *Seal) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	w.Header().Set("Cache-Control", "no-store")
	if status, problem := s.refuse(r); problem != "" {
		return sealProblem(w, status, problem)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSealBody))
	if err != nil {
		return sealProblem(w, http.StatusRequestEntityTooLarge, "the request is longer than 64 KiB or broke off")
	}
	sealed, id, err := s.seal(body, time.Now())
	if err != nil {
		return sealProblem(w, http.StatusBadRequest, err.Error())
	}
	return writeSealed(w, sealed, reply.HiddenFields(id, sealed))
}

// refuse says why a caller gets nothing sealed, empty if it does.
func (s *Seal) refuse(r *http.Request) (status int, problem string) {
	for name := range r.Header {
		// A browser never sends Sec-Fetch-Mode alone; Node's fetch does. nginx adds
		// no header by itself, and this one in most configurations.
		if name == "Origin" || name == "Forwarded" || name == "Via" || name == "X-Real-Ip" ||
			strings.HasPrefix(name, "Sec-Fetch-") && name != "Sec-Fetch-Mode" || strings.HasPrefix(name, "X-Forwarded-") {
			return http.StatusForbidden, "this is for backends, and the request came from a browser or through a proxy"
		}
	}
	switch {
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "want POST"
	case s.token == nil && !isLocal(r):
		return http.StatusForbidden, "without a token, sealing works over a Unix socket or on a loopback address only"
	case s.token != nil && subtle.ConstantTimeCompare(s.token, hashToken(r.Header.Get("Authorization"))) != 1:
		return http.StatusUnauthorized, "want the header Authorization: Bearer <token>"
	}
	return 0, ""
}

// isLocal reports whether a request arrived where only this machine can send.
func isLocal(r *http.Request) bool {
	switch address := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return address.IP.IsLoopback()
	}
	return false
}

// seal reads a request and seals. Errors repeat nothing of it.
func (s *Seal) seal(body []byte, now time.Time) (sealed, id string, err error) {
	var q sealRequest
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&q) != nil || decoder.More() {
		return "", "", errors.New(`want {"action": "<name>", "values": [...]}, and if need be "ttl" in seconds and "bind"`)
	}
	ttl := time.Duration(s.TTL)
	if ttl == 0 {
		ttl = defaultSealTTL
	}
	if _, ok := action.React.ParseID(q.Action); !ok {
		return "", "", errors.New("action is not the name or id of an action")
	}
	if q.TTL < 0 || q.TTL > int64(ttl/time.Second) {
		return "", "", errors.New("ttl wants seconds, at most those of the setting ttl")
	}
	if q.TTL > 0 {
		ttl = time.Duration(q.TTL) * time.Second
	}
	c := closure.Own{Issued: now.Unix(), Expires: now.Add(ttl).Unix(), Values: q.Values}
	if q.Bind != nil {
		var cookie string
		// A session that is missing must not come out as a closure for everybody.
		if json.Unmarshal(q.Bind, &cookie) != nil || cookie == "" {
			return "", "", errors.New("bind wants the value of the cookie; leave it out for a closure that everybody may use")
		}
		c.Binding = closure.Bind(cookie)
	}
	if _, err := c.Captured(); err != nil {
		return "", "", fmt.Errorf("values: %w", err)
	}
	sealed, err = closure.SealOwn(s.keys, closure.Scope{Audience: s.audience, ActionID: q.Action}, c)
	return sealed, q.Action, err
}

func writeSealed(w http.ResponseWriter, sealed string, hidden []reply.HiddenField) error {
	type field struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	answer := struct {
		Sealed string  `json:"sealed"`
		Fields []field `json:"fields"`
		HTML   string  `json:"html"`
	}{Sealed: sealed}
	for _, f := range hidden {
		answer.Fields = append(answer.Fields, field{f.Name, f.Value})
		answer.HTML += `<input type="hidden" name="` + html.EscapeString(f.Name) + `" value="` + html.EscapeString(f.Value) + `">`
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(answer)
}

// sealProblem answers a backend's mistake (RFC 9457).
func sealProblem(w http.ResponseWriter, status int, detail string) error {
	w.Header().Set("Content-Type", "application/problem+json")
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{"Nothing was sealed", status, detail})
}

func parseSeal(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Seal)
	return handler, handler.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	actiongw_seal [<matcher>] {
//		keyset       <file>
//		audience     <name>
//		wrapping_key <text>
//		token        <text>
//		ttl          <duration>
//	}
func (s *Seal) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("actiongw_seal takes a matcher and a block; %q belongs into the block, behind keyset", d.Val())
	}
	for d.NextBlock(0) {
		var err error
		switch d.Val() {
		case "keyset":
			err = single(d, &s.Keyset)
		case "audience":
			err = single(d, &s.Audience)
		case "wrapping_key":
			err = unmarshalWrappingKey(d, &s.WrappingKey)
		case "token":
			err = single(d, &s.Token)
		case "ttl":
			err = duration(d, &s.TTL)
		default:
			err = d.Errf("unknown option %q of actiongw_seal: want keyset, audience, wrapping_key, token or ttl", d.Val())
		}
		if err != nil {
			return err
		}
	}
	return nil
}
