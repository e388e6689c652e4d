package transaction

import (
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// checker is the state of the checks. The check goroutine owns it, but for openSince.
type checker struct {
	*Service
	scan     int64 // half queue offset to judge next
	ops      ops
	parked   []parkedHalf // before scan, ascending
	copies   copies
	surveyed bool

	committed, pending progress
	hasPending         bool

	// Of the round:
	roundEnd int64 // behind the half messages that were there when it began
	deadline time.Time
	config   Config
	checks   int             // sent
	deaf     map[string]bool // producer groups that took no check

	opRead, halfRead store.GetResult

	openSince atomic.Int64 // half messages not ended, less all half and plus all op messages, at the end of a round
}

// progress is how far both queues are done.
type progress struct {
	half, op int64
	logEnd   int64 // may be committed when the log is durable up to here
}

// maxRound bounds a round; the next one goes on where it ended.
const maxRound = 60 * time.Second

// begin takes over the committed offsets, brought into the range of the queues.
func (c *checker) begin() {
	half := c.beginOffset(codec.TransHalfTopic)
	op := c.beginOffset(codec.TransOpHalfTopic)
	c.scan, c.ops, c.parked = half, ops{next: op}, nil
	c.copies, c.surveyed = copies{}, false
	c.committed, c.hasPending = progress{half: half, op: op}, false
	c.openSince.Store(op - half)
}

func (c *checker) beginOffset(topic string) int64 {
	lo, hi := c.store.MinOffsetInQueue(topic, halfQueueID), c.store.MaxOffsetInQueue(topic, halfQueueID)
	offset := c.o.Offsets.Query(codec.TransConsumerGroup, topic, halfQueueID)
	corrected := min(max(offset, lo), hi)
	if offset > 0 && corrected != offset {
		c.log.Warn("the offset of the transaction check is out of its queue and corrected", "topic", topic, "offset", offset, "min", lo, "max", hi)
	}
	return corrected
}

// round judges the half messages that were stored before it began (Java:
// TransactionalMessageServiceImpl.check).
func (c *checker) round() {
	c.o.EnsureTopic(codec.TransHalfTopic)
	c.roundEnd, c.config, c.checks, c.deaf = c.halfMax(), c.o.Config(), 0, nil
	c.deadline = time.Now().Add(maxRound)
	if !c.surveyed {
		c.survey()
		c.surveyed = true
	}
	c.ops.begin(c.scan)
	if c.readOps() && c.visitParked() {
		for c.scan < c.roundEnd && !c.timeOver() && c.judgeNext() {
		}
	}
	c.settleParked()
	c.ops.passed(c.scan)
	c.noteOpen()
	c.noteProgress()
	if c.checks > 0 {
		c.log.Info("producers were asked about half messages", "checks", c.checks, "parked", len(c.parked), "halfOffset", c.scan)
	}
}

// timeOver tells that the round has taken long enough, or that all stops.
func (c *checker) timeOver() bool { return c.stopped() || time.Now().After(c.deadline) }

// judgeNext judges the half message at scan; false: the round ends before it.
func (c *checker) judgeNext() bool {
	if c.settled(c.scan, c.copies.rootOf(c.scan)) {
		c.pass()
		return true
	}
	m, next, ok := c.readHalf(c.scan)
	switch {
	case !ok:
		goOn := next > c.scan
		c.scan = max(c.scan, next)
		return goOn
	case m == nil:
		c.pass()
		return true
	}
	v, h := c.judge(m)
	switch v {
	case judgedStop:
		return false
	case judgedPark:
		c.park(h)
		c.scan++
	default:
		c.pass()
	}
	return true
}

func (c *checker) pass() {
	c.copies.forget(c.scan)
	c.scan++
}

// settled tells whether nothing is left to do with the half message at offset:
// it is ended, or there is a later copy.
func (c *checker) settled(offset, root int64) bool {
	return c.ops.has(offset) || c.endings.has(offset) || c.copies.superseded(root, offset) ||
		offset != root && (c.ops.has(root) || c.endings.has(root))
}

// readHalf reads the half message at offset. Not ok: there is none, next is
// where to go on, offset itself when that is the end. nil: it cannot be read.
// What it returns aliases c.halfRead.
func (c *checker) readHalf(offset int64) (m *codec.Message, next int64, ok bool) {
	res := &c.halfRead
	c.store.GetMessage(codec.TransHalfTopic, halfQueueID, offset, 1, nil, res)
	if res.Status != store.Found {
		if next = res.NextBeginOffset; next > offset {
			c.log.Error("half messages are gone before they were ended", "from", offset, "to", next, "status", res.Status.String())
		}
		return nil, next, false
	}
	if found := codec.RecordQueueOffset(res.Buf); found > offset {
		c.log.Error("half messages cannot be read and are skipped", "from", offset, "to", found)
		return nil, found, false
	}
	m = new(codec.Message)
	if _, err := codec.DecodeRecord(res.Buf, m, codec.DecodeOptions{CheckCRC: true}); err != nil {
		c.log.Error("a half message cannot be read and is skipped", "queueOffset", offset, "err", err)
		return nil, 0, true
	}
	return m, 0, true
}

// noteOpen works out the base of HalfMessages.
func (c *checker) noteOpen() {
	halfMax, opMax := c.halfMax(), c.opMax()
	open := int64(len(c.parked))
	for offset := c.scan; offset < halfMax; offset++ {
		if !c.ops.has(offset) {
			open++
		}
	}
	c.openSince.Store(open - halfMax + opMax)
}

// noteProgress remembers how far this round got, to be committed when the log is durable.
func (c *checker) noteProgress() {
	c.commitFlushed()
	if !c.hasPending {
		if p := c.progress(); p.half != c.committed.half || p.op != c.committed.op {
			c.pending, c.hasPending = p, true
		}
	}
	c.commitFlushed()
}

func (c *checker) progress() progress {
	p := progress{half: c.scan, op: c.ops.floor(), logEnd: c.store.MaxPhyOffset()}
	if len(c.parked) > 0 {
		p.half, p.op = c.parked[0].offset, c.parked[0].opFloor
	}
	return p
}

// commitFlushed commits what waited for the log, and then what is newer, as far
// as that is durable.
func (c *checker) commitFlushed() {
	flushed := c.store.FlushedWhere()
	if !c.hasPending || flushed < c.pending.logEnd {
		return
	}
	c.commit(c.pending)
	c.hasPending = false
}

func (c *checker) commit(p progress) {
	c.o.Offsets.Commit("", codec.TransConsumerGroup, codec.TransHalfTopic, halfQueueID, p.half)
	c.o.Offsets.Commit("", codec.TransConsumerGroup, codec.TransOpHalfTopic, halfQueueID, p.op)
	c.committed = p
}
