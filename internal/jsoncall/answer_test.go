package jsoncall_test

import (
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
)

func TestWhatABackendsHeadMeans(t *testing.T) {
	const json = "application/json"
	type header = map[string][]string
	typed := func(contentType string) header { return header{"Content-Type": {contentType}} }
	to := func(location string) header { return header{"Location": {location}} }
	for _, tc := range []struct {
		is     string
		status int
		header header
		want   jsoncall.Outcome
		body   jsoncall.Body
	}{
		{"a result", 200, typed(json), jsoncall.Result, jsoncall.Plain},
		{"a result with a charset, in capitals", 200, typed(`Application/JSON; Charset="UTF-8"`), jsoncall.Result, jsoncall.Plain},
		{"a result with a parameter that says nothing", 200, typed(json + "; odata.metadata=none"), jsoncall.Result, jsoncall.Plain},
		{"a result that was made", 201, typed(json), jsoncall.Result, jsoncall.Plain},
		{"a result with types", 200, typed("application/vnd.actiongw.result+json"), jsoncall.Result, jsoncall.Rich},
		{"a result that says that it is not encoded", 200, header{"Content-Type": {json}, "Content-Encoding": {"identity"}}, jsoncall.Result, jsoncall.Plain},
		{"nothing", 204, nil, jsoncall.Result, jsoncall.Ignored},
		{"nothing, with a type", 204, typed("text/html"), jsoncall.Result, jsoncall.Ignored},
		{"a page", 200, typed("text/html; charset=utf-8"), jsoncall.BackendMalformed, jsoncall.Ignored},
		{"JSON that does not say so", 200, nil, jsoncall.BackendMalformed, jsoncall.Ignored},
		{"JSON that says it twice", 200, header{"Content-Type": {json, json}}, jsoncall.BackendMalformed, jsoncall.Ignored},
		{"JSON in Latin-1", 200, typed(json + "; charset=iso-8859-1"), jsoncall.BackendMalformed, jsoncall.Ignored},
		{"a type that begins like JSON's", 200, typed("application/jsonx"), jsoncall.BackendMalformed, jsoncall.Ignored},
		{"JSON that is compressed", 200, header{"Content-Type": {json}, "Content-Encoding": {"gzip"}}, jsoncall.BackendMalformed, jsoncall.Ignored},
		{"Flight, which only the gate may write", 200, typed("text/x-component"), jsoncall.BackendMalformed, jsoncall.Ignored},
		{"a part of a result", 206, typed(json), jsoncall.BackendMalformed, jsoncall.Ignored},
		{"not modified", 304, nil, jsoncall.BackendMalformed, jsoncall.Ignored},
		{"a status that nobody knows", 600, typed(json), jsoncall.BackendMalformed, jsoncall.Ignored},
		{"a redirect", 303, to("/invoices"), jsoncall.Redirected, jsoncall.Ignored},
		{"a redirect with a page", 302, header{"Location": {"/"}, "Content-Type": {"text/html"}}, jsoncall.Redirected, jsoncall.Ignored},
		{"a redirect that would keep the method", 307, to("/invoices"), jsoncall.BackendRedirectInvalid, jsoncall.Ignored},
		{"a permanent one that would", 308, to("/invoices"), jsoncall.BackendRedirectInvalid, jsoncall.Ignored},
		{"a redirect to nowhere", 303, nil, jsoncall.BackendRedirectInvalid, jsoncall.Ignored},
		{"unauthorized", 401, typed(json), jsoncall.Unauthorized, jsoncall.Ignored},
		{"forbidden", 403, typed(json), jsoncall.Forbidden, jsoncall.Ignored},
		{"not found, with a problem", 404, typed("application/problem+json"), jsoncall.NotFound, jsoncall.Problem},
		{"a validation that failed", 422, typed(json), jsoncall.BackendError, jsoncall.Ignored},
		{"a problem", 500, typed("application/problem+json; charset=utf-8"), jsoncall.BackendError, jsoncall.Problem},
	} {
		got := jsoncall.ReadHead(tc.status, tc.header)
		if got.Outcome != tc.want || got.Body != tc.body || got.Reload {
			t.Errorf("%s: %+v", tc.is, got)
		}
		if invalid := tc.want == jsoncall.BackendMalformed || tc.want == jsoncall.BackendRedirectInvalid; invalid != (got.Detail != "") {
			t.Errorf("%s: detail %q", tc.is, got.Detail)
		}
	}
}

