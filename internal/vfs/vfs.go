// Package vfs is the file system seam of Booster: what the store and the
// config managers need of a file system, so that tests can put a memory file
// system, power cuts and faults in its place.
//
// Reading order: vfs.go (the interfaces), os.go (the real one), mem.go (memory
// with CrashClone), fault.go (errors by predicate).
package vfs

import (
	"io"
	"io/fs"
	"os"
)

// FS is a file system. Paths are those of the operating system.
type FS interface {
	// OpenFile opens name as os.OpenFile does.
	OpenFile(name string, flag int, perm os.FileMode) (File, error)
	MkdirAll(name string, perm os.FileMode) error
	ReadDir(name string) ([]fs.DirEntry, error)
	Stat(name string) (fs.FileInfo, error)
	Remove(name string) error
	RemoveAll(name string) error
	Rename(oldName, newName string) error
	// SyncDir makes the entries of directory name durable.
	SyncDir(name string) error
	// Lock takes the exclusive lock of file name (created when missing), as
	// Java's FileChannel.lock(0, 1) does. It fails at once when another holds it.
	Lock(name string) (io.Closer, error)
	// Usage tells size and free bytes of the volume that holds name.
	Usage(name string) (Usage, error)
}

// Usage is the capacity of a volume in bytes; Avail is what an ordinary user may still take.
type Usage struct{ Total, Free, Avail uint64 }

// File is an open file. ReadAt and WriteAt may be called concurrently.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// ReadCached fills p from off on if all of that is in memory, and never
	// waits for the disk: for event loops. false: it is not, or cannot be told.
	ReadCached(p []byte, off int64) bool
	// WriteZeroPadded writes p and zeros zero bytes behind it at off, in one
	// step. n counts both; unlike WriteAt it may stop early without an error.
	WriteZeroPadded(p []byte, zeros int, off int64) (n int, err error)
	Name() string
	Size() (int64, error)
	// Truncate sets the length; growth is sparse.
	Truncate(size int64) error
	// Allocate reserves blocks for [off, off+n) so that later writes there
	// cannot fail for want of space. The length does not change.
	Allocate(off, n int64) error
	// Sync is fdatasync: it returns once data (and the length) are durable.
	Sync() error
	// Map maps the first length bytes. A read-only mapping sees what WriteAt
	// wrote. A writable mapping is for derived files only (the index): its
	// range must have been allocated.
	Map(length int64, writable bool) (Mapping, error)
}

// Mapping is a mapped file.
type Mapping interface {
	Bytes() []byte
	// Sync writes the whole mapping back and waits (msync).
	Sync() error
	// Close unmaps; Bytes must not be used afterwards.
	Close() error
}
