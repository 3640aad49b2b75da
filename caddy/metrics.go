package caddy

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

// metrics are the collectors of one configuration. Labels come from closed
// lists only: never a host, a path or an action id.
type metrics struct {
	calls   *prometheus.CounterVec
	actions *prometheus.CounterVec
	keys    *prometheus.CounterVec
	results *prometheus.CounterVec
	kinds   map[string]kindMetrics
}

// kindMetrics are the series of one kind that every genuine call touches,
// looked up once.
type kindMetrics struct {
	admitted       prometheus.Counter
	duration, size prometheus.Observer
}

// newMetrics creates the collectors and registers them. As Caddy's own do,
// they start from zero when the configuration is reloaded.
func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "actiongw_calls_total",
			Help: "Server action calls by what became of them.",
		}, []string{"kind", "verdict", "reason"}),
		actions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "actiongw_actions_total",
			Help: "Server action calls by the action's name in the manifests, or unknown.",
		}, []string{"action", "verdict"}),
		keys: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "actiongw_key_uses_total",
			Help: "Sealed closures opened, by the fingerprint of the key.",
		}, []string{"key"}),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "actiongw_results_total",
			Help: "Answers of JSON backends to fetch calls by what became of them.",
		}, []string{"outcome"}),
		kinds: map[string]kindMetrics{},
	}
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "actiongw_decision_seconds",
		Help:    "Time from the head of a request to the decision, the arrival of the body included.",
		Buckets: []float64{.0001, .001, .01, .1, 1, 10, 30},
	}, []string{"kind"})
	size := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "actiongw_body_bytes",
		Help:    "Bytes of request bodies that were read to decide.",
		Buckets: prometheus.ExponentialBuckets(256, 4, 8), // to 4 MiB
	}, []string{"kind"})
	memory := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "actiongw_memory_bytes",
		Help: "Bytes of request bodies that the process holds now; compare with max_memory.",
	}, func() float64 { return float64(inFlight.Held()) })
	// Every series exists from the start, so that a rate can be computed from
	// the first refusal on.
	for _, kind := range []string{action.Fetch.String(), action.Form.String(), action.None.String()} {
		for _, reason := range reject.All() {
			m.calls.WithLabelValues(kind, proxy.Refuse.String(), string(reason))
			m.calls.WithLabelValues(kind, proxy.WouldRefuse.String(), string(reason))
		}
		m.kinds[kind] = kindMetrics{
			admitted: m.calls.WithLabelValues(kind, proxy.Admit.String(), ""),
			duration: duration.WithLabelValues(kind),
			size:     size.WithLabelValues(kind),
		}
	}
	for _, outcome := range jsoncall.Outcomes() {
		m.results.WithLabelValues(string(outcome))
	}
	for _, c := range []prometheus.Collector{m.calls, m.actions, m.keys, m.results, duration, size, memory} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// observe records what a decision cost.
func (m *metrics) observe(d *proxy.Decision, took time.Duration) {
	kind := m.kinds[d.Kind.String()]
	kind.duration.Observe(took.Seconds())
	kind.size.Observe(float64(d.BodyBytes))
}

// count counts a verdict about a call. Forms that are none are not counted.
func (m *metrics) count(o *observation) {
	kind := o.decision.Kind.String()
	switch {
	case o.refusal != nil:
		m.calls.WithLabelValues(kind, o.verdict.String(), string(o.refusal.Reason)).Inc()
	case o.verdict == proxy.Admit:
		m.kinds[kind].admitted.Inc()
	default:
		return
	}
	name := o.decision.Name
	if name == "" {
		name = "unknown"
	}
	m.actions.WithLabelValues(name, o.verdict.String()).Inc()
	for _, key := range o.decision.Keys {
		m.keys.WithLabelValues(key).Inc()
	}
}
