package main

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
)

// demoAudience is the site that the demo's closures are sealed for.
const demoAudience = "guest book"

// demoAddresses are those that the demo's configuration names.
type demoAddresses struct{ gate, seal, backend string }

// demoConfig is the configuration of the demo's gate: what a user would write
// (the gate, then reverse_proxy, and the handler that seals on a port of its
// own) plus what keeps a demo to itself: no admin endpoint, no certificates, no
// log files. token is what the sealing handler asks for.
func demoConfig(at demoAddresses, keys demoKeys, token string) (*caddy.Config, error) {
	type object = map[string]any
	type list = []any
	wrapping := "{file." + keys.wrapping + "}"

	// The page fetches these by itself; showing them would bury the decisions.
	// Only plain reads are hidden: with an action header they are shown.
	quiet := object{
		"match": list{object{
			"method": list{"GET"},
			"path":   list{"/style.css", "/app.js", "/icon.svg", "/favicon.ico", "/state"},
			"header": object{"Rsc-Action": nil},
		}},
		"handle": list{object{"handler": "vars", "log_skip": true}},
	}
	gate := object{
		"handle": list{
			object{
				"handler":      "actiongw",
				"backend":      "json",
				"dialect":      "react",
				"actions":      list{object{"match": list{"sign", "remove"}, "closure_required": true}},
				"closures":     object{"keyset": keys.keyset, "audience": demoAudience, "cookie": demoCookie},
				"wrapping_key": wrapping,
			},
			object{"handler": "reverse_proxy", "upstreams": list{object{"dial": at.backend}}},
		},
	}
	seal := object{
		"handle": list{object{
			"handler": "actiongw_seal", "keyset": keys.keyset, "audience": demoAudience, "wrapping_key": wrapping, "token": token,
		}},
	}
	config := object{
		"admin": object{"disabled": true, "config": object{"persist": false}},
		"logging": object{"logs": object{
			"default": object{"level": "ERROR", "exclude": list{"http.log.access"}},
			"demo": object{
				"include": list{"http.log.access"},
				"writer":  object{"output": "stdout"},
				"encoder": object{"format": demoEncoderName},
			},
		}},
		"apps": object{
			"http": object{
				"grace_period": "1s",
				"servers": object{
					"demo": object{
						"listen":          list{at.gate},
						"protocols":       list{"h1"},
						"automatic_https": object{"disable": true},
						"logs":            object{},
						"routes":          list{quiet, gate},
					},
					"seal": object{
						"listen":          list{at.seal},
						"protocols":       list{"h1"},
						"automatic_https": object{"disable": true},
						"routes":          list{seal},
					},
				},
			},
			// Loaded by the http app in any case; this keeps it off the disk.
			"tls": object{"disable_storage_check": true, "disable_storage_clean": true},
		},
	}

	raw, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("writing the gate's configuration: %w", err)
	}
	parsed := new(caddy.Config)
	if err := json.Unmarshal(raw, parsed); err != nil {
		return nil, fmt.Errorf("reading the gate's configuration: %w", err)
	}
	return parsed, nil
}
