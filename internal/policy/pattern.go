package policy

import (
	"errors"
	"strings"
)

// pattern is one compiled pattern of a rule. Nothing in it is a regular
// expression: matching takes at most the product of both lengths, and no
// memory.
type pattern struct {
	// all is set for **, which matches actions without a name, too.
	all bool
	// id is set for an action's id, and then nothing else is.
	id string
	// path has the parts of the file between slashes.
	path []string
	// export is the pattern behind the #; exports is false when there is none,
	// and every export matches.
	export  string
	exports bool
}

// parsePattern reads a pattern.
func parsePattern(text string) (p pattern, err error) {
	if err := checkCharacters(text); err != nil {
		return p, err
	}
	switch {
	case text == "**":
		return pattern{all: true}, nil
	case isID(text):
		return pattern{id: text}, nil
	}
	file, export, exports := strings.Cut(text, "#")
	p = pattern{path: strings.Split(file, "/"), export: export, exports: exports}
	switch {
	case file == "":
		return p, errors.New("want a file in front of the #; ** is every file")
	case exports && export == "":
		return p, errors.New("want an export behind the #; without the # every export matches")
	case strings.Contains(export, "#"), strings.Contains(export, "/"):
		return p, errors.New("want one # between file and export")
	case strings.HasPrefix(file, "/"), strings.HasPrefix(file, "./"), strings.HasSuffix(file, "/"):
		return p, errors.New("paths are relative to the project, as in app/actions.ts; a folder is app/**")
	}
	for _, part := range p.path {
		if part != "**" && strings.Contains(part, "**") {
			return p, errors.New("** stands for whole parts of a path, as in app/**/page.tsx")
		}
	}
	return p, nil
}

// checkCharacters refuses what no name contains, since such a rule would never
// be used.
func checkCharacters(text string) error {
	switch {
	case text == "":
		return errors.New("it is empty")
	case strings.Contains(text, `\`):
		return errors.New(`want / between the parts of a path, and no escapes: every character but * stands for itself`)
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("spaces and characters outside of ASCII stand as %XX in names: copy the name from the log")
	}
	return nil
}

// matches compares a pattern of names with a name: what it has in front of and
// behind the #. Names that have none are files, so to speak.
func (p *pattern) matches(file, export string) bool {
	return matchPath(p.path, file) && (!p.exports || export != "" && matchPart(p.export, export))
}

// matchPath compares a path with the parts of a pattern, in which ** is any
// number of parts, none included. When a comparison fails, the last ** takes
// one part more; an earlier one never needs to.
func matchPath(parts []string, path string) bool {
	next, at := 0, 0      // in parts and in path
	star, resume := -1, 0 // the last ** and where it has got to
	for at <= len(path) {
		part := partAt(path, at)
		switch {
		case next < len(parts) && parts[next] == "**":
			star, resume = next, at
			next++
		case next < len(parts) && matchPart(parts[next], part):
			at += len(part) + 1
			next++
		case star >= 0:
			resume += len(partAt(path, resume)) + 1
			at, next = resume, star+1
		default:
			return false
		}
	}
	for next < len(parts) && parts[next] == "**" {
		next++
	}
	return next == len(parts)
}

// partAt is the part of a path that begins at index i.
func partAt(path string, i int) string {
	part, _, _ := strings.Cut(path[i:], "/")
	return part
}

// matchPart compares one part of a path, or an export, with a pattern in which
// * is any text. The same walk as matchPath, over bytes.
func matchPart(glob, text string) bool {
	next, at := 0, 0
	star, resume := -1, 0
	for at < len(text) {
		switch {
		case next < len(glob) && glob[next] == '*':
			star, resume = next, at
			next++
		case next < len(glob) && glob[next] == text[at]:
			next++
			at++
		case star >= 0:
			resume++
			at, next = resume, star+1
		default:
			return false
		}
	}
	for next < len(glob) && glob[next] == '*' {
		next++
	}
	return next == len(glob)
}

// isID reports whether s looks like an action id: 42 lower-case hexadecimal
// digits, in Next 14.2 40 (spec next-actions §5). No file is called that.
func isID(s string) bool {
	if len(s) != 42 && len(s) != 40 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
