package reply_test

import (
	"testing"

	"github.com/actiongw/actiongw/internal/formdata"
	"github.com/actiongw/actiongw/internal/reply"
	"github.com/actiongw/actiongw/internal/value"
)

func TestHiddenFieldsAreAnActionWithItsClosure(t *testing.T) {
	for _, tc := range []struct{ is, sealed string }{
		{"without a closure", ""},
		{"with one", "ag1.AbC-_9"},
	} {
		t.Run(tc.is, func(t *testing.T) {
			var entries []formdata.Entry
			for _, f := range reply.HiddenFields("create", tc.sealed) {
				entries = append(entries, formdata.Entry{Name: f.Name, Value: []byte(f.Value)})
			}
			a, err := reply.ParseAction(entries, reply.Options{Limits: reply.DefaultLimits()})
			if err != nil || a.ID != "create" {
				t.Fatalf("%+v, %v", a, err)
			}
			if tc.sealed == "" {
				if a.Bound != nil {
					t.Errorf("bound: %v", a.Bound)
				}
				return
			}
			if len(a.Bound.Items) != 1 || a.Bound.Items[0].(*value.Promise).Value != value.String(tc.sealed) {
				t.Errorf("bound: %v", a.Bound)
			}
		})
	}
}
