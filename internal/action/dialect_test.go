package action_test

import (
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/action"
)

func TestReactIDs(t *testing.T) {
	for _, tc := range []struct {
		is, in string
		want   bool
	}{
		{"a module and an export", "file:///srv/app/actions.js#create", true},
		{"a name", "createInvoice", true},
		{"a file of a catch-all route", "app/[...slug]/(shop)/page.tsx#inline-1", true},
		{"nothing", "", false},
		{"a step up", "app/../../admin", false},
		{"a step up at the end", "app/..", false},
		{"a step that stays", "./create", false},
		{"a space", "create invoice", false},
		{"a quote", `create"`, false},
		{"a backslash", `app\..\admin`, false},
		{"an escape that a backend might undo", "app/%2e%2e/admin", false},
		{"a line end", "create\r\nX-Admin: 1", false},
		{"beyond ASCII", "créer", false},
		{"endless", strings.Repeat("a", 513), false},
	} {
		if _, ok := action.React.ParseID(tc.in); ok != tc.want {
			t.Errorf("%s: %t, want %t", tc.is, ok, tc.want)
		}
	}
}

func TestDeclaredNames(t *testing.T) {
	for _, tc := range []struct {
		is, in string
		want   bool
	}{
		{"a name", "createInvoice", true},
		{"with digits and dashes", "invoice_2-b", true},
		{"a digit first", "2invoice", false},
		{"a path", "app/actions.ts", false},
		{"a glob", "create*", false},
		{"what looks like an id of Next 15", strings.Repeat("ab", 21), false},
		{"what looks like an id of Next 14", strings.Repeat("ab", 20), false},
		{"that long and no id", strings.Repeat("az", 20), true},
		{"nothing", "", false},
		{"too long", strings.Repeat("a", 101), false},
	} {
		id, ok := action.ParseName(tc.in)
		if ok != tc.want || ok && id.Legacy() {
			t.Errorf("%s: %t, legacy %t, want %t", tc.is, ok, id.Legacy(), tc.want)
		}
	}
}

func TestParseDialect(t *testing.T) {
	for _, d := range []action.Dialect{action.Next, action.React} {
		if got, err := action.ParseDialect(d.String()); got != d || err != nil {
			t.Errorf("%v reads as %v, %v", d, got, err)
		}
	}
	if _, err := action.ParseDialect("vite"); err == nil {
		t.Error("vite is read, and is no dialect yet")
	}
}
