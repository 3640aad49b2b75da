package caddy

import (
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"

	"github.com/actiongw/actiongw/internal/keyring"
)

// EnvWrappingKey is the environment variable of the key that keysets are
// encrypted with. Its twin with _FILE behind it names a file.
const EnvWrappingKey = "ACTIONGW_WRAPPING_KEY"

// readWrappingKey reads the key that keysets are encrypted with, from the text
// of an option or else from the environment.
func readWrappingKey(repl *caddy.Replacer, text string) (keyring.WrappingKey, error) {
	text, err := repl.ReplaceOrErr(text, true, true)
	if err == nil && text == "" {
		text, err = fromEnvironment(EnvWrappingKey)
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
