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

func testBackend() *demoBackend {
	noon := func() time.Time { return time.Date(2026, 1, 2, 12, 30, 0, 0, time.UTC) }
	return newDemoBackend(testGate, testTwin, noon)
}

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

// formOf writes a multipart form of names and values, as a browser does.
func formOf(t *testing.T, fields ...string) (body, mediaType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestDemoFormSignsTheBook(t *testing.T) {
	h := testBackend().handler()
	body, mediaType := formOf(t, "$ACTION_ID_"+demoActionID, "", "name", "Ada", "message", "<b>hello</b>\r\nworld")

	w := do(h, "POST", "/", body, "Content-Type", mediaType)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/#book" {
		t.Fatalf("answer is %d to %q, want 303 to /#book", w.Code, w.Header().Get("Location"))
	}
	page := do(h, "GET", "/", "").Body.String()
	if !strings.Contains(page, "&lt;b&gt;hello&lt;/b&gt;\nworld") {
		t.Errorf("the page does not show the message, escaped:\n%s", page)
	}
	if strings.Index(page, "Ada") > strings.Index(page, "This entry was here before") {
		t.Error("the new entry is not above the old one")
	}
}

func TestDemoFormProblems(t *testing.T) {
	field := "$ACTION_ID_" + demoActionID
	for _, c := range []struct {
		name   string
		fields []string
		status int
		says   string
	}{
		{"no action field", []string{"name", "Ada", "message", "hi"}, 400, "Invalid Server Action request."},
		{"another action", []string{field[:20], "", "name", "Ada", "message", "hi"}, 400, "Invalid Server Action request."},
		{"empty message", []string{field, "", "name", "Ada", "message", " \r\n "}, 200, "Please write a name and a message."},
		{"long name", []string{field, "", "name", strings.Repeat("a", demoMaxName+1), "message", "hi"}, 200, "Please make it shorter."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := testBackend()
			body, mediaType := formOf(t, c.fields...)
			w := do(b.handler(), "POST", "/", body, "Content-Type", mediaType)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("answer is %d without %q", w.Code, c.says)
			}
			if len(b.entries) != 1 {
				t.Errorf("the book has %d entries, want the first one only", len(b.entries))
			}
		})
	}
}

func TestDemoFetchCall(t *testing.T) {
	for _, c := range []struct {
		name, id, body string
		status         int
		answer         string
	}{
		{
			"an entry", demoActionID, `[{"name":"Ada","message":"hello"}]`, 200,
			demoRootRow + `1:{"entry":{"name":"Ada","message":"hello","time":"12:30"}}` + "\n",
		},
		{
			"leading dollar signs, escaped in both directions", demoActionID, `[{"name":"Ada","message":"$$5"}]`, 200,
			demoRootRow + `1:{"entry":{"name":"Ada","message":"$$5","time":"12:30"}}` + "\n",
		},
		{
			"an empty message", demoActionID, `[{"name":"Ada","message":""}]`, 200,
			demoRootRow + `1:{"problem":"Please write a name and a message."}` + "\n",
		},
		{"no arguments", demoActionID, `[]`, 500, demoRootRow + `1:E{"digest":"arguments"}` + "\n"},
		{"no JSON", demoActionID, `[`, 500, demoRootRow + `1:E{"digest":"arguments"}` + "\n"},
		{"another action", strings.Repeat("0", 42), `[]`, 404, "Server action not found.\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := do(testBackend().handler(), "POST", "/", c.body, "Next-Action", c.id, "Content-Type", "text/plain;charset=UTF-8")
			if w.Code != c.status || w.Body.String() != c.answer {
				t.Errorf("answer is %d %q, want %d %q", w.Code, w.Body, c.status, c.answer)
			}
		})
	}
}

func TestDemoBookKeepsTheNewestEntries(t *testing.T) {
	b := testBackend()
	for i := range 2 * demoBookSize {
		b.sign("Ada", fmt.Sprint(i))
	}
	if len(b.entries) != demoBookSize || b.entries[0].Message != fmt.Sprint(2*demoBookSize-1) {
		t.Errorf("%d entries, newest %q", len(b.entries), b.entries[0].Message)
	}
}

func TestDemoCountsWhatReachesTheBackend(t *testing.T) {
	h := testBackend().handler()
	do(h, "GET", "/", "")                                           // a page: no
	do(h, "GET", "/", "", "Next-Action", "x")                       // would be a refused call: yes
	do(h, "POST", "/elsewhere", "")                                 // actions run on any path: yes
	do(h, "POST", "/", "[]", "Next-Action", strings.Repeat("0", 3)) // an unknown action: yes
	do(h, "POST", "/upload", "")                                    // an upload
	do(h, "POST", "/upload", "", "Next-Action", "x")                // both

	var got struct{ Calls, Uploads int }
	if err := json.Unmarshal(do(h, "GET", "/count", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Calls != 4 || got.Uploads != 2 {
		t.Errorf("counted %d calls and %d uploads, want 4 and 2", got.Calls, got.Uploads)
	}
}

func TestDemoUploadReportsWhatArrived(t *testing.T) {
	file := strings.Repeat("\x00\xff$ACTION_ID_\r\n", 100_000)
	body, mediaType := formOf(t, "file", file)
	w := do(testBackend().handler(), "POST", "/upload", body, "Content-Type", mediaType)

	sum := sha256.Sum256([]byte(file))
	want := fmt.Sprintf(`{"bytes":%d,"sha256":%q}`, len(file), hex.EncodeToString(sum[:]))
	if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != want {
		t.Errorf("answer is %d %s, want %s", w.Code, got, want)
	}
	cut := do(testBackend().handler(), "POST", "/upload", body[:1000], "Content-Type", mediaType)
	if cut.Code != 400 {
		t.Errorf("an upload that ends early is answered with %d, want 400", cut.Code)
	}
}

// The pages show nothing that is not part of the binary, and each names the
// addresses of the others.
func TestDemoPages(t *testing.T) {
	b := testBackend()
	for _, c := range []struct {
		name string
		h    http.Handler
		has  []string
	}{
		{"guest book", b.handler(), []string{`name="$ACTION_ID_` + demoActionID + `"`, `href="` + testTwin + `/"`, `curl -i ` + testGate + `/`}},
		{"evil twin", b.twinHandler(), []string{`name="$ACTION_ID_` + demoActionID + `"`, `action="` + testGate + `/"`}},
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
