package main

import "slices"

// quantile returns quantile q of xs, interpolating between neighbours; 0 for an empty list.
// The median is quantile 0.5.
func quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(xs))
	at := q * float64(len(s)-1)
	low := int(at)
	if low == len(s)-1 {
		return s[low]
	}
	return s[low] + (at-float64(low))*(s[low+1]-s[low])
}

// order lists the indexes 0..n-1 in the order in which a round visits the variants: each round
// starts one further along, and every second round runs backwards from there. Over the rounds each
// variant stands in each place equally often and behind different neighbours, so that a slow drift
// of the machine, or what one visit leaves behind for the next, does not always hit the same one.
func order(n, round int) []int {
	step := 1
	if round%2 == 1 {
		step = n - 1 // one back
	}
	is := make([]int, n)
	for i := range is {
		is[i] = (round + i*step) % n
	}
	return is
}

// A visit is one short load run against one variant.
type visit struct {
	Workload string  `json:"workload"`
	Variant  string  `json:"variant"`
	Round    int     `json:"round"`
	Requests int     `json:"requests"`
	Closed   int     `json:"closed"` // connections that the server closed after a response
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu_us"`    // CPU time of the server process per request
	Rate     float64 `json:"rps"`       // requests per second
	P50      float64 `json:"p50_ms"`    // median latency
	LoadBusy float64 `json:"load_busy"` // share of the load core used by generator and upstream
}

// A summary condenses the visits of one variant under one workload. The ratios are formed inside
// each round, against the base variant's visit of the same round, and only then condensed:
// neighbours in time share the state of the machine.
type summary struct {
	Workload string  `json:"workload"`
	Variant  string  `json:"variant"`
	Rounds   int     `json:"rounds"`
	CPU      float64 `json:"cpu_us"`
	Rate     float64 `json:"rps"`
	P50      float64 `json:"p50_ms"`
	LoadBusy float64 `json:"load_busy"`

	CPURatio  float64 `json:"cpu_ratio"`
	CPULow    float64 `json:"cpu_ratio_q1"`
	CPUHigh   float64 `json:"cpu_ratio_q3"`
	RateRatio float64 `json:"rps_ratio"`
	P50Ratio  float64 `json:"p50_ratio"`
}

// summarize condenses the visits of one variant under one workload against the base variant.
func summarize(visits []visit, workload, variant string) summary {
	var cpu, rate, p50, busy, cpuRatio, rateRatio, p50Ratio []float64
	for _, v := range visits {
		if v.Workload != workload || v.Variant != variant {
			continue
		}
		cpu, rate, p50, busy = append(cpu, v.CPU), append(rate, v.Rate), append(p50, v.P50), append(busy, v.LoadBusy)
		base, ok := baseOf(visits, v)
		if !ok {
			continue
		}
		cpuRatio = append(cpuRatio, v.CPU/base.CPU)
		rateRatio = append(rateRatio, v.Rate/base.Rate)
		p50Ratio = append(p50Ratio, v.P50/base.P50)
	}
	return summary{
		Workload: workload, Variant: variant, Rounds: len(cpuRatio),
		CPU: quantile(cpu, .5), Rate: quantile(rate, .5), P50: quantile(p50, .5), LoadBusy: quantile(busy, .5),
		CPURatio: quantile(cpuRatio, .5), CPULow: quantile(cpuRatio, .25), CPUHigh: quantile(cpuRatio, .75),
		RateRatio: quantile(rateRatio, .5), P50Ratio: quantile(p50Ratio, .5),
	}
}

// baseOf finds the base variant's visit of the same workload and round.
func baseOf(visits []visit, v visit) (visit, bool) {
	i := slices.IndexFunc(visits, func(b visit) bool {
		return b.Variant == baseVariant && b.Workload == v.Workload && b.Round == v.Round
	})
	if i < 0 {
		return visit{}, false
	}
	return visits[i], true
}
