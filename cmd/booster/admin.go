package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	mqadmin "github.com/boostermq/booster/internal/mqadmin/command"
)

// adminCommand is mqadmin (Java: MQAdminStartup), which reads its words itself.
func adminCommand(name string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Short:              "Ask or change name servers and brokers, as mqadmin",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, words []string) error {
			return runTool(cmd, func(ctx context.Context, env mqadmin.Env) int { return mqadmin.Run(ctx, words, env) })
		},
	}
}

// quickstartCommand is what tools.sh runs for the Producer of RocketMQ's quick start.
func quickstartCommand(name string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		DisableFlagParsing: true, // Java's passes over all words
		RunE:               func(cmd *cobra.Command, _ []string) error { return runTool(cmd, mqadmin.QuickstartProducer) },
	}
}

// runTool runs a tool that says itself what went wrong and returns the exit status.
func runTool(cmd *cobra.Command, tool func(ctx context.Context, env mqadmin.Env) int) error {
	tls, err := loadTLS(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	options := readJavaOptions(os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status := tool(ctx, mqadmin.Env{
		Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr(), Getenv: os.Getenv, Property: options.property, TLS: tls,
	})
	if status != 0 {
		return &exitError{status: status} // said already
	}
	return nil
}
