package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"
)

// The tests of this file send the exploit of React2Shell (CVE-2025-55182) with
// the published tricks by which it went past rules that look for strings. It
// is inert: there is no code in it.

// shellRoot imitates an inner object of React's, with functions stolen by path.
// The paths are all that is wrong with it.
const shellRoot = `["$1",{"then":"$1:__proto__:then","status":"resolved_model","reason":-1,"value":"{\"then\":\"$B1337\"}",` +
	`"_response":{"_prefix":"x","_chunks":"$Q2","_formData":{"get":"$1:constructor:constructor"}}}]`

const shellType = "multipart/form-data; boundary=bnd"

// shell is the exploit as a form with a boundary, with lines of header for its
// last part and parts in front.
func shell(boundary, header, front string) string {
	part := func(name, more, value string) string {
		return "--" + boundary + `|Content-Disposition: form-data; name="` + name + `"` + more + "||" + value + "|"
	}
	return front + part("2", "", "[]") + part("1", "", "{}") + part("0", header, shellRoot) + "--" + boundary + "--|"
}

// shellCall sends it as a call of the site's own pages.
func shellCall(contentType, body string) []byte {
	return message("POST", []string{"Next-Action: " + actionID, "Origin: http://" + site, "Content-Type: " + contentType}, body)
}

// wide is a text in UTF-16 or UTF-32, of the lower byte first.
func wide(text string, size int) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.Write([]byte{byte(unit), byte(unit >> 8), 0, 0}[:size])
	}
	return b.String()
}

// No charset hides it: only UTF-8 is read, and nothing else may be declared.
func TestAttackBypassByCharset(t *testing.T) {
	g, up := guarded(t)
	text := `["$1:__proto__:then"]`
	var attacks []attack
	for charset, body := range map[string]string{
		"utf-16":       "\xff\xfe" + wide(text, 2),
		"utf-16le":     wide(text, 2),
		"utf-32":       wide(text, 4),
		"utf-7":        "+AFsAIgAkADE-:__proto__:then+ACIAXQ-",
		"ibm037":       "\xba\x7f\x5b\xf1\x7a\x7f\xbb",
		"utf8":         text,
		`"iso-8859-1"`: text,
	} {
		attacks = append(attacks,
			attack{"a text in " + charset, shellCall("text/plain;charset="+charset, body), "charset_unsupported"},
			attack{"a form in " + charset, shellCall(shellType+"; charset="+charset, shell("bnd", "", "")), "charset_unsupported"},
			attack{"a part in " + charset, shellCall(shellType, shell("bnd", "|Content-Type: text/plain; charset="+charset, "")), "charset_unsupported"})
	}
	repel(t, g, up, append(attacks, []attack{
		{"two charsets", shellCall("text/plain;charset=utf-8;charset=utf-16", text), "media_type_malformed"},
		{"two charsets of a part", shellCall(shellType, shell("bnd", "|Content-Type: text/plain; charset=utf-8; charset=utf-16le", "")), "charset_unsupported"},
		{"two types of a part", shellCall(shellType, shell("bnd", "|Content-Type: text/plain|Content-Type: text/plain; charset=utf-16le", "")), "form_malformed"},
		{"a charset that nobody declares", shellCall("text/plain", "\xff\xfe"+wide(text, 2)), "reply_malformed"},
		{"a byte order mark", shellCall("text/plain", "\ufeff"+text), "reply_malformed"},
		{"a transfer encoding", shellCall(shellType, shell("bnd", "|Content-Transfer-Encoding: base64", "")), "form_malformed"},
		{"escapes of JSON", shellCall("text/plain", `[{},"\u0024\u0030\u003a0:\u005f_proto__\u003athen"]`), "reply_reference_invalid"},
	}...))
}

