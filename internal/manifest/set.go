package manifest

import (
	"iter"
	"slices"

	"github.com/actiongw/actiongw/internal/reject"
)

// Build is one build of an app that is served at present.
type Build struct {
	// Name is the operator's word for the build; it stands in logs and errors.
	Name string
	// Deployment is the app's deployment id, empty if it has none. Next's
	// client sends it along with fetch calls.
	Deployment string
	// Manifest is nil while the file has not been read, as before the first
	// start of `next dev`.
	Manifest *Manifest
}

// Set is the builds that are served at once, in the order of configuration.
// The zero Set has none and knows nothing. It is immutable.
type Set struct{ builds []Build }

// NewSet makes a Set. Every build needs a name of its own. Deployment ids may
// repeat (several apps of one deployment), and so may action ids: builds from
// the same key and sources have the same ones.
func NewSet(builds ...Build) (Set, error) {
	for i, b := range builds {
		if b.Name == "" {
			return Set{}, errorf("build %d has no name", i+1)
		}
		if slices.ContainsFunc(builds[:i], func(other Build) bool { return other.Name == b.Name }) {
			return Set{}, errorf("two builds are named %q", b.Name)
		}
	}
	return Set{slices.Clone(builds)}, nil
}

// Replace returns old with the manifest of the build called name read anew
// from data. On error it returns old itself: a file that is broken, or caught
// half-written, leaves what was known.
func Replace(old Set, name string, data []byte) (Set, error) {
	i := slices.IndexFunc(old.builds, func(b Build) bool { return b.Name == name })
	if i < 0 {
		return old, errorf("no build is named %q", name)
	}
	m, err := Parse(data)
	if err != nil {
		return old, errorf("manifest of build %q: %w", name, err)
	}
	builds := slices.Clone(old.builds)
	builds[i].Manifest = m
	return Set{builds}, nil
}

// Lookup finds an id. When several builds have it, the first one counts.
func (s Set) Lookup(id string) (Action, *Build, bool) {
	// Each build is asked in turn: there are few, and a look-up is a few
	// nanoseconds.
	for i := range s.builds {
		if m := s.builds[i].Manifest; m != nil {
			if a, ok := m.Lookup(id); ok {
				return a, &s.builds[i], true
			}
		}
	}
	return Action{}, nil, false
}

// LookupIn is Lookup with the deployment id that the caller sent, empty for
// none: when several builds have the id, one of that deployment comes first.
// The deployment never hides an action. Anyone can send one, and Next itself
// does not look at it.
func (s Set) LookupIn(id, deployment string) (Action, *Build, bool) {
	if deployment == "" {
		return s.Lookup(id)
	}
	for i := range s.builds {
		if m := s.builds[i].Manifest; m != nil && s.builds[i].Deployment == deployment {
			if a, ok := m.Lookup(id); ok {
				return a, &s.builds[i], true
			}
		}
	}
	return s.Lookup(id)
}

// Settled reports whether the builds are known well enough to refuse an id
// that none of them has: there is at least one, and each has an action.
// `next dev` starts with a manifest without actions and fills it as pages are
// compiled. A finished build without any action looks the same and never
// settles.
func (s Set) Settled() bool {
	for _, b := range s.builds {
		if b.Manifest == nil || b.Manifest.Len() == 0 {
			return false
		}
	}
	return len(s.builds) > 0
}

// Check is the gate's question: may an action of this id be called at all, and
// whose is it? It takes a well-formed id and the deployment id that the caller
// sent, if any. It refuses an id that no build has.
//
// Without manifests, and until the Set has settled, unknown ids pass with a
// zero Action and no build. Nothing is lost by it: the app looks the id up
// itself, and rules by name do not let actions without a name pass.
func (s Set) Check(id, deployment string) (Action, *Build, *reject.Error) {
	a, build, ok := s.LookupIn(id, deployment)
	if !ok && s.Settled() {
		return Action{}, nil, reject.New(ActionUnknown, Stage, "no configured build has an action of this id")
	}
	return a, build, nil
}

// Len is the number of builds.
func (s Set) Len() int { return len(s.builds) }

// Builds returns the builds in order, each to be read only.
func (s Set) Builds() iter.Seq[*Build] {
	return func(yield func(*Build) bool) {
		for i := range s.builds {
			if !yield(&s.builds[i]) {
				return
			}
		}
	}
}

// All returns every action of every build, in the order of configuration and
// of the files.
func (s Set) All() iter.Seq2[*Build, Action] {
	return func(yield func(*Build, Action) bool) {
		for b := range s.Builds() {
			if b.Manifest == nil {
				continue
			}
			for _, a := range b.Manifest.actions {
				if !yield(b, a) {
					return
				}
			}
		}
	}
}

// Overlap says that two builds share ids of inline actions.
type Overlap struct {
	First, Second string
	// Inline is how many ids of inline actions they have in common.
	Inline int
}

// Overlaps lists the pairs of builds that share ids of inline actions. Both
// were made with one key, so that an old page's call opens under the new build
// as well; and since such ids are positions, it then runs whatever function
// now stands there. Deployment ids prevent that for fetch calls only. The
// operator should hear about it at start.
func (s Set) Overlaps() []Overlap {
	var all []Overlap
	for i, first := range s.builds {
		for _, second := range s.builds[i+1:] {
			if n := sharedInline(first.Manifest, second.Manifest); n > 0 {
				all = append(all, Overlap{first.Name, second.Name, n})
			}
		}
	}
	return all
}

func sharedInline(a, b *Manifest) (n int) {
	if a == nil || b == nil {
		return 0
	}
	for _, action := range a.actions {
		if _, ok := b.byID[action.ID]; ok && action.Inline >= 0 {
			n++
		}
	}
	return n
}
