package vectors

import (
	"bytes"
	"fmt"
	"strings"
)

// chunkSize is the size of the chunks that Raw writes. The recordings did not
// keep the client's own.
const chunkSize = 16 << 10

// A Recipe stands for a large, repetitive body: Head, then Repeat over and
// over (cut where needed), then Tail, Total bytes in all.
type Recipe struct {
	Head   []byte `json:"head,omitempty"`
	Repeat []byte `json:"repeat"`
	Tail   []byte `json:"tail,omitempty"`
	Total  int    `json:"total"`
	// SHA256 is the recorded hash of the body, in hex.
	SHA256 string `json:"sha256"`
}

// Expand returns the body that the recipe stands for.
func (r *Recipe) Expand() []byte {
	body := make([]byte, 0, r.Total+len(r.Repeat))
	body = append(body, r.Head...)
	end := r.Total - len(r.Tail)
	for len(body) < end && len(r.Repeat) > 0 {
		body = append(body, r.Repeat...)
	}
	return append(body[:max(end, 0)], r.Tail...)
}

// Raw returns the request as bytes on an HTTP/1.1 connection: request line,
// header lines as recorded, body. Recorded bodies are without transfer coding;
// where the headers promise one, the body is cut into chunks again.
func (r Request) Raw() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.Method, r.URL)
	chunked := false
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
		if strings.EqualFold(h[0], "Transfer-Encoding") && strings.EqualFold(h[1], "chunked") {
			chunked = true
		}
	}
	b.WriteString("\r\n")
	if chunked {
		writeChunks(&b, r.Body)
	} else {
		b.Write(r.Body)
	}
	return b.Bytes()
}

// writeChunks writes body in the chunked transfer coding, without trailers.
func writeChunks(b *bytes.Buffer, body []byte) {
	for len(body) > 0 {
		n := min(len(body), chunkSize)
		fmt.Fprintf(b, "%x\r\n", n)
		b.Write(body[:n])
		b.WriteString("\r\n")
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
}
