package store

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Cleaner deletes what has expired and watches the disk (Java:
// CleanCommitLogService, CleanConsumeQueueService, DiskCheckScheduledThread).
// It has two goroutines, so that a long deletion does not hold up the watch.
//
// A log file is deleted when it is older than fileReservedTime, at the hours of
// deleteWhen or at any hour while a volume is fuller than diskMaxUsedSpaceRatio;
// and whatever its age while the log's volume is fuller than the forcible level
// (85 %) and cleanFileForciblyEnable. Above the warning level (90 %) no message is
// taken. It is taken again as soon as there is room.
//
// Differences from Java: a file whose records are not flushed and dispatched yet
// is never deleted; readers of a deleted file may finish, so there is no
// destroyMapedFileIntervalForcibly.
type Cleaner struct {
	store *MessageStore
	log   *slog.Logger
	disk  diskWatch

	stop    chan struct{}
	running sync.WaitGroup

	manualRounds atomic.Int32 // rounds that delete although it is not the time
	lastMinPhy   int64        // what queues and index were cleaned for
	badDeleteAt  string       // a deleteWhen that was complained about
}

const (
	cleanFirst        = 60 * time.Second
	cleanManualRounds = 20
	cleanBatchMax     = 10 // log files in one round
)

// NewCleaner returns the cleaner of s.
func NewCleaner(s *MessageStore) *Cleaner {
	return &Cleaner{store: s, log: s.log, disk: newDiskWatch(s), stop: make(chan struct{})}
}

// Start starts both goroutines; call it after the Start of the store.
func (c *Cleaner) Start() {
	c.running.Go(func() { c.run(c.stop) })
	c.running.Go(func() { c.runDiskWatch(c.stop) })
}

// Shutdown ends them; call it once, before the Shutdown of the store.
func (c *Cleaner) Shutdown() {
	close(c.stop)
	c.running.Wait()
}

// run deletes every cleanResourceInterval, first after a minute, until stop is closed.
func (c *Cleaner) run(stop <-chan struct{}) {
	for wait := cleanFirst; waitFor(wait, stop); wait = max(ms(c.store.cfg.Load().CleanResourceInterval), time.Second) {
		c.clean(stop)
	}
}

// waitFor returns false when stop was closed meanwhile.
func waitFor(d time.Duration, stop <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-stop:
		return false
	case <-timer.C:
		return true
	}
}

// DeleteExpiredFilesManually makes the next 20 rounds delete expired files at
// any hour (Java: executeDeleteFilesManually, code 329).
func (c *Cleaner) DeleteExpiredFilesManually() { c.manualRounds.Store(cleanManualRounds) }

// clean is one round.
func (c *Cleaner) clean(stop <-chan struct{}) {
	cfg := c.store.cfg.Load()
	usage := c.disk.check()
	spaceFull := usage.above(cfg.DiskMaxUsedSpaceRatioClamped())
	manual := c.manualRounds.Load() > 0
	if manual {
		c.manualRounds.Add(-1)
	}
	if spaceFull || manual || c.timeToDelete(cfg.DeleteWhen) {
		force := usage.commitLog.percent > forcibleLevel && cfg.CleanFileForciblyEnable
		deleted := c.deleteLogFiles(cfg, force, stop)
		if deleted > 0 {
			c.disk.check()
		} else if spaceFull {
			c.log.Warn("the disk fills up and no commit log file may be deleted yet", "usage", usage.String(),
				"limitPercent", cfg.DiskMaxUsedSpaceRatioClamped(), "fileReservedTimeHours", cfg.FileReservedTime)
		}
	}
	c.cleanDerived(cfg, stop)
}

// timeToDelete tells that this hour is one of deleteWhen ("04", or "04;16"; local time).
func (c *Cleaner) timeToDelete(deleteWhen string) bool {
	hour := c.store.commitLog.now().Local().Hour()
	for word := range strings.SplitSeq(deleteWhen, ";") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		h, err := strconv.Atoi(word)
		if err != nil || h < 0 || h > 23 {
			if c.badDeleteAt != deleteWhen {
				c.badDeleteAt = deleteWhen
				c.log.Error("deleteWhen is not a list of hours 0..23", "deleteWhen", deleteWhen, "word", word)
			}
			continue
		}
		if h == hour {
			return true
		}
	}
	return false
}

