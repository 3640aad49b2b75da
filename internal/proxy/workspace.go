package proxy

import (
	"slices"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
)

// workspace is memory for reading a call. Nothing that outlives the gate's work
// on the call may share it.
type workspace struct {
	entries []formdata.Entry
	reply   *reply.Workspace
	flight  flight.Workspace
	sealed  []byte // what closures are opened in
}

const (
	// keptEntries and keptSealed are how much of a workspace is kept for the next
	// call: a form of some dozen fields, and a large closure.
	keptEntries = 64
	keptSealed  = 64 << 10
)

// workspace returns memory to read a call in.
func (m *Memory) workspace() *workspace {
	if kept, ok := m.workspaces.Get().(*workspace); ok {
		return kept
	}
	// A React reply seldom has more parts; a form's hidden fields make four.
	return &workspace{entries: make([]formdata.Entry, 0, 8), reply: reply.NewWorkspace()}
}

// keepWorkspace takes a workspace back. Nobody may use it any more.
func (m *Memory) keepWorkspace(w *workspace) {
	w.entries = value.Emptied(w.entries, keptEntries)
	if cap(w.sealed) > keptSealed {
		w.sealed = nil
	}
	m.workspaces.Put(w)
}

// workspace returns the memory to read this call in.
func (c *call) workspace() *workspace {
	if c.work == nil {
		c.work = c.memory.workspace()
	}
	return c.work
}

// parts parses the body as a form.
func (c *call) parts(boundary string) ([]formdata.Entry, *reject.Error) {
	w := c.workspace()
	entries, err := formdata.Parse(w.entries, c.body, boundary, formdata.DefaultLimits())
	w.entries = entries
	return entries, err
}

// room is memory to open a sealed text in.
func (w *workspace) room(text string) []byte {
	w.sealed = slices.Grow(w.sealed[:0], len(text))
	return w.sealed
}
