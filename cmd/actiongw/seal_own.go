package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/actiongw/actiongw/internal/closure"
	"github.com/actiongw/actiongw/internal/keyring"
	"github.com/actiongw/actiongw/internal/value"
)

// addKeysetFlags adds the flags for keys in a keyset and for our own layout.
func addKeysetFlags(cmd *cobra.Command) {
	addKeysetFlag(cmd)
	cmd.Flags().String("bind-file", "", "Own layout: file with the value of the cookie that the closure is bound to, as it stands in the Cookie header")
}

// addKeysetFlag adds the flags that take a keyset, and the site that it is for.
func addKeysetFlag(cmd *cobra.Command) {
	cmd.Flags().String("keyset", "", "File of a keyset in place of --key-file; its purpose decides about the layout")
	addWrappingFlag(cmd)
	cmd.Flags().String("audience", "", "Own layout: the site, as in the configuration of the gate")
}

// errAudienceFlag is what is wrong with a keyset of our own layout alone.
var errAudienceFlag = errors.New("--audience is required: the site, as in the configuration of the gate")

// readKeysetFlag reads the keyset that the flag names; it is zero without one.
func readKeysetFlag(cmd *cobra.Command) (set keyring.Keyset, _ error) {
	file, _ := cmd.Flags().GetString("keyset")
	if file != "" {
		if cmd.Flags().Changed("key-file") {
			return set, errors.New("--keyset and --key-file are both given: keep one")
		}
		wrapping, err := readWrapping(cmd)
		if err != nil {
			return set, err
		}
		if set, err = readKeyset(file, wrapping); err != nil {
			return set, err
		}
	}
	if set.Purpose() != keyring.OwnClosures {
		for _, flag := range []string{"audience", "bind-file", "cookie", "ttl"} {
			if cmd.Flags().Changed(flag) {
				return set, fmt.Errorf("--%s is for closures of actiongw's own layout: give a keyset for them with --keyset", flag)
			}
		}
	}
	return set, nil
}

// needScope reads what a closure of our own layout is sealed for.
func needScope(cmd *cobra.Command) (closure.Scope, error) {
	var s closure.Scope
	s.ActionID, _ = cmd.Flags().GetString("action")
	s.Audience, _ = cmd.Flags().GetString("audience")
	switch {
	case s.ActionID == "":
		return s, errors.New("--action is required: the id or the declared name of the action")
	case s.Audience == "":
		return s, errAudienceFlag
	}
	return s, nil
}

// readCookie reads the value of the cookie that --bind-file names.
func readCookie(cmd *cobra.Command) (cookie string, given bool, err error) {
	file, _ := cmd.Flags().GetString("bind-file")
	if file == "" {
		return "", false, nil
	}
	text, err := readKeyFile(cmd, file)
	if err == nil && text.text == "" {
		err = fmt.Errorf("%s is empty: want the value of a cookie", text.from)
	}
	return text.text, true, err
}

// sealOwn seals values in our own layout.
func sealOwn(cmd *cobra.Command, set keyring.Keyset, data []byte) (map[string]string, error) {
	scope, err := needScope(cmd)
	if err != nil {
		return nil, err
	}
	ttl, _ := cmd.Flags().GetDuration("ttl")
	if ttl < time.Second {
		return nil, errors.New("--ttl wants at least 1s: how long the closure opens")
	}
	keys, err := set.Own()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	c := closure.Own{Issued: now.Unix(), Expires: now.Add(ttl).Unix(), Values: bytes.TrimSpace(data)}
	cookie, bound, err := readCookie(cmd)
	if err != nil {
		return nil, err
	}
	if bound {
		c.Binding = closure.Bind(cookie)
	}
	sealed, err := closure.SealOwn(keys, scope, c)
	if err != nil {
		return nil, err
	}
	made := map[string]string{"action": scope.ActionID, "audience": scope.Audience, "expires": rfc3339(c.Expires), "sealed": sealed}
	for _, info := range set.List() {
		if info.State == keyring.Primary {
			made["key"] = info.Fingerprint
		}
	}
	return made, nil
}

// openOwn opens a text of our own layout, as the gate would now.
func openOwn(cmd *cobra.Command, set keyring.Keyset, sealed string, reveal bool) (*openReport, error) {
	scope, err := needScope(cmd)
	if err != nil {
		return nil, err
	}
	keys, err := set.Own()
	if err != nil {
		return nil, err
	}
	want := closure.Expectation{Scope: scope, Now: time.Now().Unix()}
	cookie, given, err := readCookie(cmd)
	if err != nil {
		return nil, err
	}
	if given {
		want.Cookies = []string{cookie}
	}
	report := &openReport{}
	opened, refusal := closure.OpenOwn(keys, want, sealed)
	if refusal != nil {
		report.refuse(refusal)
		return report, nil
	}
	captured, err := opened.Captured()
	if err != nil {
		return nil, err
	}
	report.Opened, report.Canonical, report.Action = true, true, scope.ActionID
	report.Key, report.KeyState = opened.Key.Fingerprint, string(opened.Key.State)
	report.Issued, report.Expires, report.Bound = rfc3339(opened.Issued), rfc3339(opened.Expires), opened.Binding != ""
	report.show(captured, reveal)
	return report, nil
}

func rfc3339(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// show counts the captured values, and shows them if it is asked to.
func (r *openReport) show(captured *value.Array, reveal bool) {
	r.Values = len(captured.Items)
	if reveal {
		g := newGrower()
		g.whole = true
		r.Captured = g.list("captured", captured.Items).Items
	}
}

// isOwn reports whether a sealed text is of our own layout.
func isOwn(sealed string) bool { return strings.HasPrefix(sealed, closure.Prefix) }
