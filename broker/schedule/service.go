package schedule

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

// Store is what the service needs of the message store.
type Store interface {
	GetMessage(topic string, queueID int32, offset int64, maxNums int, filter store.MessageFilter, res *store.GetResult)
	PutMessage(m *codec.Message, cb store.PutCallback)
	CommitPending()
	MinOffsetInQueue(topic string, queueID int32) int64
	MaxOffsetInQueue(topic string, queueID int32) int64
	MaxPhyOffset() int64 // end of what was put
	FlushedWhere() int64 // end of what is durable
}

// Options is what a Service is made of.
type Options struct {
	FS     vfs.FS
	Path   string // of delayOffset.json
	Levels Levels
	// FlushInterval is flushDelayOffsetInterval, read before each wait; nil = 10 s.
	FlushInterval func() time.Duration
	// Delivered hears of each delivered message, for statistics; nil = nobody
	// listens. Called on the delivery goroutine: it must not wait.
	Delivered func(topic string, queueID int32, sizeBytes int)
	Log       *slog.Logger // nil = slog.Default()
}

// Service delivers delayed messages (Java: ScheduleMessageService).
//
// enableScheduleAsyncDeliver and its limits need no switch here: every batch is
// appended without waiting for the disk, and one batch of a level is under way
// at a time.
type Service struct {
	o      Options
	log    *slog.Logger
	levels []*level // by number, levels[0] is level 1; fixed from Load on

	store   Store
	wake    chan struct{} // capacity 1: an empty level got a message
	stop    chan struct{} // closed by Shutdown
	running sync.WaitGroup
	batch   batch // of the delivery goroutine

	offsets offsets
}

// New returns a service that knows its levels; it reads and starts nothing.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.FlushInterval == nil {
		o.FlushInterval = func() time.Duration { return defaultFlushInterval }
	}
	s := &Service{o: o, log: o.Log, wake: make(chan struct{}, 1)}
	for _, delayMs := range o.Levels.delayMs {
		s.addLevel(delayMs)
	}
	return s
}

func (s *Service) addLevel(delayMs int64) {
	s.levels = append(s.levels, newLevel(int32(len(s.levels)+1), delayMs))
}

const (
	defaultFlushInterval = 10 * time.Second
	// recheckMs bounds a sleep: the wall clock may be set, and nothing may depend
	// on no arrival ever being missed.
	recheckMs = 10_000
)

// Start begins to deliver from st, which is open. After a Shutdown it may be
// started again.
func (s *Service) Start(st Store) {
	s.store = st
	s.stop = make(chan struct{})
	for _, l := range s.levels {
		l.begin(s.offsets.get(l.number), st, s.log)
	}
	s.running.Go(s.deliverLoop)
	s.running.Go(s.persistLoop)
}

// Shutdown ends the delivery; the store must still run. Without a Start it does
// nothing. Persist follows.
func (s *Service) Shutdown() {
	if s.stop == nil {
		return
	}
	close(s.stop)
	s.running.Wait()
	s.stop = nil
}

// Arriving tells that a message became readable in a queue of the schedule
// topic. It costs two atomic accesses and is safe at any time.
func (s *Service) Arriving(queueID int32) {
	if queueID < 0 || int(queueID) >= len(s.levels) || !s.levels[queueID].idle.CompareAndSwap(true, false) {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// deliverLoop is the one goroutine that delivers, for all levels.
func (s *Service) deliverLoop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
		case <-timer.C:
		}
		next := s.deliverDue()
		sleepMs := min(max(0, next-nowMs()), recheckMs)
		timer.Reset(time.Duration(sleepMs) * time.Millisecond)
	}
}

// deliverDue delivers, batch by batch in turn, in all levels that are due, and
// returns when (ms) the next one will be.
func (s *Service) deliverDue() int64 {
	for {
		now, next := nowMs(), int64(never)
		for _, l := range s.levels {
			if l.dueMs == never && s.store.MaxOffsetInQueue(codec.ScheduleTopic, l.queueID()) > l.position {
				l.lookAt(now)
			}
			if l.dueMs <= now {
				s.deliver(l, now)
			}
			next = min(next, l.dueMs)
			if s.stopped() {
				return never
			}
		}
		if next > now {
			return next
		}
	}
}

func (s *Service) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// EachLevel visits the levels in use with their offset and the end of their
// queue, in ascending order (runtime info scheduleMessageOffset_<level>). Not
// before Start.
func (s *Service) EachLevel(visit func(level int, offset, maxOffset int64)) {
	table := s.offsets.snapshot()
	for _, number := range slices.Sorted(maps.Keys(table)) {
		visit(int(number), table[number], s.store.MaxOffsetInQueue(codec.ScheduleTopic, number-1))
	}
}

func nowMs() int64 { return time.Now().UnixMilli() }
