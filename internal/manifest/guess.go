package manifest

import (
	"bytes"
	"slices"
	"strings"
)

// checkSight refuses what can be told from the first bytes, with the file that
// was probably meant.
func checkSight(data []byte) error {
	start := bytes.TrimLeft(data, " \t\r\n")
	begins := func(s string) bool { return bytes.HasPrefix(start, []byte(s)) }
	switch {
	case len(data) > maxBytes:
		return errorf("the file has %d bytes, want at most %d: is this server-reference-manifest.json?", len(data), maxBytes)
	case len(start) == 0:
		return errorf("the file is empty: `next dev` fills it when the first page with actions is compiled; `next build` never leaves it empty")
	case begins("self.__RSC_SERVER_MANIFEST"):
		return errorf("this is server-reference-manifest.js: give the file of the same name that ends in .json, beside it")
	case begins("globalThis.__RSC_MANIFEST"), begins("self.__RSC_MANIFEST"):
		return errorf("this is the client reference manifest of a page: give server/server-reference-manifest.json of the build folder")
	case begins("self."), begins("globalThis."), begins("(self."), begins("module.exports"):
		return errorf("this is JavaScript: give server/server-reference-manifest.json of the build folder")
	case begins("\xef\xbb\xbf"):
		return errorf("the file begins with a byte order mark, which Next does not write: save it without, or give the original")
	case begins("<"):
		return errorf("this is HTML or XML: give server/server-reference-manifest.json of the build folder")
	}
	return nil
}

// tells are members by which other files of a build are known, the most
// telling first.
var tells = []struct{ member, file string }{
	{"encryption.key", "cache/.rscinfo, which holds the key alone"},
	{"rootMainFiles", "build-manifest.json"},
	{"sortedMiddleware", "middleware-manifest.json"},
	{"pages404", "routes-manifest.json"},
	{"notFoundRoutes", "prerender-manifest.json"},
	{"clientModules", "a client reference manifest"},
	{"appUsingSizeAdjust", "next-font-manifest.json"},
	{"relativeAppDir", "required-server-files.json"},
	{"dependencies", "package.json"},
	{"pages", "app-build-manifest.json"},
}

// guess says which file has these members, as the end of a sentence; it is
// empty when nothing is known.
func guess(members []string) string {
	for _, t := range tells {
		if slices.Contains(members, t.member) {
			return ", this looks like " + t.file
		}
	}
	if slices.ContainsFunc(members, func(m string) bool { return strings.HasPrefix(m, "/") }) {
		return ", this looks like app-paths-manifest.json or pages-manifest.json"
	}
	return ""
}
