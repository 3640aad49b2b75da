package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// demoEncoderName is the encoder's name in the configuration of the demo's log.
const demoEncoderName = "actiongw_demo"

// demoLatest is how many decisions the page shows.
const demoLatest = 12

// demoLine is one decision as the terminal and the page show it.
type demoLine struct {
	Time    string `json:"time"`
	Request string `json:"request"`
	Kind    string `json:"kind"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
	Status  string `json:"status"`
}

// String lays the line out in columns.
func (l demoLine) String() string {
	return fmt.Sprintf("%-8s  %-24s  %-5s  %-7s  %-24s  %s", l.Time, l.Request, l.Kind, l.Verdict, l.Reason, l.Status)
}

// coloured is String with the colour of the verdict: green for calls that went
// through, red for refused ones, faint for what is no call.
func (l demoLine) coloured() string {
	colours := map[string]string{"admit": "32", "refuse": "31", "would_refuse": "33", "pass": "2"}
	colour, ok := colours[l.Verdict]
	if !ok {
		return l.String()
	}
	return "\x1b[" + colour + "m" + l.String() + "\x1b[0m"
}

// demoScore counts the decisions about calls, and keeps the latest decisions for
// the page.
type demoScore struct {
	mu                sync.Mutex
	admitted, refused int
	latest            []demoLine // newest first
}

// add adds one decision. Requests that are no calls do not count.
func (s *demoScore) add(line demoLine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch line.Verdict {
	case "admit", "would_refuse":
		s.admitted++
	case "refuse":
		s.refused++
	}
	s.latest = slices.Insert(s.latest, 0, line)
	s.latest = s.latest[:min(len(s.latest), demoLatest)]
}

// decisions are the latest, newest first.
func (s *demoScore) decisions() []demoLine {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]demoLine{}, s.latest...) // an empty list is [] in JSON
}

// String is the last line of the demo.
func (s *demoScore) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := "calls"
	if s.admitted == 1 {
		calls = "call"
	}
	return fmt.Sprintf("%d %s admitted, %d refused", s.admitted, calls, s.refused)
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
	line.Time = entry.Time.Format("15:04:05")
	e.score.add(line)

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

	line := demoLine{Request: printable(method+" "+path, 24), Status: "-"}
	line.Kind, _ = fields["actiongw_kind"].(string)
	line.Reason, _ = fields["actiongw_reason"].(string)
	if line.Verdict, _ = fields["actiongw_verdict"].(string); line.Verdict == "" || line.Verdict == "pass" {
		line.Verdict, line.Kind = "pass", ""
	}
	if status, ok := fields["status"].(int64); ok && status > 0 {
		line.Status = strconv.FormatInt(status, 10)
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
