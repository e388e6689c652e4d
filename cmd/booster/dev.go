package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/internal/logging"
	"github.com/boostermq/booster/namesrv"
)

// devFlags are the options of booster dev.
type devFlags struct {
	data        string
	configFile  string
	namesrvPort int
	port        int
}

func devCommand() *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Start a name server and a broker in one process, ready for clients",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runDev(cmd.OutOrStdout(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.data, "data", "data", "folder of everything that is kept")
	fl.StringVarP(&f.configFile, "configFile", "c", "", "Broker config properties file")
	fl.IntVar(&f.namesrvPort, "namesrvPort", 9876, "port of the name server")
	fl.IntVar(&f.port, "listenPort", 0, "port of the broker; the VIP port is two below (default 10911)")
	javaUsage(cmd)
	return cmd
}

func runDev(out io.Writer, f devFlags) error {
	data, err := filepath.Abs(f.data)
	if err != nil {
		return err
	}
	ns := namesrv.DefaultConfig(data)
	ns.Server.ListenPort = f.namesrvPort
	cfg := broker.DefaultConfig()
	cfg.Store.StorePathRootDir = filepath.Join(data, "store")
	cfg.Broker.BrokerName = "broker-a"
	unknown, err := applyFile(f.configFile, cfg.Apply)
	if err != nil {
		return err
	}
	if f.port != 0 {
		cfg.Server.ListenPort = f.port
	}
	cfg.Broker.NamesrvAddr = "127.0.0.1:" + strconv.Itoa(f.namesrvPort)
	if err := cfg.Complete(broker.SystemEnvironment()); err != nil {
		return err
	}
	logs, err := openLogs(cfg.Log, data)
	if err != nil {
		return err
	}
	warnUnknown(logs.Logger("broker"), f.configFile, unknown)
	if f.configFile == "" {
		f.configFile = filepath.Join(data, "broker.properties") // where code 25 writes: nothing is kept outside data
	}
	return errors.Join(startDev(out, f, ns, cfg, logs), logs.Close())
}

func startDev(out io.Writer, f devFlags, ns namesrv.Config, cfg broker.Config, logs *logging.Logs) error {
	log := logs.Logger("broker")
	tls, err := loadTLS(log)
	if err != nil {
		return err
	}
	options := readJavaOptions(os.Getenv)
	opts, err := brokerOptions(options, log, tls, f.configFile)
	if err != nil {
		return err
	}
	n := namesrv.New(ns, namesrv.Options{FS: opts.FS, Log: logs.Logger("namesrv"), TLS: tls})
	opts.Collectors = n.Collectors()
	b, err := broker.New(cfg, opts)
	if err != nil {
		return err
	}
	memory := limitMemory(options)
	return serve(func() {
		printLine(out, memory)
		namesrvBanner(out, n)
		brokerBanner(out, b)
		fmt.Fprintf(out, "ready: point clients at name server 127.0.0.1:%d; Ctrl-C stops\n", f.namesrvPort)
	}, n, b)
}
