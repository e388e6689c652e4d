package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

func TestIndexFormat(t *testing.T) {
	h := indexHeader{beginMs: 0x0102030405060708, endMs: 0x1112131415161718, beginOffset: 0x2122232425262728, endOffset: 0x3132333435363738, slotCount: 0x41424344, count: 0x51525354}
	b := make([]byte, indexHeaderBytes)
	putIndexHeader(b, &h)
	require.Equal(t, "0102030405060708111213141516171821222324252627283132333435363738"+"4142434451525354", hex.EncodeToString(b))
	require.Equal(t, h, parseIndexHeader(b))

	e := indexEntry{hash: 0x01020304, offset: 0x1112131415161718, seconds: 0x21222324, previous: 0x31323334}
	b = make([]byte, indexEntryBytes)
	putIndexEntry(b, e)
	require.Equal(t, "01020304"+"1112131415161718"+"21222324"+"31323334", hex.EncodeToString(b))
	require.Equal(t, e, parseIndexEntry(b))

	def := indexLayout{slots: 5_000_000, entries: 20_000_000}
	require.EqualValues(t, 420_000_040, def.fileBytes())
	small := indexLayout{slots: 500, entries: 2000}
	require.EqualValues(t, 42040, small.fileBytes())
	require.EqualValues(t, 40+4*7, small.slotPos(7))
	require.EqualValues(t, 40+2000+20*3, small.entryPos(3))
}

func TestIndexKeyHash(t *testing.T) {
	f := func(topic, key string) {
		t.Helper()
		want := codec.JavaStringHash(topic + "#" + key)
		switch {
		case want == math.MinInt32:
			want = 0
		case want < 0:
			want = -want
		}
		require.Equal(t, want, indexKeyHash(indexTopicHash(topic), key), "%q %q", topic, key)
	}
	f("", "")
	f("T", "k")
	f("TopicTest", "FD00000000000000000000000000000239104E0E2F2A6ED743D10000")
	f("主题", "ключ-с-кириллицей")
	f("T", "emoji 😀 and more of it")
	f("T", "1234567\xff\xfe89abcdef")
	f("T", "12345678é")
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		b := make([]byte, rng.IntN(60))
		for i := range b {
			b[i] = byte(rng.IntN(256) >> rng.IntN(2))
		}
		f("Topic", string(b))
	}
	require.EqualValues(t, 0, indexKeyHash(math.MinInt32, ""))
}

func TestIndexSeconds(t *testing.T) {
	f := func(beginMs, storeMs int64, want int32) {
		t.Helper()
		require.Equal(t, want, indexSeconds(beginMs, storeMs))
	}
	f(0, 5000, 0)
	f(-1, 5000, 0)
	f(1000, 1999, 0)
	f(1000, 2000, 1)
	f(2000, 1000, 0)
	f(1, math.MaxInt64, math.MaxInt32)
}

func TestIndexFileNames(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 33, 21, 454_999_999, time.Local)
	require.Equal(t, "20261122123321454", indexFileName(at))
	got, ok := parseIndexFileName("20261122123321454")
	require.True(t, ok)
	require.Equal(t, at.Truncate(time.Millisecond), got)
	require.Equal(t, "20261122123321007", indexFileName(at.Add(-447*time.Millisecond)))
	for _, name := range []string{"", "2026112212332145", "2026112212332145x", "20261322123321454", "20261122123321-54", "abort"} {
		_, ok := parseIndexFileName(name)
		require.False(t, ok, name)
	}
}

// indexTest is an index of 50 slots and 100 entries a file over some file system.
type indexTest struct {
	t   testing.TB
	fs  vfs.FS
	s   *IndexService
	now time.Time
	log bytes.Buffer
}

const indexTestDir = "/store/index"

func newIndexTest(t testing.TB, fsys vfs.FS) *indexTest {
	require.NoError(t, fsys.MkdirAll(filepath.Dir(indexTestDir), 0o755))
	require.NoError(t, fsys.SyncDir("/"))
	x := &indexTest{t: t, fs: fsys, now: time.UnixMilli(1_800_000_000_000)}
	x.open()
	return x
}

