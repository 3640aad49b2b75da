package jsoncall

import (
	"strings"

	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/value"
)

// files are the parts of a call besides its JSON (RFC 7578).
type files struct {
	name func() string
	// boundary is empty while there is no file.
	boundary string
	parts    []part
	// names are the parts by file, so that one that is mentioned again is sent
	// once.
	names map[*value.File]string
	// size is what the body is longer than the JSON.
	size int64
}

// part is one file: all that stands before its content, and that.
type part struct {
	head string
	data []byte
}

// add takes a file in and returns the name of its part.
func (f *files) add(file *value.File) string {
	if name, again := f.names[file]; again {
		return name
	}
	if f.names == nil {
		f.names = map[*value.File]string{}
		f.boundary = f.name()
		f.size = int64(len(f.first()) + len(f.last()))
	}
	name := f.name()
	f.names[file] = name
	p := part{head: f.head(name, file), data: file.Data}
	f.parts = append(f.parts, p)
	f.size += int64(len(p.head) + len(p.data))
	return name
}

func (f *files) first() string {
	return "--" + f.boundary + "\r\nContent-Disposition: form-data; name=\"call\"\r\nContent-Type: application/json\r\n\r\n"
}

func (f *files) head(name string, file *value.File) string {
	return "\r\n--" + f.boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + fileName(file.Name) +
		"\"\r\nContent-Type: " + mediaType(file.Type) + "\r\n\r\n"
}

func (f *files) last() string { return "\r\n--" + f.boundary + "--\r\n" }

// fileName is the name of a file as it stands between quotes. Base names have
// no line ends, so the quote is all that is left to escape of what browsers do
// (HTML, multipart/form-data encoding algorithm). A part without a file name
// is a field for many readers; browsers call it blob.
func fileName(name string) string {
	name = strings.ReplaceAll(jsonform.BaseName(jsonform.Scalars(name)), `"`, "%22")
	if name == "" {
		return "blob"
	}
	return name
}

// mediaType is the type of a file if that is a plain one, else what browsers
// say of a file that they do not know. A multipart type would make some
// readers look for parts within.
func mediaType(s string) string {
	major, minor, _ := strings.Cut(s, "/")
	if !isToken(major) || !isToken(minor) || strings.EqualFold(major, "multipart") || strings.EqualFold(major, "message") {
		return "application/octet-stream"
	}
	return s
}

// isToken holds the names of RFC 6838 §4.2, which are at most 127 long.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("!#$&-^_.+", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 127
}

// message puts the JSON and the parts together.
func (f *files) message(json []byte) Message {
	if f.boundary == "" {
		return Message{ContentType: "application/json", Body: json, Call: json}
	}
	first := f.first()
	body := make([]byte, 0, f.size+int64(len(json)))
	body = append(append(body, first...), json...)
	call := body[len(first):len(body):len(body)]
	for _, p := range f.parts {
		body = append(append(body, p.head...), p.data...)
	}
	body = append(body, f.last()...)
	return Message{ContentType: "multipart/form-data; boundary=" + f.boundary, Body: body, Call: call}
}
