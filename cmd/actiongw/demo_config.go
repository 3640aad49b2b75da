package main

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
)

// demoConfig is the configuration of the demo's gate: what a user would write
// (the gate, then reverse_proxy) plus what keeps a demo to itself: no admin
// endpoint, no certificates, no files.
func demoConfig(listen, upstream string) (*caddy.Config, error) {
	type object = map[string]any
	type list = []any

	// The page fetches these by itself; showing them would bury the decisions.
	// Only plain reads are hidden: with an action header they are shown.
	quiet := object{
		"match": list{object{
			"method": list{"GET"},
			"path":   list{"/style.css", "/app.js", "/icon.svg", "/favicon.ico", "/count"},
			"header": object{"Next-Action": nil},
		}},
		"handle": list{object{"handler": "vars", "log_skip": true}},
	}
	gate := object{
		"handle": list{
			object{"handler": "actiongw"},
			object{"handler": "reverse_proxy", "upstreams": list{object{"dial": upstream}}},
		},
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
				"servers": object{"demo": object{
					"listen":          list{listen},
					"protocols":       list{"h1"},
					"automatic_https": object{"disable": true},
					"logs":            object{},
					"routes":          list{quiet, gate},
				}},
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
