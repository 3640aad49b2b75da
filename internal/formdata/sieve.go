package formdata

// Sieve watches a multipart body that is too long to hold while it passes, and
// finds the first field that would make it an action call. As long as the body
// follows the grammar the names of its parts decide and contents are opaque;
// from the first byte that does not, any mention of `$ACTION_` is a hit.
type Sieve struct {
	grammar grammar
	// lost is set once the grammar no longer describes the body.
	lost     bool
	searches searches
}

// NewSieve starts a sieve. An empty boundary means that the media type could
// not be read: the body then follows no grammar from its first byte. The
// delimiter is that of [MentionsAction].
func NewSieve(boundary, delimiter string, limits Limits) *Sieve {
	return &Sieve{grammar: newGrammar([]byte(boundary), limits), lost: boundary == "", searches: newSearches(delimiter)}
}

// Scan looks at the bytes that have arrived and are still held. It returns how
// many of them, from the start, are safe to pass on, and whether the rest
// begins an action field. The next call's held starts behind the safe bytes.
// What it holds back is bounded: a header block ([Limits].HeaderBytes), a
// delimiter, or maxHeld.
func (s *Sieve) Scan(held []byte, eof bool) (safe int, hit bool) {
	for !s.lost {
		t, n, err := s.grammar.next(held[safe:], eof)
		switch {
		case err != nil:
			s.lost = true
		case t.kind == partStart && (t.part.IsActionField() || hidesAction(t.part.Name)):
			return safe, true
		case t.kind == needMore, t.kind == end:
			return safe + n, false
		}
		safe += n
	}
	rest := held[safe:]
	if s.searches.scan(rest, eof) {
		return safe, true
	}
	if eof {
		return len(held), false
	}
	return safe + s.searches.release(), false
}
