package proxy

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
)

// chunk is how much a watched body reads at once, half of what a proxy copies:
// a connection's share of memory while it streams is this twice and what the
// sieve holds back.
const chunk = 16 << 10

// watchedBody is a request body that goes on to upstream while a sieve looks
// for action fields in it. It is for uploads: bodies without the action header
// that are too long or too slow to hold. Should a field appear, nothing of it
// is passed on and the body ends in an error, so that upstream never sees a
// complete form.
type watchedBody struct {
	source io.ReadCloser
	sieve  *formdata.Sieve
	buf    []byte // what held lives in, once the first bytes are passed on
	held   []byte // read and not passed on
	safe   int    // how much of held may be passed on
	err    error  // of source, once seen

	// stop is the refusal if a field appears: what made the body stream.
	stop    *reject.Error
	refusal atomic.Pointer[reject.Error]
	// report: note a hit and let it pass.
	report bool

	memory  *Memory
	counted atomic.Int64
}

// watch turns the request's body into a watched one. It returns the refusal if
// what has been read already holds an action field.
func (c *call) watch(boundary, delimiter string, stop *reject.Error) *reject.Error {
	b := &watchedBody{
		source: c.r.Body,
		sieve:  formdata.NewSieve(boundary, delimiter, formdata.DefaultLimits()),
		held:   c.body,
		stop:   stop,
		report: c.gate.config.Report,
		memory: c.memory,
	}
	var hit bool
	if b.safe, hit = b.sieve.Scan(b.held, false); hit {
		return stop
	}
	b.counted.Store(c.held)
	c.BodyBytes, c.held, c.body = len(c.body), 0, nil
	c.r.Body, c.stream = b, b
	return nil
}

// Read passes on what the sieve has found safe.
func (b *watchedBody) Read(p []byte) (int, error) {
	for b.safe == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.held[:b.safe])
	b.held, b.safe = b.held[n:], b.safe-n
	return n, nil
}

// fill reads one chunk and has the sieve look at it.
func (b *watchedBody) fill() {
	if cap(b.held)-len(b.held) < chunk/2 {
		if len(b.held)+chunk > len(b.buf) {
			b.buf = make([]byte, len(b.held)+2*chunk)
		}
		b.held = b.buf[:copy(b.buf, b.held)]
		b.giveBack()
	}
	n, err := b.source.Read(b.held[len(b.held):cap(b.held)])
	b.held = b.held[:len(b.held)+n]
	b.err = err
	if b.refusal.Load() != nil { // of report mode
		b.safe = len(b.held)
		return
	}
	var hit bool
	b.safe, hit = b.sieve.Scan(b.held, err == io.EOF)
	if !hit {
		return
	}
	b.refusal.Store(b.stop)
	if b.report {
		b.safe = len(b.held)
		return
	}
	// A body that fails as a cancelled one does not count against the health
	// of the upstream (reverse_proxy's passive health checks).
	b.safe, b.err = 0, fmt.Errorf("%w (%w)", b.stop, context.Canceled)
}

// Close closes the client's body.
func (b *watchedBody) Close() error { return b.source.Close() }

// giveBack ends the counting of what was held when streaming began.
func (b *watchedBody) giveBack() { b.memory.give(b.counted.Swap(0)) }
