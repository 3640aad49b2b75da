package flight_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
	"github.com/actiongw/actiongw/internal/vectors"
)

// sealed is the plaintext of one sealed value in recorded traffic.
type sealed struct {
	ActionID      string
	Flight        *string
	FlightTrimmed bool
	FlightSHA256  string
}

// whole reports whether the recording kept the plaintext.
func (s sealed) whole() bool {
	if s.Flight == nil || s.FlightTrimmed {
		return false
	}
	sum := sha256.Sum256([]byte(*s.Flight))
	return s.FlightSHA256 == "" || s.FlightSHA256 == hex.EncodeToString(sum[:])
}

// refused are the recorded plaintexts that are no values, by scenario. Those
// of family g were sealed by hand.
var refused = map[string]reject.Reason{
	"g_seal_emptyflight": flight.Malformed, "g_seal_badflight": flight.Malformed,
	"g_seal_otherid": flight.Malformed, "g_fseal_otherid": flight.Malformed,
}

// refusal is why a recorded plaintext is no value, empty when it is one. Next
// 14 seals an error in place of what it cannot write.
func refusal(e vectors.Exchange) reject.Reason {
	base, _, _ := strings.Cut(strings.TrimPrefix(e.Scenario, "c_"), "_")
	if isNext14(e) && (base == "error" || base == "asyncgen") {
		return flight.Failed
	}
	return refused[e.Scenario]
}

func isNext14(e vectors.Exchange) bool { return strings.HasPrefix(e.NextVersion, "14.") }

// Every plaintext that real Next.js sealed is read, and what the app logged
// as captured is what it holds.
func TestRecordedClosures(t *testing.T) {
	all, err := vectors.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	read, compared := 0, 0
	for _, e := range all {
		var list []sealed
		if err := json.Unmarshal(e.Expected.SealedInRequest, &list); err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if !s.whole() {
				continue
			}
			v, err := flight.Parse([]byte(*s.Flight), flight.Limits{})
			if want := refusal(e); err != nil || want != "" {
				if err == nil || err.Reason != want {
					t.Errorf("%s: got %v, want %q", e.ID, err, want)
				}
				continue
			}
			read++
			if s.ActionID == e.ActionID && compare(t, e, v) {
				compared++
			}
		}
	}
	if read < 500 || compared < 400 {
		t.Errorf("%d plaintexts read, %d compared with captures: this test reads the recordings wrongly", read, compared)
	}
	t.Logf("%d plaintexts read, %d compared with captures", read, compared)
}

// compare holds the values against what the app logged, by variable in the
// order of capture. It reports false where the log says something else:
// nothing ran, or the form's other closure did; Next 14 logs functions by name
// and captures two values for `item` and `item.i`.
func compare(t *testing.T, e vectors.Exchange, v value.Value) bool {
	var invocations []struct {
		Bound json.RawMessage
	}
	if err := json.Unmarshal(e.Expected.Invocations, &invocations); err != nil {
		t.Fatal(err)
	}
	captured, ok := v.(*value.Array)
	if !ok || len(invocations) != 1 || invocations[0].Bound == nil {
		return false
	}
	want, err := vectors.CanonicalCorpusTagged(invocations[0].Bound)
	if err != nil {
		t.Fatal(err)
	}
	names := keys(t, invocations[0].Bound)
	old := isNext14(e)
	if len(names) != len(captured.Items) {
		if !old && len(names) > 0 && !strings.HasPrefix(e.Scenario, "d_twoclosure") {
			t.Errorf("%s: %d values, %d captured variables", e.ID, len(captured.Items), len(names))
		}
		return false
	}
	if old && strings.Contains(want, `"Function"`) {
		return false
	}
	byName := &value.Object{}
	for i, name := range names {
		byName.Members = append(byName.Members, value.Member{Key: name, Value: captured.Items[i]})
	}
	got, err := vectors.CorpusTagged(byName)
	if err != nil {
		t.Fatal(err)
	}
	if old {
		got, want = unshared(got), unshared(want)
	}
	if got != want {
		t.Errorf("%s: got %s, the app logged %s", e.ID, got, want)
	}
	return true
}

// unshared writes identity out: Next 14 sends shared objects as one, and then
// copies them on its way to the app.
func unshared(s string) string {
	return strings.ReplaceAll(s, `{"$type":"Ref","path":"$.a.1"}`, `{"shared":"hello open world"}`)
}

// keys lists the members of a JSON object in their order.
func keys(t *testing.T, raw json.RawMessage) []string {
	v, err := vectors.Untagged([]byte(strings.ReplaceAll(string(raw), `"$type"`, `"type"`)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	if o, ok := v.(*value.Object); ok {
		for _, m := range o.Members {
			names = append(names, m.Key)
		}
	}
	return names
}
