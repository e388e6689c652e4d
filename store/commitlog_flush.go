package store

import "time"

// pageBytes is the unit of the …LeastPages settings.
const pageBytes = 4096

// runFlush makes the log durable (Java: GroupCommitService in SYNC_FLUSH,
// FlushRealTimeService in ASYNC_FLUSH). One fdatasync serves all who came
// while the one before ran.
func (l *CommitLog) runFlush(stop <-chan struct{}) {
	lastThorough := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		cfg := l.cfg.Load()
		timer.Reset(ms(cfg.FlushIntervalCommitLog))
		woken := false
		select {
		case <-stop:
			return
		case <-l.flushWakes(cfg):
			woken = true
		case <-timer.C:
		}
		leastPages := cfg.FlushCommitLogLeastPages
		if time.Since(lastThorough) >= ms(cfg.FlushCommitLogThoroughInterval) {
			lastThorough, leastPages = time.Now(), 0
		}
		if woken && cfg.FlushDiskType == SyncFlush || l.waits.flush.len() > 0 { // the type may have changed since they came
			leastPages = 0
		}
		if dirty := l.committed.Load() - l.flushed.Load(); dirty > 0 && dirty >= int64(leastPages)*pageBytes {
			l.flush()
		} else {
			l.waits.flushDone(l, l.flushed.Load()) // for who came after the flush that covered him
		}
	}
}

// flushWakes is the channel that ends the sleep of the flush loop early; in
// ASYNC_FLUSH only flushCommitLogTimed=false wants that.
func (l *CommitLog) flushWakes(cfg *Config) <-chan struct{} {
	if cfg.FlushDiskType == SyncFlush || !cfg.FlushCommitLogTimed {
		return l.waits.flushWake
	}
	return nil
}

// flush makes everything committed durable and completes who waited for it. It
// is called by one goroutine at a time.
func (l *CommitLog) flush() {
	if l.flags.bits.Load()&flagCommitLogError != 0 {
		l.waits.close(ServiceNotAvailable)
		return
	}
	storeMs := l.lastStoreMs.Load() // before committed: its record is then within
	from, to := l.flushed.Load(), l.committed.Load()
	for at := from; at < to; at = l.files.fileStart(at) + l.files.fileBytes {
		f := l.files.find(at)
		if f == nil || !f.acquire() {
			continue // deleted: nobody waits for it
		}
		err := l.files.sync(f)
		if errRelease := f.release(); err == nil {
			err = errRelease
		}
		if err != nil {
			// After a failed fsync the kernel may have dropped the dirty pages:
			// a second one would succeed and prove nothing.
			l.waits.close(l.fail("sync", err))
			return
		}
	}
	l.flushed.Store(to)
	l.flushedStoreMs.Store(storeMs)
	l.waits.flushDone(l, to)
	l.notify()
}
