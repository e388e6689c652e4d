package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// consumeQueueExt is what a queue has in consumequeue_ext (Java:
// ConsumeQueueExt): a unit for each message dispatched while
// enableConsumeQueueExt was on. The queue's lock guards it.
//
// New units are kept in memory (tail) and written with the queue's entries, before them.
//
// Laws:
//   - It only helps: whoever finds no unit at an address asks the record.
//   - No address is given twice while an entry of the queue may have it.
//   - What lies behind next in the last file is zero.
type consumeQueueExt struct {
	fileBytes int64
	firstFile int64 // byte start of the first file; noFile = none
	endFile   int64 // byte end of the last file
	next      int64 // offset of the next unit
	tail      []byte
	tailStart int64 // offset of tail's first byte
	syncedTo  int64 // bytes below are durable
	newFile   bool  // a directory entry is not durable yet
}

const (
	cqExtFlushBytes = 64 << 10
	cqExtSmallBytes = 1 << 10 // a tail of this size is kept while idle
	cqExtReadBytes  = 4 << 10 // units are read by so much
)

func newConsumeQueueExt(fileBytes, next int64) *consumeQueueExt {
	return &consumeQueueExt{fileBytes: fileBytes, firstFile: noFile, next: next, tailStart: next, syncedTo: next}
}

// extDir is the folder of the queue's ext files.
func (q *ConsumeQueue) extDir() string {
	return filepath.Join(q.table.ext.dir, q.topic, strconv.Itoa(int(q.queueID)))
}

// put adds a unit and returns its address; false: it does not fit into a file,
// so its message's tag code is stored.
func (x *consumeQueueExt) put(u *cqExtUnit) (address int64, ok bool) {
	size := int64(u.size())
	if size > min(cqExtMaxUnitBytes, x.fileBytes-cqExtEndFreeBytes) || x.next > cqExtMaxOffset-x.fileBytes {
		return 0, false
	}
	if rest := x.fileBytes - x.next%x.fileBytes; size > rest-cqExtEndFreeBytes {
		end := len(x.tail) + int(rest)
		x.tail = slices.Grow(appendCQExtEnd(x.tail), int(rest))[:end]
		clear(x.tail[end-int(rest)+2:])
		x.next += rest
	}
	address = extAddress(x.next)
	x.tail = appendCQExtUnit(x.tail, u)
	x.next += size
	return address, true
}

// putExt puts a unit and returns what goes into its entry's tag slot; mu is held.
func (q *ConsumeQueue) putExt(u *cqExtUnit) (tagSlot int64) {
	if q.mu.ext == nil {
		q.mu.ext = newConsumeQueueExt(q.table.ext.fileBytes, 0)
	}
	if address, ok := q.mu.ext.put(u); ok {
		return address
	}
	return u.tagsCode
}

// flushExt writes the tail of the units; mu is held.
func (q *ConsumeQueue) flushExt() error {
	x := q.mu.ext
	if x == nil {
		return nil
	}
	for len(x.tail) > 0 {
		start := x.tailStart - x.tailStart%x.fileBytes
		f, err := q.flushExtFile(start)
		if err != nil {
			return err
		}
		n := min(int64(len(x.tail)), start+x.fileBytes-x.tailStart)
		_, err = f.WriteAt(x.tail[:n], x.tailStart-start)
		if err = errors.Join(err, q.table.cache.put(f)); err != nil {
			return err
		}
		x.tail = x.tail[:copy(x.tail, x.tail[n:])]
		x.tailStart += n
		q.markUnsynced()
	}
	return nil
}

