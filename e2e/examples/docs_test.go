//go:build e2e

package examples_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/e2e/program"
)

// TestTheFirstActionOfTheDocs runs the programs of docs/any-backend.md, and
// calls their action as the page says.
func TestTheFirstActionOfTheDocs(t *testing.T) {
	gates := newGates(t)
	program.Run(t, examples+"/node", "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	modules, err := filepath.Abs(examples + "/node/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		language, file string
		build, command []string
	}{
		{"python", "app.py", nil, []string{"/usr/bin/python3", "app.py"}},
		{"js", "app.mjs", nil, []string{"node", "app.mjs"}},
		{"go", "main.go", []string{"go", "build", "-o", "app", "main.go"}, []string{"./app"}},
	} {
		t.Run(tc.language, func(t *testing.T) {
			gate, backend := gates.reserve(t), freePort(t)
			dir := t.TempDir()
			if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, tc.file), strings.ReplaceAll(block(t, tc.language), "3000", strconv.Itoa(backend)))
			caddyfile := strings.NewReplacer("8080", strconv.Itoa(gate.port), "3000", strconv.Itoa(backend)).Replace(block(t, "caddyfile"))
			write(t, filepath.Join(dir, "Caddyfile"), "{\n\tadmin off\n}\n"+caddyfile)
			if tc.build != nil {
				program.Run(t, dir, tc.build[0], tc.build[1:]...)
			}
			start(t, dir, tc.command, backend)
			start(t, dir, []string{gate.binary, "run"}, gate.port, "HOME="+t.TempDir())

			site := "http://" + gate.site() + "/"
			if got, want := fetchAction(t, site), "0:{\"guests\":1}\n"; got != want {
				t.Errorf("React's client gets %q, want %q", got, want)
			}
			if got, want := postForm(t, site), "<p>2 guests</p>"; !strings.HasPrefix(got, want) {
				t.Errorf("after the form the page is %q, want %q", got, want)
			}
		})
	}
}

// block is the first program in a language under the heading of the first action.
func block(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/any-backend.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## A first action\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, program, ok := strings.Cut(section, "\n```"+language+"\n")
	if !ok {
		t.Fatalf("docs/any-backend.md has no first action in %s", language)
	}
	program, _, _ = strings.Cut(program, "```\n")
	return program
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fetchAction calls the action as React's client would.
func fetchAction(t *testing.T, site string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, site, strings.NewReader(`[{"guest":["Ada"]}]`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Rsc-Action", "sign")
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	return body(t, r)
}

// postForm posts the form of the page and follows the redirect, as a browser
// without JavaScript does.
func postForm(t *testing.T, site string) string {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, field := range [][2]string{{"$ACTION_ID_sign", ""}, {"guest", "Grace"}} {
		if err := w.WriteField(field[0], field[1]); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	r, err := http.NewRequest(http.MethodPost, site, &form)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", w.FormDataContentType())
	return body(t, r)
}

func body(t *testing.T, r *http.Request) string {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(fmt.Errorf("status %d, %w: %s", answer.StatusCode, err, text))
	}
	return string(text)
}
