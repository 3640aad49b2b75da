// Package manifest reads what a Next.js build exposes: the server actions in
// its server-reference-manifest.json (spec next-actions §10), by id, with the
// names of their source, and the key that the build seals closures with.
//
// [Parse] takes the contents of one file. It is strict about what the gate
// uses and passes over what it does not know, since every Next version adds
// members. A [Set] holds several builds at once, as during a rolling update:
//
//	set, err := manifest.NewSet(
//		manifest.Build{Name: "blue", Manifest: blue},
//		manifest.Build{Name: "green", Deployment: "v42", Manifest: green},
//	)
//	action, build, refusal := set.Check(id, deploymentHeader)
//
// Everything is immutable once made. A file that changed makes a new Set
// ([Replace]); one that is broken leaves the Set as it was.
//
// What a manifest cannot tell: whether an action has a sealed closure, who may
// call it, and, in Next 14.2, what it is called.
package manifest

// Action is one callable function of a build.
type Action struct {
	// ID is the action's id: 42 lower-case hexadecimal digits, in Next 14.2 40.
	ID string
	// File and Export are where the function stands, as the build spells them:
	// a path relative to the project and the name of an export. Both are empty
	// in Next 14.2, whose manifest does not say.
	File, Export string
	// Inline is the number of a function that is defined inside another one,
	// counted by position in its file, and -1 for exports. Such a number means
	// another function as soon as one is inserted above.
	Inline int
	// Pages are the routes that contain the action, sorted. Not to be modified.
	Pages []string

	name string
}

// Name is how logs, metrics and rules call the action: printable ASCII without
// spaces, at most 1,024 bytes.
//
//	app/actions.ts#createInvoice      an export
//	app/actions.ts#default            the default export
//	app/page.tsx#inline-3             the fourth inline action of the file
//	app/page#18e170fae4b8             Next 14.2: the first page, and the id's beginning
//
// Of a 14.2 action only the page is known. One that several pages share is
// named after the first in alphabetical order, so its name can change when a
// page is added, and it changes with the id.
//
// Characters that could be mistaken for syntax, and all outside of ASCII,
// stand as %XX: app/größe.ts#x is app/gr%C3%B6%C3%9Fe.ts#x.
func (a Action) Name() string { return a.name }

// Info is the first byte of an id of Next 15 and 16: what the compiler knew
// about the function's parameters (spec next-actions §5). Anyone can write an
// id, so it means something only for ids that a manifest holds.
type Info byte

// Info returns the information byte; ok is false in Next 14.2, which has none.
func (a Action) Info() (info Info, ok bool) {
	if len(a.ID) != idLength {
		return 0, false
	}
	return Info(digit(a.ID[0])<<4 | digit(a.ID[1])), true
}

// UseCache reports whether the function is a `use cache` function and no action.
func (i Info) UseCache() bool { return i&0x80 != 0 }

// Rest reports whether the function takes more than six parameters, or a rest
// parameter, or any that the compiler did not know.
func (i Info) Rest() bool { return i&1 != 0 }

// Uses reports whether the function uses its n-th parameter, counted from 1. A
// closure's captured values are the first. Only the first six are recorded;
// of the others Rest speaks.
func (i Info) Uses(n int) bool {
	if n < 1 || n > 6 {
		return i.Rest()
	}
	return i>>(7-n)&1 != 0
}

// Manifest is what one build exposes.
type Manifest struct {
	actions []Action
	byID    map[string]int
	byName  map[string]int

	// key is a function, and no string, so that no way of printing a Manifest
	// shows the secret.
	key func() string
}

// Key returns the text of the key that the build seals closures with, base64
// as in NEXT_SERVER_ACTIONS_ENCRYPTION_KEY. It is a secret.
//
// It is empty for Next 14.2. Such a manifest holds a random key even when the
// variable was set for the build, and the variable wins at run time, so
// nothing says whether the key in the file has sealed anything. Who runs 14.2
// without the variable can copy the key into the gate's configuration.
// It is also empty while there is no action: the version is then unknown.
func (m *Manifest) Key() string {
	if len(m.actions) == 0 || m.Legacy() {
		return ""
	}
	return m.key()
}

// Legacy reports whether the build is one of Next 14.2.
func (m *Manifest) Legacy() bool {
	return len(m.actions) > 0 && len(m.actions[0].ID) == legacyIDLength
}

// Len is the number of actions.
func (m *Manifest) Len() int { return len(m.actions) }

// Lookup finds an action by its id.
func (m *Manifest) Lookup(id string) (Action, bool) {
	i, ok := m.byID[id]
	if !ok {
		return Action{}, false
	}
	return m.actions[i], true
}

// Named finds an export by its name, to carry a call over from another build.
// It finds no inline actions, since their numbers do not say which function is
// meant, none of Next 14.2, and no name that two ids share.
func (m *Manifest) Named(name string) (Action, bool) {
	i, ok := m.byName[name]
	if !ok || i < 0 {
		return Action{}, false
	}
	return m.actions[i], true
}
