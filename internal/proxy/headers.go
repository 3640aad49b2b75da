package proxy

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/reject"
)

// Field names in the canonical form that net/http keeps them in.
const (
	headerConnection     = "Connection"
	headerName           = "Actiongw-Action"
	headerEncoding       = "Content-Encoding"
	headerForwardedHost  = "X-Forwarded-Host"
	headerForwardedProto = "X-Forwarded-Proto"
	headerOrigin         = "Origin"
	headerType           = "Content-Type"
)

// clean removes the headers that no client may send: ours, and unless keep is
// set, those by which frameworks talk to themselves. Trailers count, too, once
// they have come.
func clean(r *http.Request, keep bool) {
	// A proxy carries on an upgraded connection unread. Of WebSockets that is
	// meant; within HTTP/2 whole requests would walk around the gate. Clients
	// never came to use this upgrade, and RFC 9113 §3.1 took it back.
	if slices.ContainsFunc(r.Header["Upgrade"], mentionsH2C) {
		delete(r.Header, "Upgrade")
		delete(r.Header, "Http2-Settings")
	}
	cleanFields(r.Header, keep)
	if len(r.Trailer) > 0 {
		cleanFields(r.Trailer, keep)
		r.Body = &trailerCleaner{r.Body, r.Trailer, keep}
	}
}

func mentionsH2C(line string) bool { return strings.Contains(strings.ToLower(line), "h2c") }

func cleanFields(h http.Header, keep bool) {
	for name := range h {
		if isOurs(name) || !keep && isInternal(name) {
			delete(h, name)
		}
	}
}

// trailerCleaner cleans the trailers of a body at its end, where net/http adds
// what has come, announced or not.
type trailerCleaner struct {
	io.ReadCloser
	trailer http.Header
	keep    bool
}

func (t *trailerCleaner) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if err != nil {
		cleanFields(t.trailer, t.keep)
	}
	return n, err
}

// isOurs reports names that start with `Actiongw`, in any case and whatever
// follows: CGI-like backends read `_` as `-`.
func isOurs(name string) bool {
	const prefix = "actiongw"
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// isInternal reports the headers that Next.js or its older versions take from
// inside only (spec next-actions §9; CVE-2025-29927 for the first). Two that
// look alike are not among them, because genuine Pages Router clients send
// them: X-Nextjs-Data and X-Middleware-Prefetch.
func isInternal(name string) bool {
	switch name {
	case "X-Middleware-Subrequest", "X-Middleware-Subrequest-Id",
		"X-Middleware-Rewrite", "X-Middleware-Redirect", "X-Middleware-Set-Cookie",
		"X-Middleware-Skip", "X-Middleware-Override-Headers", "X-Middleware-Next", "X-Middleware-Invoke",
		"X-Action-Forwarded",
		"X-Now-Route-Matches", "X-Matched-Path",
		"X-Next-Resume-State-Length", "Next-Resume", // CVE-2026-27979
		"X-Next-Revalidated-Tags", "X-Next-Revalidate-Tag-Token", "X-Prerender-Revalidate":
		return true
	default:
		return strings.HasPrefix(name, "X-Invoke-") || strings.HasPrefix(name, "X-Middleware-Request-")
	}
}

// checkHead refuses calls whose head two readers could understand differently.
func (c *call) checkHead() *reject.Error {
	h := c.r.Header
	for _, name := range [...]string{c.Dialect.Header(), headerType, headerOrigin} {
		if len(h[name]) > 1 {
			return reject.New(reject.HeaderDuplicated, reject.StageHead, "two "+name+" lines")
		}
	}
	if err := checkConnection(h[headerConnection]); err != nil {
		return err
	}
	// `POST a:http://other/ HTTP/1.1` goes upstream as `POST http://other/`, and
	// servers believe that host and not the one that was checked (RFC 9112 §3.2.2).
	if c.r.URL.Opaque != "" {
		return reject.New(reject.HostMalformed, reject.StageHead, "the target of the request is no path")
	}
	// Early data can be replayed by whoever records it (RFC 8470 §3). The
	// header is a proxy's word that it was early; a client that sends it
	// itself only asks for the refusal.
	if c.r.TLS != nil && !c.r.TLS.HandshakeComplete || h["Early-Data"] != nil {
		return reject.New(reject.EarlyData, reject.StageHead, "the call may be a replay")
	}
	for _, coding := range h[headerEncoding] {
		// identity is no coding (RFC 9110 §12.5.3).
		if !strings.EqualFold(coding, "identity") {
			return reject.New(reject.ContentEncodingUnsupported, reject.StageHead, "want no Content-Encoding")
		}
	}
	return nil
}

// checkConnection refuses Connection options that name a header which a call
// depends on. Proxies drop what is named (RFC 9110 §7.6.1): without Origin the
// backend checks nothing, without the action header the body is another kind of
// call.
func checkConnection(lines []string) *reject.Error {
	for _, line := range lines {
		for option := range strings.SplitSeq(line, ",") {
			switch name := http.CanonicalHeaderKey(strings.TrimSpace(option)); {
			case name == action.Next.Header(), name == action.React.Header(), name == headerType, name == headerOrigin,
				name == headerForwardedHost, name == headerForwardedProto, name == "X-Forwarded-For",
				name == "Content-Length", name == "Host", name == "Cookie", name == "Authorization",
				name == "Sec-Fetch-Site", isOurs(name):
				return reject.New(reject.ConnectionNomination, reject.StageHead, "the Connection header names a header that the call depends on")
			}
		}
	}
	return nil
}

// rewrite gives an admitted call the head that upstream should see: exactly
// one of each control header, in the spelling that was checked.
func (c *call) rewrite(mediaType, host string) {
	r := c.r
	if r.Header[headerType][0] != mediaType {
		r.Header[headerType] = []string{mediaType}
	}
	r.Header[headerName] = append(c.carry().name[:0], c.name())
	for _, name := range [...]string{
		headerEncoding, "Trailer",
		"X-Http-Method-Override", "X-Http-Method", "X-Method-Override",
	} {
		delete(r.Header, name)
	}
	// Next reads the forwarded host before Host, from anybody.
	if c.forwardedHost() {
		r.Header[headerForwardedHost] = []string{host}
	} else {
		delete(r.Header, headerForwardedHost)
		r.Host = host
	}
}

// name is what upstream calls the action: its name, or its id.
func (c *call) name() string {
	if c.Name != "" {
		return c.Name
	}
	return string(c.ID)
}

// Defuse makes a refused request harmless for whatever may still handle it: a
// reverse proxy in an error route must not run the action after all.
func Defuse(r *http.Request) {
	for _, name := range [...]string{action.Next.Header(), action.React.Header(), headerType, headerEncoding, "Content-Length", "Trailer", "Expect"} {
		delete(r.Header, name)
	}
	r.Body, r.ContentLength, r.TransferEncoding, r.Trailer = http.NoBody, 0, nil, nil
}
