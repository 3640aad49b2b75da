package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/keyring"
)

// handOut is what makes a change count. Without --force Caddy does not load a
// configuration whose own text has not changed.
const handOut = "hand the keyset to every instance and run `actiongw reload --force`"

// keyChange is a command that changes the state of one key of a keyset.
type keyChange struct {
	name, short, long string
	change            func(keyring.Keyset, uint32) (keyring.Keyset, error)
	// next is what to do when it has been done.
	next string
}

// keyChanges are in the order of a key's life.
func keyChanges() []keyChange {
	return []keyChange{{
		"promote", "Makes a key the one that seals",
		"Makes a pending or enabled key the primary one, which seals. The one before it\nstays enabled, so that pages that are open go on. Promote a key only when every\ninstance has it.",
		keyring.Keyset.Promote, handOut,
	}, {
		"disable", "Revokes a key: what it opens is refused",
		"Revokes a key. What it opens is refused as closure_key_disabled, genuine old\npages included. `keys enable` takes that back. The primary key cannot be\nrevoked before another one is promoted.",
		keyring.Keyset.Disable, handOut + "; the key is in force until then",
	}, {
		"enable", "Lets a disabled key open again",
		"Takes back what `keys disable` did: the key opens again. It does not seal\nbefore it is promoted.",
		keyring.Keyset.Enable, handOut,
	}, {
		"destroy", "Removes the bytes of a disabled key for ever",
		"Removes the bytes of a key for ever and leaves a note that it existed. Only a\ndisabled key can be destroyed: then it has been seen that nothing needs it. What\nit sealed is refused as closure_key_unknown from then on.",
		keyring.Keyset.Destroy, handOut + "; copies of the old file still hold the key",
	}}
}

func (c keyChange) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   c.name + " <keyset> <key> --wrapping-key-file <file> [--json]",
		Short: c.short,
		Long:  "\n" + c.long + "\n\nThe key is named by its id or its fingerprint; `keys list` shows both.\n",
		Example: `  actiongw keys ` + c.name + ` own.keyset 2787262034 --wrapping-key-file wrapping.json
  actiongw keys ` + c.name + ` next.keyset 1f2e3d4c --wrapping-key-file wrapping.json --json`,
		Args: wants("the file of a keyset and a key, by its id or fingerprint", 2, 2),
		RunE: runE(c.run),
	}
	addWrappingFlag(cmd)
	cmd.Flags().Bool("json", false, "Print JSON")
	return cmd
}

func (c keyChange) run(cmd *cobra.Command, args []string) (int, error) {
	set, wrapping, err := openKeyset(cmd, args[0])
	if err != nil {
		return 0, err
	}
	id, err := findKey(set, args[1])
	if err != nil {
		return 0, err
	}
	if set, err = c.change(set, id); err != nil {
		return 0, err
	}
	if err := replaceKeyset(args[0], set, wrapping); err != nil {
		return 0, err
	}
	return 0, printKey(cmd, set, id, c.next)
}

// findKey finds the key that is named by its id or its fingerprint. A word may
// be one key's id and another's fingerprint; then nobody knows which is meant.
func findKey(set keyring.Keyset, name string) (uint32, error) {
	var found []uint32
	for _, info := range set.List() {
		if strconv.FormatUint(uint64(info.ID), 10) == name || info.Fingerprint == name {
			found = append(found, info.ID)
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("this keyset has no key %q; `actiongw keys list` shows its ids and fingerprints", name)
	case 1:
		return found[0], nil
	default:
		return 0, fmt.Errorf("%q names more than one key; use the other name that `actiongw keys list` shows", name)
	}
}

func keysAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add <keyset> --wrapping-key-file <file> [--json]",
		Short: "Adds a fresh key, which opens and does not seal yet",
		Long: `
Makes a fresh key and adds it to a keyset for closures of actiongw's own layout.
It is pending: it opens, and seals after ` + "`keys promote`" + `. Hand the keyset to every
instance before that.

Keys of Next.js are made with ` + "`keys generate`" + `, given to the app, and added with
` + "`keys import-next`" + `.
`,
		Example: `  actiongw keys add own.keyset --wrapping-key-file wrapping.json
  actiongw keys add own.keyset --wrapping-key-file wrapping.json --json`,
		Args: wants("the file of a keyset", 1, 1),
		RunE: runE(cmdKeysAdd),
	}
	addWrappingFlag(cmd)
	cmd.Flags().Bool("json", false, "Print JSON")
	return cmd
}

func cmdKeysAdd(cmd *cobra.Command, args []string) (int, error) {
	set, wrapping, err := openKeyset(cmd, args[0])
	if err != nil {
		return 0, err
	}
	if set.Purpose() == keyring.NextClosures {
		return 0, errors.New("a key in a keyset for Next closures must be the app's, too: make one with `actiongw keys generate`, and add it with `actiongw keys import-next`")
	}
	set, id, err := set.Add(rand.Reader, time.Now().Unix())
	if err != nil {
		return 0, err
	}
	if err := replaceKeyset(args[0], set, wrapping); err != nil {
		return 0, err
	}
	return 0, printKey(cmd, set, id, handOut+", then promote the key")
}

// printKey says what a key has become, and what to do next.
func printKey(cmd *cobra.Command, set keyring.Keyset, id uint32, next string) error {
	for _, info := range set.List() {
		if info.ID != id {
			continue
		}
		if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
			return printJSON(cmd.OutOrStdout(), listKey(info))
		}
		fmt.Fprintf(cmd.OutOrStdout(), "key %d, %s, is %s\n  %s\n", info.ID, info.Fingerprint, info.State, next)
	}
	return nil
}
