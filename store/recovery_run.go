package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"github.com/boostermq/booster/codec"
)

// abortPath is the file that exists while the store is open.
func (s *MessageStore) abortPath() string {
	return filepath.Join(s.cfg.Load().StorePathRootDir, "abort")
}

// lastStop looks for the abort file.
func (s *MessageStore) lastStop() (stopState, error) {
	_, err := s.fs.Stat(s.abortPath())
	switch {
	case err == nil:
		return stopUnclean, nil
	case errors.Is(err, fs.ErrNotExist):
		return stopClean, nil
	}
	return 0, fmt.Errorf("look for the abort file: %w", err)
}

// recover brings log, queues and index into agreement, see recoveryCases. When
// it returns, everything in the log is dispatched.
func (s *MessageStore) recover(stop stopState) error {
	began := time.Now()
	st, err := s.recoverLook(stop)
	if err != nil {
		return err
	}
	c, err := findRecoveryCase(st)
	if err != nil {
		return err
	}
	start, cut := s.recoverStart(c.start)
	s.log.Info("recovering the store", "case", c.letter, "clean", stop == stopClean, "from", start)
	if cut != allEntries {
		if err := s.recoverCut(cut); err != nil {
			return fmt.Errorf("recover consume queues: %w", err)
		}
		if s.queues.anyDamaged() && c.start != scanFirst {
			return s.recover(stop) // the damage came to light while cutting: case H
		}
	}
	end, err := s.recoverLog(start, stop == stopClean)
	if err != nil {
		return fmt.Errorf("recover commit log: %w", err)
	}
	if cut == allEntries {
		if err := s.recoverCutQueues(end); err != nil {
			return fmt.Errorf("recover consume queues: %w", err)
		}
	}
	if err := s.queues.recoverExt(cut != allEntries); err != nil {
		return err
	}
	if err := s.recoverDispatch(start, end, stop == stopClean); err != nil {
		return err
	}
	if c.start != scanFirst && s.queues.gapsAreDamage() {
		return s.recover(stop)
	}
	s.log.Info("store recovered", "case", c.letter, "min", s.commitLog.minPhyOffset(), "max", end, "ms", time.Since(began).Milliseconds())
	return nil
}

// recoverLook finds out which situation this is. Afterwards the queues are
// loaded with everything that is written in their files.
func (s *MessageStore) recoverLook(stop stopState) (st situation, err error) {
	st = situation{stop: stop, log: logFilled, queues: queuesNone, mark: markBad, times: timesBad}
	if len(s.queues.all()) == 0 {
		if err := s.queues.load(stop == stopClean); err != nil {
			return st, err
		}
		if err := s.queues.recover(allEntries, false); err != nil {
			return st, err
		}
	}
	if len(s.commitLog.files.snapshot()) == 0 {
		st.log = logEmpty
		return st, nil
	}
	// Until recoverLog knows better, all that is on disk may be read.
	s.commitLog.committed.Store(s.commitLog.files.end())
	switch q := s.queues.last(); {
	case s.queues.anyDamaged():
		st.queues = queuesDamaged
	case q == nil:
	case s.tailFits(q):
		st.queues = queuesTail
	default:
		st.queues = queuesWrong
	}
	if s.markFits(s.checkpoint.value.safeOffset) {
		st.mark = markGood
	}
	if s.timesFile() != nil {
		st.times = timesGood
	}
	return st, nil
}

// tailFits tells that the last entry of q points at the record it stands for.
func (s *MessageStore) tailFits(q *ConsumeQueue) bool {
	index := q.max.Load() - 1
	e, ok := q.entry(index)
	if !ok {
		return false
	}
	var v codec.DispatchView
	_, ok = s.commitLog.copyRecord(e.phyOffset, &v)
	return ok && v.SizeBytes == e.sizeBytes && v.Topic == q.topic && v.QueueID == q.queueID && v.QueueOffset == index
}

// markFits tells that the log can have a record boundary at offset.
func (s *MessageStore) markFits(offset int64) bool {
	first, end := s.commitLog.minPhyOffset(), s.commitLog.files.end()
	switch {
	case offset < first || offset > end:
		return false
	case offset == end || offset == first:
		return true
	}
	var head [blankBytes]byte
	if n, err := s.commitLog.readAt(head[:], offset); err != nil || n < blankBytes {
		return false
	}
	if head == [blankBytes]byte{} || int32(binary.BigEndian.Uint32(head[magicPos:])) == codec.BlankMagic {
		return true
	}
	var v codec.DispatchView
	_, ok := s.commitLog.copyRecord(offset, &v)
	return ok
}

// checkpointSlackMs is how much earlier than the checkpoint Java begins, for the
// times are not taken under the append lock.
const checkpointSlackMs = 3000

