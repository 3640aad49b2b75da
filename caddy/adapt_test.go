package caddy

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

var update = flag.Bool("update", false, "write the JSON of the golden files anew")

// TestAdapt holds each Caddyfile of testdata/adapt against the JSON, or the
// error, below its line of hyphens.
func TestAdapt(t *testing.T) {
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		config, want, ok := strings.Cut(string(text), "----------\n")
		if !ok {
			t.Fatalf("%s: no line of hyphens", file)
		}
		got, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), nil)
		if strings.HasPrefix(filepath.Base(file), "error_") {
			if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) || strings.TrimSpace(want) == "" {
				t.Errorf("%s: %v, want %s", file, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, got, "", "\t"); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(file, []byte(config+"----------\n"+pretty.String()+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if pretty.String() != strings.TrimSpace(want) {
			t.Errorf("%s: got\n%s", file, pretty.String())
		}
	}
}
