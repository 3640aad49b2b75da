package proxy_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

func TestDialectReact(t *testing.T) {
	for _, tc := range []struct {
		is, header, id string
		declared       []string
		pass           bool
		verdict        proxy.Verdict
		reason         reject.Reason
	}{
		{"the id of a bundler", "Rsc-Action", "file:///app/actions.js#create", nil, false, proxy.Admit, ""},
		{"an id with a space", "Rsc-Action", "create invoice", nil, false, proxy.Refuse, reject.ActionIDMalformed},
		{"the header of Next, which this backend does not look at", "Next-Action", id, nil, false, proxy.Pass, ""},
		{"a declared action", "Rsc-Action", "create", []string{"create"}, false, proxy.Admit, ""},
		{"another than those that are declared", "Rsc-Action", "destroy", []string{"create"}, false, proxy.Refuse, reject.ActionUnknown},
		{"another, and unknown ones pass", "Rsc-Action", "destroy", []string{"create"}, true, proxy.Admit, ""},
	} {
		t.Run(tc.is, func(t *testing.T) {
			g, _ := newGate(t, proxy.Config{Dialect: action.React, Declared: tc.declared, PassUnknown: tc.pass})
			r := post("text/plain;charset=UTF-8", "[]")
			r.Header.Set(tc.header, tc.id)
			d := admit(g, r)
			defer d.Release(true)
			if d.Verdict != tc.verdict || d.Refusal != nil && d.Refusal.Reason != tc.reason {
				t.Errorf("%v (%v), want %v (%s)", d.Verdict, d.Refusal, tc.verdict, tc.reason)
			}
		})
	}
}

// Next names actions by ids alone, unless one is declared.
func TestDeclaredActionOfNext(t *testing.T) {
	g, _ := newGate(t, proxy.Config{Declared: []string{"create"}})
	form := strings.ReplaceAll(call, id, "create")
	d := admit(g, post(formType, form))
	defer d.Release(true)
	if d.Verdict != proxy.Admit || d.ID != "create" || d.Name != "create" {
		t.Errorf("%v (%v) of %q, want the call of create", d.Verdict, d.Refusal, d.ID)
	}
}

// Bare React reads the body of any answer as Flight.
func TestAnswerToReact(t *testing.T) {
	g, _ := newGate(t, proxy.Config{Dialect: action.React})
	r := post("text/plain;charset=UTF-8", "[1,")
	r.Header.Set("Rsc-Action", "create")
	d := admit(g, r)
	defer d.Release(true)
	w := httptest.NewRecorder()
	proxy.WriteAnswer(w, r, &d, d.Refusal, "ABC")
	if w.Code != 400 || w.Body.String() != "0:E{\"digest\":\"ABC\"}\n" || w.Header().Get("Content-Type") != "text/x-component" {
		t.Errorf("%d %s %q", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
}

// TestAttackURLEncodedCall: React's decodeAction runs the action of any form
// that its server can read, and a page of any site can send one of this kind.
func TestAttackURLEncodedCall(t *testing.T) {
	const urlEncoded = "application/x-www-form-urlencoded"
	for _, tc := range []struct {
		is, contentType, body string
		config                proxy.Config
		want                  proxy.Verdict
	}{
		{"an action's field", urlEncoded, "a=1&$ACTION_ID_x=", proxy.Config{Dialect: action.React}, proxy.Refuse},
		{"an escaped one", urlEncoded, "%24ACTION%5FID_x=", proxy.Config{Dialect: action.React}, proxy.Refuse},
		{"another case and a charset", "Application/X-WWW-form-urlencoded;charset=UTF-8", "$ACTION_REF_1=", proxy.Config{Dialect: action.React}, proxy.Refuse},
		{"a form of the site's own", urlEncoded, "price=12$&action=buy", proxy.Config{Dialect: action.React}, proxy.Pass},
		{"Next, which takes none", urlEncoded, "$ACTION_ID_x=", proxy.Config{}, proxy.Pass},
		{"a JSON backend, which reads no such fields", urlEncoded, "$ACTION_ID_x=", proxy.Config{Dialect: action.React, JSON: true}, proxy.Pass},
	} {
		g, _ := newGate(t, tc.config)
		r := post(tc.contentType, tc.body)
		d := admit(g, r)
		if d.Verdict != tc.want || tc.want == proxy.Refuse && d.Refusal.Reason != reject.MediaTypeUnsupported {
			t.Errorf("%s: %v, %v", tc.is, d.Verdict, d.Refusal)
		}
		if body, err := io.ReadAll(r.Body); tc.want == proxy.Pass && (err != nil || string(body) != tc.body) {
			t.Errorf("%s: %q, %v goes on", tc.is, body, err)
		}
		d.Release(true)
	}
}
