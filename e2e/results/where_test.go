//go:build e2e

package results

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/jsoncall"
)

// TestPathsStayOnTheSite: of random locations made of what has a meaning in
// URLs, those that begin like a path and pass lead to the page's own site, in
// the eyes of a browser's URL parser; those that name a site lead there.
func TestPathsStayOnTheSite(t *testing.T) {
	const page, own, other = "https://shop.example/cart?x=1", "https://shop.example", "https://evil.example"
	parts := []string{
		"/", "/", "/", `\`, ".", "..", "%2e", "%2E", "%2f", "%5c", "?", "#", ";", ":", "@", "[", "]", "\t", "\n", "\r", " ", "\x00", "\u3002", "é", "＠", "／",
		"evil.example", "shop.example", "https:", "http:", "javascript:", "a", "1",
	}
	random := rand.New(rand.NewPCG(3, 4))
	var locations []string
	var in bytes.Buffer
	lines := json.NewEncoder(&in)
	for len(locations) < 20_000 {
		location := []string{"/", "/", "https://evil.example", ""}[random.IntN(4)]
		for range random.IntN(7) {
			location += parts[random.IntN(len(parts))]
		}
		head := jsoncall.ReadHead(303, map[string][]string{"Location": {location}})
		if head.Outcome != jsoncall.Redirected {
			continue
		}
		locations = append(locations, head.Location)
		if err := lines.Encode([]string{page, head.Location}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("node", "where.mjs")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(bytes.NewReader(out))
	elsewhere := 0
	for _, location := range locations {
		var at [2]string
		if err := answers.Decode(&at); err != nil {
			t.Fatal(err)
		}
		if at[0] == "" {
			continue // refused by the parser, too
		}
		want := own
		if strings.HasPrefix(location, "http") {
			want, elsewhere = at[0], elsewhere+1
			if named := strings.HasPrefix(location, other); named && !strings.HasPrefix(at[0], other) {
				t.Errorf("%q leads to %s", location, at[0])
			}
		}
		if at[0] != want || at[1] != own {
			t.Errorf("%q leads to %q, and without its origin to %q", location, at[0], at[1])
		}
	}
	if elsewhere == 0 || elsewhere == len(locations) {
		t.Errorf("%d of %d locations name a site", elsewhere, len(locations))
	}
}