func (x *indexTest) open() {
	x.s = newIndexService(x.fs, indexTestDir, 50, 100, slog.New(slog.NewTextHandler(&x.log, nil)), func() time.Time { return x.now })
}

func (x *indexTest) load(clean bool, safeMs int64) {
	x.t.Helper()
	x.open()
	require.NoError(x.t, x.s.Load(clean, safeMs))
}

// record is the i-th record: 1000 bytes and 100 ms after the one before, keys u<i> and k<i mod 7>.
func indexRecord(i int) *codec.DispatchView {
	return &codec.DispatchView{
		Topic: "T", CommitLogOffset: int64(i) * 1000, StoreTimestampMs: 1_800_000_000_000 + int64(i)*100,
		UniqKey: fmt.Sprintf("u%d", i), Keys: fmt.Sprintf(" k%d  common", i%7),
	}
}

func (x *indexTest) put(from, to int) {
	x.t.Helper()
	for i := from; i < to; i++ {
		require.NoError(x.t, x.putOne(i), i)
	}
}

func (x *indexTest) putOne(i int) error {
	return errors.Join(x.s.Put(indexRecord(i)), x.s.Commit())
}

// has checks that records from..to-1, and of those before none but as told, are found once each.
func (x *indexTest) has(from, to int) {
	x.t.Helper()
	for i := from; i < to; i++ {
		require.Equal(x.t, []int64{int64(i) * 1000}, x.s.Query("T", fmt.Sprintf("u%d", i), 64, 0, math.MaxInt64).phyOffsets, "u%d", i)
	}
	got := x.s.Query("T", "common", 1<<30, 0, math.MaxInt64).phyOffsets
	require.Len(x.t, got, to-from)
	for i := range got {
		require.EqualValues(x.t, (to-1-i)*1000, got[i])
	}
}

func (x *indexTest) hasNot(from, to int) {
	x.t.Helper()
	for i := from; i < to; i++ {
		require.Empty(x.t, x.s.Query("T", fmt.Sprintf("u%d", i), 64, 0, math.MaxInt64).phyOffsets, "u%d", i)
	}
}

