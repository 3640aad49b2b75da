package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	gwcaddy "github.com/actiongw/actiongw/caddy"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "keys",
		Usage: "generate|list|import-next|jwks|add|promote|disable|enable|destroy|doctor",
		Short: "Makes, lists, rotates and checks the keys of closures and assertions",
		Long: `
There are two kinds of keys. A Next key is the text that Next.js takes from
NEXT_SERVER_ACTIONS_ENCRYPTION_KEY; the app and the gate share it. A keyset is a
file of several keys with their states, encrypted with a wrapping key that is
kept elsewhere. Beside a keyset stands a file of the same name and .notes, which
holds no secret. The wrapping key is that of --wrapping-key-file, or else that of
ACTIONGW_WRAPPING_KEY or of the file that ACTIONGW_WRAPPING_KEY_FILE names.

A key of a keyset is pending (it opens and does not seal yet), primary (the one
that seals), enabled (it opens), disabled (what it opens is refused) or
destroyed. What changes a keyset replaces its file in one step.

Keys are read from files or from the environment and never from the command
line, and what is printed of a key is its fingerprint.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Example = `  actiongw keys generate --out next.key
  actiongw keys doctor --key-file next.key
  actiongw keys generate --kind wrapping --out wrapping.json
  actiongw keys import-next --key-file next.key --keyset next.keyset --wrapping-key-file wrapping.json
  actiongw keys list next.keyset --wrapping-key-file wrapping.json
  actiongw keys promote own.keyset 2787262034 --wrapping-key-file wrapping.json`
			cmd.Args = cobra.NoArgs // so that a misspelled one is an error
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			cmd.AddCommand(keysGenerateCommand(), keysListCommand(), keysImportCommand(), keysJWKSCommand(), keysDoctorCommand(), keysAddCommand())
			for _, change := range keyChanges() {
				cmd.AddCommand(change.command())
			}
		},
	})
}

func keysListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list <keyset> --wrapping-key-file <file> [--json]",
		Short: "Lists the keys of a keyset: id, state, fingerprint, age",
		Example: `  actiongw keys list own.keyset --wrapping-key-file wrapping.json
  actiongw keys list next.keyset --wrapping-key-file wrapping.json --json`,
		Args: wants("the file of a keyset", 1, 1),
		RunE: runE(cmdKeysList),
	}
	addWrappingFlag(cmd)
	cmd.Flags().Bool("json", false, "Print JSON")
	return cmd
}

func keysImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import-next --keyset <file> --wrapping-key-file <file> [--key-file <file>] [--json]",
		Short: "Puts a Next key into a keyset",
		Long: `
Puts a Next key into a keyset for Next closures, which is made if it is not
there. In a new keyset the key is the primary one, which seals; in another it
opens.

The key is that of --key-file, - for standard input, or that of the environment
variable NEXT_SERVER_ACTIONS_ENCRYPTION_KEY.
`,
		Example: `  actiongw keys import-next --key-file next.key --keyset next.keyset --wrapping-key-file wrapping.json
  vault read -field=key secret/next | actiongw keys import-next --key-file - --keyset next.keyset --wrapping-key-file wrapping.json`,
		Args: wants("no arguments, but flags", 0, 0),
		RunE: runE(cmdKeysImport),
	}
	addKeyFlag(cmd)
	addWrappingFlag(cmd)
	cmd.Flags().String("keyset", "", "File of the keyset")
	cmd.Flags().Bool("json", false, "Print JSON")
	return cmd
}

func keysDoctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [--key-file <file>] [--keyset <file>... --wrapping-key-file <file>] [--json]",
		Short: "Says what is wrong with a key and how to mend it",
		Long: `
Looks at the text of a Next key, from --key-file, - for standard input, or from
the environment, and says whether the gate can use it: hexadecimal in place of
base64, the URL-safe alphabet, quotes, newlines, a wrong length, a variable that
was not filled in. With --keyset it looks at the keys of a keyset instead: their
age, their states, and whether the notes beside it fit. With several --keyset,
copies from the instances of one site, it also compares them: a key that one of
them lacks fails the calls that this one gets.

Nothing of a key is printed but its fingerprint. The exit status is 3 when the
key cannot be used, and 0 when there are warnings at most.
`,
		Example: `  actiongw keys doctor
  actiongw keys doctor --key-file next.key
  printf %s "$KEY" | actiongw keys doctor --key-file -
  actiongw keys doctor --keyset own.keyset --wrapping-key-file wrapping.json
  actiongw keys doctor --keyset a/own.keyset --keyset b/own.keyset --wrapping-key-file wrapping.json`,
		Args: wants("no arguments, but flags", 0, 0),
		RunE: runE(cmdKeysDoctor),
	}
	addKeyFlag(cmd)
	addWrappingFlag(cmd)
	cmd.Flags().StringArray("keyset", nil, "File of a keyset; repeat for those of several instances")
	cmd.Flags().Bool("json", false, "Print JSON")
	return cmd
}

func keysGenerateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "generate [--kind next|keyset|assertion|wrapping] --out <file> [--bits 128|192|256] [--wrapping-key-file <file>] [--json]",
		Short: "Makes a Next key, a keyset or a wrapping key",
		Long: `
Makes a key from the system's randomness and writes it to a new file that only
its owner can read. A file that exists is never written over.

  next       a key for NEXT_SERVER_ACTIONS_ENCRYPTION_KEY (the default)
  wrapping   the key that keysets are encrypted with
  keyset     a keyset for closures of actiongw's own layout, encrypted with the
             wrapping key of --wrapping-key-file
  assertion  a keyset that signs assertions with ES256, encrypted likewise
`,
		Example: `  actiongw keys generate --out next.key
  actiongw keys generate --kind wrapping --out wrapping.json
  actiongw keys generate --kind keyset --wrapping-key-file wrapping.json --out own.keyset
  actiongw keys generate --kind assertion --wrapping-key-file wrapping.json --out assertion.keyset
  actiongw keys generate --stdout | vault write secret/next key=-`,
		Args: wants("no arguments, but flags", 0, 0),
		RunE: runE(cmdKeysGenerate),
	}
	addWrappingFlag(cmd)
	cmd.Flags().String("kind", "next", "What to make: next, keyset, assertion or wrapping")
	cmd.Flags().Int("bits", 256, "Length of a Next key: 128, 192 or 256")
	cmd.Flags().String("out", "", "File to write, which must not be there yet")
	cmd.Flags().Bool("stdout", false, "Print a Next key in place of writing it to a file; it is a secret")
	cmd.Flags().Bool("json", false, "Print JSON")
	return cmd
}

func addWrappingFlag(cmd *cobra.Command) {
	cmd.Flags().String("wrapping-key-file", "", "File of the wrapping key that the keyset is encrypted with (default: "+gwcaddy.EnvWrappingKey+", or the file that "+gwcaddy.EnvWrappingKey+"_FILE names)")
}
