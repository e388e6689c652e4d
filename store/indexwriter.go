package store

import (
	"errors"
	"fmt"

	"github.com/boostermq/booster/internal/vfs"
)

// indexWriter fills the newest index file through a mapping. It belongs to the
// dispatch goroutine.
//
// Law: what is written through the mapping was allocated before, so that a full
// disk is an error of Allocate and not a SIGBUS. Slots are hit at random, so
// their part is allocated chunk by chunk as it is hit; entries are allocated ahead.
type indexWriter struct {
	f      *indexFile
	file   vfs.File
	layout indexLayout
	b      []byte
	h      indexHeader // what put has done; publish shows it to others

	slotChunks []bool // allocated parts of header and slots
	entriesEnd int64  // the file is allocated from the first entry to here
	ahead      int64  // next step of entriesEnd
}

const (
	indexSlotChunk = 64 << 10
	indexAheadMin  = 64 << 10
	indexAheadMax  = 4 << 20
)

// openIndexWriter opens f for writing.
func openIndexWriter(f *indexFile, file vfs.File) (*indexWriter, error) {
	size := f.layout.fileBytes()
	mapping, err := file.Map(size, true)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", f.path, err)
	}
	w := &indexWriter{f: f, file: file, layout: f.layout, b: mapping.Bytes(), h: f.header(), ahead: indexAheadMin}
	w.slotChunks = make([]bool, (f.layout.entryPos(0)+indexSlotChunk-1)/indexSlotChunk)
	w.entriesEnd = f.layout.entryPos(w.h.count)
	if err = w.allocateHeader(); err != nil {
		return nil, errors.Join(err, mapping.Close())
	}
	f.open.Lock()
	f.open.file, f.open.mapping = file, mapping
	f.open.Unlock()
	return w, nil
}

func (w *indexWriter) full() bool { return w.h.count >= w.layout.entries }

// put adds an entry. The caller has seen that the file is not full, and runs it
// under guardFault.
func (w *indexWriter) put(hash int32, offset, storeMs int64) error {
	slotPos := w.layout.slotPos(hash % w.layout.slots)
	if chunk := slotPos / indexSlotChunk; !w.slotChunks[chunk] {
		if err := w.allocateSlots(chunk); err != nil {
			return err
		}
	}
	n := w.h.count
	pos := w.layout.entryPos(n)
	if pos+indexEntryBytes > w.entriesEnd {
		if err := w.allocateEntries(pos); err != nil {
			return err
		}
	}
	if n == indexFirstEntry {
		w.h.beginMs, w.h.beginOffset = storeMs, offset
	}
	previous := loadSlot(w.b, slotPos)
	if previous < indexFirstEntry || previous >= n {
		previous = 0
		w.h.slotCount++
	}
	putIndexEntry(w.b[pos:], indexEntry{hash: hash, offset: offset, seconds: indexSeconds(w.h.beginMs, storeMs), previous: previous})
	storeSlot(w.b, slotPos, n)
	w.h.count = n + 1
	w.h.endOffset, w.h.endMs = offset, max(storeMs, w.h.endMs)
	return nil
}

// publish writes the header and shows the new entries to queries.
func (w *indexWriter) publish() {
	putIndexHeader(w.b, &w.h)
	w.f.publish(&w.h)
}

// allocateHeader allocates the first chunk of the slots, and the page of the header with it.
func (w *indexWriter) allocateHeader() error { return w.allocateSlots(0) }

func (w *indexWriter) allocateSlots(chunk int64) error {
	from := chunk * indexSlotChunk
	if err := w.allocate(from, min(from+indexSlotChunk, int64(len(w.b)))); err != nil {
		return err
	}
	w.slotChunks[chunk] = true
	return nil
}

func (w *indexWriter) allocateEntries(pos int64) error {
	end := min(pos+w.ahead, int64(len(w.b)))
	if err := w.allocate(pos, end); err != nil {
		return err
	}
	w.entriesEnd, w.ahead = end, min(2*w.ahead, indexAheadMax)
	return nil
}

// allocate reserves [from, end). Where the volume cannot, the bytes are written
// in place of it: after that they have their blocks, too.
func (w *indexWriter) allocate(from, end int64) error {
	err := w.file.Allocate(from, end-from)
	if errors.Is(err, errors.ErrUnsupported) {
		_, err = w.file.WriteAt(append([]byte(nil), w.b[from:end]...), from)
	}
	if err != nil {
		return fmt.Errorf("allocate %d bytes of %s: %w", end-from, w.f.path, err)
	}
	return nil
}
