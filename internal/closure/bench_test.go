package closure_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
)

// BenchmarkOpenNext opens closures by their size; 1 KB is to take about a
// microsecond and at most 3 allocations, which TestOpeningAllocatesLittle holds.
func BenchmarkOpenNext(b *testing.B) {
	key := keyOf(b, 32, 7)
	ring := single(b, key)
	for _, size := range []int{64, 1024, 16 << 10, 1 << 20} {
		sealed := seal(b, key, id, strings.Repeat("x", size))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := closure.OpenNext(ring, id, sealed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecide is the cost of text that is no closure: a picture that all of
// five keys are tried on, and prose that none is.
func BenchmarkDecide(b *testing.B) {
	var entries []keyring.Entry
	for i := range byte(5) {
		entries = append(entries, keyring.Entry{Key: keyOf(b, 32, i), State: keyring.Enabled})
	}
	ring := ringOf(b, entries...)
	for name, text := range map[string]string{
		"picture": base64.StdEncoding.EncodeToString(make([]byte, 1024)),
		"prose":   strings.Repeat("long text of a user, ", 50),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := closure.Decide(ring, closure.Candidate{Text: text, MaxLength: 1 << 20}, closure.MaxTries); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpenOwn opens a closure of our own layout.
func BenchmarkOpenOwn(b *testing.B) {
	keys, _ := keysets(b, 0)
	sealed := sealOwn(b, keys, here, closure.Own{Issued: now, Expires: now + 60, Values: []byte(`["` + strings.Repeat("x", 1024) + `"]`)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := closure.OpenOwn(keys, closure.Expectation{Scope: here, Now: now}, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func TestOpeningAllocatesLittle(t *testing.T) {
	key := keyOf(t, 32, 7)
	ring := single(t, key)
	sealed := seal(t, key, id, strings.Repeat("x", 1024))
	if n := testing.AllocsPerRun(100, func() { _, _ = closure.OpenNext(ring, id, sealed) }); n > 3 {
		t.Errorf("%v allocations, want at most 3", n)
	}
}
