package caddy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/proxy"
)

// EnvWrappingKey is the environment variable of the key that keysets are
// encrypted with. Its twin with _FILE behind it names a file.
const EnvWrappingKey = "ACTIONGW_WRAPPING_KEY"

// Closures says which closures of actiongw's own layout the gate opens.
type Closures struct {
	// The path of the keyset that they are sealed with.
	Keyset string `json:"keyset,omitempty"`
	// The name of this site. It must be that for which they were sealed.
	// Placeholders are expanded at start.
	Audience string `json:"audience,omitempty"`
	// The name of the cookie that they may be bound to, such as that of the
	// session. Default: none; those that are bound are refused.
	Cookie string `json:"cookie,omitempty"`
}

// unmarshalClosures reads `closures <keyset file> { … }`.
func (h *Handler) unmarshalClosures(d *caddyfile.Dispenser) error {
	file, err := value(d)
	if err != nil {
		return err
	}
	h.Closures = &Closures{Keyset: file}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		if seen[name] {
			return d.Errf("%s is set twice", name)
		}
		seen[name] = true
		switch name {
		case "audience":
			h.Closures.Audience, err = value(d)
		case "cookie":
			h.Closures.Cookie, err = value(d)
		default:
			err = d.Errf("unknown option %q of closures: want audience or cookie", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkKeysets looks at what can be said without the files.
func (h *Handler) checkKeysets() error {
	if err := checkWrappingKey(h.WrappingKey); err != nil {
		return err
	}
	switch c := h.Closures; {
	case h.WrappingKey != "" && !h.usesKeysets():
		return errors.New("wrapping_key is for keysets, and there is none: neither next_keyset nor closures is set, nor keyset in assertion")
	case c == nil:
	case c.Keyset == "":
		return errors.New("closures wants the file of a keyset; `actiongw keys generate --kind keyset` makes one")
	case c.Audience == "":
		return errors.New("closures wants an audience, the name that this site's closures are sealed for, such as shop.example.com")
	case strings.ContainsAny(c.Cookie, " \t;=,\""):
		return fmt.Errorf("cookie %q: want the name of one cookie", c.Cookie)
	}
	return nil
}

// usesKeysets reports whether any option names the file of a keyset.
func (h *Handler) usesKeysets() bool {
	return h.NextKeyset != "" || h.Closures != nil || h.Assertion != nil && h.Assertion.Keyset != ""
}

// readKeysets reads the files of the keysets.
func (h *Handler) readKeysets(repl *caddy.Replacer, app *App, config *proxy.Config) error {
	if !h.usesKeysets() {
		return nil
	}
	wrapping, err := readWrappingKey(repl, h.WrappingKey)
	if err != nil {
		return err
	}
	if h.NextKeyset != "" {
		if err := h.readNextKeyset(repl, wrapping, config); err != nil {
			return fmt.Errorf("next_keyset: %w", err)
		}
	}
	if h.Closures != nil {
		if config.Closures, err = h.Closures.read(repl, wrapping); err != nil {
			return fmt.Errorf("closures: %w", err)
		}
	}
	if h.Assertion != nil && h.Assertion.Keyset != "" {
		keys, err := app.signingKeys(h.Assertion.Keyset, wrapping)
		if err != nil {
			return fmt.Errorf("assertion: %w", err)
		}
		config.Assertion.Signer = keys.signer
	}
	return nil
}

// checkWrappingKey refuses what is no placeholder. The key itself would be read
// as one, and stand in the error; the path of its file would be read as the key.
func checkWrappingKey(text string) error {
	if text != "" && (!strings.HasPrefix(text, "{") || strings.Contains(text, `"`)) {
		return errors.New("wrapping_key wants a placeholder, such as {file./run/secrets/wrapping.json} or {env.NAME}, and not the key itself or the path alone")
	}
	return nil
}

// unmarshalWrappingKey reads `wrapping_key <text>`.
func unmarshalWrappingKey(d *caddyfile.Dispenser, to *string) error {
	if err := single(d, to); err != nil {
		return err
	}
	return at(d, checkWrappingKey(*to))
}

// readWrappingKey returns the key that an option wrapping_key stands for, or
// that of the environment if it is empty.
func readWrappingKey(repl *caddy.Replacer, text string) (keyring.WrappingKey, error) {
	if err := checkWrappingKey(text); err != nil {
		return keyring.WrappingKey{}, err
	}
	text, err := repl.ReplaceOrErr(text, true, true)
	if err == nil && text == "" {
		text, err = FromEnvironment(EnvWrappingKey)
	}
	if err == nil && text == "" {
		err = errors.New("keysets are encrypted, and nothing says with which key: set it to {file.PATH} of the file that `actiongw keys generate --kind wrapping` makes, or set " + EnvWrappingKey + " or its _FILE twin")
	}
	if err != nil {
		return keyring.WrappingKey{}, fmt.Errorf("wrapping_key: %w", err)
	}
	wrapping, err := keyring.ParseWrappingKey([]byte(text))
	if err != nil {
		return wrapping, fmt.Errorf("wrapping_key: %w", err)
	}
	return wrapping, nil
}

// readNextKeyset adds the keys of a keyset to those that are configured one by
// one. The gate only opens: where there is a key, that one is what the app seals
// with, and the keyset's primary key is one more that opens.
func (h *Handler) readNextKeyset(repl *caddy.Replacer, wrapping keyring.WrappingKey, config *proxy.Config) error {
	set, err := readKeyset(repl, keyring.NextClosures, h.NextKeyset, wrapping)
	if err != nil {
		return err
	}
	entries, err := set.NextEntries()
	if err != nil {
		return err
	}
	hasPrimary := len(config.Keys) > 0 && config.Keys[0].State == keyring.Primary
	for _, e := range entries {
		if hasPrimary && e.State == keyring.Primary {
			e.State = keyring.Enabled
		}
		config.Keys = append(config.Keys, e)
	}
	return nil
}

func (c *Closures) read(repl *caddy.Replacer, wrapping keyring.WrappingKey) (proxy.OwnClosures, error) {
	audience, err := repl.ReplaceOrErr(c.Audience, true, true)
	if err != nil {
		return proxy.OwnClosures{}, fmt.Errorf("audience: %w", err)
	}
	set, err := readKeyset(repl, keyring.OwnClosures, c.Keyset, wrapping)
	if err != nil {
		return proxy.OwnClosures{}, err
	}
	keys, err := set.Own()
	return proxy.OwnClosures{Keys: keys, Audience: audience, Cookie: c.Cookie}, err
}

func readKeyset(repl *caddy.Replacer, purpose keyring.Purpose, file string, wrapping keyring.WrappingKey) (keyring.Keyset, error) {
	file, err := repl.ReplaceOrErr(file, true, true)
	if err != nil {
		return keyring.Keyset{}, err
	}
	return ReadKeyset(purpose, file, wrapping)
}

// NotesFile is the file beside a keyset that holds what Tink does not keep.
func NotesFile(keyset string) string { return keyset + ".notes" }

// ReadKeyset reads the keyset in a file and the notes beside it, which may be
// missing.
func ReadKeyset(purpose keyring.Purpose, file string, wrapping keyring.WrappingKey) (keyring.Keyset, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return keyring.Keyset{}, err
	}
	noted, err := os.ReadFile(NotesFile(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return keyring.Keyset{}, err
	}
	set, err := keyring.ReadKeyset(purpose, data, noted, wrapping)
	if err != nil {
		return set, fmt.Errorf("%s: %w", file, err)
	}
	return set, nil
}
