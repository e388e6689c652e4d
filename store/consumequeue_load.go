package store

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"sort"
)

// errQueueDamaged marks a queue whose files cannot be made sense of. The queue
// is derived, so it is rebuilt from the log.
var errQueueDamaged = errors.New("consume queue files do not fit together")

// load finds the files of the queue. After a clean stop they follow each other
// and have their length. After a crash the first that is missing or short ends
// the queue; what follows it is stray, see recoverStray. Lengths that agree among
// themselves but not with mappedFileSizeConsumeQueue are accepted: the queue
// goes on with them.
func (q *ConsumeQueue) load(clean bool) error {
	files, err := q.listFiles(q.dir())
	if err != nil || len(files) == 0 {
		return err
	}
	q.mu.fileBytes = loadFileBytes(files, q.table.fileBytes, clean)
	if last := &files[len(files)-1]; !clean && last.sizeBytes < q.mu.fileBytes {
		// It was being created, or its end was being cleared.
		if err := q.resizeFile(last.start, last.sizeBytes); err != nil {
			return err
		}
		last.sizeBytes = q.mu.fileBytes
	}
	good := 0
	for good < len(files) && files[good] == (queueFile{files[0].start + int64(good)*q.mu.fileBytes, q.mu.fileBytes}) {
		good++
	}
	if good > 0 {
		q.mu.firstFile, q.mu.endFile = files[0].start, files[good-1].start+q.mu.fileBytes
	}
	switch {
	case q.mu.fileBytes%cqEntryBytes != 0 || q.mu.fileBytes > maxMappedFileBytes || files[0].start%q.mu.fileBytes != 0:
		return fmt.Errorf("%w: %s begins at %d, files of %d bytes", errQueueDamaged, q, files[0].start, q.mu.fileBytes)
	case good < len(files) && clean:
		return fmt.Errorf("%w: %s/%s with %d bytes, files of %d bytes without gap were expected", errQueueDamaged, q, offsetFileName(files[good].start), files[good].sizeBytes, q.mu.fileBytes)
	}
	q.stray = files[good:]
	return nil
}

// queueFile is a file of a queue as it was found.
type queueFile struct{ start, sizeBytes int64 }

// listFiles lists the files in a folder of the queue by their names.
func (q *ConsumeQueue) listFiles(dir string) (files []queueFile, err error) {
	entries, err := q.table.fs.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list queue files: %w", err)
	}
	for _, e := range entries {
		start, ok := parseOffsetFileName(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		st, err := q.table.fs.Stat(offsetFilePath(dir, start))
		if err != nil {
			return nil, fmt.Errorf("look at queue file: %w", err)
		}
		files = append(files, queueFile{start, st.Size()})
	}
	slices.SortFunc(files, func(a, b queueFile) int { return cmp.Compare(a.start, b.start) })
	return files, nil
}

// loadFileBytes finds out how long the files of a queue are: as configured, if
// one of them is, else as long as the first that has a length. A single short
// file after a crash is one whose end was being cleared.
func loadFileBytes(files []queueFile, configured int64, clean bool) int64 {
	for _, f := range files {
		if f.sizeBytes == configured {
			return configured
		}
	}
	if first := files[0]; !clean && len(files) == 1 && first.sizeBytes < configured && first.start%configured == 0 {
		return configured
	}
	for _, f := range files {
		if f.sizeBytes > 0 {
			return f.sizeBytes
		}
	}
	return configured
}

// recoverStray deletes the stray files, if they hold nothing that the
// checkpoint vouched for: entries of records before cut. Otherwise a file
// before them was lost by more than a crash.
func (q *ConsumeQueue) recoverStray(cut int64) error {
	for _, f := range slices.Backward(q.stray) {
		b := make([]byte, cqEntryBytes)
		c, err := q.table.cache.get(q.fileKey(f.start))
		if err != nil {
			return fmt.Errorf("%w: %w", errQueueDamaged, err)
		}
		n, err := c.ReadAt(b, 0)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		if err = errors.Join(err, q.table.cache.put(c)); err != nil {
			return fmt.Errorf("%w: %w", errQueueDamaged, err)
		}
		if e := parseCQEntry(b); n == cqEntryBytes && e.written() && !e.filler() && e.phyOffset < cut {
			return fmt.Errorf("%w: %s/%s has no file before it", errQueueDamaged, q, offsetFileName(f.start))
		}
		if err := q.deleteFile(q.fileKey(f.start)); err != nil {
			return err
		}
	}
	q.stray = nil
	return nil
}

