package proxy

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// DefaultCallPath is where a JSON backend gets calls, the action's name behind
// it.
const DefaultCallPath = "/_actions/"

// ParseCallPath checks such a path; empty is the default. It must be spelled
// plainly and be more than the root, which is where pages are.
func ParseCallPath(s string) (string, error) {
	if s == "" {
		s = DefaultCallPath
	}
	if !strings.HasSuffix(s, "/") || s == "/" || plainPath(s)+"/" != strings.ToLower(s) || strings.ContainsAny(s, "%?#") {
		return "", fmt.Errorf("call_path %q: want a path such as %s", s, DefaultCallPath)
	}
	return s, nil
}

// sendTo makes a call's request one for the backend's own path of the action,
// whatever page it was made on.
func sendTo(r *http.Request, prefix, name string) {
	r.URL.Path, r.URL.RawPath = prefix+name, prefix+url.PathEscape(name)
	r.URL.RawQuery, r.URL.ForceQuery, r.URL.Fragment = "", false, ""
	r.RequestURI = r.URL.RequestURI()
}

// isCallPath reports whether a path may lead to where calls go. Backends undo
// escapes, join slashes, resolve dots, drop parameters behind a semicolon and
// ignore case, each in its own order, so all of that is done here until
// nothing changes: too many paths refused are better than a call that was made
// by hand.
func isCallPath(u *url.URL, prefix string) bool {
	own := strings.ToLower(strings.TrimSuffix(prefix, "/"))
	for spelled := u.Path; ; {
		if p := plainPath(spelled); p == own || strings.HasPrefix(p, own+"/") {
			return true
		}
		undone, err := url.PathUnescape(spelled)
		if err != nil || undone == spelled {
			return false
		}
		spelled = undone
	}
}

// plainPath is the path as the laxest of routers compares it.
func plainPath(p string) string {
	p = strings.ToLower(strings.ReplaceAll(p, `\`, "/"))
	segments := strings.Split(p, "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		segments[i] = strings.Trim(s, " \t\r\n\x00")
	}
	return path.Clean("/" + strings.Join(segments, "/"))
}
