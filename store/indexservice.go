package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// IndexService finds records by key (Java: IndexService). It is derived: no
// fault of it keeps the store from starting or from taking messages; what
// could not be indexed is only not found by key.
//
// Unlike Java it makes the file that is being written durable with every
// checkpoint, and after a crash keeps of each file what is provably whole,
// where Java forgets the file: see indexrecovery.go.
type IndexService struct {
	fs     vfs.FS
	dir    string
	layout indexLayout
	log    *slog.Logger
	now    func() time.Time

	mu struct {
		sync.RWMutex
		files []*indexFile // oldest first; replaced, never modified
		// foreign files have another length: they belong to other settings.
		foreign []*indexFile
	}

	// Of the dispatch goroutine.
	w         *indexWriter // nil until the first key
	pending   []indexPut   // keys that Commit writes
	endOffset int64        // records before this are indexed, or pending
	resume    indexResume
	unproved  bool // after a crash, until the first record is dispatched again
	retryAt   time.Time
	failing   bool

	dirChanged atomic.Bool // a file's name is not durable yet
	background sync.WaitGroup
	flushing   struct {
		sync.Mutex
		safeMs int64
		failed error // a sync failed; a second one would prove nothing
	}
}

// indexResume holds the entries of the last record that is in the index: the
// record is dispatched again after a start.
type indexResume struct {
	offset int64
	hashes []int32
}

// indexPut is an entry to be.
type indexPut struct {
	hash            int32
	offset, storeMs int64
}

// maxPendingKeys bounds what waits for Commit.
const maxPendingKeys = 1024

// indexRetry is how long a failing disk is left alone.
const indexRetry = time.Second

// openIndexService makes the index service of a store.
func openIndexService(s *MessageStore) indexService {
	cfg := s.cfg.Load()
	return newIndexService(s.fs, filepath.Join(cfg.StorePathRootDir, "index"), cfg.MaxHashSlotNum, cfg.MaxIndexNum, s.log, s.commitLog.now)
}

func newIndexService(fsys vfs.FS, dir string, maxHashSlotNum, maxIndexNum int, log *slog.Logger, now func() time.Time) *IndexService {
	layout := indexLayout{slots: int32(min(maxHashSlotNum, maxIndexFileBytes)), entries: int32(min(maxIndexNum, maxIndexFileBytes))}
	return &IndexService{fs: fsys, dir: dir, layout: layout, log: log, now: now}
}

func (s *IndexService) snapshot() []*indexFile {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.mu.files
}

// Put notes UNIQ_KEY and every blank-separated word of KEYS for Commit (Java:
// buildIndex). While the index cannot be written it leaves records out.
func (s *IndexService) Put(v *codec.DispatchView) error {
	if s.unproved {
		s.unproved = false
		if err := s.Truncate(v.CommitLogOffset); err != nil {
			return err
		}
	}
	if v.CommitLogOffset < s.endOffset || (v.UniqKey == "" && v.Keys == "") {
		return nil
	}
	if s.failing && s.now().Before(s.retryAt) {
		return nil
	}
	topic := indexTopicHash(v.Topic)
	if v.UniqKey != "" {
		s.putKey(topic, v.UniqKey, v)
	}
	for keys := v.Keys; keys != ""; {
		key, rest, _ := strings.Cut(keys, keySeparator)
		keys = rest
		if key != "" {
			s.putKey(topic, key, v)
		}
	}
	s.endOffset = v.CommitLogOffset
	if len(s.pending) >= maxPendingKeys {
		return s.Commit()
	}
	return nil
}

// keySeparator stands between the words of KEYS (Java: MessageConst.KEY_SEPARATOR).
const keySeparator = " "

func (s *IndexService) putKey(topicHash int32, key string, v *codec.DispatchView) {
	hash := indexKeyHash(topicHash, key)
	if s.resume.hashes == nil || !s.putResumed(hash, v.CommitLogOffset) {
		s.pending = append(s.pending, indexPut{hash, v.CommitLogOffset, v.StoreTimestampMs})
	}
}

