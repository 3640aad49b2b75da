package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestLimitIsExactInEveryFraming sends bodies of the limit and of one byte
// more, however their length is told.
func TestLimitIsExactInEveryFraming(t *testing.T) {
	const limit = 4096
	g, up := guarded(t, "max_body 4096")
	fetch := []string{"Next-Action: " + actionID, "Origin: http://" + site}
	// fill puts x for # until the text, with CRLF for |, has n bytes.
	fill := func(frame string) func(int) string {
		return func(n int) string {
			missing := n - len(strings.ReplaceAll(frame, "|", "\r\n")) + 1
			return strings.Replace(frame, "#", strings.Repeat("x", missing), 1)
		}
	}
	root := `--B|Content-Disposition: form-data; name="0"||`
	file := `--B|Content-Disposition: form-data; name="1"; filename="f"|Content-Type: image/png||`
	for _, tc := range []struct {
		is     string
		header []string
		body   func(n int) string
	}{
		{"text", append(fetch, "Content-Type: text/plain"), fill(`["#"]`)},
		{"a multipart file", append(fetch, "Content-Type: "+formType), fill(file + `#|` + root + `["$A1"]|--B--|`)},
		{"a multipart field", append(fetch, "Content-Type: "+formType), fill(root + `["#"]|--B--|`)},
		{"a form's field", []string{"Origin: http://" + site, "Content-Type: " + formType}, fill("--B|" + selector + "||#|--B--|")},
	} {
		for _, framing := range []string{"declared", "chunked"} {
			for _, n := range []int{limit - 1, limit, limit + 1} {
				raw := message("POST", tc.header, tc.body(n))
				if framing == "chunked" {
					raw = message("POST", append(tc.header, "Transfer-Encoding: chunked"), chunks(tc.body(n)))
				}
				got, seen := send(t, g.address, raw, false), up.take()
				want := http.StatusOK
				if n > limit {
					want = http.StatusRequestEntityTooLarge
				}
				if got.status != want || (len(seen) == 1) != (want == http.StatusOK) {
					t.Errorf("%s of %d bytes, %s: status %d %s, the backend saw %d", tc.is, n, framing, got.status, got.body, len(seen))
				}
			}
		}
	}
}

// hashingUpstream takes bodies of any length and remembers their hash.
type hashingUpstream struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []hashed
}

type hashed struct {
	sum  string
	size int64
	err  error
}

func startHashingUpstream(t *testing.T) *hashingUpstream {
	u := &hashingUpstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		u.mu.Lock()
		defer u.mu.Unlock()
		u.bodies = append(u.bodies, hashed{fmt.Sprintf("%x", sum.Sum(nil)), n, err})
	}))
	t.Cleanup(u.Close)
	return u
}

// await returns the first n bodies, of which the last may still be coming.
func (u *hashingUpstream) await(t *testing.T, n int) []hashed {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		u.mu.Lock()
		bodies := u.bodies
		u.mu.Unlock()
		if len(bodies) == n {
			return bodies
		}
	}
	t.Fatalf("the backend did not see %d bodies", n)
	return nil
}

// filler is a reader of n bytes that repeat nothing short.
type filler struct{ n int64 }

func (f *filler) Read(p []byte) (int, error) {
	if f.n == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), f.n)
	for i := range p[:n] {
		p[i] = byte((f.n-int64(i))*2654435761>>13) | 0x80
	}
	f.n -= n
	return int(n), nil
}

// TestLongUpload sends 300 MB in chunks through the gate: intact and without
// holding it, when it is no call; never to its end, when its last field makes
// it one, and the backend stays healthy to the proxy.
func TestLongUpload(t *testing.T) {
	const size = 300 << 20
	up := startHashingUpstream(t)
	g := startGate(t, "", "actiongw\nreverse_proxy "+up.Listener.Addr().String()+" {\nfail_duration 1h\nmax_fails 1\n}")
	upload := func(end string) (status int, sum string) {
		head := strings.NewReader("--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\nContent-Type: video/mp4\r\n\r\n")
		whole := sha256.New()
		body := io.TeeReader(io.MultiReader(head, &filler{size}, strings.NewReader(strings.ReplaceAll(end, "|", "\r\n"))), whole)
		request, _ := http.NewRequest("POST", "http://"+g.address+"/upload", body)
		request.Header.Set("Content-Type", formType)
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			return 0, ""
		}
		response.Body.Close()
		return response.StatusCode, fmt.Sprintf("%x", whole.Sum(nil))
	}

	before := g.memory(t)
	status, sum := upload("|--B--|")
	if first := up.await(t, 1)[0]; status != http.StatusOK || first.err != nil || first.sum != sum {
		t.Fatalf("the upload did not arrive intact: status %d, %+v", status, first)
	}
	if grown := g.memory(t) - before; grown > 64<<20 {
		t.Errorf("the gate grew by %d MB for an upload that it does not hold", grown>>20)
	}

	status, _ = upload("|--B|" + selector + "||x|--B--|")
	if status != http.StatusRequestEntityTooLarge && status != 0 {
		t.Errorf("the call was answered with %d", status)
	}
	if last := up.await(t, 2)[1]; last.err == nil {
		t.Errorf("the backend took the call for complete: %+v", last)
	}
	if got := send(t, g.address, message("GET", nil, ""), false); got.status != http.StatusOK {
		t.Errorf("the proxy takes the backend for down: %d", got.status)
	}
}

