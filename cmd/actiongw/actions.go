package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/policy"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "actions",
		Usage: "--manifest <file> [--rules <file>] [--fail-uncovered] [--json]",
		Short: "Lists the server actions that a build exposes",
		Long: `
Reads the server-reference-manifest.json of one or more builds and lists every
function that a browser can call: the name that rules and logs use, its id, what
it is, and the pages that contain it.

  export      a function that a file with "use server" exports
  inline      a function inside a component; its number is a position
  unknown     Next 14 does not say
  use cache   no action, but callable by its id

With --rules each action gets the rule that counts for it: the first one that
matches. The file holds a JSON list, as in the handler's list "actions":

  [{"match": ["app/admin/**"], "deny": true},
   {"match": ["**#inline-*"], "closure_required": true}]

--fail-uncovered is for a build pipeline: the exit status is 3 if there is an
action that no rule matches.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = wants("no arguments, but flags", 0, 0)
			cmd.Example = `  actiongw actions --manifest .next/server/server-reference-manifest.json
  actiongw actions -m blue.json -m green.json --json
  actiongw actions -m blue.json --rules rules.json --fail-uncovered`
			addManifestFlag(cmd)
			cmd.Flags().String("rules", "", "JSON file of rules, as in the handler's list \"actions\"")
			cmd.Flags().Bool("fail-uncovered", false, "Exit with status 3 if no rule matches an action")
			cmd.Flags().Bool("json", false, "Print JSON")
			cmd.RunE = runE(cmdActions)
		},
	})
}

// actionsReport is what `actions` lists.
type actionsReport struct {
	Actions []listedAction `json:"actions"`
	// The rest is set with --rules. Uncovered counts the actions that no rule
	// matches, UnusedRules are the rules that are for none of them.
	Uncovered   *int     `json:"uncovered,omitempty"`
	UnusedRules []string `json:"unused_rules,omitempty"`
}

type listedAction struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Kind     string      `json:"kind"`
	UseCache bool        `json:"use_cache"`
	File     string      `json:"file,omitempty"`
	Export   string      `json:"export,omitempty"`
	Pages    []string    `json:"pages"`
	Build    string      `json:"build"`
	Rule     *listedRule `json:"rule,omitempty"`
}

type listedRule struct {
	// Number counts from 1.
	Number int      `json:"number"`
	Match  []string `json:"match"`
	Deny   bool     `json:"deny"`
}

func cmdActions(cmd *cobra.Command, _ []string) (int, error) {
	set, err := readManifests(cmd)
	if err != nil {
		return 0, err
	}
	rules, err := readRules(cmd)
	if err != nil {
		return 0, err
	}
	fail, _ := cmd.Flags().GetBool("fail-uncovered")
	switch {
	case !cmd.Flags().Changed("manifest"):
		return 0, errors.New("--manifest is required: the file is .next/server/server-reference-manifest.json")
	case fail && !cmd.Flags().Changed("rules"):
		return 0, errors.New("--fail-uncovered wants --rules: without rules no action is covered")
	}
	report, err := listActions(set, rules, cmd.Flags().Changed("rules"))
	if err != nil {
		return 0, err
	}
	status := 0
	if fail && *report.Uncovered > 0 {
		status = exitRefused
	}
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		return status, printJSON(cmd.OutOrStdout(), report)
	}
	return status, report.write(cmd.OutOrStdout())
}

// listActions lists the actions of all builds by name.
func listActions(set manifest.Set, rules []policy.Rule, ruled bool) (*actionsReport, error) {
	report := &actionsReport{Actions: []listedAction{}}
	var known []policy.Action
	for build, a := range set.All() {
		known = append(known, policy.Action{Name: a.Name(), ID: a.ID})
		info, _ := a.Info()
		report.Actions = append(report.Actions, listedAction{
			ID: a.ID, Name: a.Name(), Kind: kindOf(a), UseCache: info.UseCache(),
			File: a.File, Export: a.Export, Pages: a.Pages, Build: build.Name,
		})
	}
	slices.SortStableFunc(report.Actions, func(a, b listedAction) int { return strings.Compare(a.Name, b.Name) })
	table, err := policy.New(rules, known)
	if err != nil || !ruled {
		return report, err
	}
	report.UnusedRules = table.Unused()
	uncovered := 0
	for i := range report.Actions {
		a := &report.Actions[i]
		if a.Rule = ruleOf(table, rules, a.Name, a.ID); a.Rule == nil {
			uncovered++
		}
	}
	report.Uncovered = &uncovered
	return report, nil
}

// ruleOf is the rule that counts for an action, nil for none. Of rules with the
// same patterns only the first can count.
func ruleOf(table *policy.Table, rules []policy.Rule, name, id string) *listedRule {
	found := table.For(name, id)
	for i, r := range rules {
		if slices.Equal(r.Match, found.Match) {
			return &listedRule{i + 1, r.Match, r.Deny}
		}
	}
	return nil
}

func kindOf(a manifest.Action) string {
	switch {
	case a.Inline >= 0:
		return "inline"
	case a.Export != "":
		return "export"
	default:
		return "unknown"
	}
}

// write prints the list for people.
func (r *actionsReport) write(out io.Writer) error {
	columns := []string{"NAME", "ID", "KIND", "PAGES"}
	builds := map[string]bool{}
	for _, a := range r.Actions {
		builds[a.Build] = true
	}
	if len(builds) > 1 {
		columns = append(columns, "BUILD")
	}
	if r.Uncovered != nil {
		columns = append(columns, "RULE")
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(columns, "\t"))
	for _, a := range r.Actions {
		row := []string{a.Name, a.ID, a.Kind, plainText(strings.Join(a.Pages, " "))}
		if a.UseCache {
			row[2] = "use cache"
		}
		if len(builds) > 1 {
			row = append(row, plainText(a.Build))
		}
		if r.Uncovered != nil {
			row = append(row, a.Rule.String())
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n", count(len(r.Actions), "action"))
	if r.Uncovered != nil {
		fmt.Fprintf(out, "%s that no rule matches\n", count(*r.Uncovered, "action"))
	}
	for _, rule := range r.UnusedRules {
		fmt.Fprintf(out, "rule %s is for none of them: a pattern is misspelled, or an earlier rule takes all that it matches\n", rule)
	}
	return nil
}

// String says which rule it is, and what it does if that is all that it does.
func (r *listedRule) String() string {
	switch {
	case r == nil:
		return "none"
	case r.Deny:
		return fmt.Sprintf("%d, denied", r.Number)
	default:
		return strconv.Itoa(r.Number)
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// plainText keeps what a file says from being a command to the terminal.
func plainText(s string) string { return strings.Trim(strconv.Quote(s), `"`) }
