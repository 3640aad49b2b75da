package action_test

import (
	"iter"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/reject"
)

func TestRecognize(t *testing.T) {
	header := []string{"x"}
	multipart := []string{"multipart/form-data; boundary=b"}
	for _, tc := range []struct {
		is          string
		method      string
		nextAction  []string
		contentType []string
		want        action.Kind
	}{
		{"a plain page", "GET", nil, nil, action.None},
		{"a JSON post to a route handler", "POST", nil, []string{"application/json"}, action.None},
		{"a url-encoded form, which no React form sends", "POST", nil, []string{"application/x-www-form-urlencoded"}, action.None},
		{"a PUT of a form", "PUT", nil, multipart, action.None},
		{"a call by React's client", "POST", header, []string{"text/plain;charset=UTF-8"}, action.Fetch},
		{"an empty action header is still one", "POST", []string{""}, nil, action.Fetch},
		{"a GET with the action header", "GET", header, nil, action.Fetch},
		{"a form with the header is a fetch action", "POST", header, multipart, action.Fetch},
		{"a form", "POST", nil, multipart, action.MaybeForm},
		{"a form in odd case", "POST", nil, []string{"MULTIPART/Form-Data; boundary=b"}, action.MaybeForm},
		{"a type that only starts like a form's, which Next takes for one", "POST", nil, []string{"multipart/form-dataX"}, action.MaybeForm},
		{"a form behind a comma", "POST", nil, []string{"text/plain, multipart/form-data; boundary=b"}, action.MaybeForm},
		{"a form in the second of two lines", "POST", nil, []string{"text/plain", "multipart/form-data"}, action.MaybeForm},
	} {
		if got := action.Recognize(tc.method, tc.nextAction, tc.contentType); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.is, got, tc.want)
		}
	}
}

func TestParseID(t *testing.T) {
	hex := strings.Repeat("0123456789abcdef", 3)
	for _, tc := range []struct {
		is   string
		in   string
		want bool
	}{
		{"an id of Next 15 and 16", hex[:42], true},
		{"an id of Next 14", hex[:40], true},
		{"one digit too few", hex[:41], false},
		{"one digit too many", hex[:43], false},
		{"nothing", "", false},
		{"upper case", strings.ToUpper(hex[:42]), false},
		{"a property of every JavaScript object", "toString", false},
		{"42 letters", strings.Repeat("z", 42), false},
		{"two ids joined by a proxy", hex[:19] + ", " + hex[:21], false},
	} {
		if _, ok := action.ParseID(tc.in); ok != tc.want {
			t.Errorf("%s: got %v, want %v", tc.is, ok, tc.want)
		}
	}
}

func TestParseMediaType(t *testing.T) {
	for _, tc := range []struct {
		is       string
		in       string
		boundary string
		reason   reject.Reason
	}{
		{"what browsers send for text", "text/plain;charset=UTF-8", "", ""},
		{"text without a charset", "text/plain", "", ""},
		{"what Chromium sends for forms", "multipart/form-data; boundary=----WebKitFormBoundaryAbC", "----WebKitFormBoundaryAbC", ""},
		{"a quoted boundary, as .NET sends it", `multipart/form-data; boundary="a-b"`, "a-b", ""},
		{"a quoted boundary that needs its quotes", `multipart/form-data; boundary="a=b"`, "a=b", ""},
		{"JSON", "application/json", "", reject.MediaTypeUnsupported},
		{"nothing", "", "", reject.MediaTypeUnsupported},
		{"a form in odd case, which Next reads as text", "Multipart/Form-Data; boundary=b", "", reject.MediaTypeUnsupported},
		{"a type that only starts right", "multipart/form-datax; boundary=b", "", reject.MediaTypeUnsupported},
		{"another multipart type", "multipart/mixed; boundary=b", "", reject.MediaTypeUnsupported},
		{"a url-encoded form", "application/x-www-form-urlencoded", "", reject.MediaTypeUnsupported},
		{"text in Latin 1", "text/plain;charset=iso-8859-1", "", reject.CharsetUnsupported},
		{"a form in UTF-16", "multipart/form-data; boundary=b; charset=utf-16", "", reject.CharsetUnsupported},
		{"two charsets", "text/plain;charset=utf-8;charset=utf-16", "", reject.MediaTypeMalformed},
		{"no boundary", "multipart/form-data", "", reject.MediaTypeMalformed},
		{"an empty boundary", "multipart/form-data; boundary=", "", reject.MediaTypeMalformed},
		{"two boundaries", "multipart/form-data; boundary=a; boundary=b", "", reject.MediaTypeMalformed},
		{"an RFC 2231 boundary", "multipart/form-data; boundary*=utf-8''a", "", reject.MediaTypeMalformed},
		{"an RFC 2231 continuation", "multipart/form-data; boundary*0=a; boundary*1=b", "", reject.MediaTypeMalformed},
		{"an upper-case parameter", "multipart/form-data; Boundary=a", "", reject.MediaTypeMalformed},
		{"a boundary on text", "text/plain; boundary=b", "", reject.MediaTypeMalformed},
		{"a boundary of 71 characters", "multipart/form-data; boundary=" + strings.Repeat("b", 71), "", reject.MediaTypeMalformed},
		{"a boundary with a space", `multipart/form-data; boundary="a b"`, "", reject.MediaTypeMalformed},
		{"an escaped boundary", `multipart/form-data; boundary="a\b"`, "", reject.MediaTypeMalformed},
		{"an open quote", `multipart/form-data; boundary="a`, "", reject.MediaTypeMalformed},
		{"two spaces before a parameter", "multipart/form-data;  boundary=a", "", reject.MediaTypeMalformed},
		{"a trailing semicolon", "multipart/form-data; boundary=a;", "", reject.MediaTypeMalformed},
		{"a second type after a comma", "multipart/form-data; boundary=a, text/plain", "", reject.MediaTypeMalformed},
	} {
		got, err := action.ParseMediaType(tc.in)
		switch {
		case err == nil && tc.reason != "":
			t.Errorf("%s: accepted, want %s", tc.is, tc.reason)
		case err != nil && err.Reason != tc.reason:
			t.Errorf("%s: %v, want %q", tc.is, err, tc.reason)
		case err == nil && got.Boundary != tc.boundary:
			t.Errorf("%s: boundary %q, want %q", tc.is, got.Boundary, tc.boundary)
		}
		if err != nil {
			continue
		}
		if again, err := action.ParseMediaType(got.String()); err != nil || again != got {
			t.Errorf("%s: what we write upstream, %q, does not read back", tc.is, got)
		}
	}
}

