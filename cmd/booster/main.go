// Command booster is the one program of the project: name server, broker and
// tools. It is thin: flags → configuration → Controller → signals.
//
// Called as mqnamesrv, mqbroker or mqadmin (a link or a copy of that name) it
// takes the options of those scripts and behaves as they do.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boostermq/booster/codec"
)

// version is set by the build.
var version = "dev"

// exitError carries the exit status of an error whose text was printed already or is printed by main.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func main() {
	os.Exit(run(os.Args))
}

// run executes args as the program called args[0] and returns the exit status.
func run(args []string) int {
	tuneRuntime()
	cmd := command(filepath.Base(args[0]))
	cmd.SetArgs(args[1:])
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.Execute()
	if err == nil {
		return 0
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintln(os.Stderr, err)
	}
	var e *exitError
	if errors.As(err, &e) {
		return e.status
	}
	return 1
}

// command is the command that a program of this name runs.
func command(name string) *cobra.Command {
	switch strings.TrimSuffix(name, ".sh") {
	case "mqnamesrv":
		return namesrvCommand("mqnamesrv")
	case "mqbroker":
		return brokerCommand("mqbroker")
	case "mqadmin":
		return adminCommand("mqadmin")
	}
	root := &cobra.Command{
		Use:   "booster",
		Short: "A message broker and name server that takes the place of Apache RocketMQ 4.x",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(namesrvCommand("namesrv"), brokerCommand("broker"), adminCommand("admin"), devCommand(), versionCommand())
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "booster %s, speaks as RocketMQ %s\n", version, codec.VersionDesc(codec.CurrentVersion))
		},
	}
}