// Commit writes what was put. It fails once, when the index cannot be written
// any more; from the key that failed on nothing is indexed until it can again.
func (s *IndexService) Commit() error {
	if len(s.pending) == 0 {
		return nil
	}
	from := s.pending[0].offset
	err := guardFault(s.writePending)
	s.pending = s.pending[:0]
	if err == nil {
		if s.failing {
			s.failing = false
			s.log.Info("index files are written again", "from", from)
		}
		return nil
	}
	if errors.Is(err, errFault) && s.w != nil { // its pages cannot be had: the next key begins a new file
		s.w.f.retired.Store(true)
		s.w = nil
	}
	s.retryAt = s.now().Add(indexRetry)
	if s.failing {
		return nil
	}
	s.failing = true
	s.log.Error("index files cannot be written, messages are not found by key until that works again", "from", from, "err", err)
	return err
}

// writePending runs under guardFault.
func (s *IndexService) writePending() error {
	for i := range s.pending {
		if s.w == nil || s.w.full() {
			if err := s.nextFile(); err != nil {
				return err
			}
		}
		p := &s.pending[i]
		if err := s.w.put(p.hash, p.offset, p.storeMs); err != nil {
			s.w.publish()
			return err
		}
	}
	s.w.publish()
	return nil
}

// putResumed tells that the key is in already, from before the start.
func (s *IndexService) putResumed(hash int32, offset int64) bool {
	if offset != s.resume.offset {
		s.resume.hashes = nil
		return false
	}
	i := slices.Index(s.resume.hashes, hash)
	if i >= 0 {
		s.resume.hashes = slices.Delete(s.resume.hashes, i, i+1)
	}
	return i >= 0
}

// nextFile opens the last file if it is not full, or begins a new one. The full
// one is made durable in the background.
func (s *IndexService) nextFile() error {
	s.retire()
	if files := s.snapshot(); len(files) > 0 {
		if last := files[len(files)-1]; !last.full() && !last.retired.Load() {
			return s.openLast(last)
		}
	}
	return s.createNext()
}

// retire ends the writing of the current file.
func (s *IndexService) retire() {
	if s.w == nil {
		return
	}
	s.w.publish()
	s.w.f.retired.Store(true)
	s.w = nil
	s.background.Go(func() {
		if err := s.flush(false); err != nil {
			s.log.Error("a full index file cannot be made durable", "err", err)
		}
	})
}

func (s *IndexService) openLast(f *indexFile) error {
	file, err := f.openFile(os.O_RDWR)
	if err != nil {
		return err
	}
	w, err := openIndexWriter(f, file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s.w = w
	return nil
}

func (s *IndexService) createNext() error {
	if err := s.fs.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("create index folder: %w", err)
	}
	path, file, err := s.createFile()
	if err != nil {
		return err
	}
	f := newIndexFile(s.fs, path, s.layout, indexHeader{count: indexFirstEntry})
	w, err := openIndexWriter(f, file)
	if err != nil {
		return errors.Join(err, file.Close(), s.fs.Remove(path))
	}
	s.dirChanged.Store(true)
	s.w = w
	s.mu.Lock()
	s.mu.files = append(slices.Clip(s.mu.files), f)
	s.mu.Unlock()
	return nil
}

// createFile makes an empty file of full length; it is sparse. Its name is the
// time, but always behind the last one: Java sorts by name.
func (s *IndexService) createFile() (path string, file vfs.File, err error) {
	name := indexFileName(s.now())
	if last := s.lastName(); name <= last {
		name = indexNameAfter(last)
	}
	for range indexNameTries {
		path = filepath.Join(s.dir, name)
		file, err = s.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
		name = indexNameAfter(name)
	}
	if err != nil {
		return "", nil, fmt.Errorf("create index file: %w", err)
	}
	if err := file.Truncate(s.layout.fileBytes()); err != nil {
		return "", nil, errors.Join(fmt.Errorf("size index file %s: %w", path, err), file.Close(), s.fs.Remove(path))
	}
	return path, file, nil
}

