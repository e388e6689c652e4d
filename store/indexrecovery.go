package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Recovery of the index. After a clean stop the files are taken as they are.
//
// After a crash a file may hold, in any mixture, sectors as they were at the last
// sync and as they were at the end. What was never written is zero and offsets
// never fall, so the entries up to the first that breaks this law are those that
// were put first, without a gap; slots and header follow from them. All that was
// put before the last checkpoint is among them. Everything later is dispatched
// again, and with its first record the entries from there on are cut off, for one
// of them may be torn. So nothing is lost, where a Java broker would forget the
// file altogether.
//
// Files that were full and synced before the checkpoint are not looked into.

// checkedFiles at the end of the row are looked into after a crash, whatever
// their times say: a clock that was set back must not make them look old.
const checkedFiles = 2

// Load implements indexService.
func (s *IndexService) Load(clean bool, safeMs int64) error {
	if size := s.layout.fileBytes(); size > maxIndexFileBytes {
		return fmt.Errorf("maxHashSlotNum=%d, maxIndexNum=%d: an index file would have %d bytes, %d is the limit", s.layout.slots, s.layout.entries, size, maxIndexFileBytes)
	}
	files, err := s.loadDir()
	if err != nil {
		return err
	}
	kept := files[:0]
	for i, f := range files {
		h := f.header()
		trusted := h.valid(s.layout) && (clean || (i < len(files)-checkedFiles && f.full() && h.endMs < safeMs))
		if !trusted && (clean || !s.repair(f, allEntries)) {
			s.deleteBad(f)
			continue
		}
		kept = append(kept, f)
	}
	s.mu.Lock()
	s.mu.files = kept
	s.mu.Unlock()
	s.unproved = !clean
	s.loadEnd()
	return nil
}

// loadDir reads the headers of all files. Files of another length are left
// alone: with the settings they were written with they can be read again.
func (s *IndexService) loadDir() (files []*indexFile, err error) {
	entries, err := s.fs.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list index files: %w", err)
	}
	for _, e := range entries {
		if _, ok := parseIndexFileName(e.Name()); !ok || e.IsDir() {
			continue
		}
		f, size, err := s.loadHeader(filepath.Join(s.dir, e.Name()))
		switch {
		case err != nil:
			s.log.Error("an index file cannot be read and is left alone", "err", err)
		case size != s.layout.fileBytes() && !f.empty():
			s.log.Warn("an index file was written with another maxHashSlotNum or maxIndexNum and is not used", "file", f.path, "bytes", size, "wantBytes", s.layout.fileBytes())
			s.mu.foreign = append(s.mu.foreign, f)
		case size != s.layout.fileBytes():
			s.deleteBad(f)
		default:
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b *indexFile) int {
		return cmp.Compare(a.beginOffset.Load(), b.beginOffset.Load()) // the names go back when a clock does
	})
	return files, nil
}

// loadHeader reads the header; a shorter file has an empty one.
func (s *IndexService) loadHeader(path string) (f *indexFile, size int64, err error) {
	f = newIndexFile(s.fs, path, s.layout, indexHeader{})
	file, err := f.openFile(os.O_RDONLY)
	if err != nil {
		return nil, 0, err
	}
	var b [indexHeaderBytes]byte
	_, err = file.ReadAt(b[:], 0)
	switch {
	case err == nil:
		h := parseIndexHeader(b[:])
		f.setHeader(&h)
	case errors.Is(err, io.EOF):
		err = nil
	}
	if err == nil {
		size, err = file.Size()
	}
	return f, size, errors.Join(err, file.Close())
}

// deleteBad deletes a file that holds nothing to believe in.
func (s *IndexService) deleteBad(f *indexFile) {
	h := f.header()
	if h != (indexHeader{}) {
		s.log.Error("a damaged index file is deleted, its messages are not found by key any more", "file", f.path, "header", h)
	}
	if err := s.fs.Remove(f.path); err != nil {
		s.log.Error("a damaged index file cannot be deleted", "err", err)
	}
}

// loadEnd finds out what the last record is, and which entries it has.
func (s *IndexService) loadEnd() {
	s.endOffset, s.resume = 0, indexResume{}
	files := s.snapshot()
	if len(files) == 0 {
		return
	}
	last := files[len(files)-1]
	s.endOffset = last.endOffset.Load()
	s.flushing.safeMs = last.endMs.Load()
	s.resume = indexResume{offset: s.endOffset, hashes: []int32{}}
	for i := len(files) - 1; i >= 0; i-- {
		whole, err := s.loadResume(files[i])
		if err != nil {
			s.log.Warn("the end of an index file cannot be read, the keys of one message may be in twice", "err", err)
		}
		if err != nil || !whole {
			return
		}
	}
}

// loadResume collects the last record's entries; whole = the file has no others.
func (s *IndexService) loadResume(f *indexFile) (whole bool, err error) {
	file, err := f.openFile(os.O_RDONLY)
	if err != nil {
		return false, err
	}
	table := storedIndex{file, f.layout}
	for n := f.count.Load() - 1; err == nil && n >= indexFirstEntry; n-- {
		var e indexEntry
		if e, err = table.entry(n); err != nil || e.offset != s.resume.offset {
			return false, errors.Join(err, file.Close())
		}
		s.resume.hashes = append(s.resume.hashes, e.hash)
	}
	return true, file.Close()
}

