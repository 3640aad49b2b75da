//go:build e2e

// Package examples_test runs the invoice app of the examples end to end: the
// real binary, React's real client in a real browser, each of the backends. It
// needs /usr/bin/chromium, node, npm and, for Python, Debian's python3-flask and
// python3-jwt, and fails without them.
package examples_test