// deleteFile deletes durably: of several files that are deleted one after the
// other, what a power cut brings back leaves no gap.
func (q *ConsumeQueue) deleteFile(key fileKey) error {
	path := key.path()
	if err := errors.Join(q.table.cache.drop(key), q.table.fs.Remove(path), q.table.fs.SyncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("delete queue file: %w", err)
	}
	return nil
}

// resizeFile makes everything behind used zero and gives the file its length.
func (q *ConsumeQueue) resizeFile(start, used int64) error {
	f, err := q.table.cache.get(q.fileKey(start))
	if err != nil {
		return err
	}
	err = f.Truncate(used)
	if err == nil {
		err = f.Truncate(q.mu.fileBytes)
	}
	if err = errors.Join(err, q.table.cache.put(f)); err != nil {
		return fmt.Errorf("truncate queue file %s/%s: %w", q, offsetFileName(start), err)
	}
	return nil
}

// allEntries as the argument of recover keeps every entry that is written.
const allEntries = math.MaxInt64

// recover makes the queue end before the first entry that is not written or
// whose record begins at or behind cut; with zeroRest nothing of what follows
// stays in the files.
//
// It searches by halves. That is right as long as written entries form a
// prefix: after a clean stop they do, and after an unclean one cut lies where
// the checkpoint vouches for all entries before it.
func (q *ConsumeQueue) recover(cut int64, zeroRest bool) error {
	q.mu.Lock()
	q.mu.tail, q.mu.maxPhy = nil, 0
	if q.mu.firstFile == noFile {
		q.mu.Unlock()
		return nil
	}
	// For the search all that the files can hold counts as being there.
	first, end := q.mu.firstFile/cqEntryBytes, q.mu.endFile/cqEntryBytes
	q.min.Store(first)
	q.max.Store(end)
	q.mu.tailStart, q.mu.syncedTo = end, end
	q.mu.Unlock()

	var errs error
	n := sort.Search(int(end-first), func(i int) bool {
		e, err := q.recoverProbe(first + int64(i))
		errs = errors.Join(errs, err)
		return err != nil || !e.written() || e.phyOffset >= cut
	})
	end = first + int64(n)
	var maxPhy int64
	for i := end - 1; i >= first && maxPhy == 0 && errs == nil; i-- {
		e, ok := q.entry(i)
		if !ok {
			errs = errors.Join(errs, fmt.Errorf("entry %d cannot be read", i))
		} else if !e.filler() {
			maxPhy = e.end()
		}
	}
	if errs != nil {
		return fmt.Errorf("%w: %w", errQueueDamaged, errs)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.max.Store(end)
	q.mu.maxPhy, q.mu.tailStart, q.mu.syncedTo = maxPhy, end, end
	return q.recoverTruncate(end, zeroRest)
}

// recoverProbe reads the entry at index, or behind it when that is filler, for
// filler says nothing about the log. No entry = filler up to the end: not written.
func (q *ConsumeQueue) recoverProbe(index int64) (cqEntry, error) {
	var buf [cqEntryBytes]byte
	b, n, err := q.read(buf[:0], index, 1)
	if err != nil || n == 0 {
		return cqEntry{}, errors.Join(err, fmt.Errorf("entry %d of %s cannot be read", index, q))
	}
	if e := parseCQEntry(b); !e.filler() {
		return e, nil
	}
	e, _, _ := q.entryAfter(index)
	return e, nil
}

// recoverTruncate deletes the files behind entry end, an empty last one
// included (some Java versions cannot start with one), and clears the rest of
// the file in which end lies.
func (q *ConsumeQueue) recoverTruncate(end int64, zeroRest bool) error {
	pos := end * cqEntryBytes
	if zeroRest && pos < q.mu.endFile {
		// What is cleared here must be gone for good before a checkpoint vouches for the queue.
		q.mu.syncedTo = min(q.mu.syncedTo, (pos-pos%q.mu.fileBytes)/cqEntryBytes)
		q.markUnsynced()
	}
	for q.mu.endFile > q.mu.firstFile && q.mu.endFile-q.mu.fileBytes >= pos {
		start := q.mu.endFile - q.mu.fileBytes
		if err := q.deleteFile(q.fileKey(start)); err != nil {
			return err
		}
		q.mu.endFile = start
	}
	if q.mu.endFile == q.mu.firstFile {
		q.mu.firstFile, q.mu.endFile = noFile, 0
		q.min.Store(end)
		return nil
	}
	if start := q.mu.endFile - q.mu.fileBytes; zeroRest && pos < q.mu.endFile {
		return q.resizeFile(start, pos-start)
	}
	return nil
}
