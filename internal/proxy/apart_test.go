package proxy_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/proxy"
)

// traffic is requests of every kind, whose texts are in no other traffic.
type traffic struct {
	testing.TB
	number int
	keys   []keyring.Entry
	own    keyring.OwnKeys
}

// text is a text of the traffic, of up to 2 KB.
func (tr traffic) text(n int) string {
	return strings.Repeat(fmt.Sprintf("<%d.%d>", tr.number, n), 1+(tr.number*7+n*31)%300)
}

// sealed is a closure of Next's layout, under one key or another.
func (tr traffic) sealed(id string, n int) string {
	long := tr.text(n + 1)
	stream := fmt.Sprintf("1:[[\"%s\",\"$n%d\"]]\n2:T%x,%s0:[\"$2\",\"$Q1\",{\"%s\":\"\\u0041%s\"},\"$D2026-01-02T03:04:05.678Z\"]\n", tr.text(n), tr.number, len(long), long, tr.text(n+2), tr.text(n+3))
	text, err := closure.SealNext(rand.Reader, tr.keys[(tr.number+n)%len(tr.keys)].Key, id, []byte(stream))
	if err != nil {
		tr.Fatal(err)
	}
	return text
}

// sealedOwn is a closure of our own layout.
func (tr traffic) sealedOwn() string {
	values, types := fmt.Sprintf(`[%q,"%d"]`, tr.text(40), tr.number), `{"/closure/1":"BigInt"}`
	text, err := closure.SealOwn(tr.own, closure.Scope{Audience: "shop", ActionID: id}, closure.Own{Issued: 1000, Expires: 2000, Values: []byte(values), Types: []byte(types)})
	if err != nil {
		tr.Fatal(err)
	}
	return text
}

// functions is a call with a closure and two functions that have their own.
func (tr traffic) functions(own string) string {
	function := func(n int) string { return fmt.Sprintf("40%038d%02d", tr.number, n) }
	return parts("1", fmt.Sprintf("%q", own),
		"2", `{"id":"`+function(1)+`","bound":"$@3"}`, "3", `["$@4",1]`, "4", fmt.Sprintf("%q", tr.sealed(function(1), 10)),
		"5", `{"id":"`+function(2)+`","bound":"$@6"}`, "6", `["$@7"]`, "7", fmt.Sprintf("%q", tr.sealed(function(2), 20)),
		"0", fmt.Sprintf(`["$@1","$h2","$h5",%q]`, tr.text(30)))
}

// files is a call with a file and bytes.
func (tr traffic) files() string {
	const file = "--b-0-b\r\nContent-Disposition: form-data; name=%q; filename=%q\r\nContent-Type: text/x\r\n\r\n%s\r\n"
	return fmt.Sprintf(file, "1", fmt.Sprintf("%d.txt", tr.number), tr.text(1)) + fmt.Sprintf(file, "2", "blob", tr.text(2)) +
		parts("3", fmt.Sprintf("%q", tr.sealed(id, 3)), "0", fmt.Sprintf(`["$@3","$B1",{%q:"$o2"}]`, tr.text(4)))
}

// requests make the traffic.
func (tr traffic) requests() []func() *http.Request {
	var all []func() *http.Request
	form := func(contentType, body string) {
		all = append(all, func() *http.Request {
			r := post(contentType, body)
			if tr.number%2 == 0 { // without a length, in pieces
				r.ContentLength, r.Body = -1, io.NopCloser(iotest.HalfReader(strings.NewReader(body)))
			}
			return r
		})
	}
	call := func(contentType, body string) {
		form(contentType, body)
		request := all[len(all)-1]
		all[len(all)-1] = func() *http.Request {
			r := request()
			r.Header.Set("Next-Action", id)
			return r
		}
	}
	text := fmt.Sprintf(`[%q,{%q:[%q,%d]},"\u0041"]`, tr.text(1), tr.text(2), tr.text(3), tr.number)
	call(textType, text)
	call(textType, text+"x")
	call(textType, fmt.Sprintf(`[{"__proto__":[],%q:"\u0041"},%q]`, tr.text(4), tr.text(5)))
	call(replyType, tr.functions(tr.sealed(id, 6)))
	call(replyType, tr.functions(tr.sealed(strings.Replace(id, "40", "41", 1), 6)))
	call(replyType, tr.functions(tr.sealedOwn()))
	call(replyType, tr.files())
	call(replyType, strings.TrimSuffix(tr.files(), "--\r\n"))
	form(replyType, parts("$ACTION_REF_1", "", "$ACTION_1:0", `{"id":"`+id+`","bound":"$@1"}`, "$ACTION_1:1", `["$@2"]`, "$ACTION_1:2", fmt.Sprintf("%q", tr.sealed(id, 7)), "a", tr.text(8)))
	form(formType, strings.Replace(upload, "in a file", tr.text(9), 1))
	form(formType, strings.Replace(upload, "in a file", strings.Repeat(tr.text(9), 1+100_000/len(tr.text(9))), 1))
	return all
}

