package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// healthPath is where a sidecar says that it is well.
const healthPath = "/healthz"

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "healthcheck",
		Usage: "[--url <url>] [--timeout <duration>]",
		Short: "Asks a running gate whether it is well",
		Long: `
Gets the health address of a running gate. The exit status is 0 if it answers
with status 200, and 1 if it does not. For container images without a shell,
which have nothing else to ask with.

Without --url it asks the gate of actiongw sidecar in the same environment, at
ACTIONGW_HEALTH_LISTEN.

Well means that the gate serves requests: its configuration, keys and manifests
were read. The backend is not asked. Where it is down, the gate answers with
502 and is well; restarting it would not help, and break the calls in flight.
`,
		CobraFunc: func(cmd *cobra.Command) {
			cmd.Args = cobra.NoArgs
			cmd.Example = `  actiongw healthcheck
  actiongw healthcheck --url http://127.0.0.1:9000/healthz --timeout 1s`
			cmd.Flags().String("url", "", "Address to get; that of the sidecar in the same environment if empty")
			cmd.Flags().Duration("timeout", 3*time.Second, "How long to wait for the answer")
			cmd.RunE = runE(cmdHealthcheck)
		},
	})
}

func cmdHealthcheck(cmd *cobra.Command, _ []string) (int, error) {
	url, _ := cmd.Flags().GetString("url")
	timeout, _ := cmd.Flags().GetDuration("timeout")
	if timeout <= 0 {
		return 0, fmt.Errorf("--timeout %s: want a duration such as 3s", timeout)
	}
	if url == "" {
		l, err := healthListener()
		if err != nil {
			return 0, err
		}
		url = l.healthURL()
	}
	client := http.Client{
		Timeout: timeout,
		// A proxy of the environment is for the backend's calls, not for ours.
		Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it redirects, so it is not the health address")
		},
	}
	response, err := client.Get(url)
	if err != nil {
		return 0, fmt.Errorf("not well: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("not well: %s answers %s", url, response.Status)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "well: %s\n", url)
	return 0, nil
}

// healthURL is where this machine reaches the health address of a listener.
func (l listener) healthURL() string {
	host := l.bind
	switch ip, _ := netip.ParseAddr(l.bind); {
	case l.bind == "" || ip == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case ip == netip.IPv6Unspecified():
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, l.port) + healthPath
}
