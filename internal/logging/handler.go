package logging

import (
	"context"
	"errors"
	"log/slog"
)

// handler writes a record to a file and to the console.
type handler struct {
	logs    *Logs
	file    slog.Handler // nil = none
	console slog.Handler
	bound   []func(slog.Handler) slog.Handler // what With and WithGroup added, for another file
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.console.Enabled(ctx, level) || h.file != nil && h.file.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	leftOut, ok := h.logs.limit.allow(r.Level, r.Message)
	if !ok {
		return nil
	}
	if leftOut > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("leftOutBefore", leftOut))
	}
	var err error
	if h.file != nil && h.file.Enabled(ctx, r.Level) {
		err = h.file.Handle(ctx, r)
	}
	if h.console.Enabled(ctx, r.Level) {
		err = errors.Join(err, h.console.Handle(ctx, r))
	}
	return err
}

// WithAttrs implements slog.Handler; FileKey as the only attribute chooses the file.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 1 && attrs[0].Key == FileKey {
		next := *h
		next.file = h.logs.file(attrs[0].Value.String())
		for _, bind := range h.bound {
			next.file = apply(next.file, bind)
		}
		return &next
	}
	return h.with(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return h.with(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h *handler) with(bind func(slog.Handler) slog.Handler) slog.Handler {
	next := *h
	next.bound = append(h.bound[:len(h.bound):len(h.bound)], bind)
	next.file, next.console = apply(h.file, bind), bind(h.console)
	return &next
}

func apply(h slog.Handler, bind func(slog.Handler) slog.Handler) slog.Handler {
	if h == nil {
		return nil
	}
	return bind(h)
}
