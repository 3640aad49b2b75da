package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Limits that a run must keep, or else say so.
const (
	controlLow, controlHigh = 0.95, 1.05 // the A/A control's median CPU ratio
	directRate              = 3.0        // direct's rate, as a multiple of bare's
)

// results are all visits of a run and the circumstances.
type results struct {
	Started time.Time
	Machine map[string]string
	Loads   []float64 // load averages, one for each round
	Visits  []visit
	options
}

// summaries condenses the run: one entry for each workload and variant, in the order of the tables.
func (r *results) summaries() []summary {
	var all []summary
	for _, w := range r.workloads {
		for _, v := range r.variants {
			all = append(all, summarize(r.Visits, w.name, v.name))
		}
	}
	return all
}

// writeJSON writes every visit, so that another estimator can be tried later.
func (r *results) writeJSON(file string) error {
	all := r.summaries()
	doc := map[string]any{
		"started": r.Started.UTC().Format(time.RFC3339), "go": runtime.Version(), "machine": r.Machine,
		"rounds": r.rounds, "seconds": r.seconds, "connections": r.conns, "load_averages": r.Loads,
		"repeat": repeats(all), "summary": all, "visits": r.Visits,
	}
	b, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// write prints the tables and the notes that belong to them.
func (r *results) write(w io.Writer, markdown bool) error {
	all := r.summaries()
	cpu := r.table(all, func(s summary) string {
		return fmt.Sprintf("%.2f [%.2f..%.2f]", s.CPURatio, s.CPULow, s.CPUHigh)
	})
	rate := r.table(all, func(s summary) string {
		return fmt.Sprintf("%.2f / %.2f", s.RateRatio, s.P50Ratio)
	})
	var b strings.Builder
	fmt.Fprintf(&b, "CPU time per request, ratio to bare: median of %d rounds [middle half]\n\n", r.rounds)
	writeTable(&b, cpu, markdown)
	b.WriteString("\nRequests per second / median latency, ratio to bare\n\n")
	writeTable(&b, rate, markdown)
	b.WriteString("\n")
	for _, note := range r.notes(all) {
		if markdown {
			note = "- " + note
		}
		b.WriteString(note + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// table lays the summaries out, workloads down, variants across. The base itself is left out.
func (r *results) table(all []summary, cell func(summary) string) [][]string {
	head := []string{"workload"}
	for _, v := range r.variants {
		if v.name != baseVariant {
			head = append(head, v.name)
		}
	}
	rows := [][]string{head}
	for _, w := range r.workloads {
		row := []string{w.name}
		for _, s := range all {
			if s.Workload == w.name && s.Variant != baseVariant {
				row = append(row, cell(s))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// writeTable prints rows, the first of which is the head.
func writeTable(w io.Writer, rows [][]string, markdown bool) {
	if markdown {
		rule := make([]string, len(rows[0]))
		for i := range rule {
			rule[i] = "---"
		}
		for _, row := range slices.Insert(slices.Clone(rows), 1, rule) {
			fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		}
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	tw.Flush()
}

// notes are the footnotes: what bare needs in absolute terms, and whether the run can be trusted.
func (r *results) notes(all []summary) []string {
	var bare []string
	for _, s := range all {
		if s.Variant == baseVariant {
			bare = append(bare, fmt.Sprintf("%s %.1f us (%.0f req/s, p50 %.2f ms)", s.Workload, s.CPU, s.Rate, s.P50))
		}
	}
	return []string{
		"bare in absolute terms, on this machine and now: " + strings.Join(bare, ", ") + ".",
		controlNote(all),
		generatorNote(all) + closedNote(r.Visits),
		fmt.Sprintf("%d connections, %v a visit, %s; load average %.1f at first, %.1f at most (a run alone makes 1 to 2).",
			r.conns, r.duration(), runtime.Version(), r.Loads[0], slices.Max(r.Loads)),
	}
}

// repeats lists the workloads whose A/A control is out of bounds.
func repeats(all []summary) []string {
	list := []string{}
	for _, s := range all {
		if s.Variant == controlVariant && (s.CPURatio < controlLow || s.CPURatio > controlHigh) {
			list = append(list, fmt.Sprintf("%s %.2f", s.Workload, s.CPURatio))
		}
	}
	return list
}

func controlNote(all []summary) string {
	if !slices.ContainsFunc(all, func(s summary) bool { return s.Variant == controlVariant }) {
		return "No A/A control in this run: do not quote its ratios."
	}
	if list := repeats(all); len(list) > 0 {
		return fmt.Sprintf("repeat: A/A outside %.2f..%.2f (%s).", controlLow, controlHigh, strings.Join(list, ", "))
	}
	return fmt.Sprintf("A/A within %.2f..%.2f on every workload.", controlLow, controlHigh)
}

// generatorNote says whether the load generator had room to spare.
func generatorNote(all []summary) string {
	var busy float64
	var low []string
	for _, s := range all {
		if s.Variant == directVariant && s.RateRatio < directRate {
			low = append(low, fmt.Sprintf("%s %.1f", s.Workload, s.RateRatio))
		}
		if s.Variant != directVariant {
			busy = max(busy, s.LoadBusy)
		}
	}
	note := fmt.Sprintf("Generator and upstream used at most %.0f %% of their core against a proxy.", busy*100)
	if len(low) > 0 {
		note += fmt.Sprintf(" Direct is less than %.0f times bare's rate on %s.", directRate, strings.Join(low, ", "))
	}
	return note
}

// closedNote names where the server closed connections: opening new ones is then part of the
// figures, and of what a client sees.
func closedNote(visits []visit) string {
	var where []string
	for _, v := range visits {
		if name := v.Variant + " on " + v.Workload; v.Closed > 0 && !slices.Contains(where, name) {
			where = append(where, name)
		}
	}
	if len(where) == 0 {
		return ""
	}
	return " Connections were closed after a response: " + strings.Join(where, ", ") + "."
}

// progressLine tells how one round went.
func progressLine(visits []visit, o options, workload string, round int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d/%d:", workload, round+1, o.rounds)
	for _, v := range o.variants {
		i := slices.IndexFunc(visits, func(x visit) bool {
			return x.Workload == workload && x.Variant == v.name && x.Round == round
		})
		if i < 0 {
			continue
		}
		if base, ok := baseOf(visits, visits[i]); ok && v.name != baseVariant {
			fmt.Fprintf(&b, "  %s %.2f", v.name, visits[i].CPU/base.CPU)
			continue
		}
		fmt.Fprintf(&b, "  %s %.1f us", v.name, visits[i].CPU)
	}
	return b.String()
}
