package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const (
	testGate = "http://127.0.0.1:8080"
	testTwin = "http://127.0.0.1:9999"
)

// testBook is a guest book at noon, with a stand-in for actiongw_seal that
// writes down what it was asked, seals nothing, and wants a session to bind to.
func testBook(t *testing.T) *demoBackend {
	t.Helper()
	sealing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request demoSealRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.Header.Get("Authorization") != "Bearer token" || request.Bind == "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		sealed := fmt.Sprintf("%s%v-%d", request.Action, request.Values, request.TTL)
		writeDemoJSON(w, demoSealed{sealed, []demoField{{request.Action, sealed}}})
	}))
	t.Cleanup(sealing.Close)
	noon := func() time.Time { return time.Date(2026, 1, 2, 12, 30, 0, 0, time.UTC) }
	site := &demoSite{Gate: testGate, Twin: testTwin, score: new(demoScore)}
	return newDemoBackend(site, demoSealer{sealing.URL, "token"}, noon)
}

// The Accept lines of what the gate sends on.
const (
	fetchAccept = "application/vnd.actiongw.result+json, application/json"
	formAccept  = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
)

// do sends one request to h and returns the answer.
func do(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestDemoFormSignsTheBook(t *testing.T) {
	h := testBook(t).handler()
	first := do(h, "GET", "/", "")
	cookie, _, _ := strings.Cut(first.Header().Get("Set-Cookie"), ";")
	if !strings.Contains(first.Body.String(), `name="sign" value="sign[1]-0"`) {
		t.Fatalf("the form does not carry the guest's number, sealed:\n%s", first.Body)
	}

	w := do(h, "POST", "/_actions/sign", `{"closure":[1],"args":[{"name":["Ada"],"message":["<b>hello</b>\r\nworld"]}]}`, "Accept", formAccept, "Cookie", cookie)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/#book" {
		t.Fatalf("answer is %d to %q, want 303 to /#book", w.Code, w.Header().Get("Location"))
	}
	page := do(h, "GET", "/", "", "Cookie", cookie).Body.String()
	if !strings.Contains(page, "&lt;b&gt;hello&lt;/b&gt;\nworld") {
		t.Errorf("the page does not show the message, escaped:\n%s", page)
	}
	if strings.Index(page, "Ada") > strings.Index(page, "This entry was here before") {
		t.Error("the new entry is not above the old one")
	}
	const button = `name="remove" value="remove[1]-0"`
	if !strings.Contains(page, button) {
		t.Error("the guest cannot remove the entry")
	}
	if other := do(h, "GET", "/", "").Body.String(); strings.Contains(other, button) || !strings.Contains(other, "You are guest 2") {
		t.Error("another guest has the button, too, or the same number")
	}

	w = do(h, "POST", "/_actions/remove", `{"closure":[1],"args":[{}]}`, "Accept", formAccept, "Cookie", cookie)
	if page := do(h, "GET", "/", "").Body.String(); w.Code != http.StatusSeeOther || strings.Contains(page, "Ada") {
		t.Errorf("the entry was not removed: %d", w.Code)
	}
}

func TestDemoAnswersOfActions(t *testing.T) {
	const noCall = `{"title":"This is no call of the guest book's own pages"}` + "\n"
	for _, c := range []struct {
		name, action, accept, body string
		status                     int
		says                       string
	}{
		{
			"an entry", "sign", fetchAccept, `{"closure":[7],"args":[{"name":["Ada"],"message":["$5"]}]}`, 200,
			`{"entry":{"guest":7,"name":"Ada","message":"$5","time":"12:30","remove":[{"name":"remove","value":"remove[1]-0"}]}}`,
		},
		{"an empty message", "sign", fetchAccept, `{"closure":[7],"args":[{"name":["Ada"],"message":[" \r\n "]}]}`, 200, `{"problem":"Please write a name and a message."}`},
		{"an empty message in a form", "sign", formAccept, `{"closure":[7],"args":[{"name":["Ada"]}]}`, 200, "Please write a name and a message."},
		{"a long name", "sign", fetchAccept, `{"closure":[7],"args":[{"name":["` + strings.Repeat("a", demoMaxName+1) + `"],"message":["hi"]}]}`, 200, `{"problem":"Please make it shorter."}`},
		{"a removal", "remove", fetchAccept, `{"closure":[1],"args":[{}]}`, 204, ""},
		{"no arguments", "sign", fetchAccept, `{"closure":[7],"args":[]}`, 400, noCall},
		{"nothing sealed", "remove", fetchAccept, `{"closure":null,"args":[{}]}`, 400, noCall},
		{"no JSON", "sign", fetchAccept, `{`, 400, noCall},
		{"another action", "drop", fetchAccept, `{}`, 404, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := do(testBook(t).handler(), "POST", "/_actions/"+c.action, c.body, "Accept", c.accept, "Cookie", demoCookie+"=x")
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("answer is %d %s, want %d %s", w.Code, w.Body, c.status, c.says)
			}
		})
	}
}

