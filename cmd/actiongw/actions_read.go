package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	gwcaddy "github.com/actiongw/actiongw/caddy"
	"github.com/actiongw/actiongw/internal/manifest"
	"github.com/actiongw/actiongw/internal/policy"
)

// addManifestFlag adds --manifest.
func addManifestFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayP("manifest", "m", nil, "A build's server-reference-manifest.json, in .next/server; repeat for several builds")
}

// readManifests reads the builds that --manifest names, each called like its
// file.
func readManifests(cmd *cobra.Command) (manifest.Set, error) {
	files, err := cmd.Flags().GetStringArray("manifest")
	if err != nil {
		return manifest.Set{}, err
	}
	var builds []manifest.Build
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return manifest.Set{}, err
		}
		m, err := manifest.Parse(data)
		if err != nil {
			return manifest.Set{}, fmt.Errorf("%s: %w", file, err)
		}
		builds = append(builds, manifest.Build{Name: file, Manifest: m})
	}
	return manifest.NewSet(builds...)
}

// readRules reads the file that --rules names: a list as in the handler's JSON.
func readRules(cmd *cobra.Command) ([]policy.Rule, error) {
	file, err := cmd.Flags().GetString("rules")
	if err != nil || file == "" {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list []gwcaddy.Rule
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf(`%s: want a list such as [{"match": ["app/admin/**"], "deny": true}]: %w`, file, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: there is something behind the list", file)
	}
	var rules []policy.Rule
	for i, r := range list {
		rule, err := r.Policy(gwcaddy.ReadSchema)
		if err != nil {
			return nil, fmt.Errorf("%s, rule %d: %w", file, i+1, err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
