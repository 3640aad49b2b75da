package vectors

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// traffic returns the corpus or ends the test.
func traffic(t *testing.T) []Exchange {
	t.Helper()
	all, err := Traffic()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTrafficIsComplete(t *testing.T) {
	want := map[string]int{
		"a": 167, "b": 175, "c": 136, "d": 146, "e": 290,
		"f": 110, "g": 337, "h": 27, "n": 37, "w": 7,
	}
	got := map[string]int{}
	builds, ids := map[string]bool{}, map[string]bool{}
	for _, e := range traffic(t) {
		got[e.Family]++
		builds[e.Build] = true
		if ids[e.ID] {
			t.Errorf("id %s is there twice", e.ID)
		}
		ids[e.ID] = true
		if !strings.HasPrefix(e.ID, e.Build) {
			t.Errorf("id %s in the file of build %s", e.ID, e.Build)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("exchanges per family: got %v, want %v", got, want)
	}
	if len(builds) != 18 {
		t.Errorf("got %d builds, want 18", len(builds))
	}
}

func TestGenuineRequestsHaveBodies(t *testing.T) {
	for _, e := range traffic(t) {
		if e.Family == "g" {
			continue
		}
		if e.Request.Method != "POST" || len(e.Request.Body) == 0 {
			t.Errorf("%s: %s with %d bytes of body", e.ID, e.Request.Method, len(e.Request.Body))
		}
		if e.ActionID == "" {
			t.Errorf("%s: no action id", e.ID)
		}
	}
}

func TestRebuiltBodiesAreTheRecordedOnes(t *testing.T) {
	rebuilt := 0
	for _, e := range traffic(t) {
		recipe := e.Request.Recipe
		if recipe == nil {
			continue
		}
		rebuilt++
		sum := sha256.Sum256(e.Request.Body)
		if len(e.Request.Body) != recipe.Total || hex.EncodeToString(sum[:]) != recipe.SHA256 {
			t.Errorf("%s: %d bytes with hash %x, want %d with %s", e.ID, len(e.Request.Body), sum, recipe.Total, recipe.SHA256)
		}
	}
	if rebuilt != 20 {
		t.Errorf("got %d rebuilt bodies, want 20", rebuilt)
	}
}

// TestRawIsReadableHTTP gives every raw request to Go's own parser. The only
// one that it must fail on is the recording of a Content-Length that lies.
func TestRawIsReadableHTTP(t *testing.T) {
	for _, e := range traffic(t) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(e.Request.Raw())))
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
			continue
		}
		body, err := io.ReadAll(r.Body)
		if (err != nil) != (e.Scenario == "g_size_lenlie") {
			t.Errorf("%s: reading the body: %v", e.ID, err)
		}
		if !bytes.Equal(body, e.Request.Body) || r.RequestURI != e.Request.URL || r.Method != e.Request.Method {
			t.Errorf("%s: reads back as %s %s with %d bytes of body", e.ID, r.Method, r.RequestURI, len(body))
		}
	}
}

func TestRawKeepsHeaderLines(t *testing.T) {
	r := Request{
		Method: "POST", URL: "/p?q",
		Headers: [][2]string{{"Host", "a"}, {"next-action", "1"}, {"Next-Action", "2"}, {"Transfer-Encoding", "chunked"}},
		Body:    bytes.Repeat([]byte("x"), chunkSize+1),
	}
	want := "POST /p?q HTTP/1.1\r\nHost: a\r\nnext-action: 1\r\nNext-Action: 2\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"4000\r\n" + strings.Repeat("x", chunkSize) + "\r\n1\r\nx\r\n0\r\n\r\n"
	if got := string(r.Raw()); got != want {
		t.Errorf("got %.200q… (%d bytes), want %.200q… (%d bytes)", got, len(got), want, len(want))
	}
}

func TestRanAgreesWithTheAnswer(t *testing.T) {
	ran := 0
	for _, e := range traffic(t) {
		if !json.Valid(e.Expected.Invocations) || !json.Valid(e.Expected.SealedInRequest) {
			t.Errorf("%s: expectation is not JSON", e.ID)
		}
		if !e.Ran() {
			continue
		}
		ran++
		if e.Response.NotFoundMarker {
			t.Errorf("%s: ran, and was answered as unknown", e.ID)
		}
	}
	if ran < 1000 {
		t.Errorf("only %d exchanges ran an action", ran)
	}
}

func TestEveryExchangeHasItsKey(t *testing.T) {
	keys, err := Keys()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range traffic(t) {
		key, err := base64.StdEncoding.DecodeString(keys[e.KeyName])
		if err != nil || (len(key) != 16 && len(key) != 24 && len(key) != 32) {
			t.Fatalf("%s: key %q has %d bytes, error %v", e.ID, e.KeyName, len(key), err)
		}
	}
}

func TestManifestsAreJSON(t *testing.T) {
	manifests, err := Manifests()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifests) != 6 {
		t.Errorf("got %d manifests, want 6", len(manifests))
	}
	for name, data := range manifests {
		if !json.Valid(data) {
			t.Errorf("%s is not JSON", name)
		}
	}
}
