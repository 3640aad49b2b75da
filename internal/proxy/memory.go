package proxy

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// Memory counts the bytes that bodies in flight occupy in this process, and
// keeps their buffers for the next ones. Several gates share one, each with a
// limit of its own.
type Memory struct {
	held  atomic.Int64
	pools [32]sync.Pool // of *[]byte; the n-th holds empty buffers of 2^n+1 bytes

	workspaces sync.Pool // of *workspace
}

// smallBuffer is how much is made anew each time, because it costs less than a
// look into a pool.
const smallBuffer = 512

// Held is how many bytes are counted now.
func (m *Memory) Held() int64 { return m.held.Load() }

// take counts n bytes more unless that would pass the limit.
func (m *Memory) take(n, limit int64) bool {
	if m.held.Add(n) <= limit {
		return true
	}
	m.held.Add(-n)
	return false
}

// give ends the counting of n bytes.
func (m *Memory) give(n int64) { m.held.Add(-n) }

// buffer returns an empty buffer with room for at least n bytes, counted by
// its caller.
func (m *Memory) buffer(n int64) *[]byte {
	if n > smallBuffer {
		if kept, ok := m.pools[sizeClass(n)].Get().(*[]byte); ok {
			return kept
		}
	}
	made := make([]byte, 0, bufferSize(n))
	return &made
}

// bufferSize is how much room a buffer for n bytes really has.
func bufferSize(n int64) int64 {
	if n <= smallBuffer {
		return n
	}
	return 1<<sizeClass(n) + 1
}

// keep takes a buffer back, nil for none. Nobody may use it any more.
func (m *Memory) keep(b *[]byte) {
	if b != nil && cap(*b) > smallBuffer {
		m.pools[sizeClass(int64(cap(*b)))].Put(b)
	}
}

// sizeClass is the least k with room for n bytes in 2^k+1. The one byte more
// is there because a reader wants to see that nothing follows n bytes, and
// limits are powers of two.
func sizeClass(n int64) int { return min(bits.Len64(uint64(max(n-2, 0))), 31) }