// flushExtFile opens the ext file that begins at start, or creates it.
func (q *ConsumeQueue) flushExtFile(start int64) (*cachedFile, error) {
	x, key := q.mu.ext, q.extFileKey(start)
	if x.firstFile != noFile && start < x.endFile {
		return q.table.cache.get(key)
	}
	if err := q.table.fs.MkdirAll(q.extDir(), 0o755); err != nil {
		return nil, fmt.Errorf("create queue ext folder: %w", err)
	}
	path := offsetFilePath(q.extDir(), start)
	f, err := q.table.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create queue ext file: %w", err)
	}
	if err := f.Truncate(x.fileBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("size queue ext file %s: %w", path, err), f.Close())
	}
	if x.firstFile == noFile {
		x.firstFile = start
	}
	x.endFile, x.newFile = start+x.fileBytes, true
	return q.table.cache.insert(key, f)
}

// syncExt makes the units that were written durable; see ConsumeQueue.sync.
func (q *ConsumeQueue) syncExt() (newFile bool, err error) {
	q.mu.Lock()
	x := q.mu.ext
	if x == nil {
		q.mu.Unlock()
		return false, nil
	}
	from, to, fileBytes := x.syncedTo, x.tailStart, x.fileBytes
	newFile, x.newFile = x.newFile, false
	q.mu.Unlock()
	if err := q.syncFiles(from, to, fileBytes, true); err != nil {
		return newFile, err
	}
	q.mu.Lock()
	x.syncedTo = to
	q.mu.Unlock()
	return newFile, nil
}

// readExt appends at most n bytes of units from offset on to dst. It stops at
// the end of a file and where what is in memory begins; whole: nothing that was
// written is missing behind them.
func (q *ConsumeQueue) readExt(dst []byte, offset int64, n int) (_ []byte, whole bool, err error) {
	q.mu.Lock()
	x := q.mu.ext
	if x == nil || offset >= x.next || offset < x.tailStart && (offset < x.firstFile || offset >= x.endFile) {
		q.mu.Unlock()
		return dst, false, nil
	}
	if at := offset - x.tailStart; at >= 0 {
		end := min(int64(len(x.tail)), at+int64(n))
		dst = append(dst, x.tail[at:end]...)
		whole = end == int64(len(x.tail))
		q.mu.Unlock()
		return dst, whole, nil
	}
	start := offset - offset%x.fileBytes
	end := min(offset+int64(n), start+x.fileBytes, x.tailStart)
	whole = end == x.tailStart
	q.mu.Unlock()
	f, err := q.table.cache.get(q.extFileKey(start))
	if err != nil {
		return dst, false, err
	}
	from := len(dst)
	dst = append(dst, make([]byte, end-offset)...)
	_, err = f.ReadAt(dst[from:], offset-start)
	if errors.Is(err, io.EOF) {
		err = nil // cut short: zeros, no unit
	}
	return dst, whole, errors.Join(err, q.table.cache.put(f))
}

// extReader reads units of one queue, some neighbours at a time.
type extReader struct {
	q     *ConsumeQueue
	buf   []byte
	from  int64 // offset of buf
	whole bool  // nothing that was written is missing behind buf
}

// unit reads the unit at address; false: there is none that can be believed,
// and the record has to be asked. Its bit map is good until the next call.
func (r *extReader) unit(address int64, u *cqExtUnit) bool {
	offset := extOffset(address)
	// Unless it is at hand, it is read with some neighbours; when it is longer than those, alone.
	for _, n := range [...]int{0, cqExtReadBytes, cqExtMaxUnitBytes + 2} {
		if n > 0 {
			var err error
			if r.buf, r.whole, err = r.q.readExt(r.buf[:0], offset, n); err != nil {
				r.buf = r.buf[:0]
				return false
			}
			r.from = offset
		}
		at := offset - r.from
		if at < 0 || at >= int64(len(r.buf)) {
			continue
		}
		if n, err := parseCQExtUnit(r.buf[at:], u); err == nil && r.followed(r.buf[at+int64(n):]) {
			return true
		}
	}
	return false
}

// followed tells that rest, what stands behind a unit, is the next one or the
// end mark, or that nothing was written there: a page that was lost is zero, and
// the unit before it may have lost its end.
func (r *extReader) followed(rest []byte) bool {
	if len(rest) < 2 {
		return len(rest) == 0 && r.whole
	}
	return rest[0] != 0 || rest[1] != 0
}
