package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/vectors"
)

// result is what a finished command has printed and its exit status.
type result struct {
	out, err string
	status   int
}

// typed runs actiongw as a user types it, with the variables in env beside a
// clean environment.
func typed(t testing.TB, stdin string, env []string, args ...string) result {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append([]string{runAsActiongw + "=1", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}, env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
	if strings.Contains(r.err, "DATA RACE") || strings.Contains(r.err, "panic:") {
		t.Errorf("actiongw %q:\n%s", args, r.err)
	}
	return r
}

// want fails the test unless the command ended with the status and printed all
// the words.
func (r result) want(t testing.TB, status int, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d\n%s%s", r.status, status, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.out+r.err, w) {
			t.Errorf("%q is missing in\n%s%s", w, r.out, r.err)
		}
	}
}

// wantNone fails the test if any of the words was printed.
func (r result) wantNone(t testing.TB, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if s == "" {
			t.Fatal("an empty secret proves nothing")
		}
		if strings.Contains(r.out+r.err, s) {
			t.Errorf("%q is in\n%s%s", s, r.out, r.err)
		}
	}
}

// exchange is the first recording of a scenario in a build.
func exchange(t testing.TB, build, scenario string) vectors.Exchange {
	t.Helper()
	all, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Build == build && e.Scenario == scenario {
			return e
		}
	}
	t.Fatalf("no %s in %s", scenario, build)
	return vectors.Exchange{}
}

func recordedKey(t testing.TB, name string) string {
	t.Helper()
	keys, err := vectors.Keys()
	if err != nil || keys[name] == "" {
		t.Fatalf("no key %s: %v", name, err)
	}
	return keys[name]
}

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func manifestFile(t testing.TB, name string) string {
	t.Helper()
	all, err := vectors.Manifests()
	if err != nil || all[name] == nil {
		t.Fatalf("no manifest %s: %v", name, err)
	}
	return writeFile(t, name+".json", string(all[name]))
}

const openBuild = "next16-turbopack"

// TestInspectShowsCapturedValuesOnlyWhenAsked: the closure "hello open world"
// was recorded in a page.
func TestInspectShowsCapturedValuesOnlyWhenAsked(t *testing.T) {
	e := exchange(t, openBuild, "c_str")
	const captured = "hello open world"
	key := recordedKey(t, e.KeyName)
	file := writeFile(t, "next.key", key+"\n")
	raw := string(e.Request.Raw())

	for _, format := range [][]string{nil, {"--json"}} {
		hidden := typed(t, raw, nil, append([]string{"inspect", "--key-file", file}, format...)...)
		hidden.want(t, 0, e.ActionID, "fetch", "second", "opened", "admit")
		hidden.wantNone(t, captured, key, field(e, "Cookie"))

		shown := typed(t, raw, nil, append([]string{"inspect", "--key-file", file, "--reveal"}, format...)...)
		shown.want(t, 0, captured)
		shown.wantNone(t, key)
	}

	byEnvironment := typed(t, raw, []string{nextKeyVariable + "=" + key}, "inspect")
	byEnvironment.want(t, 0, "opened with key")
	byEnvironment.wantNone(t, captured, key)

	without := typed(t, raw, nil, "inspect", "-")
	without.want(t, 0, "not opened: there is no key")

	named := typed(t, raw, nil, "inspect", "--manifest", manifestFile(t, "next16-turbopack-open"))
	named.want(t, 0, "#inline-", "pages", "opened with key")
	named.wantNone(t, captured, key)

	wrong := typed(t, raw, []string{nextKeyVariable + "=" + recordedKey(t, otherKey(t, key))}, "inspect", "--json")
	wrong.want(t, exitRefused, "closure_key_unknown")
}

// otherKey is the name of a recorded key that is another one.
func otherKey(t testing.TB, key string) string {
	keys, err := vectors.Keys()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range keys {
		if text != key {
			return name
		}
	}
	t.Fatal("there is one key alone")
	return ""
}

