package formdata_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
)

// form writes a body in which # stands for the boundary and line ends are CRLF.
func form(s string) []byte {
	return []byte(strings.NewReplacer("\n", "\r\n", "#", "bOuNdArY").Replace(s))
}

const boundary = "bOuNdArY"

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		is   string
		body string
		want string // the entries, or the reason
	}{
		{"an empty form, as browsers write it", "--#--\n", ""},
		{"without the last line end, as older Node writes it", "--#--", ""},
		{"a field", "--#\nContent-Disposition: form-data; name=\"a\"\n\n1\n--#--\n", "a=1"},
		{"an empty field", "--#\nContent-Disposition: form-data; name=\"a\"\n\n\n--#--\n", "a="},
		{"an empty name", "--#\nContent-Disposition: form-data; name=\"\"\n\n1\n--#--\n", "=1"},
		{"a file", "--#\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\nContent-Type: image/png\n\n1\n--#--\n", "a[f image/png]=1"},
		{"a file without a name", "--#\nContent-Disposition: form-data; name=\"a\"; filename=\"\"\nContent-Type: application/octet-stream\n\n\n--#--\n", "a[ application/octet-stream]="},
		{"a name of many alphabets", "--#\nContent-Disposition: form-data; name=\"ключ 名 %22\"\n\n1\n--#--\n", "ключ 名 %22=1"},
		{"a backslash in a file name", "--#\nContent-Disposition: form-data; name=\"a\"; filename=\"C:\\x\"\n\n1\n--#--\n", "a[C:\\x ]=1"},
		{"header names in another case", "--#\ncontent-disposition: form-data; name=\"a\"; filename=\"f\"\nCONTENT-TYPE: image/png\n\n1\n--#--\n", "a[f image/png]=1"},
		{"a type with white space around it", "--#\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\nContent-Type:  image/png\t \n\n1\n--#--\n", "a[f image/png]=1"},
		{"text that says it is UTF-8", "--#\nContent-Disposition: form-data; name=\"a\"\nContent-Type: text/plain;charset=UTF-8\n\n1\n--#--\n", "a[text/plain;charset=UTF-8]=1"},
		{"an action's field of a hydrated form", "--#\nContent-Disposition: form-data; name=\"_1_$ACTION_KEY\"\n\n1\n--#--\n", "_1_$ACTION_KEY=1"},
		{"content with line ends and hyphens", "--#\nContent-Disposition: form-data; name=\"a\"\n\n1\n--\n--bOu\n\n--#--\n", "a=1\r\n--\r\n--bOu\r\n"},

		{"nothing", "", "form_malformed"},
		{"no closing delimiter", "--#\nContent-Disposition: form-data; name=\"a\"\n\n1\n", "form_malformed"},
		{"a body cut inside a header", "--#\nContent-Disposition: form-", "form_malformed"},
		{"a preamble", "hello\n--#--\n", "form_malformed"},
		{"a first delimiter of other characters", "++#--\n", "form_malformed"},
		{"a first delimiter of another boundary", "--bOuNdArX--\n", "form_malformed"},
		{"an epilogue", "--#--\nhello", "form_malformed"},
		{"white space behind a boundary", "--# \nContent-Disposition: form-data; name=\"a\"\n\n1\n--#--\n", "form_malformed"},
		{"the boundary in the middle of a line, where undici looks too", "--#\nContent-Disposition: form-data; name=\"a\"\n\n1 # 2\n--#--\n", "form_malformed"},
		{"the boundary in a header, where busboy looks too", "--#\nContent-Disposition: form-data; name=\"a#\"\n\n1\n--#--\n", "form_malformed"},
		{"a delimiter with text behind it, a header to busboy", "--#\nContent-Disposition: form-data; name=\"a\"\n\n1\n--#X\n\n--#--\n", "form_malformed"},
		{"no headers", "--#\n\n1\n--#--\n", "form_malformed"},
		{"no disposition", "--#\nContent-Type: text/plain\n\n1\n--#--\n", "form_malformed"},
		{"two dispositions", "--#\nContent-Disposition: form-data; name=\"a\"\nContent-Disposition: form-data; name=\"b\"\n\n1\n--#--\n", "form_malformed"},
		{"a disposition with a long s, another header to Node", "--#\nContent-Di\u017fpo\u017fition: form-data; name=\"a\"\n\n1\n--#--\n", "form_malformed"},
		{"a transfer encoding", "--#\nContent-Disposition: form-data; name=\"a\"\nContent-Transfer-Encoding: base64\n\nMQ==\n--#--\n", "form_malformed"},
		{"a fold", "--#\nContent-Disposition: form-data;\n name=\"a\"\n\n1\n--#--\n", "form_malformed"},
		{"an unquoted name", "--#\nContent-Disposition: form-data; name=a\n\n1\n--#--\n", "form_malformed"},
		{"no type in front of the name", "--#\nContent-Disposition: a\"\n\n1\n--#--\n", "form_malformed"},
		{"a name without its last quote", "--#\nContent-Disposition: form-data; name=\"a\n\n1\n--#--\n", "form_malformed"},
		{"text behind a name", "--#\nContent-Disposition: form-data; name=\"a\"b\"\n\n1\n--#--\n", "form_malformed"},
		{"a file name without its last quote", "--#\nContent-Disposition: form-data; name=\"a\"; filename=\"f\n\n1\n--#--\n", "form_malformed"},
		{"a second name behind the file name", "--#\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"; name=\"b\"\n\n1\n--#--\n", "form_malformed"},
		{"a control character in a file's type", "--#\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\nContent-Type: a\x01b\n\n1\n--#--\n", "form_malformed"},
		{"two names", "--#\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\n\n1\n--#--\n", "form_malformed"},
		{"a name in RFC 5987 form", "--#\nContent-Disposition: form-data; name*=utf-8''a\n\n1\n--#--\n", "form_malformed"},
		{"the file name first", "--#\nContent-Disposition: form-data; filename=\"f\"; name=\"a\"\n\n1\n--#--\n", "form_malformed"},
		{"a name that ends in a backslash, an escaped quote to some", "--#\nContent-Disposition: form-data; name=\"a\\\"; filename=\"; name=x\"\n\n1\n--#--\n", "form_malformed"},
		{"two backslashes in a name, one to some", "--#\nContent-Disposition: form-data; name=\"a\\\\b\"\n\n1\n--#--\n", "form_malformed"},
		{"a backslash in a name", "--#\nContent-Disposition: form-data; name=\"a\\b\"\n\n1\n--#--\n", "a\\b=1"},
		{"a byte order mark in a name", "--#\nContent-Disposition: form-data; name=\"\ufeffa\"\n\n1\n--#--\n", "form_malformed"},
		{"a zero byte in a name", "--#\nContent-Disposition: form-data; name=\"a\x00\"\n\n1\n--#--\n", "form_malformed"},
		{"a name in Latin 1", "--#\nContent-Disposition: form-data; name=\"\xe9\"\n\n1\n--#--\n", "form_malformed"},
		{"an action field behind a space", "--#\nContent-Disposition: form-data; name=\" $ACTION_KEY\"\n\n1\n--#--\n", "form_malformed"},
		{"an action field in percent-encoding", "--#\nContent-Disposition: form-data; name=\"%24ACTION_KEY\"\n\n1\n--#--\n", "form_malformed"},
		{"an action field with a line end that no browser writes so", "--#\nContent-Disposition: form-data; name=\"$ACTION_a%0d:0\"\n\n1\n--#--\n", "form_malformed"},
		{"an action field with a line end", "--#\nContent-Disposition: form-data; name=\"$ACTION_a%0D%0A:0\"\n\n1\n--#--\n", "$ACTION_a%0D%0A:0=1"},
		{"another field with a line end", "--#\nContent-Disposition: form-data; name=\"a%0d\"\n\n1\n--#--\n", "a%0d=1"},
		{"an action field with a quote in it", "--#\nContent-Disposition: form-data; name=\"$AC%22TION_KEY\"\n\n1\n--#--\n", "form_malformed"},
		{"text in UTF-16", "--#\nContent-Disposition: form-data; name=\"a\"\nContent-Type: text/plain;charset=utf-16le\n\n1\n--#--\n", "charset_unsupported"},
		{"text of another type", "--#\nContent-Disposition: form-data; name=\"a\"\nContent-Type: application/json\n\n1\n--#--\n", "charset_unsupported"},
		{"line ends without CR", "\x00--#\x00Content-Disposition: form-data; name=\"a\"\x00\x001\x00--#--\x00", "form_malformed"},
	} {
		body := form(tc.body)
		if strings.Contains(tc.is, "without CR") {
			body = []byte(strings.ReplaceAll(string(body), "\x00", "\n"))[1:]
		}
		entries, err := formdata.Parse(nil, body, boundary, formdata.DefaultLimits())
		got := show(entries)
		if err != nil {
			got = string(err.Reason)
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.is, got, tc.want)
		}
		if err != nil && entries != nil {
			t.Errorf("%s: entries beside an error", tc.is)
		}
	}
}

