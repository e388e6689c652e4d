package store

import (
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/boostermq/booster/internal/vfs"
)

// fileCache keeps the files of consume queues open, the least recently used
// ones closed: 20,000 queues must not mean 20,000 descriptors.
type fileCache struct {
	fs       vfs.FS
	log      *slog.Logger
	capacity int
	mu       struct {
		sync.Mutex
		files map[fileKey]*cachedFile
		// oldest … newest, linked through prev and next of this ring's head.
		ring cachedFile
	}
}

type fileKey struct {
	queue *ConsumeQueue
	start int64
	ext   bool // in consumequeue_ext
}

func (q *ConsumeQueue) fileKey(start int64) fileKey { return fileKey{queue: q, start: start} }
func (q *ConsumeQueue) extFileKey(start int64) fileKey {
	return fileKey{queue: q, start: start, ext: true}
}

func (k fileKey) path() string {
	if k.ext {
		return offsetFilePath(k.queue.extDir(), k.start)
	}
	return offsetFilePath(k.queue.dir(), k.start)
}

type cachedFile struct {
	vfs.File
	key        fileKey
	refs       int // holders, the cache being one
	prev, next *cachedFile

	// block is what readCached read ahead, from byte blockAt on. Guarded by the cache's lock.
	block   []byte
	blockAt int64
}

// blockBytes is how far readCached reads ahead: who reads a backlog asks for 32
// entries at a time.
const blockBytes = 8 << 10 / cqEntryBytes * cqEntryBytes

const fileCacheCapacity = 1024

func newFileCache(fsys vfs.FS, capacity int, log *slog.Logger) *fileCache {
	c := &fileCache{fs: fsys, log: log, capacity: capacity}
	c.mu.files = make(map[fileKey]*cachedFile)
	c.mu.ring.prev, c.mu.ring.next = &c.mu.ring, &c.mu.ring
	return c
}

// get returns the open file; give it back with put. The file must exist.
func (c *fileCache) get(key fileKey) (*cachedFile, error) {
	if f := c.getOpen(key); f != nil {
		return f, nil
	}
	file, err := c.fs.OpenFile(key.path(), os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	return c.insert(key, file)
}

// getOpen returns the file if it is open, else nil.
func (c *fileCache) getOpen(key fileKey) *cachedFile {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.mu.files[key]
	if f != nil {
		f.refs++
		c.touch(f)
	}
	return f
}

// insert takes over an opened file. When another caller was faster his is used.
func (c *fileCache) insert(key fileKey, file vfs.File) (*cachedFile, error) {
	c.mu.Lock()
	if f := c.mu.files[key]; f != nil {
		f.refs++
		c.mu.Unlock()
		return f, file.Close()
	}
	f := &cachedFile{File: file, key: key, refs: 2}
	c.mu.files[key] = f
	c.touch(f)
	var out *cachedFile
	if len(c.mu.files) > c.capacity {
		out = c.mu.ring.next
		c.unlink(out)
	}
	c.mu.Unlock()
	if out != nil {
		return f, c.put(out)
	}
	return f, nil
}

// put gives a hold back; the last one closes.
func (c *fileCache) put(f *cachedFile) error {
	if c.letGo(f) {
		return f.Close()
	}
	return nil
}

// readAt fills p from byte off of the file on.
func (c *fileCache) readAt(key fileKey, p []byte, off int64) error {
	f, err := c.get(key)
	if err != nil {
		return err
	}
	_, err = f.ReadAt(p, off)
	if errPut := c.put(f); err == nil {
		err = errPut
	}
	return err
}

// readCached is readAt for who must not wait. Entries before byte limit are not
// changed any more, only deleted with their file.
func (c *fileCache) readCached(key fileKey, p []byte, off, limit int64) error {
	c.mu.Lock()
	f := c.mu.files[key]
	if f == nil {
		c.mu.Unlock()
		return errWouldWait
	}
	c.touch(f)
	if at := off - f.blockAt; at >= 0 && at+int64(len(p)) <= int64(len(f.block)) {
		copy(p, f.block[at:])
		c.mu.Unlock()
		return nil
	}
	f.refs++
	block := f.block
	f.block = nil
	c.mu.Unlock()

	block, ok := f.readBlock(block, p, off, limit)

	c.mu.Lock()
	f.block, f.blockAt = block, off
	f.refs--
	last := f.refs == 0
	c.mu.Unlock()
	if last {
		go c.closeDeleted(f)
	}
	if !ok {
		return errWouldWait
	}
	return nil
}

// readBlock fills p, and block with what begins there. Law: in a block there is
// no entry that is yet to be written. Where the queue was deleted and began anew
// after limit was read, such entries are zero.
func (f *cachedFile) readBlock(block, p []byte, off, limit int64) (_ []byte, ok bool) {
	n := int(min(limit-off, blockBytes))
	if n <= len(p) {
		return block[:0], f.ReadCached(p, off)
	}
	block = slices.Grow(block[:0], blockBytes)[:n]
	if !f.ReadCached(block, off) {
		return block[:0], f.ReadCached(p, off)
	}
	copy(p, block)
	for i := 0; i+cqEntryBytes <= n; i += cqEntryBytes {
		if parseCQEntry(block[i:]).sizeBytes == 0 {
			return block[:i], true
		}
	}
	return block, true
}

// closeDeleted closes a file whose last reader must not wait for that.
func (c *fileCache) closeDeleted(f *cachedFile) {
	if err := f.Close(); err != nil {
		c.log.Warn("a deleted consume queue file could not be closed", "err", err)
	}
}

func (c *fileCache) letGo(f *cachedFile) (last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.refs--
	return f.refs == 0
}

// drop forgets a file that is about to be deleted or truncated by name.
func (c *fileCache) drop(key fileKey) error {
	c.mu.Lock()
	f := c.mu.files[key]
	if f != nil {
		c.unlink(f)
	}
	c.mu.Unlock()
	if f == nil {
		return nil
	}
	return c.put(f)
}

func (c *fileCache) close() (err error) {
	for {
		c.mu.Lock()
		f := c.mu.ring.next
		if f == &c.mu.ring {
			c.mu.Unlock()
			return err
		}
		c.unlink(f)
		c.mu.Unlock()
		err = errors.Join(err, c.put(f))
	}
}

// touch makes f the newest; the lock is held.
func (c *fileCache) touch(f *cachedFile) {
	if f.prev != nil {
		f.prev.next, f.next.prev = f.next, f.prev
	}
	f.prev, f.next = c.mu.ring.prev, &c.mu.ring
	f.prev.next, f.next.prev = f, f
}

// unlink takes f out of the cache; the lock is held and the cache's hold goes to the caller.
func (c *fileCache) unlink(f *cachedFile) {
	f.prev.next, f.next.prev = f.next, f.prev
	f.prev, f.next = nil, nil
	delete(c.mu.files, f.key)
}
