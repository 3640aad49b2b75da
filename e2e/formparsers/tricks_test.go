//go:build e2e

package formparsers

import (
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/vectors"
)

const (
	boundary    = "----WebKitFormBoundaryPv3sYc8ZqLk1Wm7T"
	media       = "multipart/form-data; boundary=" + boundary
	actionField = "$ACTION_ID_7fd006036ce61fa0e62d45c77810f30fb7082537b0"
	cd          = "Content-Disposition: form-data; "
	delim       = "--" + boundary
	closing     = delim + "--\r\n"
	bom         = "\xef\xbb\xbf"
)

// A trick is a hand-written form. Those in seenBy are known to see an action
// in it; the list need not be complete.
type trick struct {
	name   string
	form   form
	seenBy []string
}

// part is one part of a form; headers come without their last line end.
func part(headers, value string) string {
	return delim + "\r\n" + headers + "\r\n\r\n" + value + "\r\n"
}

// field is a plain part without surprises.
func field(name string) string { return part(cd+`name="`+name+`"`, "1") }

// tricks are forms with an action field that some parser sees and a naive
// grammar does not, and forms that only look like one.
func tricks() []trick {
	var list []trick
	add := func(name, contentType, body string, seenBy ...string) {
		list = append(list, trick{name, form{contentType: contentType, body: []byte(body)}, seenBy})
	}
	add("a genuine form", media, field(actionField)+field("a")+closing, parserNames...)
	add("a genuine file", media, part(cd+`name="`+actionField+`"; filename="a"`+"\r\nContent-Type: text/plain", "1")+closing, parserNames...)
	add("a form without an action", media, field("a")+closing)
	add("an action in a value", media, part(cd+`name="a"`, actionField)+closing)
	// Boundaries made so that cutting them out takes a piece of the field away.
	hiding := `"; name="$AC`
	add("a boundary that hides the field", `multipart/form-data; boundary="\"; name=\"$AC"`,
		"--"+hiding+"\r\n"+cd+`filename="$--"; name="`+actionField+"\"\r\n\r\nv\r\n--"+hiding+"--", "undici5", "undici7", "fastifyBusboy", "busboy")
	add("two names that some read as one", media, field("$ACTION_a%0d:0")+field("$ACTION_REF_a%0D")+field("$ACTION_a%0D:0")+closing, parserNames...)
	add("two names, one of them with two backslashes", media, field(`$ACTION_a\b:0`)+field(`$ACTION_REF_a\\b`)+field(`$ACTION_a\\b:0`)+closing, parserNames...)
	add("a header that is none to parsers", media, field(actionField)+part(strings.ReplaceAll(cd, "s", "\u017f")+`name="`+actionField[:len(actionField)-1]+`f"`, "1")+closing, "undici5")
	add("a form inside a file", media, part(cd+`name="a"; filename="a"`, strings.ReplaceAll(field(actionField), boundary, "other"))+closing)

	for _, h := range headerTricks {
		list = append(list, trick{h.name, form{contentType: media, body: []byte(part(h.headers, "1") + closing)}, h.seenBy})
	}
	// The same between two harmless fields.
	for _, h := range headerTricks {
		body := field("a") + part(h.headers, "1") + field("b") + closing
		list = append(list, trick{h.name + ", between fields", form{contentType: media, body: []byte(body)}, h.seenBy})
	}
	for _, s := range structureTricks {
		list = append(list, trick{s.name, form{contentType: media, body: []byte(s.body)}, s.seenBy})
	}
	for _, m := range mediaTricks {
		body := strings.ReplaceAll(field(actionField)+closing, boundary, m.boundary)
		list = append(list, trick{m.contentType, form{contentType: m.contentType, body: []byte(body)}, m.seenBy})
	}
	// busboy takes delimiters out of unfinished headers; the media type may be
	// one that the gate does not read.
	for _, m := range mediaTricks {
		if !slices.Contains(m.seenBy, "busboy") {
			continue
		}
		headers := cd + `name="$AC` + "\r\n" + delim + "TION_ID_" + actionField[11:] + `"`
		body := strings.ReplaceAll(part(headers, "1")+closing, boundary, m.boundary)
		list = append(list, trick{m.contentType + " and a delimiter inside the name", form{contentType: m.contentType, body: []byte(body)}, []string{"busboy"}})
	}
	// Again in small writes: whoever sees an action must see it still.
	for _, whole := range list[:len(list):len(list)] {
		whole.name += ", in writes of 7 bytes"
		whole.form.chunk = 7
		list = append(list, whole)
	}
	return list
}

