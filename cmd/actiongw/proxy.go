package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "proxy",
		Usage: "--to <addr> [--from <addr>] [--backend react|json] [--dialect next|react] [--action <name>] [--manifest <file>] [--assert-secret-file <file>] [--assert-audience <name>] [--origin <pattern>] [--max-body <size>] [--trusted-proxy <cidr>] [--report] [--access-log] [--admin <addr>]",
		Short: "Guards a backend without a configuration file",
		Long: `
Listens at --from, takes each request through the gate, and sends what may pass
to --to. Several --to addresses share the load.

--from is a port (:8080), an address (127.0.0.1:8080) or a host
(shop.example.com). Ports and addresses are served over plain HTTP; a host gets
HTTPS with a certificate of its own, on the standard ports, unless it starts
with http://.

Without --origin a page may call the host that it came from and no other.
Give every host that may call or be called, with * for one label:
--origin shop.example.com --origin '*.example.org'.

Behind a load balancer or another proxy, say which addresses it has with
--trusted-proxy; its X-Forwarded-Host and X-Forwarded-Proto are ignored
otherwise.

With --backend json, --action declares an action, whose name is its id. Once one
is declared, other ids are refused unless a manifest has them.

--assert-secret-file has the gate sign each call that it admits, with a secret of
at least 32 bytes that the backend has, too. The backend can then tell it from a
call that came around the gate: it verifies the JWT in Actiongw-Assertion, for
the audience of --assert-audience.

--report lets everything through and only logs what would have been refused.

The admin endpoint is off unless --admin says where it should listen.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.NoArgs
			cmd.Example = `  actiongw proxy --from :8080 --to localhost:3000
  actiongw proxy --from shop.example.com --to app-1:3000 --to app-2:3000
  actiongw proxy --from :8080 --to localhost:3000 --origin shop.example.com --trusted-proxy 10.0.0.0/8
  actiongw proxy --to localhost:3000 --report --access-log
  actiongw proxy --to localhost:3000 --manifest .next/server/server-reference-manifest.json
  actiongw proxy --to localhost:8000 --backend json --dialect react --action createInvoice
  openssl rand -base64 48 > secret.txt
  actiongw proxy --to localhost:8000 --backend json --dialect react --assert-secret-file secret.txt`
			cmd.Flags().StringP("from", "f", ":8080", "Where to listen: port, address or host")
			cmd.Flags().StringArrayP("to", "t", nil, "Backend address; repeat for several")
			cmd.Flags().StringArray("origin", nil, "Origin that may call, with * for one label; repeat for several")
			cmd.Flags().String("backend", "react", "What the backend is: react, or json to give it calls as JSON")
			cmd.Flags().String("dialect", "next", "What the client is: next, or react without a framework")
			cmd.Flags().StringArray("action", nil, "Name of an action of a JSON backend; repeat for several")
			cmd.Flags().String("assert-secret-file", "", "File of a secret that the backend has, too, to sign calls with")
			cmd.Flags().String("assert-audience", defaultAssertAudience, "Whom signed calls are for, as the backend checks it")
			cmd.Flags().StringArray("manifest", nil, "server-reference-manifest.json of a build; repeat for several")
			cmd.Flags().String("max-body", "1MiB", "Most bytes in the body of a call")
			cmd.Flags().StringArray("trusted-proxy", nil, "Address range of proxies in front; repeat for several")
			cmd.Flags().Bool("report", false, "Refuse nothing, log what would be refused")
			cmd.Flags().Bool("access-log", false, "Log every request")
			cmd.Flags().String("admin", "", "Address of Caddy's admin endpoint")
			cmd.RunE = caddycmd.WrapCommandFuncForCobra(cmdProxy)
		},
	})
}

func cmdProxy(fl caddycmd.Flags) (int, error) {
	caddy.TrapSignals()
	s, err := readProxyFlags(fl)
	if err == nil {
		err = s.load()
	}
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	s.describe(os.Stdout, fl.String("from"))
	select {} // until a signal ends the process
}

// readProxyFlags makes a site of the flags.
func readProxyFlags(fl caddycmd.Flags) (*simpleSite, error) {
	s := &simpleSite{
		source:    "the flags",
		upstreams: setting{name: "--to", option: "to"},
		trusted:   setting{name: "--trusted-proxy"},
		admin:     fl.String("admin"),
		accessLog: fl.Bool("access-log"),
	}
	var origins, manifests, actions []string
	for flag, list := range map[string]*[]string{"to": &s.upstreams.values, "origin": &origins, "manifest": &manifests, "action": &actions, "trusted-proxy": &s.trusted.values} {
		var err error
		if *list, err = fl.GetStringArray(flag); err != nil {
			return nil, err
		}
	}
	if len(s.upstreams.values) == 0 {
		return nil, fmt.Errorf("--to is required: the address of your backend, as in --to localhost:3000")
	}
	s.options = []setting{
		{"--max-body", "max_body", []string{fl.String("max-body")}},
		{"--backend", "backend", []string{fl.String("backend")}},
		{"--dialect", "dialect", []string{fl.String("dialect")}},
	}
	if len(origins) > 0 {
		s.options = append(s.options, setting{"--origin", "origins", origins})
	}
	for _, file := range manifests {
		s.options = append(s.options, setting{"--manifest", "manifest", []string{file}})
	}
	if fl.Bool("report") {
		s.options = append(s.options, setting{"--report", "mode", []string{"report"}})
	}
	if err := (setting{name: "--admin", values: []string{s.admin}}).checkWords(); err != nil {
		return nil, err
	}
	if len(actions) > 0 && fl.String("backend") != "json" {
		return nil, errors.New("--action declares actions of a JSON backend: add --backend json, or leave it out")
	}
	err := s.declare("--action", actions)
	if err == nil {
		err = s.readAssertionFlags(fl)
	}
	if err != nil {
		return nil, err
	}
	s.listen, err = parseListener("--from", fl.String("from"))
	return s, err
}

// readAssertionFlags has the gate sign calls, if there is a secret for it.
func (s *simpleSite) readAssertionFlags(fl caddycmd.Flags) error {
	const flag = "--assert-secret-file"
	if !fl.Changed("assert-secret-file") {
		if fl.Changed("assert-audience") {
			return fmt.Errorf("--assert-audience is for signed calls: give the secret as well, with %s", flag)
		}
		return nil
	}
	file := fl.String("assert-secret-file")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return s.signWithFile(flag, file, string(text), setting{"--assert-audience", "audience", words(fl.String("assert-audience"))})
}

// describe tells what is guarded, how, and what nobody has configured.
func (s *simpleSite) describe(out io.Writer, from string) {
	fmt.Fprintf(out, "actiongw listens on %s and guards %s\n", from, strings.Join(s.upstreams.values, ", "))
	verb := "refused:"
	if s.option("mode") != nil {
		verb = "reported only:"
	}
	fmt.Fprintf(out, "  %-15s calls that are not POST, come from another origin, are over %s or malformed\n", verb, s.option("max_body")[0])
	describeList(out, "origins:", s.option("origins"), "none given, so a page may call the host it came from (--origin)")
	if s.option("backend")[0] == "json" {
		describeList(out, "actions:", s.option("action"), "none declared (--action)")
	}
	var signed []string
	if len(s.audience) > 0 {
		signed = []string{"each admitted call, for the audience " + s.audience[0]}
	}
	describeList(out, "signed:", signed, "nothing, so the backend cannot tell that a call came through the gate (--assert-secret-file)")
	describeList(out, "proxies:", s.trusted.values, "none trusted, so X-Forwarded-Host is ignored (--trusted-proxy)")
	if s.admin == "" {
		fmt.Fprintf(out, "  %-15s off, and metrics with it (--admin)\n", "admin:")
	} else {
		fmt.Fprintf(out, "  %-15s http://%s, metrics at /metrics\n", "admin:", s.admin)
	}
}

func describeList(out io.Writer, name string, list []string, none string) {
	if len(list) > 0 {
		none = strings.Join(list, ", ")
	}
	fmt.Fprintf(out, "  %-15s %s\n", name, none)
}
