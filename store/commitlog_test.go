package store

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/vfs"
)

func logWrites(op vfs.Op) bool { return vfs.On("/commitlog/", vfs.OpWrite)(op) }
func logSyncs(op vfs.Op) bool  { return vfs.On("/commitlog/", vfs.OpSync)(op) }

// syncsWait holds every sync of the log until gate is closed.
func syncsWait(gate <-chan struct{}) vfs.Injector {
	return func(op vfs.Op) vfs.Fault {
		if logSyncs(op) {
			<-gate
		}
		return vfs.Fault{}
	}
}

func TestBlankRecordFillsFileAndBatchMovesWhole(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.MappedFileSizeCommitLog = 4096
	s := openStore(t, testOptions(cfg))
	size := put(t, s, "T", 0, "").SizeBytes
	// The rest of the file takes the record and a blank record exactly: it stays.
	r := put(t, s, "T", 0, strings.Repeat("x", 4096-8-2*int(size)))
	require.EqualValues(t, size, r.PhysicalOffset)
	require.EqualValues(t, 4096-8, s.MaxPhyOffset())
	// No byte is left beside the blank record: the next goes to the next file.
	require.EqualValues(t, 4096, put(t, s, "T", 0, "").PhysicalOffset)
	// One byte too many for this file.
	r = put(t, s, "T", 0, strings.Repeat("x", 4096-8-2*int(size)+1))
	require.EqualValues(t, 8192, r.PhysicalOffset)
	waitDispatched(t, s)
	require.Len(t, bodies(t, s, "T", 0, 0), 4)
	require.NoError(t, s.Shutdown())
	s = openStore(t, testOptions(cfg))
	require.Len(t, bodies(t, s, "T", 0, 0), 4)
	require.EqualValues(t, 8192+int64(r.SizeBytes), s.MaxPhyOffset())
}

func TestFailedWriteStopsTheStore(t *testing.T) {
	for name, short := range map[string]int{"nothing written": 0, "short write": 50} {
		t.Run(name, func(t *testing.T) {
			fs, dir := vfs.NewFaultFS(vfs.OS(), nil), t.TempDir()
			o := testOptions(testConfig(dir))
			o.FS = fs
			s := openStore(t, o)
			put(t, s, "T", 0, "T0")
			end := s.MaxPhyOffset()
			var writes atomic.Int32
			broken := errors.New("broken disk")
			fs.Inject(func(op vfs.Op) vfs.Fault {
				if !logWrites(op) {
					return vfs.Fault{}
				}
				writes.Add(1)
				return vfs.Fault{Err: broken, Short: short}
			})
			rec := newRecorder(3)
			s.PutMessage(testMessage("T", 0, "lost"), rec)
			s.PutMessage(testMessage("T", 0, "lost"), rec)
			s.CommitPending()
			require.Equal(t, ServiceNotAvailable, (<-rec.results).Status)
			require.Equal(t, ServiceNotAvailable, (<-rec.results).Status)
			fs.Inject(nil)
			s.PutMessage(testMessage("T", 0, "refused"), rec)
			s.CommitPending()
			require.Equal(t, ServiceNotAvailable, (<-rec.results).Status)
			require.EqualValues(t, 1, writes.Load(), "a failed write is not tried again")
			require.False(t, s.Writeable())
			require.Contains(t, s.NotWriteableReason(), "commit log")
			require.Equal(t, end, s.MaxPhyOffset())
			require.NoError(t, s.Shutdown())
			require.FileExists(t, s.abortPath(), "no clean stop after a failed write")

			s = openStore(t, testOptions(testConfig(dir)))
			require.Equal(t, []string{"0:T0"}, bodies(t, s, "T", 0, 0))
			require.EqualValues(t, 1, put(t, s, "T", 0, "T1").QueueOffset)
		})
	}
}

func TestNoNextFile(t *testing.T) {
	fs := vfs.NewFaultFS(vfs.OS(), nil)
	cfg := testConfig(t.TempDir())
	cfg.MappedFileSizeCommitLog = 4096
	o := testOptions(cfg)
	o.FS = fs
	fs.Inject(vfs.From(2, vfs.On("/commitlog/", vfs.OpCreate), vfs.Fault{Err: syscall.ENOSPC}))
	s := openStore(t, o)
	put(t, s, "T", 0, strings.Repeat("x", 3000))
	require.Equal(t, CreateMappedFileFailed, s.PutMessageSync(testMessage("T", 0, strings.Repeat("x", 3000))).Status)
	require.False(t, s.Writeable())
}

