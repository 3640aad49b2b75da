package proxy

import (
	"net/url"
	"strings"
	"testing"
)

func TestAttackReadyMadeCallOnAnotherSpellingOfThePath(t *testing.T) {
	for _, tc := range []struct {
		is, target string
		want       bool
	}{
		{"the path of an action", "/_actions/create", true},
		{"the folder", "/_actions/", true},
		{"without its slash", "/_actions", true},
		{"upper case", "/_Actions/create", true},
		{"an escaped letter", "/%5factions/create", true},
		{"escaped twice", "/%255factions/create", true},
		{"an escaped slash", "/_actions%2fcreate", true},
		{"two slashes", "//_actions//create", true},
		{"a dot", "/./_actions/create", true},
		{"a step up", "/shop/../_actions/create", true},
		{"an escaped step up", "/shop/%2e%2e/_actions/create", true},
		{"a step up with a parameter", "/shop/..;a=b/_actions/create", true},
		{"a parameter", "/_actions;a=b/create", true},
		{"a backslash", `/%5c_actions/create`, true},
		{"a space behind", "/_actions%20/create", true},
		{"a dot behind", "/_actions./create", true},
		{"a step out of it, for who compares beginnings", "/_actions/../create", true},
		{"a parameter with an escaped slash, for who drops it first", "/_actions;%2f../create", true},
		{"a broken escape at the end, for who undoes the rest", "/%255factions/create;%25zz", true},
		{"more escapes than anybody undoes", "/%" + strings.Repeat("25", 10) + "5factions/create", true},
		{"a host, for who reads a URL", "//host/_actions/create", true},
		{"a host behind a parameter", "/;a//host/x/_actions/create", true},
		{"a host behind a backslash", `/%5chost/_actions/create`, true},
		{"a step back over a backslash", "/a%5cb/../_actions/create", true},
		{"a URL in a URL", "a:http://shop.example/_actions/create", true},
		{"a script", "/index.php/_actions/create", true},
		{"a script in a folder", "/shop/index.php/_actions/create", true},
		{"a script that is left again", "/_actions/index.php/../create", true},
		{"a page", "/invoices?page=2", false},
		{"a page of a similar name", "/_actionsheet", false},
		{"a page with a dot", "/v1.2/actions", false},
		{"a page two escapes deep", "/redirect/https%253A%252F%252Fshop.example%252F", false},
		{"all of the server", "*", false},
		{"the path in the query", "/?p=/_actions/create", false},
		{"the path below another", "/docs/_actions/create", false},
		{"a broken escape", "/100%25%zz", false},
	} {
		u, err := url.ParseRequestURI(tc.target)
		if err != nil {
			u = &url.URL{Path: tc.target}
		}
		if got := isCallPath(u, segments(DefaultCallPath)); got != tc.want {
			t.Errorf("%s: %t, want %t", tc.is, got, tc.want)
		}
	}
}

// TestAttackLongPathOfEscapes: each undoing takes two bytes off, and a look at
// the whole path each time would take a minute. It is refused after a few.
func TestAttackLongPathOfEscapes(t *testing.T) {
	u := &url.URL{Path: "/%" + strings.Repeat("25", 500_000)}
	if !isCallPath(u, segments(DefaultCallPath)) {
		t.Error("it passes")
	}
	u.Path = "/" + strings.Repeat("a.b/", 250_000)
	if isCallPath(u, segments(DefaultCallPath)) {
		t.Error("a long path of scripts is refused")
	}
}

func TestCallPathSpelledPlainly(t *testing.T) {
	for path, ok := range map[string]bool{
		"": true, "/_actions/": true, "/internal/calls/": true, "/a.b/": true,
		"/": false, "//": false, "/a": false, "a/": false, "/a//b/": false, "/../": false, "/a/./": false, "/a./": false,
		"/a;b/": false, "/a b/": true, "/ a/": false, "/%61/": false, "/a?/": false, `/a\/`: false,
	} {
		if _, err := ParseCallPath(path); (err == nil) != ok {
			t.Errorf("%q: %v", path, err)
		}
	}
}
