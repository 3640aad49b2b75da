package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/keyring"
)

// made is what `keys generate` says of what it has made.
type made struct {
	Kind string `json:"kind"`
	File string `json:"file,omitempty"`
	// Fingerprint is empty for wrapping keys, whose name nobody needs.
	Fingerprint string `json:"fingerprint,omitempty"`
	ID          uint32 `json:"id,omitempty"`
}

func cmdKeysGenerate(cmd *cobra.Command, _ []string) (int, error) {
	kind, _ := cmd.Flags().GetString("kind")
	out, _ := cmd.Flags().GetString("out")
	stdout, _ := cmd.Flags().GetBool("stdout")
	wrapping, _ := cmd.Flags().GetString("wrapping-key-file")
	switch {
	case stdout && (kind != "next" || out != "" || cmd.Flags().Changed("json")):
		return 0, errors.New("--stdout is for a Next key alone: drop --out, --json and --kind")
	case !stdout && out == "":
		return 0, errors.New("--out is required: the file to write; --stdout prints a Next key")
	case kind != "next" && cmd.Flags().Changed("bits"):
		return 0, errors.New("--bits is for Next keys: other keys have 256")
	case kind != "keyset" && kind != "assertion" && wrapping != "":
		return 0, errors.New("--wrapping-key-file is for keysets: add --kind keyset or --kind assertion")
	}
	var m made
	var err error
	switch kind {
	case "next":
		m, err = generateNext(cmd, out, stdout)
	case "keyset":
		m, err = generateKeyset(cmd, kind, keyring.OwnClosures, out)
	case "assertion":
		m, err = generateKeyset(cmd, kind, keyring.Assertions, out)
	case "wrapping":
		m, err = generateWrapping(out)
	default:
		return 0, fmt.Errorf("--kind %q: want next, keyset, assertion or wrapping", kind)
	}
	if err != nil || stdout {
		return 0, err
	}
	if asJSON, _ := cmd.Flags().GetBool("json"); asJSON {
		return 0, printJSON(cmd.OutOrStdout(), m)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "wrote %s", out)
	if m.Fingerprint != "" {
		fmt.Fprintf(cmd.OutOrStdout(), ", key %s", m.Fingerprint)
	}
	fmt.Fprintln(cmd.OutOrStdout())
	return 0, nil
}

func generateNext(cmd *cobra.Command, out string, stdout bool) (made, error) {
	bits, _ := cmd.Flags().GetInt("bits")
	if bits != 128 && bits != 192 && bits != 256 {
		return made{}, fmt.Errorf("--bits %d: Next takes 128, 192 or 256", bits)
	}
	raw := make([]byte, bits/8)
	_, _ = rand.Read(raw) // never fails
	text := base64.StdEncoding.EncodeToString(raw)
	key, err := keyring.ParseNextKey(text)
	if err != nil {
		return made{}, err
	}
	if stdout {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), text)
		return made{}, err
	}
	return made{Kind: "next", File: out, Fingerprint: key.Fingerprint()}, createFile(out, []byte(text))
}

func generateKeyset(cmd *cobra.Command, kind string, purpose keyring.Purpose, out string) (made, error) {
	wrapping, err := readWrapping(cmd)
	if err != nil {
		return made{}, err
	}
	set, err := keyring.Generate(purpose, rand.Reader, time.Now().Unix())
	if err != nil {
		return made{}, err
	}
	info := set.List()[0]
	return made{kind, out, info.Fingerprint, info.ID}, createKeyset(out, set, wrapping)
}

func generateWrapping(out string) (made, error) {
	text, err := keyring.InsecureGenerateCleartextWrappingKey(rand.Reader, time.Now().Unix())
	if err != nil {
		return made{}, err
	}
	return made{Kind: "wrapping", File: out}, createFile(out, text)
}
