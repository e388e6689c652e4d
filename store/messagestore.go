package store

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// Options is what a MessageStore is made of.
type Options struct {
	Config       Config
	FS           vfs.FS           // nil = the real one
	Log          *slog.Logger     // nil = slog.Default()
	Arriving     ArrivingListener // nil = nobody listens
	BitMaps      BitMapper        // nil = no bit maps
	Awaited      func() bool      // somebody waits for what Arriving tells; nil = always
	BrokerIPPort netip.AddrPort   // stored as storeHost of messages that have none
	Now          func() time.Time // nil = time.Now; gives store times
}

// MessageStore is Java's DefaultMessageStore. All methods but Start and
// Shutdown may be called concurrently.
type MessageStore struct {
	fs        vfs.FS
	log       *slog.Logger
	storeHost netip.AddrPort
	cfg       atomic.Pointer[Config]
	cfgMu     sync.Mutex // who replaces cfg

	flags       runningFlags
	lock        io.Closer
	stopped     stopState // how the last process ended
	commitLog   *CommitLog
	queues      *queueTable
	index       indexService
	indexLoaded bool
	reput       *reputService
	checkpoint  storeCheckpoint
	flusher     queueFlusher
	arriving    ArrivingListener
	awaited     func() bool
	memoryBytes int64
	encoders    encoderPool
	scans       scanPool

	stop    chan struct{} // closed by Shutdown
	running sync.WaitGroup
	started bool
}

// ErrLocked is Java's text for a store that another process has open.
var ErrLocked = errors.New("Lock failed,MQ already started")

