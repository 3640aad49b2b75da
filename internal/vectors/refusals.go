package vectors

import (
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

//go:embed refusals/*.http
var refusals embed.FS

// A Refusal is a request that the gate refuses, from refusals/; the README
// there describes the fields.
type Refusal struct {
	Name      string
	Expect    string
	Options   []string
	Global    []string
	HalfClose bool
	Beside    int
	Memory    string
	// Raw is the request as it goes over the connection.
	Raw []byte
}

// Refusals returns the refused requests in the order of their file names. It
// fails when there are none.
func Refusals() ([]Refusal, error) {
	entries, err := refusals.ReadDir("refusals")
	if err != nil {
		return nil, err
	}
	var all []Refusal
	for _, entry := range entries {
		text, err := refusals.ReadFile("refusals/" + entry.Name())
		if err != nil {
			return nil, err
		}
		r, err := parseRefusal(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		r.Name = strings.TrimSuffix(entry.Name(), ".http")
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, errors.New("no refused requests are embedded")
	}
	return all, nil
}

// parseRefusal reads one file: head lines, an empty line, the request.
func parseRefusal(text string) (r Refusal, err error) {
	head, request, ok := strings.Cut(text, "\n\n")
	if !ok {
		return r, errors.New("no empty line behind the head")
	}
	for line := range strings.SplitSeq(head, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "expect":
			r.Expect = value
		case "option":
			r.Options = append(r.Options, value)
		case "global":
			r.Global = append(r.Global, value)
		case "half-close":
			r.HalfClose = value == "true"
		case "beside":
			r.Beside, err = strconv.Atoi(value)
		case "memory":
			r.Memory = value
		default:
			err = fmt.Errorf("unknown line %q in the head", name)
		}
		if err != nil {
			return r, err
		}
	}
	r.Raw = []byte(strings.ReplaceAll(request, "\n", "\r\n"))
	return r, nil
}
