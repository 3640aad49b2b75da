package keyring

import (
	"fmt"
	"maps"
	"slices"
)

// Severity says how soon a finding wants attention.
type Severity string

// The severities.
const (
	// Problem: something does not work, or is not safe.
	Problem Severity = "problem"
	// Warning: something works and is likely not what was meant.
	Warning Severity = "warning"
)

// Finding is one line of a diagnosis: what was seen, and what to do.
type Finding struct {
	Severity Severity
	Says     string
	Fix      string
}

// Days after which a diagnosis speaks. They are habits, not properties of the
// ciphers: a key that seals for a year is one nobody has practised to rotate,
// and a pending key is meant to wait for hours.
const (
	day            = 24 * 60 * 60
	oldPrimaryDays = 365
	oldPendingDays = 7
)

// DiagnoseNextKey looks at the text of a Next key: what [ParseNextKey] says if
// it cannot be used, and what is odd about it if it can.
func DiagnoseNextKey(text string) []Finding {
	key, err := ParseNextKey(text)
	if err != nil {
		return []Finding{{Problem, err.Error(), "see NEXT_SERVER_ACTIONS_ENCRYPTION_KEY in Next's documentation"}}
	}
	var found []Finding
	if isHex(text) {
		found = append(found, Finding{Warning,
			"the key consists of hexadecimal digits; Next reads them as base64 of 24 bytes, and so does the gate, but they were drawn as 16",
			"make the next key with `openssl rand -base64 32`"})
	}
	if looksTyped(key.secret().raw) {
		found = append(found, Finding{Warning,
			"the bytes of the key are all readable text, so it was written by hand and not drawn at random",
			"make the next key with `openssl rand -base64 32`"})
	}
	return found
}

// looksTyped reports whether all bytes are printable ASCII. Of random keys of
// 16 bytes one in seven million is.
func looksTyped(raw []byte) bool {
	return !slices.ContainsFunc(raw, func(c byte) bool { return c < ' ' || c > '~' })
}

// Diagnose looks at a keyset and the notes beside it. now is in Unix seconds.
func (k Keyset) Diagnose(now int64) []Finding {
	if k.handle == nil {
		return []Finding{{Problem, errNoKeyset.Error(), "make one with `actiongw keys generate --kind keyset`"}}
	}
	var found []Finding
	first := map[string]uint32{}
	for _, info := range k.List() {
		if info.State == Destroyed {
			continue
		}
		found = append(found, k.diagnoseKey(info, now)...)
		if other, twice := first[info.Fingerprint]; twice {
			found = append(found, Finding{Warning,
				fmt.Sprintf("keys %d and %d are the same key under two ids", other, info.ID),
				"disable and destroy one of them; revoking only one revokes nothing"})
		}
		first[info.Fingerprint] = info.ID
	}
	for _, n := range k.notes {
		if n.state != Destroyed && k.entry(n.id) == nil {
			found = append(found, Finding{Warning,
				fmt.Sprintf("the notes know a key %d that the keyset does not have", n.id),
				"take keyset and notes from the same instance"})
		}
	}
	return found
}

func (k Keyset) diagnoseKey(info Info, now int64) []Finding {
	var found []Finding
	say := func(s Severity, fix, format string, args ...any) {
		found = append(found, Finding{s, fmt.Sprintf("key %d ", info.ID) + fmt.Sprintf(format, args...), fix})
	}
	age := (now - info.Created) / day
	switch n := k.notes.find(info.ID); {
	case n == nil:
		say(Warning, "keep the notes beside the keyset; they are written together", "has no note, so nobody knows its age")
	case n.fingerprint != "" && n.fingerprint != info.Fingerprint:
		say(Problem, "take keyset and notes from the same instance", "is another one than the notes describe")
	case info.Created > now:
		say(Warning, "compare the clocks of the instances", "was made in the future")
	case info.State == Primary && age > oldPrimaryDays:
		say(Warning, "add a key, hand it out, promote it", "has been made %d days ago and is still the primary one", age)
	case info.State == Pending && age > oldPendingDays:
		say(Warning, "promote it, or disable and destroy it", "has been pending for %d days", age)
	}
	if raw, ok := rawBytes(k.entry(info.ID)); ok && looksTyped(raw) {
		say(Warning, "add a key, hand it out, promote it", "consists of readable text, so it was not drawn at random")
	}
	return found
}

// DiagnoseInstances compares what the instances of a site list, by instance: a
// key that one of them lacks fails the calls that this one gets.
func DiagnoseInstances(lists map[string][]Info) []Finding {
	var found []Finding
	names := slices.Sorted(maps.Keys(lists))
	all := map[string]State{}
	for _, name := range names {
		for _, info := range lists[name] {
			if info.State.Live() && all[info.Fingerprint] != Primary {
				all[info.Fingerprint] = info.State
			}
		}
	}
	for _, mark := range slices.Sorted(maps.Keys(all)) {
		for _, name := range names {
			at := slices.IndexFunc(lists[name], func(i Info) bool { return i.Fingerprint == mark })
			switch {
			case at >= 0 && lists[name][at].State.Live():
			case at >= 0:
				found = append(found, Finding{Problem,
					fmt.Sprintf("key %s is %s on %s and in use elsewhere", mark, lists[name][at].State, name),
					"hand the same keyset to every instance"})
			case all[mark] == Primary:
				found = append(found, Finding{Problem,
					fmt.Sprintf("%s does not have key %s, which another instance seals with", name, mark),
					"hand the same keyset to every instance"})
			default:
				found = append(found, Finding{Warning,
					fmt.Sprintf("%s does not have key %s", name, mark),
					"hand the same keyset to every instance before promoting the key"})
			}
		}
	}
	return found
}
