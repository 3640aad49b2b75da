package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

const (
	id1 = "40a1b2c3d4e5f60718293a4b5c6d7e8f9001020304"
	id2 = "7fa1b2c3d4e5f60718293a4b5c6d7e8f9001020304"
)

func newTable(t testing.TB, rules []Rule, known ...Action) *Table {
	t.Helper()
	table, err := New(rules, known)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestPatternsMatchNames(t *testing.T) {
	for _, tt := range []struct {
		title, pattern, name string
		want                 bool
	}{
		{"an action by its name", "app/actions.ts#save", "app/actions.ts#save", true},
		{"another export of the file", "app/actions.ts#save", "app/actions.ts#saved", false},
		{"a file stands for all of its actions", "app/actions.ts", "app/actions.ts#save", true},
		{"a file is compared as a whole", "app/actions.ts", "app/actions.tsx#save", false},
		{"a file is no folder", "app", "app/actions.ts#save", false},
		{"a folder at any depth", "app/admin/**", "app/admin/users/actions.ts#remove", true},
		{"a folder, one level", "app/admin/**", "app/admin/actions.ts#remove", true},
		{"a folder whose name goes on", "app/admin/**", "app/administer/actions.ts#remove", false},
		{"** between parts is one part", "app/**/page.tsx", "app/shop/page.tsx#x", true},
		{"or several", "app/**/page.tsx", "app/shop/cart/page.tsx#x", true},
		{"or none", "app/**/page.tsx", "app/page.tsx#x", true},
		{"but not half a part", "app/**/page.tsx", "app/mypage.tsx#x", false},
		{"two ** must try again", "**/a/**/b.ts", "a/x/a/y/b.ts#x", true},
		{"two ** that fail in the end", "**/a/**/b.ts", "a/x/a/y/c.ts#x", false},
		{"* stays within one part", "app/*/page.tsx", "app/shop/page.tsx#x", true},
		{"* does not cross a slash", "app/*/page.tsx", "app/shop/cart/page.tsx#x", false},
		{"* may be nothing", "app/page*.tsx", "app/page.tsx#x", true},
		{"several * in a part", "app/*a*b*c", "app/xaabybzc#x", true},
		{"several * that fail in the end", "app/*a*b*c", "app/xaabybz#x", false},
		{"an export wherever it stands", "**#delete*", "app/a/b.ts#deleteUser", true},
		{"another export", "**#delete*", "app/a/b.ts#undelete", false},
		{"inline actions", "**#inline-*", "app/page.tsx#inline-12", true},
		{"an export cannot be called inline", "**#inline-*", "app/page.tsx#inline%2D1", false},
		{"brackets are no classes", "app/[slug]/**", "app/[slug]/page.tsx#x", true},
		{"brackets match nothing else", "app/[slug]/**", "app/s/page.tsx#x", false},
		{"a question mark is one", "app/a?.ts", "app/ab.ts#x", false},
		{"a declared action has a name without a file", "createInvoice", "createInvoice", true},
		{"an export alone is no name", "createInvoice", "app/a.ts#createInvoice", false},
		{"a pattern with an export asks for one", "create*#*", "createInvoice", false},
		{"upper case is another name", "app/A.ts", "app/a.ts#x", false},
		{"all", "**", "app/a.ts#x", true},
		{"all, without a name", "**", "", true},
		{"an id", id1, "app/a.ts#x", true},
		{"another id", id2, "app/a.ts#x", false},
		{"an id in upper case is a file", strings.ToUpper(id1), "app/a.ts#x", false},
	} {
		table := newTable(t, []Rule{{Match: []string{tt.pattern}, MaxBody: 7}})
		if got := table.For(tt.name, id1).MaxBody == 7; got != tt.want {
			t.Errorf("%s: %s with %s: got %t", tt.title, tt.pattern, tt.name, got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		title string
		rules []Rule
		want  string
	}{
		{"a rule without a pattern", []Rule{{Deny: true}}, "rule 1: it has no pattern"},
		{"an empty pattern", []Rule{{Match: []string{"a", ""}}}, `pattern "": it is empty`},
		{"no file", []Rule{{Match: []string{"#save"}}}, "want a file"},
		{"no export", []Rule{{Match: []string{"a.ts#"}}}, "want an export"},
		{"two exports", []Rule{{Match: []string{"a.ts#b#c"}}}, "want one #"},
		{"a path behind the export", []Rule{{Match: []string{"#a/b.ts"}}}, "want a file"},
		{"an absolute path", []Rule{{Match: []string{"/srv/app/a.ts"}}}, "relative to the project"},
		{"a path from here", []Rule{{Match: []string{"./app/a.ts"}}}, "relative to the project"},
		{"a folder with its slash", []Rule{{Match: []string{"app/"}}}, "a folder is app/**"},
		{"** within a part", []Rule{{Match: []string{"app/**.ts"}}}, "whole parts"},
		{"a backslash", []Rule{{Match: []string{`app\a.ts`}}}, "want / between"},
		{"a letter outside of ASCII", []Rule{{Match: []string{"größe.ts"}}}, "%XX"},
		{"a space", []Rule{{Match: []string{"a b.ts"}}}, "%XX"},
		{"a negative limit", []Rule{{Match: []string{"a"}, MaxBody: -1}}, "max_body is negative"},
		{"a denial with a limit", []Rule{{Match: []string{"a"}, Deny: true, MaxBody: 1}}, "drop the rest"},
		{"a denial with a schema", []Rule{{Match: []string{"a"}, Deny: true, Args: &Schema{}}}, "drop the rest"},
		{"a rule behind the one for all", []Rule{{Match: []string{"a", "**"}}, {Match: []string{"b"}, Deny: true}}, "rule 2 is never used"},
	} {
		table, err := New(tt.rules, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || table != nil {
			t.Errorf("%s: got %v and error %v, want %q", tt.title, table, err, tt.want)
		}
	}
}

func TestTheFirstRuleThatMatchesCountsAlone(t *testing.T) {
	rules := []Rule{
		{Match: []string{"app/a.ts#one", id2}, MaxBody: 1},
		{Match: []string{"app/**"}, MaxBody: 2, ClosureRequired: true},
		{Match: []string{"lib/**"}, MaxBody: 3},
	}
	known := []Action{{"app/a.ts#one", id1}, {"app/b.ts#two", "x"}, {"src/c.ts#three", "y"}}
	for _, tt := range []struct {
		title, name, id string
		maxBody         int64
		closure         bool
	}{
		{"a known action has the first rule and nothing of the second", "app/a.ts#one", id1, 1, false},
		{"a known action of the second rule", "app/b.ts#two", "x", 2, true},
		{"a known action without a rule has the default", "src/c.ts#three", "y", 0, false},
		{"an unknown one by its id", "src/d.ts#four", id2, 1, false},
		{"an unknown one by its name", "lib/d.ts#four", "z", 3, false},
		{"a known name under another id", "app/b.ts#two", id2, 1, false},
	} {
		for _, table := range []*Table{newTable(t, rules), newTable(t, rules, known...)} {
			r := table.For(tt.name, tt.id)
			if r.MaxBody != tt.maxBody || r.ClosureRequired != tt.closure || r.CheckAccess() != nil {
				t.Errorf("%s: got %+v", tt.title, r)
			}
		}
	}
	if got := newTable(t, rules, known...).Unused(); !slices.Equal(got, []string{"3 (lib/**)"}) {
		t.Errorf("unused: got %q", got)
	}
	if got := newTable(t, rules).MaxBody(2); got != 3 {
		t.Errorf("the largest limit: got %d", got)
	}
	if table := newTable(t, rules); table.HasSchemas() || table.For("src/a", "x").Limit(9) != 9 || table.For("lib/a", "x").Limit(9) != 3 {
		t.Error("limits or schemas where there are none")
	}
	if !newTable(t, []Rule{{Match: []string{"a"}, Args: schema(t, "true")}}).HasSchemas() {
		t.Error("a schema is overlooked")
	}
	if r := newTable(t, nil).For("a", "b"); r.Limit(5) != 5 || r.Decide(Call{BodyBytes: 9}) != nil {
		t.Error("a table without rules does not allow everything")
	}
}

// TestAnActionWithoutANameDoesNotSlipThrough: rules by name say who may not be
// called; before the manifest is there, they must not be silently off.
func TestAnActionWithoutANameDoesNotSlipThrough(t *testing.T) {
	for _, tt := range []struct {
		title string
		rules []Rule
		deny  bool
	}{
		{"no rules", nil, false},
		{"a rule by name", []Rule{{Match: []string{"app/admin/**"}, Deny: true}}, true},
		{"a rule by name that seems to be for all", []Rule{{Match: []string{"**/*"}}}, true},
		{"a rule for all exports", []Rule{{Match: []string{"**#*"}}}, true},
		{"a rule for its id in front", []Rule{{Match: []string{id1}}, {Match: []string{"app/**"}, Deny: true}}, false},
		{"its id behind a name in one rule", []Rule{{Match: []string{"app/**", id1}}}, false},
		{"a rule for its id behind", []Rule{{Match: []string{"app/**"}}, {Match: []string{id1}}}, true},
		{"a rule for another id", []Rule{{Match: []string{id2}, Deny: true}}, false},
		{"a rule for all", []Rule{{Match: []string{"**"}, MaxBody: 1}}, false},
	} {
		err := newTable(t, tt.rules).For("", id1).Decide(Call{})
		if (err != nil) != tt.deny || err != nil && err.Reason != ActionDenied {
			t.Errorf("%s: got %v", tt.title, err)
		}
	}
}

func TestDecide(t *testing.T) {
	reference := &value.ServerReference{ID: id1}
	cycle := &value.Array{}
	cycle.Items = []value.Value{cycle, value.Null{}}
	for _, tt := range []struct {
		title string
		rule  Rule
		call  Call
		want  reject.Reason
	}{
		{"a denied action", Rule{Deny: true}, Call{}, ActionDenied},
		{"a body of the limit", Rule{MaxBody: 10}, Call{BodyBytes: 10}, ""},
		{"a byte more", Rule{MaxBody: 10}, Call{BodyBytes: 11}, reject.BodyTooLarge},
		{"a closure that was opened", Rule{ClosureRequired: true}, Call{Closure: ClosureOpened}, ""},
		{"no closure", Rule{ClosureRequired: true}, Call{}, ClosureMissing},
		{"a closure that nobody can open", Rule{ClosureRequired: true}, Call{Closure: ClosureUnchecked}, ClosureMissing},
		{"no closure where none is asked for", Rule{}, Call{}, ""},
		{"a server function where it is allowed", Rule{}, Call{Args: []value.Value{reference}}, ""},
		{"a server function", Rule{DenyReferences: true}, Call{Args: []value.Value{value.Null{}, reference}}, ServerReferenceDenied},
		{"a cycle without one", Rule{DenyReferences: true}, Call{Args: []value.Value{cycle, cycle}}, ""},
		{"a server function in an array", Rule{DenyReferences: true}, Call{Args: []value.Value{cycle, &value.Array{Items: []value.Value{reference}}}}, ServerReferenceDenied},
		{"in an object", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Object{Members: []value.Member{{Key: "a", Value: reference}}}}}, ServerReferenceDenied},
		{"as a key of a Map", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Map{Entries: []value.Entry{{Key: reference, Value: value.Null{}}}}}}, ServerReferenceDenied},
		{"in a Set", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Set{Items: []value.Value{reference}}}}, ServerReferenceDenied},
		{"in a promise", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Promise{Value: reference}}}, ServerReferenceDenied},
		{"in a stream", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Stream{Chunks: []value.Value{reference}}}}, ServerReferenceDenied},
		{"in an iterator", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Iterator{Items: []value.Value{reference}}}}, ServerReferenceDenied},
		{"in what a generator returns", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Async{Return: reference}}}, ServerReferenceDenied},
		{"in an element", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Element{Props: reference}}}, ServerReferenceDenied},
		{"in a lazy value", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.Lazy{Value: reference}}}, ServerReferenceDenied},
		{"a form without one", Rule{DenyReferences: true}, Call{Args: []value.Value{&value.FormData{Entries: []value.FormEntry{{Name: "a", Value: value.String("b")}, {Name: "f", Value: &value.File{}}}}}}, ""},
		{"arguments that fit", Rule{Args: schema(t, `{"prefixItems":[{"type":"string"}]}`)}, Call{Args: []value.Value{value.String("a")}}, ""},
		{"arguments that do not", Rule{Args: schema(t, `{"prefixItems":[{"type":"string"}]}`)}, Call{Args: []value.Value{value.Number(1)}}, ArgumentNotAllowed},
		{"arguments that no schema can speak about", Rule{Args: schema(t, `true`)}, Call{Args: []value.Value{cycle}}, ArgumentNotAllowed},
	} {
		tt.rule.Match = []string{"app/**"}
		err := newTable(t, []Rule{tt.rule}).For("app/a.ts#x", id1).Decide(tt.call)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Reason != tt.want) {
			t.Errorf("%s: got %v, want %q", tt.title, err, tt.want)
			continue
		}
		if err != nil && (err.Stage != Stage || !slices.Contains(err.Facts, reject.Fact{Name: "rule", Value: "1 (app/**)"})) {
			t.Errorf("%s: the log learns %v at %s", tt.title, err.Facts, err.Stage)
		}
	}
}

