package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/keyring"
)

// notesOf is the file beside a keyset that holds what Tink does not keep.
func notesOf(keyset string) string { return keyset + ".notes" }

// readWrapping reads the wrapping key that the flag names.
func readWrapping(cmd *cobra.Command) (keyring.WrappingKey, error) {
	file, _ := cmd.Flags().GetString("wrapping-key-file")
	if file == "" {
		return keyring.WrappingKey{}, errors.New("--wrapping-key-file is required: the file of the key that the keyset is encrypted with; `actiongw keys generate --kind wrapping` makes one")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return keyring.WrappingKey{}, err
	}
	wrapping, err := keyring.ParseWrappingKey(data)
	if err != nil {
		return wrapping, fmt.Errorf("%s: %w", file, err)
	}
	return wrapping, nil
}

// readKeyset reads a keyset of any purpose and the notes beside it.
func readKeyset(file string, wrapping keyring.WrappingKey) (keyring.Keyset, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return keyring.Keyset{}, err
	}
	noted, err := os.ReadFile(notesOf(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return keyring.Keyset{}, err
	}
	var failure error
	for _, purpose := range keyring.Purposes() {
		set, err := keyring.ReadKeyset(purpose, data, noted, wrapping)
		if err == nil {
			return set, nil
		}
		failure = err
	}
	return keyring.Keyset{}, fmt.Errorf("%s: %w", file, failure)
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
	return replaceFile(notesOf(file), set.Notes())
}

// replaceKeyset writes a keyset in place of the one that is there.
func replaceKeyset(file string, set keyring.Keyset, wrapping keyring.WrappingKey) error {
	data, err := set.Encrypted(wrapping, keyring.JSON)
	if err != nil {
		return err
	}
	// Notes first: they may know a key that is not there, but a pending key
	// without its note would seal at once.
	if err := replaceFile(notesOf(file), set.Notes()); err != nil {
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
