package broker

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/boostermq/booster/internal/vfs"
)

// diskUsage remembers how full the volumes of the store are, so that answers
// need not ask the file system. refresh is called by a housekeeping job.
type diskUsage struct {
	fs    vfs.FS
	log   *slog.Logger
	paths storePaths
	last  atomic.Pointer[diskState]
}

// storePaths are the folders that runtime info and refusals speak of.
type storePaths struct{ commitLog, consumeQueue, index string }

// diskState is one look at the volumes. Ratios are used space, whole percents
// rounded up, as fractions; −1 = unknown.
type diskState struct {
	commitLogRatio, consumeQueueRatio, indexRatio float64
	commitLog                                     vfs.Usage
}

func newDiskUsage(fsys vfs.FS, log *slog.Logger, c *Config) *diskUsage {
	root := c.Store.StorePathRootDir
	commitLog, _, _ := strings.Cut(c.Store.StorePathCommitLog, ",")
	if commitLog = strings.TrimSpace(commitLog); commitLog == "" {
		commitLog = filepath.Join(root, "commitlog")
	}
	d := &diskUsage{fs: fsys, log: log, paths: storePaths{
		commitLog: commitLog, consumeQueue: filepath.Join(root, "consumequeue"), index: filepath.Join(root, "index"),
	}}
	d.last.Store(&diskState{commitLogRatio: -1, consumeQueueRatio: -1, indexRatio: -1})
	return d
}

func (d *diskUsage) refresh() {
	state := &diskState{}
	state.commitLogRatio, state.commitLog = d.look(d.paths.commitLog)
	state.consumeQueueRatio, _ = d.look(d.paths.consumeQueue)
	state.indexRatio, _ = d.look(d.paths.index)
	d.last.Store(state)
}

// look asks for the volume of path; while path does not exist, of its parent.
func (d *diskUsage) look(path string) (ratio float64, usage vfs.Usage) {
	usage, err := d.fs.Usage(path)
	if errors.Is(err, fs.ErrNotExist) {
		usage, err = d.fs.Usage(filepath.Dir(path))
	}
	if err != nil {
		d.log.Debug("disk usage unknown", "path", path, "err", err)
		return -1, vfs.Usage{}
	}
	return usedRatio(usage), usage
}

// usedRatio counts as Java (and df) does: what only root may take is not there.
func usedRatio(u vfs.Usage) float64 {
	used := u.Total - min(u.Free, u.Total)
	entire := used + u.Avail
	if entire == 0 {
		return -1
	}
	return float64((used*100+entire-1)/entire) / 100
}

// serviceNotAvailableRemark goes with code 14.
func (d *diskUsage) serviceNotAvailableRemark() string {
	s := d.last.Load()
	return fmt.Sprintf("service not available now. It may be caused by one of the following reasons: "+
		"the broker's disk is full [CL: %5.2f CQ: %5.2f INDEX: %5.2f], messages are put to the slave, message store has been shut down, etc.",
		s.commitLogRatio, s.consumeQueueRatio, s.indexRatio)
}
