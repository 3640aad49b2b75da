package main

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// demoEncoderName is the encoder's name in the configuration of the demo's log.
const demoEncoderName = "actiongw_demo"

// demoLine is one decision as the terminal shows it.
type demoLine struct {
	time, request, kind, verdict, reason, status string
}

// String lays the line out in columns.
func (l demoLine) String() string {
	return fmt.Sprintf("%-8s  %-24s  %-5s  %-7s  %-24s  %s", l.time, l.request, l.kind, l.verdict, l.reason, l.status)
}

// coloured is String with the colour of the verdict: green for calls that went
// through, red for refused ones, faint for what is no call.
func (l demoLine) coloured() string {
	colours := map[string]string{"admit": "32", "refuse": "31", "would_refuse": "33", "pass": "2"}
	colour, ok := colours[l.verdict]
	if !ok {
		return l.String()
	}
	return "\x1b[" + colour + "m" + l.String() + "\x1b[0m"
}

// demoScore counts the decisions about calls.
type demoScore struct {
	admitted, refused atomic.Int64
}

// count adds one decision. Requests that are no calls do not count.
func (s *demoScore) count(verdict string) {
	switch verdict {
	case "admit", "would_refuse":
		s.admitted.Add(1)
	case "refuse":
		s.refused.Add(1)
	}
}

// String is the last line of the demo.
func (s *demoScore) String() string {
	calls := func(n int64) string {
		if n == 1 {
			return "1 call"
		}
		return strconv.FormatInt(n, 10) + " calls"
	}
	return calls(s.admitted.Load()) + " admitted, " + strconv.FormatInt(s.refused.Load(), 10) + " refused"
}

// demoEncoder is a Caddy log encoder (caddy.logging.encoders.actiongw_demo)
// that writes an access-log entry as one line for people. Unlike other modules
// it is registered when the command runs: each instance shares the score of
// that run, and no other configuration can use it by mistake.
type demoEncoder struct {
	*zapcore.MapObjectEncoder // fields added before the entry itself
	score                     *demoScore
	colour                    bool
	lines                     buffer.Pool
}

func newDemoEncoder(score *demoScore, colour bool) *demoEncoder {
	return &demoEncoder{zapcore.NewMapObjectEncoder(), score, colour, buffer.NewPool()}
}

// CaddyModule returns the Caddy module information.
func (e *demoEncoder) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "caddy.logging.encoders." + demoEncoderName,
		New: func() caddy.Module { return newDemoEncoder(e.score, e.colour) },
	}
}

// Clone returns an encoder with the same fields that can be added to apart.
func (e *demoEncoder) Clone() zapcore.Encoder {
	c := newDemoEncoder(e.score, e.colour)
	maps.Copy(c.Fields, e.MapObjectEncoder.Fields)
	return c
}

// EncodeEntry writes the line and counts the decision.
func (e *demoEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	all := zapcore.NewMapObjectEncoder()
	maps.Copy(all.Fields, e.MapObjectEncoder.Fields)
	for _, f := range fields {
		f.AddTo(all)
	}
	line := demoLineOf(all.Fields)
	line.time = entry.Time.Format("15:04:05")
	e.score.count(line.verdict)

	out := e.lines.Get()
	if e.colour {
		out.AppendString(line.coloured())
	} else {
		out.AppendString(line.String())
	}
	out.AppendByte('\n')
	return out, nil
}

// demoLineOf reads what the line shows from the fields of an access-log entry:
// Caddy's own (request, status) and the gate's (actiongw_…). The gate adds none
// to a request that cannot be a call, which therefore passes. A form that might
// have been a call and is none has a kind, but only until it passes.
func demoLineOf(fields map[string]any) demoLine {
	request, _ := fields["request"].(map[string]any)
	method, _ := request["method"].(string)
	uri, _ := request["uri"].(string)
	path, _, _ := strings.Cut(uri, "?")

	line := demoLine{request: printable(method+" "+path, 24), status: "-"}
	line.kind, _ = fields["actiongw_kind"].(string)
	line.reason, _ = fields["actiongw_reason"].(string)
	if line.verdict, _ = fields["actiongw_verdict"].(string); line.verdict == "" || line.verdict == "pass" {
		line.verdict, line.kind = "pass", ""
	}
	if status, ok := fields["status"].(int64); ok && status > 0 {
		line.status = strconv.FormatInt(status, 10)
	}
	return line
}

// printable cuts s to width and replaces what is not visible ASCII, so that
// nothing in a request can move the cursor or imitate a line of ours.
func printable(s string, width int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	if len(s) > width {
		s = s[:width-3] + "..."
	}
	return s
}

// Interface guards
var (
	_ caddy.Module    = (*demoEncoder)(nil)
	_ zapcore.Encoder = (*demoEncoder)(nil)
)
