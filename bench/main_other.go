//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: runs on Linux only: it pins processes to cores and reads their CPU clocks")
	os.Exit(1)
}
