package logging

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// asyncWriter writes lines in a goroutine of its own.
type asyncWriter struct {
	console io.Writer
	lines   chan line
	dropped atomic.Int64
	done    chan struct{}

	mu struct {
		sync.RWMutex
		closed bool
	}

	complained map[io.Writer]bool // of the goroutine
}

// line is one rendered line and where it goes.
type line struct {
	to   io.Writer
	text []byte
}

const queuedLines = 4096

func newAsyncWriter(console io.Writer) *asyncWriter {
	w := &asyncWriter{
		console: console, lines: make(chan line, queuedLines), done: make(chan struct{}),
		complained: make(map[io.Writer]bool),
	}
	go w.run()
	return w
}

// to returns a writer that queues what is written for out.
func (w *asyncWriter) to(out io.Writer) io.Writer { return &queue{w, out} }

type queue struct {
	w   *asyncWriter
	out io.Writer
}

// Write never waits and never fails: see the laws of the package.
func (q *queue) Write(p []byte) (int, error) {
	w := q.w
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.mu.closed {
		return len(p), nil
	}
	select {
	case w.lines <- line{q.out, append([]byte(nil), p...)}:
	default:
		w.dropped.Add(1)
	}
	return len(p), nil
}

func (w *asyncWriter) run() {
	defer close(w.done)
	for l := range w.lines {
		w.write(l.to, l.text)
		if n := w.dropped.Swap(0); n > 0 {
			w.write(l.to, fmt.Appendf(nil, "%d log lines were lost: they came faster than they can be written\n", n))
		}
	}
}

func (w *asyncWriter) write(to io.Writer, p []byte) {
	_, err := to.Write(p)
	if err != nil && to != w.console && !w.complained[to] {
		// When the console fails too there is nobody left to tell.
		fmt.Fprintf(w.console, "a log file cannot be written, going on without: %v\n", err)
	}
	w.complained[to] = err != nil
}

// close writes what waits.
func (w *asyncWriter) close() {
	w.mu.Lock()
	if !w.mu.closed {
		w.mu.closed = true
		close(w.lines)
	}
	w.mu.Unlock()
	<-w.done
}
