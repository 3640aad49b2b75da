package flight_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// FuzzParse: whatever is read is nil on error, and is written and read again
// as the same value.
func FuzzParse(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.stream(f))
	}
	recorded, err := vectors.Seeds()
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range recorded {
		var list []sealed
		if err := json.Unmarshal(e.Expected.SealedInRequest, &list); err != nil {
			f.Fatal(err)
		}
		for _, s := range list {
			if s.whole() {
				f.Add([]byte(*s.Flight))
			}
		}
	}
	for seed := range uint64(50) {
		stream, err := flight.Append(nil, 0, newGenerator(seed).any())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(stream)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		checkStream(t, stream)
	})
}

// TestDamagedStreams does what FuzzParse does in each run of the tests: streams
// of every kind with a few bytes exchanged for others that mean something.
func TestDamagedStreams(t *testing.T) {
	const letters = "0123456789abc$:@QWKBhiLZRrXxCTEIoOD[]{},\"\n\\u"
	read := 0
	random := rand.New(rand.NewPCG(1, 2))
	for seed := range uint64(20_000) {
		stream, err := flight.Append(nil, 0, newGenerator(seed).any())
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + random.IntN(3) {
			stream[random.IntN(len(stream))] = letters[random.IntN(len(letters))]
		}
		if checkStream(t, stream) {
			read++
		}
	}
	t.Logf("%d damaged streams still mean something", read)
}

// checkStream reports whether the stream is one.
func checkStream(t *testing.T, stream []byte) bool {
	t.Helper()
	v, err := flight.Parse(stream, flight.Limits{Nodes: 2000, Depth: 500})
	if err != nil {
		if v != nil {
			t.Fatalf("a value beside an error: %q", stream)
		}
		return false
	}
	out, werr := flight.Append(nil, 0, v)
	if werr != nil {
		if out != nil {
			t.Fatalf("bytes beside an error: %q", stream)
		}
		return true
	}
	again, err := flight.Parse(out, flight.Limits{})
	if err != nil {
		t.Fatalf("%v: %q written as %q", err, stream, out)
	}
	checkSame(t, again, v)
	return true
}

// FuzzAppend: random values of every kind are written and read as the same.
func FuzzAppend(f *testing.F) {
	f.Add(uint64(1), uint32(0))
	f.Fuzz(func(t *testing.T, seed uint64, id uint32) {
		v := newGenerator(seed).any()
		if id != 0 {
			// A caller's own row comes first, as in the result of an action.
			id = id%1000 + 1
		}
		var head []byte
		if id != 0 {
			head = []byte("0:[\"$@" + strconv.FormatUint(uint64(id), 16) + "\"]\n")
		}
		out, err := flight.Append(head, id, v)
		if err != nil {
			t.Fatal(err)
		}
		parsed, bad := flight.Parse(out, flight.Limits{})
		if bad != nil && !(id != 0 && isPromise(v)) {
			t.Fatalf("%v: %q", bad, out)
		}
		if id != 0 && bad == nil {
			parsed = parsed.(*value.Array).Items[0].(*value.Promise).Value
		}
		if bad == nil {
			checkSame(t, parsed, v)
		}
	})
}

func checkSame(t *testing.T, a, b value.Value) {
	got, err := vectors.Tagged(a)
	want, err2 := vectors.Tagged(b)
	if err != nil || err2 != nil || got != want {
		t.Fatalf("got %s, %v, want %s, %v", got, err, want, err2)
	}
}
