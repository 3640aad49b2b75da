package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a run of one round with the given CPU time of the A/A control; bare's is 50.
func sample(control float64) *results {
	o, err := parseOptions([]string{"--only", "get", "--variants", "bare-again,direct", "--rounds", "1"}, io.Discard)
	if err != nil {
		panic(err)
	}
	return &results{options: o, Loads: []float64{1.5}, Visits: []visit{
		{Workload: "get", Variant: "bare", CPU: 50, Rate: 18000, P50: .3, LoadBusy: .6},
		{Workload: "get", Variant: "bare-again", CPU: control, Rate: 18000, P50: .3, LoadBusy: .5},
		{Workload: "get", Variant: "direct", CPU: 7, Rate: 63000, P50: .1, LoadBusy: 1},
	}}
}

func TestReport(t *testing.T) {
	tests := []struct {
		about    string
		r        *results
		markdown bool
		want     []string
	}{
		{"text", sample(51), false, []string{
			"workload   bare-again          direct\n", "get        1.02 [1.02..1.02]   0.14 [0.14..0.14]\n", "get        1.00 / 1.00   3.50 / 0.33\n",
			"get 50.0 us (18000 req/s, p50 0.30 ms)", "A/A within 0.95..1.05", "at most 60 %"}},
		{"Markdown", sample(51), true, []string{
			"| workload | bare-again | direct |\n| --- | --- | --- |\n| get | 1.02 [1.02..1.02] | 0.14 [0.14..0.14] |\n", "\n- bare in absolute"}},
		{"control too slow", sample(53), false, []string{"repeat: A/A outside 0.95..1.05 (get 1.06)"}},
		{"control too fast", sample(47), false, []string{"repeat: A/A outside 0.95..1.05 (get 0.94)"}},
	}
	for _, tt := range tests {
		var b strings.Builder
		if err := tt.r.write(&b, tt.markdown); err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", tt.about, want, b.String())
			}
		}
	}
}

func TestReportWarns(t *testing.T) {
	r := sample(50)
	r.Visits[2].Rate = 40000
	if got := generatorNote(r.summaries()); !strings.Contains(got, "less than 3 times bare's rate on get 2.2") {
		t.Errorf("slow generator: %s", got)
	}
	r.Visits[1].Closed = 7
	if got := strings.Join(r.notes(r.summaries()), " "); !strings.Contains(got, "closed after a response: bare-again on get.") {
		t.Errorf("closed connections: %s", got)
	}
	r.variants = r.variants[:1]
	if got := controlNote(r.summaries()); !strings.Contains(got, "No A/A control") {
		t.Errorf("no control: %s", got)
	}
}

func TestParseOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "limit.caddy")
	if err := os.WriteFile(file, []byte("actiongw {\n\tmax_body 1KiB\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := len(variants)
	o, err := parseOptions([]string{"--variants", "limit,direct", "--add", "limit=" + file, "--only", "text2k, get"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range o.variants {
		names = append(names, v.name)
	}
	if got := strings.Join(names, " "); got != "bare direct limit" {
		t.Errorf("variants %s", got)
	}
	if !o.variants[2].refuses {
		t.Error("a variant with the gate is not expected to refuse")
	}
	if len(o.workloads) != 2 || o.workloads[0].name != "get" {
		t.Errorf("%d workloads", len(o.workloads))
	}
	if len(variants) != before {
		t.Error("--add changed the table")
	}
}

func TestParseOptionsErrors(t *testing.T) {
	for _, args := range []string{
		"--only put", "--variants nginx", "--add x", "--add x=/does/not/exist", "--rounds 0", "--seconds 0", "--conns -1", "now",
	} {
		if _, err := parseOptions(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("%s: no error", args)
		}
	}
	var help strings.Builder
	if _, err := parseOptions([]string{"--help"}, &help); err != flag.ErrHelp {
		t.Errorf("--help: %v", err)
	}
	for _, want := range []string{"Examples:", "multipart91k", "bare-again", "Reading the figures:"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("--help lacks %q", want)
		}
	}
}
