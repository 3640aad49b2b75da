package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/vectors"
)

const (
	id1    = "40a1b2c3d4e5f60718293a4b5c6d7e8f9001020304"
	id2    = "7fa1b2c3d4e5f60718293a4b5c6d7e8f9001020304"
	legacy = "a1b2c3d4e5f60718293a4b5c6d7e8f9001020304"
)

// secret is the text of a key that no error and no print may show.
const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtMTIzNDU2Nzg5MDE="

// file is a manifest with these entries in its node section.
func file(entries ...string) string {
	return `{"node":{` + strings.Join(entries, ",") + `},"edge":{},"encryptionKey":"` + secret + `"}`
}

// entry is an action of Next 16.
func entry(id, file, export string) string {
	return fmt.Sprintf(`%q:{"workers":{"app/page":{"moduleId":7,"async":false}},"filename":%q,"exportedName":%q}`, id, file, export)
}

func recorded(t testing.TB) map[string]*Manifest {
	t.Helper()
	files, err := vectors.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	parsed := map[string]*Manifest{}
	for name, data := range files {
		if parsed[name], err = Parse(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(parsed) == 0 {
		t.Fatal("no manifests are recorded")
	}
	return parsed
}

func TestParseReadsRecordedManifests(t *testing.T) {
	keys, err := vectors.Keys()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"next14-webpack-open": 101, "next15-turbopack-open": 100, "next15-webpack-open": 100,
		"next16-turbopack-open": 100, "next16-turbopack-changed": 102, "next16-webpack-open": 100,
	}
	all := recorded(t)
	if len(all) != len(want) {
		t.Errorf("got %d manifests, want %d", len(all), len(want))
	}
	for name, m := range all {
		if m.Len() != want[name] {
			t.Errorf("%s: got %d actions, want %d", name, m.Len(), want[name])
		}
		if m.Legacy() != strings.HasPrefix(name, "next14") {
			t.Errorf("%s: legacy is %t", name, m.Legacy())
		}
		key := keys["k32-open"]
		if m.Legacy() {
			key = ""
		}
		if m.Key() != key {
			t.Errorf("%s: the key is not the recorded one", name)
		}
		seen := map[string]bool{}
		for _, a := range m.actions {
			if seen[a.Name()] {
				t.Errorf("%s: two actions are named %s", name, a.Name())
			}
			seen[a.Name()] = true
			if len(a.Pages) == 0 || !slices.IsSorted(a.Pages) {
				t.Errorf("%s: %s has the pages %q", name, a.Name(), a.Pages)
			}
			if info, ok := a.Info(); ok == m.Legacy() || info.UseCache() {
				t.Errorf("%s: %s has the information byte %x, %t", name, a.Name(), info, ok)
			}
		}
	}
}

// TestEveryRecordedCallIsInItsManifest holds the names of the recordings
// against ours. Builds that differ in how they are served, and not in key and
// sources, have the ids of the plain build.
func TestEveryRecordedCallIsInItsManifest(t *testing.T) {
	all := recorded(t)
	traffic, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	same := strings.NewReplacer("-standalone", "", "-basepath", "", "-gzip", "", "-allowed", "")
	found, named := 0, 0
	for _, e := range traffic {
		m := all[same.Replace(e.Build)+"-open"]
		if m == nil || !e.Ran() || e.ActionID == "" {
			continue
		}
		found++
		a, ok := m.Lookup(e.ActionID)
		if !ok {
			t.Errorf("%s: %s is not in the manifest", e.ID, e.ActionID)
			continue
		}
		if a.Export != e.ExportedName {
			t.Errorf("%s: got export %q, want %q", e.ID, a.Export, e.ExportedName)
		}
		if e.ExportedName != "" {
			named++
		}
	}
	if found < 1000 || named < 800 {
		t.Errorf("only %d calls were looked up, %d of them with a name", found, named)
	}
}

func TestParseNamesActions(t *testing.T) {
	for _, tt := range []struct {
		title, entry, name string
		inline             int
	}{
		{"an export", entry(id1, "app/actions.ts", "createInvoice"), "app/actions.ts#createInvoice", -1},
		{"the default export", entry(id1, "app/actions.ts", "default"), "app/actions.ts#default", -1},
		{"an inline action", entry(id1, "app/page.tsx", "$$RSC_SERVER_ACTION_3"), "app/page.tsx#inline-3", 3},
		{"an inline action under the name of older versions", entry(id1, "app/page.tsx", "$$ACTION_12"), "app/page.tsx#inline-12", 12},
		{"a number that the compiler does not write", entry(id1, "app/page.tsx", "$$ACTION_03"), "app/page.tsx#$$ACTION_03", -1},
		{"a number with a sign", entry(id1, "app/page.tsx", "$$ACTION_+3"), "app/page.tsx#$$ACTION_%2B3", -1},
		{"an export that looks like an inline action's name", entry(id1, "app/page.tsx", "inline-3"), "app/page.tsx#inline%2D3", -1},
		{"a cache function", entry(id1, "app/data.ts", "$$RSC_SERVER_CACHE_0"), "app/data.ts#$$RSC_SERVER_CACHE_0", -1},
		{"the folders of Next's router", entry(id1, "app/(shop)/@modal/[...slug]/(.)a/page.tsx", "x"), "app/(shop)/@modal/[...slug]/(.)a/page.tsx#x", -1},
		{"letters outside of ASCII", entry(id1, "app/größe.ts", "é"), "app/gr%C3%B6%C3%9Fe.ts#%C3%A9", -1},
		{"spaces, quotes, wildcards and hashes", entry(id1, `app/a b*#%.ts`, "x"), "app/a%20b%2A%23%25.ts#x", -1},
		{"the path of a build made on Windows", entry(id1, `app\shop\a.ts`, "x"), "app/shop/a.ts#x", -1},
		{"Next 14.2, named after the first of its pages", `"` + legacy + `":{"workers":{"app/b/page":"1","app/a/page":"2"}}`, "app/a/page#a1b2c3d4e5f6", -1},
		{"no page and no name", `"` + id1 + `":{}`, "unknown#40a1b2c3d4e5", -1},
		{"a file without an export", `"` + id1 + `":{"filename":"app/a.ts","workers":{"app/page":{}}}`, "app/page#40a1b2c3d4e5", -1},
		{"an empty export", entry(id1, "app/a.ts", ""), "app/page#40a1b2c3d4e5", -1},
		{"names in the workers alone", `"` + id1 + `":{"workers":{"app/page":{"filename":"app/a.ts","exportedName":"x"}}}`, "app/a.ts#x", -1},
		{"members that later versions may add", `"` + id1 + `":{"new":[1,{"a":null}],"workers":{"app/page":{"new":1}},"filename":"app/a.ts","exportedName":"x"}`, "app/a.ts#x", -1},
		{"a name of 1,024 bytes", entry(id1, strings.Repeat("a", 1022), "x"), strings.Repeat("a", 1022) + "#x", -1},
	} {
		m, err := Parse([]byte(file(tt.entry)))
		if err != nil {
			t.Errorf("%s: %v", tt.title, err)
			continue
		}
		if a := m.actions[0]; a.Name() != tt.name || a.Inline != tt.inline {
			t.Errorf("%s: got %s and %d, want %s and %d", tt.title, a.Name(), a.Inline, tt.name, tt.inline)
		}
	}
}

func TestParseMergesTheRuntimes(t *testing.T) {
	a := `"` + id1 + `":{"workers":{"app/b":{}},"filename":"app/a.ts","exportedName":"x"}`
	b := `"` + id1 + `":{"workers":{"app/a":{},"app/b":{}},"filename":"app/a.ts","exportedName":"x"}`
	m, err := Parse([]byte(`{"node":{` + a + `},"edge":{` + b + `,` + entry(id2, "app/e.ts", "y") + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.actions[0].Pages; m.Len() != 2 || !slices.Equal(got, []string{"app/a", "app/b"}) {
		t.Errorf("got %d actions, the first on %q", m.Len(), got)
	}
	if m.Key() != "" {
		t.Error("a file without a key has one")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ title, data, want string }{
		{"nothing", "", "`next dev`"},
		{"white space", " \n", "is empty"},
		{"a file that is too large", strings.Repeat(" ", maxBytes) + "{}", "want at most 33554432"},
		{"the .js twin", `self.__RSC_SERVER_MANIFEST="{\"node\":{}}"`, "ends in .json"},
		{"a client reference manifest", `globalThis.__RSC_MANIFEST=(globalThis.__RSC_MANIFEST||{});`, "client reference manifest"},
		{"another script", `self.__BUILD_MANIFEST={}`, "JavaScript"},
		{"a page", `<!DOCTYPE html>`, "HTML"},
		{"a byte order mark", "\xef\xbb\xbf" + file(), "byte order mark"},
		{"build-manifest.json", `{"pages":{"/":[]},"rootMainFiles":[]}`, "looks like build-manifest.json"},
		{"app-build-manifest.json", `{"pages":{"/page":[]}}`, "looks like app-build-manifest.json"},
		{"app-paths-manifest.json", `{"/page":"app/page.js"}`, "looks like app-paths-manifest.json"},
		{"the key's cache", `{"encryption.key":"` + secret + `"}`, "looks like cache/.rscinfo"},
		{"an object of nothing known", `{"a":1}`, "want server-reference-manifest.json"},
		{"an array", `[]`, "the file is not an object"},
		{"a number", `5`, "the file is not an object"},
		{"no JSON", `{"node":nope}`, "not JSON from byte 9 on"},
		{"the first half of a file", file(entry(id1, "a", "b"))[:60], "ends in the middle"},
		{"a half-written key", `{"node":{},"encryptionKey":"` + secret[:20], "ends in the middle"},
		{"something behind the end", file() + "{}", "something follows"},
		{"a section that is an array", `{"node":[]}`, "node is not an object"},
		{"a key that is a number", `{"node":{},"encryptionKey":7}`, "encryptionKey is not a string"},
		{"an id in upper case", file(entry(strings.ToUpper(id1), "a", "b")), "is no action id"},
		{"an id that is too short", file(entry(id1[:39], "a", "b")), "is no action id"},
		{"ids of two versions", file(entry(id1, "a", "b"), `"`+legacy+`":{}`), "40 and of 42 digits"},
		{"an entry that is a string", file(`"` + id1 + `":"x"`), "action " + id1 + " is not an object"},
		{"workers that are an array", file(`"` + id1 + `":{"workers":[]}`), "workers of action " + id1},
		{"a name that is a number", file(`"` + id1 + `":{"filename":1}`), "filename is not a string"},
		{"one id twice in a section", file(entry(id1, "a", "b"), entry(id1, "a", "b")), "occurs twice: /node/" + id1},
		{"one id under two names", `{"node":{` + entry(id1, "a", "b") + `},"edge":{` + entry(id1, "a", "c") + `}}`, "two names"},
		{"workers that disagree", file(`"` + id1 + `":{"workers":{"p":{"filename":"a"},"q":{"filename":"b"}}}`), "two values of filename"},
		{"a section twice", `{"node":{},"node":{}}`, "occurs twice: /node"},
		{"a name of 1,025 bytes", file(entry(id1, strings.Repeat("a", 1023), "x")), "1025 bytes"},
		{"text that is not UTF-8", file(entry(id1, "a\xff", "x")), "not JSON from byte"},
	} {
		m, err := Parse([]byte(tt.data))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want one with %q", tt.title, err, tt.want)
			continue
		}
		if m != nil {
			t.Errorf("%s: a manifest beside the error", tt.title)
		}
		if strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%s: the error shows the key", tt.title)
		}
	}
}

func TestNoWayOfPrintingShowsTheKey(t *testing.T) {
	m, err := Parse([]byte(file(entry(id1, "a", "b"))))
	if err != nil {
		t.Fatal(err)
	}
	if m.Key() != secret {
		t.Errorf("got key %q", m.Key())
	}
	set, _ := NewSet(Build{Name: "b", Manifest: m})
	for _, v := range []any{m, *m, set, Build{Manifest: m}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of %T shows the key", verb, v)
			}
		}
	}
}

