package store

import "slices"

// QueueEntry is one entry of a consume queue, see consumequeue_format.go.
type QueueEntry struct {
	PhyOffset int64
	SizeBytes int32
	TagsCode  int64
	// ExtAddress: TagsCode is an address in consumequeue_ext, and Ext what stands
	// there, nil when nothing does.
	ExtAddress bool
	Ext        *QueueEntryExt
}

// QueueEntryExt is what an entry has in consumequeue_ext.
type QueueEntryExt struct {
	TagsCode         int64
	StoreTimestampMs int64
	FilterBitMap     []byte
	SizeBytes        int // of the unit in its file
}

// QueueEntries returns at most maxNum entries of a queue from queue offset index
// on, for code 321; none when index is not in the queue or cannot be read. known
// tells whether the queue exists. Filler is left out. It may wait for the disk.
func (s *MessageStore) QueueEntries(topic string, queueID int32, index int64, maxNum int) (entries []QueueEntry, known bool) {
	q := s.queues.find(topic, queueID)
	if q == nil {
		return nil, false
	}
	buf, ext := make([]byte, 0, cqFlushBytes), extReader{q: q}
	for len(entries) < maxNum {
		b, n, err := q.read(buf[:0], index, min(maxNum-len(entries), cqFlushBytes/cqEntryBytes))
		if err != nil {
			s.log.Error("the entries of a consume queue cannot be read", "queue", q.String(), "index", index, "err", err)
		}
		if err != nil || n == 0 {
			break
		}
		index += int64(n)
		for ; len(b) > 0; b = b[cqEntryBytes:] {
			if e := parseCQEntry(b); !e.filler() {
				entries = append(entries, ext.queueEntry(e))
			}
		}
	}
	return entries, true
}

// queueEntry shows e with its unit.
func (r *extReader) queueEntry(e cqEntry) QueueEntry {
	shown := QueueEntry{PhyOffset: e.phyOffset, SizeBytes: e.sizeBytes, TagsCode: e.tagsCode, ExtAddress: isExtAddress(e.tagsCode)}
	var u cqExtUnit
	if shown.ExtAddress && r.unit(e.tagsCode, &u) {
		shown.Ext = &QueueEntryExt{u.tagsCode, u.storeTimeMs, slices.Clone(u.filterBitMap), u.size()}
	}
	return shown
}
