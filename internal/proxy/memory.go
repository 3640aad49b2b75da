package proxy

import "sync/atomic"

// Memory counts the bytes that bodies in flight occupy in this process.
// Several gates share one, each with a limit of its own.
type Memory struct{ held atomic.Int64 }

// take adds n bytes unless that would pass the limit.
func (m *Memory) take(n, limit int64) bool {
	if m.held.Add(n) <= limit {
		return true
	}
	m.held.Add(-n)
	return false
}

func (m *Memory) give(n int64) { m.held.Add(-n) }

// Held is how many bytes are counted now.
func (m *Memory) Held() int64 { return m.held.Load() }
