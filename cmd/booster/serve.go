package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
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
		if err = s.Start(ctx); err != nil {
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

// newLog writes warnings and errors, and more with BOOSTER_LOG=debug|info, to w.
func newLog(w io.Writer) *slog.Logger {
	level := slog.LevelWarn
	if text := os.Getenv("BOOSTER_LOG"); text != "" {
		if err := level.UnmarshalText([]byte(text)); err != nil {
			fmt.Fprintf(w, "BOOSTER_LOG=%s: want debug, info, warn or error\n", text)
		}
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
