package transaction

import (
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/store"
)

// Store is what the service needs of the message store.
type Store interface {
	GetMessage(topic string, queueID int32, offset int64, maxNums int, filter store.MessageFilter, res *store.GetResult)
	LookMessageByOffset(phyOffset int64) (record []byte, ok bool)
	PutMessage(m *codec.Message, cb store.PutCallback)
	CommitPending()
	MinOffsetInQueue(topic string, queueID int32) int64
	MaxOffsetInQueue(topic string, queueID int32) int64
	MaxPhyOffset() int64 // end of what was put
	FlushedWhere() int64 // end of what is durable
}

// Offsets is what the service needs of the consumer offset manager.
type Offsets interface {
	Query(group, topic string, queueID int32) int64 // -1 = none
	Commit(clientHost, group, topic string, queueID int32, offset int64)
}

// Channel is a producer's connection.
type Channel interface {
	RemoteAddr() string
	InvokeOneway(cmd *codec.Command) error
}

// Config are the settings that may change at any time.
type Config struct {
	TimeOut         time.Duration // transactionTimeOut: how long a producer is left alone
	CheckInterval   time.Duration // transactionCheckInterval: between two rounds
	CheckMax        int           // transactionCheckMax: checks before a message is given up
	FileReserved    time.Duration // fileReservedTime: older messages are given up
	MaxMessageBytes int           // maxMessageSize, for a remark
	Slave           bool          // brokerRole is SLAVE: nothing can be ended here
}

// Options is what a Service is made of.
type Options struct {
	Config    func() Config
	StoreHost func() netip.AddrPort // of this broker
	Offsets   Offsets
	// AvailableChannel returns a living connection of a producer group, another
	// one at each call; nil when there is none.
	AvailableChannel func(group string) Channel
	// EnsureTopic creates the config of a topic of one queue, readable and
	// writeable, unless it is there.
	EnsureTopic func(topic string)
	// Committed hears of each final message, for statistics; nil = nobody listens.
	Committed func(topic string, queueID int32, sizeBytes int)
	Log       *slog.Logger // nil = slog.Default()
}

// Service ends and checks half messages (Java: TransactionalMessageServiceImpl).
type Service struct {
	o       Options
	log     *slog.Logger
	store   Store
	endings endings
	checker checker

	commits, rollbacks atomic.Int64 // ended by 37

	stop    chan struct{} // closed by Shutdown
	running sync.WaitGroup
}

// New returns a service that does nothing yet.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Service{o: o, log: o.Log}
	s.checker.Service = s
	return s
}

// UseStore gives the service the store; End and Resume work from here on. Before Start.
func (s *Service) UseStore(st Store) { s.store = st }

// Start begins to check, first after CheckInterval. Where messages are not
// written (a slave) it is not called.
func (s *Service) Start() {
	s.stop = make(chan struct{})
	s.checker.begin()
	s.running.Go(s.checkLoop)
}

// Shutdown ends the checks; the store must still run. Without a Start it does
// nothing. CommitOffsets follows.
func (s *Service) Shutdown() {
	if s.stop == nil {
		return
	}
	close(s.stop)
	s.running.Wait()
	s.stop = nil
}

// CommitOffsets commits, at the stop, how far the checks got: after Shutdown and
// after the store's, which flushes the log, and before the consumer offsets are
// written. Without it the last round is done again at the next start.
func (s *Service) CommitOffsets() {
	if s.store != nil {
		s.checker.noteProgress()
	}
}

// HalfMessages is about how many half messages are not ended.
func (s *Service) HalfMessages() int64 {
	if s.store == nil {
		return 0
	}
	return max(0, s.checker.openSince.Load()+s.halfMax()-s.opMax())
}

func (s *Service) halfMax() int64 { return s.store.MaxOffsetInQueue(codec.TransHalfTopic, halfQueueID) }
func (s *Service) opMax() int64   { return s.store.MaxOffsetInQueue(codec.TransOpHalfTopic, halfQueueID) }

// checkLoop runs the rounds (Java: TransactionalMessageCheckService).
func (s *Service) checkLoop() {
	const (
		flushTick  = time.Second      // offsets wait for a flush
		configTick = 10 * time.Second // the interval may change
	)
	for last := time.Now(); ; {
		tick := configTick
		if s.checker.hasPending {
			tick = flushTick
		}
		wait := min(tick, max(time.Until(last.Add(s.o.Config().CheckInterval)), time.Millisecond))
		select {
		case <-s.stop:
			return
		case <-time.After(wait):
		}
		s.checker.commitFlushed()
		if time.Since(last) >= s.o.Config().CheckInterval {
			s.checker.round()
			last = time.Now()
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

// put appends m and waits for the outcome; durable: also for disk and slave, as
// the settings want it.
func (s *Service) put(m *codec.Message, durable bool) store.PutResult {
	p := syncPut{done: make(chan struct{}), durable: durable}
	s.store.PutMessage(m, &p)
	s.store.CommitPending()
	<-p.done
	return p.result
}

type syncPut struct {
	result  store.PutResult
	done    chan struct{}
	durable bool
}

// PutDone implements store.PutCallback.
func (p *syncPut) PutDone(r *store.PutResult) {
	p.result = *r
	p.result.BatchOffsets = nil // aliases a buffer
	close(p.done)
}

// NoWait implements store.NoWait: Java puts WAIT=false, but only after it has
// rendered the properties, so the stored text keeps what the sender wrote.
func (p *syncPut) NoWait() bool { return !p.durable }

// unfit tells that a message, not the store, is the reason why it was not put.
func unfit(status store.PutStatus) bool {
	return status == store.MessageIllegal || status == store.PropertiesSizeExceeded || status == store.LMQConsumeQueueNumExceeded
}
