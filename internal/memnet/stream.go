package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// DefaultWindowBytes is how much a writer may be ahead of its reader.
const DefaultWindowBytes = 256 << 10

// segment is one Write on its way; it may be read from the time at on. An
// empty segment is the end of the stream.
type segment struct {
	data []byte
	at   time.Time
}

// stream is one direction of a connection.
//
// changed is closed and replaced at every change of state: waiting on a channel
// instead of a sync.Cond lets the waiter watch a timer as well.
type stream struct {
	mu struct {
		sync.Mutex
		changed     chan struct{}
		segments    []segment
		queuedBytes int
		windowBytes int
		delay       time.Duration
		frozen      bool  // partitioned: nothing arrives
		finished    bool  // the writer closed
		abandoned   bool  // the reader closed
		err         error // reset
		readUntil   time.Time
		writeUntil  time.Time
	}
}

func newStream() *stream {
	s := &stream{}
	s.mu.changed = make(chan struct{})
	s.mu.windowBytes = DefaultWindowBytes
	return s
}

// change runs f under the lock and wakes everybody.
func (s *stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.broadcast()
}

// broadcast wakes all waiters; the lock is held.
func (s *stream) broadcast() {
	close(s.mu.changed)
	s.mu.changed = make(chan struct{})
}

func (s *stream) read(b []byte) (int, error) {
	for {
		n, wait, changed, err := s.readOnce(b)
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		await(changed, wait)
	}
}

// readOnce returns bytes or an error, or else what to wait for: a change, and
// at the latest the time wait (zero: no such time).
func (s *stream) readOnce(b []byte) (n int, wait time.Time, changed chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch {
	case s.mu.abandoned:
		return 0, wait, nil, net.ErrClosed
	case s.mu.err != nil:
		return 0, wait, nil, s.mu.err
	case expired(s.mu.readUntil, now):
		return 0, wait, nil, os.ErrDeadlineExceeded
	}
	wait = s.mu.readUntil
	if len(s.mu.segments) == 0 || s.mu.frozen {
		return 0, wait, s.mu.changed, nil
	}
	head := &s.mu.segments[0]
	if head.at.After(now) {
		return 0, earlier(wait, head.at), s.mu.changed, nil
	}
	if len(head.data) == 0 {
		return 0, wait, nil, io.EOF
	}
	n = copy(b, head.data)
	head.data = head.data[n:]
	if len(head.data) == 0 {
		s.mu.segments = s.mu.segments[1:]
	}
	s.mu.queuedBytes -= n
	s.broadcast()
	return n, wait, nil, nil
}

func (s *stream) write(b []byte) (written int, err error) {
	for {
		n, wait, changed, err := s.writeOnce(b[written:])
		written += n
		if err != nil || written == len(b) {
			return written, err
		}
		if n == 0 {
			await(changed, wait)
		}
	}
}

func (s *stream) writeOnce(b []byte) (n int, wait time.Time, changed chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch {
	case s.mu.finished:
		return 0, wait, nil, net.ErrClosed
	case s.mu.err != nil:
		return 0, wait, nil, s.mu.err
	case s.mu.abandoned:
		return 0, wait, nil, syscall.EPIPE
	case expired(s.mu.writeUntil, now):
		return 0, wait, nil, os.ErrDeadlineExceeded
	}
	n = min(len(b), s.mu.windowBytes-s.mu.queuedBytes)
	if n <= 0 {
		return 0, s.mu.writeUntil, s.mu.changed, nil
	}
	s.push(append([]byte(nil), b[:n]...), now)
	return n, wait, nil, nil
}

// push queues a segment; it never overtakes the one before it. The lock is held.
func (s *stream) push(data []byte, now time.Time) {
	at := now.Add(s.mu.delay)
	if k := len(s.mu.segments); k > 0 && s.mu.segments[k-1].at.After(at) {
		at = s.mu.segments[k-1].at
	}
	s.mu.segments = append(s.mu.segments, segment{data: data, at: at})
	s.mu.queuedBytes += len(data)
	s.broadcast()
}

// finish is the writer's close: the reader sees what was written, then io.EOF.
func (s *stream) finish() {
	s.change(func() {
		if !s.mu.finished && s.mu.err == nil {
			s.mu.finished = true
			s.push(nil, time.Now())
		}
	})
}

func (s *stream) reset() {
	s.change(func() {
		if s.mu.err == nil {
			s.mu.err = syscall.ECONNRESET
		}
	})
}

func expired(deadline, now time.Time) bool { return !deadline.IsZero() && !now.Before(deadline) }

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// await returns when changed is closed or, unless it is zero, the time until has come.
func await(changed chan struct{}, until time.Time) {
	if until.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}
