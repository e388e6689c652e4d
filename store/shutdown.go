package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// createAbort marks the store as open: if the file is still there at the next
// start, the process died.
func (s *MessageStore) createAbort() error {
	f, err := s.fs.OpenFile(s.abortPath(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("create abort file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("create abort file: %w", err)
	}
	return s.fs.SyncDir(filepath.Dir(s.abortPath()))
}

// Shutdown writes and flushes everything, answers everybody who waits and
// releases the folder. The abort file goes only when nothing is left behind:
// all dispatched, all durable. Call it once.
func (s *MessageStore) Shutdown() error {
	s.flags.set(flagShutdown)
	close(s.stop)
	s.running.Wait()
	s.commitLog.drain()
	s.reput.dispatch(s.reput.limit())
	err := s.shutdownPartialRecord()
	s.makeCheckpoint()
	err = errors.Join(err, s.index.Shutdown())
	if s.shutdownClean() {
		if errRemove := s.fs.Remove(s.abortPath()); errRemove != nil && !errors.Is(errRemove, fs.ErrNotExist) {
			err = errors.Join(err, errRemove)
		} else if errSync := s.fs.SyncDir(filepath.Dir(s.abortPath())); errSync != nil {
			err = errors.Join(err, errSync)
		}
	} else {
		s.log.Warn("the store could not be stopped cleanly, the next start will recover it", "reason", s.flags.reasons(), "undispatchedBytes", s.DispatchBehindBytes())
	}
	return errors.Join(err, s.close())
}

// shutdownPartialRecord cuts off what a slave has of a record that is not whole
// yet: it would have to be recovered, and the master sends it again.
func (s *MessageStore) shutdownPartialRecord() error {
	end := s.reput.from.Load()
	if l := s.commitLog; s.cfg.Load().BrokerRole == Slave && end < l.committed.Load() && l.flushed.Load() == l.committed.Load() {
		if err := l.files.truncate(end); err != nil {
			return err
		}
		l.setEnd(end)
	}
	return nil
}

func (s *MessageStore) shutdownClean() bool {
	return s.flags.bits.Load() == flagShutdown && s.DispatchBehindBytes() == 0 &&
		s.commitLog.flushed.Load() == s.commitLog.committed.Load() && s.queues.failing.Load() == 0
}

// close releases files and lock.
func (s *MessageStore) close() error {
	err := errors.Join(s.queues.cache.close(), s.commitLog.files.close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
		s.lock = nil
	}
	return err
}

// drain writes and flushes the last batches. Its goroutines have ended; callers
// of commitPending may still be there.
func (l *CommitLog) drain() {
	l.mu.Lock()
	l.mu.closed = true
	l.mu.Unlock()
	for l.pendingBytes.Load() != 0 || l.writer.token.Load() {
		if !l.writer.token.CompareAndSwap(false, true) {
			runtime.Gosched()
			continue
		}
		if l.pendingBytes.Load() != 0 {
			l.writePending()
		}
		l.writer.token.Store(false)
	}
	l.flush()
	l.waits.flush.close(ServiceNotAvailable)
	l.waits.replica.close(FlushSlaveTimeout)
}