func TestLooseDelimiterReadsAsBusboyDoes(t *testing.T) {
	for _, tc := range []struct{ is, in, want string }{
		{"no parameter", "multipart/form-data", ""},
		{"a plain boundary", "multipart/form-data; boundary=AA", "--AA"},
		{"in capitals, behind another parameter", "Multipart/Form-Data; x=y; BOUNDARY=AA", "--AA"},
		{"the first of two", "multipart/form-data; boundary=AA; boundary=BB", "--AA"},
		{"an RFC 2231 boundary is none", "multipart/form-data; boundary*=utf-8''AA; boundary=BB", "--BB"},
		{"a tab before it", "multipart/form-data;\tboundary=AA", "--AA"},
		{"a blank in quotes", `multipart/form-data; boundary="A A"`, "--A A"},
		{"escapes in quotes", `multipart/form-data; x="a\";b"; boundary="A\"\\A"`, `--A"\A`},
		{"an empty one", `multipart/form-data; boundary=""`, "--"},
		{"a byte beyond ASCII", "multipart/form-data; boundary=\"\xe9\"", "--\u00e9"},
	} {
		if got := action.LooseDelimiter(tc.in); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.is, got, tc.want)
		}
	}
}

func TestFromFields(t *testing.T) {
	first, second := strings.Repeat("a", 42), strings.Repeat("b", 40)
	for _, tc := range []struct {
		is     string
		fields [][2]string
		want   string
		reason reject.Reason
	}{
		{"a plain form", [][2]string{{"$ACTION_ID_" + first, ""}, {"name", "x"}}, first, ""},
		{"the last selector wins, as in React", [][2]string{{"$ACTION_ID_" + first, ""}, {"$ACTION_ID_" + second, ""}}, second, ""},
		{"a bound action, descriptor first", [][2]string{{"$ACTION_REF_1", ""}, {"$ACTION_1:0", `{"id":"` + first + `","bound":"$@1"}`}}, first, ""},
		{"a bound action, descriptor before its selector", [][2]string{{"$ACTION_1:0", `{"id":"` + first + `"}`}, {"$ACTION_REF_1", ""}}, first, ""},
		{"a bound action without a descriptor", [][2]string{{"$ACTION_REF_1", ""}}, "", ""},
		{"a descriptor in another spelling, which Next refuses", [][2]string{{"$ACTION_REF_1", ""}, {"$ACTION_1:0", `{ "id":"x"}`}}, "", ""},
		{"a selector that is no id", [][2]string{{"$ACTION_ID_xyz", ""}}, "", reject.ActionIDMalformed},
		{"a descriptor whose id is no id", [][2]string{{"$ACTION_REF_1", ""}, {"$ACTION_1:0", `{"id":"xyz"}`}}, "", reject.ActionIDMalformed},
		{"action fields and no selector", [][2]string{{"$ACTION_KEY", "k"}}, "", reject.ActionMissing},
	} {
		id, err := action.FromFields(seq(tc.fields), action.ParseID)
		if string(id) != tc.want || (err == nil) != (tc.reason == "") || err != nil && err.Reason != tc.reason {
			t.Errorf("%s: got %q, %v, want %q, %q", tc.is, id, err, tc.want, tc.reason)
		}
	}
}

func seq(fields [][2]string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, f := range fields {
			if !yield(f[0], []byte(f[1])) {
				return
			}
		}
	}
}
