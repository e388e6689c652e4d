package store

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
)

// CommitLog is the one log of all messages (Java: CommitLog).
//
// An append has three steps. (1) The record is encoded without any lock.
// (2) append, under putMessageLock, gives it its queue offset, physical offset
// and store time and copies it into the pending batch: memory only, so an event
// loop never waits here for a disk. (3) commitPending writes all that is
// pending with one write; whoever holds the write token does it for everybody.
//
// Laws:
//   - flushed ≤ committed ≤ next. Readers see [first file, committed).
//   - Bytes below committed never change until their file is deleted.
//   - After a failed write or sync flagCommitLogError is set for good; nothing
//     pending or waiting is acknowledged any more.
type CommitLog struct {
	files *logFiles
	flags *runningFlags
	cfg   *atomic.Pointer[Config]
	log   *slog.Logger
	now   func() time.Time

	// mu is Java's putMessageLock. It is a leaf and covers no I/O.
	mu struct {
		sync.Mutex
		next    int64  // physical offset of the next record
		pending *batch // appended, not yet taken by a writer
		closed  bool   // Shutdown has committed the last batch
	}

	pendingBytes atomic.Int64 // of mu.pending; 0 = nothing to commit
	committed    atomic.Int64 // end of the readable log
	flushed      atomic.Int64 // end of the durable log
	lastStoreMs  atomic.Int64 // store time of the last committed record

	// flushedStoreMs is a store time up to which the log is durable. flush takes
	// it from lastStoreMs before it looks at committed, and writePending stores
	// committed first: so the time never runs ahead of what was flushed.
	flushedStoreMs atomic.Int64

	writer writer
	waits  commitWaits
	notify func() // called after committed or flushed moved; must not block
}

// batch is what is written at once: records, and who waits for them.
type batch struct {
	buf         []byte
	spans       []span
	waiters     []waiter
	offsets     []int64 // backing of the waiters' BatchOffsets
	lastStoreMs int64
	end         int64 // physical offset behind the batch
}

// span is a part of a batch that lies in one file, up to the start of the next span.
type span struct {
	phyOffset int64
	bufStart  int
}

// waiter is an append whose caller has not heard of it yet.
type waiter struct {
	cb          PutCallback
	end         int64 // physical offset behind its last record
	result      PutResult
	waitFlush   bool
	waitReplica bool
}

const (
	batchInitialBytes = 64 << 10
	batchKeepBytes    = 4 << 20 // a larger buffer is given back to the collector
	maxPendingBytes   = 32 << 20

	// blankBytes are always left at the end of a file for the blank record.
	blankBytes = 8
)

func newBatch() *batch { return &batch{buf: make([]byte, 0, batchInitialBytes)} }

func (b *batch) reset() {
	if cap(b.buf) > batchKeepBytes {
		b.buf = make([]byte, 0, batchInitialBytes)
	}
	clear(b.waiters)
	*b = batch{buf: b.buf[:0], spans: b.spans[:0], waiters: b.waiters[:0], offsets: b.offsets[:0]}
}

func newCommitLog(files *logFiles, flags *runningFlags, cfg *atomic.Pointer[Config], log *slog.Logger, now func() time.Time, notify func()) *CommitLog {
	l := &CommitLog{files: files, flags: flags, cfg: cfg, log: log, now: now, notify: notify}
	l.mu.pending = newBatch()
	l.writer.spare = newBatch()
	l.writer.wake = make(chan struct{}, 1)
	l.writer.ahead = make(chan struct{}, 1)
	l.waits.init()
	return l
}

// setEnd tells where the log ends; before Start only.
func (l *CommitLog) setEnd(offset int64) {
	l.mu.next = offset
	l.committed.Store(offset)
	l.flushed.Store(offset)
}

// append puts the encoded records of one caller, which all go to q, into the
// pending batch. q is nil for records that belong to no queue. The outcome
// other than PutOK is the caller's to report; PutOK means cb will hear.
func (l *CommitLog) append(e *encoder, q *ConsumeQueue, cb PutCallback, waitFlush, waitReplica bool) PutStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.mu.pending
	switch {
	case l.mu.closed:
		return ServiceNotAvailable
	case !e.multiCurrent():
		return statusMultiMoved
	case len(b.buf) > 0 && len(b.buf)+len(e.rec) > maxPendingBytes:
		return OSPageCacheBusy
	}
	if !l.appendFits(int64(len(e.rec))) {
		l.appendBlank()
	}
	nowMs := l.now().UnixMilli()
	w := waiter{cb: cb, waitFlush: waitFlush, waitReplica: waitReplica}
	w.result = PutResult{PhysicalOffset: l.mu.next, SizeBytes: int32(len(e.rec)), StoreTimestampMs: nowMs}
	if q != nil {
		w.result.QueueOffset = q.next
	}
	l.appendCopy(e, q, nowMs, &w)
	b.lastStoreMs, b.end, w.end = nowMs, l.mu.next, l.mu.next
	if cb != nil {
		b.waiters = append(b.waiters, w)
	}
	l.pendingBytes.Store(int64(len(b.buf)))
	return PutOK
}

// appendCopy copies the records and stamps each with its offsets and time.
func (l *CommitLog) appendCopy(e *encoder, q *ConsumeQueue, nowMs int64, w *waiter) {
	b := l.mu.pending
	if len(b.spans) == 0 {
		b.spans = append(b.spans, span{phyOffset: l.mu.next, bufStart: len(b.buf)})
	}
	at, firstOffset := len(b.buf), len(b.offsets)
	b.buf = append(b.buf, e.rec...)
	for _, size := range e.sizes {
		var queueOffset int64
		if q != nil {
			queueOffset = q.next
			q.next++
		}
		codec.PatchRecord(b.buf[at:at+size], queueOffset, l.mu.next, nowMs)
		if e.batch {
			b.offsets = append(b.offsets, l.mu.next)
		}
		at += size
		l.mu.next += int64(size)
	}
	for _, m := range e.multi {
		m.q.next++
	}
	if e.batch {
		w.result.BatchOffsets = b.offsets[firstOffset:len(b.offsets):len(b.offsets)]
	}
}

// appendFits tells whether n bytes and a blank record fit the current file.
func (l *CommitLog) appendFits(n int64) bool {
	return n+blankBytes <= l.files.fileStart(l.mu.next)+l.files.fileBytes-l.mu.next
}

// appendBlank fills the rest of the current file and goes on in the next.
func (l *CommitLog) appendBlank() {
	b := l.mu.pending
	if len(b.spans) == 0 {
		b.spans = append(b.spans, span{phyOffset: l.mu.next, bufStart: len(b.buf)})
	}
	next := l.files.fileStart(l.mu.next) + l.files.fileBytes
	b.buf = codec.AppendBlankRecord(b.buf, int32(next-l.mu.next))
	l.mu.next = next
	b.spans = append(b.spans, span{phyOffset: next, bufStart: len(b.buf)})
}

// maxPhyOffset is the end of the readable log.
func (l *CommitLog) maxPhyOffset() int64 { return l.committed.Load() }

// minPhyOffset is the begin of the first file; the end of an empty log.
func (l *CommitLog) minPhyOffset() int64 {
	if list := l.files.snapshot(); len(list) > 0 {
		return list[0].startOffset
	}
	return l.committed.Load()
}
