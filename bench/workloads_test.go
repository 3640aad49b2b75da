package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// parse reads a workload's request as a server would.
func parse(t *testing.T, w workload) *http.Request {
	t.Helper()
	all := bufio.NewReader(bytes.NewReader(w.request))
	r, err := http.ReadRequest(all)
	if err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	if all.Buffered() > 0 {
		t.Errorf("%s: %d bytes after the request", w.name, all.Buffered())
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

func TestRequestsAreWhatTheirNamesSay(t *testing.T) {
	tests := []struct {
		name      string
		size      int // of the body, within 10 %
		action    bool
		ownOrigin bool
		parts     []string
	}{
		{"get", 0, false, false, nil},
		{"text2k", 2 << 10, true, true, nil},
		{"multipart2k", 2 << 10, true, true, []string{"1", "2", "0"}},
		{"multipart91k", 91 << 10, true, true, []string{"1", "2", "3", "0"}},
		{"refused-origin", 2 << 10, true, false, nil},
		{"form2k", 2 << 10, false, true, []string{"$ACTION_ID_" + actionID, "customer", "email", "quantity", "note"}},
		{"upload91k", 91 << 10, false, true, []string{"title", "file"}},
	}
	if len(tests) != len(workloads) {
		t.Errorf("%d workloads, %d tested", len(workloads), len(tests))
	}
	for i, tt := range tests {
		w := workloads[i]
		if w.name != tt.name {
			t.Fatalf("workload %d is %s, want %s", i, w.name, tt.name)
		}
		r := parse(t, w)
		if size := float64(r.ContentLength); size < .9*float64(tt.size) || size > 1.1*float64(tt.size) {
			t.Errorf("%s: body of %v bytes, want about %d", tt.name, size, tt.size)
		}
		if got := r.Header.Get("Next-Action") == actionID; got != tt.action {
			t.Errorf("%s: action header %v, want %v", tt.name, got, tt.action)
		}
		if got := r.Header.Get("Origin") == "http://"+r.Host; got != tt.ownOrigin {
			t.Errorf("%s: own origin %v, want %v", tt.name, got, tt.ownOrigin)
		}
		if got := partNames(t, r); !slices.Equal(got, tt.parts) {
			t.Errorf("%s: parts %q, want %q", tt.name, got, tt.parts)
		}
	}
}

// partNames lists the parts of a multipart body in order, and checks that those with a number for
// a name hold JSON.
func partNames(t *testing.T, r *http.Request) (names []string) {
	t.Helper()
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil
	}
	mr, err := r.MultipartReader()
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := mr.NextRawPart()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, p.FormName())
		text, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.FormName()) == 1 && !json.Valid(text) {
			t.Errorf("part %s is not JSON: %.80q", p.FormName(), text)
		}
	}
}

func TestTextIsAnArgumentList(t *testing.T) {
	r := parse(t, workloads[1])
	var args []map[string]any
	if err := json.NewDecoder(r.Body).Decode(&args); err != nil || len(args) != 1 {
		t.Fatalf("%d arguments, error %v", len(args), err)
	}
	if ct := r.Header.Get("Content-Type"); ct != "text/plain;charset=UTF-8" {
		t.Errorf("content type %q", ct)
	}
}

func TestCaddyfile(t *testing.T) {
	v := variant{name: "limit", site: "request_body {\n\tmax_size 1MiB\n}"}
	want := ":9000 {\n\trequest_body {\n\t\tmax_size 1MiB\n\t}\n\treverse_proxy 127.0.0.1:9001\n}\n"
	if got := v.caddyfile(9000, 9001); !strings.HasSuffix(got, want) || !strings.Contains(got, "admin off") {
		t.Errorf("got\n%s", got)
	}
}

func TestWant(t *testing.T) {
	gate, bare := variant{refuses: true}, variant{}
	refused, passed := workload{refused: true}, workload{}
	tests := []struct {
		about  string
		v      variant
		w      workload
		status int
		want   bool
	}{
		{"bare passes a foreign origin", bare, refused, 200, true},
		{"bare refusing is an error", bare, refused, 403, false},
		{"the gate refuses a foreign origin", gate, refused, 403, true},
		{"the gate passing it is an error", gate, refused, 200, false},
		{"the gate failing is no refusal", gate, refused, 502, false},
		{"the gate passes a genuine call", gate, passed, 200, true},
		{"the gate refusing it is an error", gate, passed, 400, false},
	}
	for _, tt := range tests {
		if _, check := tt.v.want(tt.w); check(tt.status) != tt.want {
			t.Errorf("%s: got %v", tt.about, !tt.want)
		}
	}
}
