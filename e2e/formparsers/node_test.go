//go:build e2e

package formparsers

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"

	"github.com/actiongw/actiongw/e2e/program"
)

// batchTimeout bounds one batch, so that a parser caught in a loop ends the
// test and not the patience of who runs it.
const batchTimeout = time.Minute

// A form is one case for the parsers.
type form struct {
	contentType string
	body        []byte
	// chunk is how many bytes the streaming parsers get at a time; 0 is all.
	chunk int
}

// A reading is what one parser made of a form.
type reading struct {
	Names []string `json:"names"`
	Error string   `json:"error"`
}

// A node is a running parse.mjs.
type node struct {
	process *os.Process
	in      io.Writer
	out     *bufio.Reader
}

// startNode starts parse.mjs, installing the parsers first when they are missing.
func startNode(t *testing.T) *node {
	t.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		program.Run(t, ".", "npm", "ci", "--no-audit", "--no-fund")
	}
	cmd, in, out := program.Talk(t, "node", "parse.mjs")
	return &node{cmd.Process, in, out}
}

// parse returns for each form what each parser, by name, saw in it.
func (n *node) parse(forms []form) ([]map[string]reading, error) {
	timer := time.AfterFunc(batchTimeout, func() { n.process.Kill() })
	defer timer.Stop()
	written := make(chan error, 1)
	go func() { written <- n.write(forms) }()
	all := make([]map[string]reading, 0, len(forms))
	for range forms {
		line, err := n.out.ReadBytes('\n')
		if err != nil {
			return all, err
		}
		var readings map[string]reading
		if err := json.Unmarshal(line, &readings); err != nil {
			return all, err
		}
		all = append(all, readings)
	}
	return all, <-written
}

// write sends the forms, one a line.
func (n *node) write(forms []form) error {
	lines := json.NewEncoder(n.in)
	for _, f := range forms {
		// A header value is a string of bytes in Go and of code points below
		// 256 in JavaScript.
		header := make([]rune, len(f.contentType))
		for i := range len(f.contentType) {
			header[i] = rune(f.contentType[i])
		}
		err := lines.Encode(map[string]any{"contentType": string(header), "body": f.body, "chunk": max(f.chunk, 0)})
		if err != nil {
			return err
		}
	}
	return nil
}
