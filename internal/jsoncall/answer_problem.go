package jsoncall

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/actiongw/actiongw/internal/value"
)

// maxProblemText is how much of a problem's title or detail goes into the log.
const maxProblemText = 300

// ReadProblem returns title and detail of a problem document (RFC 9457), fit
// for a log: on one line, of printable characters, and not long. It takes what
// it finds before the first thing that is wrong, so that body may be the start
// of a longer one.
func ReadProblem(body []byte) (title, detail string) {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return "", ""
	}
	for {
		name, err := dec.ReadToken()
		if err != nil || name.Kind() != '"' {
			return title, detail
		}
		key := name.String()
		literal, err := dec.ReadValue()
		if err != nil {
			return title, detail
		}
		if literal.Kind() != '"' {
			continue
		}
		text, _ := value.Unquote(literal)
		switch key {
		case "title":
			title = forLog(text)
		case "detail":
			detail = forLog(text)
		}
	}
}

// forLog drops what could end a line, change its direction or command a
// terminal, and cuts the rest.
func forLog(s string) string {
	var b strings.Builder
	for _, r := range s {
		if !unicode.IsPrint(r) {
			continue
		}
		if b.Len()+len(string(r)) > maxProblemText {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
