package store

import (
	"strconv"
	"strings"
	"unsafe"

	"github.com/boostermq/booster/codec"
)

// One record in several queues (Java: MultiDispatch, LmqDispatch; off unless
// enableMultiDispatch). The property INNER_MULTI_DISPATCH names further queues,
// separated by commas; the store adds INNER_MULTI_QUEUE_OFFSET, the record's
// offset in each, in the same order. A light queue (%LMQ%…, with enableLmq) has
// queue id 0 only, any other name means the message's queue id.

// multiTarget is a further queue and the offset that was written into the record for it.
type multiTarget struct {
	q      *ConsumeQueue
	offset int64
}

// statusMultiMoved is not an outcome for callers: an offset was taken by
// another record between encoding and append, so the record must be encoded again.
const statusMultiMoved PutStatus = -1

// maxMultiQueues bounds what one message can cause.
const maxMultiQueues = 128

// multiCurrent tells that the offsets in the record are still those to be
// given; CommitLog.mu is held.
func (e *encoder) multiCurrent() bool {
	for _, m := range e.multi {
		if m.q.next != m.offset {
			return false
		}
	}
	return true
}

func multiQueueID(cfg *Config, name string, queueID int32) int32 {
	if cfg.EnableLmq && codec.IsLMQ(name) {
		return 0
	}
	return queueID
}

// putMulti is PutMessage for a message with further queues.
func (s *MessageStore) putMulti(e *encoder, m *codec.Message, names string, cb PutCallback) {
	cfg := s.cfg.Load()
	for name := range strings.SplitSeq(names, ",") {
		if cfg.EnableLmq && codec.IsLMQ(name) && s.queues.find(name, 0) == nil && s.queues.lightQueues() >= cfg.MaxLmqConsumeQueueNum {
			s.putAppend(e, LMQConsumeQueueNumExceeded, m, cb)
			return
		}
		q := s.queues.findOrCreate(name, multiQueueID(cfg, name, m.QueueID))
		if q == nil || len(e.multi) == maxMultiQueues {
			s.putAppend(e, MessageIllegal, m, cb)
			return
		}
		e.multi = append(e.multi, multiTarget{q: q})
	}
	item := *m
	st := statusMultiMoved
	for st == statusMultiMoved {
		var offsets []byte
		s.commitLog.mu.Lock()
		for i := range e.multi {
			e.multi[i].offset = e.multi[i].q.next
			offsets = append(strconv.AppendInt(offsets, e.multi[i].offset, 10), ',')
		}
		s.commitLog.mu.Unlock()
		e.props = codec.DeleteProperty(e.props[:0], m.Properties, codec.PropertyInnerMultiQueueOffset)
		e.props = codec.AppendProperty(e.props, codec.PropertyInnerMultiQueueOffset, string(offsets[:len(offsets)-1]))
		item.Properties = unsafe.String(unsafe.SliceData(e.props), len(e.props))
		if st = e.encodeOne(&item); st == PutOK {
			st = s.putEncoded(e, &item, cb)
		}
	}
	if st == PutOK {
		s.encoders.put(e)
		return
	}
	s.putAppend(e, st, m, cb)
}

// dispatchMulti puts the record into its further queues, without unit in
// consumequeue_ext. Its bit map tells only of who filters its own topic.
func (r *reputService) dispatchMulti(cfg *Config, v *codec.DispatchView) {
	names, _ := codec.GetProperty(v.Properties, codec.PropertyInnerMultiDispatch)
	offsets, ok := codec.GetProperty(v.Properties, codec.PropertyInnerMultiQueueOffset)
	for n := 0; ok && names != "" && n < maxMultiQueues; n++ {
		var name, text string
		name, names, _ = strings.Cut(names, ",")
		text, offsets, _ = strings.Cut(offsets, ",")
		offset, err := strconv.ParseInt(text, 10, 64)
		q := r.queues.findOrCreate(name, multiQueueID(cfg, name, v.QueueID))
		if err != nil || q == nil {
			r.complain(name, "a record cannot go into one of its further queues", v, err)
			continue
		}
		if err := q.append(cqEntry{phyOffset: v.CommitLogOffset, sizeBytes: v.SizeBytes, tagsCode: v.TagsCode}, offset, nil); err != nil {
			r.complain(name, "a record does not fit one of its further queues and is skipped", v, err)
		}
		if r.arriving != nil && cfg.BrokerRole != Slave {
			r.arriving.Arriving(q.topic, q.queueID, offset+1, v.TagsCode, v.StoreTimestampMs, nil, v.Properties)
		}
	}
}

// lightQueues counts the light queues.
func (t *queueTable) lightQueues() (n int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for topic := range t.mu.topics {
		if codec.IsLMQ(topic) {
			n++
		}
	}
	return n
}
