package caddy

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reject"
)

// observation is what one decision looks like from outside: in the log, the
// metrics, the access log and the placeholders.
type observation struct {
	decision *proxy.Decision
	verdict  proxy.Verdict
	refusal  *reject.Error
	digest   string
	late     bool
	// result is what became of the answer of a JSON backend, nil before.
	result *proxy.ResultReport
}

// observe reports a decision about a call, or about a form that might have
// been one, everywhere that operators look.
func (h *Handler) observe(r *http.Request, d *proxy.Decision, start time.Time) *observation {
	o := &observation{decision: d, verdict: d.Verdict, refusal: d.Refusal}
	setPlaceholders(r, o.placeholder)
	if extra, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		// Under a name, which is not written, so that of two gates in a row the
		// last one speaks.
		fields := zap.Inline(o)
		fields.Key = "actiongw"
		extra.Set(fields)
	}
	h.metrics.observe(d, time.Since(start))
	h.report(r, o)
	return o
}

// observeLate reports the refusal of a body that was already streaming, once.
func (h *Handler) observeLate(r *http.Request, o *observation) {
	refusal := o.decision.Late()
	if refusal == nil || o.late {
		return
	}
	o.late, o.refusal, o.verdict = true, refusal, proxy.Refuse
	if h.Mode == "report" {
		o.verdict = proxy.WouldRefuse
	}
	h.report(r, o)
}

// report counts the verdict and writes the log line of a refusal.
func (h *Handler) report(r *http.Request, o *observation) {
	h.metrics.count(o)
	if o.refusal != nil {
		o.digest = newDigest()
		h.logRefusal(r, o)
	}
}

// newDigest makes the word that leads from an answer to its log line.
func newDigest() string { return rand.Text()[:13] } // 65 bits: unique in any log

// outcome is the word for what became of the answer, empty without one.
func (o *observation) outcome() string {
	if o.result == nil {
		return ""
	}
	return string(o.result.Outcome)
}

// MarshalLogObject adds the fields of the access log. They are read when the
// line is written, so that a late refusal shows.
func (o *observation) MarshalLogObject(to zapcore.ObjectEncoder) error {
	to.AddString("actiongw_verdict", o.verdict.String())
	to.AddString("actiongw_kind", o.decision.Kind.String())
	if o.decision.ID != "" {
		to.AddString("actiongw_action_id", string(o.decision.ID))
	}
	if o.decision.Name != "" {
		to.AddString("actiongw_action", o.decision.Name)
	}
	if o.result != nil {
		to.AddString("actiongw_outcome", o.outcome())
	}
	if o.refusal != nil {
		to.AddString("actiongw_reason", string(o.refusal.Reason))
		to.AddString("actiongw_digest", o.digest)
	}
	return nil
}

// logRefusal writes the one line of a refusal. All of its values are ours or
// have passed a grammar; none is a byte of a body.
func (h *Handler) logRefusal(r *http.Request, o *observation) {
	level, message := zapcore.WarnLevel, "refused"
	if o.verdict == proxy.WouldRefuse {
		level, message = zapcore.InfoLevel, "would refuse"
	}
	entry := h.logger.Check(level, message)
	if entry == nil {
		return
	}
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	fields := []zap.Field{
		zap.String("reason", string(o.refusal.Reason)),
		zap.String("stage", string(o.refusal.Stage)),
		zap.String("detail", o.refusal.Detail),
		zap.Stringer("kind", o.decision.Kind),
		zap.String("action_id", string(o.decision.ID)),
		zap.String("action", o.decision.Name),
		zap.String("client_ip", client),
		zap.String("digest", o.digest),
	}
	for _, fact := range o.refusal.Facts {
		fields = append(fields, zap.String(fact.Name, fact.Value))
	}
	entry.Write(fields...)
}

// setPlaceholders has `{http.actiongw.…}` answered by a function.
func setPlaceholders(r *http.Request, answer caddy.ReplacerFunc) {
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(answer)
	}
}

// noPlaceholder answers on requests that are no calls: with nothing, because a
// placeholder that nobody knows is passed on as it is spelled.
func noPlaceholder(key string) (any, bool) {
	return "", strings.HasPrefix(key, "http.actiongw.")
}

// placeholder answers for `{http.actiongw.…}`. The values are read when they
// are asked for, so that a late refusal shows.
func (o *observation) placeholder(key string) (any, bool) {
	switch key {
	case "http.actiongw.verdict":
		return o.verdict.String(), true
	case "http.actiongw.kind":
		return o.decision.Kind.String(), true
	case "http.actiongw.action_id":
		return string(o.decision.ID), true
	case "http.actiongw.action":
		return o.decision.Name, true
	case "http.actiongw.closure":
		return o.decision.Closure.String(), true
	case "http.actiongw.outcome":
		return o.outcome(), true
	case "http.actiongw.digest":
		return o.digest, true
	case "http.actiongw.reason":
		if o.refusal == nil {
			return "", true
		}
		return string(o.refusal.Reason), true
	default:
		return nil, false
	}
}
