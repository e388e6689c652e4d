package remoting

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
)

// Executor runs processors that may block (Java: BrokerFixedThreadPoolExecutor
// with its bounded queue, plus BrokerFastFailure's cleaning of that queue).
//
// Workers are goroutines that start when there is work and end when the queue
// is empty: an idle executor holds none, and starting one costs no more than
// waking one. Tasks start in the order they came.
type Executor struct {
	name           string
	maxQueueWaitNs atomic.Int64
	log            atomic.Pointer[slog.Logger]

	mu struct {
		sync.Mutex
		queue    taskQueue
		workers  int // at most
		capacity int // tasks that may wait
		running  int // workers
		closed   bool
		purging  bool          // a purge timer is set
		empty    chan struct{} // closed once closed and the last worker left
	}
}

// task is a request with its processor, or a plain function.
type task struct {
	request  *Request
	process  Processor
	admitted bool // the hooks have seen request
	run      func()
	queuedAt time.Time
}

// NewExecutor returns an executor of at most workers goroutines and capacity waiting tasks.
func NewExecutor(name string, workers, capacity int) *Executor {
	e := &Executor{name: name}
	e.mu.workers, e.mu.capacity = max(workers, 1), max(capacity, 1)
	e.mu.empty = make(chan struct{})
	return e
}

// SetMaxQueueWait lets requests that waited longer in the queue be answered
// with code 2 instead of being run (Java: waitTimeMillsIn…Queue). 0: never. It
// may change at any time.
func (e *Executor) SetMaxQueueWait(d time.Duration) { e.maxQueueWaitNs.Store(int64(d)) }

// SetLog says where it goes that tasks are refused ("system busy" and the stage
// that was slow or full) and that functions given to Execute panic; slog.Default
// otherwise.
func (e *Executor) SetLog(log *slog.Logger) { e.log.Store(log) }

func (e *Executor) logger() *slog.Logger {
	if log := e.log.Load(); log != nil {
		return log
	}
	return slog.Default()
}

// Name returns the name given to NewExecutor.
func (e *Executor) Name() string { return e.name }

// Resize changes what NewExecutor was given. Tasks that wait get the new workers
// at once; workers that are too many leave after their task, and no task is
// dropped because the queue is too long now.
func (e *Executor) Resize(workers, capacity int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mu.workers, e.mu.capacity = max(workers, 1), max(capacity, 1)
	for free := min(e.mu.workers-e.mu.running, e.mu.queue.n); free > 0; free-- {
		e.mu.running++
		go e.drain()
	}
}

// Capacity returns how many tasks may wait.
func (e *Executor) Capacity() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mu.capacity
}

// Len returns how many tasks wait.
func (e *Executor) Len() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mu.queue.n
}

// Running returns how many workers there are at the moment.
func (e *Executor) Running() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.mu.running
}

// HeadWaitMs returns how long the task at the head of the queue has waited (Java: headSlowTimeMills).
func (e *Executor) HeadWaitMs() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.queue.n == 0 {
		return 0
	}
	return time.Since(e.mu.queue.head().queuedAt).Milliseconds()
}

// Execute runs f on a worker; false when the queue is full or the executor is shut down.
func (e *Executor) Execute(f func()) bool { return e.submit(task{run: f}) }

// Take runs process for r, which owns its bytes then, as on an executor route.
// It is for inline processors that find out that they would have to wait. When
// the queue is full, or r waits in it too long, r is answered with code 2.
func (e *Executor) Take(r *Request, process Processor) {
	e.take(task{request: r, process: process, admitted: true})
}

func (e *Executor) take(t task) {
	t.request.Retain()
	if !e.submit(t) {
		t.request.ReplyCode(codec.SystemBusy, "[OVERLOAD]system busy, start flow control for a while")
	}
}

// submit gives t to a new worker or, when there are enough, to the queue. Law:
// while a task waits, all workers run (one leaves only when none waits, or after
// a Resize when there are too many), so a new worker's first task overtakes nobody.
func (e *Executor) submit(t task) bool {
	t.queuedAt = time.Now()
	ok, full := e.trySubmit(t)
	if full {
		e.logger().Warn("system busy", "stage", "queue "+e.name+" is full", "queued", e.Capacity())
	}
	return ok
}

func (e *Executor) trySubmit(t task) (ok, full bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.mu.closed:
		return false, false
	case e.mu.running < e.mu.workers:
		e.mu.running++
		go e.work(t)
		return true, false
	case e.mu.queue.n >= e.mu.capacity:
		return false, true
	}
	e.mu.queue.push(t)
	if wait := time.Duration(e.maxQueueWaitNs.Load()); wait > 0 && !e.mu.purging {
		e.mu.purging = true
		time.AfterFunc(wait, e.purge)
	}
	return true, false
}

// work runs t, then what waits.
func (e *Executor) work(t task) {
	e.runTask(t)
	e.drain()
}

