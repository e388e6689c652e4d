package main

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// javaUsage makes cmd print its usage as RocketMQ's programs do (commons-cli),
// on -h and on a wrong option; after the latter the status is 1.
func javaUsage(cmd *cobra.Command) {
	cmd.Flags().BoolP("help", "h", false, "Print help")
	cmd.SetHelpFunc(func(c *cobra.Command, _ []string) { writeUsage(c.OutOrStdout(), c) })
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		writeUsage(c.OutOrStdout(), c)
		return &exitError{1, err}
	})
}

func writeUsage(out io.Writer, cmd *cobra.Command) {
	var list []*pflag.Flag
	cmd.Flags().VisitAll(func(f *pflag.Flag) { list = append(list, f) })
	sort.Slice(list, func(i, j int) bool { return list[i].Shorthand+list[i].Name < list[j].Shorthand+list[j].Name })
	head, width := "usage: "+cmd.CommandPath(), 0
	names := make([]string, len(list))
	for i, f := range list {
		arg := ""
		if f.NoOptDefVal == "" {
			arg = " <arg>"
		}
		short := "--" + f.Name
		names[i] = short + arg
		if f.Shorthand != "" {
			short = "-" + f.Shorthand
			names[i] = short + ",--" + f.Name + arg
		}
		head += " [" + short + arg + "]"
		width = max(width, len(names[i]))
	}
	fmt.Fprintln(out, head)
	for i, f := range list {
		fmt.Fprintf(out, " %s%s   %s\n", names[i], strings.Repeat(" ", width-len(names[i])), f.Usage)
	}
}
