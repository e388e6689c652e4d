package vfs

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// OpKind is a kind of file system operation.
type OpKind int

// The operations that a FaultFS asks its Injector about.
const (
	OpOpen   OpKind = iota
	OpCreate        // an OpenFile with O_CREATE
	OpMkdirAll
	OpReadDir
	OpStat
	OpRemove // RemoveAll too
	OpRename // Path is the old name
	OpSyncDir
	OpLock
	OpUsage
	OpRead
	OpWrite
	OpSize
	OpTruncate
	OpAllocate
	OpSync
	OpMap
	OpMapSync
	OpClose // of a file or a mapping
	opKinds
)

var opKindNames = [opKinds]string{
	"open", "create", "mkdir", "readdir", "stat", "remove", "rename", "syncdir", "lock", "usage",
	"read", "write", "size", "truncate", "allocate", "sync", "map", "mapsync", "close",
}

func (k OpKind) String() string { return opKindNames[k] }

// Op is an operation that is about to happen.
type Op struct {
	Kind   OpKind
	Path   string
	Offset int64 // of read, write and allocate; the new length of truncate
	Len    int64 // of read, write and allocate
	Count  int64 // this is the Count-th operation of its kind, from 1
}

// Fault is what happens to an operation. The zero Fault lets it be.
type Fault struct {
	Err   error         // the operation fails with it, wrapped in a *os.PathError
	Short int           // a write that fails stores so many bytes before
	Delay time.Duration // the operation takes so much longer
	After bool          // the operation happens, and then fails
}

// Injector decides about an operation; it is called concurrently.
type Injector func(Op) Fault

// Match tells whether a rule concerns an operation.
type Match func(Op) bool

// On matches operations of some kinds whose path contains part ("" = all).
func On(part string, kinds ...OpKind) Match {
	return func(op Op) bool {
		if !strings.Contains(filepath.ToSlash(op.Path), part) {
			return false
		}
		for _, k := range kinds {
			if k == op.Kind {
				return true
			}
		}
		return len(kinds) == 0
	}
}

// Touching matches those operations of m that touch a byte of [from, to).
func Touching(m Match, from, to int64) Match {
	return func(op Op) bool { return m(op) && op.Offset < to && from < op.Offset+op.Len }
}

// Always gives f to every operation that m matches.
func Always(m Match, f Fault) Injector {
	return func(op Op) Fault {
		if m(op) {
			return f
		}
		return Fault{}
	}
}

// Nth gives f to the n-th operation that m matches, from 1.
func Nth(n int64, m Match, f Fault) Injector {
	var seen atomic.Int64
	return func(op Op) Fault {
		if m(op) && seen.Add(1) == n {
			return f
		}
		return Fault{}
	}
}

// From gives f to the n-th operation that m matches and to all later ones.
func From(n int64, m Match, f Fault) Injector {
	var seen atomic.Int64
	return func(op Op) Fault {
		if m(op) && seen.Add(1) >= n {
			return f
		}
		return Fault{}
	}
}

// FirstOf asks the injectors in turn and takes the first fault.
func FirstOf(list ...Injector) Injector {
	return func(op Op) (f Fault) {
		for _, in := range list {
			if f = in(op); f.Err != nil || f.Delay > 0 {
				return f
			}
		}
		return Fault{}
	}
}

// FaultFS passes everything on to another FS after its Injector had a say. It
// is for tests.
type FaultFS struct {
	fs     FS
	counts [opKinds]atomic.Int64
	mu     struct {
		sync.RWMutex
		inject Injector
	}
}

// NewFaultFS returns fsys with the faults of inject; nil = none.
func NewFaultFS(fsys FS, inject Injector) *FaultFS {
	f := &FaultFS{fs: fsys}
	f.Inject(inject)
	return f
}

// Inject replaces the Injector; nil = no faults.
func (f *FaultFS) Inject(inject Injector) {
	f.mu.Lock()
	f.mu.inject = inject
	f.mu.Unlock()
}

// Count tells how many operations of a kind there were.
func (f *FaultFS) Count(k OpKind) int64 { return f.counts[k].Load() }

// ask asks the Injector about op.
func (f *FaultFS) ask(op Op) Fault {
	op.Count = f.counts[op.Kind].Add(1)
	f.mu.RLock()
	inject := f.mu.inject
	f.mu.RUnlock()
	if inject == nil {
		return Fault{}
	}
	return inject(op)
}

func (f *FaultFS) fault(op Op) Fault {
	fault := f.ask(op)
	if fault.Delay > 0 {
		time.Sleep(fault.Delay)
	}
	if fault.Err != nil {
		fault.Err = &os.PathError{Op: op.Kind.String(), Path: op.Path, Err: fault.Err}
	}
	return fault
}

// do runs an operation under its fault.
func (f *FaultFS) do(op Op, run func() error) error {
	fault := f.fault(op)
	if fault.Err != nil && !fault.After {
		return fault.Err
	}
	if err := run(); err != nil {
		return err
	}
	return fault.Err
}

// OpenFile implements FS.
func (f *FaultFS) OpenFile(name string, flag int, perm os.FileMode) (file File, err error) {
	kind := OpOpen
	if flag&os.O_CREATE != 0 {
		kind = OpCreate
	}
	if fault := f.fault(Op{Kind: kind, Path: name}); fault.Err != nil {
		return nil, fault.Err
	}
	if file, err = f.fs.OpenFile(name, flag, perm); err != nil {
		return nil, err
	}
	return &faultFile{File: file, fs: f}, nil
}

