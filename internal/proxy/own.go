package proxy

import (
	"errors"
	"strings"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// OwnClosures is what it takes to open closures of our own layout. Without keys
// a text of that layout is an argument like any other.
type OwnClosures struct {
	Keys keyring.OwnKeys
	// Audience is the site that they must be sealed for.
	Audience string
	// Cookie is the name of the one that closures are bound to. Without it those
	// that are bound are refused.
	Cookie string
}

func (o OwnClosures) check() error {
	if !o.Keys.IsZero() && o.Audience == "" {
		return errors.New("closures without an audience would open for every site that has the keys: set audience")
	}
	return nil
}

// decide finds out whether a text is a closure. Which layout it has stands at
// its beginning; nobody seals for a declared action in Next's.
func (c *call) decide(candidate closure.Candidate, tries int) (closure.Decision, *reject.Error) {
	config := &c.gate.config
	own := config.Closures
	if own.Keys.IsZero() || !strings.HasPrefix(candidate.Text, closure.Prefix) {
		if c.gate.isDeclared(candidate.ActionID) {
			return closure.Decision{}, nil
		}
		candidate.Room = c.workspace().room(candidate.Text)
		return closure.Decide(c.builds.ring, candidate, tries)
	}
	return closure.DecideOwn(own.Keys, candidate, closure.Expectation{
		Scope:   closure.Scope{Audience: own.Audience, ActionID: candidate.ActionID},
		Now:     config.Now().Unix(),
		Cookies: Cookies(c.r.Header["Cookie"], own.Cookie),
	}, tries)
}

// Cookies returns every value of a cookie in the lines of a Cookie header, as it
// is spelled. What is no valid cookie for Go may be one for the backend, so all
// of them count.
func Cookies(lines []string, name string) []string {
	var found []string
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			if key, text, ok := strings.Cut(pair, "="); ok && name != "" && strings.Trim(key, " \t") == name {
				found = append(found, strings.Trim(text, " \t"))
			}
		}
	}
	return found
}

// readCaptured reads the values of a closure that has been opened, and returns
// the fingerprint of its key.
func (c *call) readCaptured(d closure.Decision) (captured *value.Array, key string, err *reject.Error) {
	if d.Own != nil {
		list, wrong := d.Own.Captured()
		if wrong != nil { // sealed with our key by something else
			err = reject.New(reject.ClosureMalformed, reject.StageClosure, "the captured values are not what their types say")
		}
		return list, d.Own.Key.Fingerprint, err
	}
	v, err := c.workspace().flight.Parse(d.Opened.Flight, flight.Limits{})
	if err != nil {
		return nil, d.Opened.Key, err
	}
	list, ok := v.(*value.Array)
	if !ok {
		err = reject.New(reject.FlightMalformed, reject.StageClosure, "the captured values are no list")
	}
	return list, d.Opened.Key, err
}
