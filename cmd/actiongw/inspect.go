package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/origin"
	"github.com/actiongw/actiongw/internal/policy"
	"github.com/actiongw/actiongw/internal/proxy"
	"github.com/actiongw/actiongw/internal/reply"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "inspect",
		Usage: "[<file>] [--dialect next|react] [--key-file <file>] [--keyset <file> --audience <name> [--cookie <name>]] [--manifest <file>] [--rules <file>] [--origin <pattern>] [--wire <name>] [--reveal] [--json]",
		Short: "Shows what is in a recorded call and what the gate makes of it",
		Long: `
Reads one of these from a file or from standard input:

  a raw HTTP/1.1 request      POST /cart HTTP/1.1, headers, body
  a curl command              as the browser's "Copy as cURL" (bash) gives it
  a HAR file                  all POST requests in it that are calls

and prints which action is called, with what, and whether the gate would let it
through; if not, which check refuses it and why. The checks are those of the
gate itself, with the keys, manifests, rules and origins given here. Nothing is
sent anywhere. Calls of clients without Next.js need --dialect react.

Closures are opened with the key of --key-file, or that of the environment
variable NEXT_SERVER_ACTIONS_ENCRYPTION_KEY, and with the keys that manifests
hold. What they hold is hidden unless --reveal is given. Arguments are shown:
strings are shortened, cookies and other headers left out.

Closures of actiongw's own layout are opened with the keyset of --keyset, for the
site of --audience, and held against the cookie that --cookie names. They are
opened as they would be now: what has expired since is refused.

The exit status is 0 for calls that would be admitted, 3 if one would be
refused, and 1 if the input cannot be read.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = wants("one file, or standard input", 0, 1)
			cmd.Example = `  actiongw inspect request.txt
  actiongw inspect --key-file next.key --reveal < curl.txt
  actiongw inspect page.har --manifest .next/server/server-reference-manifest.json --json
  actiongw inspect request.txt --dialect react --keyset own.keyset --wrapping-key-file wrapping.json --audience shop.example.com
  actiongw inspect request.txt --origin 'shop.example.com' --wire current --rules rules.json`
			addInspectFlags(cmd)
			cmd.RunE = runE(cmdInspect)
		},
	})
}

func addInspectFlags(cmd *cobra.Command) {
	cmd.Flags().String("dialect", "next", "What the client is: next, or react without a framework")
	addKeyFlag(cmd)
	addKeysetFlag(cmd)
	cmd.Flags().String("cookie", "", "Own layout: name of the cookie that closures may be bound to")
	addManifestFlag(cmd)
	cmd.Flags().String("rules", "", "JSON file of rules, as in the handler's list \"actions\"")
	cmd.Flags().StringArray("origin", nil, "Origin that may call, with * for one label; repeat for several")
	cmd.Flags().String("wire", "auto", "Version of React's format that calls must be in")
	cmd.Flags().Bool("reveal", false, "Show captured values")
	cmd.Flags().Bool("json", false, "Print JSON")
}

func cmdInspect(cmd *cobra.Command, args []string) (int, error) {
	in, err := newInspector(cmd)
	if err != nil {
		return 0, err
	}
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	input, err := readInput(cmd, name)
	if err != nil {
		return 0, err
	}
	recorded, err := readCaptured(input)
	if err != nil {
		return 0, err
	}
	var calls []*callReport
	status := 0
	for _, c := range recorded {
		report := in.inspect(c)
		if len(recorded) > 1 && !report.isCall() {
			continue
		}
		if report.Reason != "" {
			status = exitRefused
		}
		calls = append(calls, report)
	}
	if len(calls) == 0 {
		return 0, errors.New("none of the requests is a call of an action; those of clients without Next.js need --dialect react")
	}
	asJSON, _ := cmd.Flags().GetBool("json")
	return status, printCalls(cmd.OutOrStdout(), calls, asJSON)
}

func printCalls(out io.Writer, calls []*callReport, asJSON bool) error {
	if asJSON {
		return printJSON(out, map[string]any{"calls": calls})
	}
	for i, c := range calls {
		if i > 0 {
			fmt.Fprintln(out)
		}
		c.write(out)
	}
	return nil
}

// printJSON prints a value for other programs.
func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// inspector is a gate, and what it takes to explain it.
type inspector struct {
	gate     *proxy.Gate
	set      manifest.Set
	ring     keyring.Ring
	closures proxy.OwnClosures
	wire     reply.Wire
	rules    []policy.Rule
	table    *policy.Table
	reveal   bool
}

func newInspector(cmd *cobra.Command) (*inspector, error) {
	in := &inspector{}
	in.reveal, _ = cmd.Flags().GetBool("reveal")
	keys, err := in.readKeys(cmd)
	if err != nil {
		return nil, err
	}
	if in.set, err = readManifests(cmd); err != nil {
		return nil, err
	}
	if in.ring, err = ringOf(keys, in.set); err != nil {
		return nil, err
	}
	wire, _ := cmd.Flags().GetString("wire")
	if in.wire, err = reply.ParseWire(wire); err != nil {
		return nil, fmt.Errorf("--wire: %w", err)
	}
	word, _ := cmd.Flags().GetString("dialect")
	dialect, err := action.ParseDialect(word)
	if err != nil {
		return nil, fmt.Errorf("--dialect: %w", err)
	}
	if in.rules, err = readRules(cmd); err != nil {
		return nil, err
	}
	if in.table, err = policy.New(in.rules, nil); err != nil {
		return nil, err
	}
	if in.wire == reply.Auto && in.table.HasSchemas() {
		return nil, errors.New("a rule with args needs --wire: two versions of React read one call differently, and the schema would check only one reading")
	}
	origins, err := cmd.Flags().GetStringArray("origin")
	if err != nil {
		return nil, err
	}
	in.gate, err = proxy.New(proxy.Config{
		Origin: origin.Config{Allow: origins}, Dialect: dialect, Keys: keys, Closures: in.closures, Wire: in.wire, Rules: in.rules,
	})
	if err != nil {
		return nil, err
	}
	return in, in.gate.SetBuilds(in.set)
}

// readKeys reads the keys of both layouts, and returns those of Next.js.
func (in *inspector) readKeys(cmd *cobra.Command) ([]keyring.Entry, error) {
	set, err := readKeysetFlag(cmd)
	if err != nil {
		return nil, err
	}
	switch set.Purpose() {
	case "":
		return readKeys(cmd)
	case keyring.OwnClosures:
		in.closures.Audience, _ = cmd.Flags().GetString("audience")
		in.closures.Cookie, _ = cmd.Flags().GetString("cookie")
		if in.closures.Audience == "" {
			return nil, errAudienceFlag
		}
		if in.closures.Keys, err = set.Own(); err != nil {
			return nil, err
		}
		return readKeys(cmd)
	default:
		return set.NextEntries()
	}
}

// ringOf is the keys given and those of the builds, as the gate tries them.
func ringOf(keys []keyring.Entry, set manifest.Set) (keyring.Ring, error) {
	for b := range set.Builds() {
		if b.Manifest.Key() == "" {
			continue
		}
		key, err := keyring.ParseNextKey(b.Manifest.Key())
		if err != nil {
			return keyring.Ring{}, fmt.Errorf("the key in %s: %w", b.Name, err)
		}
		keys = append(keys[:len(keys):len(keys)], keyring.Entry{Key: key, State: keyring.Build})
	}
	return keyring.NewRing(keys...)
}

// inspect takes one request through the gate and describes it.
func (in *inspector) inspect(c *captured) *callReport {
	r := c.fresh()
	report := &callReport{Request: c.title(), Notes: c.notes, cookies: proxy.Cookies(r.Header["Cookie"], in.closures.Cookie)}
	d := in.gate.Admit(r, proxy.Peer{Writer: nobody{}})
	defer d.Release(false)
	refusal := d.Refusal
	if d.Streams() { // a form that is too long to be held shows what it is while it passes
		_, _ = io.Copy(io.Discard, r.Body)
		refusal = d.Late()
	}
	report.decide(&d, refusal)
	if d.Kind == action.Fetch || d.Kind == action.Form {
		in.describe(report, c, &d)
	}
	return report
}
