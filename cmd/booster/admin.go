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
		RunE:               func(cmd *cobra.Command, words []string) error { return runAdmin(cmd, words) },
	}
}

func runAdmin(cmd *cobra.Command, words []string) error {
	tls, err := loadTLS(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	options := readJavaOptions(os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status := mqadmin.Run(ctx, words, mqadmin.Env{
		Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr(), Getenv: os.Getenv, Property: options.property, TLS: tls,
	})
	if status != 0 {
		return &exitError{status: status} // said already
	}
	return nil
}