// Open locks, loads and recovers the store; when it returns, everything in the
// log can be read. Errors say what to do.
func Open(o Options) (*MessageStore, error) {
	if err := o.Config.validate(); err != nil {
		return nil, err
	}
	levels, err := ParseDelayLevels(o.Config.MessageDelayLevel)
	if err != nil {
		return nil, err
	}
	s := newMessageStore(o, levels)
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func newMessageStore(o Options, levels []int64) *MessageStore {
	s := &MessageStore{fs: o.FS, log: o.Log, storeHost: o.BrokerIPPort, arriving: o.Arriving, awaited: o.Awaited, stop: make(chan struct{}), memoryBytes: physicalMemoryBytes()}
	if s.fs == nil {
		s.fs = vfs.OS()
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	cfg := o.Config
	s.cfg.Store(&cfg)
	s.flags.set(flagShutdown)
	paths, readPaths := cfg.commitLogPaths()
	files := newLogFiles(s.fs, paths, readPaths, int64(cfg.MappedFileSizeCommitLog))
	s.commitLog = newCommitLog(files, &s.flags, &s.cfg, s.log, now, s.committed)
	s.queues = newQueueTable(s.fs, filepath.Join(cfg.StorePathRootDir, "consumequeue"), cfg.cqFileBytes(), s.log, &s.flags)
	s.queues.ext.fileBytes, s.queues.ext.write = int64(cfg.MappedFileSizeConsumeQueueExt), cfg.EnableConsumeQueueExt
	s.index = openIndexService(s)
	s.reput = newReputService(s.commitLog, s.queues, s.index, &s.cfg, levels, nil, s.log)
	s.reput.bitMaps, s.reput.stop = o.BitMaps, s.stop
	s.checkpoint = storeCheckpoint{fs: s.fs, path: filepath.Join(cfg.StorePathRootDir, "checkpoint")}
	return s
}

func (s *MessageStore) open() error {
	root := s.cfg.Load().StorePathRootDir
	if err := s.fs.MkdirAll(root, 0o755); err != nil {
		return fmt.Errorf("create storePathRootDir: %w", err)
	}
	if err := syncParent(s.fs, root); err != nil {
		return fmt.Errorf("create storePathRootDir: %w", err)
	}
	lock, err := s.fs.Lock(filepath.Join(root, "lock"))
	if errors.Is(err, vfs.ErrLocked) {
		return fmt.Errorf("%w: another broker uses %s", ErrLocked, root)
	}
	if err != nil {
		return fmt.Errorf("lock the store: %w", err)
	}
	s.lock = lock
	if s.stopped, err = s.lastStop(); err != nil {
		return err
	}
	if err := s.checkpoint.load(); err != nil {
		return err
	}
	if err := s.commitLog.files.load(s.stopped == stopUnclean, s.checkpoint.value.physicMs); err != nil {
		return err
	}
	return s.recover(s.stopped)
}

// committed is told by the log that there is more to dispatch and to replicate.
func (s *MessageStore) committed() {
	s.reput.notify()
	if gate := s.commitLog.waits.gate.Load(); gate != nil {
		(*gate).Committed(s.commitLog.maxPhyOffset())
	}
}

// Start begins to accept messages and starts the goroutines of the store:
// commit log writer, file allocator, flush, dispatch, queue flush.
func (s *MessageStore) Start() error {
	if err := s.createAbort(); err != nil {
		return err
	}
	s.reput.arriving, s.reput.awaited = s.arriving, s.awaited
	s.flusher = queueFlusher{lastThorough: time.Now(), lastOffset: s.reput.from.Load()}
	s.commitLog.wantAhead()
	s.started = true
	s.running.Go(func() { s.commitLog.runWriter(s.stop) })
	s.running.Go(func() { s.commitLog.runAllocator(s.stop) })
	s.running.Go(func() { s.commitLog.runFlush(s.stop) })
	s.running.Go(func() { s.reput.run() })
	s.running.Go(func() { s.runQueueFlush(s.stop) })
	s.flags.clear(flagShutdown)
	return nil
}

// LastStopClean tells that the process that had the store before this one stopped
// it; the first one counts as such.
func (s *MessageStore) LastStopClean() bool { return s.stopped == stopClean }

// DispatchSoon is called by who begins to wait for messages, after Awaited has
// become true: what is in the log already is dispatched at once.
func (s *MessageStore) DispatchSoon() { s.reput.soon() }

// Config is the current settings; the caller does not modify it.
func (s *MessageStore) Config() *Config { return s.cfg.Load() }

// UpdateConfig replaces the settings by a changed copy. Sizes and paths of an
// open store do not change.
func (s *MessageStore) UpdateConfig(change func(*Config)) error {
	s.cfgMu.Lock()
	defer s.cfgMu.Unlock()
	cfg := *s.cfg.Load()
	change(&cfg)
	if err := cfg.validate(); err != nil {
		return err
	}
	s.cfg.Store(&cfg)
	return nil
}

// SetReplicaGate connects the HA service.
func (s *MessageStore) SetReplicaGate(g ReplicaGate) { s.commitLog.waits.gate.Store(&g) }

// ReplicaAcked tells that a slave has the log up to offset.
func (s *MessageStore) ReplicaAcked(offset int64) { s.commitLog.waits.replicaDone(offset) }

// MaxPhyOffset is the end of the readable log.
func (s *MessageStore) MaxPhyOffset() int64 { return s.commitLog.maxPhyOffset() }

// MinPhyOffset is the physical offset of the first file.
func (s *MessageStore) MinPhyOffset() int64 { return s.commitLog.minPhyOffset() }

// FlushedWhere is the end of what is durable.
func (s *MessageStore) FlushedWhere() int64 { return s.commitLog.flushed.Load() }

// DispatchBehindBytes tells how far queues and index are behind the log.
func (s *MessageStore) DispatchBehindBytes() int64 {
	return max(0, s.commitLog.maxPhyOffset()-s.reput.from.Load())
}

// Writeable tells whether PutMessage can succeed.
func (s *MessageStore) Writeable() bool { return s.flags.writeable() }

// NotWriteableReason says why not; "" when it is.
func (s *MessageStore) NotWriteableReason() string { return s.flags.reasons() }

// Topics lists the topics that have queues, sorted.
func (s *MessageStore) Topics() []string { return s.queues.topics() }

// QueueIDs lists the queues of a topic, ascending.
func (s *MessageStore) QueueIDs(topic string) (ids []int32) {
	for _, q := range s.queues.queuesOf(topic) {
		ids = append(ids, q.queueID)
	}
	return ids
}

// ErrProtectedTopic: the queues of this topic are the memory of a service.
var ErrProtectedTopic = errors.New("the queues of this topic are never deleted")

// protectedTopic names topics whose loss would deliver or check messages again.
func protectedTopic(topic string) bool {
	return topic == codec.ScheduleTopic || topic == codec.TransOpHalfTopic || topic == codec.TransHalfTopic || codec.IsLMQ(topic)
}

// DestroyTopic deletes all queues of a topic; the log keeps its records.
func (s *MessageStore) DestroyTopic(topic string) error {
	if protectedTopic(topic) {
		return fmt.Errorf("%w: %s", ErrProtectedTopic, topic)
	}
	var errs error
	for _, q := range s.queues.queuesOf(topic) {
		errs = errors.Join(errs, q.destroy(s.commitLog))
	}
	return errs
}

// CleanUnusedTopics destroys the queues of every topic that keep does not want
// and returns the number of topics. The schedule and the transaction topics stay.
func (s *MessageStore) CleanUnusedTopics(keep func(topic string) bool) (cleaned int) {
	for _, topic := range s.queues.topics() {
		if protectedTopic(topic) || keep(topic) {
			continue
		}
		if err := s.DestroyTopic(topic); err != nil {
			s.log.Error("the queues of an unused topic could not be deleted", "topic", topic, "err", err)
			continue
		}
		cleaned++
	}
	return cleaned
}
