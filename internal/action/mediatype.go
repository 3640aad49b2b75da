package action

import (
	"strings"

	"github.com/actiongw/actiongw/internal/reject"
)

const (
	multipartType = "multipart/form-data"
	textType      = "text/plain"
)

// MediaType is the media type of a call: text, or multipart with a boundary.
type MediaType struct {
	// Boundary is the boundary of a multipart body, empty for text.
	Boundary string
}

// String is the one spelling in which upstream gets the media type, so that no
// two parsers can read it differently.
func (m MediaType) String() string { return m.Respell("") }

// Respell is String. It gives back line itself where that is spelled so, as
// those of browsers are, and then needs no memory.
func (m MediaType) Respell(line string) string {
	var room [128]byte // the longest has 102 bytes
	spelled := room[:0]
	switch {
	case m.Boundary == "":
		spelled = append(spelled, textType+";charset=UTF-8"...)
	case strings.ContainsAny(m.Boundary, "(),/:=?"):
		spelled = append(append(append(spelled, multipartType+`; boundary="`...), m.Boundary...), '"')
	default:
		spelled = append(append(spelled, multipartType+"; boundary="...), m.Boundary...)
	}
	if string(spelled) == line {
		return line
	}
	return string(spelled)
}

// ParseMediaType reads the Content-Type of a call. It is our own grammar and
// not Go's mime package, which reads RFC 2231 continuations (`boundary*0=`)
// that the form parsers of Node ignore: a body could then have two structures.
//
//	type  = "text/plain" / "multipart/form-data"      lower case only
//	param = ";" [SP] name "=" ( token / DQUOTE 1*bchars DQUOTE )
//
// Accepted parameters are one `boundary` of 1 to 70 characters (RFC 2046
// §5.1.1, without the space) on multipart, and one `charset` that says UTF-8.
func ParseMediaType(s string) (MediaType, *reject.Error) {
	mediaType, params, _ := strings.Cut(s, ";")
	if mediaType != textType && mediaType != multipartType {
		return MediaType{}, reject.New(reject.MediaTypeUnsupported, reject.StageHead, "want text/plain or multipart/form-data, in lower case")
	}
	var boundary, charset string
	for more := len(mediaType) < len(s); more; {
		var name, value string
		var err *reject.Error
		if name, value, params, more, err = parseParameter(params); err != nil {
			return MediaType{}, err
		}
		switch {
		case name == "boundary" && boundary == "" && mediaType == multipartType:
			boundary = value
		case name == "charset" && charset == "":
			charset = value
		default:
			return MediaType{}, malformed("a parameter is unknown, doubled or misplaced")
		}
	}
	if charset != "" && !strings.EqualFold(charset, "utf-8") {
		return MediaType{}, reject.New(reject.CharsetUnsupported, reject.StageHead, "want charset=utf-8 or none")
	}
	if mediaType == multipartType && boundary == "" {
		return MediaType{}, malformed("multipart without a boundary")
	}
	return MediaType{Boundary: boundary}, nil
}

// parseParameter reads one `name=value` and says whether another follows.
func parseParameter(s string) (name, value, rest string, more bool, err *reject.Error) {
	name, s, ok := strings.Cut(strings.TrimPrefix(s, " "), "=")
	if !ok || name == "" || len(name) != countPrefix(name, isLower) {
		return "", "", "", false, malformed("a parameter has no plain lower-case name")
	}
	valid := isToken
	quoted := strings.HasPrefix(s, `"`)
	if quoted {
		s, valid = s[1:], isBoundaryByte
	}
	n := countPrefix(s, valid)
	value, s = s[:n], s[n:]
	if quoted {
		if s, ok = strings.CutPrefix(s, `"`); !ok {
			return "", "", "", false, malformed("a quoted parameter has no end or a character that no boundary has")
		}
	}
	// 70 is the most that RFC 2046 §5.1.1 allows; Node's parsers stop there too.
	if n == 0 || n > 70 {
		return "", "", "", false, malformed("a parameter is empty or longer than 70 characters")
	}
	if s == "" {
		return name, value, "", false, nil
	}
	if s[0] != ';' {
		return "", "", "", false, malformed("a parameter is followed by something else than a semicolon")
	}
	return name, value, s[1:], true, nil
}

func malformed(detail string) *reject.Error {
	return reject.New(reject.MediaTypeMalformed, reject.StageHead, detail)
}

// countPrefix is the length of the longest prefix of s made of valid bytes.
func countPrefix(s string, valid func(byte) bool) int {
	for i := range len(s) {
		if !valid(s[i]) {
			return i
		}
	}
	return len(s)
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// isToken is bcharsnospace of RFC 2046 without the characters that RFC 9110
// §5.6.2 wants quoted.
func isToken(c byte) bool {
	return isLower(c) || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("'+_-.", c) >= 0
}

// isBoundaryByte is bcharsnospace of RFC 2046 §5.1.1.
func isBoundaryByte(c byte) bool { return isToken(c) || strings.IndexByte("(),/:=?", c) >= 0 }