func TestRevalidationIsOneExactHeader(t *testing.T) {
	for _, tc := range []struct {
		is    string
		lines []string
		want  bool
	}{
		{"one", []string{"1"}, true},
		{"none", nil, false},
		{"another word", []string{"true"}, false},
		{"zero", []string{"0"}, false},
		{"two lines", []string{"1", "1"}, false},
	} {
		if got := jsoncall.ReadHead(204, map[string][]string{"Actiongw-Revalidate": tc.lines}); got.Reload != tc.want {
			t.Errorf("%s: %v", tc.is, got.Reload)
		}
	}
}

func TestLocations(t *testing.T) {
	for _, tc := range []struct{ is, location, want string }{
		{"a path", "/invoices/7?page=2#top", "/invoices/7?page=2#top"},
		{"the root", "/", "/"},
		{"a URL", "https://shop.example.com:8443/a?b=c", "https://shop.example.com:8443/a?b=c"},
		{"a URL without TLS, in capitals", "HTTP://shop.example.com", "HTTP://shop.example.com"},
		{"an address", "http://[::1]:3000/", "http://[::1]:3000/"},
		{"a URL in the query", "/login?next=https://shop.example.com/", "/login?next=https://shop.example.com/"},
		{"other scripts", "/prüfung", "/pr%C3%BCfung"},
		{"a space", "/a b", "/a%20b"},
		{"what is escaped already", "/a%2Fb%0A", "/a%2Fb%0A"},
		{"a semicolon, which is for the client's header", "/a;b", "/a;b"},
		{"slashes inside", "/a//b", "/a//b"},

		{"nothing", "", ""},
		{"a script", "javascript:alert(1)", ""},
		{"a script in capitals", "JavaScript:alert(1)", ""},
		{"a script after a space", " javascript:alert(1)", ""},
		{"a script with a tab, which browsers drop", "java\tscript:alert(1)", ""},
		{"a script that looks like a URL", "javascript://shop.example.com/%0Aalert(1)", ""},
		{"data", "data:text/html,<script>", ""},
		{"another scheme", "ftp://shop.example.com/", ""},
		{"another site that looks like a path", "//evil.example", ""},
		{"more slashes", "///evil.example", ""},
		{"a backslash that is a slash", `/\evil.example`, ""},
		{"two backslashes", `\\evil.example`, ""},
		{"a backslash behind the host", `https://shop.example.com\@evil.example`, ""},
		{"a tab between the slashes", "/\t/evil.example", ""},
		{"a line break between the slashes", "/\n/evil.example", ""},
		{"a header of its own", "/a\r\nSet-Cookie: a=b", ""},
		{"a zero byte", "/a\x00", ""},
		{"a user before the host", "https://shop.example.com@evil.example/", ""},
		{"no slashes after the scheme", "https:evil.example", ""},
		{"one slash after the scheme", "https:/evil.example", ""},
		{"three slashes after the scheme", "https:///evil.example", ""},
		{"no host before the port", "https://:443/", ""},
		{"a host in escapes", "https://%65vil.example/", ""},
		{"a host in another script", "https://évil.example/", ""},
		{"a relative path", "invoices", ""},
		{"a relative path with a dot", "./invoices", ""},
		{"a query alone", "?page=2", ""},
		{"a fragment alone", "#top", ""},
		{"no UTF-8", "/\xff", ""},
		{"8,001 bytes", "/" + strings.Repeat("a", 8000), ""},
	} {
		got := jsoncall.ReadHead(303, map[string][]string{"Location": {tc.location}})
		if tc.want == "" && got.Outcome != jsoncall.BackendRedirectInvalid || got.Location != tc.want {
			t.Errorf("%s: %+v", tc.is, got)
		}
		if strings.Contains(got.Detail, "evil") {
			t.Errorf("%s: the detail repeats the location: %s", tc.is, got.Detail)
		}
	}
	if got := jsoncall.ReadHead(303, map[string][]string{"Location": {"/a", "/b"}}); got.Outcome != jsoncall.BackendRedirectInvalid {
		t.Errorf("two locations: %+v", got)
	}
}

