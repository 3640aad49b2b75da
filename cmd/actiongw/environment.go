package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	gwcaddy "github.com/actiongw/actiongw/caddy"
)

// The variables of `sidecar`. Those of keys are read by the handler itself.
const (
	envUpstream       = "ACTIONGW_UPSTREAM"
	envListen         = "ACTIONGW_LISTEN"
	envHealthListen   = "ACTIONGW_HEALTH_LISTEN"
	envOrigins        = "ACTIONGW_ORIGINS"
	envTrustedProxies = "ACTIONGW_TRUSTED_PROXIES"
	envBackend        = "ACTIONGW_BACKEND"
	envDialect        = "ACTIONGW_DIALECT"
	envActions        = "ACTIONGW_ACTIONS"
	envMode           = "ACTIONGW_MODE"
	envMaxBody        = "ACTIONGW_MAX_BODY"
	envMaxMemory      = "ACTIONGW_MAX_MEMORY"
	envManifest       = "ACTIONGW_MANIFEST"
	envAccessLog      = "ACTIONGW_ACCESS_LOG"
	envPrevious       = "ACTIONGW_PREVIOUS_KEYS"
	envClosures       = "ACTIONGW_CLOSURES"
	envAudience       = "ACTIONGW_AUDIENCE"
	envAssertSecret   = "ACTIONGW_ASSERT_SECRET" //nolint:gosec // the name of a secret, not one
	envAssertAudience = "ACTIONGW_ASSERT_AUDIENCE"

	// defaultAssertAudience is that of `proxy` as well.
	defaultAssertAudience = "backend"

	envPrefix = "ACTIONGW_"

	defaultListen       = ":8080"
	defaultHealthListen = ":8081"
)

// knownVariables are all with our prefix that mean something.
func knownVariables() []string {
	return []string{
		envUpstream, envBackend, envDialect, envActions, envListen, envHealthListen, envOrigins, envTrustedProxies,
		envMode, envMaxBody, envMaxMemory, envManifest, envAccessLog, envPrevious, envPrevious + "_FILE",
		envClosures, envAudience, gwcaddy.EnvWrappingKey, gwcaddy.EnvWrappingKey + "_FILE",
		envAssertSecret, envAssertSecret + "_FILE", envAssertAudience,
	}
}

// words splits the value of a variable.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' || r == '\n' })
}

// warnOfUnknown logs a warning for each variable that has our prefix and means
// nothing: a misspelled one leaves the gate weaker than its operator believes.
// It cannot be an error, because orchestrators set variables, too.
func warnOfUnknown(environ []string) {
	known := knownVariables()
	slices.Sort(environ)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(known, name) || isServiceLink(name, value) {
			continue
		}
		hint := "want one of " + strings.Join(known, ", ")
		if near := nearest(name, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		caddy.Log().Warn(fmt.Sprintf("the variable %s is unknown and ignored; %s", name, hint))
	}
}

// isServiceLink tells whether Kubernetes has set a variable, for a Service
// whose name starts with actiongw: …_SERVICE_HOST, …_SERVICE_PORT_HTTP, …_PORT,
// …_PORT_8080_TCP_ADDR and so on. …_PORT is a URL there; a number is from
// somebody who means the listener.
func isServiceLink(name, value string) bool {
	link := regexp.MustCompile(`_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$`)
	return link.MatchString(name) || strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
}

// nearest is the known variable that name was probably meant to be: the one
// with the fewest changes, if they leave half of it as it was.
func nearest(name string, known []string) string {
	best, fewest := "", (len(name)-len(envPrefix))/2+1
	for _, one := range known {
		if n := editDistance(name, one); n < fewest {
			best, fewest = one, n
		}
	}
	return best
}

// editDistance counts the bytes to insert, delete or replace to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1) // distances of the part of a so far to each start of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
