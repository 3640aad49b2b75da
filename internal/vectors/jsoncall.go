package vectors

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// A JSONCall is a call as JSON, as a backend in Go reads it with its standard
// library.
type JSONCall struct {
	Action, ID, URL string
	Closure, Args   []any
	Types           map[string]string
	// Files are the contents of files by the names of their parts.
	Files map[string]string `json:"-"`

	// root is what the log's references are relative to.
	root any
}

// ParseJSONCall reads the body of a call: JSON, or a form in which the part
// `call` comes first and has the JSON.
func ParseJSONCall(contentType string, body []byte) (*JSONCall, error) {
	c := &JSONCall{Files: map[string]string{}}
	mediaType, params, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil, err
	case mediaType == "application/json":
		return c, json.Unmarshal(body, c)
	case mediaType != "multipart/form-data":
		return nil, fmt.Errorf("media type %s", contentType)
	}
	for form := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(part)
		switch {
		case err != nil:
		case part.FormName() == "call":
			err = json.Unmarshal(content, c)
		default:
			c.Files[part.FormName()] = string(content)
		}
		if err != nil {
			return nil, err
		}
	}
}

// members reads an object in its order.
func members(raw json.RawMessage) (names []string, values []any, err error) {
	d := jsontext.NewDecoder(strings.NewReader(string(raw)), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadToken(); err != nil {
		return nil, nil, err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, nil, err
		}
		names = append(names, name.String())
		v, err := d.ReadValue()
		if err != nil {
			return nil, nil, err
		}
		values = append(values, nil)
		if err := json.Unmarshal(v, &values[len(values)-1]); err != nil {
			return nil, nil, err
		}
	}
	return names, values, nil
}

// CompareLogged compares arguments and captured values with what the app of a
// recording logged (README.md, the tags of `expected`). Captured ones are logged
// by variable, nil or null when there are none. No type may be left that the log
// does not speak of, so a call can be compared once.
func (c *JSONCall) CompareLogged(args, captured json.RawMessage) error {
	if err := json.Unmarshal(args, &c.root); err != nil {
		return err
	}
	if err := c.same(c.root, c.Args, "/args"); err != nil {
		return err
	}
	if c.Closure != nil {
		names, values, err := members(captured)
		if err != nil {
			return err
		}
		byName := map[string]any{}
		for i, name := range names {
			byName[name] = values[i]
		}
		c.root = byName
		if err := c.same(values, c.Closure, "/closure"); err != nil {
			return err
		}
	}
	if len(c.Types) > 0 {
		return fmt.Errorf("types %v are not in the log", slices.Sorted(maps.Keys(c.Types)))
	}
	return nil
}

// take returns the type at a place, and counts it as seen.
func (c *JSONCall) take(at string) string {
	kind := c.Types[at]
	delete(c.Types, at)
	return kind
}

func (c *JSONCall) same(want, got any, at string) error {
	if tagged, ok := want.(map[string]any); ok && tagged["$type"] != nil {
		return c.sameTagged(tagged, got, at)
	}
	if kind := c.take(at); kind != "" {
		return fmt.Errorf("%s: got a %s, want plain JSON", at, kind)
	}
	switch want := want.(type) {
	case []any:
		return c.sameList(want, got, at)
	case map[string]any:
		return c.sameMembers(want, got, at)
	}
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", at, got, want)
	}
	return nil
}

func (c *JSONCall) sameMembers(want map[string]any, got any, at string) error {
	object, ok := got.(map[string]any)
	if !ok || len(object) != len(want) {
		return fmt.Errorf("%s: want an object of %d", at, len(want))
	}
	for key, w := range want {
		g, ok := object[key]
		if !ok {
			return fmt.Errorf("%s: no member %s", at, key)
		}
		if err := c.same(w, g, at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(key)); err != nil {
			return err
		}
	}
	return nil
}

