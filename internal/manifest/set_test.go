package manifest

import (
	"fmt"
	"testing"
)

func parsed(t testing.TB, entries ...string) *Manifest {
	t.Helper()
	m, err := Parse([]byte(file(entries...)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newSet(t testing.TB, builds ...Build) Set {
	t.Helper()
	s, err := NewSet(builds...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLookupPicksTheBuild(t *testing.T) {
	first := parsed(t, entry(id1, "app/a.ts", "one"))
	both := parsed(t, entry(id1, "app/a.ts", "one"), entry(id2, "app/a.ts", "two"))
	s := newSet(t,
		Build{Name: "new", Deployment: "v2", Manifest: first},
		Build{Name: "unread", Deployment: "v9"},
		Build{Name: "old", Deployment: "v1", Manifest: both},
		Build{Name: "zone", Deployment: "v1", Manifest: both},
	)
	for _, tt := range []struct{ title, id, deployment, want string }{
		{"an id of several builds belongs to the first", id1, "", "new"},
		{"the deployment decides when ids repeat", id1, "v1", "old"},
		{"a deployment that nobody configured decides nothing", id1, "v3", "new"},
		{"a deployment does not hide what another build has", id2, "v2", "old"},
		{"a build that was not read has nothing", id2, "v9", "old"},
		{"an id that nobody has", legacy, "v1", ""},
		{"no id", "", "", ""},
	} {
		a, build, ok := s.LookupIn(tt.id, tt.deployment)
		if ok != (tt.want != "") || ok && (build.Name != tt.want || a.ID != tt.id) {
			t.Errorf("%s: got %v of %+v, %t", tt.title, a, build, ok)
		}
	}
}

func TestCheckRefusesOnceTheSetHasSettled(t *testing.T) {
	full, empty := parsed(t, entry(id1, "app/a.ts", "one")), parsed(t)
	for _, tt := range []struct {
		title   string
		set     Set
		settled bool
	}{
		{"no builds", newSet(t), false},
		{"a build that was not read", newSet(t, Build{Name: "a"}), false},
		{"next dev before its first page", newSet(t, Build{Name: "a", Manifest: empty}), false},
		{"one build of two is still empty", newSet(t, Build{Name: "a", Manifest: full}, Build{Name: "b", Manifest: empty}), false},
		{"a build", newSet(t, Build{Name: "a", Manifest: full}), true},
	} {
		if tt.set.Settled() != tt.settled {
			t.Errorf("%s: settled is %t", tt.title, !tt.settled)
		}
		a, build, refusal := tt.set.Check(id2, "")
		if (refusal != nil) != tt.settled || build != nil || a.ID != "" {
			t.Errorf("%s: an unknown id gives %v, %v, %v", tt.title, a, build, refusal)
		}
		if refusal != nil && (refusal.Reason != ActionUnknown || refusal.Stage != Stage) {
			t.Errorf("%s: refused for %v", tt.title, refusal)
		}
	}
	if a, build, refusal := newSet(t, Build{Name: "a", Manifest: full}).Check(id1, "x"); refusal != nil || build.Name != "a" || a.Export != "one" {
		t.Errorf("a known id gives %v, %v, %v", a, build, refusal)
	}
}

func TestNewSetRefuses(t *testing.T) {
	for _, tt := range []struct {
		title  string
		builds []Build
	}{
		{"a build without a name", []Build{{}}},
		{"two builds of one name", []Build{{Name: "a"}, {Name: "b"}, {Name: "a"}}},
	} {
		if s, err := NewSet(tt.builds...); err == nil || s.builds != nil {
			t.Errorf("%s: got %v, %v", tt.title, s, err)
		}
	}
}

func TestReplaceKeepsTheLastGoodManifest(t *testing.T) {
	old := newSet(t, Build{Name: "a", Deployment: "v1", Manifest: parsed(t, entry(id1, "app/a.ts", "one"))}, Build{Name: "b"})
	for _, tt := range []struct{ title, name, data string }{
		{"an empty file", "a", ""},
		{"half a file", "a", file(entry(id2, "x", "y"))[:50]},
		{"a build that is not configured", "c", file()},
	} {
		s, err := Replace(old, tt.name, []byte(tt.data))
		if err == nil {
			t.Errorf("%s: no error", tt.title)
		}
		if _, _, ok := s.Lookup(id1); !ok {
			t.Errorf("%s: the old manifest is gone", tt.title)
		}
	}
	s, err := Replace(old, "a", []byte(file(entry(id2, "app/a.ts", "two"))))
	if err != nil {
		t.Fatal(err)
	}
	if _, build, ok := s.Lookup(id2); !ok || build.Name != "a" || build.Deployment != "v1" {
		t.Errorf("the new action belongs to %+v", build)
	}
	if _, _, ok := s.Lookup(id1); ok {
		t.Error("the old action is still there")
	}
	if _, _, ok := old.Lookup(id1); !ok {
		t.Error("the old set has changed")
	}
}

func TestNamedFindsExportsOnly(t *testing.T) {
	m := parsed(t,
		entry(id1, "app/a.ts", "one"),
		entry(id2, "app/a.ts", "$$RSC_SERVER_ACTION_0"),
		entry("40"+legacy[:39]+"0", "app/b.ts", "twice"),
		entry("60"+legacy[:39]+"0", "app/b.ts", "twice"),
	)
	for _, tt := range []struct {
		title, name string
		want        bool
	}{
		{"an export", "app/a.ts#one", true},
		{"an inline action, whose number may mean another function", "app/a.ts#inline-0", false},
		{"a name of two ids", "app/b.ts#twice", false},
		{"a name that nobody has", "app/a.ts#none", false},
	} {
		if a, ok := m.Named(tt.name); ok != tt.want || ok && a.Name() != tt.name {
			t.Errorf("%s: got %v, %t", tt.title, a, ok)
		}
	}
}

func TestOverlapsCountSharedInlineActions(t *testing.T) {
	all := recorded(t)
	s := newSet(t,
		Build{Name: "a", Manifest: all["next16-turbopack-open"]},
		Build{Name: "b", Manifest: all["next16-turbopack-changed"]},
		Build{Name: "c", Manifest: all["next14-webpack-open"]},
		Build{Name: "unread"},
	)
	got := s.Overlaps()
	if len(got) != 1 || got[0].First != "a" || got[0].Second != "b" || got[0].Inline < 30 {
		t.Errorf("got %v", got)
	}
	n := 0
	for b, a := range s.All() {
		if b.Name == "" || a.ID == "" {
			t.Errorf("got %v of %v", a, b)
		}
		n++
	}
	if n != 303 {
		t.Errorf("got %d actions in all, want 303", n)
	}
}

func BenchmarkLookup(b *testing.B) {
	all := recorded(b)
	big := make([]string, 5000)
	for i := range big {
		big[i] = entry(fmt.Sprintf("40%040x", i), fmt.Sprintf("app/%d/actions.ts", i), "save")
	}
	m := all["next16-turbopack-open"]
	hit := m.actions[50].ID
	for _, bb := range []struct {
		name           string
		id, deployment string
		set            Set
	}{
		{"one_build", hit, "", newSet(b, Build{Name: "a", Manifest: m})},
		{"third_build", hit, "", newSet(b, Build{Name: "x", Manifest: parsed(b, big...)}, Build{Name: "y", Manifest: all["next14-webpack-open"]}, Build{Name: "a", Manifest: m})},
		{"by_deployment", hit, "v1", newSet(b, Build{Name: "y", Manifest: all["next16-turbopack-changed"]}, Build{Name: "a", Deployment: "v1", Manifest: m})},
		{"unknown", id1, "", newSet(b, Build{Name: "a", Manifest: m})},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bb.set.LookupIn(bb.id, bb.deployment)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	data := make([]string, 1000)
	for i := range data {
		data[i] = entry(fmt.Sprintf("40%040x", i), fmt.Sprintf("app/%d/actions.ts", i), "save")
	}
	text := []byte(file(data...))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
