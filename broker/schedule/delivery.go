package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// batch is what is read from one level and appended in one go.
type batch struct {
	read  store.GetResult
	items [batchMessages]batchItem
	n     int
	puts  sync.WaitGroup
}

const (
	batchMessages = 32
	// keepBufferBytes is what a batch keeps of its buffer for the next one.
	keepBufferBytes = 1 << 20
)

// batchItem is one message on its way into the log.
type batchItem struct {
	offset  int64 // in the queue of its level
	topic   string
	queueID int32
	puts    *sync.WaitGroup
	status  store.PutStatus
	size    int32
}

// PutDone implements store.PutCallback.
func (it *batchItem) PutDone(r *store.PutResult) {
	it.status, it.size = r.Status, r.SizeBytes
	it.puts.Done()
}

// NoWait implements store.NoWait: Java puts WAIT=false, but only after it has
// rendered the properties, so the stored text keeps what the sender wrote.
func (it *batchItem) NoWait() bool { return true }

// deliver delivers one batch of l and says when to look at l next.
func (s *Service) deliver(l *level, now int64) {
	before := l.delivered()
	if len(l.retry) > 0 {
		s.deliverAgain(l, now)
	} else {
		s.deliverNext(l, now)
	}
	if after := l.delivered(); after != before {
		s.offsets.set(l.number, after)
	}
}

// deliverNext reads on in the queue of l.
func (s *Service) deliverNext(l *level, now int64) {
	filter, res := dueFilter{delayMs: l.delayMs}, &s.batch.read
	s.store.GetMessage(codec.ScheduleTopic, l.queueID(), l.position, batchMessages, &filter, res)
	defer s.batch.trim()
	switch res.Status {
	case store.Found:
		records := res.Buf
		if filter.unsure {
			records = filter.cutNotDue(records)
		}
		last := s.deliverRecords(l, records)
		if !filter.stopped {
			last = res.NextBeginOffset
		}
		l.position = max(l.position, last)
	case store.NoMatchedMessage, store.MessageWasRemoving:
		if !filter.stopped {
			l.position = max(l.position, res.NextBeginOffset)
		}
	case store.OffsetOverflowOne, store.NoMessageInQueue, store.NoMatchedLogicQueue:
		l.sleep(s.store)
		return
	case store.ReadFailed: // the store tells why
		l.later(now)
		return
	default: // OffsetTooSmall, OffsetFoundNull: the log was cut at its beginning
		s.log.Warn("delayed messages are gone before they were delivered", "level", l.number,
			"offset", l.position, "next", res.NextBeginOffset, "status", res.Status.String())
		if res.NextBeginOffset <= l.position {
			l.later(now)
			return
		}
		l.position = res.NextBeginOffset
	}
	switch {
	case len(l.retry) > 0:
		l.later(now)
	case filter.stopped:
		l.retryMs = 0
		l.lookAt(filter.nextMs)
	default:
		l.retryMs = 0
		l.lookAt(now) // there may be more
	}
}

// deliverAgain tries the messages again that the store did not take.
func (s *Service) deliverAgain(l *level, now int64) {
	again := l.retry
	l.retry = nil
	for i, offset := range again {
		res := &s.batch.read
		s.store.GetMessage(codec.ScheduleTopic, l.queueID(), offset, 1, nil, res)
		switch {
		case res.Status == store.Found && codec.RecordQueueOffset(res.Buf) == offset:
			s.deliverRecords(l, res.Buf)
		case res.Status == store.ReadFailed:
			l.retry = append(l.retry, offset)
		default:
			s.log.Error("a delayed message is gone before it was delivered", "level", l.number, "offset", offset, "status", res.Status.String())
		}
		if len(l.retry) > 0 {
			l.retry = append(l.retry, again[i+1:]...)
			l.later(now)
			break
		}
	}
	s.batch.trim()
	if len(l.retry) == 0 {
		s.log.Info("the store takes delayed messages again", "level", l.number)
		l.retryMs = 0
		l.lookAt(now)
	}
}