var (
	undici5 = []string{"undici5", "fastifyBusboy"}
	undici6 = []string{"undici6", "node"}
	undici7 = []string{"undici7"}
)

func and(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// headerTricks are header blocks of one part.
var headerTricks = []struct {
	name, headers string
	seenBy        []string
}{
	{"quotes split the name", cd + `name="$AC"TION_ID_` + actionField[11:], undici5},
	{"blanks split the name", cd + "name=$AC TI\tON_ID_" + actionField[11:], undici5},
	{"a fold splits the name", cd + "name=$AC\r\n TION_ID_" + actionField[11:], undici5},
	{"backslashes in the name", cd + `name="\$AC\TION_ID_x"`, nil},
	{"a NUL in the name", cd + "name=\"$AC\x00TION_ID_x\"", nil},
	{"a byte order mark before the name", cd + `name="` + bom + actionField + `"`, and(undici6, undici7)},
	{"a byte order mark inside the name", cd + `name="$ACT` + bom + `ION_ID_x"`, nil},
	{"the name escaped", cd + `name="%24ACTION_ID_x"`, nil},
	{"an extended name", cd + "name*=utf-8''%24ACTION_ID_" + actionField[11:], and(undici5, undici7)},
	{"an extended name, two bytes wrong", cd + "name*=utf-8xx%24ACTION_ID_" + actionField[11:], undici7},
	{"an extended name in UTF-16", cd + "name*=utf-16le''%24%00A%00C%00T%00I%00O%00N%00_%00I%00D%00_%00", undici5},
	{"an extended name in Latin-1", cd + "name*=latin1'en'%24ACTION_ID_" + actionField[11:], undici5},
	{"an extended name, a blank in the escape", cd + "name*=utf-8''%2 4ACTION_ID_" + actionField[11:], undici5},
	{"an extended name, a quote in the escape", cd + `name*=utf-8''%2"4"ACTION_ID_` + actionField[11:], undici5},
	{"an extended name, a fold in the escape", cd + "name*=utf-8''%2\r\n 4ACTION_ID_" + actionField[11:], undici5},
	{"a byte order mark in an extended name", cd + "name*=utf-8''" + bom + "%24ACTION_ID_x", undici7},
	{"escaped twice", cd + "name*=utf-8''%2524ACTION_ID_x", nil},
	{"name and extended name", cd + `name="a"; name*=utf-8''%24ACTION_ID_x`, and(undici5, undici7)},
	{"the name twice", cd + `name="a"; name="` + actionField + `"`, and(undici5, undici7)},
	{"the name twice, action first", cd + `name="` + actionField + `"; name="a"`, []string{"busboy"}},
	{"unquoted", cd + "name=" + actionField, and(undici5, undici7, []string{"busboy"})},
	{"blanks around the equals sign", cd + "name = " + actionField, undici5},
	{"no semicolons", "Content-Disposition: form-data name=" + actionField, undici7},
	{"a semicolon too many", cd + `name="` + actionField + `";`, and(undici5, undici7)},
	{"file name first", cd + `filename="a"; name="` + actionField + `"`, and(undici5, undici7, []string{"busboy"})},
	{"an escaped quote hides the name in the file name", cd + `name="a\"; filename="; name=` + actionField + `; y="`, undici5},
	{"an escaped quote in the file name", cd + `name="a"; filename="a\"; name="` + actionField + `"`, undici7},
	{"escaped backslashes", cd + `name="a\\"; filename="; name=` + actionField + `; y="`, nil},
	{"a quoted parameter name", cd + `"name"="` + actionField + `"`, undici5},
	{"a parameter name after a value", cd + `x="name"="` + actionField + `"`, undici5},
	{"a quoted type", `Content-Disposition: "form-data"; name="` + actionField + `"`, undici5},
	{"upper case", "CONTENT-DISPOSITION: FORM-DATA; NAME=\"" + actionField + `"`, and(undici5, undici7, []string{"busboy"})},
	{"another type", `Content-Disposition: attachment; name="` + actionField + `"`, nil},
	{"two dispositions", cd + `name="a"` + "\r\n" + cd + `name="` + actionField + `"`, and(undici6, undici7)},
	{"two dispositions, action first", cd + `name="` + actionField + `"` + "\r\n" + cd + `name="a"`, and(undici5, []string{"busboy"})},
	{"a folded disposition", "Content-Disposition: form-data;\r\n name=\"" + actionField + `"`, and(undici5, []string{"busboy"})},
	{"a header disguised as a fold", cd + `name="a"` + "\r\nX-A: b\r\n " + cd + `name="` + actionField + `"`, and(undici6, undici7)},
	{"a blank before the colon", `Content-Disposition : form-data; name="` + actionField + `"`, and(undici6, undici7)},
	{"a blank before the header", " " + cd + `name="` + actionField + `"`, and(undici6, undici7)},
	{"a bare CR ends a header", "X-A: b\r?" + cd + `name="` + actionField + `"`, undici6},
	{"a bare LF ends a header", cd + `name="` + actionField + "\"?\n", undici6},
	{"line ends without CR", "X-A: b\n" + cd + `name="` + actionField + `"`, nil},
	{"a line without a colon", cd + `name="` + actionField + "\"\r\nX-A", undici5},
	{"a header with a name from Object.prototype", "constructor: b\r\n" + cd + `name="` + actionField + `"`, and(undici6, undici7)},
	{"more than 16 KiB of headers", "X-A: " + strings.Repeat("a", 17<<10) + "\r\n" + cd + `name="` + actionField + `"`, and(undici5, undici6, undici7)},
	{"more than 80 KiB of headers", cd + `name="` + actionField + "\"\r\nX-A: " + strings.Repeat("a", 81<<10), and(undici5, undici6, undici7)},
	{"a delimiter inside the name", cd + `name="$AC` + "\r\n" + delim + "TION_ID_" + actionField[11:] + `"`, []string{"busboy"}},
	{"delimiters all over the name", cd + `name="$` + "\r\n" + delim + "ACT\r\n" + delim + "ION_ID_" + actionField[11:] + `"`, []string{"busboy"}},
	{"a header that is a delimiter", cd + `name="a"` + "\r\n" + delim + cd + `name="` + actionField + `"`, []string{"fastifyBusboy"}},
}

// structureTricks are bodies with delimiters in unusual places.
var structureTricks = []struct {
	name, body string
	seenBy     []string
}{
	{"header on the line of the delimiter", field("a") + delim + cd + `name="` + actionField + "\"\r\n\r\n1\r\n" + closing, undici5},
	{"a header begun on the line of the delimiter", field("a") + delim + " x:\r\n" + cd + `name="` + actionField + "\"\r\n\r\n1\r\n" + closing, undici5},
	{"one hyphen after the delimiter", field("a") + delim + "-x:\r\n" + cd + `name="` + actionField + "\"\r\n\r\n1\r\n" + closing, undici5},
	{"blanks after the delimiter", delim + " \t\r\n" + cd + `name="` + actionField + "\"\r\n\r\n1\r\n" + closing, nil},
	{"a preamble", "preamble\r\n" + field(actionField) + closing, and(undici5, undici7, []string{"busboy"})},
	{"a preamble without line end", "preamble" + field(actionField) + closing, undici7},
	{"line ends before the form", "\r\n\r\n" + field(actionField) + closing, parserNames},
	{"an epilogue", field(actionField) + closing + "epilogue", and(undici5, undici7, []string{"busboy"})},
	{"a form after the end", field("a") + closing + field(actionField) + closing, nil},
	{"line ends after the end", field(actionField) + closing + "\r\n\r\n", parserNames},
	{"no end", field(actionField) + field("a"), nil},
	{"no hyphens at the end", field(actionField) + delim, []string{"fastifyBusboy", "busboy"}},
	{"line ends without CR", strings.ReplaceAll(field(actionField)+closing, "\r\n", "\n"), nil},
	{"line ends without LF", strings.ReplaceAll(field(actionField)+closing, "\r\n", "\r"), nil},
	{"the boundary inside a value", part(cd+`name="a"`, "1"+boundary+"1") + field(actionField) + closing, and(undici5, []string{"busboy"})},
	{"the delimiter inside a line", part(cd+`name="a"`, "1"+field(actionField)) + closing, nil},
	{"a delimiter that goes on", part(cd+`name="a"`, "1\r\n"+delim+"x\r\n"+cd+`name="`+actionField+"\"\r\n\r\n1") + closing, nil},
	{"an empty part", delim + "\r\n\r\n\r\n" + field(actionField) + closing, and(undici5, []string{"busboy"})},
	{"an empty form", closing, nil},
	{"nothing", "", nil},
}

// mediaTricks are media types that parsers read differently; the body is a
// genuine form with the boundary given.
var mediaTricks = []struct {
	contentType, boundary string
	seenBy                []string
}{
	{"multipart/form-data; boundary=AA; boundary=BB", "AA", parserNames},
	{"multipart/form-data; boundary=AA; boundary=BB", "BB", nil},
	{"multipart/form-data; boundary=AA, multipart/form-data; boundary=BB", "BB", and(undici6, undici7)},
	{"multipart/form-data; boundary=AA, multipart/form-data; boundary=BB", "AA,multipart/form-data", undici5},
	{"text/plain, multipart/form-data; boundary=AA", "AA", and(undici6, undici7)},
	{"multipart/form-data; boundary*=utf-8''AA; boundary=BB", "AA", undici5},
	{"multipart/form-data; boundary*=utf-8''AA; boundary=BB", "BB", and(undici6, undici7, []string{"busboy"})},
	{"multipart/form-data; boundary*0=AA", "0=AA", undici5},
	{"multipart/form-data; boundary=; boundary=BB", "BB", and(undici6, undici7)},
	{`multipart/form-data; boundary=""`, "", and(undici5, []string{"busboy"})},
	{"multipart/form-data; boundary =AA; boundary=BB", "AA", undici5},
	{"multipart/form-data; boundary =AA; boundary=BB", "BB", and(undici6, undici7)},
	{"multipart/form-data; boundary= AA", "AA", undici5},
	{"multipart/form-data; boundary= AA", " AA", and(undici6, undici7)},
	{`multipart/form-data; boundary=A"A"`, "AA", undici5},
	{`multipart/form-data; boundary=A"A"`, `A"A"`, and(undici6, undici7)},
	{`multipart/form-data; boundary="AA"BB`, "AA", and(undici6, undici7)},
	{`multipart/form-data; boundary="AA"BB`, "AABB", undici5},
	{`multipart/form-data; boundary="AA`, "AA", and(undici5, undici6, undici7)},
	{`multipart/form-data; boundary="A\A"`, "AA", and(undici6, undici7)},
	{`multipart/form-data; boundary="A\A"`, `A\A`, and(undici5, []string{"busboy"})},
	{"multipart/form-data; boundary=A A", "AA", undici5},
	{"multipart/form-data; boundary=A A", "A A", and(undici6, undici7)},
	{"multipart/form-data; boundary=AA,BB", "AA", and(undici6, undici7)},
	{"multipart/form-data; boundary=AA,BB", "AA,BB", undici5},
	{"multipart/form-data; boundary=AA;", "AA", and(undici5, undici6, undici7)},
	{"multipart/form-data; boundary='AA'", "'AA'", parserNames},
	{"multipart/form-data; BOUNDARY=AA", "AA", parserNames},
	{"Multipart/Form-Data; boundary=AA", "AA", and(undici6, undici7, []string{"fastifyBusboy", "busboy"})},
	{"multipart/form-data; boundary=AA; x=y", "AA", parserNames},
	{"multipart/form-data; charset=utf-8; boundary=AA", "AA", parserNames},
	{"multipart/form-data; charset=utf-16; boundary=AA", "AA", parserNames},
	{`multipart/form-data; "boundary"=AA`, "AA", undici5},
	{"multipart/form-data-x; boundary=AA", "AA", undici5},
	{"multipart/form-data; boundary=\"A\xe9\"", "A\xc3\xa9", and(undici6, undici7, []string{"busboy"})},
	{"multipart/form-data; x=y; boundary=AA", "AA", parserNames},
	{"multipart/form-data;boundary=AA", "AA", parserNames},
	{"multipart/form-data ;\tboundary=AA", "AA", parserNames},
	{`multipart/form-data; boundary="A A"`, "A A", parserNames},
	{`multipart/form-data; boundary="A\"A"`, `A"A`, parserNames},
	{"multipart/form-data; boundary=" + strings.Repeat("A", 71), strings.Repeat("A", 71), parserNames},
	{"multipart/form-data", "AA", nil},
}

// recordedForms are the forms of the corpus that were posted without the action
// header, small ones only and each body once.
func recordedForms(t *testing.T) []form {
	t.Helper()
	traffic, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	var forms []form
	seen := map[string]bool{}
	for _, e := range traffic {
		body := e.Request.Body
		if (e.Family != "d" && e.Family != "g") || len(body) > 16<<10 || seen[string(body)] {
			continue
		}
		contentType, isCall := "", false
		for _, h := range e.Request.Headers {
			switch strings.ToLower(h[0]) {
			case "content-type":
				contentType = h[1]
			case "next-action":
				isCall = true
			}
		}
		if isCall || !strings.HasPrefix(strings.ToLower(contentType), "multipart/form-data") {
			continue
		}
		seen[string(body)] = true
		forms = append(forms, form{contentType: contentType, body: body})
	}
	if len(forms) < 50 {
		t.Fatalf("only %d recorded forms", len(forms))
	}
	return forms
}
