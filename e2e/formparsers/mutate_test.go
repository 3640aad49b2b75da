//go:build e2e

package formparsers

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
)

// tokens are what parsers of forms trip over.
var tokens = []string{
	"\r", "\n", "\r\n", "\r\n ", "\r\n\t", "\r\n\r\n", "\n\n", " ", "\t", "\v", "\x00", "\x7f", bom, "\xff", "\xc3",
	`"`, `\`, `\"`, `\\`, "'", "''", ";", "; ", ",", ":", "=", "*", "*=", "%", "%2", "%24", "%22", "%0d%0a", "%0D", "%00", "%25", "%5c", "-", "--",
	"$", "$ACTION_", "$ACTION_ID_", "A", "_", "name", "name=", `name="`, "name*=utf-8''", "name*=utf-16le''", `; name="$ACTION_REF_1"`, `; filename="`, `; filename="a"`,
	"filename*=utf-8''", "form-data", "form-data; ", cd, "Content-Type: text/plain", "Content-Type: multipart/mixed; boundary=b", "Content-Transfer-Encoding: base64",
	"X-A: b", "constructor: b", "__proto__: b", " X-A: b", "X-A : b", "X-A",
}

// swaps turn one spelling into another that some parser takes for the same.
var swaps = [][2]string{
	{"\r\n", "\n"}, {"\r\n", "\r"}, {"\r\n", "\r\n "}, {"\r\n", " \r\n"}, {"\r\n", "?\n"}, {"\r\n", "\r?"}, {"\r\n", "\n\r"}, {"\r\n\r\n", "\r\n"},
	{`"`, ""}, {`"`, "'"}, {`"`, `\"`}, {`"`, "%22"}, {`"`, `""`}, {`name="`, "name="}, {`name="`, `name*="`}, {`name="`, "name*=utf-8''"},
	{`name="`, `name = "`}, {`name="`, `NAME="`}, {`name="`, `"name"="`}, {`name="`, `name="a"; name="`}, {"; ", ";"}, {"; ", " ; "}, {"; ", " "}, {"; ", ";\r\n "}, {"; ", ";;"},
	{": ", ":"}, {": ", " : "}, {"$", "%24"}, {"$", "%2 4"}, {"$", "%2\"4"}, {"$", `\$`}, {"$", "$\x00"}, {"$", bom + "$"}, {"_", "%5F"}, {"A", "%41"}, {"A", "\"A\""},
	{"s", "\u017f"}, {"form-data", "Form-Data"}, {"form-data", `"form-data"`}, {"form-data", "attachment"}, {cd, "content-disposition:form-data;"}, {"--", "-"}, {"--", ""}, {"--", "----"},
}

// mediaTokens are inserted into media types.
var mediaTokens = []string{
	" ", "\t", `"`, `\`, ";", "; ", ",", "=", "*", "'", "\xe9", "x=y", "; x=y", `; x="`, "; charset=utf-8", "; charset=utf-16", "; boundary=b", "; boundary=",
	`; boundary=""`, "; boundary*=utf-8''b", "; Boundary=b", ", multipart/form-data", ", multipart/form-data; boundary=b", "boundary=", "-x", "form-data", "$", "%24", `\"; name=\"$AC`,
}

// mutated returns a form with a few random changes: a genuine one or a trick,
// each half of the time.
func mutated(r *rand.Rand, genuine, tricks []form) form {
	seeds := genuine
	if r.IntN(2) == 0 {
		seeds = tricks
	}
	f := pick(r, seeds)
	f.body = slices.Clone(f.body)
	b := []byte(boundaryOf(f.contentType))
	for range 1 + r.IntN(3) {
		if len(f.body) == 0 {
			break
		}
		switch r.IntN(12) {
		case 0:
			f.body[position(r, f.body)] ^= 1 << r.IntN(8)
		case 1, 2:
			f.body = insert(f.body, position(r, f.body), pick(r, tokens))
		case 3:
			at := position(r, f.body)
			f.body = slices.Delete(f.body, at, min(len(f.body), at+1+r.IntN(6)))
		case 4, 5, 6:
			f.body = swap(r, f.body)
		case 7:
			f.body = moveLine(r, f.body)
		case 8:
			f.body = shuffleParameters(r, f.body)
		case 9:
			f.body = insert(f.body, position(r, f.body), delimiterFragment(r, b))
		case 10:
			f.body = splice(r, f.body, pick(r, seeds).body)
		case 11:
			f.contentType = mutatedMedia(r, f.contentType)
		}
	}
	if r.IntN(4) == 0 {
		f.chunk = 1 + len(f.body)/(1+r.IntN(60))
	}
	return f
}

