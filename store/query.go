package store

import (
	"slices"

	"github.com/boostermq/booster/codec"
)

// MaxOffsetInQueue is the queue offset behind the last entry, 0 for an unknown queue.
func (s *MessageStore) MaxOffsetInQueue(topic string, queueID int32) int64 {
	if q := s.queues.find(topic, queueID); q != nil {
		return q.max.Load()
	}
	return 0
}

// MinOffsetInQueue is the queue offset of the first entry whose record still
// exists, 0 for an unknown queue.
func (s *MessageStore) MinOffsetInQueue(topic string, queueID int32) int64 {
	if q := s.queues.find(topic, queueID); q != nil {
		return q.min.Load()
	}
	return 0
}

// entryOf finds an entry of a queue that may be unknown.
func (s *MessageStore) entryOf(topic string, queueID int32, offset int64) (cqEntry, bool) {
	q := s.queues.find(topic, queueID)
	if q == nil {
		return cqEntry{}, false
	}
	e, ok := q.entry(offset)
	return e, ok && !e.filler()
}

// CommitLogOffsetInQueue is the physical offset of one record of a queue, 0 when unknown.
func (s *MessageStore) CommitLogOffsetInQueue(topic string, queueID int32, offset int64) int64 {
	e, _ := s.entryOf(topic, queueID, offset)
	return e.phyOffset
}

// MessageStoreTimestamp is the store time (ms) of one record of a queue, -1 when unknown.
func (s *MessageStore) MessageStoreTimestamp(topic string, queueID int32, offset int64) int64 {
	e, ok := s.entryOf(topic, queueID, offset)
	if !ok {
		return -1
	}
	return s.commitLog.storeTimestampMs(e)
}

// EarliestMessageTime is the store time (ms) of the first record of a queue, -1 when unknown.
func (s *MessageStore) EarliestMessageTime(topic string, queueID int32) int64 {
	return s.MessageStoreTimestamp(topic, queueID, s.MinOffsetInQueue(topic, queueID))
}

// CheckInDiskByConsumeOffset tells that the record at a queue offset is further
// back than what the page cache is taken to hold.
func (s *MessageStore) CheckInDiskByConsumeOffset(topic string, queueID int32, offset int64) bool {
	e, ok := s.entryOf(topic, queueID, offset)
	return ok && s.commitLog.maxPhyOffset()-e.phyOffset > s.inMemoryBytes(s.cfg.Load())
}

// LookMessageByOffset copies the whole record that begins at physical offset phy.
//
// Offsets inside a record are refused, although a body may hold bytes that look
// like a record: what stands at phy must be known to its consume queue, or be
// reached by walking on from what was dispatched last. So records of a deleted
// topic are not found.
func (s *MessageStore) LookMessageByOffset(phy int64) ([]byte, bool) {
	dispatched := s.reput.from.Load() // before the record is looked up in its queue
	var v codec.DispatchView
	rec, ok := s.commitLog.copyRecord(phy, &v)
	if !ok {
		return nil, false
	}
	if phy >= dispatched {
		return rec, s.reachable(dispatched, phy)
	}
	e, ok := s.entryOf(v.Topic, v.QueueID, v.QueueOffset)
	return rec, ok && e.phyOffset == phy && e.sizeBytes == v.SizeBytes
}

// reachable tells that walking from record to record leads from one offset to the other.
func (s *MessageStore) reachable(from, to int64) bool {
	var v codec.DispatchView
	for from < to {
		rec, ok := s.commitLog.copyRecord(from, &v)
		if !ok { // a blank record, or damage
			next := s.commitLog.files.fileStart(from) + s.commitLog.files.fileBytes
			if next > to {
				return false
			}
			from = next
			continue
		}
		from += int64(len(rec))
	}
	return from == to
}

// queryRounds is how often a query goes further back when what it found is gone.
const queryRounds = 3

// QueryMessage finds at most maxNum records by index key, see spec/store.md §3.
// Only the hash of the key is compared: the caller compares keys.
func (s *MessageStore) QueryMessage(topic, key string, maxNum int, beginMs, endMs int64) QueryResult {
	var res QueryResult
	maxNum = min(maxNum, s.cfg.Load().MaxMsgsNumBatch)
	for range queryRounds {
		found := s.index.Query(topic, key, maxNum, beginMs, endMs)
		if len(found.phyOffsets) == 0 {
			break
		}
		res.IndexLastUpdateTimestamp, res.IndexLastUpdatePhyOffset = found.lastUpdateTimestamp, found.lastUpdatePhyOffset
		slices.Sort(found.phyOffsets)
		for _, phy := range found.phyOffsets {
			var v codec.DispatchView
			rec, ok := s.commitLog.copyRecord(phy, &v)
			if !ok {
				continue
			}
			if len(res.Records) == 0 {
				endMs = v.StoreTimestampMs
			}
			res.Records = append(res.Records, rec)
		}
		if len(res.Records) > 0 || endMs < beginMs {
			break
		}
	}
	return res
}
