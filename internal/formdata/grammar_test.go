package formdata

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFindIsIndex: looking for what follows the hyphens finds what looking for
// the boundary does, in data that is full of its parts.
func TestFindIsIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	some := func(characters string, n int) []byte {
		text := make([]byte, n)
		for i := range text {
			text[i] = characters[rng.IntN(len(characters))]
		}
		return text
	}
	found := 0
	for i := range 200_000 {
		characters := []string{"-", "-a", "-ab", "---a", "-a\r\n"}[i%5]
		boundary, data := some(characters, 1+rng.IntN(8)), some(characters, rng.IntN(40))
		if i%3 == 0 {
			data = slices.Insert(data, rng.IntN(len(data)+1), boundary...)
		}
		g := newGrammar(boundary, DefaultLimits())
		got, want := g.find(data), bytes.Index(data, boundary)
		if got != want {
			t.Fatalf("%q in %q: %d, want %d", boundary, data, got, want)
		}
		if got > 0 && got < len(data)-len(boundary) {
			found++
		}
	}
	if found < 10_000 {
		t.Errorf("only %d boundaries stood in the middle", found)
	}
}
