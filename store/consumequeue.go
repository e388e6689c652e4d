package store

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
)

// ConsumeQueue is the list of one queue's records in the log (Java: ConsumeQueue).
//
// New entries are kept in memory (tail) and written when there are 4 KiB of
// them or a second has passed; readers see both. An idle queue owns neither
// buffer nor open file.
//
// Laws:
//   - Entry i lies in [min, max); below tailStart in a file, from tailStart on in tail.
//   - Entry i is the record whose queueOffset is i; what is missing in between is filler.
//   - Physical offsets rise strictly along the entries that are not filler.
type ConsumeQueue struct {
	topic   string
	queueID int32
	table   *queueTable

	// next is the queue offset of the next message. Guarded by CommitLog.mu.
	next int64

	// Only recovery looks at these: what load found wrong.
	damaged bool
	stray   []queueFile

	min, max atomic.Int64 // written under mu

	mu struct {
		sync.Mutex
		fileBytes int64
		maxPhy    int64 // physical end of the last entry's record
		liveFrom  int64 // records before this belong to a deleted life of the topic
		tail      []byte
		tailStart int64 // index of tail's first entry
		syncedTo  int64 // entries below are durable
		firstFile int64 // byte start of the first file; noFile = none
		endFile   int64 // byte end of the last file
		dirty     bool  // in table.dirty
		unsynced  bool  // in table.unsynced
		newFile   bool  // a directory entry is not durable yet
		failures  int   // failed flushes in a row
		gap       bool  // filler was put since load: records or entries are missing
		ext       *consumeQueueExt
	}
}

const (
	noFile       = -1
	cqFlushBytes = 4096 / cqEntryBytes * cqEntryBytes
	cqSmallBytes = 16 * cqEntryBytes // a tail of this size is kept while idle
)

func newConsumeQueue(t *queueTable, topic string, queueID int32) *ConsumeQueue {
	q := &ConsumeQueue{topic: topic, queueID: queueID, table: t}
	q.mu.firstFile, q.mu.fileBytes = noFile, t.fileBytes
	return q
}

// dir is the folder of the queue; topic was validated when the queue came to be.
func (q *ConsumeQueue) dir() string {
	return filepath.Join(q.table.dir, q.topic, strconv.Itoa(int(q.queueID)))
}

func (q *ConsumeQueue) String() string { return q.topic + "-" + strconv.Itoa(int(q.queueID)) }

// append adds the entry with the given index (Java: putMessagePositionInfo).
// What is there already is ignored, so dispatch may repeat itself. With a unit
// the entry gets its address instead of the tag code.
func (q *ConsumeQueue) append(e cqEntry, index int64, ext *cqExtUnit) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	limit := q.max.Load()
	switch {
	case e.phyOffset < q.mu.liveFrom || (limit > 0 && e.end() <= q.mu.maxPhy):
		return nil
	case index < 0 || index >= cqMaxQueueOffset:
		return fmt.Errorf("queue offset %d is impossible", index)
	case q.mu.firstFile == noFile && len(q.mu.tail) == 0:
		q.appendStart(index) // also when recovery cut all entries and only knew a position
	case index < limit:
		return fmt.Errorf("queue offset %d comes again, the queue ends at %d", index, limit)
	case index > limit:
		if err := q.appendGap(index - limit); err != nil {
			return err
		}
	}
	if ext != nil {
		e.tagsCode = q.putExt(ext)
	}
	q.mu.tail = appendCQEntry(q.mu.tail, e)
	q.mu.maxPhy = e.end()
	q.max.Store(index + 1)
	q.markDirty()
	full := len(q.mu.tail) >= cqFlushBytes || ext != nil && len(q.mu.ext.tail) >= cqExtFlushBytes
	if full && q.mu.failures == 0 {
		q.flushLocked()
	}
	return nil
}

// appendStart begins an empty queue, perhaps elsewhere than at 0: a slave that
// joined late, or a log whose older part is gone.
func (q *ConsumeQueue) appendStart(index int64) {
	q.min.Store(index)
	q.mu.tailStart, q.mu.syncedTo = index, index
}

