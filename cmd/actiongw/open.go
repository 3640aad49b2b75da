package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/reject"
	"github.com/actiongw/actiongw/internal/value"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "open",
		Usage: "[<file>] [--action <id>] [--key-file <file> | --keyset <file>] [--manifest <file>] [--reveal] [--json]",
		Short: "Opens a sealed closure and says which key and action it is of",
		Long: `
Reads a sealed text from a file or from standard input and says which key opens
it, for which action it was sealed, and whether it is spelled as Next.js spells
it. What it holds is hidden unless --reveal is given.

With --action it must have been sealed for that action, as the gate asks of
every call. Keys are those of --key-file or --keyset, or that of the environment
variable NEXT_SERVER_ACTIONS_ENCRYPTION_KEY, and those that manifests hold.

A text that begins with ag1. is of actiongw's own layout. It takes a keyset, the
--audience and --action for which it was sealed, and --bind-file if it is bound
to a cookie.

The exit status is 0 when it opens and is in order, 3 when the gate would
refuse it, and 1 if there is no key or no input.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = wants("one file, or standard input", 0, 1)
			cmd.Example = `  actiongw open sealed.txt --key-file next.key
  actiongw open --action 60ab… --reveal --json < sealed.txt
  actiongw open sealed.txt --key-file new.key --key-file old.key
  actiongw open sealed.txt --action createInvoice --audience shop --keyset own.keyset --wrapping-key-file wrapping.json`
			addKeyFlag(cmd)
			addKeysetFlags(cmd)
			addManifestFlag(cmd)
			cmd.Flags().String("action", "", "Id of the action that it must be sealed for, in the own layout also its declared name")
			cmd.Flags().Bool("reveal", false, "Show captured values")
			cmd.Flags().Bool("json", false, "Print JSON")
			cmd.RunE = runE(cmdOpen)
		},
	})
}

// openReport is what is said of one sealed text.
type openReport struct {
	Opened bool   `json:"opened"`
	Action string `json:"action,omitempty"`
	Name   string `json:"name,omitempty"`
	// Key is the fingerprint of the key that opened it.
	Key       string        `json:"key,omitempty"`
	KeyState  string        `json:"key_state,omitempty"`
	Canonical bool          `json:"canonical"`
	Reason    reject.Reason `json:"reason,omitempty"`
	Detail    string        `json:"detail,omitempty"`
	Values    int           `json:"values"`
	// The next three are of our own layout.
	Issued  string `json:"issued,omitempty"`
	Expires string `json:"expires,omitempty"`
	Bound   bool   `json:"bound,omitempty"`
	// Captured is set with --reveal alone.
	Captured []*treeNode `json:"captured,omitempty"`
}

func cmdOpen(cmd *cobra.Command, args []string) (int, error) {
	keyset, err := readKeysetFlag(cmd)
	if err != nil {
		return 0, err
	}
	data, err := readInput(cmd, strings.Join(args, ""))
	if err != nil {
		return 0, err
	}
	sealed := strings.TrimSpace(string(data))
	reveal, _ := cmd.Flags().GetBool("reveal")
	var report *openReport
	if keyset.Purpose() == keyring.OwnClosures {
		report, err = openOwn(cmd, keyset, sealed, reveal)
	} else {
		report, err = openNext(cmd, keyset, sealed, reveal)
	}
	if err != nil {
		return 0, err
	}
	status := 0
	if report.Reason != "" {
		status = exitRefused
	}
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		return status, printJSON(cmd.OutOrStdout(), report)
	}
	report.write(cmd.OutOrStdout())
	return status, nil
}

// openNext opens a sealed text of Next.js with all keys that are named.
func openNext(cmd *cobra.Command, keyset keyring.Keyset, sealed string, reveal bool) (*openReport, error) {
	id, _ := cmd.Flags().GetString("action")
	if _, ok := action.ParseID(id); !ok && id != "" {
		return nil, errActionFlag
	}
	var keys []keyring.Entry
	var err error
	if keyset.Purpose() == "" {
		keys, err = readKeys(cmd)
	} else {
		keys, err = keyset.NextEntries()
	}
	if err != nil {
		return nil, err
	}
	set, err := readManifests(cmd)
	if err != nil {
		return nil, err
	}
	ring, err := ringOf(keys, set)
	switch {
	case err != nil:
		return nil, err
	case isOwn(sealed):
		return nil, errors.New("this is a closure of actiongw's own layout: give --keyset, --audience and --action")
	case ring.Len() == 0:
		return nil, errors.New("there is no key: give the file of one with --key-file, or set " + nextKeyVariable)
	}
	return openSealed(ring, set, id, sealed, reveal)
}

// openSealed opens a sealed text; id is empty when it may be of any action.
func openSealed(ring keyring.Ring, set manifest.Set, id, sealed string, reveal bool) (*openReport, error) {
	if sealed == "" {
		return nil, errors.New("the input is empty: want the sealed text, as it stands in the page or the call")
	}
	if id == "" {
		id = idInside(ring, sealed)
	}
	opened, refusal := closure.OpenNext(ring, id, sealed)
	if refusal != nil {
		report := &openReport{}
		report.refuse(refusal)
		return report, nil
	}
	report := &openReport{Opened: true, Action: id, Key: opened.Key, KeyState: string(opened.State), Canonical: opened.Canonical}
	if found, _, ok := set.Lookup(id); ok {
		report.Name = found.Name()
	}
	if !opened.Canonical {
		report.refuse(reject.New(reject.ClosureNotCanonical, reject.StageClosure, "it opens and is not spelled as Next spells it"))
	}
	captured, refusal := flight.Parse(opened.Flight, flight.Limits{})
	if refusal != nil {
		report.refuse(refusal)
		return report, nil
	}
	list, ok := captured.(*value.Array)
	if !ok {
		report.refuse(reject.New(reject.FlightMalformed, reject.StageClosure, "the captured values are no list"))
		return report, nil
	}
	report.show(list, reveal)
	return report, nil
}

// idInside returns the action id that a sealed text holds. Both lengths are
// hexadecimal and so can be the head of the stream behind a short id; that head
// ends in a colon.
func idInside(ring keyring.Ring, sealed string) string {
	data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(sealed, "="))
	if err != nil {
		return ""
	}
	plaintext, _, _ := ring.Open(data, ring.Len())
	const long, short = 42, 40
	if len(plaintext) > long && plaintext[long] != ':' {
		if id, ok := action.ParseID(string(plaintext[:long])); ok {
			return string(id)
		}
	}
	if len(plaintext) >= short {
		if id, ok := action.ParseID(string(plaintext[:short])); ok {
			return string(id)
		}
	}
	return ""
}

func (r *openReport) refuse(refusal *reject.Error) {
	r.Reason, r.Detail = refusal.Reason, refusal.Detail
	for _, fact := range refusal.Facts {
		if fact.Name == "key" {
			r.Key = fact.Value
		}
	}
}

// write prints the report for people.
func (r *openReport) write(out io.Writer) {
	line := func(name, text string) { fmt.Fprintf(out, "%-10s %s\n", name, text) }
	if r.Opened {
		line("action", strings.TrimSpace(r.Action+" "+r.Name))
	}
	if r.Key != "" {
		line("key", strings.TrimSpace(r.Key+" "+r.KeyState))
	}
	if r.Opened {
		line("canonical", yesNo(r.Canonical))
		if r.Expires != "" {
			line("issued", r.Issued)
			line("expires", r.Expires)
			line("bound", yesNo(r.Bound))
		}
		line("values", fmt.Sprintf("%d", r.Values))
	}
	if r.Captured != nil {
		for _, n := range r.Captured {
			n.write(out, "  ")
		}
	} else if r.Values > 0 {
		line("", "hidden; --reveal shows them")
	}
	if r.Reason != "" {
		line("refused", fmt.Sprintf("%s: %s", r.Reason, r.Detail))
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