// boundaryOf returns what stands behind boundary=, for use in mutations only.
func boundaryOf(contentType string) string {
	_, value, _ := strings.Cut(contentType, "boundary=")
	return strings.Trim(value, `"`)
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func insert(body []byte, at int, s string) []byte { return slices.Insert(body, at, []byte(s)...) }

// position picks a place in body that matters: mostly in or near the name of
// an action, else in a header line, else anywhere.
func position(r *rand.Rand, body []byte) int {
	anchor, before, span := "", 0, 0
	switch r.IntN(4) {
	case 0, 1:
		anchor, before, span = "ACTION_", 8, 24
	case 2:
		anchor, span = "Content-Disposition", 60
	}
	places := find(body, anchor)
	if len(places) == 0 {
		return r.IntN(len(body))
	}
	at := pick(r, places) - before + r.IntN(span)
	return min(max(at, 0), len(body)-1)
}

// find returns the places of s in body, at most 100.
func find(body []byte, s string) []int {
	var places []int
	for from := 0; s != "" && len(places) < 100; {
		i := bytes.Index(body[from:], []byte(s))
		if i < 0 {
			break
		}
		places = append(places, from+i)
		from += i + len(s)
	}
	return places
}

// swap replaces one or all occurrences of something by another spelling of it.
func swap(r *rand.Rand, body []byte) []byte {
	s := pick(r, swaps)
	if r.IntN(6) == 0 {
		return bytes.ReplaceAll(body, []byte(s[0]), []byte(s[1]))
	}
	places := find(body, s[0])
	if len(places) == 0 {
		return body
	}
	at := pick(r, places)
	return slices.Replace(body, at, at+len(s[0]), []byte(s[1])...)
}

// moveLine moves or copies one line to another place between lines.
func moveLine(r *rand.Rand, body []byte) []byte {
	lines := bytes.SplitAfter(body, []byte("\r\n"))
	from, to := r.IntN(len(lines)), r.IntN(len(lines))
	line := lines[from]
	if r.IntN(2) == 0 {
		lines = slices.Delete(lines, from, from+1)
		to = min(to, len(lines))
	}
	return bytes.Join(slices.Insert(lines, to, line), nil)
}

// shuffleParameters changes the order of the parameters of one header, and at
// times the case of one of them.
func shuffleParameters(r *rand.Rand, body []byte) []byte {
	places := find(body, cd)
	if len(places) == 0 {
		return body
	}
	from := pick(r, places)
	to := len(body)
	if i := bytes.Index(body[from:], []byte("\r\n")); i >= 0 {
		to = from + i
	}
	params := strings.Split(string(body[from:to]), "; ")
	r.Shuffle(len(params)-1, func(i, j int) { params[i+1], params[j+1] = params[j+1], params[i+1] })
	if i := r.IntN(len(params)); r.IntN(2) == 0 {
		params[i] = strings.ToUpper(params[i])
	}
	return slices.Replace(body, from, to, []byte(strings.Join(params, "; "))...)
}

// delimiterFragment is a delimiter, part of one, or more than one.
func delimiterFragment(r *rand.Rand, boundary []byte) string {
	b := string(boundary)
	if len(b) > 0 && r.IntN(5) == 0 {
		b = b[:r.IntN(len(b))]
	}
	return pick(r, []string{"", "\r\n", "\r\n", "\n", "\r"}) + pick(r, []string{"--", "--", "--", "", "-"}) + b +
		pick(r, []string{"", "", "\r\n", "--", "--\r\n", " ", " \r\n", "-", "\n", "X-A:\r\n", cd, "\r\n" + cd + `name="` + actionField + "\"\r\n\r\n"})
}

// splice puts a random piece of other into body.
func splice(r *rand.Rand, body, other []byte) []byte {
	if len(other) == 0 {
		return body
	}
	from := position(r, other)
	piece := other[from:min(len(other), from+r.IntN(200))]
	return insert(body, position(r, body), string(piece))
}

// mutatedMedia changes the media type, but keeps the words by which the gate
// knows a form: what does not have them is no form to any supported backend.
func mutatedMedia(r *rand.Rand, contentType string) string {
	s := contentType
	switch at := r.IntN(len(s)); r.IntN(5) {
	case 0, 1, 2:
		s = s[:at] + pick(r, mediaTokens) + s[at:]
	case 3:
		s = s[:at] + s[min(len(s), at+1+r.IntN(3)):]
	case 4:
		s = s[:at] + strings.ToUpper(s[at:])
	}
	// What a server would hand on: trimmed, without control bytes.
	s = strings.Trim(s, " \t")
	if !strings.Contains(strings.ToLower(s), "multipart/form-data") {
		return contentType
	}
	return s
}
