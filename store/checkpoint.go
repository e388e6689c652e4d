package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/boostermq/booster/internal/vfs"
)

// storeCheckpoint is the file that says up to where everything is durable
// (Java: StoreCheckpoint). Used by one goroutine at a time.
type storeCheckpoint struct {
	fs    vfs.FS
	path  string
	value checkpointValue
}

// load reads the file; a missing one is a checkpoint at time 0.
func (c *storeCheckpoint) load() error {
	c.value = checkpointValue{safeOffset: -1}
	f, err := c.fs.OpenFile(c.path, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open checkpoint: %w", err)
	}
	b := make([]byte, checkpointBytes)
	n, err := f.ReadAt(b, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	c.value = parseCheckpoint(b[:n])
	return nil
}

// save writes v and makes it durable. The bytes that matter lie in one sector
// each, so a power cut leaves the old or the new ones; a mark that does not
// fit its times is ignored.
func (c *storeCheckpoint) save(v checkpointValue) error {
	f, err := c.fs.OpenFile(c.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("open checkpoint: %w", err)
	}
	_, err = f.WriteAt(appendCheckpoint(nil, v), 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	if err := c.fs.SyncDir(filepath.Dir(c.path)); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	c.value = v
	return nil
}
