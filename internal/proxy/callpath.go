package proxy

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
	odd := func(segment string) bool {
		return segment == "" || segment == "." || segment == ".." || plainSegment(segment) != segment
	}
	if len(s) < 3 || s[0] != '/' || !strings.HasSuffix(s, "/") || strings.ContainsAny(s, `%?#\`) || slices.ContainsFunc(segments(s), odd) {
		return "", fmt.Errorf("call_path %q: want a path such as %s", s, DefaultCallPath)
	}
	return s, nil
}

// segments are the parts of a path between slashes.
func segments(p string) []string { return strings.Split(strings.Trim(p, "/"), "/") }

// sendTo makes a call's request one for the backend's own path of the action,
// whatever page it was made on.
func sendTo(r *http.Request, prefix, name string) {
	r.URL.Path, r.URL.RawPath = prefix+name, prefix+url.PathEscape(name)
	r.URL.RawQuery, r.URL.ForceQuery, r.URL.Fragment = "", false, ""
	r.RequestURI = r.URL.RequestURI()
}

// leadsToCalls reports whether a request may lead to where calls go, by its
// target or by a header that some servers take for the target.
func (g *Gate) leadsToCalls(r *http.Request) bool {
	if isCallPath(r.URL, g.callPath) {
		return true
	}
	// IIS and what was written for it (CVE-2018-14773).
	for _, name := range [...]string{"X-Original-Url", "X-Rewrite-Url"} {
		for _, line := range r.Header[name] {
			u, err := url.Parse(line)
			if err != nil || u.Opaque != "" {
				u = &url.URL{Path: line}
			}
			if isCallPath(u, g.callPath) {
				return true
			}
		}
	}
	return false
}

// isCallPath reports whether a path may lead to the path with the segments
// own. Backends undo escapes, join slashes, resolve dots, drop parameters
// behind a semicolon and ignore case, each in its own order, so all of that is
// done here, before and after each undoing of escapes: too many paths refused
// are better than a call that was made by hand.
func isCallPath(u *url.URL, own []string) bool {
	// net/http reads `a:http://host/path` as a URL without a path, and sends on
	// `http://host/path`.
	if u.Opaque != "" {
		return true
	}
	// Nobody escapes a path more often, and each time costs a look at all of it.
	const mostEscapes = 8
	spelled := u.EscapedPath()
	for range mostEscapes {
		// A backslash is a slash on Windows and in browsers.
		if passes(spelled, own) || passes(strings.ReplaceAll(spelled, `\`, "/"), own) {
			return true
		}
		undone := unescape(spelled)
		if undone == spelled {
			return false
		}
		spelled = undone
	}
	return true
}

// passes reports whether a path comes through a folder, as the laxest of
// routers compares them. It need not end there: who looks at the beginning of
// `/_actions/../create` is in it.
func passes(p string, own []string) bool {
	p = strings.TrimPrefix(p, "/")
	// Where another reader begins anew, the folder may be anywhere: behind two
	// slashes, which begin a host in a URL without scheme, and behind a script,
	// as in `/index.php/path`.
	var whole, inner trail
	anew := false
	for segment := range strings.SplitSeq(p, "/") {
		segment = plainSegment(segment)
		switch {
		case segment == ".":
			continue
		case segment == "":
			anew = true
			continue
		case whole.step(segment, own):
			return true
		}
		if anew && inner.step(segment, own) {
			return true
		}
		if inner.matched < inner.depth { // not here, so perhaps from this segment on
			inner = trail{}
			if inner.step(segment, own) {
				return true
			}
		}
		anew = anew || segment != ".." && strings.Contains(segment, ".")
	}
	return false
}

// plainSegment is a part of a path without what some routers drop: parameters,
// and white space and dots at the end.
func plainSegment(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s = strings.Trim(s, " \t\r\n\x00")
	if s == "." || s == ".." {
		return s
	}
	return strings.TrimRight(s, ".")
}

// trail is the way along a path, compared with a folder's.
type trail struct{ depth, matched int }

// step goes on by one segment and reports whether it is in the folder then.
func (t *trail) step(segment string, own []string) bool {
	if segment == ".." {
		t.depth = max(t.depth-1, 0)
		t.matched = min(t.matched, t.depth)
		return false
	}
	if t.depth == t.matched && strings.EqualFold(segment, own[t.matched]) {
		t.matched++
	}
	t.depth++
	return t.matched == len(own)
}

// unescape undoes the percent escapes of s and leaves what is none, as lax
// decoders do.
func unescape(s string) string {
	first := strings.IndexByte(s, '%')
	if first < 0 {
		return s
	}
	out := append(make([]byte, 0, len(s)), s[:first]...)
	for i := first; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if b, err := url.PathUnescape(s[i : i+3]); err == nil {
				out = append(out, b...)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
