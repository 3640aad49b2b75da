package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestInspectKnowsSitesBehindTLS: most recordings are of https, where an
// Origin of http is another one.
func TestInspectKnowsSitesBehindTLS(t *testing.T) {
	const url, text = "https://shop.example/cart", "text/plain;charset=UTF-8"
	for origin, reason := range map[string]string{"https://shop.example": "admit", "http://shop.example": "origin_not_allowed"} {
		for form, input := range map[string]string{
			"curl": fmt.Sprintf(`curl %s -H 'Next-Action: %s' -H 'Content-Type: %s' -H 'Origin: %s' --data-raw '[]'`, url, actionID, text, origin),
			"har": fmt.Sprintf(`{"log":{"entries":[{"request":{"method":"POST","url":%q,"postData":{"text":"[]"},"headers":[`+
				`{"name":"Next-Action","value":%q},{"name":"Content-Type","value":%q},{"name":"Origin","value":%q}]}}]}}`, url, actionID, text, origin),
		} {
			if got := typed(t, input, nil, "inspect"); !strings.Contains(got.out, reason) {
				t.Errorf("%s with origin %s: want %s in\n%s%s", form, origin, reason, got.out, got.err)
			}
		}
	}
}

// TestInspectReadsWhatAnEditorSaved: a form has CRLF in its body, which most
// editors take away, and many add a line end behind the last one.
func TestInspectReadsWhatAnEditorSaved(t *testing.T) {
	e := exchange(t, openBuild, "c_str")
	key := []string{nextKeyVariable + "=" + recordedKey(t, e.KeyName)}
	whole := typed(t, string(e.Request.Raw()), key, "inspect")
	edited := typed(t, strings.ReplaceAll(string(e.Request.Raw()), "\r\n", "\n"), key, "inspect")
	edited.want(t, 0, "note", "LF alone", "opened with key", "admit")
	if lines := strings.SplitAfterN(edited.out, "\n", 3); len(lines) < 3 || lines[0]+lines[2] != whole.out {
		t.Errorf("edited:\n%s\nas it was:\n%s", edited.out, whole.out)
	}
	// A form that is wrong by itself is not mended.
	wrong := exchange(t, openBuild, "g_mp_lf")
	typed(t, string(wrong.Request.Raw()), nil, "inspect").want(t, exitRefused, "form_malformed")
}