// appendGap puts filler where records are missing from the log. A wider gap
// than one file is no gap but a damaged record.
func (q *ConsumeQueue) appendGap(entries int64) error {
	if entries > q.mu.fileBytes/cqEntryBytes {
		return fmt.Errorf("queue offset jumps by %d", entries)
	}
	q.mu.gap = true
	for range entries {
		q.mu.tail = appendCQEntry(q.mu.tail, cqEntry{sizeBytes: cqFillerSize})
	}
	return nil
}

// markDirty lets the flusher find the queue; mu is held.
func (q *ConsumeQueue) markDirty() {
	if !q.mu.dirty {
		q.mu.dirty = true
		q.table.dirty.add(q)
	}
}

// read appends at most n entries from index on to dst and returns how many. It
// stops at the end of a file and of the queue. An error means the file cannot be read.
func (q *ConsumeQueue) read(dst []byte, index int64, n int) ([]byte, int, error) {
	q.mu.Lock()
	return q.readUnlock(dst, index, n, false)
}

// readCached is read for who must not wait: errWouldWait when the entries are
// not in memory, or when mu is held, which a flush does while it writes.
func (q *ConsumeQueue) readCached(dst []byte, index int64, n int) ([]byte, int, error) {
	if !q.mu.TryLock() {
		return dst, 0, errWouldWait
	}
	return q.readUnlock(dst, index, n, true)
}

// readUnlock is the rest of both; mu is held, and given back.
func (q *ConsumeQueue) readUnlock(dst []byte, index int64, n int, cached bool) ([]byte, int, error) {
	if index < q.min.Load() || index >= q.max.Load() || n <= 0 {
		q.mu.Unlock()
		return dst, 0, nil
	}
	if at := index - q.mu.tailStart; at >= 0 {
		n = min(n, int(q.max.Load()-index))
		dst = append(dst, q.mu.tail[at*cqEntryBytes:(at+int64(n))*cqEntryBytes]...)
		q.mu.Unlock()
		return dst, n, nil
	}
	fileBytes := q.mu.fileBytes
	pos := index * cqEntryBytes
	start := pos - pos%fileBytes
	limit := min(q.mu.tailStart*cqEntryBytes-start, fileBytes)
	n = int(min(int64(n), q.mu.tailStart-index, (start+fileBytes-pos)/cqEntryBytes))
	q.mu.Unlock()
	// No lock from here on: what is in a file is not changed any more, only deleted.
	from := len(dst)
	dst = append(dst, make([]byte, n*cqEntryBytes)...)
	var err error
	if cached {
		err = q.table.cache.readCached(q.fileKey(start), dst[from:], pos-start, limit)
	} else {
		err = q.table.cache.readAt(q.fileKey(start), dst[from:], pos-start)
	}
	if err != nil {
		return dst[:from], 0, err
	}
	return dst, n, nil
}

// entry reads one entry; false when the queue has none there.
func (q *ConsumeQueue) entry(index int64) (cqEntry, bool) {
	var buf [cqEntryBytes]byte
	b, n, err := q.read(buf[:0], index, 1)
	if err != nil || n == 0 {
		return cqEntry{}, false
	}
	return parseCQEntry(b), true
}

// entryAfter finds the first entry at or behind index that is no filler. false:
// there is none, or it cannot be read.
func (q *ConsumeQueue) entryAfter(index int64) (e cqEntry, at int64, ok bool) {
	e, ok = q.entry(index)
	if !ok || !e.filler() {
		return e, index, ok
	}
	for buf := make([]byte, 0, cqFlushBytes); ; {
		b, n, err := q.read(buf, index, cqFlushBytes/cqEntryBytes)
		if err != nil || n == 0 {
			return cqEntry{}, index, false
		}
		for ; len(b) > 0; b = b[cqEntryBytes:] {
			if e := parseCQEntry(b); !e.filler() {
				return e, index, true
			}
			index++
		}
	}
}

// nextFileIndex is the index of the first entry of the file after index's (Java: rollNextFile).
func (q *ConsumeQueue) nextFileIndex(index int64) int64 {
	q.mu.Lock()
	perFile := q.mu.fileBytes / cqEntryBytes
	q.mu.Unlock()
	return (index/perFile + 1) * perFile
}

// empty tells that nothing was ever put, or that the topic was deleted.
func (q *ConsumeQueue) empty() bool { return q.max.Load() == 0 }
