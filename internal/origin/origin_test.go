package origin_test

import (
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/origin"
	"github.com/actiongw/actiongw/internal/reject"
)

func TestCheck(t *testing.T) {
	const missing = "<none>"
	open := origin.Config{}
	list := origin.Config{Allow: []string{"shop.example.com", "*.example.org", "https://secure.example.net", "**.deep.example"}}
	for _, tc := range []struct {
		is     string
		config origin.Config
		origin string
		host   string
		secure bool
		site   string
		reason reject.Reason
		out    string // host for upstream
	}{
		{"a page calls its own host", open, "http://shop.example", "shop.example", false, "", "", "shop.example"},
		{"over https behind a proxy that ends TLS", open, "https://shop.example", "shop.example", false, "", "", "shop.example"},
		{"on another port than it was served from", open, "http://shop.example:3001", "shop.example:3000", false, "", reject.OriginNotAllowed, ""},
		{"on the same odd port", open, "http://127.0.0.1:3000", "127.0.0.1:3000", false, "", "", "127.0.0.1:3000"},
		{"a Host in capitals", open, "http://shop.example", "SHOP.example", false, "", "", "shop.example"},
		{"a Host that spells out port 80", open, "http://shop.example", "shop.example:80", false, "", "", "shop.example"},
		{"a Host that spells out port 443", open, "https://shop.example", "shop.example:443", false, "", "", "shop.example"},
		{"port 80 is not https's default", open, "https://shop.example", "shop.example:80", false, "", reject.OriginNotAllowed, ""},
		{"a trailing dot is another site", open, "http://shop.example.", "shop.example", false, "", reject.OriginNotAllowed, ""},
		{"a trailing dot on both sides stays", open, "http://shop.example.", "shop.example.", false, "", "", "shop.example."},
		{"an IPv6 address", open, "http://[::1]:3000", "[::1]:3000", false, "", "", "[::1]:3000"},
		{"a container's service name", open, "http://my_app:3000", "my_app:3000", false, "", "", "my_app:3000"},
		{"a page of another site", open, "https://evil.example", "shop.example", false, "", reject.OriginNotAllowed, ""},
		{"a host that only starts alike", open, "https://shop.example.evil.example", "shop.example", false, "", reject.OriginNotAllowed, ""},
		{"an http page on a site known to be https", open, "http://shop.example", "shop.example", true, "", reject.OriginNotAllowed, ""},
		{"null", open, "null", "shop.example", false, "", reject.OriginNull, ""},
		{"null, listed", origin.Config{Allow: []string{"null"}}, "null", "shop.example", false, "", "", "shop.example"},
		{"null in capitals is no origin", open, "NULL", "shop.example", false, "", reject.OriginMalformed, ""},
		{"none, as curl sends it", open, missing, "shop.example:443", false, "", "", "shop.example"},
		{"none, but the browser says cross-site", open, missing, "shop.example", false, "cross-site", reject.OriginMissing, ""},
		{"none, but the browser says same-site", open, missing, "shop.example", false, "same-site", reject.OriginMissing, ""},
		{"none, and the browser says same-origin", open, missing, "shop.example", false, "same-origin", "", "shop.example"},
		{"none, where that is denied", origin.Config{DenyMissing: true}, missing, "shop.example", false, "", reject.OriginMissing, ""},
		{"an empty one", open, "", "shop.example", false, "", reject.OriginMalformed, ""},
		{"a path", open, "http://shop.example/", "shop.example", false, "", reject.OriginMalformed, ""},
		{"a user", open, "http://shop.example@evil.example", "shop.example", false, "", reject.OriginMalformed, ""},
		{"a percent", open, "http://shop%2eexample", "shop.example", false, "", reject.OriginMalformed, ""},
		{"a backslash", open, `http://shop.example\.evil.example`, "shop.example", false, "", reject.OriginMalformed, ""},
		{"capitals, which browsers never send", open, "http://Shop.example", "shop.example", false, "", reject.OriginMalformed, ""},
		{"a port with a zero in front", open, "http://shop.example:080", "shop.example", false, "", reject.OriginMalformed, ""},
		{"no scheme", open, "shop.example", "shop.example", false, "", reject.OriginMalformed, ""},
		{"a number that is no IPv4 address", open, "http://1.2.3.400", "shop.example", false, "", reject.OriginMalformed, ""},
		{"two origins in one line", open, "http://a.example, http://b.example", "shop.example", false, "", reject.OriginMalformed, ""},
		{"an empty Host", open, "http://shop.example", "", false, "", reject.HostMalformed, ""},
		{"a Host with a path", open, "http://shop.example", "shop.example/x", false, "", reject.HostMalformed, ""},
		{"a Host with an empty port", open, "http://shop.example", "shop.example:", false, "", reject.HostMalformed, ""},

		{"a listed origin calls another listed host", list, "https://secure.example.net", "shop.example.com", false, "", "", "shop.example.com"},
		{"a listed scheme is compared", list, "http://secure.example.net", "shop.example.com", false, "", reject.OriginNotAllowed, ""},
		{"a wildcard label", list, "https://a.example.org", "shop.example.com", false, "", "", "shop.example.com"},
		{"a wildcard is one label", list, "https://a.b.example.org", "shop.example.com", false, "", reject.OriginNotAllowed, ""},
		{"a wildcard is not no label", list, "https://example.org", "shop.example.com", false, "", reject.OriginNotAllowed, ""},
		{"two stars are any depth", list, "https://a.b.deep.example", "shop.example.com", false, "", "", "shop.example.com"},
		{"two stars are at least one label", list, "https://deep.example", "shop.example.com", false, "", reject.OriginNotAllowed, ""},
		{"the port is a part of the pattern", list, "https://a.example.org:8443", "shop.example.com", false, "", reject.OriginNotAllowed, ""},
		{"a Host outside the list", list, "https://internal.local", "internal.local", false, "", reject.HostNotAllowed, ""},
		{"a Host outside the list without an origin", list, missing, "internal.local", false, "", reject.HostNotAllowed, ""},
		{"its own host, where that is listed", origin.Config{Allow: []string{"https://app.example.com", "api.example.com"}, SameHostOff: true},
			"https://api.example.com", "api.example.com", false, "", "", "api.example.com"},
		{"an app's web view, listed with its scheme", origin.Config{Allow: []string{"capacitor://localhost", "shop.example"}},
			"capacitor://localhost", "shop.example", false, "", "", "shop.example"},
		{"an http page on an https site, listed with its scheme", origin.Config{Allow: []string{"shop.example", "http://shop.example"}},
			"http://shop.example", "shop.example", true, "", "", "shop.example"},
	} {
		policy, err := origin.New(tc.config)
		if err != nil {
			t.Fatalf("%s: %v", tc.is, err)
		}
		e := origin.Evidence{Origin: tc.origin, HasOrigin: tc.origin != missing, Host: tc.host, Secure: tc.secure}
		if tc.site != "" {
			e.FetchSite = []string{tc.site}
		}
		caller, refusal := policy.Check(e)
		switch {
		case refusal == nil && tc.reason != "":
			t.Errorf("%s: passed, want %s", tc.is, tc.reason)
		case refusal != nil && refusal.Reason != tc.reason:
			t.Errorf("%s: %v, want %q", tc.is, refusal, tc.reason)
		case refusal == nil && caller.Host != tc.out:
			t.Errorf("%s: host %q, want %q", tc.is, caller.Host, tc.out)
		}
	}
}

