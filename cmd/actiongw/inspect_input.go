package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// captured is one request that somebody has kept.
type captured struct {
	request *http.Request
	body    []byte
	// broken is what reading the body ended in, nil for its proper end.
	broken error
	// notes tell of what the recording does not say or says wrongly.
	notes []string
}

// readCaptured finds out what kind of recording the input is and reads it.
func readCaptured(input []byte) ([]*captured, error) {
	input = bytes.TrimPrefix(input, []byte("\ufeff"))
	start := strings.TrimSpace(string(input[:min(len(input), 4096)]))
	switch {
	case start == "":
		return nil, errors.New("the input is empty: want a raw HTTP request, a curl command or a HAR file")
	case start[0] == '{':
		return readHAR(input)
	case strings.HasPrefix(start, "curl"):
		c, err := readCurl(string(input))
		return []*captured{c}, err
	default:
		c, err := readRaw(input)
		return []*captured{c}, err
	}
}

// readRaw reads a request as it goes over an HTTP/1.1 connection. Editors
// turn its line ends into LF, which net/http forgives in the head; in a form
// they are given back.
func readRaw(input []byte) (*captured, error) {
	input = bytes.TrimLeft(input, "\r\n")
	edited := isEditedForm(input)
	if edited {
		input = bytes.ReplaceAll(input, []byte("\n"), []byte("\r\n"))
	}
	// Browsers show the head of an HTTP/2 request in the manner of HTTP/1.1.
	if line, rest, ok := bytes.Cut(input, []byte("\n")); ok {
		line = bytes.TrimRight(line, "\r")
		if head, isNew := bytes.CutSuffix(line, []byte(" HTTP/2")); isNew {
			line = append(head[:len(head):len(head)], " HTTP/1.1"...)
		} else if head, isNew := bytes.CutSuffix(line, []byte(" HTTP/3")); isNew {
			line = append(head[:len(head):len(head)], " HTTP/1.1"...)
		}
		input = slices.Concat(line, []byte("\n"), rest)
	}
	reader := bufio.NewReader(bytes.NewReader(input))
	r, err := http.ReadRequest(reader)
	if err != nil {
		return nil, errors.New("this is no HTTP/1.1 request, curl command or HAR file: a request begins with a line such as POST /path HTTP/1.1")
	}
	c := &captured{request: r}
	if edited {
		c.notes = append(c.notes, "its lines end in LF alone: they are read as CRLF, as they go over a connection")
	}
	if r.Header.Get("Content-Length") == "" && len(r.TransferEncoding) == 0 {
		// Written by hand: what follows the head is the body.
		c.body, c.broken = io.ReadAll(reader)
		r.ContentLength = int64(len(c.body))
		return c, nil
	}
	c.body, c.broken = io.ReadAll(r.Body)
	if rest := reader.Buffered(); c.broken == nil && rest > 0 {
		c.notes = append(c.notes, fmt.Sprintf("at least %d bytes behind the body were left out: Content-Length says %d", rest, r.ContentLength))
	}
	return c, nil
}

// isEditedForm reports a form without any CRLF, also in its head.
func isEditedForm(input []byte) bool {
	head, _, ok := bytes.Cut(input, []byte("\n\n"))
	return ok && !bytes.Contains(input, []byte("\r\n")) && bytes.Contains(bytes.ToLower(head), []byte("multipart/form-data"))
}

// newCaptured makes a request from the parts that curl and HAR files name.
// Headers that describe the connection are those of the recorder's and left out.
func newCaptured(method, url string, headers [][2]string, body []byte) (*captured, error) {
	r, err := http.NewRequest(method, url, nil)
	if err != nil || r.URL.Host == "" {
		return nil, errors.New("the address of the request cannot be read: want http:// or https://, a host and a path")
	}
	r.Header = http.Header{}
	for _, h := range headers {
		switch name := strings.ToLower(h[0]); name {
		case "host", ":authority":
			r.Host = h[1]
		case "content-length", "transfer-encoding", ":method", ":path", ":scheme":
		default:
			r.Header.Add(h[0], h[1])
		}
	}
	r.RequestURI = r.URL.RequestURI()
	r.ContentLength = int64(len(body))
	if r.URL.Scheme == "https" {
		// Complete: a recording does not say that a request came as early data.
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	return &captured{request: r, body: body}, nil
}

// fresh returns the request for one reading.
func (c *captured) fresh() *http.Request {
	r := c.request.Clone(c.request.Context())
	var end io.Reader = strings.NewReader("")
	if c.broken != nil {
		end = failing{c.broken}
	}
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(c.body), end))
	return r
}

// failing is a body that ended too early.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// nobody is the response writer of a request that nobody waits for.
type nobody struct{ http.ResponseWriter }

func (nobody) SetReadDeadline(time.Time) error { return nil }
