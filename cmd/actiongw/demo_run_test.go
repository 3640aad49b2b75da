package main

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// demoProcess marks the process that TestDemoRun starts: this test binary
// again, since Caddy runs once per process and writes to the real stdout.
const demoProcess = "ACTIONGW_TEST_DEMO"

// TestDemoProcess is that process: a demo that ends when its input does.
func TestDemoProcess(t *testing.T) {
	if os.Getenv(demoProcess) == "" {
		return // the usual run of the tests: nothing to do
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		drain(os.Stdin)
		cancel()
	}()
	d := &demo{out: os.Stdout, wanted: "127.0.0.1:0"}
	if err := d.run(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestDemoRun sends the page's form, what attackers make of it, and what the
// page's curl lines send, through a whole demo, and reads the terminal.
func TestDemoRun(t *testing.T) {
	gate, finish := startDemoProcess(t)
	fetch := []string{"Rsc-Action", "sign", "Content-Type", "text/plain;charset=UTF-8"}
	with := func(more ...string) []string { return slices.Concat(fetch, more) }
	session, form, stolen := readDemoPage(t, gate)
	browser := []string{"Content-Type", "multipart/form-data; boundary=guest.book", "Origin", gate}

	want := []string{"GET / pass 200"}
	for _, c := range []struct {
		name, method, path string
		headers            []string
		body               string
		line               string
	}{
		{"its counters", "GET", "/state", nil, "", ""},
		{"its form", "POST", "/", append(browser, "Cookie", session), form, "POST / form admit 303"},
		{"its form, with another session", "POST", "/", append(browser, "Cookie", demoCookie+"=another"), form, "POST / form refuse closure_binding_mismatch 403"},
		{"its form, with a sealed text of another page", "POST", "/", append(browser, "Cookie", session), stolen, "POST / form refuse closure_binding_mismatch 403"},
		{"its form, for the other action", "POST", "/", append(browser, "Cookie", session), strings.Replace(form, `"sign"`, `"remove"`, 1), "POST / form refuse closure_altered 403"},
		{"nothing sealed", "POST", "/", with("Origin", gate), `[{"name":"Ada","message":"hello"}]`, "POST / fetch refuse closure_missing 403"},
		{"forged X-Forwarded-Host", "POST", "/", with("Origin", "https://evil.example", "X-Forwarded-Host", "evil.example"), "[]", "POST / fetch refuse origin_not_allowed 403"},
		{"two action ids", "POST", "/", with("Rsc-Action", "remove"), "[]", "POST / fetch refuse header_duplicated 400"},
		{"an action over GET", "GET", "/", fetch[:2], "", "GET / fetch refuse method_not_allowed 405"},
		{"an action over GET, where reads are not shown", "GET", "/state", fetch[:2], "", "GET /state fetch refuse method_not_allowed 405"},
		{"one byte too many", "POST", "/", fetch, strings.Repeat("x", 1<<20+1), "POST / fetch refuse body_too_large 413"},
	} {
		if c.line != "" {
			want = append(want, c.line)
		}
		t.Run(c.name, func(t *testing.T) {
			status := sendTo(t, c.method, gate+c.path, c.body, c.headers)
			if c.line != "" && !strings.HasSuffix(c.line, fmt.Sprint(" ", status)) {
				t.Errorf("the answer is %d, want %q", status, c.line)
			}
		})
	}
	decisions, summary := finish(len(want))
	if !slices.Equal(decisions, want) {
		t.Errorf("the terminal shows\n%s\nwant\n%s", strings.Join(decisions, "\n"), strings.Join(want, "\n"))
	}
	if summary != "1 call admitted, 9 refused" {
		t.Errorf("the last line is %q", summary)
	}
}

// readDemoPage loads the page, and returns its cookie, its form as a browser
// without JavaScript posts it, and the same with the sealed text of another
// page.
func readDemoPage(t *testing.T, gate string) (session, form, stolen string) {
	t.Helper()
	response, err := http.Get(gate)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	part := func(name, value string) {
		form += "--guest.book\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	var sealed string
	for _, input := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllSubmatch(page, -1) {
		sealed = html.UnescapeString(string(input[2])) // the last one in the end
		part(string(input[1]), sealed)
	}
	part("name", "Ada")
	part("message", "hello")
	form += "--guest.book--\r\n"
	other := regexp.MustCompile(`data-stolen="(ag1\.[^"]+)"`).FindSubmatch(page)
	if other == nil || !strings.HasPrefix(sealed, `"ag1.`) {
		t.Fatalf("the page has nothing sealed:\n%s", page)
	}
	session, _, _ = strings.Cut(response.Header.Get("Set-Cookie"), ";")
	return session, form, strings.Replace(form, sealed, `"`+string(other[1])+`"`, 1)
}

func sendTo(t *testing.T, method, url, body string, headers []string) int {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r) // follows no redirects
	if err != nil {
		t.Fatal(err)
	}
	drain(response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

// startDemoProcess starts a demo and returns the gate's address and a function
// that ends it after n decisions and returns them (without times, one space
// between columns) and the last line.
func startDemoProcess(t *testing.T) (gate string, finish func(n int) (decisions []string, summary string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestDemoProcess$")
	cmd.Env = append(os.Environ(), demoProcess+"=1")
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "  Open "); ok {
			gate = address
		}
		if strings.HasPrefix(lines.Text(), "time ") {
			break
		}
	}
	if gate == "" {
		t.Fatal("the demo did not start")
	}
	return gate, func(n int) (decisions []string, summary string) {
		for len(decisions) < n && lines.Scan() {
			_, decision, _ := strings.Cut(strings.Join(strings.Fields(lines.Text()), " "), " ")
			decisions = append(decisions, decision)
		}
		_ = input.Close()
		if lines.Scan() {
			summary = lines.Text()
		}
		drain(output)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended badly: %v", err)
		}
		return decisions, summary
	}
}
