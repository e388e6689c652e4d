package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/boostermq/booster/broker"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/remoting"
)

// brokerFlags are the options of mqbroker (Java: BrokerStartup).
type brokerFlags struct {
	configFile     string
	namesrvAddr    string
	printAll       bool
	printImportant bool
}

func brokerCommand(name string) *cobra.Command {
	var f brokerFlags
	cmd := &cobra.Command{
		Use:   name,
		Short: "Start a broker",
		Args:  cobra.ArbitraryArgs, // as in Java plain words are passed over
		RunE:  func(cmd *cobra.Command, _ []string) error { return runBroker(cmd.OutOrStdout(), f) },
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.configFile, "configFile", "c", "", "Broker config properties file")
	fl.StringVarP(&f.namesrvAddr, "namesrvAddr", "n", "", "Name server address list, eg: '192.168.0.1:9876;192.168.0.2:9876'")
	fl.BoolVarP(&f.printAll, "printConfigItem", "p", false, "Print all config item")
	fl.BoolVarP(&f.printImportant, "printImportantConfig", "m", false, "Print important config item")
	javaUsage(cmd)
	return cmd
}

// override lets the command line have the last word.
func (f brokerFlags) override(c *broker.Config) {
	if f.namesrvAddr != "" {
		c.Broker.NamesrvAddr = f.namesrvAddr
	}
}

func runBroker(out io.Writer, f brokerFlags) error {
	cfg, unknown, err := loadBroker(f.configFile, f.override)
	if err != nil {
		return err
	}
	switch {
	case f.printAll:
		return printConfig(out, cfg.Text())
	case f.printImportant:
		return printConfig(out, cfg.ImportantText())
	}
	logs, err := openLogs(cfg.Log, userHome())
	if err != nil {
		return err
	}
	return errors.Join(startBroker(out, cfg, f.configFile, unknown, logs.Logger("broker")), logs.Close())
}

func startBroker(out io.Writer, cfg broker.Config, path string, unknown []properties.Pair, log *slog.Logger) error {
	warnUnknown(log, path, unknown)
	tls, err := loadTLS(log)
	if err != nil {
		return err
	}
	options := readJavaOptions(os.Getenv)
	opts, err := brokerOptions(options, log, tls, path)
	if err != nil {
		return err
	}
	b, err := broker.New(cfg, opts)
	if err != nil {
		return startError(err)
	}
	memory := limitMemory(options)
	return serve(func() { brokerBanner(out, b); printLine(out, memory) }, b)
}

// brokerOptions is what a broker takes from this process besides its configuration.
func brokerOptions(options javaOptions, log *slog.Logger, tls *remoting.TLSConfig, path string) (broker.Options, error) {
	locks, err := options.lockMaxLive()
	return broker.Options{
		FS: vfs.OS(), Log: log, TLS: tls, ConfigPath: path, LockMaxLive: locks, ACLPlainFile: options.property("rocketmq.acl.plain.file"),
	}, err
}

// loadBroker takes system properties, lets a broker.conf override them and the
// command line both, and completes the whole. unknown lists what no setting has.
func loadBroker(path string, override func(*broker.Config)) (cfg broker.Config, unknown []properties.Pair, err error) {
	cfg = broker.DefaultConfig()
	options := readJavaOptions(os.Getenv)
	pairs, ignored := options.settings()
	if err := cfg.ApplyPairs(pairs); err != nil {
		return cfg, nil, fmt.Errorf("system properties: %w", err)
	}
	unknown, err = applyFile(path, cfg.Apply)
	unknown = append(unknown, ignored...)
	if err != nil {
		return cfg, unknown, err
	}
	override(&cfg)
	return cfg, unknown, cfg.Complete(broker.SystemEnvironment())
}

// applyFile gives the text of path to apply; no path means nothing to apply.
func applyFile(path string, apply func(text []byte) ([]properties.Pair, error)) ([]properties.Pair, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	unknown, err := apply(text)
	if err != nil {
		return unknown, fmt.Errorf("configuration %s: %w", path, err)
	}
	return unknown, nil
}

func warnUnknown(log *slog.Logger, path string, unknown []properties.Pair) {
	for _, p := range unknown {
		log.Warn("unknown setting ignored", "file", path, "line", p.Line, "key", p.Key)
	}
}

// brokerBanner prints what the broker listens on and advertises, and RocketMQ's boot line.
func brokerBanner(out io.Writer, b *broker.Controller) {
	cfg := b.Config()
	addr, why := b.AdvertisedAddress()
	fmt.Fprintf(out, "broker listens on %s:%d and %d (VIP), store %s\n", orAll(cfg.Booster.BindAddress), cfg.Server.ListenPort, cfg.Server.ListenPort-2, cfg.Store.StorePathRootDir)
	fmt.Fprintf(out, "clients are told %s (%s)\n", addr, why)
	if at := b.HTTPAddr(); at != "" {
		fmt.Fprintf(out, "page at http://%s/, /metrics and /healthz beside it\n", at)
	}
	if warning := b.ReachWarning(); warning != "" {
		fmt.Fprintf(out, "WARNING %s: %s\n", addr, warning)
	}
	line := fmt.Sprintf("The broker[%s, %s] boot success. serializeType=JSON", cfg.Broker.BrokerName, addr)
	if cfg.Broker.NamesrvAddr != "" {
		line += " and name server is " + cfg.Broker.NamesrvAddr
	}
	fmt.Fprintln(out, line)
}

func orAll(host string) string {
	if host == "" {
		return "0.0.0.0"
	}
	return host
}
