package store

import (
	"errors"
	"io"
	"log/slog"
	"math"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/vfs"
)

func testTable(fsys vfs.FS) *queueTable {
	return newQueueTable(fsys, "/store/consumequeue", 10*cqEntryBytes, slog.New(slog.NewTextHandler(io.Discard, nil)), &runningFlags{})
}

// reload gives a table that found its queues on disk, all entries kept.
func reload(t *testing.T, fsys vfs.FS) *queueTable {
	t.Helper()
	table := testTable(fsys)
	require.NoError(t, table.load(false))
	require.NoError(t, table.recover(allEntries, false))
	require.False(t, table.anyDamaged())
	return table
}

// entryAt is the entry of a record of 100 bytes, the i-th of the log.
func entryAt(i int64) cqEntry { return cqEntry{phyOffset: i * 100, sizeBytes: 100, tagsCode: -i} }

func appendEntries(t *testing.T, q *ConsumeQueue, from, to int64) {
	t.Helper()
	for i := from; i < to; i++ {
		require.NoError(t, q.append(entryAt(i), i, nil))
	}
}

func requireEntries(t *testing.T, q *ConsumeQueue, from, to int64) {
	t.Helper()
	require.Equal(t, to, q.max.Load())
	for i := from; i < to; i++ {
		e, ok := q.entry(i)
		require.True(t, ok, "entry %d", i)
		require.Equal(t, entryAt(i), e)
	}
	_, ok := q.entry(from - 1)
	require.False(t, ok)
	_, ok = q.entry(to)
	require.False(t, ok)
}

func TestConsumeQueueTailAndFiles(t *testing.T) {
	fsys := vfs.NewMemFS()
	table := testTable(fsys)
	q := table.findOrCreate("T", 7)
	appendEntries(t, q, 0, 5)
	requireEntries(t, q, 0, 5)
	_, err := fsys.Stat(q.dir())
	require.Error(t, err, "nothing is written before it is due")
	table.flush()
	requireEntries(t, q, 0, 5)
	appendEntries(t, q, 5, 25) // two files full, one begun
	table.flush()
	appendEntries(t, q, 25, 33)
	requireEntries(t, q, 0, 33)

	// A read ends at the end of a file, of the flushed part, of the queue.
	for _, c := range []struct{ from, n, want int64 }{{0, 100, 10}, {7, 100, 3}, {20, 100, 5}, {25, 100, 8}, {30, 2, 2}, {33, 5, 0}, {-1, 5, 0}, {0, 0, 0}} {
		b, n, err := q.read(nil, c.from, int(c.n))
		require.NoError(t, err)
		require.EqualValues(t, c.want, n)
		require.Len(t, b, n*cqEntryBytes)
	}
	table.flush()
	require.LessOrEqual(t, cap(q.mu.tail), cqSmallBytes, "an idle queue keeps no big buffer")
	requireEntries(t, reload(t, fsys).find("T", 7), 0, 33)
}

func TestConsumeQueueAppendIsIdempotent(t *testing.T) {
	q := testTable(vfs.NewMemFS()).findOrCreate("T", 0)
	appendEntries(t, q, 0, 5)
	appendEntries(t, q, 0, 5)
	requireEntries(t, q, 0, 5)
	// A later record that claims an offset that is taken.
	require.ErrorContains(t, q.append(entryAt(9), 3, nil), "comes again")
	require.Error(t, q.append(entryAt(9), -1, nil))
	require.Error(t, q.append(entryAt(9), cqMaxQueueOffset, nil))
	require.Error(t, q.append(entryAt(9), 5+11, nil), "a jump wider than a file")
	requireEntries(t, q, 0, 5)
}

func TestConsumeQueueFiller(t *testing.T) {
	fsys := vfs.NewMemFS()
	table := testTable(fsys)
	q := table.findOrCreate("T", 0)
	appendEntries(t, q, 13, 14) // the queue begins in the middle of its second file
	table.flush()
	require.EqualValues(t, 13, q.min.Load())
	appendEntries(t, q, 16, 17) // and two records are missing
	table.flush()
	names, err := fsys.ReadDir(q.dir())
	require.NoError(t, err)
	require.Len(t, names, 1)
	require.Equal(t, "00000000000000000200", names[0].Name())

	q = reload(t, fsys).find("T", 0)
	for i := int64(10); i < 17; i++ {
		e, ok := q.entry(i)
		require.True(t, ok)
		require.Equal(t, i != 13 && i != 16, e.filler(), "entry %d", i)
	}
	q.correctMin(0)
	require.EqualValues(t, 13, q.min.Load())
	q.correctMin(1301)
	require.EqualValues(t, 16, q.min.Load())
	q.correctMin(99999)
	require.EqualValues(t, 17, q.min.Load(), "no record left: the queue is empty at its end")
}

