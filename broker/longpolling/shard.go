package longpolling

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// queueKey names a queue (Java: "topic@queueId").
type queueKey struct {
	topic   string
	queueID int32
}

// shard holds the pulls of some queues.
type shard struct {
	// count is the number of requests below; it is read without mu. It rises
	// before Suspend looks at the queue's end, so that a message that arrives
	// after that look finds it.
	count atomic.Int32

	mu     sync.Mutex
	queues map[queueKey]*heldQueue
}

// heldQueue holds the pulls of one queue (Java: ManyPullRequest). It stays when
// it becomes empty, as its consumer will be back, until a whole check interval
// has seen it empty.
type heldQueue struct {
	requests []*PullRequest
	idle     bool
}

// arrival is a message that became readable.
type arrival struct {
	tagsCode         int64
	storeTimestampMs int64
	bitMap           []byte
	properties       string
}

// batch collects what leaves a queue.
type batch struct{ wake, drop []*PullRequest }

// add takes r in; k may alias a request.
func (s *shard) add(k queueKey, r *PullRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[k]
	if q == nil {
		if s.queues == nil {
			s.queues = make(map[queueKey]*heldQueue)
		}
		q = &heldQueue{}
		k.topic = strings.Clone(k.topic)
		s.queues[k] = q
	}
	q.idle = false
	q.requests = append(q.requests, r)
	s.count.Add(1)
}

// remove takes r out again; false when it has left already.
func (s *shard) remove(k queueKey, r *PullRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[k]
	if q == nil {
		return false
	}
	i := slices.Index(q.requests, r)
	if i < 0 {
		return false
	}
	q.requests = slices.Delete(q.requests, i, i+1)
	s.count.Add(-1)
	return true
}

// release moves to out what need not wait longer: requests below maxOffset (and
// matching a, if it is not nil), expired and dead ones.
func (s *shard) release(k queueKey, maxOffset int64, a *arrival, nowMs func() int64, out *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[k]
	if q == nil || len(q.requests) == 0 {
		return
	}
	now := nowMs()
	kept := q.requests[:0]
	for _, r := range q.requests {
		switch {
		case r.dead():
			out.drop = append(out.drop, r)
		case maxOffset > r.PullFromThisOffset && a.wantedBy(r), r.expired(now):
			out.wake = append(out.wake, r)
		default:
			kept = append(kept, r)
		}
	}
	s.count.Add(int32(len(kept) - len(q.requests)))
	clear(q.requests[len(kept):])
	q.requests = kept
}

// wantedBy tells whether r waits for a; no particular arrival is taken for one
// that matches, as the check loop does not know what arrived.
func (a *arrival) wantedBy(r *PullRequest) bool {
	if a == nil || r.Filter == nil {
		return true
	}
	return r.Filter.MatchQueue(a.tagsCode, a.storeTimestampMs, a.bitMap) && (a.properties == "" || r.Filter.MatchRecord(a.properties))
}

// keys returns the queues with requests and forgets those that stayed empty
// since the last call.
func (s *shard) keys(dst []queueKey) []queueKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, q := range s.queues {
		switch {
		case len(q.requests) > 0:
			dst = append(dst, k)
		case q.idle:
			delete(s.queues, k)
		default:
			q.idle = true
		}
	}
	return dst
}

// takeAll empties the shard.
func (s *shard) takeAll(out *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		out.drop = append(out.drop, q.requests...)
	}
	s.queues = nil
	s.count.Store(0)
}