// timesFile is the last file whose first record is older than the checkpoint's times (Java: isMappedFileMatchedRecover).
func (s *MessageStore) timesFile() *logFile {
	cp := s.checkpoint.value
	limit := min(cp.physicMs, cp.logicsMs)
	if cfg := s.cfg.Load(); cfg.MessageIndexEnable && cfg.MessageIndexSafe {
		limit = min(limit, cp.indexMs)
	}
	list := s.commitLog.files.snapshot()
	for i := len(list) - 1; i >= 0; i-- {
		head := make([]byte, minRecordBytes)
		n, err := s.commitLog.readAt(head, list[i].startOffset)
		if err != nil || n < minRecordBytes || int32(binary.BigEndian.Uint32(head[magicPos:])) != codec.MessageMagic {
			continue
		}
		if storeMs := codec.RecordStoreTimestampMs(head); storeMs != 0 && storeMs <= limit-checkpointSlackMs {
			return list[i]
		}
	}
	return nil
}

// recoverStart says where to read the log from and which queue entries to cut.
func (s *MessageStore) recoverStart(start scanStart) (from, cut int64) {
	list := s.commitLog.files.snapshot()
	switch start {
	case scanFromTail:
		q := s.queues.last()
		e, _ := q.entry(q.max.Load() - 1)
		return e.phyOffset, allEntries
	case scanThirdLast:
		from = list[max(0, len(list)-3)].startOffset
	case scanFromMark:
		from = s.checkpoint.value.safeOffset
	case scanFromTimes:
		from = s.timesFile().startOffset
	case scanFirst:
		from = list[0].startOffset
	case scanNothing:
		from = 0
	}
	return from, from
}

// recoverCut cuts the queue entries of all records from cut on. Should this
// recovery be interrupted, or the process be killed before the entries are made
// again, the next one must not find a checkpoint that vouches for them: abort
// file and checkpoint are put right first.
func (s *MessageStore) recoverCut(cut int64) error {
	if err := s.createAbort(); err != nil {
		return err
	}
	v := s.checkpoint.value
	if v.safeOffset != cut {
		v.safeOffset, v.logicsMs = cut, min(v.logicsMs, s.storeTimeAt(cut))
		if err := s.checkpoint.save(v); err != nil {
			return err
		}
	}
	if err := s.queues.discardDamaged(); err != nil {
		return err
	}
	return s.queues.recover(cut, true)
}

// storeTimeAt is the store time of the record at offset, 0 when there is none
// or it is the first of the log.
func (s *MessageStore) storeTimeAt(offset int64) int64 {
	var v codec.DispatchView
	if _, ok := s.commitLog.copyRecord(offset, &v); !ok || offset == s.commitLog.minPhyOffset() {
		return 0
	}
	return v.StoreTimestampMs
}

// recoverLog finds the end of the log, makes it end there and durable.
func (s *MessageStore) recoverLog(start int64, clean bool) (end int64, err error) {
	files := s.commitLog.files
	if len(files.snapshot()) == 0 {
		s.commitLog.setEnd(0)
		return 0, nil
	}
	sc := logScan{log: s.commitLog, checkCRC: s.cfg.Load().CheckCRCOnRecover, durableMs: s.checkpoint.value.physicMs, slog: s.log}
	if clean {
		sc.durableMs = math.MaxInt64
	}
	if end, err = sc.run(start); err != nil {
		return 0, err
	}
	if end, err = sc.tornLast(end); err != nil {
		return 0, err
	}
	for at := start; at < end && !clean; at = files.fileStart(at) + files.fileBytes {
		if err := files.sync(files.find(at)); err != nil {
			return 0, err
		}
	}
	if !clean || s.recoverGarbage(end) {
		// Whoever is interrupted here leaves a file without its length behind: not a clean stop any more.
		if err := s.createAbort(); err != nil {
			return 0, err
		}
		if err := files.truncate(end); err != nil {
			return 0, err
		}
	}
	s.commitLog.setEnd(end)
	return end, nil
}

// recoverGarbage tells that something stands behind the end of a log that was
// stopped cleanly: a Java broker does not clear what it cuts off.
func (s *MessageStore) recoverGarbage(end int64) bool {
	list := s.commitLog.files.snapshot()
	if last := list[len(list)-1]; last.startOffset > s.commitLog.files.fileStart(end) || last.startOffset == end {
		return true
	}
	buf := make([]byte, pageBytes)
	n, err := s.commitLog.readAt(buf, end)
	if err != nil {
		return false
	}
	for _, b := range buf[:n] {
		if b != 0 {
			return true
		}
	}
	return false
}

// recoverCutQueues cuts the entries behind the end of the log.
func (s *MessageStore) recoverCutQueues(end int64) error {
	return s.queues.forAll(func(q *ConsumeQueue) error {
		if q.mu.maxPhy <= end {
			return nil
		}
		return q.recover(end, true)
	})
}

// recoverDispatch loads the index and dispatches the log from start on.
func (s *MessageStore) recoverDispatch(start, end int64, clean bool) error {
	if !s.indexLoaded {
		if err := s.index.Load(clean, s.checkpoint.value.indexMs); err != nil {
			return fmt.Errorf("load index: %w", err)
		}
		s.indexLoaded = true
	}
	if err := s.index.Truncate(end); err != nil {
		return fmt.Errorf("truncate index: %w", err)
	}
	s.reput.from.Store(start)
	s.reput.dispatch(end)
	s.reput.from.Store(end)
	minPhy := s.commitLog.minPhyOffset()
	return s.queues.forAll(func(q *ConsumeQueue) error {
		q.correctMin(minPhy)
		q.next = q.max.Load()
		return nil
	})
}
