package main

import (
	"bytes"
	"strings"
	"testing"
)

// readAll feeds text in pieces of the given size and returns after how many bytes it was done.
func readAll(m *message, text string, size int) (int, error) {
	for at := 0; at < len(text); at += size {
		piece := text[at:min(at+size, len(text))]
		if done, err := m.feed([]byte(piece)); done || err != nil {
			return at + len(piece), err
		}
	}
	return -1, nil
}

func TestMessageEnd(t *testing.T) {
	tests := []struct {
		about string
		text  string
		want  message
	}{
		{"content length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", message{status: 200}},
		{"field names in any case", "HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh:5 \r\n\r\nhello", message{status: 200}},
		{"no body", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", message{status: 403}},
		{"no content", "HTTP/1.1 204 No Content\r\nVia: x\r\n\r\n", message{status: 204}},
		{"close", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 1\r\n\r\n.", message{status: 400, close: true}},
		{"one chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", message{status: 200}},
		{"chunks with line ends, extension and trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
			"A;x=y\r\n\r\n0\r\n\r\n\r\n0\r\n1\r\n!\r\n0\r\nDigest: x\r\n\r\n", message{status: 200}},
		{"no chunks", "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", message{status: 500}},
		{"request without body", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", message{request: true}},
		{"request with body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", message{request: true}},
		{"request with chunks", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", message{request: true}},
	}
	for _, tt := range tests {
		m := &message{request: tt.want.request}
		for size := 1; size <= len(tt.text); size++ {
			for range 2 { // a reader serves many messages
				m.reset()
				end, err := readAll(m, tt.text, size)
				if err != nil || end != len(tt.text) {
					t.Fatalf("%s, pieces of %d: ended after %d of %d bytes, error %v", tt.about, size, end, len(tt.text), err)
				}
				if m.status != tt.want.status || m.close != tt.want.close {
					t.Fatalf("%s, pieces of %d: got status %d, close %v", tt.about, size, m.status, m.close)
				}
			}
		}
	}
}

func TestMessageError(t *testing.T) {
	tests := []struct{ about, text string }{
		{"not HTTP", "SSH-2.0-OpenSSH\r\n\r\n"},
		{"no status", "HTTP/1.1 abc\r\n\r\n"},
		{"no length", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"},
		{"length is no number", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
		{"more than the length", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.."},
		{"more than the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n."},
		{"chunk size is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
		{"endless head", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHead)},
		{"endless chunk line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("0", maxHead+1)},
	}
	for _, tt := range tests {
		if _, err := readAll(&message{}, tt.text, len(tt.text)); err == nil {
			t.Errorf("%s: no error", tt.about)
		}
	}
}

// The reader must not cost what it measures.
func TestMessageDoesNotAllocate(t *testing.T) {
	text := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/x-component\r\nContent-Length: 5\r\nVia: 1.1 Caddy\r\n\r\nhello")
	var m message
	allocs := testing.AllocsPerRun(100, func() {
		m.reset()
		if done, err := m.feed(text); !done || err != nil {
			t.Fatal(done, err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations for a response in one piece", allocs)
	}
	if !bytes.HasSuffix(text, []byte("hello")) {
		t.Error("the input was changed")
	}
}
