package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
)

// recoverExt puts consumequeue_ext in order, after the queues: units are used
// from the files as they are found, new ones go behind the last that an entry
// points to. With unclean nothing behind that is believed to be zero.
func (t *queueTable) recoverExt(unclean bool) error {
	topics, err := t.readExtDir(t.ext.dir)
	if err != nil {
		return err
	}
	if !t.ext.write && len(topics) == 0 {
		return nil
	}
	for _, topic := range topics {
		if codec.ValidateTopic(topic) != "" {
			continue // nobody looks there
		}
		if err := t.removeExtRemains(topic); err != nil {
			return err
		}
	}
	return t.forAll(func(q *ConsumeQueue) error {
		if err := q.recoverExt(unclean); err != nil {
			return fmt.Errorf("recover ext files of %s: %w", q, err)
		}
		return nil
	})
}

// readExtDir lists a folder of consumequeue_ext, which need not be there.
func (t *queueTable) readExtDir(dir string) (names []string, err error) {
	entries, err := t.fs.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list consumequeue_ext: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// removeExtRemains deletes what the deletion of a queue left: a new queue of that
// name begins at the same addresses.
func (t *queueTable) removeExtRemains(topic string) error {
	ids, err := t.readExtDir(filepath.Join(t.ext.dir, topic))
	if err != nil {
		return err
	}
	for _, id := range ids {
		n, ok := parseQueueID(id)
		if strings.HasPrefix(id, deletedPrefix) || ok && t.find(topic, n) == nil {
			if err := t.fs.RemoveAll(filepath.Join(t.ext.dir, topic, id)); err != nil {
				return fmt.Errorf("delete what is left of a queue: %w", err)
			}
		}
	}
	return nil
}

// recoverExt is recoverExt for one queue. It may come again, and nothing is
// dispatched meanwhile.
func (q *ConsumeQueue) recoverExt(unclean bool) error {
	if err := q.dropExt(); err != nil {
		return err
	}
	files, err := q.listFiles(q.extDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !q.table.ext.write {
		q.recoverExtReading(files)
		return nil
	}
	last, found, err := q.findExt(true)
	if err != nil { // any address may be taken
		q.table.log.Error("a consume queue gets no ext units, for its entries cannot be read", "queue", q.String(), "err", err)
		q.mu.ext = newConsumeQueueExt(q.table.ext.fileBytes, cqExtMaxOffset)
		return nil
	}
	if !found {
		return q.table.fs.RemoveAll(q.extDir()) // nobody points there
	}
	x, err := q.recoverExtFiles(files, last)
	if errors.Is(err, errCQExt) {
		q.table.log.Warn("ext units of a consume queue are missing: its filters read the records", "queue", q.String(), "err", err)
		return q.recoverExtAnew(files, last)
	}
	if err != nil {
		return err
	}
	q.mu.ext = x
	return q.recoverExtTruncate(files, unclean)
}

// recoverExtAnew deletes the files. The entries keep their addresses, the last of
// which is that of offset last: whoever follows one must not meet a unit of another.
func (q *ConsumeQueue) recoverExtAnew(files []queueFile, last int64) error {
	for _, f := range files {
		if err := q.table.cache.drop(q.extFileKey(f.start)); err != nil {
			return err
		}
	}
	fileBytes, next := q.table.ext.fileBytes, int64(cqExtMaxOffset) // full, if the address is nonsense
	if last < cqExtMaxOffset-2*fileBytes {
		next = (last/fileBytes + 1) * fileBytes
	}
	q.mu.ext = newConsumeQueueExt(fileBytes, next)
	return q.table.fs.RemoveAll(q.extDir())
}

// recoverExtReading takes the files over for reading only.
func (q *ConsumeQueue) recoverExtReading(files []queueFile) {
	if len(files) == 0 {
		return
	}
	fileBytes := files[0].sizeBytes
	for i, f := range files {
		if f.sizeBytes != fileBytes || fileBytes == 0 || f.start != files[0].start+int64(i)*fileBytes || f.start%fileBytes != 0 {
			q.table.log.Warn("ext files of a consume queue do not fit together and are not used", "queue", q.String())
			return
		}
	}
	x := newConsumeQueueExt(fileBytes, files[0].start+int64(len(files))*fileBytes)
	x.firstFile, x.endFile = files[0].start, x.next
	q.mu.ext = x
}

// recoverExtFiles looks whether the files lead without gap to the unit at offset
// last, and takes them over up to its end. errCQExt: they do not.
func (q *ConsumeQueue) recoverExtFiles(files []queueFile, last int64) (*consumeQueueExt, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: no files", errCQExt)
	}
	fileBytes := loadFileBytes(files, q.table.ext.fileBytes, false)
	if fileBytes <= 0 || fileBytes > maxMappedFileBytes {
		return nil, fmt.Errorf("%w: files of %d bytes", errCQExt, fileBytes)
	}
	start := last - last%fileBytes
	for i, f := range files {
		switch {
		case f.start != files[0].start+int64(i)*fileBytes || f.start%fileBytes != 0:
			return nil, fmt.Errorf("%w: %s comes after a gap", errCQExt, offsetFileName(f.start))
		case f.start == start:
			size, err := q.recoverExtUnit(last, start)
			if err != nil {
				return nil, err
			}
			x := newConsumeQueueExt(fileBytes, last+int64(size))
			if x.next > start+fileBytes-cqExtEndFreeBytes {
				return nil, fmt.Errorf("%w: at offset %d: it reaches into the end of its file", errCQExt, last)
			}
			x.firstFile, x.endFile = files[0].start, start+fileBytes
			return x, nil
		case f.sizeBytes != fileBytes:
			return nil, fmt.Errorf("%w: %s has %d bytes of %d", errCQExt, offsetFileName(f.start), f.sizeBytes, fileBytes)
		}
	}
	return nil, fmt.Errorf("%w: the file of offset %d is missing", errCQExt, last)
}

// recoverExtUnit is the length of the unit at offset, in the file that begins at start.
func (q *ConsumeQueue) recoverExtUnit(offset, start int64) (size int, err error) {
	f, err := q.table.cache.get(q.extFileKey(start))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errCQExt, err)
	}
	var u cqExtUnit
	buf := make([]byte, cqExtMaxUnitBytes)
	n, err := f.ReadAt(buf, offset-start)
	if err == nil || errors.Is(err, io.EOF) {
		size, err = parseCQExtUnit(buf[:n], &u)
	}
	if err = errors.Join(err, q.table.cache.put(f)); err != nil {
		return 0, fmt.Errorf("%w: at offset %d: %w", errCQExt, offset, err)
	}
	return size, nil
}