// However much stands in front of it, all of a body is read.
func TestAttackBypassByJunkInFront(t *testing.T) {
	g, up := guarded(t)
	junk := strings.Repeat("x", 128<<10)
	field := func(name string) string {
		return `--bnd|Content-Disposition: form-data; name="` + name + `"||` + junk + "|"
	}
	repel(t, g, up, []attack{
		{"none", shellCall(shellType, shell("bnd", "", "")), "reply_reference_invalid"},
		{"a part of another name", shellCall(shellType, shell("bnd", "", field("junk"))), "reply_malformed"},
		{"a form's field", shellCall(shellType, shell("bnd", "", field("_3_a"))), "reply_malformed"},
		{"a file", shellCall(shellType, shell("bnd", "", field(`3"; filename="f`))), "reply_malformed"},
		{"a text", shellCall("text/plain", `["`+junk+`",{},"$0:1:__proto__:then"]`), "reply_reference_invalid"},
		{"white space", shellCall("text/plain", strings.Repeat(" ", len(junk))+`[{},"$0:0:constructor:constructor"]`), "reply_reference_invalid"},
		{"a preamble", shellCall(shellType, shell("bnd", "", junk+"|")), "form_malformed"},
		{"more than a body may have", shellCall("text/plain", `["`+strings.Repeat(junk, 8)+`",{},"$0:1:__proto__:then"]`), "body_too_large"},
	})
}

// Nor does it matter what the boundary is, and how headers are spelled.
func TestAttackBypassByBoundaryAndCase(t *testing.T) {
	g, up := guarded(t)
	var attacks []attack
	for _, boundary := range []string{"x", "----WebKitFormBoundaryAAAAAAAAAAAAAAAA", "__proto__", "0", strings.Repeat("b", 70)} {
		reason := "reply_reference_invalid"
		if strings.Contains(shellRoot+`name="0"`, boundary) {
			reason = "form_malformed" // it occurs inside of a part
		}
		attacks = append(attacks, attack{"the boundary " + boundary, shellCall("multipart/form-data; boundary="+boundary, shell(boundary, "", "")), reason})
	}
	for _, head := range []string{
		"nExT-aCtIoN: %s|oRiGiN: http://%s|cOnTeNt-TyPe: %s",
		"NEXT-ACTION: %s|ORIGIN: http://%s|CONTENT-TYPE: %s",
		"next-action:%s|origin:http://%s|content-type:\t%s ",
	} {
		lines := strings.Split(fmt.Sprintf(head, actionID, site, shellType), "|")
		attacks = append(attacks, attack{lines[0][:11], message("POST", lines, shell("bnd", "", "")), "reply_reference_invalid"})
	}
	cased := strings.ReplaceAll(shell("bnd", "", ""), "Content-Disposition", "cOnTeNt-dIsPoSiTiOn")
	repel(t, g, up, append(attacks,
		attack{"a part's header", shellCall(shellType, cased), "reply_reference_invalid"},
		attack{"a blank in a part's header", shellCall(shellType, strings.ReplaceAll(cased, "dIsPoSiTiOn:", "dIsPoSiTiOn :")), "form_malformed"}))
}

// Next 14 and 15 run an action before the end of its body has come.
func TestAttackUnfinishedCall(t *testing.T) {
	g, up := guarded(t)
	own := []string{"Next-Action: " + actionID, "Origin: http://" + site}
	root := `--bnd|Content-Disposition: form-data; name="0"||["$K1"]|`
	field := `--bnd|Content-Disposition: form-data; name="_1_a"||x`
	for is, raw := range map[string][]byte{
		"a text":                  message("POST", append(own, "Content-Type: text/plain"), "[]xx"),
		"a form without its end":  message("POST", append(own, "Content-Type: "+shellType), root+field+"xx"),
		"a form of all its parts": message("POST", append(own, "Content-Type: "+shellType), field+"|"+root+"--bnd--|xx"),
		"chunks without the last": message("POST", append(own, "Content-Type: "+shellType, "Transfer-Encoding: chunked"), chunks(field+"|"+root+"--bnd--|")),
		"a form of the browser's": message("POST", []string{"Origin: http://" + site, "Content-Type: " + shellType}, "--bnd|"+selector+"||x|--bnd--|xx"),
	} {
		raw = raw[:len(raw)-2]
		got := send(t, g.address, raw, true)
		if seen := up.take(); len(seen) != 0 {
			t.Errorf("%s: the backend saw it: %+v", is, seen)
		}
		if line := g.refusal(t, got); line["reason"] != "body_incomplete" || got.status != http.StatusBadRequest {
			t.Errorf("%s: %d, refused as %v", is, got.status, line["reason"])
		}
	}
}