func TestConsumeQueueRecoverCuts(t *testing.T) {
	for _, keep := range []int64{0, 1, 9, 10, 11, 20, 24, 25} {
		fsys := vfs.NewMemFS()
		table := testTable(fsys)
		appendEntries(t, table.findOrCreate("T", 0), 0, 25)
		table.flush()
		table = reload(t, fsys)
		require.NoError(t, table.recover(keep*100, true))
		q := table.find("T", 0)
		requireEntries(t, q, 0, keep)
		require.EqualValues(t, keep*100, q.mu.maxPhy)
		// Nothing that was cut is left behind in the files.
		require.EqualValues(t, keep, reload(t, fsys).find("T", 0).max.Load())
		appendEntries(t, q, keep, 31)
		table.flush()
		requireEntries(t, reload(t, fsys).find("T", 0), 0, 31)
	}
}

func TestConsumeQueueDeleteExpired(t *testing.T) {
	fsys := vfs.NewMemFS()
	table := testTable(fsys)
	q := table.findOrCreate("T", 0)
	appendEntries(t, q, 0, 35)
	table.flush()
	f := func(minPhy int64, wantDeleted int, wantMin int64) {
		t.Helper()
		n, err := q.deleteExpired(minPhy)
		require.NoError(t, err)
		require.Equal(t, wantDeleted, n)
		require.Equal(t, wantMin, q.min.Load())
	}
	f(0, 0, 0)
	f(900, 0, 9)
	f(901, 1, 10)
	f(2550, 1, 26)
	f(99999, 1, 35) // the last file stays
	f(99999, 0, 35)
	appendEntries(t, q, 35, 36)
	table.flush()
	q = reload(t, fsys).find("T", 0)
	q.correctMin(3500)
	require.EqualValues(t, 35, q.min.Load())
	require.EqualValues(t, 36, q.max.Load())
}

func TestFailingQueueStopsNobodyElse(t *testing.T) {
	fsys := vfs.NewFaultFS(vfs.NewMemFS(), nil)
	table := testTable(fsys)
	good, bad := table.findOrCreate("Good", 0), table.findOrCreate("Bad", 0)
	fsys.Inject(vfs.Always(vfs.On("/Bad/", vfs.OpWrite), vfs.Fault{Err: errors.New("bad sector")}))
	appendEntries(t, good, 0, 300)
	appendEntries(t, bad, 0, 300)
	table.flush()
	requireEntries(t, bad, 0, 300)
	require.EqualValues(t, 1, table.failing.Load())
	require.False(t, table.sync(), "the checkpoint must not move")
	require.True(t, table.flags.writeable())
	fsys.Inject(nil)
	table.flush()
	require.Zero(t, table.failing.Load())
	require.True(t, table.sync())
	requireEntries(t, reload(t, fsys).find("Bad", 0), 0, 300)

	fsys.Inject(vfs.Always(vfs.On("/Bad/", vfs.OpWrite), vfs.Fault{Err: errors.New("bad sector")}))
	appendEntries(t, bad, 300, 301)
	for range maxQueueFailures {
		table.flush()
	}
	require.False(t, table.flags.writeable())
	require.Contains(t, table.flags.reasons(), "consume queue")
}

func TestFailedQueueSyncIsForGood(t *testing.T) {
	fsys := vfs.NewFaultFS(vfs.NewMemFS(), nil)
	table := testTable(fsys)
	appendEntries(t, table.findOrCreate("T", 0), 0, 3)
	fsys.Inject(vfs.Nth(1, vfs.On("/T/", vfs.OpSync), vfs.Fault{Err: errors.New("I/O error")}))
	require.False(t, table.sync())
	require.False(t, table.sync(), "a second sync proves nothing")
	require.False(t, table.flags.writeable())
}

func TestFileCacheIsBounded(t *testing.T) {
	fsys := vfs.NewMemFS()
	table := testTable(fsys)
	table.cache.capacity = 3
	for id := range int32(10) {
		appendEntries(t, table.findOrCreate("T", id), 0, 25)
	}
	table.flush()
	for range 2 {
		for id := range int32(10) {
			requireEntries(t, table.find("T", id), 0, 25)
			require.LessOrEqual(t, len(table.cache.mu.files), 3)
		}
	}
	f, err := table.cache.get(table.find("T", 0).fileKey(0))
	require.NoError(t, err)
	require.NoError(t, table.cache.close())
	_, err = f.ReadAt(make([]byte, 20), 0)
	require.NoError(t, err, "a holder keeps its file")
	require.NoError(t, table.cache.put(f))
	_, err = f.ReadAt(make([]byte, 20), 0)
	require.Error(t, err)
}

