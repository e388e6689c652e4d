package store

import (
	"sync/atomic"
	"time"
)

// ReplicaGate is what the store asks of the HA service (Java: HAService).
type ReplicaGate interface {
	// SlaveOK tells that a slave is connected and less than haSlaveFallbehindMax behind putWhere.
	SlaveOK(putWhere int64) bool
	// AckedOffset is the highest log offset that any slave has confirmed.
	AckedOffset() int64
	// Committed tells of new log up to maxPhyOffset. It must not block.
	Committed(maxPhyOffset int64)
}

// commitWaits is where appends wait after their write: first for the flush
// (Java: GroupCommitService), then for the replica (Java: GroupTransferService).
// The replica works meanwhile, so the waits overlap.
type commitWaits struct {
	flush     waitQueue
	replica   waitQueue
	flushWake chan struct{}
	gate      atomic.Pointer[ReplicaGate]
}

func (c *commitWaits) init() {
	c.flush.expired = FlushDiskTimeout
	c.replica.expired = FlushSlaveTimeout
	c.flushWake = make(chan struct{}, 1)
}

// add takes those of ws over who wait for more than the write.
func (c *commitWaits) add(l *CommitLog, ws []waiter) {
	cfg := l.cfg.Load()
	c.flush.add(ws, ms(cfg.SyncFlushTimeout), func(w *waiter) bool { return w.waitFlush })
	for i := range ws {
		if w := &ws[i]; w.waitReplica && !w.waitFlush {
			c.toReplica(l, w)
		}
	}
}

func (c *commitWaits) wakeFlush() {
	select {
	case c.flushWake <- struct{}{}:
	default:
	}
}

// flushDone completes everybody whose records are durable.
func (c *commitWaits) flushDone(l *CommitLog, flushed int64) {
	c.flush.completeTo(flushed, func(t *timedWaiter) {
		if t.waitReplica {
			c.toReplica(l, &t.waiter)
			return
		}
		t.result.Status = PutOK
		t.cb.PutDone(&t.result)
	})
}

// toReplica answers w, or lets it wait until a slave has its records.
func (c *commitWaits) toReplica(l *CommitLog, w *waiter) {
	gate := c.gate.Load()
	if gate == nil || !(*gate).SlaveOK(w.end) {
		w.result.Status = SlaveNotAvailable
		w.cb.PutDone(&w.result)
		return
	}
	if (*gate).AckedOffset() >= w.end && c.replica.len() == 0 {
		w.result.Status = PutOK
		w.cb.PutDone(&w.result)
		return
	}
	c.replica.add([]waiter{*w}, ms(l.cfg.Load().SlaveTimeout), func(*waiter) bool { return true })
	c.replicaDone((*gate).AckedOffset()) // the acknowledgement may have come before w was in
}

// replicaDone completes everybody whose records a slave has.
func (c *commitWaits) replicaDone(acked int64) {
	c.replica.completeTo(acked, func(t *timedWaiter) {
		t.result.Status = PutOK
		t.cb.PutDone(&t.result)
	})
}

// close answers everybody who waits and who will come.
func (c *commitWaits) close(status PutStatus) {
	c.flush.close(status)
	c.replica.close(status)
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