func TestSyncFlushAcknowledgesAfterSyncOnly(t *testing.T) {
	fs := vfs.NewFaultFS(vfs.OS(), nil)
	cfg := testConfig(t.TempDir())
	cfg.FlushDiskType = SyncFlush
	o := testOptions(cfg)
	o.FS = fs
	s := openStore(t, o)
	put(t, s, "T", 0, "T0")
	waitDispatched(t, s)
	gate := make(chan struct{})
	fs.Inject(syncsWait(gate))
	rec, quick := newRecorder(1), newRecorder(1)
	quick.noWait = true
	s.PutMessage(testMessage("T", 0, "T1"), rec)
	s.PutMessage(testMessage("T", 0, "T2"), quick)
	s.CommitPending()
	require.Equal(t, PutOK, (<-quick.results).Status, "WAIT=false does not wait")
	require.EqualValues(t, 1, s.MaxOffsetInQueue("T", 0), "nothing is shown before it is durable")
	require.Empty(t, rec.results)
	require.Less(t, s.FlushedWhere(), s.MaxPhyOffset())
	close(gate)
	require.Equal(t, PutOK, (<-rec.results).Status)
	waitDispatched(t, s)
	require.Equal(t, numbered("T", 0, 3), bodies(t, s, "T", 0, 0))
}

func TestSyncFlushTimeout(t *testing.T) {
	fs := vfs.NewFaultFS(vfs.OS(), nil)
	cfg := testConfig(t.TempDir())
	cfg.FlushDiskType = SyncFlush
	cfg.SyncFlushTimeout = 20
	o := testOptions(cfg)
	o.FS = fs
	s := openStore(t, o)
	gate := make(chan struct{})
	fs.Inject(syncsWait(gate))
	r := s.PutMessageSync(testMessage("T", 0, "T0"))
	require.Equal(t, FlushDiskTimeout, r.Status)
	require.True(t, r.Status.Stored())
	close(gate)
	waitDispatched(t, s)
	require.Equal(t, numbered("T", 0, 1), bodies(t, s, "T", 0, 0))
}

func TestFailedSyncStopsTheStore(t *testing.T) {
	fs := vfs.NewFaultFS(vfs.OS(), nil)
	cfg := testConfig(t.TempDir())
	cfg.FlushDiskType = SyncFlush
	o := testOptions(cfg)
	o.FS = fs
	s := openStore(t, o)
	put(t, s, "T", 0, "T0")
	waitDispatched(t, s)
	var syncs atomic.Int32
	fs.Inject(func(op vfs.Op) vfs.Fault {
		if logSyncs(op) && syncs.Add(1) == 1 {
			return vfs.Fault{Err: syscall.EIO}
		}
		return vfs.Fault{}
	})
	require.Equal(t, ServiceNotAvailable, s.PutMessageSync(testMessage("T", 0, "T1")).Status)
	require.Equal(t, ServiceNotAvailable, s.PutMessageSync(testMessage("T", 0, "T2")).Status)
	require.EqualValues(t, 1, syncs.Load(), "a failed sync is not tried again")
	require.Equal(t, numbered("T", 0, 1), bodies(t, s, "T", 0, 0), "what may vanish is not shown")
	require.NoError(t, s.Shutdown())
	require.FileExists(t, s.abortPath())
}

