package logging

import (
	"log/slog"
	"sync"
	"time"
)

// limiter bounds how often one message is written. Messages are texts of the
// program, so there are few; those that are rendered from what came from
// outside share one entry when there are too many.
type limiter struct {
	now func() time.Time
	mu  struct {
		sync.Mutex
		messages map[message]*window
	}
}

type message struct {
	level slog.Level
	text  string
}

// window counts the lines of one message.
type window struct {
	until   time.Time
	written int
	leftOut int
}

const (
	burst       = 20
	windowTime  = 10 * time.Second
	maxMessages = 1000
)

func newLimiter(now func() time.Time) *limiter {
	l := &limiter{now: now}
	l.mu.messages = make(map[message]*window)
	return l
}

// allow tells whether the message is written, and how many like it were not
// since the last one.
func (l *limiter) allow(level slog.Level, text string) (leftOut int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := message{level, text}
	w := l.mu.messages[key]
	if w == nil {
		if len(l.mu.messages) >= maxMessages {
			key.text = ""
			w = l.mu.messages[key]
		}
		if w == nil {
			w = &window{}
			l.mu.messages[key] = w
		}
	}
	if now := l.now(); !now.Before(w.until) {
		w.until, w.written = now.Add(windowTime), 0
	}
	if w.written == burst {
		w.leftOut++
		return 0, false
	}
	w.written++
	leftOut, w.leftOut = w.leftOut, 0
	return leftOut, true
}
