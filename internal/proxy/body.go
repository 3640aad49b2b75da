package proxy

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/actiongw/actiongw/internal/reject"
)

const (
	// firstBuffer fits most calls and is all that a connection occupies before
	// it has sent anything.
	firstBuffer = 4 << 10
	// growth is how many times as much is made room for when that is full: few
	// copies for the honest, and little for those who declare more than they
	// send.
	growth = 4
	// firstLook is how much of an upload that declares itself too long is held
	// to see whether it is a call: browsers write a form's hidden fields first.
	firstLook = 64 << 10
	// graceTime and minRate are how slow a call may be: after ten seconds it
	// must have kept up a kilobyte a second. The slowest networks that people
	// use are faster, and a body dripped in to hold memory is not.
	graceTime = 10 * time.Second
	minRate   = 1 << 10
)

// readBody reads the body into c.body, up to limit bytes, and counts them as
// they arrive. It returns nil at the end of the body, and otherwise why it
// stopped; c.body then holds what came before. A patient reader never breaks a
// read off: it is for requests that may have to go on streaming.
func (c *call) readBody(limit int64, patient bool) *reject.Error {
	share := c.gate.config.MaxMemory
	// What may be no call at all must not keep calls out; but a form that says
	// that it is small could not.
	if small := c.r.ContentLength >= 0 && c.r.ContentLength < firstBuffer; patient && !small {
		share /= 2
	}
	// One byte more than may come, so that the end, or too much, shows without
	// growing.
	most := limit + 1
	if n := c.r.ContentLength; n >= 0 {
		most = min(most, n+1)
	}
	pace := pacer{start: time.Now(), timeout: c.gate.config.BodyTimeout}
	if !patient {
		pace.writer = c.peer.Writer
		// A deadline that outlives the body would cancel the call upstream.
		defer func() { _ = http.NewResponseController(pace.writer).SetReadDeadline(time.Time{}) }()
	}
	for {
		if len(c.body) == cap(c.body) && !c.grow(min(max(firstBuffer, growth*int64(cap(c.body))), most), share) {
			return reject.New(reject.Overloaded, reject.StageBody, "bodies in flight fill max_memory")
		}
		pace.arm(len(c.body))
		n, err := c.r.Body.Read(c.body[len(c.body):cap(c.body)])
		c.body = c.body[:len(c.body)+n]
		switch {
		case int64(len(c.body)) > limit:
			return tooLarge()
		// Servers cut bodies off there, so a handler ahead of the gate added to it.
		case c.r.ContentLength >= 0 && int64(len(c.body)) > c.r.ContentLength:
			return reject.New(reject.BodyIncomplete, reject.StageBody, "the body is longer than its Content-Length")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return readError(err)
		case pace.late(len(c.body)):
			return tooSlow()
		}
	}
}

// grow makes room for size bytes in all, if the memory allows it.
func (c *call) grow(size, share int64) bool {
	if !c.memory.take(bufferSize(size)-c.held, share) {
		return false
	}
	grown := c.memory.buffer(size)
	c.held = int64(cap(*grown))
	c.body = append(*grown, c.body...)
	c.memory.keep(c.buffer)
	c.buffer = grown
	return true
}

// readError names what went wrong on the way from the client.
func readError(err error) *reject.Error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return tooSlow()
	case errors.As(err, &tooLarge):
		return reject.New(reject.BodyTooLarge, reject.StageBody, "more than the server's request_body allows")
	default:
		return reject.New(reject.BodyIncomplete, reject.StageBody, "the body ended before its declared end")
	}
}

func tooLarge() *reject.Error {
	return reject.New(reject.BodyTooLarge, reject.StageBody, "the body is longer than max_body")
}

func tooSlow() *reject.Error {
	return reject.New(reject.BodyTimeout, reject.StageBody, "slower than body_timeout or than the least rate allows")
}

// pacer says until when the next bytes of a body must arrive.
type pacer struct {
	start   time.Time
	timeout time.Duration
	writer  http.ResponseWriter // of the connection; nil: nothing breaks a read off
	armed   time.Time
}

// deadline is when a body of which that many bytes have come is too slow.
func (p *pacer) deadline(received int) time.Time {
	return p.start.Add(min(p.timeout, graceTime+time.Duration(received)*time.Second/minRate))
}

// arm sets the connection's deadline before a read, if it has moved enough to
// be worth it. A connection without deadlines is checked by late alone.
func (p *pacer) arm(received int) {
	if p.writer == nil {
		return
	}
	if at := p.deadline(received); at.Sub(p.armed) >= time.Second {
		p.armed = at
		_ = http.NewResponseController(p.writer).SetReadDeadline(at)
	}
}

func (p *pacer) late(received int) bool { return time.Now().After(p.deadline(received)) }

// replay makes the body readable again: what was read, and what may follow.
func (c *call) replay() {
	if len(c.body) == 0 {
		return
	}
	c.give(c.r.Body)
}

// replace gives upstream exactly the bytes that were checked, with their
// length and without trailers.
func (c *call) replace() {
	c.r.ContentLength = int64(len(c.body))
	c.r.TransferEncoding, c.r.Trailer = nil, nil
	c.give(nil)
}

// give makes of the request's body what was read, and then rest.
func (c *call) give(rest io.ReadCloser) {
	c.given = &c.carry().body
	c.given.data, c.given.rest = c.body, rest
	c.r.Body = c.given
}

// heldBody is a request body that is in memory, and perhaps more behind it.
// When it is taken back its buffer serves another request, so a reader that
// comes late, as the proxy's may, finds it closed.
type heldBody struct {
	mu    sync.Mutex
	data  []byte
	taken bool
	rest  io.ReadCloser // nil: nothing follows
}

// Read reads what is held, then what follows.
func (b *heldBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	n := copy(p, b.data)
	b.data = b.data[n:]
	left, taken := len(b.data), b.taken
	b.mu.Unlock()
	switch {
	case taken:
		return 0, http.ErrBodyReadAfterClose
	case b.rest == nil && left == 0:
		return n, io.EOF
	case n > 0 || b.rest == nil:
		return n, nil
	default:
		return b.rest.Read(p)
	}
}

// Close closes what follows.
func (b *heldBody) Close() error {
	if b.rest == nil {
		return nil
	}
	return b.rest.Close()
}

// takeBack ends all reading of what is held.
func (b *heldBody) takeBack() {
	b.mu.Lock()
	b.data, b.taken = nil, true
	b.mu.Unlock()
}
