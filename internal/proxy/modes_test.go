package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/vectors"
)

// FuzzModesAgree holds that a JSON backend gets the calls that React's servers
// get, and no others, but for what has no form in JSON and for what only React
// would read in another way than it was sent.
func FuzzModesAgree(f *testing.F) {
	exchanges, err := vectors.Seeds()
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range exchanges {
		h := http.Header{}
		for _, field := range e.Request.Headers {
			h.Add(field[0], field[1])
		}
		f.Add(h.Get("Next-Action"), h.Get("Content-Type"), e.Request.Body)
	}
	f.Add("", formType, []byte(call))
	f.Add(id, "text/plain;charset=UTF-8", []byte(`["$Kx",{"__proto__":1},"$0"]`))
	keys := recordedKeys(f)
	react, _ := newGate(f, proxy.Config{Keys: keys})
	asJSON, memory := newGate(f, proxy.Config{Keys: keys, JSON: true})
	f.Fuzz(func(t *testing.T, action, contentType string, body []byte) {
		request := func() *http.Request {
			r := post(contentType, string(body))
			if action != "" {
				r.Header.Set("Next-Action", action)
			}
			return r
		}
		r := request()
		one, other := admit(react, request()), admit(asJSON, r)
		defer one.Release(true)
		switch {
		case reasonOf(one) == reasonOf(other) && one.Verdict == other.Verdict:
		case other.Verdict == proxy.Refuse && other.Refusal.Reason == reject.ArgumentNotAllowed && (one.Verdict == proxy.Admit || onlyReact(one)):
		case other.Verdict == proxy.Admit && onlyReact(one):
		default:
			t.Errorf("React's server: %v %v; JSON: %v %v", one.Verdict, one.Refusal, other.Verdict, other.Refusal)
		}
		if other.Verdict == proxy.Admit {
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := vectors.ParseJSONCall(r.Header.Get("Content-Type"), sent); err != nil || c.ID != string(one.ID) {
				t.Errorf("no backend could read this: %v, %q", err, sent)
			}
		}
		other.Release(true)
		if memory.Held() != 0 {
			t.Errorf("%d bytes are still counted", memory.Held())
		}
	})
}

func reasonOf(d proxy.Decision) reject.Reason {
	if d.Refusal == nil {
		return ""
	}
	return d.Refusal.Reason
}

// onlyReact reports whether a call is refused for what React's decoder would
// make of it. The gate's own reading, which JSON is written from, was in order.
func onlyReact(d proxy.Decision) bool {
	return d.Refusal != nil && (strings.HasPrefix(d.Refusal.Detail, "React would read other bound arguments") ||
		strings.HasSuffix(d.Refusal.Detail, "so that React reads them as they were meant"))
}

// recordedKeys are the keys of all recorded apps.
func recordedKeys(t testing.TB) (entries []keyring.Entry) {
	t.Helper()
	keys, err := vectors.Keys()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range keys {
		key, err := keyring.ParseNextKey(text)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, keyring.Entry{Key: key, State: keyring.Enabled})
	}
	return entries
}
