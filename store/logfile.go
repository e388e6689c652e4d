package store

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/boostermq/booster/internal/vfs"
)

// logFile is one file of the commit log (Java: MappedFile). It is written by
// WriteAt and read by ReadAt or through a read-only mapping made at first use.
type logFile struct {
	startOffset int64 // of its first byte in the log; also its name
	path        string
	file        vfs.File

	// refs counts holders, the list of files being one. Whoever holds the file
	// may read the mapping; at zero the file is closed. It never rises from zero.
	refs atomic.Int32

	// reserved: the file has blocks for its first so many bytes, or got no more
	// when asked. Only the allocator moves it.
	reserved atomic.Int64

	// dirSynced: the directory entry is durable.
	dirSynced atomic.Bool

	mapped struct {
		sync.Mutex
		done    atomic.Bool
		mapping vfs.Mapping
	}
}

func newLogFile(start int64, path string, f vfs.File) *logFile {
	l := &logFile{startOffset: start, path: path, file: f}
	l.refs.Store(1)
	return l
}

// acquire holds the file open until release; false = it is gone.
func (f *logFile) acquire() bool {
	for {
		n := f.refs.Load()
		if n <= 0 {
			return false
		}
		if f.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives one hold back; the last one closes the file.
func (f *logFile) release() error {
	if f.refs.Add(-1) > 0 {
		return nil
	}
	return f.close()
}

// close is for who gave the last hold back.
func (f *logFile) close() error {
	if f.mapped.mapping != nil {
		if err := f.mapped.mapping.Close(); err != nil {
			return fmt.Errorf("unmap %s: %w", f.path, err)
		}
	}
	return f.file.Close()
}

// bytes is the whole file as read-only memory, for holders only. Reading it
// may fault where the disk cannot be read: see guardFault.
func (f *logFile) bytes(sizeBytes int64) ([]byte, error) {
	if f.mapped.done.Load() {
		return f.mapped.mapping.Bytes(), nil
	}
	f.mapped.Lock()
	defer f.mapped.Unlock()
	if !f.mapped.done.Load() {
		m, err := f.file.Map(sizeBytes, false)
		if err != nil {
			return nil, fmt.Errorf("map %s: %w", f.path, err)
		}
		f.mapped.mapping = m
		f.mapped.done.Store(true)
	}
	return f.mapped.mapping.Bytes(), nil
}

const fileNameDigits = 20

// offsetFileName is Java's name of the file that begins at offset.
func offsetFileName(offset int64) string {
	var b [fileNameDigits]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + offset%10)
		offset /= 10
	}
	return string(b[:])
}

// parseOffsetFileName is the inverse of offsetFileName; false for other names.
func parseOffsetFileName(name string) (offset int64, ok bool) {
	if len(name) != fileNameDigits {
		return 0, false
	}
	v, err := strconv.ParseInt(name, 10, 64)
	return v, err == nil && v >= 0
}

func offsetFilePath(dir string, offset int64) string {
	return filepath.Join(dir, offsetFileName(offset))
}
