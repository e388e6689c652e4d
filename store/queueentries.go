package store

// QueueEntry is one entry of a consume queue, see consumequeue_format.go.
type QueueEntry struct {
	PhyOffset int64
	SizeBytes int32
	TagsCode  int64
}

// QueueEntries returns at most maxNum entries of a queue from queue offset index
// on, for code 321; none when index is not in the queue or cannot be read. known
// tells whether the queue exists. Filler is left out. It may wait for the disk.
func (s *MessageStore) QueueEntries(topic string, queueID int32, index int64, maxNum int) (entries []QueueEntry, known bool) {
	q := s.queues.find(topic, queueID)
	if q == nil {
		return nil, false
	}
	buf := make([]byte, 0, cqFlushBytes)
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
				entries = append(entries, QueueEntry{e.phyOffset, e.sizeBytes, e.tagsCode})
			}
		}
	}
	return entries, true
}
