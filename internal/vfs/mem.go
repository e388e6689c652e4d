package vfs

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// MemFS is a file system in memory that remembers what a power cut would leave:
// see CrashClone in memcrash.go. It is for tests.
//
// Laws, stricter than most real file systems:
//   - What was written is durable after File.Sync or Mapping.Sync, not before.
//   - A created, removed or renamed name is durable after SyncDir of its folder,
//     not before, not even when the file itself was synced.
//   - A rename happens whole or not at all.
//
// Locks: mu guards the tree, and holds off CrashClone while a content changes; it
// is never taken while a memData.mu is held.
type MemFS struct {
	mu struct {
		sync.RWMutex
		root  *memNode
		locks map[string]bool
		usage *Usage
	}
	now      atomic.Pointer[func() time.Time]
	capacity atomic.Int64 // bytes; writes that need more fail with ENOSPC
	used     atomic.Int64
}

// memNode is a folder or a file.
type memNode struct {
	file *memData // nil = folder

	// Of a folder, guarded by MemFS.mu.
	entries map[string]*memNode
	synced  map[string]*memNode // what SyncDir made durable
	ops     []*dirOp            // what has happened since
}

// dirOp is a change of names: node appears as name in folder dir, or (node nil)
// name vanishes. A rename is one op in both folders.
type dirOp struct {
	dir, fromDir   *memNode
	name, fromName string
	node           *memNode
}

const defaultMemCapacity = 1 << 40

// NewMemFS returns an empty file system of one tebibyte.
func NewMemFS() *MemFS {
	m := &MemFS{}
	m.mu.root, m.mu.locks = newMemDir(), make(map[string]bool)
	m.capacity.Store(defaultMemCapacity)
	m.SetNow(time.Now)
	return m
}

func newMemDir() *memNode {
	return &memNode{entries: make(map[string]*memNode), synced: make(map[string]*memNode)}
}

// SetNow gives the clock of modification times.
func (m *MemFS) SetNow(now func() time.Time) { m.now.Store(&now) }

// SetCapacity sets the size of the volume: what needs more fails with ENOSPC.
func (m *MemFS) SetCapacity(bytes int64) { m.capacity.Store(bytes) }

// SetUsage makes Usage answer u, whatever is stored; nil ends that.
func (m *MemFS) SetUsage(u *Usage) {
	m.mu.Lock()
	m.mu.usage = u
	m.mu.Unlock()
}

// SetModTime sets the modification time of a file.
func (m *MemFS) SetModTime(name string, t time.Time) error {
	n, err := m.node("chtimes", name)
	if err != nil {
		return err
	}
	if n.file == nil {
		return pathError("chtimes", name, syscall.EISDIR)
	}
	n.file.mu.Lock()
	n.file.modTime = t
	n.file.mu.Unlock()
	return nil
}

func pathError(op, name string, err error) error {
	return &os.PathError{Op: op, Path: name, Err: err}
}

// memPath splits a path into its elements.
func memPath(name string) []string {
	name = strings.Trim(filepath.ToSlash(filepath.Clean(name)), "/")
	if name == "" || name == "." {
		return nil
	}
	return strings.Split(name, "/")
}

// find walks to name; the lock is held.
func (m *MemFS) find(name string) (*memNode, error) {
	n := m.mu.root
	for _, elem := range memPath(name) {
		if n.file != nil {
			return nil, syscall.ENOTDIR
		}
		if n = n.entries[elem]; n == nil {
			return nil, syscall.ENOENT
		}
	}
	return n, nil
}

// findParent walks to the folder of name; the lock is held.
func (m *MemFS) findParent(name string) (dir *memNode, base string, err error) {
	elems := memPath(name)
	if len(elems) == 0 {
		return nil, "", syscall.EINVAL
	}
	dir, err = m.find(strings.Join(elems[:len(elems)-1], "/"))
	if err == nil && dir.file != nil {
		err = syscall.ENOTDIR
	}
	return dir, elems[len(elems)-1], err
}

func (m *MemFS) node(op, name string) (*memNode, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, err := m.find(name)
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return n, nil
}

// link makes name in dir mean node, nil = nothing, as part of op.
func (o *dirOp) link() {
	if o.fromDir != nil {
		delete(o.fromDir.entries, o.fromName)
		if o.fromDir != o.dir {
			o.fromDir.ops = append(o.fromDir.ops, o)
		}
	}
	if o.node == nil {
		delete(o.dir.entries, o.name)
	} else {
		o.dir.entries[o.name] = o.node
	}
	o.dir.ops = append(o.dir.ops, o)
}

