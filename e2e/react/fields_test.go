//go:build e2e

package react

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// form compares the fields of a form, in one of the orders in which the decoder
// may read them.
func (d *decoder) form(ours, theirs *value.FormData) error {
	ours = d.afterBusboy(ours, theirs)
	want := fieldTexts(theirs.Entries)
	if slices.Equal(fieldTexts(ours.Entries), want) {
		return nil
	}
	for _, order := range d.orders(ours.Entries) {
		if slices.Equal(fieldTexts(order), want) {
			d.found[fieldOrder] = true
			return nil
		}
	}
	return fmt.Errorf("the fields %q, want %q", want, fieldTexts(ours.Entries))
}

// afterBusboy is a form with the files that busboy makes of those in it.
func (d *decoder) afterBusboy(ours, theirs *value.FormData) *value.FormData {
	form := &value.FormData{Entries: slices.Clone(ours.Entries)}
	for i, e := range form.Entries {
		f, ok := e.Value.(*value.File)
		for _, other := range theirs.Entries {
			if g, isFile := other.Value.(*value.File); ok && isFile && e.Name == other.Name && !sameFile(f, g) && d.sameForBusboy(f, g) {
				form.Entries[i].Value = g
			}
		}
	}
	return form
}

// mediaType is what busboy takes for one, at the start of a header.
var mediaType = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")

// sameForBusboy reports whether busboy makes their file of ours.
func (d *decoder) sameForBusboy(ours, theirs *value.File) bool {
	if ours.Name == "" && theirs.Name == "undefined" {
		theirs = &value.File{Type: theirs.Type, Data: theirs.Data}
	}
	name := ours.Name[strings.LastIndexAny(ours.Name, `/\\`)+1:]
	kind := mediaType.FindString(ours.Type)
	same := theirs.Name == name && bytes.Equal(theirs.Data, ours.Data) &&
		(theirs.Type == ours.Type || theirs.Type == strings.ToLower(kind) || theirs.Type == "text/plain" && kind != ours.Type)
	if same {
		d.found[fileHeader] = true
	}
	return same
}

func (d *decoder) orders(fields []value.FormEntry) [][]value.FormEntry {
	orders := [][]value.FormEntry{fields}
	if d.streaming && d.wire < reply.React1926 {
		first := slices.IndexFunc(fields, isFile)
		// The file that everything waits for may also stand in front of the form.
		orders = append(orders, filesFirst(fields, max(first, 0)), filesFirst(fields, 0))
	}
	if d.wire == reply.React192 || d.wire == reply.React1926 {
		for i := range orders {
			orders[i] = byName(orders[i])
		}
	}
	return orders
}

func isFile(e value.FormEntry) bool {
	_, ok := e.Value.(*value.File)
	return ok
}

// filesFirst moves files to the front of the fields from a place on.
func filesFirst(fields []value.FormEntry, from int) []value.FormEntry {
	fields = slices.Clone(fields)
	slices.SortStableFunc(fields[from:], func(a, b value.FormEntry) int {
		switch {
		case isFile(a) == isFile(b):
			return 0
		case isFile(a):
			return -1
		}
		return 1
	})
	return fields
}

// byName brings the fields of one name together, where the first of them is.
func byName(fields []value.FormEntry) []value.FormEntry {
	fields = slices.Clone(fields)
	first := map[string]int{}
	for i, e := range fields {
		if _, ok := first[e.Name]; !ok {
			first[e.Name] = i
		}
	}
	slices.SortStableFunc(fields, func(a, b value.FormEntry) int { return first[a.Name] - first[b.Name] })
	return fields
}

// fieldTexts are the names and values of a form's fields.
func fieldTexts(fields []value.FormEntry) (texts []string) {
	for _, e := range fields {
		text, err := vectors.Tagged(e.Value)
		texts = append(texts, fmt.Sprintf("%q=%s%v", e.Name, text, err))
	}
	return texts
}
