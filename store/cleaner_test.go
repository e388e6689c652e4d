package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/vfs"
)

// cleanerTest is a store of many small files over a memory file system.
type cleanerTest struct {
	t   *testing.T
	fs  *vfs.MemFS
	ff  *vfs.FaultFS
	s   *MessageStore
	c   *Cleaner
	log bytes.Buffer
	now time.Time
}

func newCleanerTest(t *testing.T, change func(*Config)) *cleanerTest {
	x := &cleanerTest{t: t, fs: vfs.NewMemFS(), now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.Local)}
	x.fs.SetNow(func() time.Time { return x.now })
	x.ff = vfs.NewFaultFS(x.fs, nil)
	cfg := testConfig("/store")
	cfg.MappedFileSizeCommitLog, cfg.MappedFileSizeConsumeQueue = 4096, 10*cqEntryBytes
	cfg.MessageIndexEnable, cfg.MaxHashSlotNum, cfg.MaxIndexNum = true, 10, 20
	cfg.DeleteCommitLogFilesInterval, cfg.DeleteConsumeQueueFilesInterval = 0, 0
	if change != nil {
		change(&cfg)
	}
	o := testOptions(cfg)
	o.FS, o.Now, o.Log = x.ff, func() time.Time { return x.now }, slog.New(slog.NewTextHandler(&x.log, nil))
	x.s = openStore(t, o)
	x.c = NewCleaner(x.s)
	return x
}

// fill puts n messages of about 300 bytes with a key each, and makes them durable.
func (x *cleanerTest) fill(n int) {
	x.t.Helper()
	for i := range n {
		m := testMessage("T", 0, strings.Repeat("b", 150))
		m.Properties = fmt.Sprintf("UNIQ_KEY\x01key%d", i)
		require.Equal(x.t, PutOK, x.s.PutMessageSync(m).Status, x.s.NotWriteableReason())
	}
	waitDispatched(x.t, x.s)
	x.s.commitLog.flush()
	x.s.queues.flush()
}

func (x *cleanerTest) used(percent uint64) {
	x.fs.SetUsage(&vfs.Usage{Total: 100, Free: 100 - percent, Avail: 100 - percent})
}

func (x *cleanerTest) count(folder string) int {
	list, err := x.fs.ReadDir(filepath.Join("/store", folder))
	require.NoError(x.t, err)
	return len(list)
}

// logFilesLeft counts the files of the row, the one created ahead not included.
func (x *cleanerTest) logFilesLeft() int { return len(x.s.commitLog.files.snapshot()) }

func TestCleanerDeletesWhatIsOldAtTheHour(t *testing.T) {
	x := newCleanerTest(t, nil)
	x.used(10)
	x.fill(100)
	files := x.logFilesLeft()
	require.Greater(t, files, 6)
	queues, index := x.count("consumequeue/T/0"), x.count("index")

	x.now = x.now.Add(71 * time.Hour) // 11 o'clock, and too young
	x.c.clean(nil)
	x.now = time.Date(2026, 1, 4, 4, 59, 0, 0, time.Local)
	x.c.clean(nil)
	require.Equal(t, files, x.logFilesLeft(), "too young")
	x.now = time.Date(2026, 1, 5, 5, 0, 0, 0, time.Local)
	x.c.clean(nil)
	require.Equal(t, files, x.logFilesLeft(), "not the hour")
	x.now = time.Date(2026, 1, 5, 4, 0, 0, 0, time.Local)
	x.c.clean(nil)
	require.Equal(t, max(1, files-cleanBatchMax), x.logFilesLeft())

	minPhy := x.s.MinPhyOffset()
	require.Positive(t, minPhy)
	require.Less(t, x.count("consumequeue/T/0"), queues)
	require.Less(t, x.count("index"), index)
	first := x.s.MinOffsetInQueue("T", 0)
	require.GreaterOrEqual(t, x.s.CommitLogOffsetInQueue("T", 0, first), minPhy)
	require.Less(t, x.s.CommitLogOffsetInQueue("T", 0, first-1), minPhy)
	got := bodies(t, x.s, "T", 0, first)
	require.Len(t, got, 100-int(first))
	var res GetResult
	x.s.GetMessage("T", 0, 0, 32, nil, &res)
	require.Equal(t, OffsetTooSmall, res.Status)
	require.Len(t, x.s.QueryMessage("T", "key99", 10, 0, 1<<60).Records, 1)
	require.Empty(t, x.s.QueryMessage("T", "key0", 10, 0, 1<<60).Records)

	for range 5 {
		x.c.clean(nil)
	}
	require.Equal(t, 1, x.logFilesLeft(), "never the last one")
	require.EqualValues(t, 100, x.s.MaxOffsetInQueue("T", 0))
	x.fill(3)
	require.EqualValues(t, 103, x.s.MaxOffsetInQueue("T", 0))
	require.NoError(t, x.s.Shutdown())
	x.s = openStore(t, Options{Config: *x.s.Config(), FS: x.fs, Log: x.s.log})
	require.EqualValues(t, 103, x.s.MaxOffsetInQueue("T", 0))
	require.Len(t, bodies(t, x.s, "T", 0, x.s.MinOffsetInQueue("T", 0)), 103-int(x.s.MinOffsetInQueue("T", 0)))
}

