// Package configmanager keeps the JSON configs (topics.json, consumerOffset.json,
// kvConfig.json, …) and the properties files on disk (Java: ConfigManager,
// MixAll.string2File): a Persist that has returned survives a power cut, one
// that has not leaves the old or the new content, never a mixture.
//
// It knows files, not their content.
//
// Files of one config, as Java names them:
//
//	path       the current content
//	path.bak   the content before the last Persist
//	path.tmp   a Persist under way, or one that a crash cut short: never read
//
// Persist renames path to path.bak and then path.tmp to path; between the two
// only path.bak is there, and Load takes it.
package configmanager

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"

	"github.com/boostermq/booster/internal/vfs"
)

const (
	backupSuffix = ".bak"
	tempSuffix   = ".tmp"
	filePerm     = 0o644
	dirPerm      = 0o755
)

// Source says where LoadFrom found the content.
type Source struct {
	Path    string // path or path.bak; "" = neither exists
	Damaged error  // why path was passed over though it exists; worth a warning
}

// Load returns the content of path, or of path.bak when path is missing, empty
// or unreadable. ok is false when there is neither. err is set only when
// nothing could be read although something is there.
func Load(fsys vfs.FS, path string) (data []byte, ok bool, err error) {
	source, err := LoadFrom(fsys, path, func(content []byte) error { data = content; return nil })
	return data, source.Path != "", err
}

// LoadValid is Load with the judgement of decode: when that returns an error
// for path, path.bak is tried. decode must leave no half result behind when it
// fails. found is false when neither file exists; err is set when no file could
// be read and decoded, and joins the reasons.
func LoadValid(fsys vfs.FS, path string, decode func([]byte) error) (found bool, err error) {
	source, err := LoadFrom(fsys, path, decode)
	return source.Path != "", err
}

// LoadFrom is LoadValid that also tells which file it took.
func LoadFrom(fsys vfs.FS, path string, decode func([]byte) error) (Source, error) {
	exists, err := loadOne(fsys, path, decode)
	if exists && err == nil {
		return Source{Path: path}, nil
	}
	backupExists, backupErr := loadOne(fsys, path+backupSuffix, decode)
	if backupExists && backupErr == nil {
		return Source{Path: path + backupSuffix, Damaged: err}, nil
	}
	return Source{}, errors.Join(err, backupErr)
}

// loadOne reads and decodes one file. An empty file counts as missing.
func loadOne(fsys vfs.FS, path string, decode func([]byte) error) (exists bool, err error) {
	data, err := readFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return true, fmt.Errorf("read config %s: %w", path, err)
	}
	if len(data) == 0 {
		return false, nil
	}
	if err := decode(data); err != nil {
		return true, fmt.Errorf("config %s: %w", path, err)
	}
	return true, nil
}

// Persist replaces the content of path by data, atomically and durably, and
// keeps the former content as path.bak. Missing directories are made. After an
// error Load finds the old or the new content. One Persist of a path at a time;
// the caller serialises.
//
// A path that is a mount point of its own (a file mounted into a container)
// cannot be renamed: it is overwritten in place, after path.bak has been made
// durable as a copy.
func Persist(fsys vfs.FS, path string, data []byte) error {
	if err := persist(fsys, path, data); err != nil {
		return fmt.Errorf("persist config %s: %w", path, err)
	}
	return nil
}

func persist(fsys vfs.FS, path string, data []byte) error {
	if err := makeParent(fsys, path); err != nil {
		return err
	}
	if err := writeFile(fsys, path+tempSuffix, data); err != nil {
		return err
	}
	// A file that a power cut emptied or filled with zeros is no backup: the
	// one there is better.
	backup, err := worthBackup(fsys, path)
	if err == nil && backup {
		err = fsys.Rename(path, path+backupSuffix)
	}
	if err == nil {
		err = fsys.Rename(path+tempSuffix, path)
	}
	if isMountPoint(err) {
		return persistInPlace(fsys, path, data)
	}
	if err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}

// isMountPoint tells of a rename that failed because the path is one.
func isMountPoint(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV)
}

// persistInPlace overwrites path, which is a mount point.
func persistInPlace(fsys vfs.FS, path string, data []byte) error {
	old, err := readFile(fsys, path)
	if err != nil {
		return err
	}
	if isBlank(old) {
		err = errors.Join(fsys.Remove(path+tempSuffix), fsys.SyncDir(filepath.Dir(path)))
	} else {
		err = backupCopy(fsys, path, old)
	}
	if err != nil {
		return err
	}
	return writeFile(fsys, path, data)
}

// backupCopy makes path.bak a durable copy of old; a blank one is no backup.
func backupCopy(fsys vfs.FS, path string, old []byte) error {
	if isBlank(old) {
		return nil
	}
	if err := writeFile(fsys, path+tempSuffix, old); err != nil {
		return err
	}
	if err := fsys.Rename(path+tempSuffix, path+backupSuffix); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}

// worthBackup tells whether path has content other than zeros and white space.
// The first page decides: configs do not start with a page of those.
func worthBackup(fsys vfs.FS, path string) (bool, error) {
	head, err := readHead(fsys, path, 4096)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return !isBlank(head), err
}

// makeParent makes the directory of path and makes it durable.
func makeParent(fsys vfs.FS, path string) error {
	dir := filepath.Dir(path)
	if _, err := fsys.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeParent(fsys, dir); err != nil {
		return err
	}
	if err := fsys.MkdirAll(dir, dirPerm); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(dir))
}

func writeFile(fsys vfs.FS, path string, data []byte) (err error) {
	f, err := fsys.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, filePerm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	return f.Sync()
}

func readFile(fsys vfs.FS, path string) ([]byte, error) {
	return readHead(fsys, path, math.MaxInt64)
}

// readHead reads at most maxBytes from the start of path.
func readHead(fsys vfs.FS, path string, maxBytes int64) (data []byte, err error) {
	f, err := fsys.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	data = make([]byte, min(size, maxBytes))
	n, err := f.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data[:n], nil
}

// isBlank tells that data holds nothing but zero bytes and white space.
func isBlank(data []byte) bool {
	for _, c := range data {
		if c != 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
