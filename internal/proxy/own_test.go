package proxy

import (
	"fmt"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

const ownAction = "4012345678901234567890123456789012345678ab"

func ownGate(t *testing.T, now int64) (*Gate, keyring.OwnKeys) {
	t.Helper()
	set, err := keyring.Generate(keyring.OwnClosures, strings.NewReader(strings.Repeat("k", 36)), 1)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := set.Own()
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Config{
		Closures: OwnClosures{Keys: keys, Audience: "shop", Cookie: "session"},
		Now:      func() time.Time { return time.Unix(now, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, keys
}

// TestCapturedValuesAreKept: what the gate has opened is there for those who
// come later in the pipeline, with its types, and expires by the gate's clock.
func TestCapturedValuesAreKept(t *testing.T) {
	for _, tc := range []struct {
		is     string
		now    int64
		types  string
		reason reject.Reason
	}{
		{"in its last second", 1999, `{"/closure/1":"BigInt"}`, ""},
		{"when it expires", 2000, `{"/closure/1":"BigInt"}`, reject.ClosureExpired},
		{"with types that do not fit", 1999, `{"/closure/1":"Date"}`, reject.ClosureMalformed},
	} {
		g, keys := ownGate(t, tc.now)
		sealed, err := closure.SealOwn(keys, closure.Scope{Audience: "shop", ActionID: ownAction},
			closure.Own{Issued: 1000, Expires: 2000, Values: []byte(`["v41","12"]`), Types: []byte(tc.types)})
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf("--b.b\r\nContent-Disposition: form-data; name=\"1\"\r\n\r\n%q\r\n--b.b\r\nContent-Disposition: form-data; name=\"0\"\r\n\r\n[\"$@1\",9]\r\n--b.b--\r\n", sealed)
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Next-Action", ownAction)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b.b")
		c := call{gate: g, r: r, peer: Peer{Writer: httptest.NewRecorder()}}
		c.memory, c.Kind = g.config.Memory, action.Fetch
		refusal := c.fetch()
		if (refusal == nil) != (tc.reason == "") || refusal != nil && refusal.Reason != tc.reason {
			t.Errorf("%s: %v, want %q", tc.is, refusal, tc.reason)
		}
		want := &value.Array{Items: []value.Value{value.String("v41"), value.BigInt("12")}}
		if refusal == nil && (c.Closure != policy.ClosureOpened || len(c.Keys) != 1 || !reflect.DeepEqual(c.captured, want)) {
			t.Errorf("%s: closure %v, keys %v, values %v", tc.is, c.Closure, c.Keys, c.captured)
		}
		if refusal != nil && c.captured != nil {
			t.Errorf("%s: the values of a refused call are kept", tc.is)
		}
		c.Release(true)
	}
}

func TestCookies(t *testing.T) {
	for _, tc := range []struct {
		is    string
		lines []string
		want  []string
	}{
		{"none", nil, nil},
		{"one", []string{"session=a"}, []string{"a"}},
		{"among others", []string{"x=session=1; session=a=b; Session=c; session"}, []string{"a=b"}},
		{"an empty one", []string{"session="}, []string{""}},
		{"twice", []string{"session=a; session=a"}, []string{"a", "a"}},
		{"in two lines", []string{"session=a", "session=b"}, []string{"a", "b"}},
		{"with white space", []string{" session = a ;\tsession\t=b"}, []string{"a", "b"}},
		{"that Go does not take", []string{`session="a"; session=a"b\`}, []string{`"a"`, `a"b\`}},
	} {
		if got := Cookies(tc.lines, "session"); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.is, got, tc.want)
		}
	}
	if got := Cookies([]string{"=a"}, ""); got != nil {
		t.Errorf("without a name: %q", got)
	}
}

func TestOwnKeysWithoutAudience(t *testing.T) {
	_, keys := ownGate(t, 0)
	if _, err := New(Config{Closures: OwnClosures{Keys: keys}}); err == nil || !strings.Contains(err.Error(), "audience") {
		t.Error(err)
	}
}
