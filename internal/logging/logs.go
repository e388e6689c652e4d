package logging

import (
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Options is what a set of logs is made of.
type Options struct {
	Config       Config           // Dir is set, or NoFiles
	Console      io.Writer        // standard error
	ConsoleLevel slog.Level       // of the console
	Now          func() time.Time // nil = time.Now; decides about days and windows
}

// Logs is a set of log files and the console behind them.
type Logs struct {
	o       Options
	level   slog.Level
	console slog.Handler
	limit   *limiter
	writer  *asyncWriter

	mu struct {
		sync.Mutex
		files  map[string]slog.Handler
		opened []*file
	}
}

// Open starts the writer of the logs. Files are made when first written to.
func Open(o Options) (*Logs, error) {
	if err := o.Config.Validate(); err != nil {
		return nil, err
	}
	level, err := ParseLevel(o.Config.Level)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Logs{o: o, level: level, limit: newLimiter(o.Now), writer: newAsyncWriter(o.Console)}
	l.mu.files = make(map[string]slog.Handler)
	l.console = l.render(l.writer.to(o.Console), o.ConsoleLevel)
	return l, nil
}

// FileKey is the attribute that chooses a file: With(FileKey, "store") goes to store.log.
const FileKey = "log"

// Logger writes to <name>.log and, from ConsoleLevel on, to the console.
func (l *Logs) Logger(name string) *slog.Logger {
	return slog.New(&handler{logs: l, file: l.file(name), console: l.console})
}

// Close writes what waits and closes the files; later lines are lost.
func (l *Logs) Close() error {
	l.writer.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, f := range l.mu.opened {
		errs = append(errs, f.Close())
	}
	l.mu.opened = nil
	return errors.Join(errs...)
}

// file returns the handler of a file; nil without files.
func (l *Logs) file(name string) slog.Handler {
	if l.o.Config.Dir == NoFiles {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.mu.files[name]
	if h == nil {
		f := newFile(l.o.Config.Dir, name, l.o.Now)
		l.mu.opened = append(l.mu.opened, f)
		h = l.render(l.writer.to(f), l.level)
		l.mu.files[name] = h
	}
	return h
}

func (l *Logs) render(w io.Writer, level slog.Level) slog.Handler {
	o := &slog.HandlerOptions{Level: level}
	if l.o.Config.Format == formatJSON {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}
