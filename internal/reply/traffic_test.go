package reply_test

import (
	"encoding/json"
	"mime"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// genuine are the families of recorded traffic that a browser sent.
const genuine = "abcdefhnw"

// overridden are forms whose button selects another action than the form does;
// the recording names the form's.
var overridden = map[string]bool{"d_two_go3": true, "d_twoclosure_go": true}

// notCompared are calls that the app logged in another way than it got them.
var notCompared = map[string]string{
	"a_fixed2":      "the action takes fewer parameters",
	"a_noparam":     "the action takes fewer parameters",
	"a_skipfirst":   "the action takes fewer parameters",
	"a_default":     "the action's parameter has a default",
	"b_sameref":     "the log does not tell that two functions are the same",
	"b_actionref":   "Next 14 logs a function without its id",
	"b_refsrvbound": "Next 14 logs a function without its id",
	"d_bindaction":  "Next 14 logs a function without its id",
	"b_jsx":         "Next 14 sends an element as an object, and logs it as an element",
	"b_tempback":    "Next 14 sends an element as an object, and logs it as an element",
	"d_emptyfile":   "Next names a file without a name undefined",
}

// call is a recorded call, read.
type call struct {
	vectors.Exchange
	entries []formdata.Entry
	args    *value.Array
	form    bool
	reply   *reply.Reply
}

// read reads a recorded call with the column that its id calls for.
func read(t *testing.T, e vectors.Exchange) (c call, refusal *reject.Error) {
	c = call{Exchange: e, form: true}
	contentType := ""
	for _, h := range e.Request.Headers {
		switch strings.ToLower(h[0]) {
		case "content-type":
			contentType = h[1]
		case "next-action":
			c.form = false
		}
	}
	o := reply.Options{Legacy: len(e.ActionID) == 40, Limits: reply.DefaultLimits()}
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if mediaType == "text/plain" {
		agree(t, e.ID, form("0", string(e.Request.Body)), o)
		c.reply, refusal = reply.ParseText(e.Request.Body, o)
	} else if c.entries, refusal = formdata.Parse(nil, e.Request.Body, params["boundary"], formdata.DefaultLimits()); refusal != nil {
		return c, refusal
	} else if c.form {
		a, refusal := reply.ParseAction(c.entries, o)
		if refusal != nil {
			return c, refusal
		}
		if a.ID != e.ActionID && !overridden[e.Scenario] {
			t.Errorf("%s: action %s, want %s", e.ID, a.ID, e.ActionID)
		}
		c.args = &value.Array{}
		if a.Bound != nil {
			c.args.Items = append(c.args.Items, a.Bound.Items...)
		}
		c.args.Items = append(c.args.Items, a.Form)
		return c, nil
	} else {
		agree(t, e.ID, c.entries, o)
		c.reply, refusal = reply.ParseForm(c.entries, o)
	}
	if refusal == nil {
		c.args = c.reply.Args
	}
	return c, refusal
}

// calls are the recorded requests of real browsers that made an action run.
func calls(t *testing.T) []call {
	traffic, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	var all []call
	for _, e := range traffic {
		if !strings.Contains(genuine, e.Family) || !e.Ran() {
			continue
		}
		c, refusal := read(t, e)
		if refusal != nil {
			t.Errorf("%s (%s) was refused: %v", e.ID, e.Description, refusal)
			continue
		}
		all = append(all, c)
	}
	if len(all) < 500 {
		t.Fatalf("only %d calls: this test looks in the wrong place", len(all))
	}
	return all
}

// TestGenuineCallsAreRead reads every recorded call, and compares the
// arguments with what the app logged where nothing else than React stands in
// between: one invocation, and no closure, whose captured values the app sees
// opened.
func TestGenuineCallsAreRead(t *testing.T) {
	compared := 0
	for _, c := range calls(t) {
		var invocations []struct {
			Args  json.RawMessage
			Bound json.RawMessage
		}
		if err := json.Unmarshal(c.Expected.Invocations, &invocations); err != nil {
			t.Fatal(err)
		}
		if notCompared[c.Scenario] != "" || c.NextVersion[:2] == "14" && c.Scenario == "d_rich" {
			continue // the latter: Next 14 reads the names of fields as Latin-1
		}
		if len(invocations) != 1 || len(invocations[0].Bound) > 0 && string(invocations[0].Bound) != "null" || string(c.Expected.SealedInRequest) != "[]" {
			continue
		}
		want, err := vectors.CanonicalCorpusTagged(invocations[0].Args)
		if err != nil {
			t.Fatal(err)
		}
		got, err := vectors.CorpusTagged(c.args)
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		compared++
		if got != want {
			t.Errorf("%s (%s): got %.300s, want %.300s", c.ID, c.Description, got, want)
		}
	}
	t.Logf("%d compared", compared)
	if compared < 300 {
		t.Errorf("only %d calls compared", compared)
	}
}
