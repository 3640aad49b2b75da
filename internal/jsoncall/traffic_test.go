package jsoncall_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// genuine are the families of recorded traffic that a browser sent.
const genuine = "abcdefhnw"

// TestRecordedTraffic writes each recorded call of a real browser as JSON and
// holds arguments, captured values, types and files against what the app logged.
func TestRecordedTraffic(t *testing.T) {
	exchanges, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	ring := ringOf(t)
	withoutForm, loggedOtherwise := vectors.WithoutJSON(), vectors.LoggedOtherwise()
	seen := map[string]bool{}
	args, closures := 0, 0
	for _, e := range exchanges {
		var invocations []struct{ Args, Bound json.RawMessage }
		if err := json.Unmarshal(e.Expected.Invocations, &invocations); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(genuine, e.Family) || len(invocations) != 1 {
			continue
		}
		c, refusal := readCall(e, ring)
		if refusal != nil {
			t.Errorf("%s: %v", e.ID, refusal)
			continue
		}
		scenario := strings.TrimSuffix(e.Scenario, "_form")
		m, refusal := jsoncall.Encode(c, jsoncall.Limits{Bytes: jsonform.Limit(int64(len(e.Request.Body)))}, names())
		if refusal != nil {
			if word := withoutForm[scenario]; word == "" || !strings.Contains(refusal.Detail, word) {
				t.Errorf("%s: %v", e.ID, refusal)
			}
			seen[scenario] = true
			continue
		}
		got, err := vectors.ParseJSONCall(m.ContentType, m.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.CompareLogged(invocations[0].Args, invocations[0].Bound); err != nil {
			if loggedOtherwise[scenario] == "" {
				t.Errorf("%s: %v in %.200s", e.ID, err, m.Call)
			}
			seen[scenario] = true
			continue
		}
		args++
		if c.Closure != nil {
			closures++
		}
	}
	t.Logf("%d calls' arguments and %d closures are what the app logged", args, closures)
	if args < 1000 || closures < 360 || len(seen) != len(withoutForm)+len(loggedOtherwise) {
		t.Errorf("%d calls, %d closures, %d of %d exceptions: this test reads the recordings wrongly", args, closures, len(seen), len(withoutForm)+len(loggedOtherwise))
	}
}

// ringOf holds the keys of all recorded apps.
func ringOf(t *testing.T) keyring.Ring {
	keys, err := vectors.Keys()
	if err != nil {
		t.Fatal(err)
	}
	var entries []keyring.Entry
	for _, text := range keys {
		key, err := keyring.ParseNextKey(text)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, keyring.Entry{Key: key, State: keyring.Enabled})
	}
	ring, err := keyring.NewRing(entries...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// readCall reads a recorded call as the gate does.
func readCall(e vectors.Exchange, ring keyring.Ring) (jsoncall.Call, *reject.Error) {
	c := jsoncall.Call{Action: e.ExportedName, URL: e.Request.URL}
	id, args, refusal := readArgs(e)
	c.ID, c.Args = id, args
	if refusal != nil || len(args) == 0 {
		return c, refusal
	}
	text, inPromise, _ := closure.TextOf(args[0])
	d, refusal := closure.Decide(ring, closure.Candidate{
		Text: text, InPromise: inPromise, ActionID: c.ID, Kind: closure.Named, MaxLength: len(e.Request.Body),
	}, closure.MaxTries)
	if refusal != nil || d.Verdict != closure.Closure {
		return c, refusal
	}
	captured, refusal := flight.Parse(d.Opened.Flight, flight.Limits{})
	if refusal != nil {
		return c, refusal
	}
	c.Closure, c.Args = captured.(*value.Array), args[1:]
	return c, nil
}

// readArgs reads the action's id and the arguments of a call, bound ones first.
func readArgs(e vectors.Exchange) (id string, args []value.Value, refusal *reject.Error) {
	var contentType string
	form := true
	for _, h := range e.Request.Headers {
		switch strings.ToLower(h[0]) {
		case "content-type":
			contentType = h[1]
		case "next-action":
			form = false
		}
	}
	mediaType, refusal := action.ParseMediaType(contentType)
	if refusal != nil {
		return "", nil, refusal
	}
	o := reply.Options{Legacy: len(e.ActionID) == 40, Limits: reply.DefaultLimits()}
	var r *reply.Reply
	if mediaType.Boundary == "" {
		r, refusal = reply.ParseText(e.Request.Body, o)
	} else {
		entries, err := formdata.Parse(nil, e.Request.Body, mediaType.Boundary, formdata.DefaultLimits())
		if err != nil {
			return "", nil, err
		}
		if form {
			return formArgs(entries, o)
		}
		r, refusal = reply.ParseForm(entries, o)
	}
	if refusal != nil {
		return "", nil, refusal
	}
	return e.ActionID, r.Args.Items, nil
}

// formArgs reads a form without JavaScript, whose button may name another
// action than the recording does.
func formArgs(entries []formdata.Entry, o reply.Options) (id string, args []value.Value, refusal *reject.Error) {
	a, refusal := reply.ParseAction(entries, o)
	if refusal != nil {
		return "", nil, refusal
	}
	if a.Bound != nil {
		args = append(args, a.Bound.Items...)
	}
	return a.ID, append(args, a.Form), nil
}