// memory is the resident memory of the process in bytes.
func (g *gate) memory(t testing.TB) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	kilobytes, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

// TestSlowBodiesStayWithinMaxMemory opens 2,000 calls that stop half-way. They
// would fill a gigabyte; the gate holds max_memory of it, and pages go on.
func TestSlowBodiesStayWithinMaxMemory(t *testing.T) {
	const (
		connections = 2000
		limit       = 64 << 20
		sent        = 512 << 10
	)
	// What a connection costs without a body: buffers, stacks, contexts.
	overhead := int64(160 << 10)
	if underRace {
		overhead *= 4 // the race detector's shadow of all of that
	}
	g, up := guarded(t, "max_memory 64MiB")
	head := message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://" + site, "Content-Length: 1048576"}, "")
	head = bytes.Replace(head, []byte("Content-Length: 0\r\n"), nil, 1)
	part := bytes.Repeat([]byte("x"), sent)
	before := g.memory(t)
	var sending sync.WaitGroup
	for range connections {
		conn, err := net.Dial("tcp", g.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetWriteDeadline(time.Now().Add(patience))
		sending.Go(func() {
			if _, err := conn.Write(head); err == nil {
				_, _ = conn.Write(part) // breaks off when the call is refused
			}
		})
	}
	sending.Wait()
	if grown := g.memory(t) - before; grown > limit+connections*overhead {
		t.Errorf("%d slow bodies took %d MB", connections, grown>>20)
	}
	if got := send(t, g.address, message("GET", nil, ""), false); got.status != http.StatusOK {
		t.Errorf("a page among slow bodies: %d", got.status)
	}
	// A form that is no call goes on as well, unheld.
	if got := send(t, g.address, formPost(formType, formBody(`Content-Disposition: form-data; name="a"`)), false); got.status != http.StatusOK {
		t.Errorf("an upload among slow bodies: %d %s", got.status, got.body)
	}
	big := message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: http://" + site}, strings.Repeat("x", 1<<20))
	if got := send(t, g.address, big, false); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("a large call among slow bodies: %d %s", got.status, got.body)
	}
	if seen := up.take(); len(seen) != 2 {
		t.Errorf("the backend saw %d requests, want the page and the upload", len(seen))
	}
}

// TestSlowCallIsRefusedAndSlowUploadIsNot stops in the middle of a body.
func TestSlowCallIsRefusedAndSlowUploadIsNot(t *testing.T) {
	g, up := guarded(t, "body_timeout 200ms")
	halting := func(raw []byte) answer {
		conn, err := net.Dial("tcp", g.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		// Two pauses, each longer than the time-out.
		for _, piece := range [][]byte{raw[:len(raw)-6], raw[len(raw)-6 : len(raw)-3], raw[len(raw)-3:]} {
			_, _ = conn.Write(piece)
			time.Sleep(300 * time.Millisecond)
		}
		return read(conn, "POST")
	}
	if got := halting(fetchCall()); got.status != http.StatusRequestTimeout {
		t.Errorf("a slow call: %d %s", got.status, got.body)
	}
	if got := halting(formPost(formType, formBody(`Content-Disposition: form-data; name="a"`))); got.status != http.StatusOK {
		t.Errorf("a slow upload: %d %s", got.status, got.body)
	}
	if seen := up.take(); len(seen) != 1 || seen[0].err != nil {
		t.Errorf("the backend saw %+v, want the upload", seen)
	}
	if got := halting(formPost(formType, formBody(selector))); got.status != http.StatusRequestTimeout {
		t.Errorf("a slow form action: %d %s", got.status, got.body)
	}
	for _, r := range up.take() {
		if r.err == nil {
			t.Errorf("the backend took a slow form action for complete")
		}
	}
}

// TestRefusalDoesNotWaitForTheBody: the answer comes while the client still
// keeps the rest of the body back.
func TestRefusalDoesNotWaitForTheBody(t *testing.T) {
	g, _ := guarded(t)
	for _, framing := range []string{"Content-Length: 100", "Content-Length: 1000000", "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", g.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nNext-Action: %s\r\nContent-Type: text/plain\r\nOrigin: null\r\n%s\r\n\r\n", site, actionID, framing)
		if got := read(conn, "POST"); got.status != http.StatusForbidden {
			t.Errorf("%s: %d", framing, got.status)
		}
	}
}

// TestRefusalKeepsTheConnection: a body that is here already costs the client
// no new connection.
func TestRefusalKeepsTheConnection(t *testing.T) {
	g, _ := guarded(t)
	conn, err := net.Dial("tcp", g.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	raw := bytes.Replace(message("POST", []string{"Next-Action: " + actionID, "Content-Type: text/plain", "Origin: null"}, "[]"), []byte("Connection: close\r\n"), nil, 1)
	for range 3 {
		_, _ = conn.Write(raw)
		if got := read(conn, "POST"); got.status != http.StatusForbidden || got.header.Get("Connection") != "" {
			t.Fatalf("%d %v", got.status, got.header)
		}
	}
}
