package store

import (
	"sync"
	"time"
)

// waitQueue holds appends in log order until the log is safe up to their end,
// or until their time is over.
type waitQueue struct {
	expired PutStatus // what a waiter gets whose time is over
	mu      struct {
		sync.Mutex
		q      []timedWaiter // q[head:] waits
		head   int
		timer  *time.Timer
		armed  bool
		closed PutStatus // ≠ PutOK: everything that comes is answered with it
	}
}

type timedWaiter struct {
	waiter
	deadline time.Time
}

// add appends the waiters chosen by want.
func (w *waitQueue) add(ws []waiter, timeout time.Duration, want func(*waiter) bool) {
	deadline := time.Now().Add(timeout)
	w.mu.Lock()
	for i := range ws {
		if !want(&ws[i]) {
			continue
		}
		t := timedWaiter{waiter: ws[i], deadline: deadline}
		if t.result.BatchOffsets != nil { // it aliases the batch, which is reused before the wait ends
			t.result.BatchOffsets = append([]int64(nil), t.result.BatchOffsets...)
		}
		w.mu.q = append(w.mu.q, t)
	}
	closed := w.mu.closed
	if !w.mu.armed && w.mu.head < len(w.mu.q) {
		w.arm(timeout)
	}
	w.mu.Unlock()
	if closed != PutOK {
		w.failAll(closed)
	}
}

// arm starts the timer; the lock is held. One timer serves the whole queue: it
// is not moved when waiters leave, it just finds nobody due then.
func (w *waitQueue) arm(d time.Duration) {
	w.mu.armed = true
	if w.mu.timer == nil {
		w.mu.timer = time.AfterFunc(d, w.expire)
	} else {
		w.mu.timer.Reset(d)
	}
}

func (w *waitQueue) expire() {
	now := time.Now()
	w.finish(func(t *timedWaiter) bool { return !t.deadline.After(now) }, func(t *timedWaiter) {
		t.result.Status = w.expired
		t.cb.PutDone(&t.result)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mu.armed = false
	if w.mu.head < len(w.mu.q) {
		w.arm(max(time.Until(w.mu.q[w.mu.head].deadline), time.Millisecond))
	}
}

// completeTo takes out everybody whose records end at or before end.
func (w *waitQueue) completeTo(end int64, done func(*timedWaiter)) {
	w.finish(func(t *timedWaiter) bool { return t.end <= end }, done)
}

// finish takes waiters from the front while want, and calls done without the lock.
func (w *waitQueue) finish(want func(*timedWaiter) bool, done func(*timedWaiter)) {
	for {
		w.mu.Lock()
		if w.mu.head == len(w.mu.q) || !want(&w.mu.q[w.mu.head]) {
			w.mu.Unlock()
			return
		}
		t := w.mu.q[w.mu.head]
		w.mu.q[w.mu.head] = timedWaiter{}
		w.mu.head++
		if w.mu.head == len(w.mu.q) {
			w.mu.q, w.mu.head = w.mu.q[:0], 0
		} else if w.mu.head >= 1024 && w.mu.head*2 >= len(w.mu.q) {
			n := copy(w.mu.q, w.mu.q[w.mu.head:])
			clear(w.mu.q[n:])
			w.mu.q, w.mu.head = w.mu.q[:n], 0
		}
		w.mu.Unlock()
		done(&t)
	}
}

// failAll answers everybody who waits with status.
func (w *waitQueue) failAll(status PutStatus) {
	w.finish(func(*timedWaiter) bool { return true }, func(t *timedWaiter) {
		t.result.Status = status
		t.cb.PutDone(&t.result)
	})
}

// close is failAll, for those to come too.
func (w *waitQueue) close(status PutStatus) {
	w.mu.Lock()
	w.mu.closed = status
	w.mu.Unlock()
	w.failAll(status)
}

func (w *waitQueue) len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.mu.q) - w.mu.head
}
