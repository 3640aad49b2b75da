package proxy

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
)

// FuzzCallPath has a router read a path in steps of an order of its own. If it
// comes to an action, the gate must have known.
func FuzzCallPath(f *testing.F) {
	parameters, slashes, host := regexp.MustCompile(`;[^/]*`), regexp.MustCompile(`/+`), regexp.MustCompile(`^//+[\w.:@-]*/`)
	steps := []func(string) string{
		unescape,
		path.Clean,
		strings.ToLower,
		func(p string) string { return parameters.ReplaceAllString(p, "") },
		func(p string) string { return slashes.ReplaceAllString(p, "/") },
		func(p string) string { return strings.ReplaceAll(p, `\`, "/") },
		func(p string) string { return host.ReplaceAllString(p, "/") },
	}
	f.Add("/_actions/create", []byte{0})
	f.Add("/_actions;%2f../create", []byte{3, 0})
	f.Add("/a;%2F..%2f_Actions/create", []byte{0, 1, 2})
	f.Add(`/%255chost/%255factions/create`, []byte{0, 0, 5, 6})
	f.Fuzz(func(t *testing.T, target string, order []byte) {
		u, err := url.ParseRequestURI(target)
		if err != nil || len(order) > 6 || isCallPath(u, segments(DefaultCallPath)) {
			return
		}
		p := u.EscapedPath()
		for _, n := range order {
			p = steps[int(n)%len(steps)](p)
			if strings.HasPrefix(p, DefaultCallPath) {
				t.Fatalf("%q is %q after the steps %d", target, p, order)
			}
		}
	})
}
