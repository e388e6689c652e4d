// Command booster is the one program of the project: name server, broker and
// tools. It is thin: flags → configuration → Controller → signals.
//
// Called as mqnamesrv, mqbroker, mqadmin or mqshutdown (a link or a copy of that name, or
// the first argument) it takes the options of those scripts and behaves as they do.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boostermq/booster/codec"
)

// version is set by the build.
var version = "dev"

func main() {
	os.Exit(run(os.Args))
}

// run executes args as the program called args[0] and returns the exit status.
func run(args []string) int {
	tuneRuntime()
	options := readJavaOptions(os.Getenv)
	if err := options.adoptVariables(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailure
	}
	args = programArgs(args)
	cmd := command(scriptName(args[0]))
	cmd.SetArgs(args[1:])
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.Execute()
	if err == nil {
		return 0
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, text)
	}
	return exitStatus(err)
}

// scriptName is the name of a program without folder and ending.
func scriptName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".sh") }

// programArgs moves the name of a script from the first argument to the front:
// "booster mqbroker -c x" is what the script mqbroker can say.
func programArgs(args []string) []string {
	if len(args) > 1 && scriptCommand(args[1]) != nil {
		return args[1:]
	}
	return args
}

// scriptCommand is the script of RocketMQ of that name, when this program can be it.
func scriptCommand(name string) *cobra.Command {
	switch name {
	case "mqnamesrv":
		return namesrvCommand(name)
	case "mqbroker":
		return brokerCommand(name)
	case "mqadmin":
		return adminCommand(name)
	case "mqshutdown":
		return shutdownCommand()
	case "quickstartProducer":
		return quickstartCommand(name)
	}
	return nil
}

// command is the command that a program of this name runs.
func command(name string) *cobra.Command {
	if script := scriptCommand(name); script != nil {
		return script
	}
	root := &cobra.Command{
		Use:   "booster",
		Short: "A message broker and name server that takes the place of Apache RocketMQ 4.x",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return &exitError{exitUsage, err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(namesrvCommand("namesrv"), brokerCommand("broker"), adminCommand("admin"), devCommand(), healthCommand(), configCommand(), versionCommand())
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
