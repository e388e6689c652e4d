package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/namesrv"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Show settings: effective ones with their origin, or all there are", Args: cobra.NoArgs}
	var f brokerFlags
	var ofNamesrv bool
	show := &cobra.Command{
		Use:   "print",
		Short: "Print the effective settings and where each comes from",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ofNamesrv {
				return printNamesrvOrigins(cmd.OutOrStdout(), f.configFile)
			}
			return printBrokerOrigins(cmd.OutOrStdout(), f)
		},
	}
	show.Flags().StringVarP(&f.configFile, "configFile", "c", "", "Config properties file")
	show.Flags().StringVarP(&f.namesrvAddr, "namesrvAddr", "n", "", "Name server address list of a broker")
	show.Flags().BoolVar(&ofNamesrv, "namesrv", false, "of a name server")
	javaUsage(show)
	doc := &cobra.Command{
		Use:   "doc",
		Short: "Print docs/settings.md",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return writeSettingsDoc(cmd.OutOrStdout()) },
	}
	cmd.AddCommand(show, doc)
	return cmd
}

func printBrokerOrigins(out io.Writer, f brokerFlags) error {
	cfg, _, err := loadBroker(f.configFile, f.override)
	if err != nil {
		return err
	}
	fresh := broker.DefaultConfig()
	o := origins{file: f.configFile, names: cfg.SettingNames(), defaults: fresh.Text()}
	if f.namesrvAddr != "" {
		o.commandLine = []string{"namesrvAddr"}
	}
	return o.print(out, cfg.Text())
}

func printNamesrvOrigins(out io.Writer, path string) error {
	cfg, _, err := namesrv.LoadConfig(vfs.OS(), path, userHome(), os.Getenv)
	if err != nil {
		return err
	}
	fresh := namesrv.DefaultConfig(userHome())
	o := origins{file: path, names: cfg.SettingNames(), defaults: fresh.Text()}
	return o.print(out, cfg.Text())
}

// origins knows where settings can come from.
type origins struct {
	file        string
	names       map[string]string // every spelling → name
	defaults    []byte            // properties text
	commandLine []string          // settings that an option gave
}

// print writes a line a setting: key=value, a tab, the origin.
func (o origins) print(out io.Writer, effective []byte) error {
	inFile, err := o.lines()
	if err != nil {
		return err
	}
	defaults, err := valuesOf(o.defaults)
	if err != nil {
		return err
	}
	pairs, err := properties.Parse(effective)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		origin := "derived from the environment or other settings"
		line, given := inFile[p.Key]
		switch {
		case slices.Contains(o.commandLine, p.Key):
			origin = "command line"
		case given && line.Value == p.Value:
			origin = fmt.Sprintf("%s line %d", o.file, line.Line)
		case !given && defaults[p.Key] == p.Value:
			origin = "default"
		}
		if _, err := fmt.Fprintf(out, "%s=%s\t%s\n", p.Key, p.Value, origin); err != nil {
			return err
		}
	}
	return nil
}

// lines is what the file says, by the names of settings.
func (o origins) lines() (map[string]properties.Pair, error) {
	inFile := map[string]properties.Pair{}
	if o.file == "" {
		return inFile, nil
	}
	text, err := os.ReadFile(o.file)
	if err != nil {
		return nil, err
	}
	pairs, err := properties.Parse(text)
	for _, p := range pairs {
		inFile[o.names[p.Key]] = p
	}
	return inFile, err
}

func valuesOf(text []byte) (map[string]string, error) {
	pairs, err := properties.Parse(text)
	values := make(map[string]string, len(pairs))
	for _, p := range pairs {
		values[p.Key] = p.Value
	}
	return values, err
}
