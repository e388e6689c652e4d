package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OS returns the file system of the operating system (Linux).
func OS() FS { return osFS{} }

// ErrLocked is returned (wrapped) by FS.Lock when another holder has the lock.
var ErrLocked = errors.New("locked by another process")

// lockText is what Java writes into the file it locks.
const lockText = "lock"

type osFS struct{}

func (osFS) OpenFile(name string, flag int, perm os.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f}, nil
}

func (osFS) MkdirAll(name string, perm os.FileMode) error { return os.MkdirAll(name, perm) }
func (osFS) ReadDir(name string) ([]fs.DirEntry, error)   { return os.ReadDir(name) }
func (osFS) Stat(name string) (fs.FileInfo, error)        { return os.Stat(name) }
func (osFS) Remove(name string) error                     { return os.Remove(name) }
func (osFS) RemoveAll(name string) error                  { return os.RemoveAll(name) }
func (osFS) Rename(oldName, newName string) error         { return os.Rename(oldName, newName) }

func (osFS) SyncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return errors.Join(fmt.Errorf("sync directory %s: %w", name, err), d.Close())
	}
	return d.Close()
}

func (osFS) Usage(name string) (Usage, error) {
	var st unix.Statfs_t
	if err := ignoringEINTR(func() error { return unix.Statfs(name, &st) }); err != nil {
		return Usage{}, &os.PathError{Op: "statfs", Path: name, Err: err}
	}
	block := uint64(st.Bsize)
	return Usage{Total: st.Blocks * block, Free: st.Bfree * block, Avail: st.Bavail * block}, nil
}

// Lock locks byte 0 of name with an open-file-description lock. Such a lock
// excludes the fcntl lock that Java's FileChannel takes, and unlike that one
// it also excludes a second holder in this process and survives the closing
// of other descriptors of the file.
func (osFS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	lk := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: 0, Len: 1}
	err = control(f, func(fd int) error { return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &lk) })
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = ErrLocked
	}
	if err == nil {
		_, err = f.WriteAt([]byte(lockText), 0)
	}
	if err != nil {
		return nil, errors.Join(&os.PathError{Op: "lock", Path: name, Err: err}, f.Close())
	}
	return f, nil
}

// osFile is an *os.File with the calls that package os lacks.
type osFile struct{ *os.File }

func (f *osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

// ReadCached is preadv2 with RWF_NOWAIT, which reads the page cache only. Where
// the volume or the kernel does not know that, nothing counts as cached. It
// allocates nothing; the caller sees to it that f is not closed meanwhile.
func (f *osFile) ReadCached(p []byte, off int64) bool {
	if len(p) == 0 {
		return true
	}
	v := unix.Iovec{Base: unsafe.SliceData(p)}
	v.SetLen(len(p))
	n, _, errno := unix.Syscall6(unix.SYS_PREADV2, f.Fd(), uintptr(unsafe.Pointer(&v)), 1, uintptr(off), uintptr(off>>32), unix.RWF_NOWAIT)
	return errno == 0 && n == uintptr(len(p))
}

// zeroPage is never written, so all of it is the one zero page of the kernel.
var zeroPage [maxZeros]byte

const maxZeros = 128 << 10

func (f *osFile) WriteZeroPadded(p []byte, zeros int, off int64) (n int, err error) {
	parts := [][]byte{p, zeroPage[:min(zeros, maxZeros)]}
	err = control(f.File, func(fd int) error { n, err = unix.Pwritev(fd, parts, off); return err })
	if err != nil {
		return max(n, 0), &os.PathError{Op: "pwritev", Path: f.Name(), Err: err}
	}
	return n, nil
}

// Allocate keeps the length (FALLOC_FL_KEEP_SIZE): a store file has its final
// length from the start. It fails with EOPNOTSUPP where the volume cannot.
func (f *osFile) Allocate(off, n int64) error {
	err := control(f.File, func(fd int) error { return unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, off, n) })
	if err != nil {
		return &os.PathError{Op: "fallocate", Path: f.Name(), Err: err}
	}
	return nil
}

// Sync is fdatasync; os.File.Sync would be fsync.
func (f *osFile) Sync() error {
	if err := control(f.File, unix.Fdatasync); err != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
	}
	return nil
}

func (f *osFile) Map(length int64, writable bool) (Mapping, error) {
	prot := unix.PROT_READ
	if writable {
		prot |= unix.PROT_WRITE
	}
	m := new(osMapping)
	err := control(f.File, func(fd int) (err error) {
		m.b, err = unix.Mmap(fd, 0, int(length), prot, unix.MAP_SHARED)
		return err
	})
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return m, nil
}

type osMapping struct{ b []byte }

func (m *osMapping) Bytes() []byte { return m.b }

func (m *osMapping) Sync() error {
	if m.b == nil {
		return os.ErrClosed
	}
	return ignoringEINTR(func() error { return unix.Msync(m.b, unix.MS_SYNC) })
}

func (m *osMapping) Close() error {
	if m.b == nil {
		return nil
	}
	b := m.b
	m.b = nil
	return unix.Munmap(b)
}

// control runs op on f's descriptor, which cannot be closed meanwhile.
func control(f *os.File, op func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var opErr error
	if err := c.Control(func(fd uintptr) { opErr = ignoringEINTR(func() error { return op(int(fd)) }) }); err != nil {
		return err
	}
	return opErr
}

func ignoringEINTR(op func() error) error {
	for {
		if err := op(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