// TestWhatIsKnownOfACaller that may call: it is signed for upstream.
func TestWhatIsKnownOfACaller(t *testing.T) {
	open := origin.Config{}
	list := origin.Config{Allow: []string{"shop.example", "*.partner.example", "null"}}
	for _, tc := range []struct {
		is       string
		config   origin.Config
		evidence origin.Evidence
		want     origin.Caller
	}{
		{"a page of the host", open, origin.Evidence{Origin: "https://shop.example", HasOrigin: true, Host: "Shop.Example:443"},
			origin.Caller{Host: "shop.example", Origin: "https://shop.example", Rule: origin.SameHost}},
		{"a page of the listed host", list, origin.Evidence{Origin: "https://shop.example", HasOrigin: true, Host: "shop.example"},
			origin.Caller{Host: "shop.example", Listed: true, Origin: "https://shop.example", Rule: origin.SameHost}},
		{"a listed origin", list, origin.Evidence{Origin: "https://a.partner.example", HasOrigin: true, Host: "shop.example"},
			origin.Caller{Host: "shop.example", Listed: true, Origin: "https://a.partner.example", Rule: origin.Listed}},
		{"listed null", list, origin.Evidence{Origin: "null", HasOrigin: true, Host: "shop.example"},
			origin.Caller{Host: "shop.example", Listed: true, Origin: "null", Rule: origin.Listed}},
		{"curl", open, origin.Evidence{Host: "shop.example"},
			origin.Caller{Host: "shop.example", Rule: origin.MissingOrigin}},
		{"only null is listed", origin.Config{Allow: []string{"null"}}, origin.Evidence{Origin: "null", HasOrigin: true, Host: "shop.example"},
			origin.Caller{Host: "shop.example", Origin: "null", Rule: origin.Listed}},
	} {
		policy, err := origin.New(tc.config)
		if err != nil {
			t.Fatal(err)
		}
		if got, refusal := policy.Check(tc.evidence); refusal != nil || got != tc.want {
			t.Errorf("%s: %+v, %v, want %+v", tc.is, got, refusal, tc.want)
		}
	}
}