func (x *indexTest) names() (names []string) {
	list, err := x.fs.ReadDir(indexTestDir)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(x.t, err)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestIndexPutQueryReload(t *testing.T) {
	x := newIndexTest(t, vfs.NewMemFS())
	x.load(true, 0)
	require.NoError(t, x.s.Put(&codec.DispatchView{Topic: "T", CommitLogOffset: 1, StoreTimestampMs: 5}))
	require.Empty(t, x.names(), "nothing is created before the first key")
	x.put(0, 200) // 600 keys: six files of 99
	require.Len(t, x.names(), 7)
	x.has(0, 200)
	x.hasNot(200, 205)
	require.Equal(t, []int64{198000, 191000}, x.s.Query("T", "k2", 2, 0, math.MaxInt64).phyOffsets)
	require.Empty(t, x.s.Query("T2", "u1", 64, 0, math.MaxInt64).phyOffsets)
	safeMs, err := x.s.Flush()
	require.NoError(t, err)
	require.Equal(t, indexRecord(199).StoreTimestampMs, safeMs)
	for _, f := range x.s.snapshot()[:6] {
		require.False(t, f.mapped())
	}
	require.NoError(t, x.s.Shutdown())
	x.has(0, 200)

	x.load(true, safeMs)
	x.has(0, 200)
	x.put(199, 200) // the last record is dispatched again
	x.put(150, 160)
	x.has(0, 200)
	x.put(200, 300)
	x.has(0, 300)
	res := x.s.Query("T", "u5", 64, 0, math.MaxInt64)
	require.Equal(t, indexRecord(299).StoreTimestampMs, res.lastUpdateTimestamp)
	require.EqualValues(t, 299000, res.lastUpdatePhyOffset)

	x.s.DeleteExpired(100_000)
	x.hasNot(0, 66)
	require.Equal(t, []int64{100_000}, x.s.Query("T", "u100", 64, 0, math.MaxInt64).phyOffsets)
	x.s.DeleteExpired(math.MaxInt64)
	require.Len(t, x.names(), 1, "never the last")
	require.NoError(t, x.s.Shutdown())
	require.Empty(t, x.log.String())
}

func TestIndexQueryByTime(t *testing.T) {
	x := newIndexTest(t, vfs.NewMemFS())
	x.load(true, 0)
	x.put(0, 200)
	ms := func(i int) int64 { return indexRecord(i).StoreTimestampMs }
	got := x.s.Query("T", "common", 64, ms(50), ms(59)).phyOffsets
	for i := 50; i <= 59; i++ {
		require.Contains(t, got, int64(i)*1000)
	}
	require.LessOrEqual(t, len(got), 10+2*10, "whole seconds: up to ten more at each end")
	require.Empty(t, x.s.Query("T", "common", 64, 0, ms(0)-1).phyOffsets)
	require.Empty(t, x.s.Query("T", "common", 64, ms(199)+1000, math.MaxInt64).phyOffsets)
	require.NoError(t, x.s.Shutdown())
}

// TestIndexBytesAreJavas writes the keys of a sample that a Java broker wrote and compares the file.
func TestIndexBytesOfOneFile(t *testing.T) {
	x := newIndexTest(t, vfs.NewMemFS())
	x.load(true, 0)
	x.put(3, 5)
	require.NoError(t, x.s.Shutdown())
	require.Equal(t, []string{indexFileName(x.now)}, x.names())
	b := readMem(t, x.fs, filepath.Join(indexTestDir, x.names()[0]))
	layout := x.s.layout
	require.Len(t, b, int(layout.fileBytes()))
	require.Equal(t, indexHeader{beginMs: 1_800_000_000_300, endMs: 1_800_000_000_400, beginOffset: 3000, endOffset: 4000, slotCount: 5, count: 7}, parseIndexHeader(b))
	var entries []indexEntry
	for n := range int32(8) {
		entries = append(entries, parseIndexEntry(b[layout.entryPos(n):]))
	}
	h := func(key string) int32 { return indexKeyHash(indexTopicHash("T"), key) }
	require.Equal(t, []indexEntry{{},
		{hash: h("u3"), offset: 3000}, {hash: h("k3"), offset: 3000}, {hash: h("common"), offset: 3000},
		{hash: h("u4"), offset: 4000}, {hash: h("k4"), offset: 4000}, {hash: h("common"), offset: 4000, previous: 3}, {}}, entries)
	require.EqualValues(t, 6, loadSlot(b, layout.slotPos(h("common")%50)))
	require.EqualValues(t, 1, loadSlot(b, layout.slotPos(h("u3")%50)))
}

func readMem(t testing.TB, fsys vfs.FS, name string) []byte {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	require.NoError(t, err)
	size, err := f.Size()
	require.NoError(t, err)
	b := make([]byte, size)
	_, err = f.ReadAt(b, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return b
}

func TestIndexNamesNeverGoBack(t *testing.T) {
	x := newIndexTest(t, vfs.NewMemFS())
	x.load(true, 0)
	x.put(0, 40)
	x.now = x.now.Add(-time.Hour)
	x.put(40, 80)
	require.NoError(t, x.s.Shutdown())
	names := x.names()
	require.Len(t, names, 3)
	require.Equal(t, indexFileName(x.now.Add(time.Hour)), names[0])
	require.Equal(t, indexFileName(x.now.Add(time.Hour+2*time.Millisecond)), names[2])
	x.load(true, 0)
	x.has(0, 80)
}

// TestIndexCommit: what was put is found from Commit on, or when there is much of it.
func TestIndexCommit(t *testing.T) {
	x := newIndexTest(t, vfs.NewMemFS())
	x.load(true, 0)
	require.NoError(t, x.s.Put(indexRecord(0)))
	x.hasNot(0, 1)
	require.NoError(t, x.s.Commit())
	x.has(0, 1)
	n := 1 + (maxPendingKeys+2)/3 // records of three keys
	for i := 1; i < n; i++ {
		x.hasNot(1, 2)
		require.NoError(t, x.s.Put(indexRecord(i)))
	}
	x.has(0, n)
	require.NoError(t, x.s.Commit(), "nothing is pending")
	require.NoError(t, x.s.Shutdown())
}

func TestIndexFullDiskIsAnErrorOnce(t *testing.T) {
	m := vfs.NewMemFS()
	x := newIndexTest(t, m)
	x.load(true, 0)
	x.put(0, 10)
	m.SetCapacity(0)
	require.NoError(t, x.putOne(10), "what is allocated is used")
	failed := 0
	for i := 11; i < 100; i++ {
		if err := x.putOne(i); err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			failed++
		}
	}
	require.Equal(t, 1, failed)
	m.SetCapacity(1 << 30)
	x.put(100, 101)
	x.hasNot(100, 101)
	x.now = x.now.Add(2 * indexRetry)
	x.put(101, 200)
	for i := 101; i < 200; i++ {
		require.Len(t, x.s.Query("T", fmt.Sprintf("u%d", i), 64, 0, math.MaxInt64).phyOffsets, 1)
	}
	require.NoError(t, x.s.Shutdown(), "no page was written that had no space")
}

func TestIndexWithoutFallocate(t *testing.T) {
	ff := vfs.NewFaultFS(vfs.NewMemFS(), vfs.Always(vfs.On("", vfs.OpAllocate), vfs.Fault{Err: syscall.EOPNOTSUPP}))
	x := newIndexTest(t, ff)
	x.load(true, 0)
	x.put(0, 50)
	_, err := x.s.Flush()
	require.NoError(t, err)
	x.has(0, 50)
	require.NoError(t, x.s.Shutdown())
	x.load(true, 0)
	x.put(50, 90)
	x.has(0, 90)
	require.NoError(t, x.s.Shutdown())
}

func TestIndexFailedSyncIsNotVouchedFor(t *testing.T) {
	ff := vfs.NewFaultFS(vfs.NewMemFS(), nil)
	x := newIndexTest(t, ff)
	x.load(true, 0)
	x.put(0, 10)
	safe, err := x.s.Flush()
	require.NoError(t, err)
	x.put(10, 20)
	ff.Inject(vfs.Nth(1, vfs.On("", vfs.OpMapSync), vfs.Fault{Err: syscall.EIO}))
	for range 2 {
		got, err := x.s.Flush()
		require.ErrorIs(t, err, syscall.EIO, "for good: a second sync proves nothing")
		require.Equal(t, safe, got)
	}
	require.ErrorIs(t, x.s.Shutdown(), syscall.EIO)
}

func TestIndexDamagedFilesNeverStopTheStart(t *testing.T) {
	f := func(name string, clean bool, damage func(b []byte) []byte, want string) {
		t.Helper()
		m := vfs.NewMemFS()
		x := newIndexTest(t, m)
		x.load(true, 0)
		x.put(0, 20)
		require.NoError(t, x.s.Shutdown())
		path := filepath.Join(indexTestDir, x.names()[0])
		b := damage(readMem(t, m, path))
		file, err := m.OpenFile(path, os.O_RDWR|os.O_TRUNC, 0)
		require.NoError(t, err)
		_, err = file.WriteAt(b, 0)
		require.NoError(t, err)
		x.load(clean, math.MaxInt64)
		x.put(20, 30)
		for i := 20; i < 30; i++ {
			require.Len(t, x.s.Query("T", fmt.Sprintf("u%d", i), 64, 0, math.MaxInt64).phyOffsets, 1, name)
		}
		require.NoError(t, x.s.Shutdown())
		require.Contains(t, x.log.String(), want, name)
		x.load(clean, math.MaxInt64)
	}
	zero := func(from, to int) func(b []byte) []byte {
		return func(b []byte) []byte { clear(b[from:to]); return b }
	}
	header := func(change func(h *indexHeader)) func(b []byte) []byte {
		return func(b []byte) []byte {
			h := parseIndexHeader(b)
			change(&h)
			putIndexHeader(b, &h)
			return b
		}
	}
	random := func(b []byte) []byte {
		rng := rand.New(rand.NewPCG(3, 4))
		for i := indexHeaderBytes; i < len(b); i++ {
			b[i] = byte(rng.IntN(256))
		}
		return b
	}
	for _, clean := range []bool{true, false} {
		f("header gone", clean, zero(0, 40), "")
		f("count too high", clean, header(func(h *indexHeader) { h.count = 101 }), map[bool]string{true: "deleted", false: "repaired"}[clean])
		f("count negative", clean, header(func(h *indexHeader) { h.count = -5 }), map[bool]string{true: "deleted", false: "repaired"}[clean])
		f("times reversed", clean, header(func(h *indexHeader) { h.endMs = 1 }), map[bool]string{true: "deleted", false: ""}[clean])
		f("slots and entries random", clean, random, "")
		f("slots gone", clean, zero(40, 240), "")
		f("empty", clean, func([]byte) []byte { return nil }, "")
		f("cut in the header", clean, func(b []byte) []byte { return b[:20] }, "")
		f("cut behind the header", clean, func(b []byte) []byte { return b[:1000] }, "another maxHashSlotNum")
		f("longer", clean, func(b []byte) []byte { return append(b, 0) }, "another maxHashSlotNum")
	}
}

func TestIndexOfOtherSettingsIsLeftAlone(t *testing.T) {
	x := newIndexTest(t, vfs.NewMemFS())
	x.load(true, 0)
	x.put(0, 20)
	require.NoError(t, x.s.Shutdown())
	old := x.s.layout
	x.open()
	x.s.layout.entries = 200
	require.NoError(t, x.s.Load(true, 0))
	x.hasNot(0, 20)
	x.put(20, 30)
	x.has(20, 30)
	require.NoError(t, x.s.Shutdown())
	require.Len(t, x.names(), 2)
	x.open()
	x.s.layout = old
	require.NoError(t, x.s.Load(true, 0))
	x.has(0, 20)
	x.s.DeleteExpired(1_000_000)
	require.Len(t, x.names(), 1, "the file of the other settings is expired")
	x.s.layout.entries = math.MaxInt32
	require.ErrorContains(t, x.s.Load(true, 0), "maxIndexNum")
}

func TestIndexTruncate(t *testing.T) {
	f := func(end, want int) {
		t.Helper()
		x := newIndexTest(t, vfs.NewMemFS())
		x.load(true, 0)
		x.put(0, 100)
		require.NoError(t, x.s.Shutdown())
		x.load(false, 0)
		require.NoError(t, x.s.Truncate(int64(end)))
		x.has(0, want)
		x.hasNot(want, 100)
		x.put(want, 150)
		x.has(0, 150)
		require.NoError(t, x.s.Shutdown())
		x.load(true, 0)
		x.has(0, 150)
	}
	f(100_000, 100)
	f(99_001, 100)
	f(99_000, 99)
	f(66_000, 66) // a boundary of files
	f(50_500, 51)
	f(1, 1)
	f(0, 0)
}

// TestIndexPowerCuts: whatever a power cut does, records before the last Flush
// are found, no record is found twice, and later ones can be put again.
func TestIndexPowerCuts(t *testing.T) {
	seeds := uint64(120)
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 5))
		m := vfs.NewMemFS()
		x := newIndexTest(t, m)
		x.load(true, 0)
		next, flushed, safeMs := 0, 0, int64(0)
		for range 1 + rng.IntN(4) {
			for range 1 + rng.IntN(5) {
				n := rng.IntN(60)
				x.put(next, next+n)
				next += n
				if rng.IntN(2) == 0 {
					var err error
					safeMs, err = x.s.Flush()
					require.NoError(t, err)
					flushed = next
				}
			}
			crashed := m.CrashClone(rng, vfs.Crash{UnsyncedPercent: []int{0, 30, 70, 100}[rng.IntN(4)], Torn: rng.IntN(2) == 0})
			require.NoError(t, x.s.Shutdown())
			m, x.fs = crashed, crashed
			x.load(false, safeMs)
			end := flushed + rng.IntN(next-flushed+1) // where the log ends
			require.NoError(t, x.s.Truncate(int64(end)*1000), "seed %d", seed)
			for i := range flushed {
				require.Equal(t, []int64{int64(i) * 1000}, x.s.Query("T", fmt.Sprintf("u%d", i), 64, 0, math.MaxInt64).phyOffsets, "seed %d, u%d of %d flushed, %d put", seed, i, flushed, next)
			}
			again := max(0, flushed-rng.IntN(5))
			x.put(again, end)
			next, flushed = end, again // a checkpoint of before begins there once more
			for i := range next {
				got := x.s.Query("T", fmt.Sprintf("u%d", i), 64, 0, math.MaxInt64).phyOffsets
				require.Equal(t, []int64{int64(i) * 1000}, got, "seed %d, u%d", seed, i)
			}
			got := x.s.Query("T", "common", 1<<30, 0, math.MaxInt64).phyOffsets
			require.Len(t, got, next, "seed %d", seed)
		}
		require.NoError(t, x.s.Shutdown())
	}
}

