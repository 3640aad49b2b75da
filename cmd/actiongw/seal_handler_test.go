package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sealToken = "0123456789abcdef0123456789abcdef"

// sealed is what the handler answers.
type sealed struct {
	Sealed string
	Fields []struct{ Name, Value string }
	HTML   string
}

// startSealing runs a gate in front of a JSON backend, with the handler beside
// it on the paths /seal and /token.
func startSealing(t *testing.T, backend string) *gate {
	s := newOwnSite(t)
	block := func(more string) string {
		return "{\nkeyset " + s.keyset + "\naudience shop\nwrapping_key {file." + s.wrapping + "}\nttl 1h\n" + more + "}"
	}
	return startGate(t, "", `handle /seal {
actiongw_seal `+block("")+`
}
handle /token {
actiongw_seal `+block("token "+sealToken+"\n")+`
}
actiongw {
backend json
dialect react
action publish {
closure required
}
action create
`+s.options("cookie session")+`
}
reverse_proxy `+backend)
}

// ask posts to the handler, with lines for the head.
func ask(t *testing.T, g *gate, path, body string, lines ...string) answer {
	t.Helper()
	head := strings.Join(append([]string{"POST " + path + " HTTP/1.1", "Host: gate", fmt.Sprint("Content-Length: ", len(body))}, lines...), "\r\n")
	return send(t, g.address, []byte(head+"\r\n\r\n"+body), false)
}

// TestSealedFormsReachTheirAction seals as a backend that renders a form, and
// posts the form as a browser without JavaScript.
func TestSealedFormsReachTheirAction(t *testing.T) {
	up := startUpstream(t)
	g := startSealing(t, up.Listener.Addr().String())
	for _, tc := range []struct {
		is, request, post, cookie string
		reason                    string // of the refusal
	}{
		{"as it was rendered", `{"action":"publish","values":["v41",{"draft":true}]}`, "", "", ""},
		{"bound to the session", `{"action":"publish","values":[],"bind":"abc"}`, "", "session=abc", ""},
		{"with another session", `{"action":"publish","values":[],"bind":"abc"}`, "", "session=abd", "closure_binding_mismatch"},
		{"replayed for another action", `{"action":"create","values":["v41"]}`, "publish", "", "closure_altered"},
	} {
		t.Run(tc.is, func(t *testing.T) {
			got := ask(t, g, "/seal", tc.request)
			var s sealed
			if err := json.Unmarshal([]byte(got.body), &s); err != nil || got.status != 200 || !strings.HasPrefix(s.Sealed, "ag1.") {
				t.Fatalf("%d %s, %v", got.status, got.body, err)
			}
			var form strings.Builder
			for _, f := range s.Fields {
				text := f.Value
				if tc.post != "" {
					text = strings.Replace(text, `"create"`, `"`+tc.post+`"`, 1)
				}
				fmt.Fprintf(&form, "--form-7f3a\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", f.Name, text)
				if !strings.Contains(s.HTML, `name="`+f.Name+`"`) {
					t.Errorf("the HTML lacks %s: %s", f.Name, s.HTML)
				}
			}
			form.WriteString("--form-7f3a\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nHello\r\n--form-7f3a--\r\n")
			posted := ask(t, g, "/drafts/7", form.String(), "Origin: http://gate", "Cookie: "+tc.cookie, "Content-Type: multipart/form-data; boundary=form-7f3a")
			seen := up.take()
			if tc.reason != "" {
				if line := g.refusal(t, posted); line["reason"] != tc.reason || len(seen) != 0 {
					t.Errorf("refused as %v (%v), %d requests upstream", line["reason"], line["detail"], len(seen))
				}
				return
			}
			var request struct{ Values json.RawMessage }
			_ = json.Unmarshal([]byte(tc.request), &request)
			want := `{"action":"publish","id":"publish","url":"/drafts/7","closure":` + string(request.Values) + `,"args":[{"title":["Hello"]}],"types":{"/args/0":"FormData"}}`
			if len(seen) != 1 || seen[0].target != "/_actions/publish" || seen[0].body != want {
				t.Errorf("upstream got %+v, want %s", seen, want)
			}
			// The answer to a form is the backend's own.
			if posted.status != 200 || posted.body != "0:{}\n" {
				t.Errorf("the browser got %d %q", posted.status, posted.body)
			}
		})
	}
}

