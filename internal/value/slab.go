package value

// Slabs are memory for the containers of one tree of values.
type Slabs struct {
	Arrays  Slab[Array]
	Objects Slab[Object]
	Items   Slab[Value]
	Members Slab[Member]
}

// Expect prepares for a JSON text of so many bytes. The divisors are those of
// ordinary arguments, objects of half a dozen members; the limit bounds the
// waste when they are others, to 16 KiB.
func (s *Slabs) Expect(bytes int) {
	const most = 512
	s.Members.size = min(bytes/24, most)
	s.Items.size = min(bytes/64, most)
	s.Objects.size = min(bytes/128, most)
	s.Arrays.size = min(bytes/128, most)
}

// Slab hands out memory for many small pieces, which live and die together,
// from few larger ones.
type Slab[T any] struct {
	free []T
	// size is how many elements to get at once.
	size int
}

// Begin gives the slab its first elements, zeros that nothing else uses.
func (s *Slab[T]) Begin(free []T) { s.free = free }

// Take returns n zero elements. Many of them get memory of their own, so that
// at most a quarter of what was got is wasted.
func (s *Slab[T]) Take(n int) []T {
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

// Emptied is a list without its elements, for more of them, or no list when it
// has become longer than most.
func Emptied[T any](list []T, most int) []T {
	if cap(list) > most {
		return nil
	}
	clear(list[:cap(list)])
	return list[:0]
}