// drain runs what waits until nothing does.
func (e *Executor) drain() {
	for {
		t, left, ok := e.next()
		if !ok {
			return
		}
		if wait := time.Duration(e.maxQueueWaitNs.Load()); wait > 0 && t.request != nil {
			if waited := time.Since(t.queuedAt); waited >= wait {
				e.refuse(t, "TIMEOUT_CLEAN_QUEUE", waited, left)
				continue
			}
		}
		e.runTask(t)
	}
}

// next takes the head of the queue; without one, or when there are too many
// workers, this one is gone.
func (e *Executor) next() (t task, left int, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.queue.n == 0 || e.mu.running > e.mu.workers {
		e.mu.running--
		if e.mu.closed && e.mu.running == 0 {
			close(e.mu.empty)
		}
		return t, 0, false
	}
	t = e.mu.queue.pop()
	return t, e.mu.queue.n, true
}

func (e *Executor) runTask(t task) {
	if t.request != nil {
		t.request.run(t.process, t.admitted)
		return
	}
	defer func() {
		if p := recover(); p != nil {
			e.logger().Error("panic in an executor", "executor", e.name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	t.run()
}

// purge answers the requests that waited too long although all workers are
// busy. The timer is set by the first task that has to wait and sets itself
// again while tasks wait: at most one run per maxQueueWait or expiring head.
func (e *Executor) purge() {
	wait := time.Duration(e.maxQueueWaitNs.Load())
	for {
		t, waited, left := e.takeExpired(wait)
		if t.request == nil {
			return
		}
		e.refuse(t, "TIMEOUT_CLEAN_QUEUE", waited, left)
	}
}

// takeExpired takes the head of the queue if it is a request that waited too
// long; else it sets the timer for the next look.
func (e *Executor) takeExpired(wait time.Duration) (t task, waited time.Duration, left int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.queue.n == 0 || wait <= 0 {
		e.mu.purging = false
		return task{}, 0, 0
	}
	head := e.mu.queue.head()
	waited = time.Since(head.queuedAt)
	if head.request == nil || waited < wait {
		time.AfterFunc(max(wait-waited, time.Millisecond), e.purge)
		return task{}, 0, 0
	}
	return e.mu.queue.pop(), waited, e.mu.queue.n
}

// Purge answers all waiting requests with code 2, as Java does with the send
// queue while the page cache is busy (tag "PCBUSY_CLEAN_QUEUE").
func (e *Executor) Purge(tag string) {
	e.mu.Lock()
	var purged []task
	for n := e.mu.queue.n; n > 0; n-- {
		if t := e.mu.queue.pop(); t.request != nil {
			purged = append(purged, t)
		} else {
			e.mu.queue.push(t)
		}
	}
	e.mu.Unlock()
	for i, t := range purged {
		e.refuse(t, tag, time.Since(t.queuedAt), len(purged)-1-i)
	}
}

// refuse answers a request that was taken off the queue.
func (e *Executor) refuse(t task, tag string, waited time.Duration, left int) {
	e.logger().Warn("system busy", "stage", "wait in queue "+e.name, "waitedMs", waited.Milliseconds(), "queued", left,
		"code", t.request.Code, "channel", t.request.Channel.remoteText, "tag", tag)
	t.request.ReplyCode(codec.SystemBusy, fmt.Sprintf(
		"[%s]broker busy, start flow control for a while, period in queue: %dms, size of queue: %d",
		tag, waited.Milliseconds(), left))
}

// Shutdown refuses new tasks and returns at once; those that wait still run.
func (e *Executor) Shutdown() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mu.closed {
		return
	}
	e.mu.closed = true
	if e.mu.running == 0 {
		close(e.mu.empty)
	}
}

// Wait returns when all tasks are done after Shutdown, or with ctx's error.
func (e *Executor) Wait(ctx context.Context) error {
	select {
	case <-e.mu.empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("remoting: executor %s still runs: %w", e.name, ctx.Err())
	}
}

// taskQueue is a ring that grows to what is needed and gives it back when empty.
type taskQueue struct {
	ring     []task
	first, n int
}

const (
	newRingTasks  = 64
	keptRingTasks = 1024
)

func (q *taskQueue) head() *task { return &q.ring[q.first] }

func (q *taskQueue) push(t task) {
	if q.n == len(q.ring) {
		bigger := make([]task, max(2*len(q.ring), newRingTasks))
		k := copy(bigger, q.ring[q.first:])
		copy(bigger[k:], q.ring[:q.first])
		q.ring, q.first = bigger, 0
	}
	q.ring[(q.first+q.n)&(len(q.ring)-1)] = t
	q.n++
}

func (q *taskQueue) pop() task {
	t := q.ring[q.first]
	q.ring[q.first] = task{}
	q.first = (q.first + 1) & (len(q.ring) - 1)
	if q.n--; q.n == 0 {
		q.first = 0
		if len(q.ring) > keptRingTasks {
			q.ring = nil
		}
	}
	return t
}
