package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/namesrv"
)

// namesrvFlags are the options of mqnamesrv (Java: NamesrvStartup).
type namesrvFlags struct {
	configFile  string
	namesrvAddr string // accepted, as there; without meaning
	printAll    bool
}

func namesrvCommand(name string) *cobra.Command {
	var f namesrvFlags
	cmd := &cobra.Command{
		Use:   name,
		Short: "Start a name server",
		Args:  cobra.ArbitraryArgs, // as in Java plain words are passed over
		RunE:  func(cmd *cobra.Command, _ []string) error { return runNamesrv(cmd.OutOrStdout(), f) },
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.configFile, "configFile", "c", "", "Name server config properties file")
	fl.StringVarP(&f.namesrvAddr, "namesrvAddr", "n", "", "Name server address list, eg: '192.168.0.1:9876;192.168.0.2:9876'")
	fl.BoolVarP(&f.printAll, "printConfigItem", "p", false, "Print all config items")
	javaUsage(cmd)
	return cmd
}

func runNamesrv(out io.Writer, f namesrvFlags) error {
	cfg, unknown, err := namesrv.LoadConfig(vfs.OS(), f.configFile, userHome(), os.Getenv)
	if err != nil {
		return err
	}
	if f.printAll {
		return printConfig(out, cfg.Text())
	}
	logs, err := openLogs(cfg.Log, userHome())
	if err != nil {
		return err
	}
	log := logs.Logger("namesrv")
	warnUnknown(log, f.configFile, unknown)
	return errors.Join(startNamesrv(out, cfg, log), logs.Close())
}

func startNamesrv(out io.Writer, cfg namesrv.Config, log *slog.Logger) error {
	tls, err := loadTLS(log)
	if err != nil {
		return err
	}
	n := namesrv.New(cfg, namesrv.Options{FS: vfs.OS(), Log: log, TLS: tls, ProductNamesrvAddrs: productNamesrvAddrs})
	memory := limitMemory(readJavaOptions(os.Getenv))
	return serve(func() { namesrvBanner(out, n); printLine(out, memory) }, n)
}

// productNamesrvAddrs are the name servers that clusterTest=true asks.
func productNamesrvAddrs(context.Context) ([]string, error) {
	return strings.FieldsFunc(os.Getenv("NAMESRV_ADDR"), func(r rune) bool { return r == ';' || r == ' ' }), nil
}

// namesrvBanner prints what the name server listens on, and RocketMQ's boot line.
func namesrvBanner(out io.Writer, n *namesrv.Controller) {
	fmt.Fprintf(out, "name server listens on %s\n", n.Addr())
	if at := n.HTTPAddr(); at != "" {
		fmt.Fprintf(out, "/metrics and /healthz at http://%s\n", at)
	}
	fmt.Fprintln(out, "The Name Server boot success. serializeType=JSON")
}
