package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "proxy",
		Usage: "--to <addr> [--from <addr>] [--origin <pattern>] [--max-body <size>] [--trusted-proxy <cidr>] [--report] [--access-log] [--admin <addr>]",
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

--report lets everything through and only logs what would have been refused.

The admin endpoint is off unless --admin says where it should listen.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.NoArgs
			cmd.Example = `  actiongw proxy --from :8080 --to localhost:3000
  actiongw proxy --from shop.example.com --to app-1:3000 --to app-2:3000
  actiongw proxy --from :8080 --to localhost:3000 --origin shop.example.com --trusted-proxy 10.0.0.0/8
  actiongw proxy --to localhost:3000 --report --access-log`
			cmd.Flags().StringP("from", "f", ":8080", "Where to listen: port, address or host")
			cmd.Flags().StringArrayP("to", "t", nil, "Backend address; repeat for several")
			cmd.Flags().StringArray("origin", nil, "Origin that may call, with * for one label; repeat for several")
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
	p, err := readProxyFlags(fl)
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(p.caddyfile()), map[string]any{"filename": "flags"})
	if err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	if err := caddy.Load(config, true); err != nil {
		return caddy.ExitCodeFailedStartup, err
	}
	p.describe(os.Stdout)
	select {} // until a signal ends the process
}

// proxySettings is what the flags of `proxy` say.
type proxySettings struct {
	from, maxBody, admin string
	to, origins, trusted []string
	report, accessLog    bool
	// site and bind are from in the words of a Caddyfile.
	site, bind string
}

func readProxyFlags(fl caddycmd.Flags) (*proxySettings, error) {
	p := &proxySettings{
		from:      fl.String("from"),
		maxBody:   fl.String("max-body"),
		admin:     fl.String("admin"),
		report:    fl.Bool("report"),
		accessLog: fl.Bool("access-log"),
	}
	for flag, list := range map[string]*[]string{"to": &p.to, "origin": &p.origins, "trusted-proxy": &p.trusted} {
		var err error
		if *list, err = fl.GetStringArray(flag); err != nil {
			return nil, err
		}
	}
	if len(p.to) == 0 {
		return nil, fmt.Errorf("--to is required: the address of your backend, as in --to localhost:3000")
	}
	for _, word := range append([]string{p.from, p.maxBody, p.admin}, append(append(p.to, p.origins...), p.trusted...)...) {
		// The values become words of a Caddyfile.
		if strings.ContainsAny(word, " \t\r\n\"`{}\\#") {
			return nil, fmt.Errorf("%q is no address, origin or size", word)
		}
	}
	return p, p.parseFrom()
}

// parseFrom turns --from into the address of a site and of a listener.
func (p *proxySettings) parseFrom() error {
	if _, err := strconv.Atoi(p.from); err == nil {
		p.site = ":" + p.from
		return nil
	}
	p.site = p.from
	host, port, err := net.SplitHostPort(p.from)
	if err != nil {
		host, port = p.from, ""
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil {
		if port == "" {
			return fmt.Errorf("--from %s has no port, as in --from %s:8080", p.from, p.from)
		}
		// A site of this name would answer requests for the bare address
		// only; any Host may be asked for at this one.
		p.site, p.bind = "http://:"+port, ip.String()
	}
	return nil
}

// caddyfile writes the configuration that the flags stand for.
func (p *proxySettings) caddyfile() string {
	var b strings.Builder
	line := func(indent int, words ...string) {
		fmt.Fprintln(&b, strings.Repeat("\t", indent)+strings.Join(words, " "))
	}
	line(0, "{")
	line(1, "persist_config off")
	if p.admin == "" {
		line(1, "admin off")
	} else {
		line(1, "admin", p.admin)
	}
	if len(p.trusted) > 0 {
		line(1, "servers {")
		line(2, append([]string{"trusted_proxies static"}, p.trusted...)...)
		line(1, "}")
	}
	line(0, "}")
	line(0, p.site, "{")
	if p.bind != "" {
		line(1, "bind", p.bind)
	}
	if p.accessLog {
		line(1, "log")
	}
	line(1, "actiongw {")
	line(2, "max_body", p.maxBody)
	if p.report {
		line(2, "mode report")
	}
	if len(p.origins) > 0 {
		line(2, append([]string{"origins"}, p.origins...)...)
	}
	line(1, "}")
	line(1, append([]string{"reverse_proxy"}, p.to...)...)
	line(0, "}")
	return b.String()
}

// describe tells what is guarded, how, and what nobody has configured.
func (p *proxySettings) describe(out io.Writer) {
	fmt.Fprintf(out, "actiongw listens on %s and guards %s\n", p.from, strings.Join(p.to, ", "))
	verb := "refused:"
	if p.report {
		verb = "reported only:"
	}
	fmt.Fprintf(out, "  %-15s calls that are not POST, come from another origin, are over %s or malformed\n", verb, p.maxBody)
	p.describeList(out, "origins:", p.origins, "none given, so a page may call the host it came from (--origin)")
	p.describeList(out, "proxies:", p.trusted, "none trusted, so X-Forwarded-Host is ignored (--trusted-proxy)")
	if p.admin == "" {
		fmt.Fprintf(out, "  %-15s off, and metrics with it (--admin)\n", "admin:")
	} else {
		fmt.Fprintf(out, "  %-15s http://%s, metrics at /metrics\n", "admin:", p.admin)
	}
}

func (p *proxySettings) describeList(out io.Writer, name string, list []string, none string) {
	if len(list) > 0 {
		none = strings.Join(list, ", ")
	}
	fmt.Fprintf(out, "  %-15s %s\n", name, none)
}
