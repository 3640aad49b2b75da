package caddy

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/actiongw/actiongw/internal/assertion"
	"github.com/actiongw/actiongw/internal/keyring"
)

// signingKeys is a keyset of keys that sign, kept up to date with its file. The
// gates and the JWKS of one configuration share it, so that no gate signs with
// a key before the JWKS has it.
type signingKeys struct {
	file     string
	wrapping keyring.WrappingKey
	logger   *zap.Logger
	seen     fs.FileInfo
	current  atomic.Pointer[signing]
}

// signing is what was made of the file.
type signing struct {
	signer *assertion.Signer
	jwks   []byte
	etag   string
}

// signingKeys reads a keyset, or returns it when the configuration has already.
func (a *App) signingKeys(file string, wrapping keyring.WrappingKey) (*signingKeys, error) {
	if known := a.keysets[file]; known != nil {
		return known, nil
	}
	k := &signingKeys{file: file, wrapping: wrapping, logger: a.logger}
	if _, err := k.refresh(); err != nil {
		return nil, fmt.Errorf("keyset %s: %w", file, err)
	}
	a.keysets[file] = k
	go k.run(a.ctx)
	return k, nil
}

// signer returns the signer of the moment.
func (k *signingKeys) signer() *assertion.Signer { return k.current.Load().signer }

// refresh reads the file if it is another than last time. What fails leaves
// what was known.
func (k *signingKeys) refresh() (changed bool, err error) {
	info, err := os.Stat(k.file)
	if err != nil || isSame(k.seen, info) {
		return false, err
	}
	data, err := os.ReadFile(k.file)
	if err != nil {
		return false, err
	}
	k.seen = info
	// Without its notes, which only say which keys are pending: published are
	// those as well, and the primary key, which signs, is Tink's to know.
	set, err := keyring.ReadKeyset(keyring.Assertions, data, nil, k.wrapping)
	if err != nil {
		return false, err
	}
	made := &signing{}
	if made.signer, err = assertion.FromKeyset(set); err != nil {
		return false, err
	}
	if made.jwks, err = assertion.JWKS(set); err != nil {
		return false, err
	}
	digest := sha256.Sum256(made.jwks)
	made.etag = `"` + base64.RawURLEncoding.EncodeToString(digest[:12]) + `"` // 96 bits
	k.current.Store(made)
	return true, nil
}

// run keeps the keys up to date until the configuration goes.
func (k *signingKeys) run(ctx context.Context) { watch(ctx, k.look) }

// look refreshes the file once. What fails leaves what was known.
func (k *signingKeys) look() {
	changed, err := k.refresh()
	switch {
	case errors.Is(err, fs.ErrNotExist): // being replaced: it stays known
	case err != nil:
		k.logger.Error("a keyset cannot be read; the last good one stays in force", zap.String("file", k.file), zap.Error(err))
	case changed:
		k.logger.Info("keyset loaded", zap.String("file", k.file))
	}
}
