package store

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// ErrNotContiguous tells that a piece of the log does not follow what is there.
var ErrNotContiguous = errors.New("store: the data does not follow the end of the log")

// ReadLog copies the raw log from phyOffset on into p and returns how much: no
// further than MaxPhyOffset and the end of the file. It serves slaves.
func (s *MessageStore) ReadLog(p []byte, phyOffset int64) (int, error) {
	limit := s.commitLog.maxPhyOffset()
	if phyOffset < 0 || phyOffset > limit {
		return 0, fmt.Errorf("%w: offset %d, the log ends at %d", errNoData, phyOffset, limit)
	}
	n, err := s.commitLog.readAt(p[:min(int64(len(p)), limit-phyOffset)], phyOffset)
	if errors.Is(err, errNoData) && phyOffset == limit {
		return 0, nil
	}
	return n, err
}

// LogFileStart is the offset of the first byte of the file that holds phyOffset.
func (s *MessageStore) LogFileStart(phyOffset int64) int64 {
	return s.commitLog.files.fileStart(phyOffset)
}

// AppendLog appends a raw piece of the master's log, which may end within a
// record, and dispatches what became whole (Java: appendToCommitLog). An empty
// log begins wherever the first piece does. Errors: ErrNotContiguous; a failed
// write, after which the store is not writeable.
func (s *MessageStore) AppendLog(phyOffset int64, data []byte) error {
	l := s.commitLog
	if s.flags.bits.Load()&(flagShutdown|flagCommitLogError) != 0 {
		return fmt.Errorf("the store takes no data: %s", s.flags.reasons())
	}
	for !l.writer.token.CompareAndSwap(false, true) {
		runtime.Gosched()
	}
	defer l.writer.token.Store(false)
	end := l.committed.Load()
	if end == 0 && len(l.files.snapshot()) == 0 {
		l.setEnd(phyOffset)
		s.reput.from.Store(phyOffset)
	} else if phyOffset != end {
		return fmt.Errorf("%w: offset %d, end %d", ErrNotContiguous, phyOffset, end)
	}
	for at := phyOffset; len(data) > 0; {
		n := min(int64(len(data)), l.files.fileStart(at)+l.files.fileBytes-at)
		if err := l.writeSpan(at, data[:n]); err != nil {
			l.fail("write", err)
			return err
		}
		at, data = at+n, data[n:]
		l.mu.Lock()
		l.mu.next = at
		l.mu.Unlock()
		l.committed.Store(at)
	}
	l.waits.wakeFlush()
	l.notify()
	return nil
}

// BecomeMaster prepares a slave's store for messages of its own: what came of
// the last record is cut off if it is not whole, and the queues go on behind
// their last entries. The caller has stopped AppendLog and changes brokerRole after it.
func (s *MessageStore) BecomeMaster() error {
	l := s.commitLog
	for !l.writer.token.CompareAndSwap(false, true) {
		runtime.Gosched()
	}
	defer l.writer.token.Store(false)
	for s.reput.reached.Load() != l.committed.Load() { // committed stands still: the token is ours
		l.waits.wakeFlush()
		s.reput.notify()
		time.Sleep(time.Millisecond)
	}
	// Less than committed: a record came in part. More: a blank record did.
	if end := s.reput.from.Load(); end != l.committed.Load() {
		if err := l.files.truncate(end); err != nil {
			return err
		}
		l.setEnd(end)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range s.queues.all() {
		q.next = q.max.Load()
	}
	return nil
}
