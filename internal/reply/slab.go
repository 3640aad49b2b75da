package reply

import "github.com/actiongw/actiongw/internal/value"

// slab hands out memory for the many small pieces of one reply, which live and
// die together, from few larger ones.
type slab[T any] struct {
	free []T
	// size is how many elements to get at once.
	size int
}

// take returns n elements. Many of them get memory of their own, so that at
// most a quarter of what was got is wasted.
func (s *slab[T]) take(n int) []T {
	if n > len(s.free) {
		if n > s.size/4 {
			return make([]T, n)
		}
		s.free = make([]T, s.size)
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}

// slabs are the memory for JSON's containers.
type slabs struct {
	arrays  slab[value.Array]
	objects slab[value.Object]
	items   slab[value.Value]
	members slab[value.Member]
}

// expect prepares for a text of so many bytes. The divisors are those of
// ordinary arguments, objects of half a dozen members; the limit bounds the
// waste when they are others, to 16 KiB.
func (s *slabs) expect(bytes int) {
	const most = 512
	s.members.size = min(bytes/24, most)
	s.items.size = min(bytes/64, most)
	s.objects.size = min(bytes/128, most)
	s.arrays.size = min(bytes/128, most)
}
