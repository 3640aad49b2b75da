package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

func TestCallsAsJSON(t *testing.T) {
	g, memory := newGate(t, proxy.Config{JSON: true, Dialect: action.React, Declared: []string{"create"}})
	fetch := func(id, contentType, body string) *http.Request {
		r := post(contentType, body)
		r.Header.Set("Rsc-Action", id)
		return r
	}
	parts := func(all ...string) string {
		return "--B\r\n" + strings.Join(all, "\r\n--B\r\n") + "\r\n--B--\r\n"
	}
	part := func(name, content string) string {
		return "Content-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content
	}
	for _, tc := range []struct {
		is   string
		r    *http.Request
		want string
	}{
		{
			"a fetch call", fetch("create", "text/plain;charset=UTF-8", `[{"n":1.5},"$D2026-01-02T03:04:05.000Z"]`),
			`{"action":"create","id":"create","url":"/invoices?page=2","closure":null,"args":[{"n":1.5},"2026-01-02T03:04:05.000Z"],"types":{"/args/1":"Date"}}`,
		},
		{
			"a fetch call with a form", fetch("create", formType, parts(part("1_amount", "12.50"), part("0", `["$K1"]`))),
			`{"action":"create","id":"create","url":"/invoices?page=2","closure":null,"args":[{"amount":["12.50"]}],"types":{"/args/0":"FormData"}}`,
		},
		{
			"the same form without JavaScript", post(formType, parts(part("$ACTION_ID_create", ""), part("amount", "12.50"))),
			`{"action":"create","id":"create","url":"/invoices?page=2","closure":null,"args":[{"amount":["12.50"]}],"types":{"/args/0":"FormData"}}`,
		},
	} {
		t.Run(tc.is, func(t *testing.T) {
			tc.r.URL.Path, tc.r.URL.RawQuery = "/invoices", "page=2"
			tc.r.Header.Set("Cookie", "session=1")
			tc.r.Header.Set("Next-Router-State-Tree", "x")
			d := admit(g, tc.r)
			defer d.Release(true)
			if d.Verdict != proxy.Admit {
				t.Fatalf("%v: %v", d.Verdict, d.Refusal)
			}
			body, err := io.ReadAll(tc.r.Body)
			if err != nil || string(body) != tc.want || tc.r.ContentLength != int64(len(body)) {
				t.Errorf("%v, %d bytes announced\n got %s\nwant %s", err, tc.r.ContentLength, body, tc.want)
			}
			if tc.r.URL.RequestURI() != "/_actions/create" || tc.r.RequestURI != "/_actions/create" {
				t.Errorf("sent to %s", tc.r.URL)
			}
			h := tc.r.Header
			if h.Get("Content-Type") != "application/json" || h.Get("Cookie") != "session=1" || h.Get("Rsc-Action")+h.Get("Next-Router-State-Tree") != "" {
				t.Errorf("header %v", h)
			}
		})
	}
	if memory.Held() != 0 {
		t.Errorf("%d bytes are still counted", memory.Held())
	}
}

func TestNameOfAManifestIsEscapedInThePath(t *testing.T) {
	g, _ := newGate(t, proxy.Config{JSON: true, Dialect: action.React})
	r := post("text/plain;charset=UTF-8", "[]")
	r.Header.Set("Rsc-Action", "app/[...slug]/page.tsx#inline-1")
	d := admit(g, r)
	defer d.Release(true)
	if want := "/_actions/app%2F%5B...slug%5D%2Fpage.tsx%23inline-1"; d.Verdict != proxy.Admit || r.URL.RequestURI() != want {
		t.Errorf("%v to %s, want %s", d.Refusal, r.URL.RequestURI(), want)
	}
}

func TestRefusedWithAJSONBackend(t *testing.T) {
	g, _ := newGate(t, proxy.Config{
		JSON: true, Dialect: action.React, Declared: []string{"publish"},
		Rules: []policy.Rule{{Match: []string{"publish"}, ClosureRequired: true}},
	})
	for _, tc := range []struct {
		is, path, id, body string
		want               reject.Reason
	}{
		{"a ready-made call", "/_actions/publish", "", `{"action":"publish"}`, reject.PathReserved},
		{"a call to the path of calls", "/_actions/publish", "publish", `[]`, reject.PathReserved},
		{"no closure for an action that has one", "/", "publish", `["v41"]`, reject.ClosureMissing},
	} {
		r := post("text/plain;charset=UTF-8", tc.body)
		r.URL.Path = tc.path
		if tc.id != "" {
			r.Header.Set("Rsc-Action", tc.id)
		}
		d := admit(g, r)
		if d.Refusal == nil || d.Refusal.Reason != tc.want {
			t.Errorf("%s: %v %v, want %s", tc.is, d.Verdict, d.Refusal, tc.want)
		}
		d.Release(true)
	}
}

func TestReportModeDoesNotGoWithJSON(t *testing.T) {
	if _, err := proxy.New(proxy.Config{JSON: true, Report: true}); err == nil {
		t.Error("it is accepted")
	}
}