// TestASemicolonDoesNotEndTheLocation: Next's client splits the header there,
// and would go elsewhere than the backend said.
func TestASemicolonDoesNotEndTheLocation(t *testing.T) {
	for _, tc := range []struct {
		client      jsoncall.Client
		name, value string
	}{
		{jsoncall.Next, "X-Action-Redirect", "/a%3Bb?c=%3Bd;push"},
		{jsoncall.Next14, "X-Action-Redirect", "/a;b?c=;d"},
		{jsoncall.React, "Actiongw-Redirect", "/a;b?c=;d"},
	} {
		if name, value := tc.client.RedirectHeader("/a;b?c=;d"); name != tc.name || value != tc.value {
			t.Errorf("client %d: %s: %s", tc.client, name, value)
		}
	}
}

func TestStatusesOfAnswers(t *testing.T) {
	for _, tc := range []struct {
		is      string
		outcome jsoncall.Outcome
		status  int
		want    int
	}{
		{"a result", jsoncall.Result, 201, 200},
		{"undefined", jsoncall.Result, 204, 200},
		{"a redirect, which fetch must not follow", jsoncall.Redirected, 303, 200},
		{"not found", jsoncall.NotFound, 404, 404},
		{"a validation", jsoncall.BackendError, 422, 422},
		{"a failure", jsoncall.BackendError, 500, 500},
		{"busy", jsoncall.BackendError, 503, 503},
		{"a timeout, after which browsers send again", jsoncall.BackendError, 408, 502},
		{"the wrong connection, after which they do, too", jsoncall.BackendError, 421, 502},
		{"too early, too", jsoncall.BackendError, 425, 502},
		{"the word of another proxy", jsoncall.BackendError, 407, 502},
		{"garbage", jsoncall.BackendMalformed, 200, 502},
		{"too large", jsoncall.BackendTooLarge, 200, 502},
		{"too slow", jsoncall.BackendTimeout, 200, 504},
		{"nobody there", jsoncall.BackendUnavailable, 0, 502},
		{"nowhere", jsoncall.BackendRedirectInvalid, 303, 502},
	} {
		if got := jsoncall.StatusFor(tc.outcome, tc.status); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.is, got, tc.want)
		}
	}
}

func TestDigests(t *testing.T) {
	for _, tc := range []struct {
		is      string
		client  jsoncall.Client
		outcome jsoncall.Outcome
		want    string
	}{
		{"not found in Next 15 and 16", jsoncall.Next, jsoncall.NotFound, "NEXT_HTTP_ERROR_FALLBACK;404"},
		{"forbidden", jsoncall.Next, jsoncall.Forbidden, "NEXT_HTTP_ERROR_FALLBACK;403"},
		{"unauthorized", jsoncall.Next, jsoncall.Unauthorized, "NEXT_HTTP_ERROR_FALLBACK;401"},
		{"another error", jsoncall.Next, jsoncall.BackendError, "random"},
		{"not found in Next 14", jsoncall.Next14, jsoncall.NotFound, "NEXT_NOT_FOUND"},
		{"forbidden, for which Next 14 has no page", jsoncall.Next14, jsoncall.Forbidden, "random"},
		{"not found elsewhere", jsoncall.React, jsoncall.NotFound, "random"},
	} {
		if got := tc.client.Digest(tc.outcome, "random"); got != tc.want {
			t.Errorf("%s: %s", tc.is, got)
		}
	}
}

func TestProblemsAreFitForALog(t *testing.T) {
	long := strings.Repeat("é", 200)
	for _, tc := range []struct{ is, body, title, detail string }{
		{"a problem", `{"type":"about:blank","title":"No stock","status":409,"detail":"3 left"}`, "No stock", "3 left"},
		{"lines, colours and text that runs backwards", `{"title":"a\nb\u001b[31mc\u202ed\u0085e\u2028f\u0000g"}`, "ab[31mcdefg", ""},
		{"a long one, cut between characters", `{"detail":"` + long + `"}`, "", long[:300]},
		{"texts that are none", `{"title":7,"detail":{"title":"inner"}}`, "", ""},
		{"half a problem", `{"title":"No stock","detail":"3 le`, "No stock", ""},
		{"a stack trace", "Traceback (most recent call last):\n  File", "", ""},
		{"a list", `["title"]`, "", ""},
		{"nothing", "", "", ""},
	} {
		if title, detail := jsoncall.ReadProblem([]byte(tc.body)); title != tc.title || detail != tc.detail {
			t.Errorf("%s: %q, %q", tc.is, title, detail)
		}
	}
}