// deliverRecords appends the records of one read for their destinations and
// waits until they are in the log. What the store did not take goes to l.retry.
// It returns the offset behind the last record.
func (s *Service) deliverRecords(l *level, records []byte) (next int64) {
	b := &s.batch
	b.n, next = 0, l.position
	for len(records) > 0 && b.n < batchMessages {
		var m codec.Message
		n, err := codec.DecodeRecord(records, &m, codec.DecodeOptions{CheckCRC: true})
		if n == 0 && !errors.Is(err, codec.ErrBodyCRC) {
			s.log.Error("delayed messages cannot be read and are skipped", "level", l.number, "offset", next, "err", err)
			break
		}
		if err != nil {
			_, n = codec.CheckRecord(records, false)
		}
		next = codec.RecordQueueOffset(records) + 1
		records = records[n:]
		if err == nil {
			err = toDestination(&m)
		}
		if err != nil {
			s.log.Error("a delayed message cannot be delivered and is skipped", "level", l.number, "offset", next-1, "err", err)
			continue
		}
		it := &b.items[b.n]
		b.n++
		*it = batchItem{offset: next - 1, topic: m.Topic, queueID: m.QueueID, puts: &b.puts}
		b.puts.Add(1)
		s.store.PutMessage(&m, it)
	}
	s.store.CommitPending()
	b.puts.Wait()
	for i := range b.items[:b.n] {
		s.settle(l, &b.items[i])
	}
	return next
}

// settle takes note of what became of one message.
func (s *Service) settle(l *level, it *batchItem) {
	switch {
	case it.status.Stored():
		if s.o.Delivered != nil {
			s.o.Delivered(it.topic, it.queueID, int(it.size))
		}
	case it.status == store.MessageIllegal, it.status == store.PropertiesSizeExceeded, it.status == store.LMQConsumeQueueNumExceeded:
		s.log.Error("a delayed message cannot be delivered and is skipped", "level", l.number, "offset", it.offset,
			"topic", it.topic, "queueId", it.queueID, "err", it.status.String())
	default: // the fault of the store, not of this message
		if len(l.retry) == 0 && l.retryMs == 0 {
			s.log.Warn("the store does not take delayed messages, they are tried again", "level", l.number, "status", it.status.String())
		}
		l.retry = append(l.retry, it.offset)
	}
}

// trim drops what the batch points at.
func (b *batch) trim() {
	clear(b.items[:b.n])
	b.n = 0
	if cap(b.read.Buf) > keepBufferBytes {
		b.read.Buf = nil
	}
}

// Why a record of the schedule topic has no destination.
var (
	errNoRealTopic = errors.New("schedule: REAL_TOPIC is no topic")
	errNoRealQueue = errors.New("schedule: REAL_QID is no queue")
)

// toDestination makes the record m of the schedule topic a message for its
// destination. The properties stay as they are: DELAY, REAL_TOPIC and REAL_QID
// can be seen by consumers.
//
// A half message is never delayed: a Java broker that was asked to lost it on
// the way to the half topic. Such a record has no destination.
func toDestination(m *codec.Message) error {
	topic, _ := codec.GetProperty(m.Properties, codec.PropertyRealTopic)
	if codec.ValidateTopic(topic) != "" || topic == codec.ScheduleTopic || topic == codec.TransHalfTopic {
		return fmt.Errorf("%w: %q", errNoRealTopic, topic)
	}
	text, _ := codec.GetProperty(m.Properties, codec.PropertyRealQueueID)
	queueID, err := strconv.ParseInt(text, 10, 32)
	if err != nil || queueID < 0 {
		return fmt.Errorf("%w: %q", errNoRealQueue, text)
	}
	m.Topic, m.QueueID = topic, int32(queueID)
	m.PreparedTransactionOffset = 0
	return nil
}
