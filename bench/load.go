//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// stallTimeout ends a run in which no connection makes progress.
const stallTimeout = 10 * time.Second

// A generator is a closed-loop load: each of its connections sends the same bytes, waits for the
// response and sends again. It is one thread around epoll, because goroutines and net/http would
// take the load core to its limit before the proxy's core is at its own.
type generator struct {
	epoll   int
	port    int
	request []byte
	conns   []conn
	want    func(status int) bool
	buf     []byte // what was read last, shared by all connections

	active   int       // connections that wait for a response
	until    time.Time // when to stop sending
	requests int
	closed   int // connections that had to be opened anew
	times    histogram
}

// A conn is one keep-alive connection.
type conn struct {
	fd      int
	sent    int // bytes of the request written so far
	started time.Time
	blocked bool // waiting until the socket can take more
	reading message
}

// An unexpectedStatus is a response with another status than the workload must get.
type unexpectedStatus struct {
	status int
	text   string // the response as read, its beginning
}

func (e *unexpectedStatus) Error() string {
	return fmt.Sprintf("unexpected status %d; the response begins %q", e.status, e.text)
}

// newGenerator opens the connections.
func newGenerator(port, conns int, request []byte, want func(status int) bool) (*generator, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	g := &generator{epoll: epoll, port: port, request: request, want: want, buf: make([]byte, 64<<10)}
	for range conns {
		g.conns = append(g.conns, conn{fd: -1})
	}
	for i := range g.conns {
		if err := g.connect(i); err != nil {
			g.close()
			return nil, err
		}
	}
	return g, nil
}

// close closes all connections.
func (g *generator) close() {
	for i := range g.conns {
		if fd := g.conns[i].fd; fd >= 0 {
			unix.Close(fd)
		}
	}
	unix.Close(g.epoll)
}

// connect opens connection i, anew if it was open.
func (g *generator) connect(i int) error {
	c := &g.conns[i]
	if c.fd >= 0 {
		unix.Close(c.fd)
	}
	var err error
	if c.fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	addr := &unix.SockaddrInet4{Port: g.port, Addr: [4]byte{127, 0, 0, 1}}
	if err := unix.Connect(c.fd, addr); err != nil {
		return fmt.Errorf("connecting to port %d: %w", g.port, err)
	}
	c.blocked = false
	return errors.Join(
		unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetNonblock(c.fd, true),
		unix.EpollCtl(g.epoll, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}),
	)
}

// run sends on every connection until the given time, and at least once, and returns when the
// last response has been read: every request that was sent is counted, none is cut off.
func (g *generator) run(ctx context.Context, until time.Time) error {
	g.until, g.requests, g.closed, g.times = until, 0, 0, histogram{}
	g.active = len(g.conns)
	for i := range g.conns {
		if err := g.send(i, time.Now()); err != nil {
			return err
		}
	}
	events := make([]unix.EpollEvent, len(g.conns))
	for g.active > 0 {
		n, err := unix.EpollWait(g.epoll, events, int(stallTimeout.Milliseconds()))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case n == 0:
			return fmt.Errorf("no response within %v", stallTimeout)
		}
		for _, e := range events[:n] {
			if err := g.handle(int(e.Fd), e.Events); err != nil {
				return err
			}
		}
	}
	return nil
}

// handle serves one connection that epoll reported.
func (g *generator) handle(i int, events uint32) error {
	if events&unix.EPOLLOUT != 0 {
		if err := g.write(i); err != nil {
			return err
		}
	}
	if events&^unix.EPOLLOUT == 0 {
		return nil
	}
	return g.read(i)
}

// send starts a request on connection i.
func (g *generator) send(i int, now time.Time) error {
	c := &g.conns[i]
	c.sent, c.started = 0, now
	c.reading.reset()
	return g.write(i)
}

// write writes as much of the request as the socket takes, and asks epoll for more only when that
// was not all of it.
func (g *generator) write(i int) error {
	c := &g.conns[i]
	for c.sent < len(g.request) {
		n, err := unix.Write(c.fd, g.request[c.sent:])
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			return fmt.Errorf("sending: %w", err)
		}
		c.sent += n
	}
	blocked := c.sent < len(g.request)
	if blocked == c.blocked {
		return nil
	}
	c.blocked = blocked
	events := uint32(unix.EPOLLIN)
	if blocked {
		events |= unix.EPOLLOUT
	}
	return unix.EpollCtl(g.epoll, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: events, Fd: int32(i)})
}

// read takes what has arrived on connection i; if that ends a response, it is counted and the next
// request goes out.
func (g *generator) read(i int) error {
	c := &g.conns[i]
	n, err := unix.Read(c.fd, g.buf)
	if errors.Is(err, unix.EAGAIN) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	if n == 0 {
		return errors.New("the server closed the connection before the end of a response")
	}
	done, err := c.reading.feed(g.buf[:n])
	if err != nil {
		return fmt.Errorf("%w; last read: %.300q", err, g.buf[:n])
	}
	if !done {
		return nil
	}
	if !g.want(c.reading.status) {
		return &unexpectedStatus{c.reading.status, string(g.buf[:min(n, 600)])}
	}
	return g.finish(i)
}

// finish counts a response and sends the next request.
func (g *generator) finish(i int) error {
	c, now := &g.conns[i], time.Now()
	g.requests++
	g.times.add(now.Sub(c.started))
	// A response before the end of the request leaves the connection out of step, too.
	if c.reading.close || c.sent < len(g.request) {
		g.closed++
		if err := g.connect(i); err != nil {
			return err
		}
	}
	if now.Before(g.until) {
		return g.send(i, now)
	}
	g.active--
	return nil
}
