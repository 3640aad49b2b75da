//go:build race

package main

// underRace tells tests of memory that the race detector is in the process.
const underRace = true
