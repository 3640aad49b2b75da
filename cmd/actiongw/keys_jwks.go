package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/assertion"
)

func keysJWKSCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "jwks <keyset> --wrapping-key-file <file>",
		Short: "Prints the public keys of a keyset for assertions",
		Long: `
Prints the public keys of a keyset that signs assertions as a JSON Web Key Set,
for an upstream that cannot fetch them from the handler actiongw_jwks. It has
the keys that sign, have signed and will sign, and nothing secret. Print it anew
after each change of the keyset, and hand it out before a new key is promoted.
`,
		Example: `  actiongw keys jwks assertion.keyset --wrapping-key-file wrapping.json > jwks.json`,
		Args:    wants("the file of a keyset", 1, 1),
		RunE:    runE(cmdKeysJWKS),
	}
	addWrappingFlag(cmd)
	return cmd
}

func cmdKeysJWKS(cmd *cobra.Command, args []string) (int, error) {
	set, _, err := openKeyset(cmd, args[0])
	if err != nil {
		return 0, err
	}
	jwks, err := assertion.JWKS(set)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", args[0], err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", jwks)
	return 0, err
}
