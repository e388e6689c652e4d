package configmanager

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
)

// PersistProperties writes changes into the properties file at path, which
// keeps its comments, its order and lines nobody knows; a file that is not
// there yet gets all. It is as durable as Persist, with one thing more: path is
// there at every moment, because a start reads it without a look at path.bak.
//
// Differences from Java (Configuration.persist), which writes all settings in
// no order over the operator's file.
func PersistProperties(fsys vfs.FS, path string, changes []properties.Pair, all []byte) error {
	old, err := vfs.ReadFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return Persist(fsys, path, all)
	}
	if err != nil {
		return err
	}
	text := properties.Rewrite(old, changes)
	if bytes.Equal(text, old) {
		return nil
	}
	if err := replace(fsys, path, old, text); err != nil {
		return fmt.Errorf("persist settings %s: %w", path, err)
	}
	return nil
}

// replace puts data in the place of old, which becomes path.bak as a copy.
func replace(fsys vfs.FS, path string, old, data []byte) error {
	if err := backupCopy(fsys, path, old); err != nil {
		return err
	}
	if err := writeFile(fsys, path+tempSuffix, data); err != nil {
		return err
	}
	if err := fsys.Rename(path+tempSuffix, path); isMountPoint(err) {
		return persistInPlace(fsys, path, data)
	} else if err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(path))
}
