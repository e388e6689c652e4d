package main

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// printConfig writes settings as RocketMQ's -p and -m do: one log-like line a
// setting, the colons of the time escaped as its console layout shows them.
func printConfig(out io.Writer, text []byte) error {
	stamp := time.Now().Format(`2006-01-02 15\:04\:05`)
	for line := range bytes.Lines(text) {
		if _, err := fmt.Fprintf(out, "%s INFO main - %s", stamp, line); err != nil {
			return err
		}
	}
	return nil
}
