package store

import "time"

// queueFlusher is the state of the queue flush loop (Java: FlushConsumeQueueService).
type queueFlusher struct {
	lastThorough time.Time
	lastOffset   int64         // dispatched offset of the last checkpoint
	lastTook     time.Duration // how long it took
}

const (
	// checkpointBytesMax: so much log is dispatched at most between two
	// checkpoints, for a start after a crash reads it again.
	checkpointBytesMax = 256 << 20
	// checkpointShare bounds the time spent in checkpoints to one part in so many.
	checkpointShare = 10
)

// runQueueFlush writes the tails of the consume queues every
// flushIntervalConsumeQueue, and makes a checkpoint every
// flushConsumeQueueThoroughInterval or when much has been dispatched.
func (s *MessageStore) runQueueFlush(stop <-chan struct{}) {
	for {
		timer := time.NewTimer(ms(s.cfg.Load().FlushIntervalConsumeQueue))
		select {
		case <-stop:
			timer.Stop()
			return
		case <-timer.C:
		}
		s.queues.flush()
		if s.checkpointDue() {
			s.makeCheckpoint()
		}
	}
}

func (s *MessageStore) checkpointDue() bool {
	f := &s.flusher
	since := time.Since(f.lastThorough)
	if since < f.lastTook*checkpointShare {
		return false
	}
	dispatched := s.reput.from.Load() - f.lastOffset
	return dispatched >= checkpointBytesMax || (dispatched > 0 && since >= ms(s.cfg.Load().FlushConsumeQueueThoroughInterval))
}

// makeCheckpoint makes queues and index durable as far as they were dispatched
// when it began, and then says so in the checkpoint. The order is the law: what
// the checkpoint vouches for is durable before the checkpoint is written.
func (s *MessageStore) makeCheckpoint() {
	began := time.Now()
	v := s.checkpoint.value
	// The time first: its record is then before the offset, and in its queue.
	logicsMs := s.reput.lastStoreMs.Load()
	dispatched, flushed := s.reput.from.Load(), s.commitLog.flushed.Load()
	if flushedMs := s.commitLog.flushedStoreMs.Load(); flushedMs != 0 {
		v.physicMs = flushedMs
	} else if logicsMs != 0 && dispatched <= flushed {
		v.physicMs = logicsMs // a slave learns no times when it copies the log
	}
	if logicsMs != 0 {
		v.logicsMs = logicsMs
	}
	v.safeOffset = min(dispatched, flushed)
	if !s.queues.sync() {
		return
	}
	if indexMs, err := s.index.Flush(); err != nil {
		s.log.Error("index files cannot be made durable", "err", err)
	} else if indexMs != 0 {
		v.indexMs = indexMs
	}
	if err := s.checkpoint.save(v); err != nil {
		s.log.Error("checkpoint not written, a start after a crash will read more of the log", "err", err)
	}
	s.flusher = queueFlusher{lastThorough: time.Now(), lastOffset: dispatched, lastTook: time.Since(began)}
}