// TestDeepSharingIsWalkedOnce: ten thousand arguments that are one array of
// ten thousand would be a hundred million steps.
func TestDeepSharingIsWalkedOnce(t *testing.T) {
	shared := &value.Array{Items: slices.Repeat([]value.Value{&value.Array{}}, 10_000)}
	args := slices.Repeat([]value.Value{shared}, 10_000)
	if holdsReference(args) {
		t.Error("found a reference where none is")
	}
	if _, err := (Call{Args: args}).Form(); err == nil || !strings.Contains(err.Detail, "shared values") {
		t.Errorf("written out: got %v", err)
	}
}

func BenchmarkFor(b *testing.B) {
	rules := make([]Rule, 50)
	var known []Action
	for i := range rules {
		rules[i] = Rule{Match: []string{fmt.Sprintf("app/part%d/**/page*.tsx#*", i)}}
		known = append(known, Action{fmt.Sprintf("app/part%d/shop/cart/page.tsx#save", i), fmt.Sprintf("40%040x", i)})
	}
	table := newTable(b, rules, known...)
	for _, bb := range []struct {
		name   string
		action Action
	}{
		{"known", known[25]},
		{"unknown_last_of_50_rules", Action{known[49].Name, id1}},
		{"unknown_no_rule", Action{"app/other/shop/cart/page.tsx#save", id1}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.For(bb.action.Name, bb.action.ID)
			}
		})
	}
}

