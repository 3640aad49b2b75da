package caddy

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/proxy"
)

// translate has a JSON backend answer a call, and gives the client what it
// expects. Failures of the backend have been told to the client by then, so no
// error goes up to the site's error routes.
func (h *Handler) translate(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, o *observation) error {
	t := proxy.Translation{
		Client:    o.decision.Client(),
		MaxResult: h.MaxResult,
		Timeout:   time.Duration(h.ResultTimeout),
		Digest:    newDigest,
	}
	result := t.Serve(w, r, func(w http.ResponseWriter, r *http.Request) error { return next.ServeHTTP(w, r) })
	h.metrics.results.WithLabelValues(string(result.Outcome)).Inc()
	o.result = &result
	if result.Outcome.Failed() || result.Digest != "" {
		h.logResult(r, o)
	}
	if result.Broken {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// logResult writes the one line of a call that the backend did not answer with
// a result: a warning if it said so itself, an error if it is broken.
func (h *Handler) logResult(r *http.Request, o *observation) {
	level, result := zapcore.ErrorLevel, o.result
	switch result.Outcome {
	case jsoncall.NotFound, jsoncall.Unauthorized, jsoncall.Forbidden, jsoncall.BackendError:
		level = zapcore.WarnLevel
	}
	entry := h.logger.Check(level, "no result")
	if entry == nil {
		return
	}
	client, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	fields := []zap.Field{
		zap.String("outcome", string(result.Outcome)),
		zap.String("action", o.decision.Name),
		zap.String("action_id", string(o.decision.ID)),
		zap.Int("backend_status", result.Status),
		zap.String("client_ip", client),
		zap.String("digest", result.Digest),
	}
	for _, f := range []struct{ name, text string }{
		{"detail", result.Detail}, {"problem_title", result.ProblemTitle}, {"problem_detail", result.ProblemDetail},
	} {
		if f.text != "" {
			fields = append(fields, zap.String(f.name, f.text))
		}
	}
	if result.Err != nil {
		fields = append(fields, zap.Error(result.Err))
	}
	entry.Write(fields...)
}

// checkBackend checks what is for JSON backends only.
func (h *Handler) checkBackend() error {
	switch {
	case h.MaxResult < 0:
		return errors.New("max_result is negative: want a size such as 10MiB")
	case h.ResultTimeout < 0:
		return errors.New("result_timeout is negative: want a duration such as 30s")
	case h.Backend != "json" && (h.CallPath != "" || h.MaxResult != 0 || h.ResultTimeout != 0):
		return errors.New("call_path, max_result and result_timeout are for backend json")
	}
	return nil
}
