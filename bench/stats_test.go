package main

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	tests := []struct {
		about string
		xs    []float64
		q     float64
		want  float64
	}{
		{"nothing measured", nil, .5, 0},
		{"one value", []float64{3}, .5, 3},
		{"odd count: the middle one", []float64{9, 1, 4}, .5, 4},
		{"even count: between the two in the middle", []float64{4, 1, 9, 2}, .5, 3},
		{"one outlier does not move the median", []float64{1, 1, 1, 1, 100}, .5, 1},
		{"first quartile", []float64{1, 2, 3, 4, 5}, .25, 2},
		{"third quartile, interpolated", []float64{1, 2, 3, 4}, .75, 3.25},
		{"maximum", []float64{1, 3, 2}, 1, 3},
	}
	for _, tt := range tests {
		given := slices.Clone(tt.xs)
		if got := quantile(tt.xs, tt.q); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", tt.about, got, tt.want)
		}
		if !slices.Equal(given, tt.xs) {
			t.Errorf("%s: the list was reordered", tt.about)
		}
	}
}

func TestOrderIsFair(t *testing.T) {
	for n := 1; n <= 6; n++ {
		rounds := 2 * n
		places := make([][]int, n) // places[variant][place] counts
		for i := range places {
			places[i] = make([]int, n)
		}
		for r := range rounds {
			o := order(n, r)
			for place, v := range o {
				places[v][place]++
			}
			if sorted := slices.Sorted(slices.Values(o)); sorted[0] != 0 || sorted[n-1] != n-1 || len(slices.Compact(sorted)) != n {
				t.Fatalf("n=%d round %d: %v does not visit each variant once", n, r, o)
			}
		}
		for v, counts := range places {
			for place, c := range counts {
				if c != rounds/n {
					t.Errorf("n=%d: variant %d stands %d times in place %d, want %d", n, v, c, place, rounds/n)
				}
			}
		}
	}
}

func TestOrderTurnsEverySecondRound(t *testing.T) {
	want := [][]int{{0, 1, 2, 3}, {1, 0, 3, 2}, {2, 3, 0, 1}, {3, 2, 1, 0}, {0, 1, 2, 3}}
	for r, w := range want {
		if got := order(4, r); !slices.Equal(got, w) {
			t.Errorf("round %d: got %v, want %v", r, got, w)
		}
	}
}

// The machine becomes twice as slow after the first round: absolute figures are then worth nothing,
// ratios formed inside the rounds do not notice.
func TestSummarizePairsInsideRounds(t *testing.T) {
	visits := []visit{
		{Workload: "get", Variant: "bare", Round: 0, CPU: 50, Rate: 1000, P50: 1},
		{Workload: "get", Variant: "gate", Round: 0, CPU: 55, Rate: 900, P50: 1.2},
		{Workload: "get", Variant: "gate", Round: 1, CPU: 110, Rate: 450, P50: 2.4},
		{Workload: "get", Variant: "bare", Round: 1, CPU: 100, Rate: 500, P50: 2},
		{Workload: "text2k", Variant: "bare", Round: 0, CPU: 1, Rate: 1, P50: 1},
		{Workload: "get", Variant: "gate", Round: 2, CPU: 7, Rate: 7, P50: 7}, // no base in its round
	}
	s := summarize(visits, "get", "gate")
	if s.Rounds != 2 {
		t.Errorf("%d rounds counted, want 2", s.Rounds)
	}
	for name, got := range map[string][2]float64{
		"CPU ratio": {s.CPURatio, 1.1}, "rate ratio": {s.RateRatio, .9}, "p50 ratio": {s.P50Ratio, 1.2},
	} {
		if math.Abs(got[0]-got[1]) > 1e-9 {
			t.Errorf("%s %v, want %v", name, got[0], got[1])
		}
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	if got := h.quantile(.5); got != 0 {
		t.Errorf("empty: got %v", got)
	}
	for us := 1; us <= 1001; us++ {
		h.add(time.Duration(us) * time.Microsecond)
	}
	h.add(200 * time.Hour) // beyond the last bucket's range: counted all the same
	for q, want := range map[float64]float64{0: 1, .1: 101, .5: 501, .9: 901} {
		got := float64(h.quantile(q).Microseconds())
		if got > want || got < want*.99 {
			t.Errorf("quantile %v: got %v us, want about %v", q, got, want)
		}
	}
}

func TestHistogramBuckets(t *testing.T) {
	last := -1
	for v := uint64(0); v < 1<<32; v += 1 + v/300 {
		i := bucket(uint32(v))
		if i < last || i > last+1 {
			t.Fatalf("value %d is in bucket %d, after bucket %d", v, i, last)
		}
		last = i
		if low := lowerEdge(i); low > v || float64(v-low) > float64(v)/100 {
			t.Fatalf("value %d is in bucket %d, which begins at %d", v, i, low)
		}
	}
	if n := len(histogram{}.buckets); bucket(math.MaxUint32) != n-1 {
		t.Errorf("largest value is in bucket %d of %d", bucket(math.MaxUint32), n)
	}
}
