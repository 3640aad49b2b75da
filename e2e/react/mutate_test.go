//go:build e2e

package react

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/vectors"
)

// tokens are pieces of replies.
var tokens = []string{
	`"$0"`, `"$1"`, `"$2"`, `"$0:0"`, `"$0:1"`, `"$1:0"`, `"$0:0:a"`, `"$@1"`, `"$@2"`, `"$K1"`, `"$K2"`, `"$Q1"`, `"$W1"`, `"$W2"`, `"$i1"`, `"$B1"`, `"$h1"`, `"$R1"`,
	`"$X1"`, `"$x1"`, `"$T"`, `"$n1"`, `"$undefined"`, `"$NaN"`, `"$-0"`, `"$D2024-01-01T00:00:00.000Z"`, "null", "true", "0", `""`, "[]", "{}", `{"a":1}`, `{"__proto__":1}`,
	`{"then":"$@1"}`, "1", "2", "3", "a", "S", "_", ":", ",", "$", "C", "-", " ", "\\", "\"", "[", "]", "{", "}", `"a":`, `"constructor":`, `"then":`, "W", "K", "Q", "\x00", "\xff",
}

// mutated returns a body with one or two random changes.
func mutated(r *rand.Rand, b body, o reply.Options) body {
	if _, entries, _ := parse(b, o); entries != nil && r.IntN(4) > 0 {
		entries = slices.Clone(entries)
		for range 1 + r.IntN(2) {
			entries = changeParts(r, entries)
		}
		return form(entries)
	}
	b.Body = changeText(r, b.Body)
	return b
}

// changeParts changes the list of parts, or one of them.
func changeParts(r *rand.Rand, entries []formdata.Entry) []formdata.Entry {
	if len(entries) == 0 {
		return entries
	}
	i, j := r.IntN(len(entries)), r.IntN(len(entries))
	switch r.IntN(8) {
	case 0:
		entries[i], entries[j] = entries[j], entries[i]
	case 1:
		entries = slices.Delete(entries, i, i+1)
	case 2:
		entries = slices.Insert(entries, j, entries[i])
	case 3:
		entries[i].Name = string(changeText(r, []byte(entries[i].Name)))
	case 4:
		entries[i].Value, entries[j].Value = entries[j].Value, entries[i].Value
	default:
		entries[i].Value = changeText(r, entries[i].Value)
	}
	return entries
}

// changeText puts in, takes out or replaces a piece, often a whole token.
func changeText(r *rand.Rand, text []byte) []byte {
	text = slices.Clone(text)
	at := r.IntN(len(text) + 1)
	switch r.IntN(6) {
	case 0:
		return slices.Insert(text, at, []byte(tokens[r.IntN(len(tokens))])...)
	case 1:
		return slices.Delete(text, at, min(len(text), at+1+r.IntN(4)))
	case 2:
		if at < len(text) {
			text[at] = "0123456789abc:$\"KQWi"[r.IntN(20)]
		}
		return text
	}
	// A value for another one: from a delimiter to the next.
	from := bytes.LastIndexAny(text[:at], ",[:{") + 1
	to := bytes.IndexAny(text[from:], ",]}")
	if to < 0 {
		return text
	}
	return slices.Replace(text, from, from+to, []byte(tokens[r.IntN(len(tokens))])...)
}

// TestMutations changes what clients send. What is still accepted must mean to
// React's decoder what it means to us, and no body may cost out of proportion.
func TestMutations(t *testing.T) {
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			n := startNode(t, v.name)
			sent := slices.DeleteFunc(n.send(t, *seed*1_000_000+500_000, 300), func(s sending) bool {
				return s.Unsent != "" || len(s.Body) > 4000
			})
			r := rand.New(rand.NewPCG(*seed, 7))
			c := newTally(v.wire)
			for tried := 0; tried < *mutations && c.failures <= maxFailures; tried += batch {
				var calls []*call
				for range min(batch, *mutations-tried) {
					s := sent[r.IntN(len(sent))]
					s.body = mutated(r, s.body, options(v.wire))
					calls = append(calls, &call{sending: s})
				}
				c.mutants(t, n, calls)
			}
			t.Logf("%d mutants accepted of %d; React's defects: %v", c.sent, *mutations, c.defects)
			t.Logf("the dearest took %d bytes for each of its own, and %v of CPU", c.dearest.perByte, c.dearest.cpu)
			if c.failures == 0 && c.sent < *mutations/50 {
				t.Errorf("only %d mutants of %d were accepted", c.sent, *mutations)
			}
		})
	}
}

// mutants takes some changed bodies through the gate and, when it accepts them,
// through React.
func (c *tally) mutants(t *testing.T, n *node, calls []*call) {
	var bodies []body
	calls = slices.DeleteFunc(calls, func(k *call) bool {
		var r *reply.Reply
		var refusal *reject.Error
		c.spend(t, k, func() { r, _, refusal = parse(k.body, options(c.wire)) })
		if (r == nil) != (refusal != nil) {
			c.fail(t, k, "a reply %v with a refusal %v", r, refusal)
		}
		if r == nil {
			return true
		}
		c.sent++
		k.reply = r
		var err error
		if k.tagged, err = vectors.Tagged(r.Root); err == nil {
			c.spend(t, k, func() { k.again, err = written(r) })
		}
		if err != nil {
			c.fail(t, k, "%v", err)
			return true
		}
		first := k.body
		if r.Reencode {
			first = k.again
		}
		bodies = append(bodies, first, k.again)
		return false
	})
	read := n.read(t, bodies)
	for i, k := range calls {
		k.first, k.final = read[2*i], read[2*i+1]
		c.compare(t, k)
	}
}

// A cost is the most that reading a body, or writing it again, took.
type cost struct {
	perByte uint64 // memory, for each byte of the body
	cpu     time.Duration
}

const (
	// maxPerByte counts the work by the memory that it takes: every step of the
	// parser and of the writer makes something, a value, a mention or a byte.
	maxPerByte = 100
	// maxCPU is hundreds of times what the dearest body takes: no measure, but an
	// end to what is no longer linear.
	maxCPU = 2 * time.Second
)

// spend runs what the gate does with a body, and fails when that is out of
// proportion. Bodies of less than a kilobyte count as one.
func (c *tally) spend(t *testing.T, k *call, work func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := processTime()
	work()
	cpu := processTime() - start
	runtime.ReadMemStats(&after)
	perByte := (after.TotalAlloc - before.TotalAlloc) / max(1024, uint64(len(k.Body)))
	c.dearest.perByte, c.dearest.cpu = max(c.dearest.perByte, perByte), max(c.dearest.cpu, cpu)
	if perByte > maxPerByte || cpu > maxCPU {
		c.fail(t, k, "%d bytes for each byte and %v", perByte, cpu)
	}
}

// processTime is the CPU time that this process has taken.
func processTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
