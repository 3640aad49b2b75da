package formdata_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/vectors"
)

// written are forms by hand, in the notation of form.
var written = []string{
	"--#\nContent-Disposition: form-data; name=\"$ACTION_ID_00\"\n\n\n--#\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\nContent-Type: text/css\n\n$ACTION_ID_\n--#--\n",
	"--#\nContent-Disposition: form-data; name=\"0\"\n\n[\"$@1\"]\n--#--",
	"--#\nContent-Disposition: form-data; name*=utf-8''%24ACTION_\n\n\n--#--",
	"--#\nContent-Disposition: form-data; name=\"a\"\n\n--#--\n--#--\n$AC\n TION_",
	"$AC--bOuNdArYTION_",
}

// seeds are those and the recorded forms of browsers, with our boundary.
func seeds(f *testing.F) (all [][]byte) {
	for _, s := range written {
		all = append(all, form(s))
	}
	exchanges, err := vectors.Seeds()
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range exchanges {
		for _, h := range e.Request.Headers {
			if _, theirs, ok := strings.Cut(h[1], "multipart/form-data; boundary="); ok && theirs != "" {
				all = append(all, bytes.ReplaceAll(e.Request.Body, []byte(theirs), []byte(boundary)))
			}
		}
	}
	if len(all) < len(written)+100 {
		f.Fatalf("only %d forms: they are looked for in the wrong place", len(all))
	}
	return all
}

// FuzzParse holds that reading what was written gives the same entries, order,
// names and bytes alike.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		entries, refusal := formdata.Parse(nil, body, boundary, formdata.DefaultLimits())
		if refusal != nil {
			return
		}
		out := formdata.Append(nil, entries, boundary)
		again, refusal := formdata.Parse(nil, out, boundary, formdata.DefaultLimits())
		if refusal != nil || !reflect.DeepEqual(entries, again) {
			t.Fatalf("%q became %q: %v", body, out, refusal)
		}
	})
}

// FuzzSieve holds the streaming reader against the one that has the whole
// body, whatever the pieces in which it comes.
func FuzzSieve(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, uint8(1))
		f.Add(s, uint8(7))
	}
	f.Fuzz(func(t *testing.T, body []byte, piece uint8) {
		passed, hit := sift(formdata.NewSieve(boundary, "--"+boundary, formdata.DefaultLimits()), body, int(piece)+1)
		if !bytes.HasPrefix(body, passed) {
			t.Fatalf("passed bytes that are not the body's: %q", passed)
		}
		entries, refusal := formdata.Parse(nil, body, boundary, formdata.DefaultLimits())
		isAction := slices.ContainsFunc(entries, formdata.Entry.IsActionField)
		switch {
		case refusal == nil && hit != isAction:
			t.Fatalf("hit %v, action %v: %q", hit, isAction, body)
		case hit && !formdata.MentionsAction(body, "--"+boundary):
			t.Fatalf("hit without a mention: %q", body)
		case !hit && !bytes.Equal(passed, body):
			t.Fatalf("no hit, and only %d of %d bytes passed", len(passed), len(body))
		}
	})
}

// sift sends body through a sieve in pieces and returns what was released.
func sift(s *formdata.Sieve, body []byte, piece int) (passed []byte, hit bool) {
	var held []byte
	for {
		n := min(piece, len(body))
		held = append(held, body[:n]...)
		body = body[n:]
		safe, hit := s.Scan(held, len(body) == 0)
		passed = append(passed, held[:safe]...)
		held = held[safe:]
		if hit || len(body) == 0 {
			return passed, hit
		}
	}
}

// FuzzMentionsAction holds that a mention is found in pieces as it is found in
// the whole.
func FuzzMentionsAction(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, body []byte, piece uint8) {
		whole := formdata.MentionsAction(body, "")
		_, hit := sift(formdata.NewSieve("", "", formdata.DefaultLimits()), body, int(piece)+1)
		if whole != hit {
			t.Fatalf("whole %v, in pieces %v: %q", whole, hit, body)
		}
	})
}
