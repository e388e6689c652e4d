package store

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
)

// reputService follows the log and feeds what is derived from it: consume
// queues, index, the listener (Java: ReputMessageService, DispatchRequest).
//
// Laws:
//   - It goes no further than limit: committed, with SYNC_FLUSH flushed.
//   - On a master limit is always a record boundary, so after bytes that are no
//     record it can go on there at the latest. On a slave the last record may be
//     there in part only: it waits for the rest.
//   - Nothing that a record holds, and no failing queue, stops it. A disk that
//     cannot be read holds it up for reputReadTries; then it goes past the page.
//     A stop meanwhile is not clean: the next start dispatches the rest.
type reputService struct {
	log      *CommitLog
	queues   *queueTable
	index    indexService
	cfg      *atomic.Pointer[Config]
	levels   []int64 // delay of each level, ms
	arriving ArrivingListener
	bitMaps  BitMapper
	slog     *slog.Logger

	from        atomic.Int64 // everything before is dispatched
	reached     atomic.Int64 // the limit of the last dispatch; from is less when it ends within a record
	lastStoreMs atomic.Int64 // store time of the last dispatched record
	idle        atomic.Bool
	wake        chan struct{}

	awaited   func() bool // nil = always
	lingering atomic.Bool
	hurry     chan struct{}

	stop    <-chan struct{}
	stopped bool // while it waited for the disk
	gaveUp  bool // on the disk, until it can be read again

	buf     []byte
	view    codec.DispatchView
	bitMap  []byte          // of the record at hand, empty = none
	badSeen map[string]bool // topics that were complained about
}

const (
	// reputLinger is how long dispatch lets records gather while nobody waits
	// for them; Java's looks that often, whoever waits. Waking it for every
	// message would cost as much as the rest of a send.
	reputLinger     = time.Millisecond
	reputChunkBytes = 256 << 10
	maxBadSeen      = 1000

	reputReadRetry = time.Second
	reputReadTries = 60
)

func newReputService(log *CommitLog, queues *queueTable, index indexService, cfg *atomic.Pointer[Config], levels []int64, arriving ArrivingListener, logger *slog.Logger) *reputService {
	return &reputService{
		log: log, queues: queues, index: index, cfg: cfg, levels: levels, arriving: arriving, slog: logger,
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), badSeen: make(map[string]bool),
	}
}

