package acl

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/boostermq/booster/internal/vfs"
)

// replaceFile replaces the content of path, atomically and durably, and keeps
// the former one as path.bak. Unlike configmanager.Persist there is no moment
// without path: an account that was deleted must not come back from a backup.
// The mode of the file is kept; a new one is for its owner only.
//
// A path that is a mount point of its own (a file mounted into a container)
// cannot be renamed: it is overwritten in place.
func replaceFile(fsys vfs.FS, path string, old, text []byte) error {
	perm := fs.FileMode(newFilePerm)
	if info, err := fsys.Stat(path); err == nil {
		perm = info.Mode().Perm()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 {
		if err := writeAndRename(fsys, path+".bak", perm, old); err != nil {
			return err
		}
	}
	err := writeAndRename(fsys, path, perm, text)
	if errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) {
		return errors.Join(fsys.Remove(path+".tmp"), writeFile(fsys, path, perm, text))
	}
	return err
}

func writeAndRename(fsys vfs.FS, path string, perm fs.FileMode, text []byte) error {
	if err := writeFile(fsys, path+".tmp", perm, text); err != nil {
		return err
	}
	if err := fsys.Rename(path+".tmp", path); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}

func writeFile(fsys vfs.FS, path string, perm fs.FileMode, text []byte) (err error) {
	f, err := fsys.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteAt(text, 0); err != nil {
		return err
	}
	return f.Sync()
}