// OpenFile implements FS. The flags known are O_RDONLY, O_WRONLY, O_RDWR,
// O_CREATE, O_EXCL and O_TRUNC.
func (m *MemFS) OpenFile(name string, flag int, _ os.FileMode) (File, error) {
	m.mu.Lock()
	n, err := m.openNode(name, flag)
	m.mu.Unlock()
	if err != nil {
		return nil, pathError("open", name, err)
	}
	f := &memFile{fs: m, name: name, data: n.file, writable: flag&(os.O_WRONLY|os.O_RDWR) != 0}
	if flag&os.O_TRUNC != 0 {
		if err := f.Truncate(0); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (m *MemFS) openNode(name string, flag int) (*memNode, error) {
	dir, base, err := m.findParent(name)
	if err != nil {
		return nil, err
	}
	n := dir.entries[base]
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, syscall.ENOENT
	case n == nil:
		n = &memNode{file: newMemData(m)}
		(&dirOp{dir: dir, name: base, node: n}).link()
	case n.file == nil:
		return nil, syscall.EISDIR
	case flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return nil, syscall.EEXIST
	}
	return n, nil
}

// MkdirAll implements FS.
func (m *MemFS) MkdirAll(name string, _ os.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.mu.root
	for _, elem := range memPath(name) {
		next := n.entries[elem]
		if next == nil {
			next = newMemDir()
			(&dirOp{dir: n, name: elem, node: next}).link()
		}
		if next.file != nil {
			return pathError("mkdir", name, syscall.ENOTDIR)
		}
		n = next
	}
	return nil
}

// ReadDir implements FS; sorted by name.
func (m *MemFS) ReadDir(name string) ([]fs.DirEntry, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, err := m.find(name)
	if err == nil && n.file != nil {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, pathError("open", name, err)
	}
	list := make([]fs.DirEntry, 0, len(n.entries))
	for base, child := range n.entries {
		list = append(list, fs.FileInfoToDirEntry(child.info(base)))
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// Stat implements FS.
func (m *MemFS) Stat(name string) (fs.FileInfo, error) {
	n, err := m.node("stat", name)
	if err != nil {
		return nil, err
	}
	return n.info(filepath.Base(name)), nil
}

// Remove implements FS.
func (m *MemFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.findParent(name)
	if err == nil {
		switch n := dir.entries[base]; {
		case n == nil:
			err = syscall.ENOENT
		case n.file == nil && len(n.entries) > 0:
			err = syscall.ENOTEMPTY
		}
	}
	if err != nil {
		return pathError("remove", name, err)
	}
	dir.entries[base].unlinked()
	(&dirOp{dir: dir, name: base}).link()
	return nil
}

// RemoveAll implements FS.
func (m *MemFS) RemoveAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.findParent(name)
	if err == syscall.ENOENT || (err == nil && dir.entries[base] == nil) {
		return nil
	}
	if err != nil {
		return pathError("removeall", name, err)
	}
	removeTree(dir, base)
	return nil
}

func removeTree(dir *memNode, base string) {
	n := dir.entries[base]
	for child := range n.entries {
		removeTree(n, child)
	}
	n.unlinked()
	(&dirOp{dir: dir, name: base}).link()
}

// Rename implements FS.
func (m *MemFS) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, fromBase, err := m.findParent(oldName)
	var to *memNode
	var toBase string
	if err == nil {
		to, toBase, err = m.findParent(newName)
	}
	if err == nil && from.entries[fromBase] == nil {
		err = syscall.ENOENT
	}
	if err == nil && from == to && fromBase == toBase {
		return nil
	}
	if err == nil {
		if over := to.entries[toBase]; over != nil {
			if over.file == nil {
				err = syscall.EEXIST
			} else {
				over.unlinked()
			}
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: err}
	}
	(&dirOp{dir: to, name: toBase, node: from.entries[fromBase], fromDir: from, fromName: fromBase}).link()
	return nil
}

// SyncDir implements FS.
func (m *MemFS) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find(name)
	if err == nil && n.file != nil {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return pathError("sync", name, err)
	}
	// The other folder of a rename becomes durable with this one.
	for _, o := range n.ops {
		if other := o.fromDir; other != nil && other != n {
			other.syncRename(o)
		} else if o.dir != n {
			o.dir.syncRename(o)
		}
	}
	n.synced, n.ops = copyEntries(n.entries), nil
	return nil
}

// syncRename makes everything up to rename o durable in folder n.
func (n *memNode) syncRename(o *dirOp) {
	i := slices.Index(n.ops, o)
	for _, done := range n.ops[:i+1] {
		done.apply(n, n.synced)
	}
	n.ops = n.ops[i+1:]
}

// apply does to entries, which are some state of folder n, what the op did.
func (o *dirOp) apply(n *memNode, entries map[string]*memNode) {
	if o.fromDir == n {
		delete(entries, o.fromName)
	}
	if o.dir != n {
		return
	}
	if o.node == nil {
		delete(entries, o.name)
	} else {
		entries[o.name] = o.node
	}
}

func copyEntries(m map[string]*memNode) map[string]*memNode {
	c := make(map[string]*memNode, len(m))
	for name, n := range m {
		c[name] = n
	}
	return c
}

// Lock implements FS. The lock ends with the close of what is returned.
func (m *MemFS) Lock(name string) (io.Closer, error) {
	f, err := m.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	key := strings.Join(memPath(name), "/")
	m.mu.Lock()
	held := m.mu.locks[key]
	m.mu.locks[key] = true
	m.mu.Unlock()
	if held {
		return nil, pathError("lock", name, ErrLocked)
	}
	if _, err := f.WriteAt([]byte(lockText), 0); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	return &memLock{fs: m, key: key}, nil
}

type memLock struct {
	fs  *MemFS
	key string
}

func (l *memLock) Close() error {
	l.fs.mu.Lock()
	delete(l.fs.mu.locks, l.key)
	l.fs.mu.Unlock()
	return nil
}

// Usage implements FS: what SetUsage said, else the capacity and what is allocated.
func (m *MemFS) Usage(name string) (Usage, error) {
	if _, err := m.node("statfs", name); err != nil {
		return Usage{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.mu.usage != nil {
		return *m.mu.usage, nil
	}
	total := m.capacity.Load()
	free := uint64(max(0, total-m.used.Load()))
	return Usage{Total: uint64(total), Free: free, Avail: free}, nil
}