// indexNameTries bounds how many files that could not be read are stepped over.
const indexNameTries = 100

func (s *IndexService) lastName() (last string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, list := range [][]*indexFile{s.mu.files, s.mu.foreign} {
		for _, f := range list {
			last = max(last, filepath.Base(f.path))
		}
	}
	return last
}

// Query returns the offsets of at most maxNum records whose key may be topic#key,
// newest first (Java: queryOffset). Only the hash was compared.
func (s *IndexService) Query(topic, key string, maxNum int, beginMs, endMs int64) (res indexResult) {
	files := s.snapshot()
	q := indexQuery{hash: indexKeyHash(indexTopicHash(topic), key), beginMs: beginMs, endMs: endMs, maxNum: maxNum}
	for i := len(files) - 1; i >= 0 && len(q.offsets) < maxNum; i-- {
		f := files[i]
		if f.empty() {
			continue
		}
		if res.lastUpdateTimestamp == 0 {
			res.lastUpdateTimestamp, res.lastUpdatePhyOffset = f.endMs.Load(), f.endOffset.Load()
		}
		if f.overlaps(beginMs, endMs) {
			if err := f.query(&q); err != nil {
				s.log.Error("an index file cannot be read", "file", f.path, "err", err)
			}
		}
		if f.beginMs.Load() < beginMs {
			break
		}
	}
	res.phyOffsets = q.offsets
	return res
}

// Flush makes everything that was put before durable and returns the store time
// of the last record in the index.
func (s *IndexService) Flush() (safeMs int64, err error) {
	err = s.flush(true)
	s.flushing.Lock()
	defer s.flushing.Unlock()
	return s.flushing.safeMs, err
}

// flush makes the files durable, oldest first, and closes those that the writer
// is done with. The current file is left out unless asked for.
func (s *IndexService) flush(current bool) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if s.flushing.failed != nil {
		return s.flushing.failed
	}
	if err := s.flushDir(); err != nil {
		return err
	}
	for _, f := range s.snapshot() {
		done := f.retired.Load() // first: nothing is put after that
		if !f.mapped() || (!done && !current) {
			continue
		}
		endMs := f.endMs.Load()
		if err := f.sync(); err != nil {
			s.flushing.failed = err
			return err
		}
		if endMs > 0 {
			s.flushing.safeMs = endMs
		}
		if done {
			if err := f.close(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *IndexService) flushDir() error {
	if !s.dirChanged.Swap(false) {
		return nil
	}
	err := s.fs.SyncDir(s.dir)
	if err == nil {
		err = s.fs.SyncDir(filepath.Dir(s.dir))
	}
	if err != nil {
		s.dirChanged.Store(true)
	}
	return err
}

// DeleteExpired deletes the files whose records are all gone from the log, but
// never the last one.
func (s *IndexService) DeleteExpired(minPhyOffset int64) {
	s.mu.Lock()
	n := 0
	for n < len(s.mu.files)-1 && s.mu.files[n].endOffset.Load() < minPhyOffset {
		n++
	}
	expired := slices.Clone(s.mu.files[:n])
	s.mu.files = s.mu.files[n:]
	s.mu.foreign = slices.DeleteFunc(s.mu.foreign, func(f *indexFile) bool {
		old := f.endOffset.Load() < minPhyOffset
		if old {
			expired = append(expired, f)
		}
		return old
	})
	s.mu.Unlock()
	for _, f := range expired {
		if err := errors.Join(f.close(), s.fs.Remove(f.path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.log.Warn("an expired index file could not be deleted", "file", f.path, "err", err)
		}
	}
}

// Shutdown makes everything durable and closes the files. Nothing is put afterwards.
func (s *IndexService) Shutdown() error {
	if s.w != nil {
		s.w.f.retired.Store(true)
		s.w = nil
	}
	s.background.Wait()
	err := s.flush(true)
	for _, f := range s.snapshot() {
		err = errors.Join(err, f.close())
	}
	return err
}
