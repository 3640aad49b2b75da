//go:build e2e

// Package react holds the reader and the writer of replies against React
// itself: its published releases and the builds that Next.js carries.
//
// Random values go through React's own encoder. What it writes must be
// accepted, must be read as what the client meant and as what React's decoder
// reads, and must mean the same to React's decoder when it was written again.
// Random changes to such replies must be refused or mean the same to both, and
// must not cost more than their size. Where React's decoder has a defect that
// nothing repairs, it is expected there and nowhere else: see defects_test.go.
//
// CI takes a sample. The whole of it, ten minutes on two cores:
//
//	go test -tags e2e -timeout 1h ./e2e/react -values 20000 -mutations 100000 -v
//
// One version and other numbers:
//
//	go test -tags e2e ./e2e/react -run '/react-19.3.1' -values 20000 -seed 7
package react

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"mime"
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/vectors"
)

var (
	values    = flag.Int("values", 300, "how many random values to send with each version")
	mutations = flag.Int("mutations", 2000, "how many random changes to try with each version")
	seed      = flag.Uint64("seed", 1, "where the random numbers start")
	first     = flag.Int("first", 0, "how many values to leave out, to see one again")
)

// maxFailures ends a run that has shown enough.
const maxFailures = 10

// versions are those that codec.mjs knows, and the column of each.
var versions = []struct {
	name string
	wire reply.Wire
}{
	{"react-19.3.1", reply.Current},
	{"react-19.2.9", reply.Current},
	{"react-19.2.8", reply.React1926},
	{"react-19.2.5", reply.React192},
	{"react-19.2.1", reply.React190},
	{"next-16.4.6", reply.Current},
	{"next-15.5.29", reply.Current},
	{"next-14.2.35", reply.Next14},
}

func options(wire reply.Wire) reply.Options {
	o := reply.Options{Wire: wire, Limits: reply.DefaultLimits()}
	o.NoTemporary = wire == reply.Next14
	return o
}

// parse reads a body as the gate does. The entries are nil for a text.
func parse(b body, o reply.Options) (*reply.Reply, []formdata.Entry, *reject.Error) {
	mediaType, params, err := mime.ParseMediaType(b.ContentType)
	if err != nil || !strings.HasPrefix(mediaType, "multipart/") {
		r, refusal := reply.ParseText(b.Body, o)
		return r, nil, refusal
	}
	entries, refusal := formdata.Parse(nil, b.Body, params["boundary"], formdata.DefaultLimits())
	if refusal != nil {
		return nil, nil, refusal
	}
	r, refusal := reply.ParseForm(entries, o)
	return r, entries, refusal
}

const boundary = "----actiongw-0123456789abcdef"

// written is a reply as it is written again.
func written(r *reply.Reply) (body, error) {
	entries, err := reply.Encode(r)
	return form(entries), err
}

func form(entries []formdata.Entry) body {
	return body{"multipart/form-data; boundary=" + boundary, formdata.Append(nil, entries, boundary)}
}

// TestValues sends random values with every version.
func TestValues(t *testing.T) {
	for _, v := range versions {
		t.Run(v.name, func(t *testing.T) {
			n := startNode(t, v.name)
			c := newTally(v.wire)
			// Each of these was written again wrongly once.
			for _, s := range []uint64{12_002_647, 12_006_037, 12_010_838, 12_016_922} {
				c.batch(t, n, n.send(t, s, 1))
			}
			for from, to := *first, *first+*values; from < to; from += batch {
				c.batch(t, n, n.send(t, *seed*1_000_000+uint64(from), min(batch, to-from)))
				if c.failures > maxFailures {
					break
				}
			}
			c.report(t)
		})
	}
}

// A tally counts what was in the values, to tell a test that tests nothing.
type tally struct {
	wire                   reply.Wire
	sent, failures, asSent int
	features               map[string]int
	unsent, refused        map[string]int
	defects                map[defect]int
	dearest                cost
}

func newTally(wire reply.Wire) *tally {
	return &tally{wire: wire, features: map[string]int{}, unsent: map[string]int{}, refused: map[string]int{}, defects: map[defect]int{}}
}

// A call is a value on its way.
type call struct {
	sending
	reply        *reply.Reply
	again        body
	tagged       string
	first, final readings
}

// batch takes some values through the gate and through React.
func (c *tally) batch(t *testing.T, n *node, sent []sending) {
	var calls []*call
	for _, s := range sent {
		if s.Unsent != "" {
			c.unsent[s.Unsent]++
			continue
		}
		c.sent++
		if strings.Contains(s.Meant, `"alias","path":[]`) {
			c.features["cycle"]++
		}
		for _, f := range s.Features {
			c.features[f]++
		}
		calls = append(calls, &call{sending: s})
	}
	var bodies []body
	for _, k := range calls {
		bodies = append(bodies, k.body)
	}
	for i, r := range n.read(t, bodies) {
		calls[i].first = r
	}
	calls = slices.DeleteFunc(calls, func(k *call) bool { return !c.parsed(t, k) })
	bodies = nil
	for _, k := range calls {
		bodies = append(bodies, k.again)
	}
	for i, r := range n.read(t, bodies) {
		calls[i].final = r
	}
	for _, k := range calls {
		c.compare(t, k)
	}
}