// TestInspectSaysWhatTheGateSays: every hand-made request, and why.
func TestInspectSaysWhatTheGateSays(t *testing.T) {
	evil := exchange(t, openBuild, "g_origin_evil")
	r := typed(t, string(evil.Request.Raw()), nil, "inspect")
	r.want(t, exitRefused, "origin_not_allowed", "status 403", "stage origin", evil.ActionID)
	if r.err != "" {
		t.Errorf("standard error: %q", r.err)
	}
	typed(t, string(evil.Request.Raw()), nil, "inspect", "--origin", "evil.example", "--origin", field(evil, "Host")).want(t, 0, "admit")

	all, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	in := inspectorOf(t, evil.KeyName, "next16-turbopack-open")
	seen := 0
	for _, e := range all {
		scenario, reason := e.Scenario, handmade[e.Scenario]
		if reason == "" || e.Build != openBuild {
			continue
		}
		seen++
		c, err := readCaptured(e.Request.Raw())
		if err != nil {
			t.Errorf("%s: %v", scenario, err)
			continue
		}
		if got := in.inspect(c[0]); !slices.Contains(strings.Split(reason, "|"), string(got.Reason)) {
			t.Errorf("%s: refused as %q, want %q", scenario, got.Reason, reason)
		}
	}
	if seen < 40 {
		t.Errorf("only %d bad requests in the corpus", seen)
	}
}

