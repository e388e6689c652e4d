package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
)

// correctMin sets min to the first entry whose record begins at or behind
// minPhy (Java: correctMinOffset). With none left the queue is empty at max.
func (q *ConsumeQueue) correctMin(minPhy int64) {
	lo, hi := q.min.Load(), q.max.Load()
	i := lo + int64(sort.Search(int(hi-lo), func(i int) bool {
		e, _, ok := q.entryAfter(lo + int64(i))
		return ok && e.phyOffset >= minPhy
	}))
	if _, at, ok := q.entryAfter(i); ok {
		i = at
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.min.Store(max(q.min.Load(), i))
}

// deleteExpired deletes the files whose last record lies before minPhy, never
// the last file, and corrects min. It returns the number of deleted files.
func (q *ConsumeQueue) deleteExpired(minPhy int64) (deleted int, err error) {
	for {
		q.mu.Lock()
		start, fileBytes, single := q.mu.firstFile, q.mu.fileBytes, q.mu.firstFile == noFile || q.mu.firstFile+q.mu.fileBytes >= q.mu.endFile
		q.mu.Unlock()
		if single {
			break
		}
		// A last entry that is filler: what comes next decides, all before it is older.
		e, _, ok := q.entryAfter((start+fileBytes)/cqEntryBytes - 1)
		if !ok || e.phyOffset >= minPhy {
			break
		}
		q.mu.Lock()
		q.mu.firstFile = start + fileBytes
		q.min.Store(max(q.min.Load(), q.mu.firstFile/cqEntryBytes))
		q.mu.Unlock()
		if err = q.deleteFile(q.fileKey(start)); err != nil {
			break
		}
		deleted++
	}
	q.correctMin(minPhy)
	if err == nil {
		var deletedExt int
		deletedExt, err = q.deleteExpiredExt()
		deleted += deletedExt
	}
	return deleted, err
}

// discard deletes the files of a damaged queue; it will be rebuilt.
func (q *ConsumeQueue) discard() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for start := q.mu.firstFile; start != noFile && start < q.mu.endFile; start += q.mu.fileBytes {
		if err := q.table.cache.drop(q.fileKey(start)); err != nil {
			return err
		}
	}
	for _, f := range q.stray {
		if err := q.table.cache.drop(q.fileKey(f.start)); err != nil {
			return err
		}
	}
	q.stray = nil
	q.discardReset()
	return q.table.fs.RemoveAll(q.dir())
}

// discardReset makes the queue as new; mu is held.
func (q *ConsumeQueue) discardReset() {
	if q.mu.failures > 0 {
		q.table.failing.Add(-1)
	}
	q.min.Store(0)
	q.max.Store(0)
	q.mu.maxPhy, q.mu.tail, q.mu.tailStart, q.mu.syncedTo, q.mu.failures = 0, nil, 0, 0, 0
	q.mu.firstFile, q.mu.endFile, q.mu.fileBytes, q.mu.newFile = noFile, 0, q.table.fileBytes, false
}

// destroy deletes the queue while the store runs. Records that are in the log
// already never come back into it; the next message gets queue offset 0.
func (q *ConsumeQueue) destroy(log *CommitLog) error {
	q.mu.Lock()
	log.mu.Lock()
	q.next = 0
	q.mu.liveFrom = log.mu.next
	log.mu.Unlock()
	var errs error
	for start := q.mu.firstFile; start != noFile && start < q.mu.endFile; start += q.mu.fileBytes {
		errs = errors.Join(errs, q.table.cache.drop(q.fileKey(start)))
	}
	errs = errors.Join(errs, q.dropExt())
	q.discardReset()
	// Out of the way at once, so that a new file of the queue cannot meet the deletion.
	trash := deletedPrefix + strconv.Itoa(int(q.queueID)) + "-" + strconv.FormatInt(q.mu.liveFrom, 10)
	var gone []string
	for _, dir := range []string{q.dir(), q.extDir()} {
		to := filepath.Join(filepath.Dir(dir), trash)
		switch err := q.table.fs.Rename(dir, to); {
		case err == nil:
			gone = append(gone, to)
		case !errors.Is(err, os.ErrNotExist):
			errs = errors.Join(errs, err)
		}
	}
	q.mu.Unlock()
	for _, dir := range gone {
		errs = errors.Join(errs, q.table.fs.RemoveAll(dir))
	}
	if errs != nil {
		return fmt.Errorf("delete queue %s: %w", q, errs)
	}
	return nil
}

// deletedPrefix begins the names of folders that are being deleted.
const deletedPrefix = "deleted-"
