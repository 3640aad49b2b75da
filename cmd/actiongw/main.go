// Command actiongw is Caddy with the actiongw module built in and a few
// commands of its own; `actiongw --help` lists them.
package main

import (
	"runtime/debug"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/actiongw/actiongw/caddy"
)

func main() {
	caddy.CustomBinaryName = "actiongw"
	caddy.CustomVersion = "actiongw " + version() + " with Caddy" // which adds its own
	caddy.CustomLongDescription = `actiongw is an action gateway: it stands in front of a backend and guards the
server actions of React and Next.js. It is Caddy with one more directive,
actiongw, so all that Caddy can do is there too.

  actiongw demo                            see it work, in a browser
  actiongw proxy --to localhost:3000       guard a backend without a file
  actiongw sidecar                         the same in a container, by variables
  actiongw run --config Caddyfile          guard with a configuration file
  actiongw inspect request.txt             read a call, and say what the gate says
  actiongw actions --manifest FILE         list the actions of a build
  actiongw keys doctor                     look at a key that does not work`
	caddycmd.Main()
}

// version is that of the build: what the linker was told, or what Go knows of
// the module.
func version() string {
	if caddy.CustomVersion != "" {
		return caddy.CustomVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