// TestBoundaryThatBeginsWithHyphens: those of most browsers do, and texts may
// hold any part of one.
func TestBoundaryThatBeginsWithHyphens(t *testing.T) {
	const hyphens = "----" + boundary
	part := func(content string) []byte {
		return form("------#\nContent-Disposition: form-data; name=\"a\"\n\n" + content + "\n------#--\n")
	}
	for _, tc := range []struct {
		is      string
		content string
		ok      bool
	}{
		{"all of it but the hyphens", "1 # 2", true},
		{"all of it but a hyphen, at the start of a line", "1\n---# # 2", true},
		{"hyphens at the end", "1--", true},
		{"the whole of it", "1 ----# 2", false},
		{"the whole of it behind a part of it", "# ---# ----#", false},
		{"one hyphen too many in front of a line", "1\n-------# 2", false},
	} {
		entries, err := formdata.Parse(nil, part(tc.content), hyphens, formdata.DefaultLimits())
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.is, err)
		}
		if want := string(form(tc.content)); tc.ok && (len(entries) != 1 || string(entries[0].Value) != want) {
			t.Errorf("%s: got %q, want %q", tc.is, show(entries), want)
		}
	}
}

func TestLimitsAreExact(t *testing.T) {
	part := "--#\nContent-Disposition: form-data; name=\"a\"\n\n\n"
	long := func(n int) string {
		head := "Content-Disposition: form-data; name=\""
		return "--#\n" + head + strings.Repeat("x", n-len(head)-1) + "\"\n\n\n--#--\n"
	}
	for _, tc := range []struct {
		is     string
		body   string
		reason reject.Reason
	}{
		{"1,000 parts", strings.Repeat(part, 1000) + "--#--\n", ""},
		{"1,001 parts", strings.Repeat(part, 1001) + "--#--\n", reject.PartsExceeded},
		{"16 KiB of headers", long(16 << 10), ""},
		{"a byte more of headers", long(16<<10 + 1), reject.FormMalformed},
		{"headers without an end", "--#\n" + strings.Repeat("x", 1<<20), reject.FormMalformed},
	} {
		_, err := formdata.Parse(nil, form(tc.body), boundary, formdata.DefaultLimits())
		if (err == nil) != (tc.reason == "") || err != nil && err.Reason != tc.reason {
			t.Errorf("%s: %v, want %q", tc.is, err, tc.reason)
		}
	}
}