func TestDemoWithoutSealing(t *testing.T) {
	b := testBook(t)
	b.keys.token = "another"
	if w := do(b.handler(), "GET", "/", ""); w.Code != http.StatusBadGateway {
		t.Errorf("a page whose form cannot work is answered with %d", w.Code)
	}
	call := `{"closure":[7],"args":[{"name":["Ada"],"message":["hi"]}]}`
	if w := do(b.handler(), "POST", "/_actions/sign", call, "Accept", fetchAccept, "Cookie", demoCookie+"=x"); !strings.Contains(w.Body.String(), `{"problem":`) || len(b.entries) != 1 {
		t.Errorf("an entry that cannot be removed is answered with %s", w.Body)
	}
}

func TestDemoBookKeepsTheNewestEntries(t *testing.T) {
	b := testBook(t)
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Cookie", demoCookie+"=x")
	for i := range 2 * demoBookSize {
		b.add(r, 1, "Ada", fmt.Sprint(i))
	}
	if len(b.entries) != demoBookSize || b.entries[0].Message != fmt.Sprint(2*demoBookSize-1) {
		t.Errorf("%d entries, newest %q", len(b.entries), b.entries[0].Message)
	}
}

func TestDemoShowsWhatReachesTheBackend(t *testing.T) {
	b := testBook(t)
	h := b.site.around(b.handler())
	call := `{"closure":[1],"args":[]}`
	do(h, "GET", "/", "")                                       // a page: no
	do(h, "GET", "/", "", "Rsc-Action", "x")                    // would be a refused call: yes
	do(h, "POST", "/elsewhere", "not shown")                    // might be one: yes
	do(h, "POST", "/_actions/sign", call)                       // a call: yes
	do(h, "POST", "/upload", "")                                // an upload
	do(h, "POST", "/upload", "", "Rsc-Action", "x")             // both
	b.site.score.add(demoLine{Verdict: "admit", Reason: "<b>"}) // by the log

	var got struct {
		Calls, Uploads int
		Last           string
		Decisions      []demoLine
	}
	if err := json.Unmarshal(do(h, "GET", "/state", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Calls != 4 || got.Uploads != 2 || got.Last != call || len(got.Decisions) != 1 || got.Decisions[0].Verdict != "admit" {
		t.Errorf("the state is %+v", got)
	}
	if page := do(h, "GET", "/", "").Body.String(); !strings.Contains(page, "<td>&lt;b&gt;</td>") || !strings.Contains(page, "{&#34;closure&#34;:[1]") {
		t.Errorf("without a script the page does not show decision and call:\n%s", page)
	}
	do(h, "POST", "/_actions/sign", strings.Repeat("x", demoMaxShown-1)+"\u00e9")
	if last := b.site.Last(); len(last) != demoMaxShown || !strings.HasSuffix(last, "x?") {
		t.Errorf("of a long call %d bytes are shown", len(last))
	}
}

func TestDemoUploadReportsWhatArrived(t *testing.T) {
	file := strings.Repeat("\x00\xff$ACTION_ID_\r\n", 100_000)
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	if err := parts.WriteField("file", file); err != nil {
		t.Fatal(err)
	}
	if err := parts.Close(); err != nil {
		t.Fatal(err)
	}
	body, mediaType := form.String(), parts.FormDataContentType()
	h := http.HandlerFunc(new(demoSite).upload)
	w := do(h, "POST", "/upload", body, "Content-Type", mediaType)

	sum := sha256.Sum256([]byte(file))
	want := fmt.Sprintf(`{"bytes":%d,"sha256":%q}`, len(file), hex.EncodeToString(sum[:]))
	if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != want {
		t.Errorf("answer is %d %s, want %s", w.Code, got, want)
	}
	cut := do(h, "POST", "/upload", body[:1000], "Content-Type", mediaType)
	if cut.Code != 400 {
		t.Errorf("an upload that ends early is answered with %d, want 400", cut.Code)
	}
}

// The pages show nothing that is not part of the binary, and each names the
// addresses of the others.
func TestDemoPages(t *testing.T) {
	b := testBook(t)
	for _, c := range []struct {
		name string
		h    http.Handler
		has  []string
	}{
		{"guest book", b.site.around(b.handler()), []string{`data-stale="sign[1]-1"`, `data-stolen="sign[2]-0"`, `href="` + testTwin + `/"`, `curl -i ` + testGate + `/`}},
		{"evil twin", b.site.twinHandler(), []string{`name="$ACTION_ID_sign"`, `action="` + testGate + `/"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := do(c.h, "GET", "/", "")
			for _, s := range c.has {
				if !strings.Contains(page.Body.String(), s) {
					t.Errorf("the page does not contain %s", s)
				}
			}
			if csp := page.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self';") {
				t.Errorf("Content-Security-Policy is %q", csp)
			}
			for name, mediaType := range map[string]string{"style.css": "text/css", "app.js": "text/javascript", "icon.svg": "image/svg+xml"} {
				w := do(c.h, "GET", "/"+name, "")
				if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), mediaType) {
					t.Errorf("%s is answered with %d %s", name, w.Code, w.Header().Get("Content-Type"))
				}
			}
		})
	}
}

// Other users of the machine can reach the port where the demo seals.
func TestDemoSealsWithATokenOnly(t *testing.T) {
	config, err := demoConfig(demoAddresses{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}, demoKeys{"keyset", "wrapping"}, "secret-token")
	if err != nil {
		t.Fatal(err)
	}
	if apps := string(config.AppsRaw["http"]); !strings.Contains(apps, `"token":"secret-token"`) {
		t.Errorf("no token in %s", apps)
	}
}

func TestDemoListenAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()

	for _, c := range []struct {
		name, wanted string
		mayMove      bool
		prefix       string // of the address; empty means an error
		moved        bool
	}{
		{"any free port", "127.0.0.1:0", false, "127.0.0.1:", false},
		{"localhost", "localhost:0", false, "127.0.0.1:", false},
		{"no host", ":0", false, "127.0.0.1:", false},
		{"the default port is taken", taken.Addr().String(), true, "127.0.0.1:", true},
		{"a port asked for is taken", taken.Addr().String(), false, "", false},
		{"every address", "0.0.0.0:0", false, "", false},
		{"a name", "example.com:80", false, "", false},
		{"no port", "127.0.0.1", false, "", false},
		{"a port that is none", "127.0.0.1:http", false, "", false},
		{"a port out of range", "127.0.0.1:70000", false, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			address, moved, err := demoListenAddress(c.wanted, c.mayMove)
			if (err != nil) != (c.prefix == "") {
				t.Fatalf("error is %v", err)
			}
			if !strings.HasPrefix(address, c.prefix) || moved != c.moved {
				t.Errorf("got %q, moved %v", address, moved)
			}
			if err == nil && (address == taken.Addr().String() || strings.HasSuffix(address, ":0")) {
				t.Errorf("%q is not free", address)
			}
		})
	}
}

func TestDemoWelcomeSaysThatItMoved(t *testing.T) {
	for _, moved := range []bool{false, true} {
		var out strings.Builder
		d := &demo{out: &out, wanted: "127.0.0.1:8080"}
		d.welcome("http://127.0.0.1:4000", moved)
		if !strings.Contains(out.String(), "Open http://127.0.0.1:4000\n") {
			t.Errorf("the address is missing:\n%s", &out)
		}
		if strings.Contains(out.String(), "127.0.0.1:8080 is taken") != moved {
			t.Errorf("moved is %v, but the welcome says:\n%s", moved, &out)
		}
	}
}

// drain reads r to its end; a demo that nobody reads from would block.
func drain(r io.Reader) { _, _ = io.Copy(io.Discard, r) }
