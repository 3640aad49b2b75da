//go:build e2e

// Package formparsers holds the gate against the form parsers of React
// backends: undici as in Node 18, 20 and 24, the running Node, and both
// busboys.
//
// A form without the action header is a call when a backend finds a field in
// it whose name starts with `$ACTION_`. Parsers forgive different mistakes, so
// the gate has to reckon with all of them: where any parser finds such a name,
// the gate must see a call or refuse. And where the gate reads the parts of a
// form, no parser may read others. The tests say so of hand-written tricks and
// of thousands of random changes to those and to recorded forms.
//
//	go test -tags e2e ./e2e/formparsers -cases 20000 -seed 7
package formparsers

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var (
	cases = flag.Int("cases", 3000, "how many random forms to try")
	seed  = flag.Uint64("seed", 1, "where the random numbers start")
)

const (
	// batch is how many forms go to Node at once.
	batch = 100
	// maxFailures ends a run that has shown enough.
	maxFailures = 20
)

// parserNames are the parsers that parse.mjs must answer for.
var parserNames = []string{"undici5", "undici6", "undici7", "node", "fastifyBusboy", "busboy"}

// hasAction reports whether React would take a form with these names for a call.
func hasAction(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "$ACTION_") })
}

// A tally counts what the parsers did, to tell a test that tests nothing.
type tally struct {
	forms, refused, needless int
	accepted, withAction     map[string]int
}

func newTally() *tally {
	return &tally{accepted: map[string]int{}, withAction: map[string]int{}}
}

// check adds one form to the tally and reports whether the property holds.
func (c *tally) check(t *testing.T, label string, f form, readings map[string]reading) bool {
	t.Helper()
	passes := verdict(t, f.contentType, f.body)
	same := checkNames(t, label, f, readings)
	c.forms++
	seen := ""
	for _, parser := range parserNames {
		r, ok := readings[parser]
		if !ok {
			t.Fatalf("parse.mjs says nothing about %s", parser)
		}
		if r.Error == "" {
			c.accepted[parser]++
		}
		if hasAction(r.Names) {
			c.withAction[parser]++
			seen = parser
		}
	}
	switch {
	case !passes:
		c.refused++
		if seen == "" {
			c.needless++
		}
	case seen != "":
		t.Errorf("%s: the gate passes a form in which %s sees %q\nContent-Type: %q\nbody: %q\nall: %+v",
			label, seen, readings[seen].Names, f.contentType, f.body, readings)
		return false
	}
	return same
}

// log writes the tally, and fails the test when a parser saw suspiciously
// little. The strictest, undici 6, finds an action in a tenth of the forms.
func (c *tally) log(t *testing.T) {
	t.Helper()
	t.Logf("%d forms; the gate called or refused %d, %d of them without a parser that saw an action", c.forms, c.refused, c.needless)
	for _, parser := range parserNames {
		t.Logf("%-14s accepted %5d, saw an action in %5d", parser, c.accepted[parser], c.withAction[parser])
		if c.withAction[parser] < c.forms/20 {
			t.Errorf("%s saw an action in only %d of %d forms: is it still working?", parser, c.withAction[parser], c.forms)
		}
	}
}

func TestTricks(t *testing.T) {
	n := startNode(t)
	c := newTally()
	list := tricks()
	forms := make([]form, len(list))
	for i, trick := range list {
		forms[i] = trick.form
	}
	all, err := n.parse(forms)
	if err != nil {
		t.Fatalf("after %d tricks: %v", len(all), err)
	}
	for i, trick := range list {
		c.check(t, trick.name, trick.form, all[i])
		for _, parser := range trick.seenBy {
			if !hasAction(all[i][parser].Names) {
				t.Errorf("%s: %s no longer sees an action: %+v", trick.name, parser, all[i][parser])
			}
		}
	}
	c.log(t)
}

func TestRandomForms(t *testing.T) {
	n := startNode(t)
	c := newTally()
	genuine := recordedForms(t)
	var tricky []form
	for _, trick := range tricks() {
		tricky = append(tricky, trick.form)
	}
	failures := 0
	for from := 0; from < *cases && failures < maxFailures; from += batch {
		forms := make([]form, min(batch, *cases-from))
		for i := range forms {
			// Each form has random numbers of its own: a failure comes again
			// with the same seed whatever the number of cases.
			forms[i] = mutated(rand.New(rand.NewPCG(*seed, uint64(from+i))), genuine, tricky)
		}
		all, err := n.parse(forms)
		if err != nil {
			t.Fatalf("seed %d, case %d: %v\nform: %+q", *seed, from+len(all), err, forms[min(len(all), len(forms)-1)].body)
		}
		for i, f := range forms {
			if !c.check(t, fmt.Sprintf("seed %d case %d", *seed, from+i), f, all[i]) {
				failures++
			}
		}
	}
	c.log(t)
}
