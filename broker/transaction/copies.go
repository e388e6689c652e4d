package transaction

import (
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// copies knows the copies of half messages that are not passed yet. Of those
// with one root only the last is looked at: what is read again after a restart,
// or was copied twice, is not asked about twice.
type copies struct {
	last map[int64]int64 // root → queue offset of its last copy
	root map[int64]int64 // queue offset of a copy → its root
	end  int64           // behind the last copy made here; it may not be dispatched yet
}

func (c *copies) add(root, offset int64) {
	if c.last == nil {
		c.last, c.root = make(map[int64]int64), make(map[int64]int64)
	}
	c.last[root] = max(c.last[root], offset)
	c.root[offset] = root
	c.end = max(c.end, offset+1)
}

// rootOf is the root of the half message at offset as far as that is known.
func (c *copies) rootOf(offset int64) int64 {
	if root, ok := c.root[offset]; ok {
		return root
	}
	return offset
}

// superseded tells that there is a later copy.
func (c *copies) superseded(root, offset int64) bool { return c.last[root] > offset }

// forget drops a copy that is passed.
func (c *copies) forget(offset int64) {
	root, ok := c.root[offset]
	if !ok {
		return
	}
	delete(c.root, offset)
	if c.last[root] == offset {
		delete(c.last, root)
	}
}

// maxSurvey bounds what is read of the half queue at the start, in messages.
const maxSurvey = 1 << 20

// survey finds the copies that were made before this start.
func (c *checker) survey() {
	end := min(c.halfMax(), c.scan+maxSurvey)
	for offset := c.scan; offset < end && !c.stopped(); {
		res := &c.halfRead
		c.store.GetMessage(codec.TransHalfTopic, halfQueueID, offset, opBatchMessages, copyFilter{}, res)
		for b := res.Buf; len(b) > 0; {
			var m codec.Message
			n, err := codec.DecodeRecord(b, &m, codec.DecodeOptions{SkipBody: true})
			if err != nil {
				break
			}
			b = b[n:]
			if root := rootOf(m.Properties, m.QueueOffset); root != m.QueueOffset {
				c.copies.add(root, m.QueueOffset)
			}
		}
		if res.NextBeginOffset <= offset {
			return
		}
		offset = res.NextBeginOffset
	}
}

// copyFilter lets copies pass.
type copyFilter struct{}

var _ store.MessageFilter = copyFilter{}

// MatchQueue knows nothing of the message.
func (copyFilter) MatchQueue(int64, int64, []byte) bool { return true }

// MatchRecord looks for the property of a copy.
func (copyFilter) MatchRecord(properties string) bool {
	_, found := codec.GetProperty(properties, codec.PropertyTransactionPreparedQueueOffset)
	return found
}
