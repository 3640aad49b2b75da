package proxy

import (
	"fmt"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/policy"
)

// builds is what the gate knows about the app behind it. A new one takes its
// place when a manifest changes.
type builds struct {
	set   manifest.Set
	ring  keyring.Ring
	rules *policy.Table
	// complete is set when what is declared is all there is: no manifest adds
	// to it.
	complete bool
}

// SetBuilds tells the gate which builds of the app are served now. It may be
// called at any time; calls in flight go on with what they began with. On error
// the gate keeps what it had.
func (g *Gate) SetBuilds(set manifest.Set) error {
	entries := append([]keyring.Entry(nil), g.config.Keys...)
	for b := range set.Builds() {
		if b.Manifest == nil || b.Manifest.Key() == "" {
			continue
		}
		key, err := keyring.ParseNextKey(b.Manifest.Key())
		if err != nil {
			return fmt.Errorf("the key in the manifest of build %s: %w", b.Name, err)
		}
		entries = append(entries, keyring.Entry{Key: key, State: keyring.Build})
	}
	ring, err := keyring.NewRing(entries...)
	if err != nil {
		return err
	}
	var known []policy.Action
	for _, a := range set.All() {
		known = append(known, policy.Action{Name: a.Name(), ID: a.ID})
	}
	for _, name := range g.config.Declared {
		known = append(known, policy.Action{Name: name, ID: name})
	}
	rules, err := policy.New(g.config.Rules, known)
	if err != nil {
		return err
	}
	complete := len(g.config.Declared) > 0 && set.Len() == 0
	g.builds.Store(&builds{set, ring, rules, complete})
	return nil
}

// HasKeys reports whether the gate can open closures.
func (g *Gate) HasKeys() bool { return g.builds.Load().ring.Len() > 0 }

// Unused lists the rules that are for no action of the builds.
func (g *Gate) Unused() []string { return g.builds.Load().rules.Unused() }

// captures says what the manifest tells about an action's captured variables.
func captures(a manifest.Action) closure.Kind {
	switch {
	case a.Inline >= 0 && a.ID != "":
		return closure.Inline
	case a.Export != "":
		return closure.Named
	default:
		return closure.MayCapture
	}
}
