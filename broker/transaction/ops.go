package transaction

import "github.com/boostermq/booster/codec"

// ops is what the check has read of the op queue and still needs: generations
// of op messages, oldest first. A bit for each half message, so that millions
// cost little.
type ops struct {
	next        int64 // op queue offset to read next
	generations []opGeneration
}

// opGeneration is what was read of the op queue in a row.
type opGeneration struct {
	from  int64              // first op queue offset
	until int64              // no longer needed when every half message before is passed
	base  int64              // half queue offset of bit 0
	bits  []uint64           // ended half messages from base on
	late  map[int64]struct{} // ended half messages before base
}

// begin starts a generation, unless the newest is still empty: what is read from
// here on lies mostly behind base.
func (o *ops) begin(base int64) {
	if n := len(o.generations); n > 0 && o.generations[n-1].from == o.next {
		o.generations[n-1].base = base
		return
	}
	o.generations = append(o.generations, opGeneration{from: o.next, base: base})
}

// add notes that the half message target is ended. halfEnd, behind every half
// message there is, bounds the bits; a target beyond it is none.
func (o *ops) add(target, halfEnd int64) {
	g := &o.generations[len(o.generations)-1]
	g.until = max(g.until, halfEnd)
	switch {
	case target >= halfEnd:
	case target < g.base:
		if g.late == nil {
			g.late = make(map[int64]struct{})
		}
		g.late[target] = struct{}{}
	default:
		i := int(target - g.base)
		for i/64 >= len(g.bits) {
			g.bits = append(g.bits, 0)
		}
		g.bits[i/64] |= 1 << (i % 64)
	}
}

// has tells whether the half message is known to be ended.
func (o *ops) has(target int64) bool {
	for i := range o.generations {
		g := &o.generations[i]
		if target < g.base {
			if _, ok := g.late[target]; ok {
				return true
			}
		} else if i := target - g.base; i/64 < int64(len(g.bits)) && g.bits[i/64]&(1<<(i%64)) != 0 {
			return true
		}
	}
	return false
}

// passed drops what nobody needs any more when all half messages before scan are passed.
func (o *ops) passed(scan int64) {
	for len(o.generations) > 0 && o.generations[0].until <= scan {
		o.generations = o.generations[1:]
	}
}

// floor is the op queue offset from which on everything is needed.
func (o *ops) floor() int64 {
	if len(o.generations) > 0 {
		return o.generations[0].from
	}
	return o.next
}

// readOps reads the op queue to its end, or until the round's time is over
// (false). halfEnd must be behind every half message, those included that are
// not dispatched yet.
func (c *checker) readOps() bool {
	for c.ops.next < c.opMax() {
		if c.timeOver() {
			return false
		}
		from := c.ops.next
		c.store.GetMessage(codec.TransOpHalfTopic, halfQueueID, from, opBatchMessages, nil, &c.opRead)
		for b := c.opRead.Buf; len(b) > 0; {
			var m codec.Message
			n, err := codec.DecodeRecord(b, &m, codec.DecodeOptions{})
			if err != nil {
				c.log.Error("op messages cannot be read and are skipped", "from", c.ops.next, "err", err)
				break
			}
			b = b[n:]
			target, ok := opTarget(&m)
			if !ok {
				c.log.Warn("a message in the op topic is no op message", "queueOffset", m.QueueOffset)
				continue
			}
			c.ops.add(target, max(c.halfMax(), c.copies.end))
		}
		if c.opRead.NextBeginOffset <= from {
			c.log.Warn("the op queue cannot be read", "offset", from, "status", c.opRead.Status.String())
			return false
		}
		c.ops.next = c.opRead.NextBeginOffset
	}
	return true
}

const opBatchMessages = 32