// TestTheFixInTheLogWorks takes the configuration line that a refusal
// suggests, applies it, and sends the same call again.
func TestTheFixInTheLogWorks(t *testing.T) {
	for _, tc := range []struct {
		is     string
		allow  []string
		origin string
		host   string
		secure bool
	}{
		{"another origin, nothing listed", nil, "https://app.example", "api.example", false},
		{"another origin, something listed", []string{"api.example"}, "https://app.example:8443", "api.example", false},
		{"another host", []string{"shop.example"}, "https://shop.example", "www.shop.example", false},
		{"null", nil, "null", "shop.example", false},
		{"http on https", nil, "http://shop.example", "shop.example", true},
	} {
		e := origin.Evidence{Origin: tc.origin, HasOrigin: true, Host: tc.host, Secure: tc.secure}
		policy, err := origin.New(origin.Config{Allow: tc.allow})
		if err != nil {
			t.Fatal(err)
		}
		_, refusal := policy.Check(e)
		if refusal == nil {
			t.Errorf("%s: passed before the fix", tc.is)
			continue
		}
		line := refusal.Facts[len(refusal.Facts)-1]
		if line.Name != "fix" {
			t.Errorf("%s: no fix in %v", tc.is, refusal.Facts)
			continue
		}
		policy, err = origin.New(origin.Config{Allow: strings.Fields(line.Value)[1:]})
		if err != nil {
			t.Errorf("%s: %q: %v", tc.is, line.Value, err)
			continue
		}
		if _, refusal = policy.Check(e); refusal != nil {
			t.Errorf("%s: after %q still %v", tc.is, line.Value, refusal)
		}
	}
}

func TestBadPatternsAreRefusedWithTheFix(t *testing.T) {
	for _, tc := range []struct {
		is    string
		allow string
		says  string
	}{
		{"a wildcard alone", "*", "wildcard alone"},
		{"a deep wildcard alone", "**", "wildcard alone"},
		{"a wildcard alone with a scheme", "https://*", "wildcard alone"},
		{"a part of a label", "shop-*.example", "whole label"},
		{"a deep wildcard in the middle", "a.**.example", "first label"},
		{"a URL", "https://shop.example/", "drop the slash"},
		{"a default port with its scheme", "https://shop.example:443", "drop the port 443"},
		{"a path", "shop.example/app", "want host"},
		{"two in one", "a.example,b.example", "want host"},
		{"nothing", "", "want host"},
	} {
		_, err := origin.New(origin.Config{Allow: []string{tc.allow}})
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q in it", tc.is, err, tc.says)
		}
	}
	if _, err := origin.New(origin.Config{SameHostOff: true}); err == nil {
		t.Error("a policy that refuses every call was accepted")
	}
}

// FuzzCheck holds that an origin passes an empty list only if, letter by
// letter, it ends in the host that upstream will see.
func FuzzCheck(f *testing.F) {
	f.Add("https://shop.example", "shop.example:443")
	f.Add("http://[::1]:80", "[::1]")
	f.Add("null", "a")
	f.Fuzz(func(t *testing.T, from, host string) {
		policy, err := origin.New(origin.Config{})
		if err != nil {
			t.Fatal(err)
		}
		caller, refusal := policy.Check(origin.Evidence{Origin: from, HasOrigin: true, Host: host})
		if refusal != nil {
			return
		}
		out := caller.Host
		_, at, ok := strings.Cut(from, "://")
		if !ok || strings.TrimSuffix(strings.TrimSuffix(at, ":80"), ":443") != strings.TrimSuffix(strings.TrimSuffix(out, ":80"), ":443") {
			t.Errorf("origin %q passed for host %q", from, host)
		}
		if !strings.EqualFold(strings.SplitN(host, ":", 2)[0], strings.SplitN(out, ":", 2)[0]) {
			t.Errorf("host %q became %q", host, out)
		}
	})
}
