package value_test

import (
	"testing"

	"github.com/actiongw/actiongw/internal/value"
)

func TestIsBigInt(t *testing.T) {
	for s, want := range map[string]bool{
		"0": true, "10": true, "-5": true, "900719925474099312345": true,
		"": false, "-": false, "-0": false, "00": false, "01": false, "+1": false, "1.5": false, "0x1": false, " 1": false, "-01": false, "--1": false,
	} {
		if got := value.IsBigInt(s); got != want {
			t.Errorf("%q: got %t", s, got)
		}
	}
}

func TestIsDate(t *testing.T) {
	tests := []struct {
		name, s string
		want    bool
	}{
		{"the epoch", "1970-01-01T00:00:00.000Z", true},
		{"year 0", "0000-01-01T00:00:00.000Z", true},
		{"a leap day", "2024-02-29T12:34:56.789Z", true},
		{"no leap day", "2023-02-29T12:34:56.789Z", false},
		{"a century without leap day", "1900-02-29T00:00:00.000Z", false},
		{"a century with one", "2000-02-29T00:00:00.000Z", true},
		{"the first instant", "-271821-04-20T00:00:00.000Z", true},
		{"before the first instant", "-271821-04-19T23:59:59.999Z", false},
		{"the last instant", "+275760-09-13T00:00:00.000Z", true},
		{"after the last instant", "+275760-09-13T00:00:00.001Z", false},
		{"six digits where four do", "+002024-01-01T00:00:00.000Z", false},
		{"minus year 0", "-000000-01-01T00:00:00.000Z", false},
		{"a month that is none", "2024-13-01T00:00:00.000Z", false},
		{"a day that is none", "2024-04-31T00:00:00.000Z", false},
		{"hour 24", "2024-01-01T24:00:00.000Z", false},
		{"second 60", "2024-01-01T00:00:60.000Z", false},
		{"no milliseconds", "2024-01-01T00:00:00Z", false},
		{"another zone", "2024-01-01T00:00:00.000+00:00", false},
		{"a date alone", "2024-01-01", false},
		{"nothing", "", false},
		{"a signed short year", "+024-01-01T00:00:00.000Z", false},
	}
	for _, tt := range tests {
		if got := value.IsDate(tt.s); got != tt.want {
			t.Errorf("%s: got %t", tt.name, got)
		}
	}
}
