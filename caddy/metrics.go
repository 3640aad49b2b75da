package caddy

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

// metrics are the collectors of one configuration. Labels come from closed
// lists only: never a host, a path or an action id.
type metrics struct {
	calls    *prometheus.CounterVec
	admitted map[action.Kind]prometheus.Counter
	duration *prometheus.HistogramVec
	size     *prometheus.HistogramVec
}

// newMetrics creates the collectors and registers them. As Caddy's own do,
// they start from zero when the configuration is reloaded.
func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "actiongw_calls_total",
			Help: "Server action calls by what became of them.",
		}, []string{"kind", "verdict", "reason"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "actiongw_decision_seconds",
			Help:    "Time from the head of a request to the decision, the arrival of the body included.",
			Buckets: []float64{.0001, .001, .01, .1, 1, 10, 30},
		}, []string{"kind"}),
		size: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "actiongw_body_bytes",
			Help:    "Bytes of request bodies that were read to decide.",
			Buckets: prometheus.ExponentialBuckets(256, 4, 8), // to 4 MiB
		}, []string{"kind"}),
	}
	memory := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "actiongw_memory_bytes",
		Help: "Bytes of request bodies that the process holds now; compare with max_memory.",
	}, func() float64 { return float64(inFlight.Held()) })
	m.create()
	for _, c := range []prometheus.Collector{m.calls, m.duration, m.size, memory} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// create makes every series exist from the start, so that a rate can be
// computed from the first refusal on.
func (m *metrics) create() {
	m.admitted = map[action.Kind]prometheus.Counter{}
	for _, kind := range []action.Kind{action.Fetch, action.Form} {
		m.admitted[kind] = m.calls.WithLabelValues(kind.String(), proxy.Admit.String(), "")
		for _, reason := range reject.All() {
			m.calls.WithLabelValues(kind.String(), proxy.Refuse.String(), string(reason))
		}
	}
}

// observe records what a decision cost.
func (m *metrics) observe(d *proxy.Decision, took time.Duration) {
	m.duration.WithLabelValues(d.Kind.String()).Observe(took.Seconds())
	m.size.WithLabelValues(d.Kind.String()).Observe(float64(d.BodyBytes))
}

// count counts a verdict about a call. Forms that are none are not counted.
func (m *metrics) count(o *observation) {
	switch {
	case o.refusal != nil:
		m.calls.WithLabelValues(o.decision.Kind.String(), o.verdict.String(), string(o.refusal.Reason)).Inc()
	case o.verdict == proxy.Admit:
		m.admitted[o.decision.Kind].Inc()
	}
}
