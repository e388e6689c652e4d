package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/boostermq/booster/internal/logging"
)

// shutdownLimit bounds a clean stop.
const shutdownLimit = 10 * time.Second

// service is what runs between start and signal: a Controller.
type service interface {
	Start(ctx context.Context) error
	Shutdown(ctx context.Context) error
}

// serve starts the services in order, calls ready, waits for SIGINT or
// SIGTERM and stops them in reverse order. A second signal ends at once.
func serve(ready func(), services ...service) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	started := 0
	var err error
	for _, s := range services {
		if err = startError(s.Start(ctx)); err != nil {
			break
		}
		started++
	}
	if err == nil {
		ready()
		<-ctx.Done()
		stop() // from here on a second signal kills
	}
	limit, cancel := context.WithTimeout(context.Background(), shutdownLimit)
	defer cancel()
	for i := started - 1; i >= 0; i-- {
		err = errors.Join(err, services[i].Shutdown(limit))
	}
	return err
}

// openLogs opens the log files where c says, else below home as RocketMQ does.
// Warnings and errors also go to standard error, and more with
// BOOSTER_LOG=debug|info.
func openLogs(c logging.Config, home string) (*logging.Logs, error) {
	level := slog.LevelWarn
	if text := os.Getenv("BOOSTER_LOG"); text != "" {
		var err error
		if level, err = logging.ParseLevel(text); err != nil {
			return nil, fmt.Errorf("BOOSTER_LOG=%s: %w", text, err)
		}
	}
	if c.Dir == "" {
		c.Dir = filepath.Join(home, "logs", "rocketmqlogs")
	}
	return logging.Open(logging.Options{Config: c, Console: os.Stderr, ConsoleLevel: level})
}

// userHome is Java's user.home; the working folder when there is none.
func userHome() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return "."
	}
	return home
}
