package store

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"
)

// writer is the state of the write step of CommitLog.
//
// token is taken by whoever writes. Law of the token: who appended and then
// fails to take it may go; the holder looks for pending bytes again after it
// gave the token back (both are sequentially consistent atomics, so at least
// one of the two sees the other).
type writer struct {
	token   atomic.Bool
	slow    atomic.Bool   // the disk stalls: only the background writer writes
	wake    chan struct{} // wakes the background writer
	ahead   chan struct{} // wakes the allocator
	startMs atomic.Int64  // a write is under way since then; 0 = none

	// Guarded by token.
	spare      *batch
	fastWrites int
}

const (
	slowWrite      = 10 * time.Millisecond
	fastWritesBack = 16 // so many fast writes end the slow state
	// inlineRounds bounds how long a caller writes for others.
	inlineRounds = 4
)

// commitPending writes what is pending. It is for event loops: while the disk
// stalls, or when others keep adding, it leaves the work to the background writer.
func (l *CommitLog) commitPending() {
	for round := 0; l.pendingBytes.Load() != 0; round++ {
		if round == inlineRounds || l.writer.slow.Load() {
			l.wakeWriter()
			return
		}
		if !l.writer.token.CompareAndSwap(false, true) {
			return
		}
		l.writePending()
		l.writer.token.Store(false)
	}
}

func (l *CommitLog) wakeWriter() {
	select {
	case l.writer.wake <- struct{}{}:
	default:
	}
}

// runWriter is the background writer; it also creates the next file ahead of need.
func (l *CommitLog) runWriter(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-l.writer.wake:
		}
		for l.pendingBytes.Load() != 0 && l.writer.token.CompareAndSwap(false, true) {
			l.writePending()
			l.writer.token.Store(false)
		}
	}
}

// runAllocator creates files, and gets blocks for the one that is written,
// before they are needed (Java: AllocateMappedFileService).
func (l *CommitLog) runAllocator(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-l.writer.ahead:
			if err := l.files.createAhead(); err != nil {
				l.log.Warn("the next commit log file could not be created ahead; it is tried again when needed", "err", err)
			}
			if err := l.files.reserveAhead(l.committed.Load()); err != nil {
				l.log.Warn("no disk space could be reserved for what comes next in the commit log", "err", err)
			}
		}
	}
}

// writePending writes one batch and completes it. The token is held. Law: there
// may be nothing pending any more, as whoever had the token before may have
// written what made the caller ask for it.
func (l *CommitLog) writePending() {
	l.mu.Lock()
	b := l.mu.pending
	if len(b.buf) == 0 {
		l.mu.Unlock()
		return
	}
	l.mu.pending = l.writer.spare
	l.pendingBytes.Store(0)
	l.mu.Unlock()

	status := PutOK
	if l.flags.bits.Load()&flagCommitLogError != 0 {
		status = ServiceNotAvailable
	} else if err := l.writeBatch(b); err != nil {
		status = l.fail("write", err)
	} else {
		l.committed.Store(b.end)
		l.lastStoreMs.Store(b.lastStoreMs)
	}
	l.writeComplete(b, status)
	b.reset()
	l.writer.spare = b
}

// errCreateFile marks that the file, not the write, is what failed.
var errCreateFile = errors.New("no file to write to")

func (l *CommitLog) writeBatch(b *batch) error {
	start := time.Now()
	l.writer.startMs.Store(start.UnixMilli())
	defer l.writer.startMs.Store(0)
	for i, sp := range b.spans {
		end := len(b.buf)
		if i+1 < len(b.spans) {
			end = b.spans[i+1].bufStart
		}
		if end == sp.bufStart {
			continue
		}
		if err := l.writeSpan(sp.phyOffset, b.buf[sp.bufStart:end]); err != nil {
			return err
		}
	}
	l.writeMeasure(time.Since(start))
	return nil
}

// writeSpan writes bytes that lie in one file.
func (l *CommitLog) writeSpan(phyOffset int64, p []byte) error {
	f := l.files.find(phyOffset)
	if f == nil {
		var err error
		fileStart := l.files.fileStart(phyOffset)
		if f, err = l.files.openAt(fileStart); err != nil {
			return fmt.Errorf("%w: %w", errCreateFile, err)
		}
		l.wantAhead()
	}
	from := phyOffset - f.startOffset
	end := from + int64(len(p))
	if reserved := f.reserved.Load(); reserved < l.files.fileBytes && end+reserveAheadBytes/2 > reserved {
		l.wantAhead()
	}
	if zeros := min(zerosAhead(from, end), l.files.fileBytes-end); zeros > 0 {
		n, err := f.file.WriteZeroPadded(p, int(zeros), from)
		if err != nil && !noSpace(err) {
			return err
		}
		if n >= len(p) {
			return nil
		}
		// There may still be space for p alone.
	}
	n, err := f.file.WriteAt(p, from)
	if err == nil && n != len(p) {
		err = fmt.Errorf("%d of %d bytes written", n, len(p))
	}
	return err
}

// zeroAheadBytes is the unit in which the log gets memory of the page cache. The
// first write into a unit writes zeros to its end: the kernel then takes one
// large piece of memory for it instead of a page at a time, and the writes that
// follow only copy. That halves what a written byte costs (docs/performance.md).
const zeroAheadBytes = 128 << 10

// zerosAhead is how many zeros a write of [from, end) brings along.
func zerosAhead(from, end int64) int64 {
	if firstUnit := (from + zeroAheadBytes - 1) / zeroAheadBytes * zeroAheadBytes; end <= firstUnit {
		return 0
	}
	return (zeroAheadBytes - end%zeroAheadBytes) % zeroAheadBytes
}

func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// wantAhead wakes the allocator.
func (l *CommitLog) wantAhead() {
	select {
	case l.writer.ahead <- struct{}{}:
	default:
	}
}

// writeMeasure decides who writes next: callers, or the background writer while the disk stalls.
func (l *CommitLog) writeMeasure(d time.Duration) {
	switch {
	case d > slowWrite:
		l.writer.fastWrites = 0
		if !l.writer.slow.Swap(true) {
			l.log.Info("commit log write was slow, writing in the background", "ms", d.Milliseconds())
		}
	case l.writer.slow.Load():
		if l.writer.fastWrites++; l.writer.fastWrites >= fastWritesBack {
			l.writer.slow.Store(false)
		}
	}
}

// fail makes the store not writeable for good.
func (l *CommitLog) fail(op string, err error) PutStatus {
	l.flags.set(flagCommitLogError)
	l.log.Error("commit log "+op+" failed: the store takes no messages until the disk is repaired and the broker restarted",
		"committed", l.committed.Load(), "flushed", l.flushed.Load(), "err", err)
	if errors.Is(err, errCreateFile) {
		return CreateMappedFileFailed
	}
	return ServiceNotAvailable
}

// writeComplete tells everyone of the batch who has nothing more to wait for, and
// hands the others to the flush or to the replica.
func (l *CommitLog) writeComplete(b *batch, status PutStatus) {
	waiting := 0
	for i := range b.waiters {
		w := &b.waiters[i]
		if status == PutOK && (w.waitFlush || w.waitReplica) {
			waiting++
			continue
		}
		w.result.Status = status
		w.cb.PutDone(&w.result)
	}
	if waiting > 0 {
		l.waits.add(l, b.waiters)
	}
	l.waits.wakeFlush()
	l.notify()
}