// deleteLogFiles deletes expired files of the commit log, all of them expired
// when forced, oldest first, and never the last one.
func (c *Cleaner) deleteLogFiles(cfg *Config, force bool, stop <-chan struct{}) (deleted int) {
	files := c.store.commitLog.files
	for deleted < cleanBatchMax {
		list := files.snapshot()
		if len(list) < 2 || !c.deletable(list[0], cfg, force) {
			return deleted
		}
		if deleted > 0 && !waitFor(ms(cfg.DeleteCommitLogFilesInterval), stop) {
			return deleted
		}
		if err := files.expireFirst(list[0]); err != nil {
			c.log.Error("an expired commit log file could not be deleted", "file", list[0].path, "err", err)
			return deleted
		}
		deleted++
		c.log.Info("commit log file deleted", "file", list[0].path, "forced", force)
	}
	return deleted
}

func (c *Cleaner) deletable(f *logFile, cfg *Config, force bool) bool {
	end := f.startOffset + c.store.commitLog.files.fileBytes
	if end > c.store.commitLog.flushed.Load() || end > c.store.reput.from.Load() {
		return false
	}
	if force {
		return true
	}
	info, err := c.store.fs.Stat(f.path)
	if err != nil {
		c.log.Error("the age of a commit log file is unknown", "err", err)
		return false
	}
	reserved := time.Duration(cfg.FileReservedTime) * time.Hour
	return !info.ModTime().Add(reserved).After(c.store.commitLog.now())
}

// expireFirst deletes the oldest file, durably: what a power cut brings back must
// not leave a gap. Nothing slow is done under mu, for a writer may want a new
// file; the hold keeps the blocks from being freed there.
func (l *logFiles) expireFirst(f *logFile) error {
	if !f.acquire() {
		return fmt.Errorf("commit log file %s: %w", f.path, errNoData)
	}
	err := l.expireRemove(f)
	if errRelease := f.release(); err == nil {
		err = errRelease
	}
	return err
}

func (l *logFiles) expireRemove(f *logFile) error {
	if err := l.fs.Remove(f.path); err != nil {
		return err
	}
	if err := l.fs.SyncDir(filepath.Dir(f.path)); err != nil {
		return err
	}
	return l.dropFirst(f)
}

// dropFirst takes the oldest file out of the row.
func (l *logFiles) dropFirst(f *logFile) error {
	l.mu.Lock()
	list := l.snapshot()
	first := len(list) > 1 && list[0] == f
	if first {
		rest := append([]*logFile(nil), list[1:]...)
		l.list.Store(&rest)
	}
	l.mu.Unlock()
	if !first {
		return fmt.Errorf("commit log file %s is not the oldest of several", f.path)
	}
	return f.release()
}

// cleanDerived deletes queue and index files that point only at deleted log files.
func (c *Cleaner) cleanDerived(cfg *Config, stop <-chan struct{}) {
	minPhy := c.store.commitLog.minPhyOffset()
	if minPhy <= c.lastMinPhy {
		return
	}
	for _, q := range c.store.queues.all() {
		deleted, err := q.deleteExpired(minPhy)
		if err != nil {
			c.log.Error("an expired consume queue file could not be deleted", "queue", q.String(), "err", err)
		}
		if deleted > 0 && !waitFor(ms(cfg.DeleteConsumeQueueFilesInterval), stop) {
			return
		}
	}
	c.store.index.DeleteExpired(minPhy)
	c.lastMinPhy = minPhy
}

// CleanExpiredConsumeQueues deletes whole queues whose records are all gone from
// the log (Java: cleanExpiredConsumerQueue, code 306) and returns their number.
// Such a queue begins again at 0. The queues of services stay.
func (c *Cleaner) CleanExpiredConsumeQueues() (cleaned int) {
	minPhy := c.store.commitLog.minPhyOffset()
	for _, q := range c.store.queues.all() {
		if protectedTopic(q.topic) || !q.allBefore(minPhy) {
			continue
		}
		if err := q.destroy(c.store.commitLog); err != nil {
			c.log.Error("an expired consume queue could not be deleted", "queue", q.String(), "err", err)
			continue
		}
		cleaned++
		c.log.Info("expired consume queue deleted", "queue", q.String(), "minPhyOffset", minPhy)
	}
	return cleaned
}

// allBefore tells that the queue has entries, and all their records begin before minPhy.
func (q *ConsumeQueue) allBefore(minPhy int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.max.Load() > 0 && q.mu.maxPhy <= minPhy
}
