package caddy

import (
	"fmt"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/actiongw/actiongw/internal/keyring"
)

// The environment from which keys come that the configuration does not name.
// Each has a twin with _FILE behind it, the path of a file that holds the text.
const (
	envKey      = "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY"
	envPrevious = "ACTIONGW_PREVIOUS_KEYS"
)

// readKeys collects the keys that open closures, the current one first, and
// forgets their text: exported fields can end up in logs.
func (h *Handler) readKeys(repl *caddy.Replacer) ([]keyring.Entry, error) {
	current, previous, disabled := []string{h.Key}, h.PreviousKeys, h.DisabledKeys
	h.Key, h.PreviousKeys, h.DisabledKeys = "", nil, nil
	currentFrom, previousFrom := "key", "previous_keys"
	if current[0] == "" {
		text, err := FromEnvironment(envKey)
		if err != nil {
			return nil, err
		}
		current[0], currentFrom = text, envKey
	}
	if len(previous) == 0 {
		text, err := FromEnvironment(envPrevious)
		if err != nil {
			return nil, err
		}
		previousFrom = envPrevious
		previous = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
	}
	var entries []keyring.Entry
	for _, group := range []struct {
		from  string
		texts []string
		state keyring.State
	}{{currentFrom, current, keyring.Primary}, {previousFrom, previous, keyring.Enabled}, {"disabled_keys", disabled, keyring.Disabled}} {
		for i, text := range group.texts {
			if text == "" {
				continue // no key at all: closures pass unchecked
			}
			key, err := readKey(repl, text)
			if err != nil {
				return nil, fmt.Errorf("%s, number %d: %w", group.from, i+1, err)
			}
			entries = append(entries, keyring.Entry{Key: key, State: group.state})
		}
	}
	return entries, nil
}

// readKey expands placeholders and reads the key. A placeholder that stands
// for nothing is an error: a gate without its key would let closures pass.
func readKey(repl *caddy.Replacer, text string) (keyring.Key, error) {
	expanded, err := repl.ReplaceOrErr(text, true, true)
	if err != nil {
		return keyring.Key{}, err
	}
	return keyring.ParseNextKey(expanded)
}

// FromEnvironment returns a variable, or the contents of the file that its
// _FILE twin names, less one line end. Both at once is a mistake.
func FromEnvironment(name string) (string, error) {
	text, file := os.Getenv(name), os.Getenv(name+"_FILE")
	switch {
	case file == "":
		return text, nil
	case text != "":
		return "", fmt.Errorf("%s and %s_FILE are both set: keep one", name, name)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	if strings.TrimSpace(string(data)) == "" {
		return "", fmt.Errorf("%s_FILE: the file is empty", name)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}
