package main

import (
	"crypto/rand"
	"path/filepath"
	"time"

	"github.com/actiongw/actiongw/internal/keyring"
)

// demoKeys are the files of the keys that the demo's closures are sealed with.
type demoKeys struct{ keyset, wrapping string }

// writeDemoKeys makes new keys and writes them to a directory, as
// `actiongw keys generate` does.
func writeDemoKeys(dir string) (demoKeys, error) {
	files := demoKeys{filepath.Join(dir, "demo.keyset"), filepath.Join(dir, "wrapping.json")}
	now := time.Now().Unix()
	text, err := keyring.InsecureGenerateCleartextWrappingKey(rand.Reader, now)
	if err != nil {
		return files, err
	}
	wrapping, err := keyring.ParseWrappingKey(text)
	if err != nil {
		return files, err
	}
	set, err := keyring.Generate(keyring.OwnClosures, rand.Reader, now)
	if err != nil {
		return files, err
	}
	if err := createKeyset(files.keyset, set, wrapping); err != nil {
		return files, err
	}
	return files, createFile(files.wrapping, text)
}
