package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/keyring"
)

// nextKeyVariable is where Next.js takes its key from, and so do the commands.
// Its twin with _FILE behind it names a file.
const nextKeyVariable = "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY"

// exitRefused is the exit status of a command that worked and whose answer is
// no: the call would be refused, the key is unusable. 1 is for commands that
// could not do their work.
const exitRefused = 3

// maxInputBytes bounds the files that commands read. HAR files are the largest.
const maxInputBytes = 256 << 20

// runE makes a command function one of cobra: its errors are one plain line on
// standard error, and its status is that of the process.
func runE(f func(cmd *cobra.Command, args []string) (status int, err error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		status, err := f(cmd, args)
		cmd.SilenceErrors = true
		if err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", cmd.CommandPath(), err)
			return err
		}
		return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return status, nil })(cmd, nil)
	}
}

// wants refuses a command line with fewer or more arguments than it takes.
func wants(what string, least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("%s wants %s, and got %s; see %s --help", cmd.CommandPath(), what, count(len(args), "argument"), cmd.CommandPath())
		}
		return nil
	}
}

// readInput reads a whole file, or standard input when it is called "-" or "".
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	in := cmd.InOrStdin()
	if name != "" && name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxInputBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxInputBytes {
		return nil, fmt.Errorf("the input is longer than %d MiB: cut out the part that matters", maxInputBytes>>20)
	}
	return data, nil
}

// keyText is the text of a key and where it stood, such as "key.txt" or the
// name of a variable.
type keyText struct {
	text, from string
	// newline is set when the text is that of a file and ended with a newline,
	// which is no part of text.
	newline bool
}

// readKeyTexts returns the keys that the flag --key-file names, or else that of
// the environment. There may be none.
func readKeyTexts(cmd *cobra.Command) ([]keyText, error) {
	files, err := cmd.Flags().GetStringArray("key-file")
	if err != nil {
		return nil, err
	}
	var texts []keyText
	for _, name := range files {
		text, err := readKeyFile(cmd, name)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	if len(texts) > 0 {
		return texts, nil
	}
	text, set := os.LookupEnv(nextKeyVariable)
	file := os.Getenv(nextKeyVariable + "_FILE")
	switch {
	case text != "" && file != "":
		return nil, fmt.Errorf("%[1]s and %[1]s_FILE are both set: keep one", nextKeyVariable)
	case file != "":
		text, err := readKeyFile(cmd, file)
		return []keyText{text}, err
	case set && text != "":
		return []keyText{{text: text, from: nextKeyVariable}}, nil
	}
	return nil, nil
}

// readKeyFile reads the text of a key, less the one line end that editors and
// echo put at the end of a file.
func readKeyFile(cmd *cobra.Command, name string) (keyText, error) {
	data, err := readInput(cmd, name)
	if err != nil {
		return keyText{}, err
	}
	if name == "-" {
		name = "standard input"
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	return keyText{text, name, len(text) < len(data)}, nil
}

// readKeys reads the keys that closures are opened with, the one that seals
// first. There may be none.
func readKeys(cmd *cobra.Command) ([]keyring.Entry, error) {
	texts, err := readKeyTexts(cmd)
	if err != nil {
		return nil, err
	}
	var entries []keyring.Entry
	for i, t := range texts {
		key, err := keyring.ParseNextKey(t.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.from, err)
		}
		state := keyring.Enabled
		if i == 0 {
			state = keyring.Primary
		}
		entries = append(entries, keyring.Entry{Key: key, State: state})
	}
	return entries, nil
}

// needKeys is readKeys for commands that can do nothing without one.
func needKeys(cmd *cobra.Command) ([]keyring.Entry, error) {
	entries, err := readKeys(cmd)
	if err == nil && len(entries) == 0 {
		err = errors.New("there is no key: give the file of one with --key-file, or set " + nextKeyVariable)
	}
	return entries, err
}

// addKeyFlag adds --key-file. A key itself is never a flag: command lines are
// in the shell's history and in the list of processes.
func addKeyFlag(cmd *cobra.Command) {
	cmd.Flags().StringArray("key-file", nil, "File of a key as Next.js takes it; repeat for older ones (default: "+nextKeyVariable+", or the file that "+nextKeyVariable+"_FILE names)")
}
