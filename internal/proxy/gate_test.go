package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

const (
	id       = "4012345678901234567890123456789012345678ab"
	site     = "shop.example"
	formType = "multipart/form-data; boundary=B"
	upload   = "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\nContent-Type: text/css\r\n\r\n$ACTION_ in a file\r\n--B--\r\n"
	call     = "--B\r\nContent-Disposition: form-data; name=\"$ACTION_ID_" + id + "\"\r\n\r\n\r\n--B--\r\n"
)

func newGate(t testing.TB, c proxy.Config) (*proxy.Gate, *proxy.Memory) {
	t.Helper()
	if c.Memory == nil {
		c.Memory = new(proxy.Memory)
	}
	g, err := proxy.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g, c.Memory
}

// post is a request of the site's own pages.
func post(contentType, body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Host = site
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Origin", "https://"+site)
	return r
}

func admit(g *proxy.Gate, r *http.Request) proxy.Decision {
	return g.Admit(r, proxy.Peer{Writer: httptest.NewRecorder()})
}

func TestVerdicts(t *testing.T) {
	fetch := func(body string) *http.Request {
		r := post("text/plain;charset=UTF-8", body)
		r.Header.Set("Next-Action", id)
		return r
	}
	for _, tc := range []struct {
		is      string
		config  proxy.Config
		request func() *http.Request
		want    proxy.Verdict
		reason  reject.Reason
	}{
		{"a page", proxy.Config{}, func() *http.Request { return httptest.NewRequest("GET", "/", nil) }, proxy.Pass, ""},
		{"a page where only actions are served", proxy.Config{OnlyActions: true}, func() *http.Request { return httptest.NewRequest("GET", "/", nil) }, proxy.Refuse, reject.NotAnAction},
		{"a call", proxy.Config{}, func() *http.Request { return fetch("[]") }, proxy.Admit, ""},
		{"an upload whose file mentions actions", proxy.Config{}, func() *http.Request { return post(formType, upload) }, proxy.Pass, ""},
		{"an upload where only actions are served", proxy.Config{OnlyActions: true}, func() *http.Request { return post(formType, upload) }, proxy.Refuse, reject.NotAnAction},
		{"an upload in a way that we cannot read", proxy.Config{}, func() *http.Request { return post(formType, "odd\r\n"+strings.ReplaceAll(upload, "$ACTION_", "")) }, proxy.Pass, ""},
		{"a long upload where only actions are served", proxy.Config{OnlyActions: true, MaxBody: 10}, func() *http.Request { return post(formType, upload) }, proxy.Refuse, reject.BodyTooLarge},
		{"a form action", proxy.Config{}, func() *http.Request { return post(formType, call) }, proxy.Admit, ""},
		{"an HTTP/2 call without an authority", proxy.Config{}, func() *http.Request { r := fetch("[]"); r.Host = ""; return r }, proxy.Refuse, reject.HostMalformed},
		{"a call in early data", proxy.Config{}, func() *http.Request { r := fetch("[]"); r.TLS = &tls.ConnectionState{}; return r }, proxy.Refuse, reject.EarlyData},
		{"a call that a handler before us has made longer", proxy.Config{}, func() *http.Request { r := fetch("[1,2,3]"); r.ContentLength = 2; return r }, proxy.Refuse, reject.BodyIncomplete},
		{"a call that a handler before us limits", proxy.Config{}, func() *http.Request {
			r := fetch("[1234567]")
			r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, 4)
			return r
		}, proxy.Refuse, reject.BodyTooLarge},
		{"a bad call in report mode", proxy.Config{Report: true}, func() *http.Request { r := fetch("[]"); r.Header.Set("Origin", "null"); return r }, proxy.WouldRefuse, reject.OriginNull},
	} {
		g, memory := newGate(t, tc.config)
		d := admit(g, tc.request())
		if d.Verdict != tc.want || (d.Refusal == nil) != (tc.reason == "") || d.Refusal != nil && d.Refusal.Reason != tc.reason {
			t.Errorf("%s: %v %v, want %v %s", tc.is, d.Verdict, d.Refusal, tc.want, tc.reason)
		}
		d.Release(true)
		if memory.Held() != 0 {
			t.Errorf("%s: %d bytes are still counted", tc.is, memory.Held())
		}
	}
}

