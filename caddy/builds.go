package caddy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/actiongw/actiongw/internal/manifest"
)

// Manifest is one build of the app: its `server-reference-manifest.json`.
type Manifest struct {
	// The path of the file, in `.next/server/` of the app. It is read again
	// when it changes; a broken one leaves what was known.
	File string `json:"file,omitempty"`
	// The deployment id of the build, if the app sets one.
	Deployment string `json:"deployment,omitempty"`
}

// unmarshalManifest reads `manifest <file> [<deployment>]`.
func (h *Handler) unmarshalManifest(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 1 && len(args) != 2 {
		return d.Errf("manifest wants a file and perhaps a deployment id, not %d values", len(args))
	}
	m := Manifest{File: args[0]}
	if len(args) == 2 {
		m.Deployment = args[1]
	}
	h.Manifests = append(h.Manifests, m)
	return nil
}

// watchInterval is how often manifests are looked at. A deployment takes
// seconds, and a look is one system call for each file.
const watchInterval = time.Second

// watched is the manifests of one gate, and what is known of their files.
type watched struct {
	handler *Handler
	set     manifest.Set
	seen    map[string]fs.FileInfo
}

// loadBuilds reads the manifests for the first time. A file that is not there
// yet is no error, because `next dev` writes it with the first page; one that
// cannot be read as a manifest is.
func (h *Handler) loadBuilds() (*watched, error) {
	w := &watched{handler: h, seen: map[string]fs.FileInfo{}}
	var builds []manifest.Build
	for _, m := range h.Manifests {
		builds = append(builds, manifest.Build{Name: m.File, Deployment: m.Deployment})
	}
	var err error
	if w.set, err = manifest.NewSet(builds...); err != nil {
		return nil, err
	}
	for _, m := range h.Manifests {
		_, err := w.refresh(m.File)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			h.logger.Warn("a manifest is not there yet: until it is, unknown action ids pass to the app", zap.String("file", m.File))
		case err != nil:
			return nil, err
		}
	}
	if err := h.gate.SetBuilds(w.set); err != nil {
		return nil, err
	}
	w.warn()
	return w, nil
}

// refresh reads a file if it is another than last time.
func (w *watched) refresh(file string) (changed bool, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	if isSame(w.seen[file], info) {
		return false, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	w.seen[file] = info
	set, err := manifest.Replace(w.set, file, data)
	if err != nil {
		return false, err
	}
	w.set = set
	return true, nil
}

// isSame reports whether a file looks as it did before, if it was there.
func isSame(old, now fs.FileInfo) bool {
	return old != nil && old.ModTime().Equal(now.ModTime()) && old.Size() == now.Size() && os.SameFile(old, now)
}

// run keeps the gate up to date until the configuration goes.
func (w *watched) run(ctx context.Context) { watch(ctx, w.look) }

// watch looks again and again until the configuration goes.
func watch(ctx context.Context, look func()) {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			look()
		}
	}
}

// look refreshes every file once. What fails leaves what was known.
func (w *watched) look() {
	logger, before := w.handler.logger, w.set
	for _, m := range w.handler.Manifests {
		changed, err := w.refresh(m.File)
		switch {
		case errors.Is(err, fs.ErrNotExist): // being replaced, or gone with its build: it stays known
		case err != nil:
			logger.Error("a manifest cannot be read; the last good one stays in force", zap.String("file", m.File), zap.Error(err))
		case changed:
			if err := w.handler.gate.SetBuilds(w.set); err != nil {
				w.set = before
				logger.Error("a manifest does not fit; the last good one stays in force", zap.String("file", m.File), zap.Error(err))
				continue
			}
			logger.Info("manifest loaded", zap.String("file", m.File))
		}
	}
}

// warn says what the operator should know about the builds at start.
func (w *watched) warn() {
	logger := w.handler.logger
	// Without a build nothing behind a JSON backend seals with such a key.
	if noBuild := w.handler.Backend == "json" && len(w.handler.Manifests) == 0; !noBuild && !w.handler.gate.HasKeys() {
		logger.Warn("no key is configured: sealed closures pass unchecked; set key, or " + envKey)
	}
	for _, o := range w.set.Overlaps() {
		logger.Warn("two builds share ids of inline actions: an old page's call may run another function of the new build; give each build its own key, or deployment ids",
			zap.String("first", o.First), zap.String("second", o.Second), zap.Int("actions", o.Inline))
	}
	if len(w.handler.Manifests) > 0 && w.set.Settled() {
		for _, rule := range w.handler.gate.Unused() {
			logger.Warn("a rule is for no action of the manifests", zap.String("rule", fmt.Sprint(rule)))
		}
	}
}