// gates are one that enforces, one that reports and one for a JSON backend,
// with one memory.
func (tr traffic) gates(m *proxy.Memory) []*proxy.Gate {
	c := proxy.Config{
		Memory: m, MaxBody: 64 << 10, Keys: tr.keys,
		Closures: proxy.OwnClosures{Keys: tr.own, Audience: "shop"},
		Now:      func() time.Time { return time.Unix(1500, 0) },
	}
	enforcing, _ := newGate(tr, c)
	c.Report = true
	reporting, _ := newGate(tr, c)
	c.Report, c.JSON = false, true
	json, _ := newGate(tr, c)
	return []*proxy.Gate{enforcing, reporting, json}
}

// names are those that a gate draws for parts and boundaries.
var names = regexp.MustCompile(`\b(----actiongw)?[A-Z2-7]{26}\b`)

// seen is what operators and upstream see of a request, and what upstream has
// read of its body.
func seen(r *http.Request, d *proxy.Decision, body []byte) string {
	all := fmt.Sprintf("%v %v %v %v %v %v, %v %s", d.Verdict, d.ID, d.Closure, d.Keys, d.Refusal, r.Header["Actiongw-Action"], r.Header["Content-Type"], body)
	return names.ReplaceAllString(all, "DRAWN")
}

// check sends one request through a gate that others use, and through one that
// nobody else does, and compares what is seen.
func (tr traffic) check(request func() *http.Request, shared, alone *proxy.Gate, way int) {
	r := request()
	d := admit(alone, r)
	body, _ := io.ReadAll(r.Body)
	want := seen(r, &d, body)
	d.Release(true)

	r = request()
	d = admit(shared, r)
	if way == 0 && !d.Streams() && d.Verdict != proxy.Refuse {
		late := make(chan []byte)
		go func() {
			body, _ := io.ReadAll(iotest.OneByteReader(r.Body))
			late <- body
		}()
		d.Release(true)
		read := names.ReplaceAllString(string(<-late), "DRAWN")
		// A name that was drawn may have been cut.
		if !strings.Contains(want, read[:max(0, len(read)-80)]) {
			tr.Errorf("a late reader got %q of %q", read, want)
		}
		return
	}
	if way == 1 && !d.Streams() {
		d.Release(false) // for an error route, which reads the body
	}
	body, err := io.ReadAll(r.Body)
	if got := seen(r, &d, body); got != want || err != nil {
		tr.Errorf("%v: got  %.2000s\nwant %.2000s", err, got, want)
	}
	d.Release(way != 1)
}

// TestRequestsShareNothing: however many requests are read in one memory, one
// after the other or at once, each is what it would be alone, to its last byte.
func TestRequestsShareNothing(t *testing.T) {
	set, err := keyring.Generate(keyring.OwnClosures, strings.NewReader(strings.Repeat("k", 36)), 1)
	if err != nil {
		t.Fatal(err)
	}
	own, err := set.Own()
	if err != nil {
		t.Fatal(err)
	}
	memory := new(proxy.Memory)
	shared := traffic{TB: t, keys: ring(t, 3), own: own}.gates(memory)
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for round := range 6 {
				tr := traffic{t, worker*6 + round, ring(t, 3), own}
				for i, request := range tr.requests() {
					for k, alone := range tr.gates(new(proxy.Memory)) {
						tr.check(request, shared[k], alone, (i+k+round)%3)
					}
				}
			}
		})
	}
	workers.Wait()
	if memory.Held() != 0 {
		t.Errorf("%d bytes are still counted", memory.Held())
	}
	kinds := map[string]int{}
	for _, request := range (traffic{t, 0, ring(t, 3), own}).requests() {
		d := admit(shared[0], request())
		kinds[fmt.Sprintf("%v %v, %d keys, streams %t", d.Verdict, d.Closure, len(d.Keys), d.Streams())]++
		d.Release(true)
	}
	if want := map[string]int{
		"admit none, 0 keys, streams false": 2, "admit opened, 1 keys, streams false": 2, "admit opened, 3 keys, streams false": 2,
		"pass none, 0 keys, streams false": 1, "pass none, 0 keys, streams true": 1, "refuse none, 0 keys, streams false": 3,
	}; !maps.Equal(kinds, want) {
		t.Errorf("the requests were %v, want %v", kinds, want)
	}
}
