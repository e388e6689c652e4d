package transaction

import (
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// judgement is what a round does with one half message.
type judgement int

const (
	judgedPass judgement = iota // done with it
	judgedPark                  // later, in memory
	judgedStop                  // the round ends before it
)

// judge decides what to do with the half message m, which is not known to be
// ended (spec: store.md §10).
func (c *checker) judge(m *codec.Message) (judgement, parkedHalf) {
	h := parkedHalf{offset: m.QueueOffset, root: rootOf(m.Properties, m.QueueOffset)}
	h.group, _ = codec.GetProperty(m.Properties, codec.PropertyProducerGroup)
	h.group = string([]byte(h.group)) // outlives the record
	if !c.readOps() {
		return judgedStop, h
	}
	if c.settled(h.offset, h.root) {
		return judgedPass, h
	}
	if reason := c.giveUp(m, h.group); reason != "" {
		return c.discard(m, reason), h
	}
	immunity, own := c.immunity(m)
	h.immuneMs = c.ageBaseMs(m) + immunity.Milliseconds()
	if age := c.ageMs(m); age >= 0 && age < immunity.Milliseconds() { // negative: the clock was set back
		if own || c.isCopy(m) {
			return judgedPark, h
		}
		return judgedStop, h // those behind it are younger
	}
	if c.deaf[h.group] {
		return judgedPark, h
	}
	ch := c.o.AvailableChannel(h.group)
	if ch == nil {
		return judgedPark, h
	}
	return c.check(m, h, ch), h
}

// judgeParked is judge for what was parked before.
func (c *checker) judgeParked(h *parkedHalf) judgement {
	tooLong := time.Since(h.since) > maxParked || c.scan-h.offset > maxParkedBehind
	switch {
	case c.settled(h.offset, h.root):
		return judgedPass
	case !tooLong && (time.Now().UnixMilli() < h.immuneMs || c.o.AvailableChannel(h.group) == nil):
		return judgedPark
	}
	m, _, ok := c.readHalf(h.offset)
	if !ok || m == nil {
		return judgedPass // gone, and logged
	}
	v, _ := c.judge(m)
	if v == judgedPark && tooLong {
		var next *codec.Message
		if v, next = c.copyBack(m, h.root, checkTimes(m)); v == judgedPass && next == nil {
			v = c.discard(m, reasonUnfit)
		}
	}
	return v
}

// isCopy tells that m was in the half topic before.
func (c *checker) isCopy(m *codec.Message) bool {
	return rootOf(m.Properties, m.QueueOffset) != m.QueueOffset || checkTimes(m) > 0
}

// ageBaseMs is when m came. Of the first copy that is the store time: the
// producer's clock may be wrong. Others know no better than the born time.
func (c *checker) ageBaseMs(m *codec.Message) int64 {
	if c.isCopy(m) {
		return min(m.BornTimestampMs, m.StoreTimestampMs)
	}
	return m.StoreTimestampMs
}

func (c *checker) ageMs(m *codec.Message) int64 { return time.Now().UnixMilli() - c.ageBaseMs(m) }

// immunity is how long after it came nobody is asked about m; own: m says so itself.
func (c *checker) immunity(m *codec.Message) (d time.Duration, own bool) {
	const maxSeconds = int64(1) << 31
	seconds := intProperty(m.Properties, codec.PropertyCheckImmunityTimeInSeconds, -1)
	if seconds < 0 {
		return c.config.TimeOut, false
	}
	return time.Duration(min(seconds, maxSeconds)) * time.Second, true
}

// checkTimes is how often a producer was asked about m.
func checkTimes(m *codec.Message) int64 {
	return max(0, intProperty(m.Properties, codec.PropertyTransactionCheckTimes, 0))
}

// giveUp says why nobody will be asked about m again; "" = go on.
func (c *checker) giveUp(m *codec.Message, group string) (reason string) {
	if _, _, err := destination(m.Properties); err != nil {
		return err.Error()
	}
	switch {
	case group == "":
		return "it has no producer group"
	case checkTimes(m) >= int64(c.config.CheckMax):
		return "its producers were asked too often"
	case c.ageMs(m) > c.config.FileReserved.Milliseconds():
		return "it is older than the reserved time of the log"
	}
	return ""
}

const reasonUnfit = "the log takes no copy of it"

// discard copies m to the topic where an operator finds it (323 brings it back).
// The op message keeps a restart from doing it again.
func (c *checker) discard(m *codec.Message, reason string) judgement {
	uniqKey, _ := codec.GetProperty(m.Properties, codec.PropertyUniqKey)
	c.log.Warn("a half message is given up", "reason", reason, "queueOffset", m.QueueOffset, "uniqKey", uniqKey)
	c.o.EnsureTopic(codec.TransCheckMaxTimeTopic)
	lost := *m
	lost.Topic, lost.QueueID = codec.TransCheckMaxTimeTopic, 0
	v := c.judgePut(c.put(&lost, false), m)
	if v == judgedPass {
		c.putOp(m.QueueOffset)
	}
	return v
}

// judgePut goes on unless the store takes nothing.
func (c *checker) judgePut(res store.PutResult, m *codec.Message) judgement {
	switch {
	case res.Status.Stored():
	case unfit(res.Status):
		c.log.Error("a half message cannot be copied", "queueOffset", m.QueueOffset, "status", res.Status.String())
	default:
		c.log.Warn("the store takes no copy of a half message, the next round tries again", "queueOffset", m.QueueOffset, "status", res.Status.String())
		return judgedStop
	}
	return judgedPass
}

// check copies m to the end of its queue, counted, and asks a producer about the
// copy. What cannot be copied is asked about as it is, for the last time.
func (c *checker) check(m *codec.Message, h parkedHalf, ch Channel) judgement {
	times := checkTimes(m)
	v, next := c.copyBack(m, h.root, times+1)
	if v == judgedStop {
		return v
	}
	if next == nil {
		c.ask(m, h.group, ch)
		return c.discard(m, reasonUnfit)
	}
	if c.ask(next, h.group, ch) {
		c.checks++
		return judgedPass
	}
	if c.deaf == nil {
		c.deaf = make(map[string]bool)
	}
	c.deaf[h.group] = true
	v, _ = c.copyBack(m, h.root, times) // nobody was asked: the next copy does not count
	return v
}

// copyBack appends m to the half topic again. It returns the copy as it is in
// the queue, but for its store time; nil when m fits no more.
func (c *checker) copyBack(m *codec.Message, root, checkTimes int64) (judgement, *codec.Message) {
	next := *m
	next.Properties = copyProperties(m.Properties, root, checkTimes)
	toHalfTopic(&next)
	res := c.put(&next, false)
	if !res.Status.Stored() {
		return c.judgePut(res, m), nil
	}
	next.QueueOffset, next.CommitLogOffset = res.QueueOffset, res.PhysicalOffset
	c.copies.add(root, res.QueueOffset)
	return judgedPass, &next
}
