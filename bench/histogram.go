package main

import (
	"math/bits"
	"time"
)

// subBits is the precision of a histogram: 2^subBits buckets for each doubling of the duration,
// so a quantile is wrong by less than one percent.
const subBits = 7

// A histogram counts durations in microseconds, from 1 us to about an hour, without allocating.
type histogram struct {
	buckets [(33 - subBits) << subBits]uint32
	count   int
}

// add counts one duration.
func (h *histogram) add(d time.Duration) {
	h.buckets[bucket(uint32(min(d.Microseconds(), 1<<32-1)))]++
	h.count++
}

// quantile returns the lower edge of the bucket that holds quantile q, 0 when nothing was counted.
func (h *histogram) quantile(q float64) time.Duration {
	rank, seen := int(q*float64(h.count-1)), 0
	for i, n := range h.buckets {
		seen += int(n)
		if seen > rank && n > 0 {
			return time.Duration(lowerEdge(i)) * time.Microsecond
		}
	}
	return 0
}

// bucket maps a value to its bucket: small values to themselves, larger ones to their leading
// subBits+1 bits.
func bucket(v uint32) int {
	shift := max(bits.Len32(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// lowerEdge is the smallest value that bucket maps to i.
func lowerEdge(i int) uint64 {
	shift := max(i>>subBits-1, 0)
	return uint64(i-shift<<subBits) << shift
}
