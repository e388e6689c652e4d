package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// logFiles is the row of equally long files that make the commit log (Java: MappedFileQueue).
//
// Law: the files of a snapshot follow each other without gap, so the file of an
// offset is found by a division. A snapshot is never modified; it may hold
// files that were deleted meanwhile, which acquire then refuses.
type logFiles struct {
	fs        vfs.FS
	paths     []string // folders that take new files, in turn
	readPaths []string // folders that are read, paths included
	fileBytes int64
	list      atomic.Pointer[[]*logFile]

	mu struct {
		sync.Mutex          // who changes list or ahead
		ahead      *logFile // created before it is needed; not in list
	}
}

func newLogFiles(fsys vfs.FS, paths, readPaths []string, fileBytes int64) *logFiles {
	l := &logFiles{fs: fsys, paths: paths, readPaths: readPaths, fileBytes: fileBytes}
	l.list.Store(new([]*logFile))
	return l
}

func (l *logFiles) snapshot() []*logFile { return *l.list.Load() }

// find returns the file that holds offset, or nil.
func (l *logFiles) find(offset int64) *logFile {
	list := l.snapshot()
	if len(list) == 0 || offset < list[0].startOffset {
		return nil
	}
	if i := (offset - list[0].startOffset) / l.fileBytes; i < int64(len(list)) {
		return list[i]
	}
	return nil
}

// fileStart is the first offset of the file that holds offset.
func (l *logFiles) fileStart(offset int64) int64 { return offset - offset%l.fileBytes }

// end is the offset behind the last file, 0 without files.
func (l *logFiles) end() int64 {
	list := l.snapshot()
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].startOffset + l.fileBytes
}

// load opens the files of all folders. If the process was killed, files at the
// end may lack their length or the file before them: a power cut took what was
// not durable yet. They hold nothing that was promised, which the store time of
// their first record shows; otherwise somebody lost a file, and load refuses.
func (l *logFiles) load(unclean bool, durableMs int64) error {
	var found []*logFile
	for _, dir := range l.readPaths {
		files, err := l.loadDir(dir)
		found = append(found, files...)
		if err != nil {
			return errors.Join(err, closeAll(found))
		}
	}
	slices.SortFunc(found, func(a, b *logFile) int { return cmp.Compare(a.startOffset, b.startOffset) })
	good, err := l.loadCheck(found, unclean)
	if err != nil && unclean && l.loadLate(found[good:], durableMs) {
		if err := l.deleteTail(found[good:]); err != nil {
			return errors.Join(err, closeAll(found[:good]))
		}
		found, err = found[:good], nil
	}
	if err != nil {
		return errors.Join(err, closeAll(found))
	}
	l.list.Store(&found)
	return nil
}

func (l *logFiles) loadDir(dir string) (files []*logFile, err error) {
	entries, err := l.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list commit log files: %w", err)
	}
	for _, e := range entries {
		start, ok := parseOffsetFileName(e.Name())
		if !ok || e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		f, err := l.fs.OpenFile(path, os.O_RDWR, 0o644)
		if err != nil {
			return files, fmt.Errorf("open commit log file: %w", err)
		}
		lf := newLogFile(start, path, f)
		lf.dirSynced.Store(true)
		files = append(files, lf)
	}
	return files, nil
}

// loadCheck compares lengths and names, and returns how many files from the
// first on are in order. Two or more files that agree among themselves but not
// with mappedFileSizeCommitLog are accepted. After a crash the last file may be
// short: it was being created, or its end was being cleared.
func (l *logFiles) loadCheck(files []*logFile, unclean bool) (good int, err error) {
	if len(files) > 1 {
		size, err := files[0].file.Size()
		if err != nil {
			return 0, err
		}
		if size >= minCommitLogFileBytes && size == files[1].startOffset-files[0].startOffset {
			l.fileBytes = size
		}
	}
	for i, f := range files {
		size, err := f.file.Size()
		if err != nil {
			return i, err
		}
		if unclean && size < l.fileBytes && i == len(files)-1 {
			if err := f.file.Truncate(l.fileBytes); err != nil {
				return i, fmt.Errorf("complete %s: %w", f.path, err)
			}
			size = l.fileBytes
		}
		if size != l.fileBytes {
			return i, fmt.Errorf("commit log file %s has %d bytes, others or mappedFileSizeCommitLog have %d: restore the file, or set mappedFileSizeCommitLog to the size the files were written with", f.path, size, l.fileBytes)
		}
		if want := files[0].startOffset + int64(i)*l.fileBytes; f.startOffset != want {
			return i, fmt.Errorf("commit log file %s is not the next one, %s is missing: restore it, or move the files on one side of the gap away", f.path, offsetFileName(want))
		}
	}
	return len(files), nil
}

// loadLate tells that all of the files begin with a record that was stored
// after the log was last known to be durable, or with none.
func (l *logFiles) loadLate(files []*logFile, durableMs int64) bool {
	for _, f := range files {
		head := make([]byte, minRecordBytes)
		n, err := f.file.ReadAt(head, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return false
		}
		if head = head[:n]; len(head) == minRecordBytes && int32(binary.BigEndian.Uint32(head[magicPos:])) == codec.MessageMagic &&
			codec.RecordStoreTimestampMs(head) < durableMs {
			return false
		}
	}
	return true
}

func closeAll(files []*logFile) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.release())
	}
	return err
}