// inspectorOf is an inspector with a recorded key and manifest, or with none.
func inspectorOf(t testing.TB, key, build string) *inspector {
	t.Helper()
	cmd := &cobra.Command{}
	addInspectFlags(cmd)
	if key != "" {
		_ = cmd.Flags().Set("key-file", writeFile(t, "key", recordedKey(t, key)))
	}
	if build != "" {
		_ = cmd.Flags().Set("manifest", manifestFile(t, build))
	}
	in, err := newInspector(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestInspectReadsAllRecordings: whatever the gate makes of a request, inspect
// can tell of it, and calls that ran in an app are admitted with their
// arguments read.
func TestInspectReadsAllRecordings(t *testing.T) {
	all, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	in := inspectorOf(t, "", "")
	read := 0
	for _, e := range all {
		if e.Build == allowedBuild {
			continue
		}
		recorded, err := readCaptured(e.Request.Raw())
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
			continue
		}
		report := in.inspect(recorded[0])
		report.write(new(bytes.Buffer))
		if e.Ran() && e.Family != "g" {
			read++
			if report.Reason != "" || report.Unread != "" || !report.isCall() {
				t.Errorf("%s: %s %s", e.ID, report.Reason, report.Unread)
			}
		}
	}
	if read < 900 {
		t.Errorf("only %d calls read", read)
	}
}

// TestInspectReadsEveryForm: one recorded call as a raw request, as a curl
// command and in a HAR file.
func TestInspectReadsEveryForm(t *testing.T) {
	for _, scenario := range []string{"c_str", "g_origin_evil"} {
		e := exchange(t, openBuild, scenario)
		key := []string{nextKeyVariable + "=" + recordedKey(t, e.KeyName)}
		raw := typed(t, string(e.Request.Raw()), key, "inspect", "--reveal")
		for name, input := range map[string]string{"curl": asCurl(e), "har": asHAR(t, e)} {
			got := typed(t, "", key, "inspect", "--reveal", writeFile(t, name, input))
			if got != raw {
				t.Errorf("%s as %s:\n%s%s\nas a raw request:\n%s%s", scenario, name, got.out, got.err, raw.out, raw.err)
			}
		}
	}
}

// asCurl writes a request as the developer tools do.
func asCurl(e vectors.Exchange) string {
	quote := func(s string) string {
		if !strings.ContainsAny(s, "\r\n'!") {
			return "'" + s + "'"
		}
		return "$'" + strings.NewReplacer("\\", `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`, "!", `\u0021`).Replace(s) + "'"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "curl %s", quote("http://"+field(e, "Host")+e.Request.URL))
	for _, h := range e.Request.Headers {
		switch strings.ToLower(h[0]) {
		case "host", "content-length":
		case "cookie":
			fmt.Fprintf(&b, " \\\n  -b %s", quote(h[1]))
		default:
			fmt.Fprintf(&b, " \\\n  -H %s", quote(h[0]+": "+h[1]))
		}
	}
	fmt.Fprintf(&b, " \\\n  --data-raw %s \\\n  --insecure\n", quote(string(e.Request.Body)))
	return b.String()
}

// asHAR writes a file with the request, a page and a form that is no call.
func asHAR(t testing.TB, exchanges ...vectors.Exchange) string {
	type pair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	entry := func(method, url string, headers []pair, body string) any {
		return map[string]any{"request": map[string]any{"method": method, "url": url, "headers": headers, "postData": map[string]string{"text": body}}}
	}
	const host = "http://127.0.0.1:4432"
	entries := []any{
		entry(http.MethodGet, host+"/", nil, ""),
		entry(http.MethodPost, host+"/login", []pair{{"Content-Type", "application/json"}}, "{}"),
	}
	for _, e := range exchanges {
		var headers []pair
		for _, h := range e.Request.Headers {
			headers = append(headers, pair{h[0], h[1]})
		}
		entries = append(entries, entry(e.Request.Method, host+e.Request.URL, headers, string(e.Request.Body)))
	}
	data, err := json.Marshal(map[string]any{"log": map[string]any{"entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestInspectReadsAllCallsOfAHARFile: one bad call among them decides the exit
// status.
func TestInspectReadsAllCallsOfAHARFile(t *testing.T) {
	good, evil := exchange(t, openBuild, "c_str"), exchange(t, openBuild, "g_origin_evil")
	typed(t, asHAR(t, good, evil), nil, "inspect").want(t, exitRefused, good.ActionID, evil.ActionID, "origin_not_allowed", "second")
	typed(t, asHAR(t, good, good), nil, "inspect").want(t, 0, "admit")
	typed(t, asHAR(t), nil, "inspect").want(t, 0, "no call of an action")
	cutShort := strings.Replace(asHAR(t, good), `"Content-Length","value":"`, `"Content-Length","value":"1`, 1)
	typed(t, cutShort, nil, "inspect").want(t, 0, "note", "browsers leave out files")
}

// TestInspectSaysWhatItCannotRead.
func TestInspectSaysWhatItCannotRead(t *testing.T) {
	for _, c := range []struct{ input, says string }{
		{"", "the input is empty"},
		{"hello", "no HTTP/1.1 request"},
		{"{}", "no POST request"},
		{"{\"log\": 7}", "no HAR file"},
		{"curl ^\"http://x/^\"", "copy it as cURL for bash"},
		{"curl 'http://x/", "not closed"},
		{"curl http://x/ --frobnicate yes", "unknown option"},
		{"curl http://x/ -d @/etc/passwd", "reads none"},
		{"curl http://x/ -F a=b", "makes a body"},
		{"curl http://x/; curl http://y/", "one by one"},
		{"curl http://x/ http://y/", "two addresses"},
		{"curl http://x/ -H", "ends behind"},
		{"curl 'http://[x/'", "address"},
	} {
		typed(t, c.input, nil, "inspect").want(t, 1, c.says)
	}
	typed(t, "", nil, "inspect", "/nowhere/at/all").want(t, 1, "/nowhere/at/all")
	typed(t, "POST /x HTTP/2\nHost: x\n\n", nil, "inspect").want(t, 0, "no call of an action")
}

// TestCurlIsSplitAsBashDoes, for every quoting that developer tools use.
func TestCurlIsSplitAsBashDoes(t *testing.T) {
	for _, c := range []struct{ command, word string }{
		{`a\ b`, "a b"},
		{`'a'"b"c`, "abc"},
		{`"a\"\$\\\x"`, `a"$\\x`},
		{`''`, ""},
		{`$'a\'b\\\r\n\t'`, "a'b\\\r\n\t"},
		{`$'\u0021\u00e9\U0001F600\x41\101\q'`, "!é😀AA\\q"},
		{`'it'\''s'`, "it's"},
		{`$'\xff\x0'`, "\xff\x00"},
	} {
		words, err := splitBash("curl \\\n  " + c.command + " \n")
		if err != nil || len(words) != 2 || words[1] != c.word {
			t.Errorf("%s became %q, %v, want %q", c.command, words, err, c.word)
		}
	}
}

// TestInspectKeepsTheTerminalClean: nothing of a request is a command to the
// terminal.
func TestInspectKeepsTheTerminalClean(t *testing.T) {
	id := strings.Repeat("7f", 21)
	body := `["\u001b[2J\u009b2J\u202e", {"\u001b]0;x\u0007": 1}]`
	raw := "POST /a%1b\u009b HTTP/1.1\r\nHost: x\r\nNext-Action: " + id + "\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\n" + body
	for _, args := range [][]string{{"inspect"}, {"inspect", "--origin", "y"}} {
		r := typed(t, raw, nil, args...)
		r.wantNone(t, "\x1b", "\u009b", "\u202e", "\a")
	}
	typed(t, raw, nil, "inspect").want(t, 0, `\x1b[2J`)
}
