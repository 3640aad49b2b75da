package formdata

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/actiongw/actiongw/internal/reject"
)

// byteOrderMark is what some readers drop at the start of a text.
const byteOrderMark = "\ufeff"

// parseHeaders reads the header block of a part, without its empty line. A
// block is one Content-Disposition and at most one Content-Type, each on one
// line: what every browser writes (spec reply-format §1.1) and nothing that a
// second parser could read in another way.
func parseHeaders(block []byte) (Entry, *reject.Error) {
	var part Entry
	var disposition, contentType bool
	for line := range bytes.SplitSeq(block, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(": "))
		switch {
		case ok && !disposition && isNamed(name, "content-disposition"):
			disposition = true
			if err := parseDisposition(&part, value); err != nil {
				return Entry{}, err
			}
		case ok && !contentType && isNamed(name, "content-type"):
			contentType = true
			part.ContentType = string(bytes.Trim(value, " \t")) // as parsers read it
			if !isHeaderText(value) {
				return Entry{}, malformed("a part's Content-Type has control characters")
			}
		default:
			return Entry{}, malformed("a part has a header other than one Content-Disposition and one Content-Type")
		}
	}
	if !disposition {
		return Entry{}, malformed("a part has no Content-Disposition")
	}
	// Next decodes a text part by the charset that the part names; only UTF-8
	// reads the same for everybody (spec reply-format §10).
	if contentType && !part.File && !isPlainUTF8(part.ContentType) {
		return Entry{}, reject.New(reject.CharsetUnsupported, reject.StageForm, "a text part has a Content-Type other than text/plain in UTF-8")
	}
	return part, nil
}

// isNamed compares a header's name in any case. Letters beyond ASCII are none of
// it, though to Unicode a long s is an s: they have more bytes.
func isNamed(name []byte, want string) bool {
	return len(name) == len(want) && bytes.EqualFold(name, []byte(want))
}

// parseDisposition reads `form-data; name="…"` and, for files,
// `; filename="…"`, in this order and with these spaces.
func parseDisposition(part *Entry, line []byte) *reject.Error {
	rest, ok := bytes.CutPrefix(line, []byte(`form-data; name="`))
	if !ok {
		return malformed(`a Content-Disposition does not start with form-data; name="`)
	}
	name, rest, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return malformed("a part's name has no end")
	}
	var fileName []byte
	if len(rest) > 0 {
		if rest, ok = bytes.CutPrefix(rest, []byte(`; filename="`)); !ok {
			return malformed("a part's name is followed by something else than a file name")
		}
		if fileName, rest, ok = bytes.Cut(rest, []byte(`"`)); !ok || len(rest) > 0 {
			return malformed("a file name has no end or is followed by something")
		}
		part.File = true
	}
	if !isText(name) || !isText(fileName) {
		return malformed("a name is not UTF-8 text without control characters and byte order mark")
	}
	// Some parsers take a backslash before the closing quote for an escape and
	// read on, and two in a name for one; others do not.
	if bytes.HasSuffix(name, []byte(`\`)) || bytes.HasSuffix(fileName, []byte(`\`)) {
		return malformed("a name ends in a backslash")
	}
	if bytes.Contains(name, []byte(`\\`)) {
		return malformed("a name has two backslashes in a row")
	}
	part.Name, part.FileName = string(name), string(fileName)
	return nil
}

// isText accepts what a form parser takes for the text of a name.
func isText(b []byte) bool {
	return isHeaderText(b) && utf8.Valid(b) && !bytes.Contains(b, []byte(byteOrderMark))
}

// isHeaderText accepts the bytes of a header value (RFC 9110 §5.5): no control
// characters but the tab.
func isHeaderText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// isPlainUTF8 accepts the two types that runtimes give to text parts.
func isPlainUTF8(contentType string) bool {
	mediaType, param, _ := strings.Cut(strings.ToLower(contentType), ";")
	param = strings.TrimPrefix(param, " ")
	return mediaType == "text/plain" && (param == "" || param == "charset=utf-8")
}