// Truncate implements indexService.
func (s *IndexService) Truncate(endPhyOffset int64) error {
	// The writer is not open yet: nothing has been put.
	var kept []*indexFile
	changed := false
	for _, f := range s.snapshot() {
		if f.endOffset.Load() >= endPhyOffset {
			changed = true
			if f.beginOffset.Load() >= endPhyOffset || !s.repair(f, endPhyOffset) {
				s.log.Warn("an index file points behind the end of the log and is deleted", "file", f.path)
				if err := s.fs.Remove(f.path); err != nil {
					return fmt.Errorf("delete index file: %w", err)
				}
				continue
			}
		}
		kept = append(kept, f)
	}
	if changed {
		s.mu.Lock()
		s.mu.files = kept
		s.mu.Unlock()
		s.dirChanged.Store(true)
		s.loadEnd()
	}
	return nil
}

// repair keeps of a file the entries before limit that were put without a gap,
// and makes slots and header agree with them. false = nothing is left, or the
// file cannot be read or written.
func (s *IndexService) repair(f *indexFile, limit int64) bool {
	file, err := f.openFile(os.O_RDWR)
	if err != nil {
		s.log.Error("an index file cannot be repaired", "err", err)
		return false
	}
	r := indexRepair{layout: f.layout, was: f.header()}
	err = r.scan(file, limit)
	if err == nil && r.h.count > indexFirstEntry {
		if err = r.write(file); err == nil {
			f.setHeader(&r.h)
		}
	}
	if err = errors.Join(err, file.Close()); err != nil {
		s.log.Error("an index file cannot be repaired", "file", f.path, "err", err)
		return false
	}
	if r.h != r.was {
		s.log.Info("index file repaired", "file", f.path, "entries", r.h.count, "headerSaid", r.was.count)
	}
	return r.h.count > indexFirstEntry
}

// indexRepair is one repair under way.
type indexRepair struct {
	layout indexLayout
	was, h indexHeader
	slots  []byte // header and slots as they must be
}

const repairChunkEntries = 1 << 16

// scan finds the entries to keep.
func (r *indexRepair) scan(file io.ReaderAt, limit int64) error {
	r.h = indexHeader{beginMs: r.was.beginMs, beginOffset: r.was.beginOffset, count: indexFirstEntry}
	if r.was.beginMs <= 0 {
		return nil // the times of the entries are relative to it
	}
	r.slots = make([]byte, r.layout.entryPos(0))
	buf := make([]byte, repairChunkEntries*indexEntryBytes)
	for r.h.count < r.layout.entries {
		want := int64(min(repairChunkEntries, r.layout.entries-r.h.count)) * indexEntryBytes
		if _, err := file.ReadAt(buf[:want], r.layout.entryPos(r.h.count)); err != nil {
			return err
		}
		for b := buf[:want]; len(b) > 0; b = b[indexEntryBytes:] {
			if !r.scanEntry(parseIndexEntry(b), limit) {
				return nil
			}
		}
	}
	return nil
}

// scanEntry takes the next entry over unless it breaks the law.
func (r *indexRepair) scanEntry(e indexEntry, limit int64) bool {
	n := r.h.count
	if e == (indexEntry{}) || e.hash < 0 || e.offset < r.h.endOffset || e.offset >= limit || e.seconds < 0 || e.previous < 0 || e.previous >= n {
		return false
	}
	if n == indexFirstEntry {
		r.h.beginOffset = e.offset
	}
	pos := r.layout.slotPos(e.hash % r.layout.slots)
	if loadSlot(r.slots, pos) == 0 {
		r.h.slotCount++
	}
	storeSlot(r.slots, pos, n)
	r.h.count = n + 1
	r.h.endOffset = e.offset
	r.h.endMs = max(r.h.endMs, e.latestMs(r.h.beginMs))
	return true
}

// indexStorage is what a repair needs of a file.
type indexStorage interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// write makes the file hold what was kept and nothing else, durably.
func (r *indexRepair) write(file indexStorage) error {
	if r.h.endOffset == r.was.endOffset {
		r.h.endMs = r.was.endMs // exact, where entries know only seconds
	}
	putIndexHeader(r.slots, &r.h)
	if err := r.clearRest(file); err != nil {
		return err
	}
	if _, err := file.WriteAt(r.slots, 0); err != nil {
		return err
	}
	return file.Sync()
}

// clearRest makes all entries behind the kept ones zero. The file keeps its
// length meanwhile: whoever dies here must not leave one of another length.
func (r *indexRepair) clearRest(file indexStorage) error {
	buf := make([]byte, repairChunkEntries*indexEntryBytes)
	zeros := make([]byte, len(buf))
	for at, end := r.layout.entryPos(r.h.count), r.layout.fileBytes(); at < end; {
		n := min(int64(len(buf)), end-at)
		if _, err := file.ReadAt(buf[:n], at); err != nil {
			return err
		}
		if !bytes.Equal(buf[:n], zeros[:n]) {
			if _, err := file.WriteAt(zeros[:n], at); err != nil {
				return err
			}
		}
		at += n
	}
	return nil
}