func (c *JSONCall) sameList(want, got any, at string) error {
	w, g := want.([]any), []any(nil)
	if got, ok := got.([]any); ok {
		g = got
	}
	if len(w) != len(g) {
		return fmt.Errorf("%s: got %d items, want %d", at, len(g), len(w))
	}
	for i := range w {
		if err := c.same(w[i], g[i], at+"/"+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

// jsonOf is the JSON and the type of the log's tags whose JSON is one list or
// one scalar.
func jsonOf(want map[string]any) (kind string, v any) {
	switch tag := want["$type"]; tag {
	case "undefined", "TemporaryReference":
		return tag.(string), nil
	case "Number":
		if want["value"] == "-0" {
			return "-0", 0.0
		}
		return want["value"].(string), nil
	case "BigInt":
		return "BigInt", want["value"]
	case "Date":
		return "Date", want["iso"]
	case "Map":
		return "Map", want["entries"]
	case "Set", "Iterator", "AsyncIterable":
		return tag.(string), want["values"]
	case "ReadableStream":
		return "Stream", want["chunks"]
	}
	return "", nil
}

func (c *JSONCall) sameTagged(want map[string]any, got any, at string) error {
	tag := want["$type"].(string)
	switch tag {
	case "Ref":
		return c.same(c.find(want["path"].(string)), got, at)
	case "Promise":
		inner, ok := strings.CutPrefix(c.take(at), "Promise")
		if !ok {
			return fmt.Errorf("%s: want a promise", at)
		}
		if inner != "" {
			c.Types[at] = inner[1 : len(inner)-1]
		}
		return c.same(want["value"], got, at)
	case "Object":
		object := map[string]any{}
		for _, e := range want["entries"].([]any) {
			object[e.([]any)[0].(string)] = e.([]any)[1]
		}
		return c.sameMembers(object, got, at)
	case "LongString":
		return sameLong(want, got, at)
	}
	kind := c.take(at)
	if wantKind, v := jsonOf(want); wantKind != "" {
		if strings.Replace(kind, "AsyncIterator", "AsyncIterable", 1) != wantKind {
			return fmt.Errorf("%s: got a %q, want a %s", at, kind, wantKind)
		}
		if list, ok := v.([]any); ok {
			return c.sameList(list, got, at)
		}
		return c.same(v, got, at)
	}
	switch {
	case tag != "Function" && kind != tag:
		return fmt.Errorf("%s: got a %q, want a %s", at, kind, tag)
	case tag == "FormData":
		return c.sameForm(want, got, at)
	case tag == "File", tag == "Blob":
		return c.sameFile(want, got, at)
	case tag == "ServerReference", tag == "Function": // Next 14 logs a function without its id
		if ref, ok := got.(map[string]any); kind != "ServerReference" || !ok || want["id"] != nil && want["id"] != ref["id"] {
			return fmt.Errorf("%s: got %s %v, want function %v", at, kind, got, want["id"])
		}
		return nil
	}
	text, _ := got.(string)
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("%s: want base64", at)
	}
	return sameHash(want, string(data), at)
}

// sameLong compares a text of which the log has length and hash.
func sameLong(want map[string]any, got any, at string) error {
	text, ok := got.(string)
	if !ok || float64(len(utf16.Encode([]rune(text)))) != want["length"] {
		return fmt.Errorf("%s: want a text of length %v", at, want["length"])
	}
	if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != want["utf8sha256"] {
		return fmt.Errorf("%s: another long text", at)
	}
	return nil
}

func sameHash(want map[string]any, data, at string) error {
	if sum := sha256.Sum256([]byte(data)); float64(len(data)) != want["byteLength"] || hex.EncodeToString(sum[:]) != want["sha256"] {
		return fmt.Errorf("%s: got %d bytes, want %v, or others", at, len(data), want["byteLength"])
	}
	return nil
}

func (c *JSONCall) sameFile(want map[string]any, got any, at string) error {
	file, ok := got.(map[string]any)
	if !ok || len(file) != 4 || file["type"] != want["type"] || file["size"] != want["byteLength"] {
		return fmt.Errorf("%s: got %v, want a file of %v, %v bytes", at, file, want["type"], want["byteLength"])
	}
	if name, ok := want["name"].(string); ok && file["name"] != name[strings.LastIndexAny(name, `/\`)+1:] {
		return fmt.Errorf("%s: got file name %v, want %v", at, file["name"], name)
	}
	content, ok := c.Files[file["part"].(string)]
	if !ok {
		return fmt.Errorf("%s: no part %v", at, file["part"])
	}
	return sameHash(want, content, at)
}

func (c *JSONCall) sameForm(want map[string]any, got any, at string) error {
	fields := map[string]any{}
	for _, e := range want["entries"].([]any) {
		name, v := e.([]any)[0].(string), e.([]any)[1]
		if strings.HasPrefix(name, "$ACTION_") {
			continue
		}
		values, _ := fields[name].([]any)
		fields[name] = append(values, v)
	}
	return c.sameMembers(fields, got, at)
}

// find follows a path of the log, such as $.0.values.1.
func (c *JSONCall) find(path string) any {
	v := c.root
	for step := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(path, "$"), "."), ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[step]
		case []any:
			i, _ := strconv.Atoi(step)
			v = in[i]
		}
	}
	return v
}
