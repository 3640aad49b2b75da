// Gen turns a folder of recorded traffic into the data files of package vectors.
//
// Usage, from the root of the module:
//
//	go run ./internal/vectors/gen <recording folder>
//
// The recording folder has one folder for each build with one JSON file for
// each exchange, a keys.json, and a folder manifests. What the tests do not
// need is dropped. Large bodies, of which the recording kept only the
// beginning, are rebuilt and must have the recorded hash.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/actiongw/actiongw/internal/vectors"
)

// target is where the data files go, seen from the root of the module.
const target = "internal/vectors/traffic"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./internal/vectors/gen <recording folder>")
	}
	if err := generate(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// generate writes all data files anew.
func generate(source string) error {
	if _, err := os.Stat(target); err != nil {
		return fmt.Errorf("run from the root of the module: %w", err)
	}
	if err := copyFile(filepath.Join(source, "keys.json"), filepath.Join(target, "keys.json")); err != nil {
		return err
	}
	manifests, err := filepath.Glob(filepath.Join(source, "manifests", "*.json"))
	if err != nil {
		return err
	}
	for _, name := range manifests {
		if err := copyFile(name, filepath.Join(target, "manifests", filepath.Base(name))); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	total := 0
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == "manifests" {
			continue
		}
		n, err := writeBuild(filepath.Join(source, entry.Name()), filepath.Join(target, entry.Name()+".jsonl"))
		if err != nil {
			return err
		}
		total += n
	}
	fmt.Printf("%d exchanges, %d manifests\n", total, len(manifests))
	return nil
}

// copyFile copies a small file, making the folder it goes to.
func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// writeBuild writes the exchanges of one build, one a line, and returns how
// many there are.
func writeBuild(folder, to string) (int, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return 0, err
	}
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	n := 0
	for _, name := range names {
		exchange, err := readExchange(name)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		if exchange == nil {
			continue
		}
		if err := lines.Encode(exchange); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		n++
	}
	return n, os.WriteFile(to, out.Bytes(), 0o644)
}

// A recording is one recorded exchange as it lies in the recording folder. It
// names its fields as the data files do, request and response aside.
type recording struct {
	vectors.Exchange
	Request  *recordedRequest  `json:"request"`
	Response *recordedResponse `json:"response"`
}

type recordedRequest struct {
	vectors.Request
	// What follows is set in place of the body when that was cut.
	BodyTrimmed bool   `json:"bodyTrimmed"`
	BodyLength  int    `json:"bodyLength"`
	BodySHA256  string `json:"bodySha256"`
	BodyHead    []byte `json:"bodyHeadBase64"`
	PartOrder   []part `json:"partOrder"`
	// BodyRecipe is a sentence for people. It hides the field of the same
	// name in vectors.Request.
	BodyRecipe string `json:"bodyRecipe"`
}

// A part is one part of a multipart body in the order sent.
type part struct {
	Name        string  `json:"name"`
	Filename    *string `json:"filename"`
	ContentType string  `json:"contentType"`
	Length      int     `json:"length"`
}

type recordedResponse struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers"`
}

// readExchange reads one recorded exchange. Files without a request are notes
// about a whole scenario; it returns nil for them.
func readExchange(name string) (*vectors.Exchange, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var r recording
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	if r.Request == nil {
		return nil, nil
	}
	e := r.Exchange
	e.Request = r.Request.Request
	if r.Request.BodyTrimmed {
		if e.Request.Recipe, err = rebuild(r.Request); err != nil {
			return nil, err
		}
	}
	if r.Response != nil {
		e.Response = summary(r.Response)
	}
	return &e, nil
}

// summary keeps of an answer what the tests need.
func summary(r *recordedResponse) vectors.Response {
	s := vectors.Response{Status: r.Status}
	for _, h := range r.Headers {
		switch strings.ToLower(h[0]) {
		case "content-type":
			s.ContentType = h[1]
		case "x-nextjs-action-not-found":
			s.NotFoundMarker = true
		}
	}
	return s
}
