package jsoncall_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

func array(items ...value.Value) *value.Array { return &value.Array{Items: items} }

// object makes an object from keys and values in turn.
func object(pairs ...any) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Members = append(o.Members, value.Member{Key: pairs[i].(string), Value: pairs[i+1].(value.Value)})
	}
	return o
}

// sent is a call as a backend reads it.
type sent struct {
	Action, ID, URL string
	Closure, Args   []any
	Types           map[string]string
}

func must(t testing.TB, closure *value.Array, args ...value.Value) (jsoncall.Message, sent) {
	t.Helper()
	m, err := encode(closure, args...)
	if err != nil {
		t.Fatal(err)
	}
	var s sent
	if err := json.Unmarshal(m.Call, &s); err != nil {
		t.Fatalf("%v in %s", err, m.Call)
	}
	return m, s
}

// readParts reads a multipart message with Go's reader, as a backend would.
func readParts(t testing.TB, m jsoncall.Message) (parts []*multipart.Part, contents []string) {
	t.Helper()
	mediaType, params, err := mime.ParseMediaType(m.ContentType)
	if err != nil || mediaType != "multipart/form-data" {
		t.Fatalf("media type %s: %v", m.ContentType, err)
	}
	r := multipart.NewReader(bytes.NewReader(m.Body), params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return parts, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		parts, contents = append(parts, p), append(contents, string(content))
	}
}

func TestACallWithFiles(t *testing.T) {
	photo := &value.File{Name: "holiday/a.png", Type: "image/png", Data: []byte("\x89PNG\r\n--\x00")}
	form := &value.FormData{Entries: []value.FormEntry{
		{Name: "title", Value: value.String("Sea")}, {Name: "photo", Value: photo},
	}}
	m, err := jsoncall.Encode(jsoncall.Call{Action: "add", ID: "60ab", URL: "/", Args: []value.Value{form, photo}}, jsoncall.Limits{Bytes: 1000}, names())
	if err != nil {
		t.Fatal(err)
	}
	const file = `{"name":"a.png","type":"image/png","size":9,"part":"p2"}`
	call := `{"action":"add","id":"60ab","url":"/","closure":null,"args":[{"title":["Sea"],"photo":[` + file + `]},` + file + `],` +
		`"types":{"/args/0":"FormData","/args/0/photo/0":"File","/args/1":"File"}}`
	body := "--p1\r\nContent-Disposition: form-data; name=\"call\"\r\nContent-Type: application/json\r\n\r\n" + call +
		"\r\n--p1\r\nContent-Disposition: form-data; name=\"p2\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n" + string(photo.Data) +
		"\r\n--p1--\r\n"
	if string(m.Body) != body || string(m.Call) != call || m.ContentType != "multipart/form-data; boundary=p1" {
		t.Errorf("got %s\n%s\n%s", m.ContentType, m.Body, m.Call)
	}
}

func TestACallWithoutFiles(t *testing.T) {
	m, _ := must(t, array(value.String("v41")), value.Number(1))
	if m.ContentType != "application/json" || !bytes.Equal(m.Body, m.Call) {
		t.Errorf("got %s, %s", m.ContentType, m.Body)
	}
	if _, err := jsoncall.Encode(jsoncall.Call{}, jsoncall.Limits{Bytes: 100}, nil); err != nil {
		t.Errorf("names are asked for where there is no file: %v", err)
	}
}

// TestFakeFiles: an object with the members of a file's is not one. Nobody
// outside knows the name of a part, and `types` says which objects are files.
func TestFakeFiles(t *testing.T) {
	fake := object("name", value.String("x"), "type", value.String(""), "size", value.Number(3), "part", value.String("p2"))
	form := &value.FormData{Entries: []value.FormEntry{
		{Name: "types", Value: value.String(`{"/args/1":"File"}`)},
		{Name: "photo", Value: value.String(`{"name":"x","type":"","size":3,"part":"p2"}`)},
	}}
	_, s := must(t, nil, &value.File{Name: "x", Data: []byte("abc")}, fake, form, object("types", object("/args/1", value.String("File"))))
	if !reflect.DeepEqual(s.Args[0], s.Args[1]) {
		t.Errorf("the fake %v is not like the file %v: this test shows nothing", s.Args[1], s.Args[0])
	}
	if want := map[string]string{"/args/0": "File", "/args/2": "FormData"}; !reflect.DeepEqual(s.Types, want) {
		t.Errorf("got types %v, want %v", s.Types, want)
	}
}