// notify tells that limit may have moved.
func (r *reputService) notify() {
	if r.idle.CompareAndSwap(true, false) {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// soon ends the lingering: from now on somebody waits, as awaited will say.
func (r *reputService) soon() {
	if r.lingering.CompareAndSwap(true, false) {
		select {
		case r.hurry <- struct{}{}:
		default:
		}
	}
}

// linger lets records gather. Whoever begins to wait while it looks at awaited
// sees lingering and ends it.
func (r *reputService) linger(timer *time.Timer) {
	if r.awaited == nil {
		return
	}
	r.lingering.Store(true)
	if !r.awaited() {
		timer.Reset(reputLinger)
		select {
		case <-r.stop:
		case <-timer.C:
		case <-r.hurry:
		}
	}
	r.lingering.Store(false)
}

func (r *reputService) run() {
	timer := time.NewTimer(reputLinger)
	defer timer.Stop()
	for {
		limit := r.limit()
		if !r.dispatch(limit) {
			return
		}
		r.reached.Store(limit)
		r.idle.Store(true)
		if limit != r.limit() {
			r.idle.Store(false) // it moved before idle was seen
		} else {
			select {
			case <-r.stop:
				return
			case <-r.wake:
			}
		}
		r.linger(timer)
	}
}

// limit is how far the log may be shown to consumers.
func (r *reputService) limit() int64 {
	if r.cfg.Load().FlushDiskType == SyncFlush {
		return r.log.flushed.Load()
	}
	return r.log.committed.Load()
}

// dispatch handles all records before limit. false: the store stops before the
// disk could be read.
func (r *reputService) dispatch(limit int64) bool {
	if r.buf == nil {
		r.buf = make([]byte, reputChunkBytes)
	}
	for from, last := r.from.Load(), int64(-1); from < limit && from != last; last, from = from, r.from.Load() {
		if first := r.log.minPhyOffset(); from < first {
			r.slog.Warn("log files were deleted before they were dispatched", "from", from, "to", first)
			r.from.Store(first)
			continue
		}
		fileEnd := r.log.files.fileStart(from) + r.log.files.fileBytes
		window := min(limit, fileEnd) - from
		want := min(int64(len(r.buf)), window)
		if err := r.read(r.buf[:want], from); r.stopped {
			return false
		} else if err != nil {
			r.slog.Error("the commit log cannot be read, dispatch skips a page", "offset", from, "err", err)
			r.from.Store(r.resync(from, min(from-from%pageBytes+pageBytes, limit), limit))
			continue
		}
		next := r.dispatchChunk(r.buf[:want], from, window, limit)
		r.commitIndex()
		if storeMs := r.view.StoreTimestampMs; storeMs != 0 { // now: the checkpoint takes it for a time of records in their queues
			r.lastStoreMs.Store(storeMs)
		}
		r.from.Store(next)
	}
	if len(r.buf) > reputChunkBytes {
		r.buf = nil
	}
	return !r.stopped
}

// read fills p with the log from phyOffset on. A disk that fails is asked again.
func (r *reputService) read(p []byte, phyOffset int64) error {
	for try := 1; ; try++ {
		n, err := r.log.readAt(p, phyOffset)
		if err == nil && n < len(p) {
			err = errNoData // somebody cut the file
		}
		if err == nil || errors.Is(err, errNoData) {
			r.gaveUp = false
			return err
		}
		if r.gaveUp || try == reputReadTries {
			r.gaveUp = true
			return err
		}
		if try == 1 {
			r.slog.Error("the commit log cannot be read, dispatch waits", "offset", phyOffset, "err", err)
		}
		select {
		case <-r.stop:
			r.stopped = true
			return err
		case <-time.After(reputReadRetry):
		}
	}
}

// dispatchChunk handles the records in chunk, which begins at from, and returns
// where to go on. window is what of the log is there in this file.
func (r *reputService) dispatchChunk(chunk []byte, from, window, limit int64) int64 {
	for pos := 0; pos < len(chunk); {
		at := from + int64(pos)
		st, size := codec.ParseDispatch(chunk[pos:], &r.view)
		switch {
		case st == codec.RecordOK && r.view.CommitLogOffset == at:
			r.dispatchRecord(&r.view)
			pos += size
		case st == codec.RecordBlank:
			return r.log.files.fileStart(at) + r.log.files.fileBytes
		case st == codec.RecordBadSized && pos+size <= len(chunk):
			r.slog.Error("a damaged record is skipped", "offset", at, "size", size)
			pos += size
		case pos+max(size, minRecordBytes) > len(chunk) && int64(pos+size) <= window && int64(len(chunk)) < window:
			if pos > 0 {
				return at
			}
			// Longer than the buffer.
			r.buf = make([]byte, max(size, 2*len(r.buf)))
			chunk = r.buf[:min(int64(len(r.buf)), window)]
			if err := r.read(chunk, at); r.stopped {
				return at
			} else if err != nil {
				return r.resync(at, at+1, limit)
			}
		case at+int64(max(size, minRecordBytes)) > limit && r.cfg.Load().BrokerRole == Slave:
			return at
		default:
			return r.resync(at, at+1, limit)
		}
	}
	return from + int64(len(chunk))
}

// resync finds where to go on behind the damage that begins at bad: at the next record from at on.
func (r *reputService) resync(bad, at, limit int64) int64 {
	next := r.log.findRecord(at, limit)
	r.slog.Error("there is no record in a part of the commit log, dispatch skips it", "from", bad, "to", next)
	return next
}

func (r *reputService) dispatchRecord(v *codec.DispatchView) {
	cfg := r.cfg.Load()
	if r.bitMaps != nil {
		r.bitMap = r.bitMaps.AppendBitMap(r.bitMap[:0], v.Topic, v.Properties, v.StoreTimestampMs)
	}
	tran := codec.TransactionType(v.SysFlag)
	var q *ConsumeQueue
	if tran != codec.TransactionPreparedType && tran != codec.TransactionRollbackType {
		if q = r.dispatchQueue(cfg, v); q == nil {
			return
		}
		if cfg.EnableMultiDispatch {
			r.dispatchMulti(cfg, v)
		}
	}
	if cfg.MessageIndexEnable && tran != codec.TransactionRollbackType {
		if err := r.index.Put(v); err != nil {
			r.complain("index", "a record could not be indexed", v, err)
		}
		if r.awaited == nil || r.awaited() {
			r.commitIndex() // who hears of a message can look it up
		}
	}
	if q != nil && r.arriving != nil && cfg.BrokerRole != Slave {
		r.arriving.Arriving(q.topic, v.QueueID, v.QueueOffset+1, v.TagsCode, v.StoreTimestampMs, r.bitMap, v.Properties)
	}
}

// commitIndex writes what the records so far put into the index.
func (r *reputService) commitIndex() {
	if err := r.index.Commit(); err != nil {
		r.complain("index", "records could not be indexed", &r.view, err)
	}
}

// dispatchQueue puts the record into its queue; nil = its topic cannot be a path.
func (r *reputService) dispatchQueue(cfg *Config, v *codec.DispatchView) *ConsumeQueue {
	q := r.queues.findOrCreate(v.Topic, v.QueueID)
	if q == nil {
		r.complain(v.Topic, "a record with an illegal topic or queue is skipped", v, nil)
		return nil
	}
	if q.topic == codec.ScheduleTopic {
		if level, ok := codec.GetProperty(v.Properties, codec.PropertyDelayTimeLevel); ok {
			v.TagsCode = deliverTimeMs(r.levels, level, v.StoreTimestampMs)
		}
	}
	e := cqEntry{phyOffset: v.CommitLogOffset, sizeBytes: v.SizeBytes, tagsCode: v.TagsCode}
	var ext *cqExtUnit
	if cfg.EnableConsumeQueueExt && r.queues.ext.write {
		ext = &cqExtUnit{tagsCode: v.TagsCode, storeTimeMs: v.StoreTimestampMs, filterBitMap: r.bitMap}
	}
	if err := q.append(e, v.QueueOffset, ext); err != nil {
		r.complain(q.topic, "a record does not fit its queue and is skipped", v, err)
	}
	return q
}

// complain logs once for each key.
func (r *reputService) complain(key, text string, v *codec.DispatchView, err error) {
	if r.badSeen[key] || len(r.badSeen) >= maxBadSeen {
		return
	}
	r.badSeen[string([]byte(key))] = true
	r.slog.Error(text+"; further ones of this topic are not logged", "topic", string([]byte(v.Topic)), "queue", v.QueueID,
		"queueOffset", v.QueueOffset, "offset", v.CommitLogOffset, "err", err)
}