// FuzzPattern compares the matcher with a slow one that is plainly right.
func FuzzPattern(f *testing.F) {
	f.Add("app/**/page*.tsx", "app/a/b/page.tsx")
	f.Add("**/a/**/b", "a/x/a/y/b")
	f.Add("*a*b", "aab")
	f.Fuzz(func(t *testing.T, text, path string) {
		if len(text) > 20 || len(path) > 20 {
			return
		}
		p, err := parsePattern(text)
		if err != nil || p.all || p.id != "" {
			return
		}
		if got, want := matchPath(p.path, path), slowPath(p.path, strings.Split(path, "/")); got != want {
			t.Errorf("%q with %q: got %t, want %t", text, path, got, want)
		}
	})
}

func slowPath(parts, path []string) bool {
	switch {
	case len(parts) == 0:
		return len(path) == 0
	case parts[0] == "**":
		return slowPath(parts[1:], path) || len(path) > 0 && slowPath(parts, path[1:])
	}
	return len(path) > 0 && slowPart(parts[0], path[0]) && slowPath(parts[1:], path[1:])
}

func slowPart(glob, text string) bool {
	switch {
	case glob == "":
		return text == ""
	case glob[0] == '*':
		return slowPart(glob[1:], text) || text != "" && slowPart(glob, text[1:])
	}
	return text != "" && glob[0] == text[0] && slowPart(glob[1:], text[1:])
}