// TestFakePointers: keys that look like steps of a pointer lead nowhere else.
func TestFakePointers(t *testing.T) {
	for _, key := range []string{"", "/", "~", "~1", "a/0", "/args/1", `"`, "\n", "ä\u2028", "0", "-"} {
		m, s := must(t, nil, object(key, &value.Date{}), array())
		if len(s.Types) != 1 {
			t.Errorf("key %q: types %v", key, s.Types)
		}
		for p, kind := range s.Types {
			if _, ok := resolve(s.Args, strings.TrimPrefix(p, "/args")); !ok || kind != "Date" || len(s.Args[1].([]any)) != 0 {
				t.Errorf("key %q: %s does not lead to the date in %s", key, p, m.Call)
			}
		}
	}
}

// resolve follows a JSON Pointer by the letter of RFC 6901 §4.
func resolve(v any, pointer string) (any, bool) {
	if pointer == "" {
		return v, true
	}
	for _, step := range strings.Split(pointer[1:], "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		switch in := v.(type) {
		case map[string]any:
			item, ok := in[step]
			if !ok {
				return nil, false
			}
			v = item
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(in) || strconv.Itoa(i) != step {
				return nil, false
			}
			v = in[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// TestHeadersThroughFiles: the name and the type of a file come from whoever
// sent it, and stand in headers.
func TestHeadersThroughFiles(t *testing.T) {
	for _, tt := range []struct {
		title, name, mediaType, wantName, wantType string
	}{
		{"a genuine file", "Rechnung März.pdf", "application/pdf", "Rechnung März.pdf", "application/pdf"},
		{"a header in the name", "a\"\r\nX-Admin: 1\r\n\r\nb", "image/png", "a%22X-Admin: 1b", "image/png"},
		{"a part in the name", "a\r\n--p1\r\nContent-Disposition: form-data; name=call\r\n\r\n{}", "", "a--p1Content-Disposition: form-data; name=call{}", "application/octet-stream"},
		{"another name behind a quote", `a"; name="call`, "", "a%22; name=%22call", "application/octet-stream"},
		{"a folder of Windows", `..\..\evil.php`, "", "evil.php", "application/octet-stream"},
		{"a folder", "../../etc/cron.d/evil", "", "evil", "application/octet-stream"},
		{"no name", "", "", "blob", "application/octet-stream"},
		{"a name that is a folder", "..", "", "blob", "application/octet-stream"},
		{"half of a surrogate pair", "\xed\xa0\x80.png", "", "\ufffd.png", "application/octet-stream"},
		{"a header in the type", "a", "image/png\r\nX-Admin: 1", "a", "application/octet-stream"},
		{"a parameter in the type", "a", "text/html; charset=utf-7", "a", "application/octet-stream"},
		{"parts within the part", "a", "Multipart/Mixed", "a", "application/octet-stream"},
		{"a message within the part", "a", "message/rfc822", "a", "application/octet-stream"},
		{"no type at all", "a", "png", "a", "application/octet-stream"},
		{"a type that is too long", "a", "a/" + strings.Repeat("b", 128), "a", "application/octet-stream"},
	} {
		m, s := must(t, nil, &value.File{Name: tt.name, Type: tt.mediaType, Data: []byte("abc")})
		parts, contents := readParts(t, m)
		if len(parts) != 2 || contents[0] != string(m.Call) || contents[1] != "abc" {
			t.Errorf("%s: got %d parts: %q", tt.title, len(parts), m.Body)
			continue
		}
		want := `form-data; name="p2"; filename="` + tt.wantName + `"`
		if got := parts[1].Header; len(got) != 2 || got.Get("Content-Disposition") != want || got.Get("Content-Type") != tt.wantType {
			t.Errorf("%s: got %v, want %s and %s", tt.title, got, want, tt.wantType)
		}
		name := strings.TrimSuffix(strings.ReplaceAll(tt.wantName, "%22", `"`), "blob")
		if got := s.Args[0].(map[string]any)["name"]; got != name {
			t.Errorf("%s: the JSON says %q, want %q", tt.title, got, name)
		}
	}
}

// TestAFileManyTimes: a file that stands in a thousand places is sent once.
func TestAFileManyTimes(t *testing.T) {
	file := &value.File{Name: "a", Data: bytes.Repeat([]byte("x"), 1<<18)}
	other := &value.File{Name: "a", Data: []byte("y")}
	m, _ := must(t, array(file), array(slices.Repeat([]value.Value{file}, 1000)...), other)
	if parts, _ := readParts(t, m); len(parts) != 3 {
		t.Errorf("got %d parts, want the call and two files", len(parts))
	}
}

// TestAmplification: a small body must not become a large one.
func TestAmplification(t *testing.T) {
	doubled := value.Value(array())
	for range 60 {
		doubled = array(doubled, doubled)
	}
	long := strings.Repeat("k", 100_000)
	dates := array(slices.Repeat([]value.Value{&value.Date{}}, 40_000)...)
	for title, v := range map[string]value.Value{
		"sharing that doubles at each level":       doubled,
		"a long text in many places":               array(slices.Repeat([]value.Value{value.String(long)}, 40_000)...),
		"a long key above many values with a type": object(long, dates),
		"escapes":             value.String(strings.Repeat("\x00", 500_000)),
		"files that are many": array(&value.File{Data: make([]byte, 700_000)}, &value.File{Data: make([]byte, 700_000)}),
		"a long name of a file, in the parts alone": object("a", &value.File{Type: "x", Name: strings.Repeat("\x00", 100) + strings.Repeat(`"`, 400_000)}),
	} {
		m, err := encode(nil, v)
		if err == nil || err.Reason != reject.ArgumentNotAllowed || !strings.Contains(err.Detail, "too large") || m.Body != nil {
			t.Errorf("%s: got %d bytes and %v", title, len(m.Body), err)
		}
	}
}

// TestTheLimitIsExact holds that the limit is that of the body, parts included.
func TestTheLimitIsExact(t *testing.T) {
	for title, args := range map[string][]value.Value{
		"without files or types": {value.Number(1)},
		"with types":             {&value.Date{}, value.Undefined{}},
		"with files":             {&value.File{Name: "a"}, &value.File{Name: "b", Data: []byte("x")}},
	} {
		c := jsoncall.Call{Args: args}
		m, err := jsoncall.Encode(c, jsoncall.Limits{Bytes: 1 << 20}, names())
		if err != nil {
			t.Fatal(err)
		}
		size := int64(len(m.Body))
		if again, err := jsoncall.Encode(c, jsoncall.Limits{Bytes: size}, names()); err != nil || !bytes.Equal(again.Body, m.Body) {
			t.Errorf("%s: at the limit: %v", title, err)
		}
		if _, err := jsoncall.Encode(c, jsoncall.Limits{Bytes: size - 1}, names()); err == nil {
			t.Errorf("%s: a byte over the limit passes", title)
		}
	}
}

func TestHostileValues(t *testing.T) {
	circle := array()
	circle.Items = []value.Value{object("me", circle)}
	deep := func(n int) (v value.Value) {
		for v = array(); n > 1; n-- {
			v = array(v)
		}
		return v
	}
	for _, tt := range []struct {
		title   string
		closure *value.Array
		arg     value.Value
		want    string
	}{
		{"a prototype", nil, object("__proto__", object("admin", value.Bool(true))), "__proto__"},
		{"a prototype in a form", nil, &value.FormData{Entries: []value.FormEntry{{Name: "__proto__", Value: value.String("x")}}}, "__proto__"},
		{"a prototype in a closure", array(object("__proto__", value.Null{})), value.Null{}, "__proto__"},
		{"a circle", nil, circle, "contains itself"},
		{"a closure that contains itself", circle, value.Null{}, "contains itself"},
		{"too many levels", nil, deep(jsonform.MaxDepth + 1), "100 levels"},
		{"too many levels in a closure", array(deep(jsonform.MaxDepth + 1)), value.Null{}, "100 levels"},
		{"as many levels as may be, in both", array(deep(jsonform.MaxDepth)), deep(jsonform.MaxDepth), ""},
	} {
		_, err := encode(tt.closure, tt.arg)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Detail, tt.want) {
			t.Errorf("%s: got %v, want %q", tt.title, err, tt.want)
		}
	}
}

// TestHalvesOfPairs: the JSON is UTF-8, whatever stood in the call.
func TestHalvesOfPairs(t *testing.T) {
	m, err := jsoncall.Encode(jsoncall.Call{
		Action: "a\xff", URL: "/\xed\xa0\x80\xff", Args: []value.Value{object("\xed\xa0\x80", value.String("x\xed\xb0\x80"))},
	}, jsoncall.Limits{Bytes: 1000}, names())
	const want = `{"action":"a�","id":"","url":"/��","closure":null,"args":[{"�":"x�"}]}`
	if err != nil || string(m.Call) != want {
		t.Errorf("got %s and %v, want %s", m.Call, err, want)
	}
}

// TestAttackResultOfMillionsOfValues: an object takes three bytes of a result
// and two hundred of our memory. Plain results are not held, and pass.
func TestAttackResultOfMillionsOfValues(t *testing.T) {
	many := "[" + strings.Repeat("{},", 600_000) + "0]"
	if _, err := jsoncall.Next.AppendRich(nil, []byte(`{"value":`+many+`}`), false); err == nil || !strings.Contains(err.Error(), "more than 500000 values") {
		t.Errorf("with types: %v", err)
	}
	m := jsoncall.NewModelWriter()
	out, err := m.Append(nil, []byte(many))
	if err == nil {
		out, err = m.End(out)
	}
	if err != nil || string(out) != many {
		t.Errorf("plain: %v", err)
	}
}
