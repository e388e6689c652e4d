package store

import (
	"errors"
	"fmt"
	"os"
)

// maxQueueFailures failed flushes in a row, about one a second, make the store
// not writeable, as 30 failed tries do in Java.
const maxQueueFailures = 30

// flush writes the tail. A failure is kept in mind and tried again by the next one.
func (q *ConsumeQueue) flush() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mu.dirty = false
	q.flushLocked()
	if len(q.mu.tail) > 0 {
		q.markDirty()
		return
	}
	if cap(q.mu.tail) > cqSmallBytes {
		q.mu.tail = nil // whoever puts again soon pays one allocation a second
	}
	if x := q.mu.ext; x != nil && cap(x.tail) > cqExtSmallBytes {
		x.tail = nil
	}
}

func (q *ConsumeQueue) flushLocked() {
	if len(q.mu.tail) == 0 {
		return
	}
	err := q.flushTail()
	if err == nil {
		if q.mu.failures > 0 {
			q.mu.failures = 0
			q.table.failing.Add(-1)
		}
		return
	}
	if q.mu.failures++; q.mu.failures == 1 {
		q.table.failing.Add(1)
	}
	switch q.mu.failures {
	case 1:
		q.table.log.Warn("consume queue cannot be written, trying again", "queue", q.String(), "err", err)
	case maxQueueFailures:
		q.table.log.Error("consume queue cannot be written: the store takes no messages until the broker is restarted", "queue", q.String(), "err", err)
		q.table.flags.set(flagLogicQueueError)
	}
}

// flushTail writes the tail into the files, the missing ones being created. What
// its entries have in consumequeue_ext comes first: an address in a file leads to a unit.
func (q *ConsumeQueue) flushTail() error {
	if err := q.flushExt(); err != nil {
		return err
	}
	for len(q.mu.tail) > 0 {
		pos := q.mu.tailStart * cqEntryBytes
		start := pos - pos%q.mu.fileBytes
		f, err := q.flushFile(start, pos)
		if err != nil {
			return err
		}
		n := int(min(int64(len(q.mu.tail)), start+q.mu.fileBytes-pos))
		_, err = f.WriteAt(q.mu.tail[:n], pos-start)
		if err = errors.Join(err, q.table.cache.put(f)); err != nil {
			return err
		}
		q.mu.tail = q.mu.tail[:copy(q.mu.tail, q.mu.tail[n:])]
		q.mu.tailStart += int64(n / cqEntryBytes)
		q.markUnsynced()
	}
	return nil
}

// markUnsynced lets the next checkpoint find the queue; mu is held.
func (q *ConsumeQueue) markUnsynced() {
	if !q.mu.unsynced {
		q.mu.unsynced = true
		q.table.unsynced.add(q)
	}
}

// flushFile opens the file that begins at start, or creates it with filler up to pos.
func (q *ConsumeQueue) flushFile(start, pos int64) (*cachedFile, error) {
	if q.mu.firstFile != noFile && start < q.mu.endFile {
		return q.table.cache.get(q.fileKey(start))
	}
	if err := q.table.fs.MkdirAll(q.dir(), 0o755); err != nil {
		return nil, fmt.Errorf("create queue folder: %w", err)
	}
	path := offsetFilePath(q.dir(), start)
	f, err := q.table.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create queue file: %w", err)
	}
	err = f.Truncate(q.mu.fileBytes)
	if err == nil && pos > start {
		_, err = f.WriteAt(fillerEntries(pos-start), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("size queue file %s: %w", path, err), f.Close())
	}
	if q.mu.firstFile == noFile {
		q.mu.firstFile = start
	}
	q.mu.endFile, q.mu.newFile = start+q.mu.fileBytes, true
	return q.table.cache.insert(q.fileKey(start), f)
}

func fillerEntries(n int64) []byte {
	b := make([]byte, 0, n)
	for int64(len(b)) < n {
		b = appendCQEntry(b, cqEntry{sizeBytes: cqFillerSize})
	}
	return b
}

// sync makes what was flushed durable and reports the folders whose entries are new.
func (q *ConsumeQueue) sync() (newFile bool, err error) {
	q.mu.Lock()
	from, to, fileBytes := q.mu.syncedTo*cqEntryBytes, q.mu.tailStart*cqEntryBytes, q.mu.fileBytes
	newFile = q.mu.newFile
	life := q.mu.liveFrom
	q.mu.unsynced, q.mu.newFile = false, false
	q.mu.Unlock()
	err = q.syncFiles(from, to, fileBytes, false)
	q.mu.Lock()
	if err == nil && q.mu.liveFrom == life { // else the topic was deleted meanwhile
		q.mu.syncedTo = to / cqEntryBytes
	}
	q.mu.Unlock()
	return newFile, err
}

// syncFiles makes the bytes from … to of the queue's files, or its ext files, durable.
func (q *ConsumeQueue) syncFiles(from, to, fileBytes int64, ext bool) (err error) {
	for start := from - from%fileBytes; start < to; start += fileBytes {
		f, errGet := q.table.cache.get(fileKey{q, start, ext})
		if errGet != nil {
			if !errors.Is(errGet, os.ErrNotExist) { // deleted meanwhile: nothing to keep
				err = errors.Join(err, errGet)
			}
			continue
		}
		err = errors.Join(err, f.Sync(), q.table.cache.put(f))
	}
	return err
}
