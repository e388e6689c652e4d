package store

// OffsetInQueueByTime finds the queue offset nearest to a store time (Java:
// ConsumeQueue.getOffsetInQueueByTime). An exact hit is it; else the nearer
// neighbour, the earlier one of two equally near; before the first the first;
// after the last the last one's offset, not max. 0 for an unknown queue.
//
// As in Java one file is chosen first and then searched by halves, so that of
// several records of the same millisecond the same one is found. Java chooses by
// the file's modification time, which a copy of the store does not keep; here
// the store time of the file's last record decides.
func (s *MessageStore) OffsetInQueueByTime(topic string, queueID int32, timestampMs int64) int64 {
	q := s.queues.find(topic, queueID)
	if q == nil || q.max.Load() == 0 {
		return 0
	}
	t := timeSearch{log: s.commitLog, q: q, minPhy: s.commitLog.minPhyOffset()}
	first, last := t.chooseFile(timestampMs)
	return t.search(first, last, timestampMs)
}

type timeSearch struct {
	log    *CommitLog
	q      *ConsumeQueue
	minPhy int64
}

// chooseFile returns the range of entries of the first file that ends at or after the time.
func (t *timeSearch) chooseFile(timestampMs int64) (first, last int64) {
	lo, hi := t.q.min.Load(), t.q.max.Load()-1
	for first = lo; ; first = last + 1 {
		last = min(t.q.nextFileIndex(first)-1, hi)
		if last == hi || t.storeTime(last) >= timestampMs {
			return first, last
		}
	}
}

// Results of storeTime that are no time.
const (
	timeRemoved    = -2 // the record's log file is deleted
	timeUnreadable = -1
)

func (t *timeSearch) storeTime(index int64) int64 {
	e, _, ok := t.q.entryAfter(index) // filler has the time of what follows
	switch {
	case !ok:
		return timeUnreadable
	case e.phyOffset < t.minPhy:
		return timeRemoved
	}
	return t.log.storeTimestampMs(e)
}

// search finds the entry of first..last whose record was stored nearest to the time.
func (t *timeSearch) search(first, last, timestampMs int64) int64 {
	left, right := int64(-1), int64(-1)
	leftMs, rightMs := int64(-1), int64(-1)
	for lo, hi := first, last; lo <= hi; {
		mid := lo + (hi-lo)/2
		switch ms := t.storeTime(mid); {
		case ms == timeRemoved:
			lo, left = mid+1, mid
		case ms == timeUnreadable:
			return 0
		case ms == timestampMs:
			return mid
		case ms > timestampMs:
			hi, right, rightMs = mid-1, mid, ms
		default:
			lo, left, leftMs = mid+1, mid, ms
		}
	}
	switch {
	case leftMs == -1 && right >= 0:
		return right
	case rightMs == -1 || timestampMs-leftMs <= rightMs-timestampMs:
		return max(left, 0)
	}
	return right
}