// TestSieveHoldsLittle: a header block without an end is given up at its limit,
// or a client could make the gate hold as much as it likes.
func TestSieveHoldsLittle(t *testing.T) {
	limits := formdata.DefaultLimits()
	s := formdata.NewSieve(boundary, "--"+boundary, limits)
	body := form("--#\n" + strings.Repeat("x", 1<<20))
	held := 0
	for from := 0; from < len(body); from += 1000 {
		end := min(from+1000, len(body))
		safe, hit := s.Scan(body[from-held:end], false)
		if held += end - from - safe; hit || held > limits.HeaderBytes+1000 {
			t.Fatalf("hit %v, %d bytes held after %d", hit, held, end)
		}
	}
}

func TestMentionsAction(t *testing.T) {
	for _, tc := range []struct {
		is   string
		body string
		want bool
	}{
		{"nothing", "", false},
		{"plain", "x$ACTION_ID_1", true},
		{"cut short", "x$ACTION", false},
		{"in lower case, which React does not know", "$action_id", false},
		{"a dollar in front", "$$ACTION_", true},
		{"a false start in front", "$AC$ACTION_", true},
		{"a percent-encoded dollar", "name*=utf-8''%24ACTION_ID_1", true},
		{"all of it percent-encoded", "%24%41%43%54%49%4f%4E%5F", true},
		{"encoded twice, which no parser undoes", "%2524ACTION_", false},
		{"a false escape in front", "%2%24ACTION_", true},
		{"a split escape", "%2\r\n 4ACTION_", true},
		{"split quotes", `name="$AC"TION_ID_1`, true},
		{"a fold", "$AC\r\n TION_", true},
		{"a backslash", `\$\ACTION_`, true},
		{"UTF-16", "$\x00A\x00C\x00T\x00I\x00O\x00N\x00_\x00", true},
		{"a byte order mark", "$\xef\xbb\xbfACTION_", true},
		{"a boundary in the name", "$AC\r\n--bOuNdArYTION_", true},
		{"another text in the name", "$AC--xTION_", false},
		{"percent signs at the end", "100%", false},
	} {
		if got := formdata.MentionsAction([]byte(tc.body), "--"+boundary); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.is, got, tc.want)
		}
	}
}

// TestMentionBehindDelimiterThatHidesIt: a boundary can be made so that eliding
// it takes a piece of the field away.
func TestMentionBehindDelimiterThatHidesIt(t *testing.T) {
	const delimiter = `--"; name="$AC`
	body := `Content-Disposition: form-data; filename="$--"; name="$ACTION_ID_1"`
	if !formdata.MentionsAction([]byte(body), delimiter) {
		t.Error("the field is not found")
	}
}

func show(entries []formdata.Entry) string {
	var s []string
	for _, e := range entries {
		kind := e.ContentType
		if e.File {
			kind = e.FileName + " " + kind
		}
		if kind != "" || e.File {
			kind = "[" + kind + "]"
		}
		s = append(s, fmt.Sprintf("%s%s=%s", e.Name, kind, e.Value))
	}
	return strings.Join(s, "&")
}
