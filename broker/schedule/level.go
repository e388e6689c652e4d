package schedule

import (
	"log/slog"
	"math"
	"sync/atomic"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// level is one delay level: a queue of the schedule topic and how far it is
// delivered (Java: DeliverDelayedMessageTimerTask). Its fields but idle belong
// to the delivery goroutine.
type level struct {
	number  int32
	delayMs int64 // unknownDelay: not in messageDelayLevel, left from another configuration

	position int64   // queue offset to read next
	retry    []int64 // offsets before position, ascending, that the store did not take
	retryMs  int64   // pause before the next try
	dueMs    int64   // when to look at it; never: when a message arrives
	idle     atomic.Bool
}

const (
	unknownDelay = -1
	never        = math.MaxInt64

	// Pause after the store took nothing (Java: 100), doubled up to the second.
	minRetryMs = 100
	maxRetryMs = 5000
)

func newLevel(number int32, delayMs int64) *level {
	return &level{number: number, delayMs: delayMs, dueMs: never}
}

func (l *level) queueID() int32 { return l.number - 1 }

// begin takes over the offset of the file, brought into the range of the queue:
// what was deleted cannot be delivered, and behind a crash that took the end of
// the log the next message gets the offset of a lost one.
func (l *level) begin(offset int64, st Store, log *slog.Logger) {
	lo, hi := st.MinOffsetInQueue(codec.ScheduleTopic, l.queueID()), st.MaxOffsetInQueue(codec.ScheduleTopic, l.queueID())
	l.position = min(max(offset, lo), hi)
	if offset > 0 && l.position != offset {
		log.Warn("delay offset is out of its queue and corrected", "level", l.number, "offset", offset, "min", lo, "max", hi, "corrected", l.position)
	}
	l.retry, l.retryMs = nil, 0
	l.lookAt(0)
}

// lookAt says when to look at the level next.
func (l *level) lookAt(ms int64) {
	l.idle.Store(false)
	l.dueMs = ms
}

// sleep waits for an arrival. One that was dispatched before idle was set is
// seen here, a later one finds idle set.
func (l *level) sleep(st Store) {
	l.dueMs = never
	l.idle.Store(true)
	if st.MaxOffsetInQueue(codec.ScheduleTopic, l.queueID()) > l.position {
		l.lookAt(0)
	}
}

// later waits because the store takes nothing.
func (l *level) later(now int64) {
	l.retryMs = min(max(2*l.retryMs, minRetryMs), maxRetryMs)
	l.lookAt(now + l.retryMs)
}

// delivered is the offset before which everything is delivered.
func (l *level) delivered() int64 {
	if len(l.retry) > 0 {
		return l.retry[0]
	}
	return l.position
}

// dueFilter lets the messages pass whose time has come; it stops at the first other.
type dueFilter struct {
	delayMs int64
	stopped bool
	nextMs  int64 // when stopped: the time of the first that is not due
	unsure  bool  // a slot held no time: cutNotDue judges by the records
}

var _ store.MessageFilter = (*dueFilter)(nil)

// MatchQueue judges by the tag slot, the time of delivery.
func (f *dueFilter) MatchQueue(deliverMs, _ int64, _ []byte) bool {
	if f.stopped {
		return false
	}
	if deliverMs < minTimeMs {
		f.unsure = true
		return true
	}
	return f.due(deliverMs)
}

// due says whether the time has come, or is further away than the delay: the
// clock went back, or the levels changed. The clock is read for each message:
// an older reading would take one that was stored since for such a message.
func (f *dueFilter) due(deliverMs int64) bool {
	now := nowMs()
	if deliverMs <= now || f.delayMs != unknownDelay && deliverMs > now+f.delayMs {
		return true
	}
	f.stopped, f.nextMs = true, deliverMs
	return false
}

// minTimeMs is below any time of delivery and above any tag code, which is what
// the store shows of an entry whose unit in consumequeue_ext is missing.
const minTimeMs = 1 << 32

// cutNotDue returns the records before the first whose time, the time of its
// storage and the delay of the level, has not come.
func (f *dueFilter) cutNotDue(records []byte) []byte {
	for pos := 0; pos < len(records); {
		_, size := codec.CheckRecord(records[pos:], false)
		if !f.due(codec.RecordStoreTimestampMs(records[pos:]) + f.delayMs) {
			return records[:pos]
		}
		pos += size
	}
	return records
}

// MatchRecord has nothing to add.
func (f *dueFilter) MatchRecord(string) bool { return true }