func TestStalledDiskHoldsOneCallerOnly(t *testing.T) {
	fs := vfs.NewFaultFS(vfs.OS(), nil)
	o := testOptions(testConfig(t.TempDir()))
	o.FS = fs
	s := openStore(t, o)
	put(t, s, "T", 0, "T0")
	stalled, gate := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	fs.Inject(func(op vfs.Op) vfs.Fault {
		if logWrites(op) && once.CompareAndSwap(false, true) {
			close(stalled)
			<-gate
			return vfs.Fault{Delay: 2 * slowWrite}
		}
		return vfs.Fault{}
	})
	rec := newRecorder(100)
	go func() {
		s.PutMessage(testMessage("T", 0, "T1"), rec)
		s.CommitPending()
	}()
	<-stalled
	// Another event loop goes on.
	for i := range 10 {
		s.PutMessage(testMessage("T", 0, fmt.Sprintf("T%d", i+2)), rec)
		s.CommitPending()
	}
	require.Empty(t, rec.results)
	close(gate)
	for range 11 {
		require.Equal(t, PutOK, (<-rec.results).Status)
	}
	require.True(t, s.commitLog.writer.slow.Load())
	for i := range 4 * fastWritesBack {
		put(t, s, "T", 0, fmt.Sprintf("T%d", i+12))
	}
	require.False(t, s.commitLog.writer.slow.Load(), "fast writes end the slow state")
	waitDispatched(t, s)
	require.Len(t, bodies(t, s, "T", 0, 0), 12+4*fastWritesBack)
}

func TestPendingIsBounded(t *testing.T) {
	s := openStore(t, testOptions(func() Config {
		cfg := testConfig(t.TempDir())
		cfg.MappedFileSizeCommitLog = 256 << 20
		return cfg
	}()))
	rec := newRecorder(100)
	body := strings.Repeat("x", 4<<20)
	for range maxPendingBytes / len(body) { // the record heads make the last one too much
		s.PutMessage(testMessage("T", 0, body), rec)
	}
	require.Equal(t, OSPageCacheBusy, (<-rec.results).Status)
	s.CommitPending()
	require.Equal(t, PutOK, (<-rec.results).Status)
	require.Equal(t, PutOK, s.PutMessageSync(testMessage("T", 0, body)).Status)
}

func TestReplicaGate(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.BrokerRole = SyncMaster
	cfg.SlaveTimeout = 50
	s := openStore(t, testOptions(cfg))
	require.Equal(t, SlaveNotAvailable, s.PutMessageSync(testMessage("T", 0, "T0")).Status)
	gate := &fakeGate{}
	s.SetReplicaGate(gate)
	require.Equal(t, SlaveNotAvailable, s.PutMessageSync(testMessage("T", 0, "T1")).Status)
	gate.ok.Store(true)
	require.Equal(t, FlushSlaveTimeout, s.PutMessageSync(testMessage("T", 0, "T2")).Status)
	rec := newRecorder(2)
	s.PutMessage(testMessage("T", 0, "T3"), rec)
	s.CommitPending()
	gate.acked.Store(s.MaxPhyOffset())
	s.ReplicaAcked(s.MaxPhyOffset())
	require.Equal(t, PutOK, (<-rec.results).Status)
	require.Equal(t, s.MaxPhyOffset(), gate.committed.Load())
	gate.acked.Store(1 << 40)
	require.Equal(t, PutOK, s.PutMessageSync(testMessage("T", 0, "T4")).Status)
	waitDispatched(t, s)
	require.Equal(t, numbered("T", 0, 5), bodies(t, s, "T", 0, 0), "every outcome but a refusal means stored")
}

type fakeGate struct {
	ok               atomic.Bool
	acked, committed atomic.Int64
}

func (g *fakeGate) SlaveOK(int64) bool  { return g.ok.Load() }
func (g *fakeGate) AckedOffset() int64  { return g.acked.Load() }
func (g *fakeGate) Committed(phy int64) { g.committed.Store(phy) }

func TestWaitQueueExpiresInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w waitQueue
		w.expired = FlushDiskTimeout
		rec := newRecorder(10)
		all := func(*waiter) bool { return true }
		w.add([]waiter{{cb: rec, end: 10}}, time.Second, all)
		time.Sleep(500 * time.Millisecond)
		w.add([]waiter{{cb: rec, end: 20}, {cb: rec, end: 30}}, time.Second, all)
		time.Sleep(600 * time.Millisecond)
		synctest.Wait()
		require.Len(t, rec.results, 1)
		require.Equal(t, FlushDiskTimeout, (<-rec.results).Status)
		w.completeTo(20, func(t *timedWaiter) { t.cb.PutDone(&t.result) })
		require.Equal(t, PutOK, (<-rec.results).Status)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, FlushDiskTimeout, (<-rec.results).Status)
		require.Zero(t, w.len())
		w.close(ServiceNotAvailable)
		w.add([]waiter{{cb: rec, end: 40}}, time.Second, all)
		require.Equal(t, ServiceNotAvailable, (<-rec.results).Status)
		time.Sleep(2 * time.Second) // the timer ends within the bubble
	})
}

