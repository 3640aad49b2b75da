package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/keyring"
)

// diagnosis is what the doctor says of one key or keyset.
type diagnosis struct {
	// From is where the key stands, never the key.
	From string `json:"from"`
	// Fingerprint is empty for a key that cannot be used, and for keysets.
	Fingerprint string        `json:"fingerprint,omitempty"`
	Usable      bool          `json:"usable"`
	Findings    []listFinding `json:"findings"`
}

type listFinding struct {
	Severity keyring.Severity `json:"severity"`
	Says     string           `json:"says"`
	Fix      string           `json:"fix"`
}

func cmdKeysDoctor(cmd *cobra.Command, _ []string) (int, error) {
	all, err := diagnose(cmd)
	if err != nil {
		return 0, err
	}
	status := 0
	for _, d := range all {
		if !d.Usable {
			status = exitRefused
		}
	}
	out := cmd.OutOrStdout()
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		return status, printJSON(out, map[string]any{"keys": all})
	}
	for _, d := range all {
		for _, f := range d.Findings {
			fmt.Fprintf(out, "%s: %s: %s\n  %s\n", d.From, f.Severity, f.Says, f.Fix)
		}
		if d.Usable && d.Fingerprint != "" {
			fmt.Fprintf(out, "%s: the gate can use it: key %s\n", d.From, d.Fingerprint)
		} else if d.Usable {
			fmt.Fprintf(out, "%s: the gate can use it\n", d.From)
		}
	}
	return status, nil
}

func diagnose(cmd *cobra.Command) ([]diagnosis, error) {
	files, err := cmd.Flags().GetStringArray("keyset")
	if err != nil {
		return nil, err
	}
	if len(files) > 0 {
		if cmd.Flags().Changed("key-file") {
			return nil, errors.New("--keyset and --key-file are two questions: ask one")
		}
		return diagnoseKeysets(cmd, files)
	}
	texts, err := readKeyTexts(cmd)
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, errors.New("there is no key to look at: set " + nextKeyVariable + ", or give a file with --key-file")
	}
	var all []diagnosis
	for _, t := range texts {
		d := newDiagnosis(t.from, keyring.DiagnoseNextKey(t.text))
		if key, err := keyring.ParseNextKey(t.text); err == nil {
			d.Fingerprint = key.Fingerprint()
		}
		if t.newline && d.Usable {
			d.Findings = append(d.Findings, listFinding{
				keyring.Warning, "the file ends with a newline; actiongw leaves it out, and what else reads the file may not",
				"write it without one, as with `printf %s`",
			})
		}
		all = append(all, d)
	}
	return all, nil
}

// diagnoseKeysets looks at each keyset. Several are those of the instances of a
// site, so they are compared with each other.
func diagnoseKeysets(cmd *cobra.Command, files []string) ([]diagnosis, error) {
	wrapping, err := readWrapping(cmd)
	if err != nil {
		return nil, err
	}
	var all []diagnosis
	var purpose keyring.Purpose
	lists := map[string][]keyring.Info{}
	for _, file := range files {
		set, err := readKeyset(file, wrapping)
		switch {
		case err != nil:
			return nil, err
		case purpose != "" && purpose != set.Purpose():
			return nil, fmt.Errorf("%s is for %s, and those before it are for %s: look at them one by one", file, set.Purpose(), purpose)
		}
		purpose, lists[file] = set.Purpose(), set.List()
		all = append(all, newDiagnosis(file, set.Diagnose(time.Now().Unix())))
	}
	if len(lists) > 1 {
		all = append(all, newDiagnosis("together", keyring.DiagnoseInstances(lists)))
	}
	return all, nil
}

// newDiagnosis is usable unless a finding is a problem.
func newDiagnosis(from string, findings []keyring.Finding) diagnosis {
	d := diagnosis{From: from, Usable: true, Findings: []listFinding{}}
	for _, f := range findings {
		d.Findings = append(d.Findings, listFinding(f))
		if f.Severity == keyring.Problem {
			d.Usable = false
		}
	}
	return d
}
