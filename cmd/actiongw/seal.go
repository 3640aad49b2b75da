package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/flight"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/value"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "seal",
		Usage: "--action <id> --values <file> [--key-file <file> | --keyset <file> --audience <name>] [--json]",
		Short: "Seals captured values for an action",
		Long: `
Seals values for one action and prints the sealed text, as Next.js puts it into
a page for an inline action that captured variables. It is for tests, for
finding out why a closure does not open, and for pages that a build writes.

--values names a file with a JSON array, one element for each captured
variable; - is standard input. The key is that of --key-file, or that of the
environment variable NEXT_SERVER_ACTIONS_ENCRYPTION_KEY.

With --keyset the primary key of that keyset seals. One for closures of
actiongw's own layout takes --audience, which must be that of the gate, --ttl,
after which the closure expires, and perhaps --bind-file: then the closure opens
only with the cookie that has this value.

Sealing takes a fresh nonce, so no two texts are alike.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = wants("no arguments, but flags", 0, 0)
			cmd.Example = `  echo '["user-1", {"role": "editor"}]' | actiongw seal --action 60ab… --values - --key-file next.key
  actiongw seal --action 60ab… --values captured.json | actiongw open --action 60ab… --reveal
  actiongw seal --action createInvoice --audience shop --ttl 1h --values captured.json --keyset own.keyset --wrapping-key-file wrapping.json`
			addKeyFlag(cmd)
			addKeysetFlags(cmd)
			cmd.Flags().String("action", "", "Id of the action: 42 hexadecimal digits, in Next 14 40; in the own layout also a declared name")
			cmd.Flags().String("values", "", "File with a JSON array of values; - is standard input")
			cmd.Flags().Duration("ttl", time.Hour, "Own layout: how long the closure opens")
			cmd.Flags().Bool("json", false, "Print JSON")
			cmd.RunE = runE(cmdSeal)
		},
	})
}

func cmdSeal(cmd *cobra.Command, _ []string) (int, error) {
	set, err := readKeysetFlag(cmd)
	if err != nil {
		return 0, err
	}
	own := set.Purpose() == keyring.OwnClosures
	id, _ := cmd.Flags().GetString("action")
	if _, ok := action.ParseID(id); !ok && !own {
		return 0, errActionFlag
	}
	file, _ := cmd.Flags().GetString("values")
	if file == "" {
		return 0, errors.New("--values is required: a file with a JSON array, or - for standard input")
	}
	data, err := readInput(cmd, file)
	if err != nil {
		return 0, err
	}
	values, err := closure.ParseValues(data)
	if err != nil {
		return 0, fmt.Errorf("--values: %w", err)
	}
	var made map[string]string
	if own {
		made, err = sealOwn(cmd, set, data)
	} else {
		made, err = sealNext(cmd, set, id, values)
	}
	if err != nil {
		return 0, err
	}
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		return 0, printJSON(cmd.OutOrStdout(), made)
	}
	fmt.Fprintln(cmd.OutOrStdout(), made["sealed"])
	return 0, nil
}

// sealNext seals values as Next.js does.
func sealNext(cmd *cobra.Command, set keyring.Keyset, id string, values *value.Array) (map[string]string, error) {
	keys, err := sealingKeys(cmd, set)
	if err != nil {
		return nil, err
	}
	stream, err := flight.Append(nil, 0, values)
	if err != nil {
		return nil, fmt.Errorf("--values: %w", err)
	}
	key := keys[0].Key
	sealed, err := closure.SealNext(rand.Reader, key, id, stream)
	return map[string]string{"action": id, "key": key.Fingerprint(), "sealed": sealed}, err
}

// sealingKeys are the keys of a keyset, or else those of --key-file and the
// environment; the one that seals is first.
func sealingKeys(cmd *cobra.Command, set keyring.Keyset) ([]keyring.Entry, error) {
	if set.Purpose() == "" {
		return needKeys(cmd)
	}
	return set.NextEntries()
}

var errActionFlag = errors.New("--action wants the id of an action: 42 lower-case hexadecimal digits, in Next 14 40; `actiongw actions` lists them")
