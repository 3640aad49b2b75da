package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthcheck(t *testing.T) {
	answers := func(status int, header ...string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" {
				t.Errorf("the check asks for %s", r.URL.Path)
			}
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
		}))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	well := answers(http.StatusOK)
	nobody := unusedAddress(t)
	for _, tc := range []struct {
		is     string
		env    string
		args   []string
		status int
		says   string
	}{
		{"the address of the sidecar", "ACTIONGW_HEALTH_LISTEN=" + well, nil, 0, "well: http://" + well + "/healthz"},
		{"all interfaces, so one of them", "ACTIONGW_HEALTH_LISTEN=" + strings.Replace(well, "127.0.0.1", "0.0.0.0", 1), nil, 0, "well: http://" + well},
		{"another address", "ACTIONGW_HEALTH_LISTEN=" + nobody, []string{"--url", "http://" + well + "/healthz"}, 0, "well: "},
		{"through no proxy", "HTTP_PROXY=http://" + nobody, []string{"--url", "http://" + well + "/healthz"}, 0, "well: "},
		{"nobody listens", "ACTIONGW_HEALTH_LISTEN=" + nobody, nil, 1, "not well: "},
		{"an answer that is not 200", "ACTIONGW_HEALTH_LISTEN=" + answers(http.StatusServiceUnavailable), nil, 1, "503 Service Unavailable"},
		{"a redirect", "ACTIONGW_HEALTH_LISTEN=" + answers(http.StatusFound, "Location", "http://"+well+"/healthz"), nil, 1, "redirects"},
		{"no time to wait", "ACTIONGW_HEALTH_LISTEN=" + well, []string{"--timeout", "0s"}, 1, "want a duration such as 3s"},
		{"an address that is none", "ACTIONGW_HEALTH_LISTEN=shop.example", nil, 1, "ACTIONGW_HEALTH_LISTEN"},
	} {
		t.Run(tc.is, func(t *testing.T) {
			typed(t, "", []string{tc.env}, append([]string{"healthcheck"}, tc.args...)...).want(t, tc.status, tc.says)
		})
	}
}
