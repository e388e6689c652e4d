package longpolling

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// CheckInterval is the pause of the check loop while longPollingEnable is true.
	CheckInterval = 5 * time.Second

	shardCount = 1024 // a power of two
)

// Options is what a PullRequestHoldService needs.
type Options struct {
	// MaxOffset returns the end of a queue (store.MaxOffsetInQueue). It must not
	// wait.
	MaxOffset func(topic string, queueID int32) int64
	// Wake gets the requests that are to be run again. It is called on the
	// goroutine that dispatches messages, among others: it must not wait. The
	// slice is good during the call only, the requests are the callee's.
	Wake func(requests []*PullRequest)
	// Drop gets the requests nobody waits for any more: their connection is
	// gone, or the service stops. As Wake; may be nil.
	Drop func(requests []*PullRequest)
	// Interval is the pause of the check loop, asked before each: CheckInterval,
	// or shortPollingTimeMills without longPollingEnable. nil = CheckInterval.
	Interval func() time.Duration
	// MaxHeldBytes bounds the SizeBytes of all held requests together; 0 = no bound.
	MaxHeldBytes int64
}

// PullRequestHoldService holds pulls (Java: PullRequestHoldService).
type PullRequestHoldService struct {
	o       Options
	seed    maphash.Seed
	shards  [shardCount]shard
	held    atomic.Int64 // requests in all shards
	bytes   atomic.Int64 // their SizeBytes
	stopped atomic.Bool

	batches sync.Pool // *batch
	stop    chan struct{}
	done    sync.WaitGroup
}

// New returns a service that is not started: it holds and wakes, but does not
// check by itself.
func New(o Options) *PullRequestHoldService {
	if o.Interval == nil {
		o.Interval = func() time.Duration { return CheckInterval }
	}
	if o.Drop == nil {
		o.Drop = func([]*PullRequest) {}
	}
	return &PullRequestHoldService{
		o: o, seed: maphash.MakeSeed(), stop: make(chan struct{}),
		batches: sync.Pool{New: func() any { return new(batch) }},
	}
}

// Start starts the check loop, one goroutine. Call it once.
func (h *PullRequestHoldService) Start() {
	h.done.Go(func() {
		timer := time.NewTimer(h.o.Interval())
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
				h.CheckHoldRequest()
				timer.Reset(h.o.Interval())
			case <-h.stop:
				return
			}
		}
	})
}

// Shutdown stops the check loop, refuses further requests and drops the held
// ones. Call it once.
func (h *PullRequestHoldService) Shutdown() {
	h.stopped.Store(true)
	close(h.stop)
	h.done.Wait()
	h.dropAll()
}

// Suspend holds r until a message arrives in the queue that it wants, its time
// is up, or its connection is gone (Java: suspendPullRequest). topic may alias
// the request. false: r is not held, because the service stops or is full; the
// caller answers it. When a message arrived since r's read, Wake may have r
// before Suspend returns.
func (h *PullRequestHoldService) Suspend(topic string, queueID int32, r *PullRequest) bool {
	h.held.Add(1)
	if n := h.bytes.Add(r.SizeBytes); h.o.MaxHeldBytes > 0 && n > h.o.MaxHeldBytes || h.stopped.Load() {
		h.held.Add(-1)
		h.bytes.Add(-r.SizeBytes)
		return false
	}
	if r.SuspendTimestampMs == 0 {
		r.SuspendTimestampMs = nowMs()
	}
	seen := max(r.PullFromThisOffset, r.MaxOffset)
	k := queueKey{topic, queueID}
	s := h.shard(topic, queueID)
	s.add(k, r) // r may be gone from here on
	if h.stopped.Load() {
		h.dropAll() // Shutdown may have passed this shard already
		return true
	}
	if h.o.MaxOffset(topic, queueID) > seen && s.remove(k, r) {
		b := h.batch()
		b.wake = append(b.wake, r)
		h.leave(b)
	}
	return true
}

// NotifyMessageArriving wakes the pulls that wait for a message of this tag
// code, bit map (may be empty) and properties in the queue (Java:
// notifyMessageArriving). maxOffset is the message's queue offset + 1. bitMap and
// properties are looked at during the call only; properties "" = unknown, they
// do not count.
func (h *PullRequestHoldService) NotifyMessageArriving(topic string, queueID int32, maxOffset, tagsCode, storeTimestampMs int64, bitMap []byte, properties string) {
	if h.held.Load() == 0 {
		return
	}
	s := h.shard(topic, queueID)
	if s.count.Load() == 0 {
		return
	}
	b := h.batch()
	s.release(queueKey{topic, queueID}, maxOffset, &arrival{tagsCode, storeTimestampMs, bitMap, properties}, nowMs, b)
	h.leave(b)
}

// CheckHoldRequest wakes the pulls whose queue has grown, whatever their filter
// says, or whose time is up, and drops those whose connection is gone (Java:
// checkHoldRequest). The check loop calls it.
func (h *PullRequestHoldService) CheckHoldRequest() {
	var keys []queueKey
	for i := range h.shards {
		s := &h.shards[i]
		keys = s.keys(keys[:0])
		for _, k := range keys {
			b := h.batch()
			s.release(k, h.o.MaxOffset(k.topic, k.queueID), nil, nowMs, b)
			h.leave(b)
		}
	}
}

// Held returns how many requests are held.
func (h *PullRequestHoldService) Held() int { return int(h.held.Load()) }

func (h *PullRequestHoldService) dropAll() {
	for i := range h.shards {
		b := h.batch()
		h.shards[i].takeAll(b)
		h.leave(b)
	}
}

// leave hands b's requests out and takes b back.
func (h *PullRequestHoldService) leave(b *batch) {
	h.held.Add(-int64(len(b.wake) + len(b.drop)))
	for _, list := range [...][]*PullRequest{b.wake, b.drop} {
		for _, r := range list {
			h.bytes.Add(-r.SizeBytes)
		}
	}
	if len(b.wake) > 0 {
		h.o.Wake(b.wake)
	}
	if len(b.drop) > 0 {
		h.o.Drop(b.drop)
	}
	clear(b.wake)
	clear(b.drop)
	b.wake, b.drop = b.wake[:0], b.drop[:0]
	h.batches.Put(b)
}

func (h *PullRequestHoldService) batch() *batch { return h.batches.Get().(*batch) }

func (h *PullRequestHoldService) shard(topic string, queueID int32) *shard {
	hash := maphash.String(h.seed, topic) + uint64(uint32(queueID))*0x9E3779B97F4A7C15
	return &h.shards[hash>>32%shardCount]
}

func nowMs() int64 { return time.Now().UnixMilli() }
