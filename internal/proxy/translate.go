package proxy

import (
	"crypto/rand"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/jsoncall"
	"github.com/actiongw/actiongw/internal/jsonform"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

// resultTypes are what a JSON backend may answer a call with.
const resultTypes = "application/vnd.actiongw.result+json, application/json"

// translate makes of a call the JSON that the backend reads.
func (c *call) translate(args []value.Value, nameOf func(id string) string) *reject.Error {
	limit := jsonform.Limit(int64(len(c.body)))
	page := c.peer.URL
	if page == "" {
		page = c.r.URL.RequestURI()
	}
	message, err := jsoncall.Encode(jsoncall.Call{
		Action:  c.name(),
		ID:      string(c.ID),
		URL:     page,
		Closure: c.captured,
		Args:    args,
		NameOf:  nameOf,
	}, jsoncall.Limits{Bytes: limit}, rand.Text)
	if err != nil {
		return err
	}
	// The JSON outlives the body that it was made from.
	if size := int64(len(message.Body)); c.memory.take(size, c.gate.config.MaxMemory) {
		c.held += size
	} else {
		return reject.New(reject.Overloaded, reject.StageBody, "bodies in flight fill max_memory")
	}
	c.message, c.body = message, message.Body
	return nil
}

// readdress sends a call to the backend's own path of the action, without what
// only React's servers read.
func (c *call) readdress() {
	h := c.r.Header
	for _, name := range [...]string{
		action.Next.Header(), action.React.Header(),
		"Next-Router-State-Tree", "Next-Router-Prefetch", "Next-Router-Segment-Prefetch", "Next-Hmr-Refresh",
		"Next-Url", "Rsc", "X-Nextjs-Request-Id", "X-Nextjs-Html-Request-Id",
	} {
		delete(h, name)
	}
	// A compressed answer could not be read here, and to a form the backend
	// answers what it likes.
	if c.Kind == action.Fetch {
		h["Accept"] = []string{resultTypes}
		h["Accept-Encoding"] = []string{"identity"}
	}
	sendTo(c.r, c.gate.config.CallPath, c.name())
}
