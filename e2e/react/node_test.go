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
	process *os.Process
	in      io.Writer
	out     *bufio.Reader
}

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
	cmd := exec.Command("node", "codec.mjs", version)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("codec.mjs: %v", err)
		}
	})
	return &node{cmd.Process, in, bufio.NewReaderSize(out, 1<<20)}
}

// send returns what the client makes of n values from a seed on.
func (n *node) send(t *testing.T, first uint64, count int) []sending {
	t.Helper()
	requests := make([]any, count)
	for i := range requests {
		requests[i] = map[string]uint64{"seed": first + uint64(i)}
	}
	sent := make([]sending, count)
	ask(t, n, requests, sent)
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
	read := make([]readings, len(bodies))
	ask(t, n, requests, read)
	for i := range read {
		if read[i].Failure != "" {
			t.Fatalf("%q: %s", bodies[i].Body, read[i].Failure)
		}
	}
	return read
}

// ask writes requests and reads as many answers, batch by batch.
func ask[T any](t *testing.T, n *node, requests []any, answers []T) {
	t.Helper()
	for from := 0; from < len(requests); from += batch {
		to := min(from+batch, len(requests))
		if err := askBatch(n, requests[from:to], answers[from:to]); err != nil {
			t.Fatal(err)
		}
	}
}

func askBatch[T any](n *node, requests []any, answers []T) error {
	timer := time.AfterFunc(batchTimeout, func() { n.process.Kill() })
	defer timer.Stop()
	written := make(chan error, 1)
	go func() {
		w := json.NewEncoder(n.in)
		for _, r := range requests {
			if err := w.Encode(r); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for i := range answers {
		line, err := n.out.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("codec.mjs gave no answer: %w", err)
		}
		if err := json.Unmarshal(line, &answers[i]); err != nil {
			return fmt.Errorf("codec.mjs said %.200q: %w", line, err)
		}
	}
	return <-written
}