// TestPassedBodiesAreReplayed: what was read to decide goes on as it came.
func TestPassedBodiesAreReplayed(t *testing.T) {
	for _, tc := range []struct {
		is     string
		config proxy.Config
		body   string
	}{
		{"an upload", proxy.Config{}, upload},
		{"an upload longer than the limit", proxy.Config{MaxBody: 20}, upload},
		{"an empty body", proxy.Config{}, ""},
		{"a body that we cannot read", proxy.Config{}, strings.Repeat("odd", 100)},
		{"a long body that we cannot read", proxy.Config{MaxBody: 20}, strings.Repeat("100%$AC", 100_000)},
		{"a bad call in report mode", proxy.Config{Report: true, MaxBody: 20}, call},
	} {
		g, memory := newGate(t, tc.config)
		r := post(formType, tc.body)
		r.Body = io.NopCloser(iotest.HalfReader(strings.NewReader(tc.body)))
		d := admit(g, r)
		if d.Verdict == proxy.Refuse {
			t.Errorf("%s: %v", tc.is, d.Refusal)
			continue
		}
		got, err := io.ReadAll(r.Body)
		if err != nil || string(got) != tc.body {
			t.Errorf("%s: %d bytes of %d, %v", tc.is, len(got), len(tc.body), err)
		}
		d.Release(true)
		d.Release(true) // twice gives back once
		if memory.Held() != 0 {
			t.Errorf("%s: %d bytes are still counted", tc.is, memory.Held())
		}
	}
}

// TestLateFieldEndsTheBody: a field behind the limit is not passed on, and the
// body ends in an error that proxies do not hold against the backend.
func TestLateFieldEndsTheBody(t *testing.T) {
	g, _ := newGate(t, proxy.Config{MaxBody: 100})
	body := strings.Replace(upload, "in a file", strings.Repeat("x", 200_000), 1)
	body = strings.TrimSuffix(body, "--B--\r\n") + call
	r := post(formType, body)
	d := admit(g, r)
	defer d.Release(true)
	if d.Verdict != proxy.Pass || !d.Streams() || d.Late() != nil {
		t.Fatalf("verdict %v, streams %v, late %v", d.Verdict, d.Streams(), d.Late())
	}
	got, err := io.ReadAll(r.Body)
	if !errors.Is(err, context.Canceled) || strings.Contains(string(got), "$ACTION_ID") || len(got) < 100_000 {
		t.Errorf("%d bytes and %v", len(got), err)
	}
	if late := d.Late(); late == nil || late.Reason != reject.BodyTooLarge {
		t.Errorf("late %v", late)
	}
}

// TestDeadlineIsTakenBack: a deadline that stayed on the connection would end
// the call upstream.
func TestDeadlineIsTakenBack(t *testing.T) {
	g, _ := newGate(t, proxy.Config{})
	r := post("text/plain", "[]")
	r.Header.Set("Next-Action", id)
	w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	if d := g.Admit(r, proxy.Peer{Writer: w}); d.Verdict != proxy.Admit {
		t.Fatal(d.Refusal)
	}
	if len(w.set) < 2 || w.set[0].IsZero() || !w.set[len(w.set)-1].IsZero() {
		t.Errorf("deadlines %v", w.set)
	}
}

type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	for is, config := range map[string]proxy.Config{
		"less memory than two bodies": {MaxBody: 1000, MaxMemory: 2001},
		"a negative size":             {MaxBody: -1},
		"a size over a gigabyte":      {MaxBody: 2 << 30, MaxMemory: 8 << 30},
		"a rule of over a gigabyte":   {Rules: []policy.Rule{{Match: []string{"**"}, MaxBody: 2 << 30}}, MaxMemory: 8 << 30},
		"a rule beyond the memory":    {Rules: []policy.Rule{{Match: []string{"**"}, MaxBody: 8 << 20}}, MaxMemory: 8 << 20},
		"a negative time":             {BodyTimeout: -1},
	} {
		if _, err := proxy.New(config); err == nil {
			t.Errorf("%s was accepted", is)
		}
	}
}

func TestAttackURLWithinAURLAsTarget(t *testing.T) {
	g, _ := newGate(t, proxy.Config{})
	raw := "POST a:http://other.example/ HTTP/1.1\r\nHost: " + site + "\r\nOrigin: https://" + site + "\r\nNext-Action: " + id + "\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 2\r\n\r\n[]"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	d := admit(g, r)
	defer d.Release(true)
	if d.Refusal == nil || d.Refusal.Reason != reject.HostMalformed {
		t.Errorf("%v (%v)", d.Verdict, d.Refusal)
	}
}