// MkdirAll implements FS.
func (f *FaultFS) MkdirAll(name string, perm os.FileMode) error {
	return f.do(Op{Kind: OpMkdirAll, Path: name}, func() error { return f.fs.MkdirAll(name, perm) })
}

// ReadDir implements FS.
func (f *FaultFS) ReadDir(name string) (list []fs.DirEntry, err error) {
	err = f.do(Op{Kind: OpReadDir, Path: name}, func() error { list, err = f.fs.ReadDir(name); return err })
	return list, err
}

// Stat implements FS.
func (f *FaultFS) Stat(name string) (info fs.FileInfo, err error) {
	err = f.do(Op{Kind: OpStat, Path: name}, func() error { info, err = f.fs.Stat(name); return err })
	return info, err
}

// Remove implements FS.
func (f *FaultFS) Remove(name string) error {
	return f.do(Op{Kind: OpRemove, Path: name}, func() error { return f.fs.Remove(name) })
}

// RemoveAll implements FS.
func (f *FaultFS) RemoveAll(name string) error {
	return f.do(Op{Kind: OpRemove, Path: name}, func() error { return f.fs.RemoveAll(name) })
}

// Rename implements FS.
func (f *FaultFS) Rename(oldName, newName string) error {
	return f.do(Op{Kind: OpRename, Path: oldName}, func() error { return f.fs.Rename(oldName, newName) })
}

// SyncDir implements FS.
func (f *FaultFS) SyncDir(name string) error {
	return f.do(Op{Kind: OpSyncDir, Path: name}, func() error { return f.fs.SyncDir(name) })
}

// Lock implements FS.
func (f *FaultFS) Lock(name string) (l io.Closer, err error) {
	if fault := f.fault(Op{Kind: OpLock, Path: name}); fault.Err != nil {
		return nil, fault.Err
	}
	return f.fs.Lock(name)
}

// Usage implements FS.
func (f *FaultFS) Usage(name string) (u Usage, err error) {
	err = f.do(Op{Kind: OpUsage, Path: name}, func() error { u, err = f.fs.Usage(name); return err })
	return u, err
}

type faultFile struct {
	File
	fs *FaultFS
}

func (f *faultFile) ReadAt(p []byte, off int64) (n int, err error) {
	err = f.fs.do(Op{Kind: OpRead, Path: f.Name(), Offset: off, Len: int64(len(p))}, func() error { n, err = f.File.ReadAt(p, off); return err })
	return n, err
}

// ReadCached takes what a fault would delay or refuse as not in memory.
func (f *faultFile) ReadCached(p []byte, off int64) bool {
	fault := f.fs.ask(Op{Kind: OpRead, Path: f.Name(), Offset: off, Len: int64(len(p))})
	return fault.Err == nil && fault.Delay == 0 && f.File.ReadCached(p, off)
}

func (f *faultFile) WriteAt(p []byte, off int64) (n int, err error) {
	fault := f.fs.fault(Op{Kind: OpWrite, Path: f.Name(), Offset: off, Len: int64(len(p))})
	if fault.Err == nil {
		return f.File.WriteAt(p, off)
	}
	part := p[:min(fault.Short, len(p))]
	if fault.After {
		part = p
	}
	if n, err = f.File.WriteAt(part, off); err != nil {
		return n, err
	}
	return n, fault.Err
}

func (f *faultFile) WriteZeroPadded(p []byte, zeros int, off int64) (int, error) {
	return f.WriteAt(zeroPadded(p, zeros), off)
}

func (f *faultFile) Size() (n int64, err error) {
	err = f.fs.do(Op{Kind: OpSize, Path: f.Name()}, func() error { n, err = f.File.Size(); return err })
	return n, err
}

func (f *faultFile) Truncate(size int64) error {
	return f.fs.do(Op{Kind: OpTruncate, Path: f.Name(), Offset: size}, func() error { return f.File.Truncate(size) })
}

func (f *faultFile) Allocate(off, n int64) error {
	return f.fs.do(Op{Kind: OpAllocate, Path: f.Name(), Offset: off, Len: n}, func() error { return f.File.Allocate(off, n) })
}

func (f *faultFile) Sync() error {
	return f.fs.do(Op{Kind: OpSync, Path: f.Name()}, f.File.Sync)
}

func (f *faultFile) Map(length int64, writable bool) (Mapping, error) {
	if fault := f.fs.fault(Op{Kind: OpMap, Path: f.Name(), Len: length}); fault.Err != nil {
		return nil, fault.Err
	}
	m, err := f.File.Map(length, writable)
	if err != nil {
		return nil, err
	}
	return &faultMapping{Mapping: m, fs: f.fs, name: f.Name()}, nil
}

func (f *faultFile) Close() error {
	return f.fs.do(Op{Kind: OpClose, Path: f.Name()}, f.File.Close)
}

type faultMapping struct {
	Mapping
	fs   *FaultFS
	name string
}

func (m *faultMapping) Sync() error {
	return m.fs.do(Op{Kind: OpMapSync, Path: m.name}, m.Mapping.Sync)
}

func (m *faultMapping) Close() error {
	return m.fs.do(Op{Kind: OpClose, Path: m.name}, m.Mapping.Close)
}
