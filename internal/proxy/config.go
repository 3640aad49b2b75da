package proxy

import (
	"errors"
	"fmt"
	"time"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/origin"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/reply"
)

// Defaults of [Config].
const (
	// DefaultMaxBody is Next's own default limit (spec next-actions §4).
	DefaultMaxBody = 1 << 20
	// DefaultBodyTimeout lets a phone on a bad network send the default limit.
	DefaultBodyTimeout = 30 * time.Second
	// DefaultMaxMemory holds 256 calls of the default size at once, or many
	// thousands of usual ones.
	DefaultMaxMemory = 256 << 20
)

// Config is what an operator can set. Zero values of sizes and times mean the
// defaults.
type Config struct {
	// Report lets everything through and only says what would be refused.
	Report bool
	// Origin says who may call.
	Origin origin.Config
	// MaxBody is the most bytes that the body of a call may have.
	MaxBody int64
	// BodyTimeout is how long the body of a call may take to arrive.
	BodyTimeout time.Duration
	// MaxMemory is the most bytes of bodies that all gates of the process may
	// hold when this one wants to hold more.
	MaxMemory int64
	// KeepInternal leaves the framework's internal headers on requests.
	KeepInternal bool
	// OnlyActions refuses whatever is no call.
	OnlyActions bool
	// JSON says that the backend reads calls as JSON, each on a path of its own
	// below CallPath, and does not speak React's formats.
	JSON     bool
	CallPath string
	// Dialect says how calls are marked and actions named.
	Dialect action.Dialect
	// Declared are names of actions that no build has.
	Declared []string
	// Wire is the column of the reply format to hold calls to.
	Wire reply.Wire
	// Keys open closures, newest first, besides those of the builds.
	Keys []keyring.Entry
	// Closures are those of our own layout.
	Closures OwnClosures
	// PassUnknown lets ids through that no build has.
	PassUnknown bool
	// Rules are for single actions; the first that matches counts.
	Rules []policy.Rule
	// Assertion has admitted calls signed for upstream. nil: they are not.
	Assertion *Assertion
	// Memory is shared by the gates of the process.
	Memory *Memory
	// Now is the clock by which closures expire, time.Now if nil.
	Now func() time.Time
}

// New checks a Config and builds the gate. Its errors say what to write
// instead.
func New(c Config) (*Gate, error) {
	origins, err := origin.New(c.Origin)
	if err != nil {
		return nil, err
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.BodyTimeout == 0 {
		c.BodyTimeout = DefaultBodyTimeout
	}
	if c.CallPath, err = ParseCallPath(c.CallPath); err != nil {
		return nil, err
	}
	if c.MaxMemory == 0 {
		c.MaxMemory = DefaultMaxMemory
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := c.Closures.check(); err != nil {
		return nil, err
	}
	// A rule may allow more than the rest.
	largest := c.MaxBody
	for _, rule := range c.Rules {
		largest = max(largest, rule.MaxBody)
	}
	switch {
	case c.MaxBody < 0:
		return nil, errors.New("max_body is negative: want a size such as 1MiB")
	// Bodies are held in memory as a whole; nobody means to hold more.
	case largest > 1<<30:
		return nil, errors.New("max_body is over 1GiB: calls are held in memory, so send files of this size to a route that is no action")
	case c.BodyTimeout < 0:
		return nil, errors.New("body_timeout is negative: want a duration such as 30s")
	// A candidate may use half of the memory (see readBody), and a body of the
	// largest size must fit, or no call of that size ever passes.
	case c.MaxMemory < 2*bufferSize(largest+1):
		return nil, fmt.Errorf("max_memory %d is too small: want at least twice max_body and its buffer, %d", c.MaxMemory, 2*bufferSize(largest+1))
	case c.JSON && c.Report:
		return nil, errors.New("mode report does not go with backend json: a call that breaks a rule has no JSON to send on")
	case c.Memory == nil:
		c.Memory = new(Memory)
	}
	if c.Assertion, err = c.Assertion.checked(); err != nil {
		return nil, err
	}
	g := &Gate{config: c, origins: origins, callPath: segments(c.CallPath)}
	if err := g.SetBuilds(manifest.Set{}); err != nil {
		return nil, err
	}
	return g, nil
}