func TestWhoMayHaveSomethingSealed(t *testing.T) {
	up := startUpstream(t)
	g := startSealing(t, up.Listener.Addr().String())
	const good = `{"action":"publish","values":[1]}`
	for _, tc := range []struct {
		is, path, body string
		lines          []string
		want           int
	}{
		{"the backend on this machine", "/seal", good, nil, 200},
		{"the backend, with Node's fetch", "/seal", good, []string{"Sec-Fetch-Mode: cors"}, 200},
		{"a page in a browser", "/seal", good, []string{"Origin: http://localhost"}, 403},
		{"a browser without an origin", "/seal", good, []string{"Sec-Fetch-Site: same-origin"}, 403},
		{"somebody behind a proxy", "/seal", good, []string{"X-Forwarded-For: 192.0.2.1"}, 403},
		{"somebody behind a proxy of the newer kind", "/seal", good, []string{"Forwarded: for=192.0.2.1"}, 403},
		{"somebody behind nginx", "/seal", good, []string{"X-Real-IP: 192.0.2.1"}, 403},
		{"with the token", "/token", good, []string{"Authorization: Bearer " + sealToken}, 200},
		{"without the token", "/token", good, nil, 401},
		{"with another token", "/token", good, []string{"Authorization: Bearer 0123456789abcdef0123456789abcdee"}, 401},
		{"no JSON", "/seal", "{", nil, 400},
		{"values that are no list", "/seal", `{"action":"publish","values":{}}`, nil, 400},
		{"an audience of the caller's choice", "/seal", `{"action":"publish","values":[],"audience":"bank"}`, nil, 400},
		{"no action", "/seal", `{"values":[]}`, nil, 400},
		{"a longer life than the operator allows", "/seal", `{"action":"publish","values":[],"ttl":3601}`, nil, 400},
		{"a shorter one", "/seal", `{"action":"publish","values":[],"ttl":60}`, nil, 200},
		{"for ever, in more seconds than there are", "/seal", `{"action":"publish","values":[],"ttl":9223372036854775807}`, nil, 400},
		{"bound to a session that is empty", "/seal", `{"action":"publish","values":[],"bind":""}`, nil, 400},
		{"bound to a session that is missing", "/seal", `{"action":"publish","values":[],"bind":null}`, nil, 400},
		{"values with two members of a name", "/seal", `{"action":"publish","values":[{"a":1,"a":2}]}`, nil, 400},
		{"an action that is a path", "/seal", `{"action":"../publish","values":[]}`, nil, 400},
		{"too much", "/seal", `{"action":"publish","values":["` + strings.Repeat("x", 64<<10) + `"]}`, nil, 413},
	} {
		got := ask(t, g, tc.path, tc.body, tc.lines...)
		if got.status != tc.want || (got.status == 200) != strings.Contains(got.body, "ag1.") {
			t.Errorf("%s: %d %s, want %d", tc.is, got.status, got.body, tc.want)
		}
	}
}

func TestSealingOverAUnixSocket(t *testing.T) {
	s := newOwnSite(t)
	socket := filepath.Join(t.TempDir(), "seal.sock")
	config := filepath.Join(t.TempDir(), "Caddyfile")
	text := "{\nadmin off\npersist_config off\nauto_https off\n}\nhttp:// {\nbind unix/" + socket + "\nactiongw_seal {\nkeyset " + s.keyset + "\naudience shop\nwrapping_key {file." + s.wrapping + "}\n}\n}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g := start(t, "run", "--config", config)
	g.log.await(t, "start", func(line map[string]any) bool { return line["msg"] == "serving initial configuration" })
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	response, err := client.Post("http://gate/", "application/json", strings.NewReader(`{"action":"publish","values":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("status %d", response.StatusCode)
	}
}
