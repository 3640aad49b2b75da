package proxy

import (
	"net/url"
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
		{"a page", "/invoices?page=2", false},
		{"a page of a similar name", "/_actionsheet", false},
		{"the path in the query", "/?p=/_actions/create", false},
		{"the path below another", "/docs/_actions/create", false},
		{"a broken escape", "/100%25%zz", false},
	} {
		u, err := url.ParseRequestURI(tc.target)
		if err != nil {
			u = &url.URL{Path: tc.target}
		}
		if got := isCallPath(u, DefaultCallPath); got != tc.want {
			t.Errorf("%s: %t, want %t", tc.is, got, tc.want)
		}
	}
}
