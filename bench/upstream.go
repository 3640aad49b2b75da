//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// upstreamMode is the first argument with which the program starts itself again as the server
// behind the proxies.
const upstreamMode = "upstream"

// answer is what the upstream sends: the result of an action, as a JSON backend writes it. Gates in
// front of React pass it on unread.
const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n" +
	`{"id":"order-1042","state":"saved","n":12}`

// An upstream answers every request alike, after reading its body whole. It does no other work, and
// like the generator, with which it shares a core, it is one thread around epoll: the proxies are
// measured, not what is behind them.
type upstream struct {
	epoll  int
	conns  map[int]*message // by file descriptor
	buf    []byte
	answer []byte
}

// serveUpstream serves on a loopback port for ever.
func serveUpstream(port int) error {
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Bind(listener, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return fmt.Errorf("listening on port %d: %w", port, err)
	}
	if err := unix.Listen(listener, 128); err != nil {
		return err
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	u := &upstream{epoll: epoll, conns: map[int]*message{}, buf: make([]byte, 128<<10), answer: []byte(answer)}
	if err := u.watch(listener); err != nil {
		return err
	}
	events := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			if fd := int(e.Fd); fd == listener {
				err = u.accept(listener)
			} else {
				err = u.serve(fd)
			}
			if err != nil {
				return err
			}
		}
	}
}

// watch asks epoll for what arrives on fd.
func (u *upstream) watch(fd int) error {
	return unix.EpollCtl(u.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// accept takes a new connection.
func (u *upstream) accept(listener int) error {
	fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
	if err != nil {
		return fmt.Errorf("accepting: %w", err)
	}
	u.conns[fd] = &message{request: true}
	return errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1), u.watch(fd))
}

// serve reads what has arrived and answers when that ends a request. The sockets block: the answer
// is small and its reader waits for it. A request that cannot be followed is a defect of this
// program, so it ends the server, and with it the run, rather than the connection.
func (u *upstream) serve(fd int) error {
	n, err := unix.Read(fd, u.buf)
	if err != nil || n == 0 { // the proxy is done with the connection
		delete(u.conns, fd)
		return unix.Close(fd)
	}
	m := u.conns[fd]
	done, err := m.feed(u.buf[:n])
	if err != nil {
		return fmt.Errorf("reading a request: %w", err)
	}
	if !done {
		return nil
	}
	m.reset()
	_, err = unix.Write(fd, u.answer)
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
		return nil // the next read finds the end
	}
	return err
}

// freePorts returns n different loopback ports that nobody listens on. Another program could take
// one before our server does; the server then does not start and the run ends with its log.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close() // only at the end, so that no port is given twice
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
