package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/internal/vfs"
)

// Levels of used space, in percent (Java: system properties
// rocketmq.broker.diskSpaceCleanForciblyRatio and …WarningLevelRatio).
const (
	forcibleLevel = 85
	warningLevel  = 90
)

const (
	diskWatchFirst = time.Second
	diskWatchEvery = 10 * time.Second
)

// diskWatch looks at the volumes of the store and keeps flagDiskFull up to date.
// check may be called by both goroutines of the Cleaner.
type diskWatch struct {
	fs      vfs.FS
	log     *slog.Logger
	flags   *runningFlags
	files   *logFiles
	paths   []string // of the log, those that take new files
	queues  string
	reason  atomic.Pointer[string]
	checked struct {
		sync.Mutex
		full    bool
		unknown bool
	}
}

func newDiskWatch(s *MessageStore) diskWatch {
	paths, _ := s.cfg.Load().commitLogPaths()
	return diskWatch{fs: s.fs, log: s.log, flags: &s.flags, files: s.commitLog.files, paths: paths, queues: s.queues.dir}
}

// runDiskWatch checks the volumes every ten seconds, first after one, until stop is closed.
func (c *Cleaner) runDiskWatch(stop <-chan struct{}) {
	for wait := diskWatchFirst; waitFor(wait, stop); wait = diskWatchEvery {
		c.disk.check()
	}
}

// DiskFullReason says which volume is too full and what the limit is; "" while
// messages are taken.
func (c *Cleaner) DiskFullReason() string {
	if r := c.disk.reason.Load(); r != nil {
		return *r
	}
	return ""
}

// volume is how full the volume of a path is.
type volume struct {
	path    string
	percent int // −1 = unknown
	free    uint64
}

func (v volume) String() string {
	return fmt.Sprintf("%s %d%% used, %d MiB free", v.path, v.percent, v.free>>20)
}

// diskUsage is how full the volumes are; with several log paths the emptiest counts.
type diskUsage struct {
	commitLog, queues volume
}

func (u diskUsage) above(percent int) bool {
	return u.commitLog.percent > percent || u.queues.percent > percent
}

func (u diskUsage) String() string { return u.commitLog.String() + "; " + u.queues.String() }

// check sets or clears flagDiskFull, and keeps new log files away from full paths.
func (w *diskWatch) check() (u diskUsage) {
	w.checked.Lock()
	defer w.checked.Unlock()
	var open []string
	for i, path := range w.paths {
		v := w.look(path)
		if i == 0 || (v.percent >= 0 && (u.commitLog.percent < 0 || v.percent < u.commitLog.percent)) {
			u.commitLog = v
		}
		if v.percent <= forcibleLevel {
			open = append(open, path)
		}
	}
	u.queues = w.look(w.queues)
	if len(w.paths) > 1 {
		if len(open) == 0 {
			open = w.paths
		}
		w.files.usePaths(open)
	}
	w.report(u)
	return u
}

// report compares with the warning level and tells of a change.
func (w *diskWatch) report(u diskUsage) {
	var full []string
	for _, v := range []volume{u.commitLog, u.queues} {
		if v.percent > warningLevel {
			full = append(full, fmt.Sprintf("the disk of %s, limit %d%%", v, warningLevel))
		}
	}
	if len(full) == 0 && (u.commitLog.percent < 0 || u.queues.percent < 0) {
		return // unknown: as it was
	}
	if len(full) == 0 {
		w.flags.clear(flagDiskFull)
		w.reason.Store(nil)
		if w.checked.full {
			w.log.Info("there is room on the disk again, messages are taken", "usage", u.String())
		}
		w.checked.full = false
		return
	}
	reason := strings.Join(full, "; ")
	w.reason.Store(&reason)
	w.flags.set(flagDiskFull)
	if !w.checked.full {
		w.log.Error("the disk is full: no messages are taken until there is room", "reason", reason)
	}
	w.checked.full = true
}

// look asks for the volume of path; while path does not exist, of the nearest folder above.
func (w *diskWatch) look(path string) volume {
	v := volume{path: path, percent: -1}
	usage, err := w.fs.Usage(path)
	for errors.Is(err, fs.ErrNotExist) && path != filepath.Dir(path) {
		path = filepath.Dir(path)
		usage, err = w.fs.Usage(path)
	}
	if err != nil {
		if !w.checked.unknown {
			w.log.Error("it is unknown how full a disk is", "path", v.path, "err", err)
		}
		w.checked.unknown = true
		return v
	}
	w.checked.unknown = false
	v.free, v.percent = usage.Avail, usedPercent(usage)
	return v
}

// usedPercent counts as Java (and df) does, rounded up: what only root may take is not there.
func usedPercent(u vfs.Usage) int {
	used := u.Total - min(u.Free, u.Total)
	entire := used + u.Avail
	if entire == 0 {
		return -1
	}
	return int(math.Ceil(float64(used) * 100 / float64(entire)))
}

// usePaths says which folders take new files from now on.
func (l *logFiles) usePaths(paths []string) {
	l.mu.Lock()
	l.paths = paths
	l.mu.Unlock()
}