func TestCleanerDeleteWhen(t *testing.T) {
	x := newCleanerTest(t, nil)
	f := func(when string, hour int, want bool) {
		t.Helper()
		x.now = time.Date(2026, 1, 1, hour, 30, 0, 0, time.Local)
		require.Equal(t, want, x.c.timeToDelete(when), "%q at %d", when, hour)
	}
	f("04", 4, true)
	f("04", 5, false)
	f("4; 16", 16, true)
	f("", 0, false)
	f("x;7", 7, true)
	f("24", 0, false)
	require.Equal(t, 2, strings.Count(x.log.String(), "deleteWhen is not"))
}

func TestCleanerByHand(t *testing.T) {
	x := newCleanerTest(t, nil)
	x.used(10)
	x.fill(60)
	x.now = x.now.Add(100 * time.Hour)
	before := x.logFilesLeft()
	x.c.clean(nil)
	require.Equal(t, before, x.logFilesLeft())
	x.c.DeleteExpiredFilesManually()
	x.c.clean(nil)
	require.Less(t, x.logFilesLeft(), before)
	for range cleanManualRounds {
		x.c.clean(nil)
	}
	require.Zero(t, x.c.manualRounds.Load())
}

func TestCleanerMakesRoom(t *testing.T) {
	f := func(used uint64, age time.Duration, forcibly bool, wantDeleted, wantTaken bool) {
		t.Helper()
		x := newCleanerTest(t, func(c *Config) { c.CleanFileForciblyEnable = forcibly })
		x.fill(60)
		x.used(used)
		x.now = x.now.Add(age)
		before := x.logFilesLeft()
		x.c.clean(nil)
		require.Equal(t, wantDeleted, x.logFilesLeft() < before)
		require.Equal(t, wantTaken, x.s.Writeable())
	}
	const old, young = 80 * time.Hour, time.Hour
	f(75, old, true, false, true) // 75 is not above 75, and 20 o'clock is not the hour
	f(76, old, true, true, true)
	f(76, young, true, false, true)
	f(85, young, true, false, true)
	f(86, young, true, true, true)
	f(86, young, false, false, true)
	f(90, young, false, false, true)
	f(91, young, false, false, false)
	f(91, old, false, true, false)
	f(95, young, true, true, false)
}

func TestCleanerKeepsWhatIsNotDurableOrDispatched(t *testing.T) {
	x := newCleanerTest(t, func(c *Config) { c.FlushIntervalCommitLog = 1 << 30 })
	x.used(95)
	x.s.flags.clear(flagDiskFull)
	for range 60 {
		require.Equal(t, PutOK, x.s.PutMessageSync(testMessage("T", 0, strings.Repeat("b", 150))).Status)
	}
	waitDispatched(t, x.s)
	before := x.logFilesLeft()
	x.c.clean(nil)
	require.Equal(t, before, x.logFilesLeft(), "nothing is flushed")
	x.s.commitLog.flush()
	x.c.clean(nil)
	require.Less(t, x.logFilesLeft(), before)
}

func TestCleanerFailedDeletionLeavesNoGap(t *testing.T) {
	x := newCleanerTest(t, nil)
	x.fill(60)
	x.used(95)
	x.ff.Inject(vfs.Nth(3, vfs.On("commitlog", vfs.OpRemove), vfs.Fault{Err: syscall.EIO}))
	before := x.logFilesLeft()
	x.c.clean(nil)
	require.Equal(t, before-2, x.logFilesLeft())
	require.Contains(t, x.log.String(), "could not be deleted")
	x.c.clean(nil)
	require.Equal(t, 1, x.logFilesLeft())
}

