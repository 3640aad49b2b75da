package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// maxHead bounds the head of a message, and a chunk-size line, that arrives in several pieces.
const maxHead = 16 << 10

var (
	errNoLength  = errors.New("response has neither Content-Length nor chunks")
	errExtra     = errors.New("bytes after the end of the message")
	errHeadLimit = errors.New("head or chunk line too long")
)

// A message recognises the end of one HTTP/1.1 response or request, whatever pieces it arrives in,
// and keeps nothing of it but the status and whether the connection must be closed. It reads as
// little as that takes: a load generator that parsed messages properly would cost as much as the
// server that it measures. It is meant for peers under our own control and checks only what would
// make it lose count.
type message struct {
	request bool // expect a request, not a response

	status int  // status code of a response, valid once the head has been read
	close  bool // the connection will be closed after this message

	body    bool   // the head is complete
	chunked bool   // the body comes in chunks
	trailer bool   // the last chunk has been read
	left    int64  // bytes to skip: of the body, or of the chunk and its line end
	partial []byte // start of a head or line whose end has not arrived
}

// reset prepares for the next message on the same connection.
func (m *message) reset() {
	*m = message{request: m.request, partial: m.partial[:0]}
}

// feed takes the next bytes of the connection and reports whether they end the message.
func (m *message) feed(p []byte) (done bool, err error) {
	if !m.body {
		if p, err = m.readHead(p); err != nil || !m.body {
			return false, err
		}
	}
	if m.chunked {
		return m.readChunks(p)
	}
	m.left -= int64(len(p))
	if m.left < 0 {
		return false, errExtra
	}
	return m.left == 0, nil
}

// readHead looks for the end of the head and returns what follows it.
func (m *message) readHead(p []byte) ([]byte, error) {
	head, rest, whole := p, p[len(p):], false
	if len(m.partial) > 0 { // rare: the head came in pieces
		m.partial = append(m.partial, p...)
		head = m.partial
	}
	if i := bytes.Index(head, []byte("\r\n\r\n")); i >= 0 {
		head, rest, whole = head[:i+2], head[i+4:], true
	}
	if len(head) > maxHead {
		return nil, errHeadLimit
	}
	if !whole {
		if len(m.partial) == 0 {
			m.partial = append(m.partial, p...)
		}
		return nil, nil
	}
	if err := m.parseHead(head); err != nil {
		return nil, err
	}
	if m.chunked && len(m.partial) > 0 {
		rest = bytes.Clone(rest) // the chunk lines are about to be collected where it lies
	}
	m.partial = m.partial[:0]
	return rest, nil
}

// parseHead reads the start line and the three header fields that delimit a message.
func (m *message) parseHead(head []byte) error {
	line, fields, _ := bytes.Cut(head, []byte("\r\n"))
	if !m.request {
		if err := m.parseStatus(line); err != nil {
			return err
		}
	}
	m.body, m.left = true, -1
	for len(fields) > 0 {
		line, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		if err := m.parseField(line); err != nil {
			return err
		}
	}
	switch {
	case m.chunked, m.status == 204, m.status == 304:
		m.left = 0
	case m.left < 0 && m.request:
		m.left = 0
	case m.left < 0:
		return errNoLength
	}
	return nil
}

// parseStatus reads a status line.
func (m *message) parseStatus(line []byte) (err error) {
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return fmt.Errorf("not an HTTP/1.1 response: %q", line)
	}
	if m.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return fmt.Errorf("status line %q", line)
	}
	return nil
}

// parseField looks at one header line. The first letter rules most of them out.
func (m *message) parseField(line []byte) error {
	if len(line) == 0 || (line[0]|0x20 != 'c' && line[0]|0x20 != 't') {
		return nil
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("content length %q", value)
		}
		m.left = n
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		m.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("Connection")):
		m.close = bytes.EqualFold(value, []byte("close"))
	}
	return nil
}

// readChunks skips chunks and trailers until the empty line that ends them.
func (m *message) readChunks(p []byte) (done bool, err error) {
	for {
		n := min(m.left, int64(len(p)))
		m.left -= n
		p = p[n:]
		i := bytes.IndexByte(p, '\n')
		if i < 0 { // also when the chunk goes on: p is empty then
			m.partial = append(m.partial, p...)
			if len(m.partial) > maxHead {
				return false, errHeadLimit
			}
			return false, nil
		}
		line := append(m.partial, p[:i]...)
		p, m.partial = p[i+1:], line[:0]
		line = bytes.TrimSuffix(line, []byte("\r"))
		switch {
		case m.trailer && len(line) == 0 && len(p) > 0:
			return false, errExtra
		case m.trailer && len(line) == 0:
			return true, nil
		case m.trailer:
		default:
			if err := m.startChunk(line); err != nil {
				return false, err
			}
		}
	}
}

// startChunk reads a chunk-size line.
func (m *message) startChunk(line []byte) error {
	digits, _, _ := bytes.Cut(line, []byte(";"))
	size, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 64)
	if err != nil || size < 0 {
		return fmt.Errorf("chunk size %q", line)
	}
	if size == 0 {
		m.trailer = true
		return nil
	}
	m.left = size + 2
	return nil
}