// TestFlushTypeChangesUnderWay: who came under SYNC_FLUSH is made durable and
// answered although the flush loop knows of ASYNC_FLUSH already, where so few
// bytes would wait for longer than he does.
func TestFlushTypeChangesUnderWay(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.FlushDiskType, cfg.FlushCommitLogTimed, cfg.FlushIntervalCommitLog = AsyncFlush, true, 10
	cfg.FlushCommitLogThoroughInterval = 3600_000
	s := openStore(t, testOptions(cfg))
	put(t, s, "T", 0, "small")
	end := s.MaxPhyOffset()
	require.Less(t, s.FlushedWhere(), end, "less than flushCommitLogLeastPages")
	rec := newRecorder(1)
	s.commitLog.waits.add(s.commitLog, []waiter{{cb: rec, end: end, waitFlush: true}})
	require.Equal(t, PutOK, (<-rec.results).Status)
	require.Equal(t, end, s.FlushedWhere())
	require.NoError(t, s.Shutdown())
}

// TestNothingPendingChangesNothing: who saw pending bytes and gets the token only after another has written them writes
// nothing. The end of the log, which readers go by, stays where it is.
func TestNothingPendingChangesNothing(t *testing.T) {
	s := openStore(t, testOptions(testConfig(t.TempDir())))
	put(t, s, "T", 0, "T0")
	end, storeMs := s.MaxPhyOffset(), s.commitLog.lastStoreMs.Load()
	require.Positive(t, end)
	require.Eventually(t, func() bool { return s.commitLog.writer.token.CompareAndSwap(false, true) }, eventually, tick)
	s.commitLog.writePending()
	s.commitLog.writer.token.Store(false)
	require.Equal(t, end, s.MaxPhyOffset())
	require.Equal(t, storeMs, s.commitLog.lastStoreMs.Load())
	waitDispatched(t, s)
	require.Equal(t, numbered("T", 0, 1), bodies(t, s, "T", 0, 0))
	put(t, s, "T", 0, "T1")
	waitDispatched(t, s)
	require.Equal(t, numbered("T", 0, 2), bodies(t, s, "T", 0, 0))
	require.NoError(t, s.Shutdown())
}

func TestZerosAhead(t *testing.T) {
	const unit = zeroAheadBytes
	for _, c := range []struct{ from, end, zeros int64 }{
		{0, 1, unit - 1},
		{0, unit, 0},
		{0, unit + 1, unit - 1},
		{1, 2, 0}, // its unit was begun by another write
		{1, unit, 0},
		{1, unit + 1, unit - 1},
		{unit, unit + 10, unit - 10},
		{unit - 5, 3*unit + 7, unit - 7},
	} {
		require.Equal(t, c.zeros, zerosAhead(c.from, c.end), "%d to %d", c.from, c.end)
	}
}

// TestNoSpaceForZerosIsNoError: zeros ahead of the log are a convenience, a volume that has space for the records alone takes them.
func TestNoSpaceForZerosIsNoError(t *testing.T) {
	for name, short := range map[string]int{"nothing written": 0, "a part written": 50} {
		t.Run(name, func(t *testing.T) {
			fs, cfg := vfs.NewFaultFS(vfs.OS(), nil), testConfig(t.TempDir())
			cfg.MappedFileSizeCommitLog = 1 << 20
			o := testOptions(cfg)
			o.FS = fs
			s := openStore(t, o)
			refused := 0
			fs.Inject(func(op vfs.Op) vfs.Fault {
				if logWrites(op) && op.Len > zeroAheadBytes/2 {
					refused++
					return vfs.Fault{Err: syscall.ENOSPC, Short: short}
				}
				return vfs.Fault{}
			})
			for i := range 3 {
				put(t, s, "T", 0, fmt.Sprint("T", i))
			}
			require.Equal(t, 1, refused, "the first write only brings zeros")
			require.NoError(t, s.Shutdown())
			s = openStore(t, testOptions(cfg))
			require.Equal(t, []string{"0:T0", "1:T1", "2:T2"}, bodies(t, s, "T", 0, 0))
		})
	}
}
