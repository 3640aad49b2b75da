package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/vectors"
)

// noCall are hand-made requests that Next takes for no call, and the gate
// neither.
var noCall = map[string]bool{
	"g_form_noaction": true, "g_form_plain": true, "g_form_urlenc": true, "g_form_urlenccs": true, "g_method_get_form": true,
}

// TestRecordedTrafficAsJSON sends every recorded exchange through the real
// binary to a backend that reads JSON. What the app once ran must arrive as what
// the app logged, what was refused in front of React must be refused here, too.
func TestRecordedTrafficAsJSON(t *testing.T) {
	exchanges, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	up := startUpstreamWith(t, "application/json", "null")
	r := jsonTraffic{
		gates:     trafficGates{up: up, more: "backend json\n", gates: map[string]*gate{}},
		names:     map[string]map[string]string{},
		without:   vectors.WithoutJSON(),
		otherwise: vectors.LoggedOtherwise(),
		refused:   map[string]int{}, seen: map[string]bool{},
	}
	// The hand-made ones that React reads and JSON cannot say.
	r.without["g_json_deep"], r.without["g_json_refself"] = "100 levels", "contains itself"
	for _, e := range exchanges {
		g := r.gates.gate(t, e)
		a := send(t, g.address, e.Request.Raw(), e.Scenario == "g_size_lenlie")
		got := up.take()
		switch reason, refused := expected(e); {
		case refused:
			r.attacks++
			checkRefused(t, g, e, a, got, reason)
		case noCall[e.Scenario]:
			checkForwarded(t, e, a, got)
		default:
			r.check(t, g, e, a, got)
		}
	}
	t.Logf("%d calls are what the app logged, %d of them with a closure and %d with a name; %d are without a log, or logged otherwise; refused for want of a form in JSON: %v; refused as in front of React: %d",
		r.same, r.closures, r.named, r.others, r.refused, r.attacks)
	if r.same < 1000 || r.closures < 350 || r.named < 900 || r.attacks < 200 {
		t.Error("that is too little: this test reads the recordings wrongly")
	}
	for scenario := range r.without {
		if !r.seen[scenario] {
			t.Errorf("%s was not refused", scenario)
		}
	}
}

// jsonTraffic counts what became of the recordings.
type jsonTraffic struct {
	gates trafficGates
	// names are the names of actions by build and id.
	names              map[string]map[string]string
	without, otherwise map[string]string

	same, closures, named, others, attacks int
	// refused counts calls without a form in JSON by what they hold.
	refused map[string]int
	seen    map[string]bool
}

// check looks at a call that React's servers get.
func (r *jsonTraffic) check(t *testing.T, g *gate, e vectors.Exchange, a answer, got []received) {
	scenario := strings.TrimSuffix(e.Scenario, "_form")
	if a.status == http.StatusBadRequest {
		line := g.refusal(t, a)
		detail, _ := line["detail"].(string)
		word := r.without[scenario]
		if word == "" || line["reason"] != "argument_not_allowed" || !strings.Contains(detail, word) || len(got) != 0 {
			t.Errorf("%s: refused as %v: %s", e.ID, line["reason"], detail)
		}
		r.refused[word]++
		r.seen[scenario] = true
		return
	}
	if a.status != http.StatusOK || len(got) != 1 || got[0].err != nil {
		t.Errorf("%s: the backend saw it %d times, status %d %q", e.ID, len(got), a.status, a.body)
		return
	}
	c, err := vectors.ParseJSONCall(got[0].header.Get("Content-Type"), []byte(got[0].body))
	if err != nil {
		t.Errorf("%s: %v in %.300q", e.ID, err, got[0].body)
		return
	}
	r.checkAddress(t, e, got[0], c)
	var invocations []struct{ Args, Bound json.RawMessage }
	if err := json.Unmarshal(e.Expected.Invocations, &invocations); err != nil {
		t.Fatal(err)
	}
	if len(invocations) != 1 || r.otherwise[scenario] != "" {
		r.others++
		return
	}
	if err := c.CompareLogged(invocations[0].Args, invocations[0].Bound); err != nil {
		t.Errorf("%s: %v in %.300q", e.ID, err, got[0].body)
		return
	}
	r.same++
	if c.Closure != nil {
		r.closures++
	}
}

// checkAddress holds that a call goes to the path of its action, in the name
// that the build gives it, and says where it was made.
func (r *jsonTraffic) checkAddress(t *testing.T, e vectors.Exchange, got received, c *vectors.JSONCall) {
	if e.ActionIDVia == "header" && c.ID != e.ActionID {
		t.Errorf("%s: the id became %s", e.ID, c.ID)
	}
	want := r.nameOf(t, e, c.ID)
	if want == "" {
		want = c.ID
	} else {
		r.named++
	}
	if c.Action != want || got.target != "/_actions/"+url.PathEscape(want) || got.method != http.MethodPost {
		t.Errorf("%s: %s became %s, sent to %s", e.ID, want, c.Action, got.target)
	}
	if c.URL != requestTarget(e) || got.host != field(e, "Host") || got.header["Next-Action"] != nil {
		t.Errorf("%s: made on %s%s, headers %v", e.ID, got.host, c.URL, got.header)
	}
}

// nameOf is the name of an action by Next's manifest, empty for none.
func (r *jsonTraffic) nameOf(t *testing.T, e vectors.Exchange, id string) string {
	names, known := r.names[e.Build]
	if !known {
		names = map[string]string{}
		r.names[e.Build] = names
		data, err := os.ReadFile(manifestOf(e))
		if errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		var manifest struct {
			Node map[string]struct {
				Filename, ExportedName string
				Workers                map[string]any
			}
		}
		if err != nil || json.Unmarshal(data, &manifest) != nil {
			t.Fatal(err)
		}
		for id, action := range manifest.Node {
			if action.Filename != "" {
				names[id] = action.Filename + "#" + strings.Replace(action.ExportedName, "$$RSC_SERVER_ACTION_", "inline-", 1)
			} else { // Next 14 names pages only
				names[id] = slices.Min(slices.Collect(maps.Keys(action.Workers))) + "#" + id[:12]
			}
		}
	}
	return names[id]
}
