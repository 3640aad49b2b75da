package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	gwcaddy "github.com/actiongw/actiongw/caddy"
	"github.com/actiongw/actiongw/internal/keyring"
)

// readWrapping reads the wrapping key from the file that the flag names, or from
// the environment.
func readWrapping(cmd *cobra.Command) (keyring.WrappingKey, error) {
	file, _ := cmd.Flags().GetString("wrapping-key-file")
	data, from := "", file
	if file != "" {
		read, err := os.ReadFile(file)
		if err != nil {
			return keyring.WrappingKey{}, err
		}
		data = string(read)
	} else {
		var err error
		from = gwcaddy.EnvWrappingKey
		if data, err = gwcaddy.FromEnvironment(from); err != nil {
			return keyring.WrappingKey{}, err
		}
		if data == "" {
			return keyring.WrappingKey{}, errors.New("--wrapping-key-file is required, or " + from + ": the key that the keyset is encrypted with; `actiongw keys generate --kind wrapping` makes one")
		}
	}
	wrapping, err := keyring.ParseWrappingKey([]byte(data))
	if err != nil {
		return wrapping, fmt.Errorf("%s: %w", from, err)
	}
	return wrapping, nil
}

// readKeyset reads a keyset of any purpose and the notes beside it.
func readKeyset(file string, wrapping keyring.WrappingKey) (keyring.Keyset, error) {
	var failure error
	for _, purpose := range keyring.Purposes() {
		set, err := gwcaddy.ReadKeyset(purpose, file, wrapping)
		if err == nil {
			return set, nil
		}
		failure = err
	}
	return keyring.Keyset{}, failure
}

// openKeyset reads the keyset that a command names, and the key that it is
// encrypted with.
func openKeyset(cmd *cobra.Command, file string) (keyring.Keyset, keyring.WrappingKey, error) {
	wrapping, err := readWrapping(cmd)
	if err != nil {
		return keyring.Keyset{}, wrapping, err
	}
	set, err := readKeyset(file, wrapping)
	return set, wrapping, err
}

// createKeyset writes a new keyset and the notes beside it.
func createKeyset(file string, set keyring.Keyset, wrapping keyring.WrappingKey) error {
	data, err := set.Encrypted(wrapping, keyring.JSON)
	if err != nil {
		return err
	}
	if err := createFile(file, data); err != nil {
		return err
	}
	return replaceFile(gwcaddy.NotesFile(file), set.Notes())
}

// replaceKeyset writes a keyset in place of the one that is there.
func replaceKeyset(file string, set keyring.Keyset, wrapping keyring.WrappingKey) error {
	data, err := set.Encrypted(wrapping, keyring.JSON)
	if err != nil {
		return err
	}
	// Notes first: they may know a key that is not there, but a pending key
	// without its note would seal at once.
	if err := replaceFile(gwcaddy.NotesFile(file), set.Notes()); err != nil {
		return err
	}
	return replaceFile(file, data)
}

// createFile writes a secret to a file that is not there yet and that nobody
// but its owner can read.
func createFile(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already and is not written over: choose another name, or move it away", name)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(name) // half a key is none
	}
	return err
}

// replaceFile puts a new file in the place of another in one step, so that
// nobody reads half of it and a full disk leaves the old one.
func replaceFile(name string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // fails once it has been renamed
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
