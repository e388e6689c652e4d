package store

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/recent"
	"github.com/boostermq/booster/internal/vfs"
)

// queueTable holds the consume queues of all topics (Java: consumeQueueTable,
// FlushConsumeQueueService).
type queueTable struct {
	fs        vfs.FS
	dir       string
	fileBytes int64 // of new queues
	log       *slog.Logger
	flags     *runningFlags
	cache     *fileCache
	ext       queueTableExt

	mu struct {
		sync.RWMutex
		topics map[string]map[int32]*ConsumeQueue // only grows: a deleted topic's queues are emptied
	}
	recent   recent.Table[ConsumeQueue] // of topics; what was found lately
	failing  atomic.Int32               // queues that keep entries they could not write
	dirty    queueSet                   // queues with a tail
	unsynced queueSet                   // queues written since the last sync
}

// queueTableExt is what the queues need to know of consumequeue_ext.
type queueTableExt struct {
	dir       string // consumequeue_ext, beside consumequeue
	fileBytes int64  // of new files
	write     bool   // enableConsumeQueueExt when the store was opened
}

// queueSet collects queues until the flusher takes them. A queue's own flag,
// under its lock, keeps it from being added twice.
type queueSet struct {
	mu   sync.Mutex
	list []*ConsumeQueue
}

func (s *queueSet) add(q *ConsumeQueue) {
	s.mu.Lock()
	s.list = append(s.list, q)
	s.mu.Unlock()
}

func (s *queueSet) take() []*ConsumeQueue {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	s.list = nil
	return list
}

func newQueueTable(fsys vfs.FS, dir string, fileBytes int64, log *slog.Logger, flags *runningFlags) *queueTable {
	t := &queueTable{fs: fsys, dir: dir, fileBytes: fileBytes, log: log, flags: flags, cache: newFileCache(fsys, fileCacheCapacity, log)}
	t.ext.dir = dir + "_ext"
	t.mu.topics = make(map[string]map[int32]*ConsumeQueue)
	return t
}

// find returns the queue or nil. It keeps nothing of topic. Every message asks
// twice, so those that many ask for are found without lock and map.
func (t *queueTable) find(topic string, queueID int32) *ConsumeQueue {
	slot := t.recent.Slot(topic, queueID)
	if q := slot.Load(); q != nil && q.queueID == queueID && q.topic == topic {
		return q
	}
	t.mu.RLock()
	q := t.mu.topics[topic][queueID]
	t.mu.RUnlock()
	if q != nil {
		slot.Store(q)
	}
	return q
}

// findOrCreate returns nil for a name that must not become a path.
func (t *queueTable) findOrCreate(topic string, queueID int32) *ConsumeQueue {
	if q := t.find(topic, queueID); q != nil {
		return q
	}
	if queueID < 0 || codec.ValidateTopic(topic) != "" {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	queues := t.mu.topics[topic]
	if q := queues[queueID]; q != nil {
		return q
	}
	topic = string([]byte(topic)) // the caller's may alias a buffer
	if queues == nil {
		queues = make(map[int32]*ConsumeQueue, 4)
		t.mu.topics[topic] = queues
	}
	q := newConsumeQueue(t, topic, queueID)
	queues[queueID] = q
	return q
}

// all lists every queue.
func (t *queueTable) all() []*ConsumeQueue {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []*ConsumeQueue
	for _, queues := range t.mu.topics {
		for _, q := range queues {
			list = append(list, q)
		}
	}
	return list
}

// topics lists the topics with a queue that is not empty, sorted.
func (t *queueTable) topics() (names []string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for topic, queues := range t.mu.topics {
		for _, q := range queues {
			if !q.empty() {
				names = append(names, topic)
				break
			}
		}
	}
	slices.Sort(names)
	return names
}

// queuesOf lists the queues of a topic that are not empty, by number.
func (t *queueTable) queuesOf(topic string) (list []*ConsumeQueue) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, q := range t.mu.topics[topic] {
		if !q.empty() {
			list = append(list, q)
		}
	}
	slices.SortFunc(list, func(a, b *ConsumeQueue) int { return int(a.queueID) - int(b.queueID) })
	return list
}

// flush writes the tails of all queues that have one.
func (t *queueTable) flush() {
	for _, q := range t.dirty.take() {
		q.flush()
	}
}

// sync flushes and makes everything durable. false = something is not, so the
// checkpoint must stay where it is. After a failed sync it never moves again:
// a second fsync proves nothing.
func (t *queueTable) sync() bool {
	t.flush()
	dirs := make(map[string]struct{})
	var errs error
	for _, q := range t.unsynced.take() {
		newFile, err := q.sync()
		newExtFile, errExt := q.syncExt() // second: no entry is durable without its unit
		errs = errors.Join(errs, err, errExt)
		if newFile {
			addFolders(dirs, q.dir())
		}
		if newExtFile {
			addFolders(dirs, q.extDir())
		}
	}
	for dir := range dirs {
		if err := t.fs.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = errors.Join(errs, err)
		}
	}
	if errs != nil {
		t.log.Error("consume queues cannot be made durable: the store takes no messages until the broker is restarted", "err", errs)
		t.flags.set(flagLogicQueueError)
	}
	return t.failing.Load() == 0 && t.flags.bits.Load()&flagLogicQueueError == 0
}

// addFolders adds a queue's folder and those above, up to the store's.
func addFolders(dirs map[string]struct{}, dir string) {
	for range 4 {
		dirs[dir] = struct{}{}
		dir = filepath.Dir(dir)
	}
}
