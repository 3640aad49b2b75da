// Package internal holds the one test that looks at all packages at once.
package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/actiongw/actiongw/"

// levels is the house plan: a package may import those of the levels above its
// own in this list, and none of its own level.
var levels = [][]string{
	{"internal/reject", "internal/value"},
	{"internal/action", "internal/origin", "internal/formdata", "internal/flight", "internal/jsonform", "internal/keyring", "internal/manifest"},
	{"internal/reply", "internal/closure", "internal/policy", "internal/jsoncall"},
	{"internal/proxy"},
	{"caddy"},
	{"cmd/actiongw"},
}

// barred says from which level on a package outside of the module may be
// imported, and why not below.
var barred = []struct {
	prefix, from, why string
}{
	{"net/http", "internal/proxy", "below proxy everything is a function over bytes and values"},
	{"os", "internal/proxy", "below proxy nothing reads files, the environment or a clock"},
	{"time", "internal/proxy", "below proxy time is passed in"},
	{"context", "internal/proxy", "below proxy nothing waits"},
	{"log", "caddy", "proxy and below report through their results"},
	{"go.uber.org/zap", "caddy", "proxy and below report through their results"},
	{"github.com/prometheus", "caddy", "proxy and below report through their results"},
	{"github.com/caddyserver", "caddy", "caddy/ is the only library code that knows Caddy"},
	{"mime", "nowhere", "our own grammar reads media types: Go's knows boundary*0="},
	{"encoding/json", "internal/proxy", "wire JSON is never decoded into structs"},
}

// aside are packages outside of the plan: tools, and data for tests.
var aside = []string{"bench", "internal/vectors", "internal/vectors/gen", "internal", "e2e/demo", "e2e/formparsers", "e2e/mutants"}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportsRunStrictlyDownward(t *testing.T) {
	level := map[string]int{}
	for i, packages := range levels {
		for _, p := range packages {
			level[p] = i
		}
	}
	seen := 0
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		own, planned := level[name]
		if !planned {
			if !slices.Contains(aside, name) {
				t.Errorf("%s has no level in the house plan", name)
			}
			continue
		}
		seen++
		for _, imported := range p.Imports {
			if inside, ok := strings.CutPrefix(imported, module); ok {
				if at, planned := level[inside]; !planned {
					t.Errorf("%s imports %s, which is for tests and tools", name, inside)
				} else if at >= own {
					t.Errorf("%s imports %s: imports run strictly downward, and packages of one level do not know each other", name, inside)
				}
				continue
			}
			for _, b := range barred {
				from, ok := level[b.from]
				if (imported == b.prefix || strings.HasPrefix(imported, b.prefix+"/")) && (!ok || own < from) {
					t.Errorf("%s imports %s: %s", name, imported, b.why)
				}
			}
		}
	}
	if seen != len(level) {
		t.Errorf("%d packages of the plan exist, want %d", seen, len(level))
	}
}

// list asks go for every package of the module and what it imports.
func list(t *testing.T) []listed {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