func TestInfoTellsTheParameters(t *testing.T) {
	for _, tt := range []struct {
		title string
		info  Info
		cache bool
		rest  bool
		uses  []int
	}{
		{"no parameters", 0x00, false, false, nil},
		{"one", 0x40, false, false, []int{1}},
		{"two, or a closure and one", 0x60, false, false, []int{1, 2}},
		{"a closure and the third", 0x50, false, false, []int{1, 3}},
		{"a signature that is unknown", 0x7f, false, true, []int{1, 2, 3, 4, 5, 6, 7, 100}},
		{"a cache function of one", 0xc0, true, false, []int{1}},
	} {
		if tt.info.UseCache() != tt.cache || tt.info.Rest() != tt.rest {
			t.Errorf("%s: got %t, %t", tt.title, tt.info.UseCache(), tt.info.Rest())
		}
		for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 100} {
			if want := slices.Contains(tt.uses, n) || n == 0 && tt.rest; tt.info.Uses(n) != want {
				t.Errorf("%s: uses parameter %d: got %t", tt.title, n, !want)
			}
		}
	}
}

// short keeps three actions of a manifest; a fuzzer gets nowhere with a hundred.
func short(f *testing.F, data []byte) []byte {
	var m map[string]json.RawMessage
	var node map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(data, &m), json.Unmarshal(m["node"], &node)); err != nil {
		f.Fatal(err)
	}
	kept := map[string]json.RawMessage{}
	for _, id := range slices.Sorted(maps.Keys(node))[:3] {
		kept[id] = node[id]
	}
	m["node"], _ = json.Marshal(kept)
	data, _ = json.Marshal(m)
	if _, err := Parse(data); err != nil {
		f.Fatal(err)
	}
	return data
}

func FuzzParse(f *testing.F) {
	files, err := vectors.Manifests()
	if err != nil {
		f.Fatal(err)
	}
	for _, data := range files {
		f.Add(short(f, data))
		f.Add(data[:2000]) // cut off
	}
	f.Add([]byte(file(entry(id1, "a", "b"))))
	f.Add([]byte(file(`"` + legacy + `":{"workers":{"app/page":"1"}}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if (m == nil) == (err == nil) {
			t.Fatalf("got %v and error %v", m, err)
		}
		if err != nil {
			return
		}
		for _, a := range m.actions {
			if name := a.Name(); len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("action %s is named %q", a.ID, name)
			}
			if found, ok := m.Lookup(a.ID); !ok || found.Name() != a.Name() {
				t.Errorf("action %s is not found", a.ID)
			}
		}
	})
}
