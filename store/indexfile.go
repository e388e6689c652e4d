package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/boostermq/booster/internal/vfs"
)

// indexFile is one file of the index (Java: IndexFile). Only the newest one is
// written, by an indexWriter; all others are opened for the length of a query.
//
// Laws, by which a query needs no lock against the writer:
//   - An entry is complete before its slot is stored, atomically; count is
//     stored after that. An entry whose number was read from a slot is never
//     changed again.
//   - The header's times and offsets only grow, and are stored after the entries.
type indexFile struct {
	fs     vfs.FS
	path   string
	layout indexLayout

	// The header; stored by the writer only.
	beginMs, endMs         atomic.Int64
	beginOffset, endOffset atomic.Int64
	count                  atomic.Int32
	slotCount              int32 // as loaded; the writer has its own

	retired atomic.Bool // the writer is done with it

	// open guards what the file is open for writing with. It is held for reading
	// by whoever uses the mapping, and for writing to take it away.
	open struct {
		sync.RWMutex
		file    vfs.File
		mapping vfs.Mapping // nil = not open
	}
}

func newIndexFile(fsys vfs.FS, path string, layout indexLayout, h indexHeader) *indexFile {
	f := &indexFile{fs: fsys, path: path, layout: layout}
	f.setHeader(&h)
	return f
}

// setHeader is for a file that is not shared yet.
func (f *indexFile) setHeader(h *indexHeader) {
	f.slotCount = h.slotCount
	f.publish(h)
}

// publish shows h to queries. Stores are dear, so what is the same is left alone.
func (f *indexFile) publish(h *indexHeader) {
	if f.beginMs.Load() != h.beginMs || f.beginOffset.Load() != h.beginOffset {
		f.beginMs.Store(h.beginMs)
		f.beginOffset.Store(h.beginOffset)
	}
	f.count.Store(h.count)
	f.endOffset.Store(h.endOffset)
	if f.endMs.Load() != h.endMs {
		f.endMs.Store(h.endMs)
	}
}

func (f *indexFile) header() indexHeader {
	return indexHeader{
		beginMs: f.beginMs.Load(), endMs: f.endMs.Load(), beginOffset: f.beginOffset.Load(), endOffset: f.endOffset.Load(),
		slotCount: f.slotCount, count: f.count.Load(),
	}
}

func (f *indexFile) openFile(flag int) (vfs.File, error) {
	file, err := f.fs.OpenFile(f.path, flag, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open index file: %w", err)
	}
	return file, nil
}

func (f *indexFile) empty() bool { return f.count.Load() <= indexFirstEntry }

func (f *indexFile) full() bool { return f.count.Load() >= f.layout.entries }

// overlaps tells that records of the file may lie in a range of time (Java: isTimeMatched).
func (f *indexFile) overlaps(beginMs, endMs int64) bool {
	return f.beginMs.Load() <= endMs && f.endMs.Load() >= beginMs
}

// indexQuery is one look-up. offsets is filled newest first.
type indexQuery struct {
	hash           int32
	beginMs, endMs int64
	maxNum         int
	offsets        []int64
}

// query adds what the file has. A file that was deleted meanwhile has nothing.
func (f *indexFile) query(q *indexQuery) error {
	f.open.RLock()
	if f.open.mapping != nil {
		defer f.open.RUnlock()
		b := f.open.mapping.Bytes()
		return guardFault(func() error { return f.queryChain(q, mappedIndex{b, f.layout}) })
	}
	f.open.RUnlock()
	file, err := f.openFile(os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.queryChain(q, storedIndex{file, f.layout}), file.Close())
}

// indexReader reads the table of a file, wherever it is.
type indexReader interface {
	slot(n int32) (int32, error)
	entry(n int32) (indexEntry, error)
}

// queryChain goes along the entries of a slot, newest first, and ends at the
// first that is older than asked for. The hash alone decides; whole seconds are
// given the benefit of the doubt.
func (f *indexFile) queryChain(q *indexQuery, r indexReader) error {
	beginMs := f.beginMs.Load()
	n, err := r.slot(q.hash % f.layout.slots)
	for last := f.count.Load(); err == nil && n >= indexFirstEntry && n <= last && n < f.layout.entries && len(q.offsets) < q.maxNum; {
		var e indexEntry
		if e, err = r.entry(n); err != nil || e.seconds < 0 {
			break
		}
		inTime := e.latestMs(beginMs) >= q.beginMs
		if e.hash == q.hash && inTime && e.earliestMs(beginMs) <= q.endMs {
			q.add(e.offset)
		}
		if !inTime {
			break
		}
		n, last = e.previous, n-1 // only ever backwards: a damaged chain ends
	}
	return err
}

// add leaves out the second entry of a record that has a key twice.
func (q *indexQuery) add(offset int64) {
	if n := len(q.offsets); n == 0 || q.offsets[n-1] != offset {
		q.offsets = append(q.offsets, offset)
	}
}

// mappedIndex is the table of the file that is being written.
type mappedIndex struct {
	b      []byte
	layout indexLayout
}

func (m mappedIndex) slot(n int32) (int32, error) { return loadSlot(m.b, m.layout.slotPos(n)), nil }

func (m mappedIndex) entry(n int32) (indexEntry, error) {
	return parseIndexEntry(m.b[m.layout.entryPos(n):]), nil
}

// loadSlot and storeSlot are atomic: slots are read while they are written.
// Every slot lies at a multiple of four in a mapping that begins at one.
func loadSlot(b []byte, pos int64) int32 {
	return int32(swapNative(atomic.LoadUint32(slotPointer(b, pos))))
}

func storeSlot(b []byte, pos int64, n int32) {
	atomic.StoreUint32(slotPointer(b, pos), swapNative(uint32(n)))
}

func slotPointer(b []byte, pos int64) *uint32 { return (*uint32)(unsafe.Pointer(&b[pos : pos+4][0])) }

// swapNative turns a number in this machine's byte order into big endian and back.
func swapNative(v uint32) uint32 {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return binary.NativeEndian.Uint32(b[:])
}

// storedIndex is the table of a file that nobody writes.
type storedIndex struct {
	file   vfs.File
	layout indexLayout
}

func (s storedIndex) slot(n int32) (int32, error) {
	var b [indexSlotBytes]byte
	_, err := s.file.ReadAt(b[:], s.layout.slotPos(n))
	return int32(binary.BigEndian.Uint32(b[:])), err
}

func (s storedIndex) entry(n int32) (indexEntry, error) {
	var b [indexEntryBytes]byte
	_, err := s.file.ReadAt(b[:], s.layout.entryPos(n))
	return parseIndexEntry(b[:]), err
}

// sync makes durable what is in the mapping.
func (f *indexFile) sync() error {
	f.open.RLock()
	defer f.open.RUnlock()
	if f.open.mapping == nil {
		return nil
	}
	if err := f.open.mapping.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.path, err)
	}
	return nil
}

// mapped tells that there is a mapping, so there may be something to sync.
func (f *indexFile) mapped() bool {
	f.open.RLock()
	defer f.open.RUnlock()
	return f.open.mapping != nil
}

// close ends the writing; queries may go on.
func (f *indexFile) close() error {
	f.open.Lock()
	defer f.open.Unlock()
	if f.open.mapping == nil {
		return nil
	}
	err := errors.Join(f.open.mapping.Close(), f.open.file.Close())
	f.open.mapping, f.open.file = nil, nil
	return err
}