// openAt returns the file that begins at start, which is the next one of the
// row (or the first), and creates it when it was not created ahead.
func (l *logFiles) openAt(start int64) (*logFile, error) {
	if f := l.find(start); f != nil {
		return f, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.mu.ahead
	if f == nil {
		var err error
		if f, err = l.create(start); err != nil {
			return nil, err
		}
	} else if f.startOffset != start {
		return nil, fmt.Errorf("the file created ahead begins at %d, not at %d", f.startOffset, start)
	}
	l.mu.ahead = nil
	list := append(slices.Clip(slices.Clone(l.snapshot())), f)
	l.list.Store(&list)
	return f, nil
}

// createAhead creates the file that will follow the last one, if that has not been done.
func (l *logFiles) createAhead() error {
	l.mu.Lock()
	var f *logFile
	var err error
	if len(l.snapshot()) > 0 && l.mu.ahead == nil {
		if f, err = l.create(l.end()); err == nil {
			l.mu.ahead = f
		}
	}
	l.mu.Unlock()
	if err != nil || f == nil || !f.acquire() {
		return err
	}
	// The slow part is done without the lock: a writer may be waiting for the file.
	return errors.Join(l.sync(f), f.release())
}

// reserveAheadBytes is how far ahead of its end the log has blocks. A write
// into reserved blocks costs a third less, and a disk that fills up shows early.
const reserveAheadBytes = 64 << 20

// reserveAhead gets blocks for the next reserveAheadBytes behind offset, within
// their file. What a file system cannot or will not give is not asked for again:
// the write itself will tell.
func (l *logFiles) reserveAhead(offset int64) error {
	f := l.find(offset)
	if f == nil || !f.acquire() {
		return nil
	}
	from := max(f.reserved.Load(), offset-f.startOffset)
	to := min(offset-f.startOffset+reserveAheadBytes, l.fileBytes)
	var err error
	if from < to {
		err = f.file.Allocate(from, to-from)
		f.reserved.Store(to)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		f.reserved.Store(l.fileBytes)
		err = nil
	}
	return errors.Join(err, f.release())
}

func (l *logFiles) create(start int64) (*logFile, error) {
	dir := l.paths[int(start/l.fileBytes%int64(len(l.paths)))]
	if err := l.fs.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create commit log folder: %w", err)
	}
	path := offsetFilePath(dir, start)
	f, err := l.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create commit log file: %w", err)
	}
	if err := f.Truncate(l.fileBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("size commit log file %s: %w", path, err), f.Close(), l.fs.Remove(path))
	}
	return newLogFile(start, path, f), nil
}

// sync makes the data of f and its name durable.
func (l *logFiles) sync(f *logFile) error {
	if err := f.file.Sync(); err != nil {
		return err
	}
	if f.dirSynced.Load() {
		return nil
	}
	return l.syncDir(f)
}

func (l *logFiles) syncDir(f *logFile) error {
	dir := filepath.Dir(f.path)
	if err := l.fs.SyncDir(dir); err != nil {
		return err
	}
	if err := syncParent(l.fs, dir); err != nil {
		return err
	}
	f.dirSynced.Store(true)
	return nil
}

// syncParent makes the name of folder dir durable. The folder above may belong
// to somebody else, who then had it made durable long ago.
func syncParent(fsys vfs.FS, dir string) error {
	err := fsys.SyncDir(filepath.Dir(dir))
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// truncate makes the log end at offset: later files are deleted and the rest of
// the file is zero again, so that no stale record can ever follow a new one.
func (l *logFiles) truncate(offset int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.mu.ahead; f != nil { // it would not follow the new end
		l.mu.ahead = nil
		if err := l.deleteTail([]*logFile{f}); err != nil {
			return err
		}
	}
	list := l.snapshot()
	n := min(1, len(list))
	for n < len(list) && list[n].startOffset < offset {
		n++
	}
	keep := slices.Clip(list[:n])
	l.list.Store(&keep)
	if err := l.deleteTail(list[n:]); err != nil || n == 0 {
		return err
	}
	last := keep[n-1]
	if used := offset - last.startOffset; used < l.fileBytes {
		if err := errors.Join(last.file.Truncate(used), last.file.Truncate(l.fileBytes)); err != nil {
			return fmt.Errorf("truncate %s to %d: %w", last.path, used, err)
		}
	}
	return l.sync(last)
}

func (l *logFiles) delete(f *logFile) error {
	if err := l.fs.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete commit log file: %w", err)
	}
	return f.release()
}

// deleteTail deletes files from the last to the first, each durably before the
// next: what a power cut brings back must not leave a gap.
func (l *logFiles) deleteTail(files []*logFile) error {
	for _, f := range slices.Backward(files) {
		if err := l.delete(f); err != nil {
			return err
		}
		if err := l.fs.SyncDir(filepath.Dir(f.path)); err != nil {
			return err
		}
	}
	return nil
}

// deleteFirst deletes the oldest file; the last one always stays.
func (l *logFiles) deleteFirst(f *logFile) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.snapshot()
	if len(list) < 2 || list[0] != f {
		return fmt.Errorf("commit log file %s is not the oldest of several", f.path)
	}
	rest := slices.Clone(list[1:])
	l.list.Store(&rest)
	return l.deleteTail([]*logFile{f})
}

// close removes the file created ahead, if unused, and closes all others.
func (l *logFiles) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.mu.ahead != nil {
		err = l.delete(l.mu.ahead)
		l.mu.ahead = nil
	}
	err = errors.Join(err, closeAll(l.snapshot()))
	l.list.Store(new([]*logFile))
	return err
}
