package transaction

import "time"

// parkedHalf is a half message that the check has passed over though it is not
// ended: its producer is away, or asked to be left alone for longer than others.
// A Java broker copies it to the end of the queue in every round; here it is
// copied after maxParked only.
type parkedHalf struct {
	offset   int64
	root     int64
	group    string
	immuneMs int64 // until then nobody is asked
	since    time.Time
	opFloor  int64 // op offset to which the op queue must be read again if this one is looked for after a restart
}

const (
	// The committed offsets stay before what is parked, so it must not be for too
	// long: at a start everything from there on is read again.
	maxParked       = 30 * time.Minute
	maxParkedBehind = 1 << 17 // half messages
)

// park passes over a half message. Offsets come in ascending order.
func (c *checker) park(h parkedHalf) {
	h.since, h.opFloor = time.Now(), c.ops.floor()
	if n := len(c.parked); n > 0 { // what is needed for one before is needed
		h.opFloor = max(h.opFloor, c.parked[n-1].opFloor)
	}
	c.parked = append(c.parked, h)
}

// visitParked looks at all that is parked; false: the round must end.
func (c *checker) visitParked() bool {
	kept := c.parked[:0]
	goOn := true
	for i, h := range c.parked {
		if goOn && c.timeOver() {
			goOn = false
		}
		if !goOn {
			kept = append(kept, c.parked[i:]...)
			break
		}
		switch c.judgeParked(&h) {
		case judgedPass:
			c.copies.forget(h.offset)
		case judgedStop:
			goOn = false
			kept = append(kept, h)
		default:
			kept = append(kept, h)
		}
	}
	clear(c.parked[len(kept):])
	c.parked = kept
	return goOn
}

// settleParked drops what was ended since.
func (c *checker) settleParked() {
	kept := c.parked[:0]
	for _, h := range c.parked {
		if c.settled(h.offset, h.root) {
			c.copies.forget(h.offset)
			continue
		}
		kept = append(kept, h)
	}
	clear(c.parked[len(kept):])
	c.parked = kept
}
