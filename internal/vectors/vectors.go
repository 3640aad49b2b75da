// Package vectors holds recorded server-action traffic for tests.
//
// The recordings were made with real Chromium against real Next.js apps; see
// README.md for where they come from and what each field means. The data is
// embedded, so tests need neither a network nor a file outside the module.
// Only tests may import this package: it carries megabytes of data and the
// (worthless) keys of the recorded apps.
//
// [Traffic] returns every exchange. Request bodies are whole and byte for byte
// as recorded, transfer coding aside; [Request.Raw] gives the request as it
// goes over an HTTP/1.1 connection.
package vectors

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

//go:embed traffic
var files embed.FS

// An Exchange is one recorded request, a summary of the answer it got, and
// what the app behind it did.
type Exchange struct {
	// ID is unique in the corpus and begins with the build's name.
	ID string `json:"id"`
	// Build names the app the request went to, such as "next16-turbopack-k24".
	Build string `json:"-"`

	NextVersion string `json:"nextVersion"`
	Bundler     string `json:"bundler"`
	// Family is one letter: a simple arguments, b rich arguments, c hydrated
	// forms, d forms without JavaScript, e closures, f results, n navigating
	// results, w forwarded calls, g hand-made (mostly bad) requests,
	// h deployment skew.
	Family      string `json:"family"`
	Scenario    string `json:"scenario"`
	Description string `json:"description"`
	// JSEnabled tells whether the page ran JavaScript. It is false, too, for
	// family g, where no page sent the request.
	JSEnabled bool `json:"jsEnabled,omitempty"`

	// KeyName names the app's encryption key in [Keys].
	KeyName string `json:"keyName"`
	// ActionID is the called action, empty when the request names none.
	ActionID string `json:"actionId,omitempty"`
	// ActionIDVia is "header" or "field <name>", empty without ActionID.
	ActionIDVia string `json:"actionIdVia,omitempty"`
	// ExportedName is the action's name in the app's source, when known.
	ExportedName string `json:"exportedName,omitempty"`

	Request  Request  `json:"request"`
	Response Response `json:"response"`
	Expected Expected `json:"expected"`
}

// A Request is a recorded request. Headers keep wire order, case and repeats.
type Request struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Headers [][2]string `json:"headers"`
	// Body is the whole body, without transfer coding.
	Body []byte `json:"bodyBase64,omitempty"`
	// Recipe is set when the data file holds a recipe in place of a large
	// body. Traffic has expanded it into Body.
	Recipe *Recipe `json:"bodyRecipe,omitempty"`
}

// A Response is what is kept of the app's answer.
type Response struct {
	// Status is 0 when the connection ended without a complete answer.
	Status      int    `json:"status,omitempty"`
	ContentType string `json:"contentType,omitempty"`
	// NotFoundMarker tells whether the x-nextjs-action-not-found header came.
	NotFoundMarker bool `json:"notFoundMarker,omitempty"`
}

// Expected is what the app logged, as tagged JSON (README.md has the tags).
// It is kept raw because some of it is nested thousands of levels deep.
type Expected struct {
	// Invocations is an array with one element for each action that ran.
	Invocations json.RawMessage `json:"invocations"`
	// SealedInRequest is an array with one element for each sealed value found
	// in the request, with its plaintext.
	SealedInRequest json.RawMessage `json:"sealedInRequest"`
}

// Traffic returns all recorded exchanges, build by build in the order of
// recording. It fails when the corpus is empty, so that a test over it cannot
// pass by testing nothing.
func Traffic() ([]Exchange, error) {
	entries, err := files.ReadDir("traffic")
	if err != nil {
		return nil, err
	}
	var all []Exchange
	for _, entry := range entries {
		build, ok := strings.CutSuffix(entry.Name(), ".jsonl")
		if !ok {
			continue
		}
		exchanges, err := parseBuild(build)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		all = append(all, exchanges...)
	}
	if len(all) == 0 {
		return nil, errors.New("no recorded traffic is embedded")
	}
	return all, nil
}

// Seeds returns one exchange of each scenario whose body is not large: enough
// to start a fuzzer from, and not too much for each run of the tests. It fails
// as [Traffic] does.
func Seeds() ([]Exchange, error) {
	all, err := Traffic()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var seeds []Exchange
	for _, e := range all {
		if !seen[e.Scenario] && len(e.Request.Body) <= 8<<10 {
			seen[e.Scenario] = true
			seeds = append(seeds, e)
		}
	}
	return seeds, nil
}

// parseBuild reads one data file, one exchange a line.
func parseBuild(build string) ([]Exchange, error) {
	data, err := files.ReadFile(path.Join("traffic", build+".jsonl"))
	if err != nil {
		return nil, err
	}
	var exchanges []Exchange
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		e := Exchange{Build: build}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(exchanges)+1, err)
		}
		if e.Request.Recipe != nil {
			e.Request.Body = e.Request.Recipe.Expand()
		}
		exchanges = append(exchanges, e)
	}
	return exchanges, lines.Err()
}

// Ran reports whether the request made the app run at least one action.
func (e Exchange) Ran() bool {
	var invocations []json.RawMessage
	return json.Unmarshal(e.Expected.Invocations, &invocations) == nil && len(invocations) > 0
}

// Keys returns the recorded apps' encryption keys, base64 by name, as an app
// takes them from NEXT_SERVER_ACTIONS_ENCRYPTION_KEY.
func Keys() (map[string]string, error) {
	data, err := files.ReadFile("traffic/keys.json")
	if err != nil {
		return nil, err
	}
	var keys map[string]string
	if err := json.Unmarshal(data, &keys); err != nil {
		return nil, fmt.Errorf("keys.json: %w", err)
	}
	return keys, nil
}

// Manifests returns the server-reference-manifest.json files of the recorded
// apps by name, such as "next16-turbopack-open". The "-changed" one belongs to
// the second deployment of the skew recordings (family h).
func Manifests() (map[string][]byte, error) {
	entries, err := files.ReadDir("traffic/manifests")
	if err != nil {
		return nil, err
	}
	manifests := make(map[string][]byte, len(entries))
	for _, entry := range entries {
		data, err := files.ReadFile(path.Join("traffic/manifests", entry.Name()))
		if err != nil {
			return nil, err
		}
		manifests[strings.TrimSuffix(entry.Name(), ".json")] = data
	}
	return manifests, nil
}
