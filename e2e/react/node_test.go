//go:build e2e

package react

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// batch is how many lines go to Node at once; batchTimeout ends one that a
// decoder is caught in a loop with.
const (
	batch        = 100
	batchTimeout = 2 * time.Minute
)

// A body is what goes over the network.
type body struct {
	ContentType string `json:"contentType"`
	Body        []byte `json:"body"`
}

// A sending is what a client makes of one random value.
type sending struct {
	body
	Seed uint64
	// Meant is the value itself, as tagged JSON.
	Meant string
	// Positions are the names of opaque values in Meant, by where the client
	// will look for them, as JSON.
	Positions map[string]string
	Features  []string
	Unsent    string
	Failure   string
}

// A reading is what a decoder makes of a body.
type reading struct {
	Value string
	Error string
}

// Readings are those of both ways in which React's decoder can be used; a text
// is not streamed.
type readings struct {
	Streaming *reading
	Whole     reading
	Failure   string
}

// A node is a running codec.mjs.
type node struct {
	version string
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// nodeMemory is how many MiB a decoder may fill before it counts as caught in a
// loop; no value needs one.
const nodeMemory = "128"

// install installs the packages once. package.json names exact versions, and
// there is no lock file: npm does not install from one that lacks the optional
// packages of Next.js, and writes none that has them.
var install = sync.OnceValues(func() ([]byte, error) {
	if _, err := os.Stat("node_modules"); err == nil {
		return nil, nil
	}
	return exec.Command("npm", "install", "--no-package-lock", "--no-audit", "--no-fund").CombinedOutput()
})

// startNode starts codec.mjs for one version, installing React first when it
// is missing.
func startNode(t *testing.T, version string) *node {
	t.Helper()
	if out, err := install(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	n := &node{version: version}
	n.start(t)
	t.Cleanup(func() {
		if err := n.stop(); err != nil && !t.Failed() {
			t.Errorf("codec.mjs: %v", err)
		}
	})
	return n
}

func (n *node) start(t *testing.T) {
	t.Helper()
	n.process = exec.Command("node", "--max-old-space-size="+nodeMemory, "codec.mjs", n.version)
	in, err := n.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := n.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.process.Start(); err != nil {
		t.Fatal(err)
	}
	n.in, n.out = in, bufio.NewReaderSize(out, 1<<20)
}

func (n *node) stop() error {
	n.in.Close()
	return n.process.Wait()
}

// outOfMemory is what becomes of a value that codec.mjs does not survive.
const outOfMemory = "out of memory"

// send returns what the client makes of n values from a seed on.
func (n *node) send(t *testing.T, first uint64, count int) []sending {
	t.Helper()
	requests := make([]any, count)
	for i := range requests {
		requests[i] = map[string]uint64{"seed": first + uint64(i)}
	}
	sent := ask(t, n, requests, sending{Unsent: outOfMemory})
	for i := range sent {
		sent[i].Seed = first + uint64(i)
		if sent[i].Failure != "" {
			t.Fatalf("seed %d: %s", sent[i].Seed, sent[i].Failure)
		}
	}
	return sent
}

// read returns what React's decoders make of bodies.
func (n *node) read(t *testing.T, bodies []body) []readings {
	t.Helper()
	requests := make([]any, len(bodies))
	for i := range bodies {
		requests[i] = bodies[i]
	}
	lost := reading{Error: outOfMemory}
	read := ask(t, n, requests, readings{Streaming: &lost, Whole: lost})
	for i := range read {
		if read[i].Failure != "" {
			t.Fatalf("%q: %s", bodies[i].Body, read[i].Failure)
		}
	}
	return read
}

// ask writes requests, batch by batch, and returns as many answers. A request
// that codec.mjs does not survive has the answer lost, and takes no other with
// it.
func ask[T any](t *testing.T, n *node, requests []any, lost T) []T {
	t.Helper()
	answers := make([]T, len(requests))
	for at := 0; at < len(requests); {
		to := min(at+batch, len(requests))
		answered, err := askBatch(n, requests[at:to], answers[at:to])
		if at += answered; err == nil {
			continue
		}
		t.Logf("%v", err)
		answers[at] = lost
		at++
		n.stop()
		n.start(t)
	}
	return answers
}

// askBatch returns how many answers have come.
func askBatch[T any](n *node, requests []any, answers []T) (int, error) {
	timer := time.AfterFunc(batchTimeout, func() { n.process.Process.Kill() })
	defer timer.Stop()
	written := make(chan struct{})
	go func() {
		defer close(written)
		w := json.NewEncoder(n.in)
		for _, r := range requests {
			if w.Encode(r) != nil {
				return // what it answers to the rest tells
			}
		}
	}()
	for i := range answers {
		line, err := n.out.ReadBytes('\n')
		if err != nil {
			n.in.Close() // or the writer would wait for a reader
			<-written
			return i, fmt.Errorf("codec.mjs gave no answer: %w", err)
		}
		if err := json.Unmarshal(line, &answers[i]); err != nil {
			return i, fmt.Errorf("codec.mjs said %.200q: %w", line, err)
		}
	}
	<-written
	return len(answers), nil
}
