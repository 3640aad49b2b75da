package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	gwcaddy "github.com/actiongw/actiongw/caddy"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "sidecar",
		Short: "Guards a backend in a container, configured by the environment alone",
		Long: `
Listens at ACTIONGW_LISTEN, takes each request through the gate, and sends what
may pass to ACTIONGW_UPSTREAM. It reads no file but those named below, and
writes none.

  ACTIONGW_UPSTREAM         addresses of the backend; required
  ACTIONGW_BACKEND          react, or json: it gets calls as JSON (react)
  ACTIONGW_DIALECT          next, or react: the client is bare React (next)
  ACTIONGW_ACTIONS          names of the actions of a JSON backend; others are refused
  ACTIONGW_LISTEN           where to listen, plain HTTP (:8080)
  ACTIONGW_HEALTH_LISTEN    where /healthz and /metrics are (:8081)
  ACTIONGW_ORIGINS          origins that may call, with * for one label
  ACTIONGW_TRUSTED_PROXIES  address ranges of proxies in front, or private_ranges
  ACTIONGW_MODE             enforce, or report: refuse nothing, only log (enforce)
  ACTIONGW_MAX_BODY         most bytes in the body of a call (1MiB)
  ACTIONGW_MAX_MEMORY       most bytes of all bodies in flight (256MiB)
  ACTIONGW_MANIFEST         server-reference-manifest.json of the builds
  ACTIONGW_ACCESS_LOG       on: log every request (off)
  ACTIONGW_CLOSURES         keyset of closures of actiongw's own layout
  ACTIONGW_AUDIENCE         the site that those must be sealed for
  ACTIONGW_ASSERT_AUDIENCE  whom signed calls are for (backend)

These hold secrets. Each is there with _FILE behind its name as well, and then
names a file.

  NEXT_SERVER_ACTIONS_ENCRYPTION_KEY, ACTIONGW_PREVIOUS_KEYS
      keys that open sealed values of Next.js
  ACTIONGW_WRAPPING_KEY
      the key that the keyset is encrypted with
  ACTIONGW_ASSERT_SECRET
      what each admitted call is signed with; the backend has it, too

Several values are separated by spaces or commas. An empty variable is as good
as none. A variable with ACTIONGW_ in front that is not in the list is ignored,
with a warning.

The health address is one of its own, so that no path of the app is taken. By
default it is on all interfaces, because an orchestrator asks from outside of
the container; do not publish it. The admin endpoint is off.

For anything else write a Caddyfile and use actiongw run.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.NoArgs
			cmd.Example = `  ACTIONGW_UPSTREAM=localhost:3000 actiongw sidecar
  ACTIONGW_UPSTREAM=localhost:8000 ACTIONGW_BACKEND=json ACTIONGW_DIALECT=react ACTIONGW_ASSERT_SECRET_FILE=secret.txt actiongw sidecar
  ACTIONGW_UPSTREAM="app-1:3000 app-2:3000" ACTIONGW_ORIGINS=shop.example.com actiongw sidecar
  docker run -e ACTIONGW_UPSTREAM=app:3000 -p 8080:8080 actiongw`
			cmd.RunE = caddycmd.WrapCommandFuncForCobra(cmdSidecar)
		},
	})
}

func cmdSidecar(caddycmd.Flags) (int, error) {
	caddy.TrapSignals()
	warnOfUnknown(os.Environ())
	s, err := readEnvironment()
	if err == nil {
		err = s.load()
	}
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	caddy.Log().Info("actiongw guards the backend",
		zap.String("listen", net.JoinHostPort(s.listen.bind, s.listen.port)),
		zap.String("health", s.health.healthURL()),
		zap.Strings("upstreams", s.upstreams.values),
		zap.Strings("origins", s.option("origins")),
		zap.Strings("trusted_proxies", s.trusted.values))
	select {} // until a signal ends the process
}

// readEnvironment makes a site of the variables.
func readEnvironment() (*simpleSite, error) {
	s := &simpleSite{
		source:    "the environment",
		upstreams: setting{envUpstream, "to", words(os.Getenv(envUpstream))},
		trusted:   setting{name: envTrustedProxies, values: words(os.Getenv(envTrustedProxies))},
	}
	if len(s.upstreams.values) == 0 {
		return nil, fmt.Errorf("%s is required: the address of your backend, as in %s=app:3000", envUpstream, envUpstream)
	}
	for _, one := range []struct{ name, option string }{
		{envBackend, "backend"},
		{envDialect, "dialect"},
		{envMode, "mode"},
		{envMaxBody, "max_body"},
		{envMaxMemory, "max_memory"},
		{envOrigins, "origins"},
	} {
		if values := words(os.Getenv(one.name)); len(values) > 0 {
			s.options = append(s.options, setting{one.name, one.option, values})
		}
	}
	for _, file := range words(os.Getenv(envManifest)) {
		s.options = append(s.options, setting{envManifest, "manifest", []string{file}})
	}
	if err := s.declare(envActions, words(os.Getenv(envActions))); err != nil {
		return nil, err
	}
	if err := s.readClosures(); err != nil {
		return nil, err
	}
	if err := s.readAssertSecret(); err != nil {
		return nil, err
	}
	// In front of React a rule that allows a name refuses no other.
	if os.Getenv(envActions) != "" && !slices.Equal(s.option("backend"), []string{"json"}) {
		return nil, fmt.Errorf("%s is for JSON backends and refuses nothing here: set %s=json, or write rules into a Caddyfile", envActions, envBackend)
	}
	switch text := os.Getenv(envAccessLog); text {
	case "on", "off", "":
		s.accessLog = text == "on"
	default:
		return nil, fmt.Errorf("%s: %q: want on or off", envAccessLog, text)
	}
	return s, s.readListeners()
}

// readClosures has the gate open closures of our own layout. The wrapping key of
// their keyset is read by the handler itself.
func (s *simpleSite) readClosures() error {
	keyset := setting{envClosures, "closures", words(os.Getenv(envClosures))}
	audience := setting{envAudience, "audience", words(os.Getenv(envAudience))}
	switch {
	case len(keyset.values) == 0 && len(audience.values) == 0:
		return nil
	case len(keyset.values) == 0:
		return fmt.Errorf("%s is for closures, and %s, the file of their keyset, is not set", envAudience, envClosures)
	case len(audience.values) == 0:
		return fmt.Errorf("%s wants %s as well: the name that this site's closures are sealed for, such as shop.example.com", envClosures, envAudience)
	}
	s.addBlock(keyset, audience)
	return errors.Join(keyset.checkWords(), audience.checkWords())
}

// readAssertSecret has the gate sign calls, if there is a secret for it.
func (s *simpleSite) readAssertSecret() error {
	audience := setting{envAssertAudience, "audience", words(os.Getenv(envAssertAudience))}
	text, err := gwcaddy.FromEnvironment(envAssertSecret)
	switch {
	case err != nil:
		return err
	case text == "" && len(audience.values) > 0:
		return fmt.Errorf("%s is for signed calls, and neither %s nor %s_FILE is set", envAssertAudience, envAssertSecret, envAssertSecret)
	case text == "":
		return nil
	case len(audience.values) == 0:
		audience.values = []string{defaultAssertAudience}
	}
	if file := os.Getenv(envAssertSecret + "_FILE"); file != "" {
		return s.signWithFile(envAssertSecret+"_FILE", file, text, audience)
	}
	return s.sign(envAssertSecret, "{env."+envAssertSecret+"}", text, audience)
}

// readListeners reads where the gate and the health address are.
func (s *simpleSite) readListeners() (err error) {
	if s.listen, err = plainListener(envListen, defaultListen); err != nil {
		return err
	}
	health, err := healthListener()
	if err != nil {
		return err
	}
	if health.port == s.listen.port {
		return fmt.Errorf("%s and %s are both port %s: give one of them another", envListen, envHealthListen, health.port)
	}
	s.health = &health
	return nil
}

func healthListener() (listener, error) { return plainListener(envHealthListen, defaultHealthListen) }

// plainListener reads a port or an address from a variable. Hosts would need
// certificates, and those a disk to stay on.
func plainListener(name, otherwise string) (listener, error) {
	text := os.Getenv(name)
	if text == "" {
		text = otherwise
	}
	l, err := parseListener(name, text)
	if err == nil && l.host != "" {
		err = fmt.Errorf("%s: %q is a host: want a port such as :8080 or an address such as 127.0.0.1:8080; for a host with certificates write a Caddyfile", name, text)
	}
	return l, err
}
