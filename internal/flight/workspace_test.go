package flight_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/value"
)

// TestWorkspacesKeepNothing: what was read stays as it is when its stream is
// overwritten and others, broken ones among them, are read in the same memory;
// and they read as they do alone.
func TestWorkspacesKeepNothing(t *testing.T) {
	const letters = "0123456789abc$:@QWKBhiLZRrXxCTEIoOD[]{},\"\n\\u"
	random := rand.New(rand.NewPCG(1, 2))
	written := func(v value.Value) string {
		stream, err := flight.Append(nil, 0, v)
		if err != nil {
			return err.Error()
		}
		return string(stream)
	}
	var w flight.Workspace
	var before value.Value
	var want string
	read, refused := 0, 0
	for seed := range uint64(5000) {
		stream, err := flight.Append(nil, 0, newGenerator(seed).any())
		if err != nil {
			t.Fatal(err)
		}
		if seed%2 == 0 {
			stream[random.IntN(len(stream))] = letters[random.IntN(len(letters))]
		}
		alone, wrong := flight.Parse(bytes.Clone(stream), flight.Limits{})
		v, refusal := w.Parse(stream, flight.Limits{})
		text := string(stream)
		clear(stream)
		if before != nil && written(before) != want {
			t.Fatalf("%q became %q when %q was read", want, written(before), text)
		}
		before = nil
		if (wrong == nil) != (refusal == nil) || wrong != nil && wrong.Error() != refusal.Error() {
			t.Fatalf("%q: %v, alone %v", text, refusal, wrong)
		}
		if refusal != nil {
			refused++
			continue
		}
		read++
		if before, want = v, written(alone); written(v) != want {
			t.Fatalf("%q: %q, alone %q", text, written(v), want)
		}
	}
	if read < 1000 || refused < 1000 {
		t.Errorf("%d were read and %d refused", read, refused)
	}
}
