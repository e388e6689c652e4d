package configmanager

import (
	"errors"
	"io/fs"

	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/internal/vfs"
)

// PersistProperties writes changes into the properties file at path, which
// keeps its comments, its order and lines nobody knows; a file that is not
// there yet gets all. It is as durable as Persist.
//
// Differences from Java (Configuration.persist), which writes all settings in
// no order over the operator's file.
func PersistProperties(fsys vfs.FS, path string, changes []properties.Pair, all []byte) error {
	text, err := vfs.ReadFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return Persist(fsys, path, all)
	}
	if err != nil {
		return err
	}
	return Persist(fsys, path, properties.Rewrite(text, changes))
}