func TestIndexQueriesWhileItIsWritten(t *testing.T) {
	x := newIndexTest(t, vfs.NewMemFS())
	x.load(true, 0)
	x.put(0, 1)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if got := x.s.Query("T", "u0", 64, 0, math.MaxInt64).phyOffsets; len(got) != 1 {
				t.Errorf("%v", got)
				return
			}
			x.s.Query("T", "common", 64, 0, math.MaxInt64)
			if i%16 == 0 {
				if _, err := x.s.Flush(); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	x.put(1, 2000)
	close(stop)
	<-done
	require.NoError(t, x.s.Shutdown())
	x.has(0, 2000)
}

// FuzzIndexChain: a query of any bytes ends and stays inside them.
func FuzzIndexChain(f *testing.F) {
	f.Add([]byte(strings.Repeat("\x00\x00\x00\x01", 60)), int32(5))
	f.Add([]byte{}, int32(math.MaxInt32))
	layout := indexLayout{slots: 5, entries: 9}
	f.Fuzz(func(t *testing.T, data []byte, hash int32) {
		b := make([]byte, layout.fileBytes())
		copy(b, data)
		file := newIndexFile(nil, "", layout, parseIndexHeader(b))
		q := indexQuery{hash: max(hash, 0), maxNum: 5, endMs: math.MaxInt64}
		require.NoError(t, file.queryChain(&q, mappedIndex{b, layout}))
		require.LessOrEqual(t, len(q.offsets), 5)
		r := indexRepair{layout: layout, was: parseIndexHeader(b)}
		require.NoError(t, r.scan(bytes.NewReader(b), allEntries))
		require.LessOrEqual(t, r.h.count, layout.entries)
	})
}

func BenchmarkIndexPut(b *testing.B) {
	dir := b.TempDir()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	s := newIndexService(vfs.OS(), dir, 5_000_000, 20_000_000, log, time.Now)
	require.NoError(b, s.Load(true, 0))
	v := &codec.DispatchView{Topic: "BenchmarkTopic"}
	key := []byte("FD00000000000000000000000000000239104E0E2F2A6ED743D10000")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		for k, n := len(key)-1, i; n > 0; k, n = k-1, n>>4 {
			key[k] = "0123456789ABCDEF"[n&15]
		}
		v.CommitLogOffset, v.StoreTimestampMs, v.UniqKey = int64(i)*300, 1_800_000_000_000+int64(i)/100, unsafe.String(&key[0], len(key))
		if err := s.Put(v); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, s.Commit())
	b.StopTimer()
	require.NoError(b, s.Shutdown())
}
