package vfs

import (
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// memBlock is the unit in which contents are allocated, and survive a power cut.
const memBlock = 4096

// memData is the content of a file.
//
// Invariant: the durable content of block i is old[i] if that exists (nil =
// zeros), else shadow's, else the current one; it ends at durableSize. shadow
// exists while, and after, the file is mapped writable until the next sync
// without such a mapping: writes through a mapping are seen by comparison only.
type memData struct {
	fs *MemFS
	mu sync.RWMutex

	buf         []byte // len = size of the file
	modTime     time.Time
	allocated   map[int64]struct{} // blocks that have space
	durableSize int64
	old         map[int64][]byte
	shadow      []byte
	maps        int // open mappings: buf cannot move
	writable    int // of them, writable ones
	dead        bool
}

func newMemData(m *MemFS) *memData {
	return &memData{fs: m, modTime: (*m.now.Load())(), allocated: make(map[int64]struct{}), old: make(map[int64][]byte)}
}

// lock is for changes of content and durability; call what it returns to unlock.
// MemFS.mu held for reading lets no CrashClone see one file before a change and
// another file after it.
func (d *memData) lock() func() {
	d.fs.mu.RLock()
	d.mu.Lock()
	return func() {
		d.mu.Unlock()
		d.fs.mu.RUnlock()
	}
}

// keep remembers the durable content of the blocks of [off, end) before they change; mu is held.
func (d *memData) keep(off, end int64) {
	if d.shadow != nil {
		return
	}
	for b := off / memBlock; b*memBlock < end; b++ {
		if _, ok := d.old[b]; ok {
			continue
		}
		var was []byte
		if from := b * memBlock; from < d.durableSize {
			was = append(was, d.buf[from:min(from+memBlock, d.durableSize, int64(len(d.buf)))]...)
		}
		d.old[b] = was
	}
}

// resize sets the length; mu is held. Blocks behind a new end lose their space.
func (d *memData) resize(size int64) error {
	was := int64(len(d.buf))
	if size < was {
		d.keep(size, was)
		clear(d.buf[size:])
		d.buf = d.buf[:size]
		for b := range d.allocated {
			if b*memBlock >= size {
				delete(d.allocated, b)
				if !d.dead {
					d.fs.used.Add(-memBlock)
				}
			}
		}
		return nil
	}
	if size <= int64(cap(d.buf)) {
		d.buf = d.buf[:size]
		return nil
	}
	if d.maps > 0 {
		return syscall.ETXTBSY // a limit of this file system: a mapping would be left behind
	}
	grown := make([]byte, size, max(size, min(2*was, was+memBlock*256)))
	copy(grown, d.buf)
	d.buf = grown
	return nil
}

// allocate gives space to the blocks of [off, end); mu is held.
func (d *memData) allocate(off, end int64) error {
	for b := off / memBlock; b*memBlock < end; b++ {
		if _, ok := d.allocated[b]; ok {
			continue
		}
		if !d.dead && d.fs.used.Add(memBlock) > d.fs.capacity.Load() {
			d.fs.used.Add(-memBlock)
			return syscall.ENOSPC
		}
		d.allocated[b] = struct{}{}
	}
	return nil
}

// unlinked gives the space back. Whoever has the file open goes on with its bytes.
func (n *memNode) unlinked() {
	if n.file == nil {
		return
	}
	n.file.mu.Lock()
	defer n.file.mu.Unlock()
	if !n.file.dead {
		n.file.dead = true
		n.file.fs.used.Add(-memBlock * int64(len(n.file.allocated)))
	}
}

// sync makes the current content durable; mu is held.
func (d *memData) sync() {
	d.durableSize = int64(len(d.buf))
	clear(d.old)
	d.shadow = nil
	if d.writable > 0 {
		d.shadow = copyMapped(d.buf)
	}
}

// content is a copy of the current content; mu is held.
func (d *memData) content() []byte {
	if d.shadow != nil {
		return copyMapped(d.buf)
	}
	return append([]byte(nil), d.buf...)
}

// copyMapped copies bytes that somebody may write through a mapping meanwhile,
// as the kernel does when it writes them back.
//
//go:norace
func copyMapped(b []byte) []byte {
	c := make([]byte, len(b))
	for i := range b { // not copy: the race detector looks into that
		c[i] = b[i]
	}
	return c
}

// unallocatedWrite finds a block that was written through a mapping without
// having space: with a full disk that is a SIGBUS. mu is held.
func (d *memData) unallocatedWrite() bool {
	now := d.content()
	for at := int64(0); at < int64(len(now)); at += memBlock {
		if _, ok := d.allocated[at/memBlock]; ok {
			continue
		}
		for _, b := range now[at:min(at+memBlock, int64(len(now)))] {
			if b != 0 {
				return true
			}
		}
	}
	return false
}

// memFile is an open file.
type memFile struct {
	fs       *MemFS
	name     string
	data     *memData
	writable bool
	closed   atomic.Bool
}

func (f *memFile) Name() string { return f.name }

func (f *memFile) Close() error {
	if f.closed.Swap(true) {
		return pathError("close", f.name, os.ErrClosed)
	}
	return nil
}

// check tells why an operation cannot be.
func (f *memFile) check(op string, write bool) error {
	if f.closed.Load() {
		return pathError(op, f.name, os.ErrClosed)
	}
	if write && !f.writable {
		return pathError(op, f.name, syscall.EBADF)
	}
	return nil
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check("read", false); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, pathError("read", f.name, syscall.EINVAL)
	}
	f.data.mu.RLock()
	defer f.data.mu.RUnlock()
	if off >= int64(len(f.data.buf)) {
		return 0, io.EOF
	}
	n := copy(p, f.data.buf[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// ReadCached is ReadAt: all of f is in memory.
func (f *memFile) ReadCached(p []byte, off int64) bool {
	_, err := f.ReadAt(p, off)
	return err == nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.check("write", true); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, pathError("write", f.name, syscall.EINVAL)
	}
	if len(p) == 0 {
		return 0, nil
	}
	d := f.data
	defer d.lock()()
	end := off + int64(len(p))
	err := d.allocate(off, end)
	if err == nil && end > int64(len(d.buf)) {
		err = d.resize(end)
	}
	if err != nil {
		return 0, pathError("write", f.name, err)
	}
	d.keep(off, end)
	d.modTime = (*f.fs.now.Load())()
	return copy(d.buf[off:], p), nil
}

func (f *memFile) WriteZeroPadded(p []byte, zeros int, off int64) (int, error) {
	return f.WriteAt(zeroPadded(p, zeros), off)
}

func zeroPadded(p []byte, zeros int) []byte { return append(p[:len(p):len(p)], make([]byte, zeros)...) }

func (f *memFile) Size() (int64, error) {
	if err := f.check("stat", false); err != nil {
		return 0, err
	}
	f.data.mu.RLock()
	defer f.data.mu.RUnlock()
	return int64(len(f.data.buf)), nil
}

func (f *memFile) Truncate(size int64) error {
	if err := f.check("truncate", true); err != nil {
		return err
	}
	if size < 0 {
		return pathError("truncate", f.name, syscall.EINVAL)
	}
	defer f.data.lock()()
	f.data.modTime = (*f.fs.now.Load())()
	if err := f.data.resize(size); err != nil {
		return pathError("truncate", f.name, err)
	}
	return nil
}

func (f *memFile) Allocate(off, n int64) error {
	if err := f.check("fallocate", true); err != nil {
		return err
	}
	if off < 0 || n <= 0 {
		return pathError("fallocate", f.name, syscall.EINVAL)
	}
	defer f.data.lock()()
	if err := f.data.allocate(off, off+n); err != nil {
		return pathError("fallocate", f.name, err)
	}
	return nil
}

func (f *memFile) Sync() error {
	if err := f.check("fdatasync", false); err != nil {
		return err
	}
	defer f.data.lock()()
	f.data.sync()
	return nil
}

func (f *memFile) Map(length int64, writable bool) (Mapping, error) {
	if err := f.check("mmap", writable); err != nil {
		return nil, err
	}
	d := f.data
	d.mu.Lock()
	defer d.mu.Unlock()
	if length <= 0 || length > int64(len(d.buf)) {
		return nil, pathError("mmap", f.name, syscall.EINVAL)
	}
	d.maps++
	if writable {
		d.writable++
		if d.shadow == nil {
			d.shadow = d.durable()
			clear(d.old)
		}
	}
	return &memMapping{name: f.name, data: d, b: d.buf[:length:length], writable: writable}, nil
}

type memMapping struct {
	name     string
	data     *memData
	b        []byte
	writable bool
}

func (m *memMapping) Bytes() []byte { return m.b }

// Sync fails when a block was written that has no space: on a real volume that
// is a SIGBUS once the disk is full.
func (m *memMapping) Sync() error {
	if m.b == nil {
		return pathError("msync", m.name, os.ErrClosed)
	}
	defer m.data.lock()()
	if m.writable && m.data.unallocatedWrite() {
		return pathError("msync", m.name, syscall.EFAULT)
	}
	m.data.sync()
	return nil
}

func (m *memMapping) Close() error {
	if m.b == nil {
		return nil
	}
	m.data.mu.Lock()
	defer m.data.mu.Unlock()
	m.b = nil
	m.data.maps--
	if m.writable {
		m.data.writable--
	}
	return nil
}

// memInfo is a fs.FileInfo.
type memInfo struct {
	name    string
	size    int64
	dir     bool
	modTime time.Time
}

func (n *memNode) info(name string) fs.FileInfo {
	if n.file == nil {
		return memInfo{name: name, dir: true}
	}
	n.file.mu.RLock()
	defer n.file.mu.RUnlock()
	return memInfo{name: name, size: int64(len(n.file.buf)), modTime: n.file.modTime}
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) ModTime() time.Time { return i.modTime }
func (i memInfo) IsDir() bool        { return i.dir }
func (i memInfo) Sys() any           { return nil }

func (i memInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