func (c *tally) fail(t *testing.T, k *call, format string, args ...any) {
	t.Helper()
	if c.failures++; c.failures <= maxFailures {
		t.Errorf("seed %d: "+format+"\nbody %.3000q", append(append([]any{k.Seed}, args...), k.Body)...)
	}
}

// parsed reads and writes one reply. It reports false when there is no more to
// be done with it.
func (c *tally) parsed(t *testing.T, k *call) bool {
	t.Helper()
	r, _, refusal := parse(k.body, options(c.wire))
	if refusal != nil {
		if why := c.refusedToo(k); why != "" {
			c.refused[why+" / "+refusal.Error()]++
			return false
		}
		c.fail(t, k, "refused: %v, React says %+v", refusal, k.first.main())
		return false
	}
	k.reply = r
	var err error
	if k.tagged, err = vectors.Tagged(r.Root); err != nil {
		c.fail(t, k, "%v", err)
		return false
	}
	if err := meansTheSame(r.Root, k.sending, c.wire == reply.Next14); err != nil {
		c.fail(t, k, "not what was meant: %v\nread  %s\nmeant %s", err, k.tagged, k.Meant)
		return false
	}
	if k.again, err = written(r); err != nil {
		c.fail(t, k, "not written: %v", err)
		return false
	}
	return true
}

// refusedToo tells why React's decoder fails on what the client has sent, empty
// when it does not: on a reference to what stands under __proto__, which it has
// deleted, and on a temporary reference in the row of a stream. That of 19.2.1
// follows the former, as in CVE-2025-55182; we do not.
func (c *tally) refusedToo(k *call) string {
	said := k.first.main().Value + k.first.main().Error
	const invalid, opaque = "Invalid reference.", "Could not reference an opaque temporary reference."
	switch {
	case bytes.Contains(k.Body, []byte(":__proto__")) && (c.wire == reply.React190 || strings.Contains(said, invalid) || strings.Contains(said, neverEnds)):
		return invalid
	case bytes.Contains(k.Body, []byte(`"$T"`)) && strings.Contains(said, opaque):
		return opaque
	}
	return ""
}

// compare holds React's readings of what was sent, and of what was written
// again, against ours.
func (c *tally) compare(t *testing.T, k *call) {
	t.Helper()
	if !k.reply.Reencode {
		c.asSent++
		if problem := c.differFrom(k, k.first, false); problem != "" {
			c.fail(t, k, "as it was sent, %s", problem)
			return
		}
	}
	if problem := c.differFrom(k, k.final, true); problem != "" {
		c.fail(t, k, "written again (needed: %t), %s\nagain %.3000q", k.reply.Reencode, problem, k.again.Body)
	}
}

// main is the reading on Node.js.
func (r readings) main() reading {
	if r.Streaming != nil {
		return *r.Streaming
	}
	return r.Whole
}

// differFrom tells what React reads other than we do, empty for nothing. What
// is explained by defects of React is counted. again tells that the body was
// written again.
func (c *tally) differFrom(k *call, r readings, again bool) string {
	for way, one := range map[string]*reading{"streaming: ": r.Streaming, "whole: ": &r.Whole} {
		if one == nil {
			continue
		}
		problem := one.differFrom(k.tagged)
		if problem == "" {
			continue
		}
		defects, err := defectsIn(k.reply.Root, *one, c.wire, one == r.Streaming, again, k.Body)
		if err == nil && len(defects) == 0 {
			err = errors.New("other identities")
		}
		if err != nil {
			return way + err.Error() + "\n" + problem
		}
		for d := range defects {
			c.defects[d]++
		}
	}
	return ""
}

func (r reading) differFrom(want string) string {
	if r.Error != "" {
		return "React says: " + r.Error + "\nwant  " + want
	}
	canonical, err := vectors.CanonicalTagged([]byte(r.Value))
	if err != nil {
		return err.Error()
	}
	if canonical != want {
		return "React reads something else:\nReact " + canonical + "\nwant  " + want
	}
	return ""
}

// report says what was seen, and fails when that was too little.
func (c *tally) report(t *testing.T) {
	t.Logf("%d values sent, %d of them could be sent on as they came; with %v", c.sent, c.asSent, c.features)
	t.Logf("readings that are React's defects: %v", c.defects)
	c.rotten(t)
	for _, list := range []map[string]int{c.unsent, c.refused} {
		for _, why := range slices.Sorted(maps.Keys(list)) {
			t.Logf("%d values: %s", list[why], why)
		}
	}
}

// rotten fails when too little of what the test is for was in the values, or
// when too many of them could not be compared.
func (c *tally) rotten(t *testing.T) {
	if c.failures > 0 || *first > 0 {
		return
	}
	wanted := []string{"map", "set", "form", "promise", "server"}
	if c.wire != reply.Next14 {
		wanted = append(wanted, "sharing", "cycle", "stream", "byteStream", "asyncIterable", "iterator", "file", "view", "opaque")
	}
	for _, feature := range wanted {
		if c.features[feature] < c.sent/50 {
			t.Errorf("only %d of %d values have %s", c.features[feature], c.sent, feature)
		}
	}
	excused := 0
	for _, n := range c.defects {
		excused += n
	}
	if c.sent < *values*4/5 || c.asSent < c.sent/2 || excused > c.sent/2 {
		t.Errorf("of %d values %d were sent and %d could be sent on as they came; %d readings had defects", *values, c.sent, c.asSent, excused)
	}
}
