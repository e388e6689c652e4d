package store

import (
	"time"

	"github.com/boostermq/booster/codec"
)

// NoWait is implemented by callbacks of messages whose sender set WAIT=false
// when the broker has taken that property out of the stored text: they hear as
// soon as the record is written, whatever flushDiskType and brokerRole say.
type NoWait interface{ NoWait() bool }

// PutMessage appends m to the pending batch; it copies what it needs before it
// returns. cb, which may be nil, hears the outcome once, after some CommitPending.
// A message without StoreHost gets the broker's.
func (s *MessageStore) PutMessage(m *codec.Message, cb PutCallback) {
	e := s.encoders.get()
	st := s.putCheck(m)
	if st == PutOK && s.cfg.Load().EnableMultiDispatch {
		if names, ok := codec.GetProperty(m.Properties, codec.PropertyInnerMultiDispatch); ok {
			s.putMulti(e, m, names, cb)
			return
		}
	}
	if st == PutOK {
		st = e.encodeOne(m)
	}
	s.putAppend(e, st, m, cb)
}

// PutMessages appends a 320 batch: m.Body is the batch body, m.Properties the
// batch-level properties which are added to those of each message.
func (s *MessageStore) PutMessages(m *codec.Message, cb PutCallback) {
	e := s.encoders.get()
	st := s.putCheck(m)
	if st == PutOK && codec.TransactionType(m.SysFlag) != codec.TransactionNotType {
		st = MessageIllegal
	}
	if st == PutOK {
		st = e.encodeBatch(m)
	}
	s.putAppend(e, st, m, cb)
}

// CommitPending writes what PutMessage left pending, in one write, and
// completes whatever waited only for that. Safe from anywhere, cheap when
// nothing is pending; it does not wait for a disk that was found slow before.
func (s *MessageStore) CommitPending() { s.commitLog.commitPending() }

// putCheck tells why m cannot be stored, PutOK if it can.
func (s *MessageStore) putCheck(m *codec.Message) PutStatus {
	cfg := s.cfg.Load()
	switch {
	case !s.flags.writeable(), cfg.BrokerRole == Slave:
		return ServiceNotAvailable
	case s.commitLog.busy(cfg):
		return OSPageCacheBusy
	case len(m.Topic) > maxTopicBytes, len(m.Body) > cfg.MaxMessageSize:
		return MessageIllegal
	}
	if !m.StoreHost.IsValid() {
		m.StoreHost = s.storeHost
	}
	return PutOK
}

// putAppend ends a PutMessage(s): it hands the records to the log, or tells cb why not.
func (s *MessageStore) putAppend(e *encoder, st PutStatus, m *codec.Message, cb PutCallback) {
	if st == PutOK {
		st = s.putEncoded(e, m, cb)
	}
	s.encoders.put(e)
	if st != PutOK && cb != nil {
		cb.PutDone(&PutResult{Status: st})
	}
}

func (s *MessageStore) putEncoded(e *encoder, m *codec.Message, cb PutCallback) PutStatus {
	cfg := s.cfg.Load()
	if int64(len(e.rec))+blankBytes > s.commitLog.files.fileBytes || (!e.batch && len(e.rec) > cfg.MaxMessageSize+recordExtraBytes) {
		return MessageIllegal
	}
	var q *ConsumeQueue
	if tran := codec.TransactionType(m.SysFlag); tran != codec.TransactionPreparedType && tran != codec.TransactionRollbackType {
		if q = s.queues.findOrCreate(m.Topic, m.QueueID); q == nil {
			return MessageIllegal
		}
	}
	flush, replica := cfg.FlushDiskType == SyncFlush, cfg.BrokerRole == SyncMaster
	if (flush || replica) && !putWaits(m, cb) {
		flush, replica = false, false
	}
	return s.commitLog.append(e, q, cb, flush, replica)
}

// putWaits tells that the sender wants to wait for disk and slave (Java: isWaitStoreMsgOK).
func putWaits(m *codec.Message, cb PutCallback) bool {
	if n, ok := cb.(NoWait); ok && n.NoWait() {
		return false
	}
	v, ok := codec.GetProperty(m.Properties, codec.PropertyWaitStoreMsgOK)
	return !ok || v == "" || v == "true"
}

// busy tells that a write has been under way for too long (Java: isOSPageCacheBusy).
func (l *CommitLog) busy(cfg *Config) bool {
	start := l.writer.startMs.Load()
	return start != 0 && time.Now().UnixMilli()-start > cfg.OsPageCacheBusyTimeOutMills
}

// PutMessageSync is PutMessage, CommitPending and the wait for the outcome. Not
// for event loops.
func (s *MessageStore) PutMessageSync(m *codec.Message) PutResult {
	w := syncPut{done: make(chan struct{})}
	s.PutMessage(m, &w)
	s.CommitPending()
	<-w.done
	return w.result
}

type syncPut struct {
	result PutResult
	done   chan struct{}
}

func (w *syncPut) PutDone(r *PutResult) {
	w.result = *r
	w.result.BatchOffsets = append([]int64(nil), r.BatchOffsets...)
	close(w.done)
}
