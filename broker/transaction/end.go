package transaction

import (
	"fmt"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// Answer is the answer to a request: a response code and its remark.
type Answer struct {
	Code   int32
	Remark string
}

// Remarks of the answers to 37 and 323 (spec: broker.md §7, §11).
const (
	remarkNotSet       = "not set any response code" // Java leaves it where the handler sets none
	remarkFieldWrong   = "commitOrRollback field wrong"
	remarkNotFound     = "Find prepared transaction message failed"
	remarkGroupWrong   = "The producer group wrong"
	remarkTableWrong   = "The transaction state table offset wrong"
	remarkOffsetWrong  = "The commit log offset wrong"
	remarkResumeFailed = "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed."
)

// End serves 37 END_TRANSACTION: it commits or rolls back the half message the
// header points at. nil = no answer. It waits for the store: not for event loops.
//
// Behavior: the checks, their order and their remarks are those of Java's
// EndTransactionProcessor. A commit that is on its way while another one arrives
// makes the other wait; what has been ended before, under this or another copy,
// succeeds and does nothing but note that this copy is ended too.
//
// Differences from Java: the record must be a half message; a second commit does
// not deliver again.
func (s *Service) End(h *codec.EndTransactionRequestHeader) *Answer {
	switch h.CommitOrRollback {
	case codec.TransactionNotType: // the producer does not know yet
		return nil
	case codec.TransactionCommitType, codec.TransactionRollbackType:
	default:
		return &Answer{codec.SystemError, remarkFieldWrong}
	}
	if s.o.Config().Slave {
		return &Answer{codec.SlaveNotAvailable, remarkNotSet}
	}
	m, ok := s.endLook(h.CommitLogOffset)
	if !ok {
		return &Answer{codec.SystemError, remarkNotFound}
	}
	if remark := endCheck(&m, h); remark != "" {
		return &Answer{codec.SystemError, remark}
	}
	root := rootOf(m.Properties, m.QueueOffset)
	if s.endings.claim(root) {
		s.endAgain(m.QueueOffset)
		return &Answer{Code: codec.Success}
	}
	answer := s.endFirst(&m, h.CommitOrRollback == codec.TransactionCommitType)
	ended := answer.Code == codec.Success
	if ended {
		s.endings.mark(m.QueueOffset)
	}
	s.endings.release(root, ended)
	return answer
}

// endLook reads the half message at a physical offset. It owns its bytes.
func (s *Service) endLook(phyOffset int64) (m codec.Message, ok bool) {
	if phyOffset < 0 {
		return m, false
	}
	rec, ok := s.store.LookMessageByOffset(phyOffset)
	if !ok {
		return m, false
	}
	if _, err := codec.DecodeRecord(rec, &m, codec.DecodeOptions{CheckCRC: true}); err != nil {
		s.log.Error("a half message cannot be read", "offset", phyOffset, "err", err)
		return m, false
	}
	return m, m.Topic == codec.TransHalfTopic
}

// endCheck compares the record with what the producer says of it; "" = good.
func endCheck(m *codec.Message, h *codec.EndTransactionRequestHeader) (remark string) {
	group, _ := codec.GetProperty(m.Properties, codec.PropertyProducerGroup)
	switch {
	case group == "" || group != h.ProducerGroup:
		return remarkGroupWrong
	case m.QueueOffset != h.TranStateTableOffset:
		return remarkTableWrong
	case m.CommitLogOffset != h.CommitLogOffset:
		return remarkOffsetWrong
	}
	return ""
}

// endFirst does what the producer decided: the final message, then the op
// message. Is only the latter missing, the transaction is ended none the less:
// at worst, after a crash, the producer is asked once more.
func (s *Service) endFirst(half *codec.Message, commit bool) *Answer {
	answer := &Answer{Code: codec.Success, Remark: remarkNotSet} // Java's answer to a rollback
	if commit {
		final := *half
		if err := toFinal(&final); err != nil {
			s.log.Error("a half message has no destination", "queueOffset", half.QueueOffset, "err", err)
			return &Answer{codec.SystemError, err.Error()}
		}
		res := s.put(&final, false)
		if answer = s.finalAnswer(res.Status); answer.Code != codec.Success {
			return answer
		}
		if s.o.Committed != nil {
			s.o.Committed(final.Topic, final.QueueID, int(res.SizeBytes))
		}
	}
	s.putOp(half.QueueOffset)
	if commit {
		s.commits.Add(1)
	} else {
		s.rollbacks.Add(1)
	}
	return answer
}

// Ended returns how many half messages this process has ended by 37.
func (s *Service) Ended() (commits, rollbacks int64) { return s.commits.Load(), s.rollbacks.Load() }

// endAgain notes that a copy of an ended message is ended too, once for each copy.
func (s *Service) endAgain(halfOffset int64) {
	if s.endings.mark(halfOffset) {
		s.putOp(halfOffset)
	}
}

func (s *Service) putOp(halfOffset int64) {
	if res := s.put(s.opMessage(halfOffset), true); !res.Status.Stored() {
		s.log.Error("the end of a transaction could not be noted", "queueOffset", halfOffset, "status", res.Status.String())
	}
}

// finalAnswer is the answer to a commit.
func (s *Service) finalAnswer(status store.PutStatus) *Answer {
	if status.Stored() {
		return &Answer{Code: codec.Success}
	}
	switch status {
	case store.CreateMappedFileFailed:
		return &Answer{codec.SystemError, "Create mapped file failed."}
	case store.MessageIllegal, store.PropertiesSizeExceeded:
		return &Answer{codec.MessageIllegal, fmt.Sprintf("The message is illegal, maybe msg body or properties length not matched. "+
			"msg body length limit %dB, msg properties length limit 32KB.", s.o.Config().MaxMessageBytes)}
	case store.ServiceNotAvailable:
		return &Answer{codec.ServiceNotAvailable, "Service not available now."}
	case store.OSPageCacheBusy:
		return &Answer{codec.SystemError, "OS page cache busy, please try another machine"}
	case store.UnknownError:
		return &Answer{codec.SystemError, "UNKNOWN_ERROR"}
	default:
		return &Answer{codec.SystemError, "UNKNOWN_ERROR DEFAULT"}
	}
}
