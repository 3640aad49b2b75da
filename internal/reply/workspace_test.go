package reply

import (
	"fmt"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
)

// TestWorkspacesForget: no text and no long list stays when a reply was read
// or refused.
func TestWorkspacesForget(t *testing.T) {
	var members strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&members, `,"$@1",{"name\n%d":"text"}`, i)
	}
	for _, end := range []string{"]", ""} {
		w := NewWorkspace()
		for _, lean := range []bool{false, true} {
			o := Options{Wire: Current, Limits: DefaultLimits(), Lean: lean, Workspace: w}
			o.Limits.Parts = 5000
			entries := []formdata.Entry{{Name: "1", Value: []byte(`"text"`)}, {Name: "0", Value: []byte("[[0" + members.String() + "]" + end)}}
			if r, err := ParseForm(entries, o); (r != nil) != (end != "") {
				t.Fatal(err)
			}
			if n := max(cap(w.slots), cap(w.queue), cap(w.mentions), cap(w.frames), cap(w.stack), cap(w.names), cap(w.unescaped)); n > maxKept {
				t.Errorf("%d elements were kept", n)
			}
			if w.text != nil || w.copied != "" || w.buf.Len() > 0 || len(w.dec.UnreadBuffer()) > 0 {
				t.Error("the text was kept")
			}
			for _, m := range w.stack[:cap(w.stack)] {
				if m.Key != "" || m.Value != nil {
					t.Errorf("kept %v", m)
				}
			}
			for _, s := range w.slots[:cap(w.slots)] {
				if s != (slot{}) {
					t.Errorf("kept %v", s)
				}
			}
		}
	}
}
