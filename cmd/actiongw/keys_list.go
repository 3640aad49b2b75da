package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/keyring"
)

// listedKey is what may be shown of a key of a keyset.
type listedKey struct {
	ID          uint32        `json:"id"`
	State       keyring.State `json:"state"`
	Fingerprint string        `json:"fingerprint"`
	// Created is RFC 3339, empty when nobody knows.
	Created string `json:"created,omitempty"`
	Bits    int    `json:"bits,omitempty"`
}

func cmdKeysList(cmd *cobra.Command, args []string) (int, error) {
	set, _, err := openKeyset(cmd, args[0])
	if err != nil {
		return 0, err
	}
	keys := []listedKey{}
	for _, info := range set.List() {
		keys = append(keys, listKey(info))
	}
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		return 0, printJSON(cmd.OutOrStdout(), map[string]any{"purpose": set.Purpose(), "keys": keys})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "keys for %s\n\n", set.Purpose())
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTATE\tFINGERPRINT\tCREATED\tBITS")
	for _, k := range keys {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", k.ID, k.State, orDash(k.Fingerprint), orDash(k.Created), orDash(bitsText(k.Bits)))
	}
	return 0, table.Flush()
}

func listKey(info keyring.Info) listedKey {
	k := listedKey{ID: info.ID, State: info.State, Fingerprint: info.Fingerprint, Bits: info.Bits}
	if info.Created != 0 {
		k.Created = time.Unix(info.Created, 0).UTC().Format(time.RFC3339)
	}
	return k
}

func bitsText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func cmdKeysImport(cmd *cobra.Command, _ []string) (int, error) {
	file, _ := cmd.Flags().GetString("keyset")
	if file == "" {
		return 0, errors.New("--keyset is required: the file of the keyset, which is made if it is not there")
	}
	wrapping, err := readWrapping(cmd)
	if err != nil {
		return 0, err
	}
	keys, err := needKeys(cmd)
	if err != nil {
		return 0, err
	}
	if len(keys) > 1 {
		return 0, errors.New("--key-file is given twice: import one key at a time")
	}
	set, write := keyring.Keyset{}, createKeyset
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		if set, err = readKeyset(file, wrapping); err != nil {
			return 0, err
		}
		write = replaceKeyset
	}
	set, id, err := set.ImportNext(keys[0].Key, time.Now().Unix())
	if err != nil {
		return 0, err
	}
	if err := write(file, set, wrapping); err != nil {
		return 0, err
	}
	return 0, printKey(cmd, set, id, handOut)
}