// TestReadAhead: what readCached read ahead is given to the next who asks, and
// never anything that was written later or belongs to a deleted life of the queue.
func TestReadAhead(t *testing.T) {
	ff := vfs.NewFaultFS(vfs.NewMemFS(), nil)
	table := newQueueTable(ff, "/store/consumequeue", 1000*cqEntryBytes, slog.New(slog.DiscardHandler), &runningFlags{})
	q := table.findOrCreate("T", 0)
	reads := 0
	ff.Inject(func(op vfs.Op) (f vfs.Fault) {
		if op.Kind == vfs.OpRead {
			reads++
		}
		return f
	})
	has := func(from, n, want int64) {
		t.Helper()
		b, got, err := q.readCached(nil, from, int(n))
		require.NoError(t, err)
		require.EqualValues(t, want, got)
		for i := range want {
			require.Equal(t, entryAt(from+i), parseCQEntry(b[i*cqEntryBytes:]))
		}
	}
	appendEntries(t, q, 0, 900)
	table.flush()
	for from := int64(0); from+32 < blockBytes/cqEntryBytes; from += 32 {
		has(from, 32, 32)
	}
	require.Equal(t, 1, reads)
	has(880, 32, 20)
	appendEntries(t, q, 900, 950)
	has(880, 32, 20) // the rest is in memory
	table.flush()
	has(880, 32, 32)
	appendEntries(t, q, 950, 1200)
	table.flush()
	has(990, 32, 10) // to the end of the file
	has(1000, 200, 200)
	require.Equal(t, 6, reads, "no block where nothing is to be read ahead")

	// A new life, read by who still knows the old length.
	key := q.fileKey(0)
	log := &CommitLog{}
	log.mu.next = 1 << 40
	require.NoError(t, q.destroy(log))
	reborn := func(i int64) cqEntry { e := entryAt(i); e.phyOffset += 1 << 40; return e }
	add := func(from, to int64) {
		for i := from; i < to; i++ {
			require.NoError(t, q.append(reborn(i), i, nil))
		}
		table.flush()
	}
	add(0, 50)
	p := make([]byte, 40*cqEntryBytes)
	require.NoError(t, table.cache.readCached(key, p, 0, 900*cqEntryBytes))
	add(50, 100)
	b, n, err := q.readCached(nil, 20, 64)
	require.NoError(t, err)
	require.Equal(t, 64, n)
	for i := range int64(64) {
		require.Equal(t, reborn(20+i), parseCQEntry(b[i*cqEntryBytes:]))
	}
}

func TestManyQueuesAreCheap(t *testing.T) {
	const queues = 20_000
	dir := t.TempDir()
	s := openStore(t, testOptions(testConfig(dir)))
	before := runtime.NumGoroutine()
	var heap0, heap1 runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&heap0)
	for i := range int32(queues) {
		s.queues.findOrCreate("ManyQueues", i)
	}
	for i := range int32(200) {
		put(t, s, "ManyQueues", i, "x")
	}
	waitDispatched(t, s)
	s.queues.flush()
	runtime.GC()
	runtime.ReadMemStats(&heap1)
	require.Less(t, (int64(heap1.HeapAlloc)-int64(heap0.HeapAlloc))/queues, int64(600), "bytes per queue")
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
	files, err := filepath.Glob(filepath.Join(dir, "consumequeue", "ManyQueues", "*"))
	require.NoError(t, err)
	require.Len(t, files, 200, "a queue without messages has no folder")
}

func TestConsumeQueueFormat(t *testing.T) {
	f := func(want string, e cqEntry, written, filler bool) {
		t.Helper()
		b := appendCQEntry(nil, e)
		require.Equal(t, []byte(want), b)
		require.Equal(t, e, parseCQEntry(b))
		require.Equal(t, written, e.written())
		require.Equal(t, filler, e.filler())
	}
	f("\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\x13\x14\x21\x22\x23\x24\x25\x26\x27\x28",
		cqEntry{0x0102030405060708, 0x11121314, 0x2122232425262728}, true, false)
	f("\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00", cqEntry{0, cqFillerSize, 0}, true, true)
	f("\xff\xff\xff\xff\xff\xff\xff\xff\x80\x00\x00\x00\xff\xff\xff\xff\x80\x00\x00\x00", cqEntry{-1, math.MinInt32, math.MinInt32}, false, false)
	f("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", cqEntry{}, false, false)
}