// recoverExtTruncate deletes the files behind the last unit and clears the rest of its own.
func (q *ConsumeQueue) recoverExtTruncate(files []queueFile, unclean bool) error {
	x := q.mu.ext
	for _, f := range slices.Backward(files) {
		if f.start >= x.endFile {
			if err := q.deleteFile(q.extFileKey(f.start)); err != nil {
				return err
			}
		}
	}
	start := x.endFile - x.fileBytes
	f, err := q.table.cache.get(q.extFileKey(start))
	if err != nil {
		return err
	}
	used := x.next - start
	if !unclean {
		rest := make([]byte, min(pageBytes, x.fileBytes-used))
		n, errRead := f.ReadAt(rest, used)
		unclean = errRead != nil || n > 0 && !bytes.Equal(rest, make([]byte, len(rest)))
	}
	if unclean {
		x.syncedTo = start // what is cleared is gone for good before a checkpoint vouches for the queue
		q.markUnsynced()
		if err = f.Truncate(used); err == nil {
			err = f.Truncate(x.fileBytes)
		}
	}
	return errors.Join(err, q.table.cache.put(f))
}

// findExt returns the offset of the first unit that an entry of the queue points
// to, or of the last one.
func (q *ConsumeQueue) findExt(last bool) (offset int64, found bool, err error) {
	const step = cqFlushBytes / cqEntryBytes
	lo, hi := q.min.Load(), q.max.Load()
	perFile := q.nextFileIndex(0)
	for buf := make([]byte, 0, cqFlushBytes); lo < hi; {
		from, to := lo, min(hi, lo+step)
		if last {
			from, to = max(lo, hi-step, (hi-1)/perFile*perFile), hi
		}
		b, n, err := q.read(buf, from, int(to-from))
		if err != nil || n == 0 {
			return 0, false, errors.Join(err, fmt.Errorf("entry %d cannot be read", from))
		}
		for i := range n {
			if last {
				i = n - 1 - i
			}
			if e := parseCQEntry(b[i*cqEntryBytes:]); isExtAddress(e.tagsCode) {
				return extOffset(e.tagsCode), true, nil
			}
		}
		if last {
			hi = from
		} else {
			lo += int64(n)
		}
	}
	return 0, false, nil
}

// deleteExpiredExt deletes the ext files before the first unit an entry points
// to, never the last file (Java: truncateByMinAddress).
func (q *ConsumeQueue) deleteExpiredExt() (deleted int, err error) {
	single := func() bool {
		x := q.mu.ext
		return x == nil || x.firstFile == noFile || x.firstFile+x.fileBytes >= x.endFile
	}
	q.mu.Lock()
	nothing := single()
	q.mu.Unlock()
	if nothing {
		return 0, nil
	}
	first, found, err := q.findExt(false)
	for err == nil {
		q.mu.Lock()
		if single() || found && q.mu.ext.firstFile+q.mu.ext.fileBytes >= first {
			q.mu.Unlock()
			return deleted, nil
		}
		start := q.mu.ext.firstFile
		q.mu.ext.firstFile += q.mu.ext.fileBytes
		q.mu.Unlock()
		if err = q.deleteFile(q.extFileKey(start)); err == nil {
			deleted++
		}
	}
	return deleted, err
}

// dropExt forgets the ext files, whose names or contents are about to change; mu
// is held, or nothing else runs.
func (q *ConsumeQueue) dropExt() (err error) {
	x := q.mu.ext
	if x == nil {
		return nil
	}
	for start := x.firstFile; start != noFile && start < x.endFile; start += x.fileBytes {
		err = errors.Join(err, q.table.cache.drop(q.extFileKey(start)))
	}
	q.mu.ext = nil
	return err
}