func TestDiskWatchRecovers(t *testing.T) {
	x := newCleanerTest(t, nil)
	x.used(91)
	x.c.disk.check()
	require.Equal(t, ServiceNotAvailable, x.s.PutMessageSync(testMessage("T", 0, "x")).Status)
	require.Equal(t, "the disk of /store/commitlog 91% used, 0 MiB free, limit 90%; the disk of /store/consumequeue 91% used, 0 MiB free, limit 90%", x.c.DiskFullReason())
	require.Contains(t, x.s.NotWriteableReason(), "disk is full")
	x.ff.Inject(vfs.Always(vfs.On("", vfs.OpUsage), vfs.Fault{Err: syscall.EIO}))
	x.c.disk.check()
	x.ff.Inject(nil)
	x.c.disk.check()
	require.False(t, x.s.Writeable())
	x.used(90)
	x.c.disk.check()
	require.Empty(t, x.c.DiskFullReason())
	put(t, x.s, "T", 0, "x")
	require.Equal(t, 1, strings.Count(x.log.String(), "there is room on the disk again"))
}

func TestUsedPercent(t *testing.T) {
	f := func(total, free, avail uint64, want int) {
		t.Helper()
		require.Equal(t, want, usedPercent(vfs.Usage{Total: total, Free: free, Avail: avail}))
	}
	f(100, 100, 100, 0)
	f(1000, 999, 999, 1)
	f(100, 10, 5, 95) // 90 / 95, rounded up
	f(100, 0, 0, 100)
	f(0, 0, 0, -1)
	f(1<<60, 1<<59, 1<<59, 50)
}

// usageByPath answers Usage by the path.
type usageByPath struct {
	vfs.FS
	used map[string]uint64
}

func (u usageByPath) Usage(name string) (vfs.Usage, error) {
	for part, used := range u.used {
		if strings.Contains(name, part) {
			return vfs.Usage{Total: 100, Free: 100 - used, Avail: 100 - used}, nil
		}
	}
	return u.FS.Usage(name)
}

func TestDiskWatchTurnsToEmptierPaths(t *testing.T) {
	fsys := usageByPath{FS: vfs.NewMemFS(), used: map[string]uint64{}}
	cfg := testConfig("/store")
	cfg.StorePathCommitLog = "/disk1/log,/disk2/log"
	cfg.MappedFileSizeCommitLog = 4096
	o := testOptions(cfg)
	o.FS = fsys
	s := openStore(t, o)
	c := NewCleaner(s)
	names := func(dir string) (n int) {
		list, err := fsys.ReadDir(dir)
		require.NoError(t, err)
		return len(list)
	}
	fill := func() {
		for range 60 {
			put(t, s, "T", 0, strings.Repeat("b", 200))
		}
	}
	fill()
	one, two := names("/disk1/log"), names("/disk2/log")
	require.InDelta(t, one, two, 2)
	fsys.used["disk1"], fsys.used["disk2"] = 95, 20
	c.disk.check()
	require.True(t, s.Writeable(), "the emptiest counts")
	fill()
	require.LessOrEqual(t, names("/disk1/log"), one+1, "but for the file that was created ahead")
	require.Greater(t, names("/disk2/log"), two+3)
	fsys.used["disk2"] = 96
	c.disk.check()
	require.False(t, s.Writeable())
	require.Contains(t, c.DiskFullReason(), "/disk1/log 95%")
	require.Len(t, s.commitLog.files.paths, 2)
	fsys.used["disk1"], fsys.used["disk2"] = 1, 1
	c.disk.check()
	require.True(t, s.Writeable())
	require.NoError(t, s.Shutdown())
	openStore(t, o)
}

func TestCleanExpiredConsumeQueues(t *testing.T) {
	x := newCleanerTest(t, nil)
	require.Equal(t, PutOK, x.s.PutMessageSync(testMessage("Old", 0, "x")).Status)
	x.fill(60)
	require.Zero(t, x.c.CleanExpiredConsumeQueues())
	x.used(88)
	x.c.clean(nil)
	require.Equal(t, 1, x.c.CleanExpiredConsumeQueues())
	require.Equal(t, []string{"T"}, x.s.Topics())
}

func TestCleanerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := vfs.NewMemFS()
		m.SetUsage(&vfs.Usage{Total: 100, Free: 5, Avail: 5})
		o := testOptions(testConfig("/store"))
		o.FS = m
		s, err := Open(o)
		require.NoError(t, err)
		require.NoError(t, s.Start())
		c := NewCleaner(s)
		c.Start()
		synctest.Wait()
		require.True(t, s.Writeable())
		time.Sleep(diskWatchFirst + time.Millisecond)
		require.False(t, s.Writeable())
		m.SetUsage(nil)
		time.Sleep(diskWatchEvery)
		require.True(t, s.Writeable(), "without a restart")
		c.DeleteExpiredFilesManually()
		time.Sleep(cleanFirst)
		require.Less(t, c.manualRounds.Load(), int32(cleanManualRounds))
		c.Shutdown()
		require.NoError(t, s.Shutdown())
	})
}
