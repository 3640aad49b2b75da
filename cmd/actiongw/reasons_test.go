package main

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/vectors"
)

// TestReasonsHoldTogether keeps the four sides of every reason together: the
// list with its status, the section of the docs, the vectors that the real
// binary refuses for it, and the metric.
func TestReasonsHoldTogether(t *testing.T) {
	refusals, err := vectors.Refusals()
	if err != nil {
		t.Fatal(err)
	}
	up := startUpstream(t)
	gates := refusalGates{up: up, gates: map[string]*gate{}, admin: map[*gate]string{}}
	vectored := map[string]bool{}
	for _, r := range refusals {
		vectored[r.Expect] = true
		g := gates.gate(t, r)
		got := g.sendRefusal(t, r, gates.admin[g])
		if got.status == 0 {
			t.Errorf("%s: no answer", r.Name)
			continue
		}
		line := g.refusal(t, got)
		if line["reason"] != r.Expect || got.status != reject.Reason(r.Expect).Status() {
			t.Errorf("%s: refused as %v with %d, want %s with %d", r.Name, line["reason"], got.status, r.Expect, reject.Reason(r.Expect).Status())
		}
		if seen := up.take(); len(seen) != 0 {
			t.Errorf("%s: the backend saw it", r.Name)
		}
		if !strings.HasPrefix(r.Name, r.Expect) {
			t.Errorf("%s: the file's name does not start with %s", r.Name, r.Expect)
		}
	}

	headings := docHeadings(t)
	metrics := scrape(t, gates.admin[gates.gate(t, vectors.Refusal{})])
	for i, reason := range reject.All() {
		word := string(reason)
		if !vectored[word] {
			t.Errorf("%s has no vector in internal/vectors/refusals", word)
		}
		if i >= len(headings) || headings[i] != word {
			t.Errorf("docs/reject-reasons.md has no section %s at place %d", word, i+1)
		}
		for _, kind := range []string{"fetch", "form", "none"} {
			if !strings.Contains(metrics, `{kind="`+kind+`",reason="`+word+`",verdict="refuse"}`) {
				t.Errorf("%s has no metric of kind %s from the start", word, kind)
			}
		}
		delete(vectored, word)
	}
	if len(headings) != len(reject.All()) || len(vectored) != 0 {
		t.Errorf("%d sections for %d reasons; vectors for unknown words: %v", len(headings), len(reject.All()), vectored)
	}
}

// docHeadings are the second-level headings of the docs that are single words.
func docHeadings(t *testing.T) []string {
	text, err := os.ReadFile("../../docs/reject-reasons.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for line := range strings.Lines(string(text)) {
		if word, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok && !strings.Contains(word, " ") {
			words = append(words, strings.Trim(word, "`"))
		}
	}
	return words
}

// refusalGates starts a gate for each set of options, once.
type refusalGates struct {
	up    *upstream
	gates map[string]*gate
	admin map[*gate]string
}

func (s refusalGates) gate(t *testing.T, r vectors.Refusal) *gate {
	t.Helper()
	options, global := strings.Join(r.Options, "\n"), strings.Join(r.Global, "\n")
	g := s.gates[options+global]
	if g == nil {
		admin := unusedAddress(t)
		g = startGate(t, "admin "+admin+"\n"+global, "actiongw {\n"+options+"\n}\n"+s.up.proxy())
		s.gates[options+global], s.admin[g] = g, admin
	}
	return g
}

// sendRefusal sends the request, and before it those that must stand beside.
func (g *gate) sendRefusal(t *testing.T, r vectors.Refusal, admin string) answer {
	t.Helper()
	for range r.Beside {
		conn, err := net.Dial("tcp", g.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.Write(r.Raw)
	}
	for deadline := time.Now().Add(patience); r.Memory != "" && !strings.Contains(scrape(t, admin), "actiongw_memory_bytes "+r.Memory+"\n"); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: the gate does not hold %s bytes", r.Name, r.Memory)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return send(t, g.address, r.Raw, r.HalfClose)
}
