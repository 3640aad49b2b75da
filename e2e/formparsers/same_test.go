//go:build e2e

package formparsers

import (
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/formdata"
)

// checkNames holds that parsers which accept a form that the gate can read find
// the same parts in it, and do not take two action fields for one. It reports
// whether that is so.
func checkNames(t *testing.T, label string, f form, readings map[string]reading) bool {
	t.Helper()
	m, err := action.ParseMediaType(f.contentType)
	if err != nil || m.Boundary == "" {
		return true
	}
	entries, err := formdata.Parse(nil, f.body, m.Boundary, formdata.DefaultLimits())
	if err != nil {
		return true
	}
	var raw, want, fields, files []string
	for _, e := range entries {
		raw = append(raw, e.Name)
		name := plain(e.Name)
		if name == "" { // what a parser of the list makes of it
			name = "undefined"
		}
		if e.File {
			files = append(files, name)
		} else {
			fields = append(fields, name)
		}
		want = append(want, name)
	}
	for _, parser := range parserNames {
		r := readings[parser]
		var got []string
		for _, name := range r.Names {
			if name == "" {
				name = "undefined"
			}
			got = append(got, plain(name))
		}
		want := want
		if parser == "undici5" { // files come later
			want = slices.Concat(fields, files)
		}
		if r.Error == "" && (!slices.Equal(got, want) || distinct(r.Names) < distinct(raw)) {
			t.Errorf("%s: the gate reads %q, %s %q (%s)\nContent-Type: %q\nbody: %q", label, want, parser, got, r.Error, f.contentType, f.body)
			return false
		}
	}
	return true
}

// distinct is how many different action fields there are.
func distinct(names []string) int {
	seen := map[string]bool{}
	for _, name := range names {
		if strings.HasPrefix(name, "$ACTION_") {
			seen[name] = true
		}
	}
	return len(seen)
}

// plain is a name without the escapes of browsers, which not all parsers undo.
func plain(name string) string {
	return strings.NewReplacer("%22", `"`, "%0D", "\r", "%0d", "\r", "%0A", "\n", "%0a", "\n").Replace(name)
}
