package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/action"
	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/flight"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "seal",
		Usage: "--action <id> --values <file> [--key-file <file>] [--json]",
		Short: "Seals captured values for an action, as Next.js does",
		Long: `
Seals values for one action and prints the sealed text, as Next.js puts it into
a page for an inline action that captured variables. It is for tests, and for
finding out why a closure does not open.

--values names a file with a JSON array, one element for each captured
variable; - is standard input. The key is that of --key-file, or that of the
environment variable NEXT_SERVER_ACTIONS_ENCRYPTION_KEY.

Sealing takes a fresh nonce, so no two texts are alike.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.NoArgs
			cmd.Example = `  echo '["user-1", {"role": "editor"}]' | actiongw seal --action 60ab… --values - --key-file next.key
  actiongw seal --action 60ab… --values captured.json | actiongw open --action 60ab… --reveal`
			addKeyFlag(cmd)
			cmd.Flags().String("action", "", "Id of the action: 42 hexadecimal digits, in Next 14 40")
			cmd.Flags().String("values", "", "File with a JSON array of values; - is standard input")
			cmd.Flags().Bool("json", false, "Print JSON")
			cmd.RunE = runE(cmdSeal)
		},
	})
}

func cmdSeal(cmd *cobra.Command, _ []string) (int, error) {
	id, _ := cmd.Flags().GetString("action")
	if _, ok := action.ParseID(id); !ok {
		return 0, errActionFlag
	}
	file, _ := cmd.Flags().GetString("values")
	if file == "" {
		return 0, errors.New("--values is required: a file with a JSON array, or - for standard input")
	}
	keys, err := needKeys(cmd)
	if err != nil {
		return 0, err
	}
	data, err := readInput(cmd, file)
	if err != nil {
		return 0, err
	}
	values, err := readValues(data)
	if err != nil {
		return 0, fmt.Errorf("--values: %w", err)
	}
	stream, err := flight.Append(nil, 0, values)
	if err != nil {
		return 0, fmt.Errorf("--values: %w", err)
	}
	key := keys[0].Key
	sealed, err := closure.SealNext(rand.Reader, key, id, stream)
	if err != nil {
		return 0, err
	}
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		return 0, printJSON(cmd.OutOrStdout(), map[string]string{"action": id, "key": key.Fingerprint(), "sealed": sealed})
	}
	fmt.Fprintln(cmd.OutOrStdout(), sealed)
	return 0, nil
}

var errActionFlag = errors.New("--action wants the id of an action: 42 lower-case hexadecimal digits, in Next 14 40; `actiongw actions` lists them")
