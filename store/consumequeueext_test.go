package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// bodyBits is a BitMapper whose bit map is 14 bytes, all of them the number in
// the property n; no bit map without it.
type bodyBits struct{}

func (bodyBits) AppendBitMap(dst []byte, _, properties string, _ int64) []byte {
	n, ok := codec.GetProperty(properties, "n")
	if !ok {
		return dst
	}
	for range 14 {
		dst = append(dst, n[len(n)-1])
	}
	return dst
}

// extTest is a store with consumequeue_ext over a memory file system.
type extTest struct {
	t    *testing.T
	fs   *vfs.MemFS
	cfg  Config
	s    *MessageStore
	sent int
}

// extTestFile holds 5 units of 34 bytes.
const extTestFile = 5*34 + cqExtEndFreeBytes

func newExtTest(t *testing.T) *extTest {
	x := &extTest{t: t, fs: vfs.NewMemFS(), cfg: testConfig("/store")}
	x.cfg.EnableConsumeQueueExt, x.cfg.MappedFileSizeConsumeQueueExt = true, extTestFile
	x.cfg.MappedFileSizeConsumeQueue = 8 * cqEntryBytes
	x.cfg.FlushIntervalConsumeQueue = 1 << 30
	x.open()
	return x
}

func (x *extTest) open() {
	o := testOptions(x.cfg)
	o.FS, o.BitMaps = x.fs, bodyBits{}
	x.s = openStore(x.t, o)
}

func (x *extTest) restart() {
	x.t.Helper()
	require.NoError(x.t, x.s.Shutdown())
	x.open()
}

func (x *extTest) put(n int) {
	x.t.Helper()
	for range n {
		m := testMessage("T", 0, fmt.Sprint("b", x.sent))
		m.Properties = fmt.Sprintf("TAGS\x01t%d\x02n\x01%d", x.sent%3, x.sent)
		require.Equal(x.t, PutOK, x.s.PutMessageSync(m).Status)
		x.sent++
	}
	waitDispatched(x.t, x.s)
}

// extFilter takes the messages whose bit map is of that digit and judges those
// without bit map by their properties.
type extFilter struct {
	digit            byte
	byBits, byRecord int
}

func (f *extFilter) MatchQueue(tagsCode, storeMs int64, bitMap []byte) bool {
	if len(bitMap) == 0 {
		return true
	}
	if storeMs < 1e12 || tagsCode < codec.TagsCode("t0") || tagsCode > codec.TagsCode("t2") {
		panic("a unit of nobody")
	}
	f.byBits++
	return bitMap[0] == f.digit
}

func (f *extFilter) MatchRecord(properties string) bool {
	f.byRecord++
	n, _ := codec.GetProperty(properties, "n")
	return n[len(n)-1] == f.digit
}

// check reads by tags and by bit map; nothing is missing and nothing comes that
// was not asked for. bits is how many entries must have a unit; −1 = some.
func (x *extTest) check(bits int) {
	x.t.Helper()
	lo := x.s.MinOffsetInQueue("T", 0)
	require.Equal(x.t, numbered("b", int(lo), x.sent), bodies(x.t, x.s, "T", 0, lo))
	read := func(f MessageFilter) (got []int64) {
		var res GetResult
		for offset := lo; offset < int64(x.sent); offset = res.NextBeginOffset {
			x.s.GetMessage("T", 0, offset, 32, f, &res)
			for b := res.Buf; len(b) > 0; {
				var m codec.Message
				n, err := codec.DecodeRecord(b, &m, codec.DecodeOptions{})
				require.NoError(x.t, err)
				got, b = append(got, m.QueueOffset), b[n:]
			}
		}
		return got
	}
	want := func(modulus, rest int64) (list []int64) {
		for i := lo; i < int64(x.sent); i++ {
			if i%modulus == rest {
				list = append(list, i)
			}
		}
		return list
	}
	f := &extFilter{digit: '4'}
	require.Equal(x.t, want(10, 4), read(f))
	require.Equal(x.t, want(3, 1), read(tagFilter{code: codec.TagsCode("t1")}))
	if bits >= 0 {
		require.Equal(x.t, bits, f.byBits)
	}
	require.LessOrEqual(x.t, f.byRecord, x.sent-int(lo)-f.byBits+len(want(10, 4)))
}

// files lists the ext files of the queue with their lengths.
func (x *extTest) files() (list []string) {
	x.t.Helper()
	entries, err := x.fs.ReadDir("/store/consumequeue_ext/T/0")
	if err != nil {
		require.ErrorIs(x.t, err, os.ErrNotExist)
	}
	for _, e := range entries {
		require.EqualValues(x.t, extTestFile, len(x.file(e.Name())), e.Name())
		list = append(list, strings.TrimLeft(e.Name(), "0"))
	}
	return list
}

func (x *extTest) file(name string) []byte {
	x.t.Helper()
	path := filepath.Join("/store/consumequeue_ext/T/0", name)
	st, err := x.fs.Stat(path)
	require.NoError(x.t, err)
	b := make([]byte, st.Size())
	x.patch(name, func(f vfs.File) error { _, err := f.ReadAt(b, 0); return err })
	return b
}

func (x *extTest) patch(name string, do func(f vfs.File) error) {
	x.t.Helper()
	f, err := x.fs.OpenFile(filepath.Join("/store/consumequeue_ext/T/0", name), os.O_RDWR, 0)
	require.NoError(x.t, err)
	require.NoError(x.t, do(f))
	require.NoError(x.t, f.Close())
}

// TestCQExtFiles: names, lengths, bytes and addresses; from memory and from the files.
func TestCQExtFiles(t *testing.T) {
	x := newExtTest(t)
	x.put(13)
	require.Empty(t, x.files(), "in memory")
	x.check(13)
	x.s.queues.flush()
	require.Equal(t, []string{"", "174", "348"}, x.files())
	x.check(13)
	x.put(1)
	x.check(14)

	first := x.file(offsetFileName(0))
	var u cqExtUnit
	for i := range 5 {
		n, err := parseCQExtUnit(first[i*34:], &u)
		require.NoError(t, err)
		require.Equal(t, 34, n)
		require.Equal(t, cqExtUnit{codec.TagsCode(fmt.Sprint("t", i%3)), u.storeTimeMs, bytes.Repeat([]byte{byte('0' + i)}, 14)}, u)
		require.Equal(t, x.s.MessageStoreTimestamp("T", 0, int64(i)), u.storeTimeMs)
	}
	require.Equal(t, []byte{0xFF, 0xFF, 0, 0}, first[5*34:], "end mark, the rest is unused")
	for i := range int64(14) {
		e, ok := x.s.queues.find("T", 0).entry(i)
		require.True(t, ok)
		require.Equal(t, extAddress(i/5*extTestFile+i%5*34), e.tagsCode)
	}
	entries, known := x.s.QueueEntries("T", 0, 13, 1)
	require.True(t, known)
	require.Equal(t, &QueueEntryExt{codec.TagsCode("t1"), x.s.MessageStoreTimestamp("T", 0, 13), bytes.Repeat([]byte("3"), 14), 34}, entries[0].Ext)
}

// TestCQExtUnitThatDoesNotFit: the entry has the tag code, the next unit goes on.
func TestCQExtUnitThatDoesNotFit(t *testing.T) {
	ext := newConsumeQueueExt(100, 0)
	for _, c := range []struct {
		bits    int
		address int64
	}{{76, 0}, {77, 1}, {0, 100}, {0, 120}, {56, 200}, {cqExtMaxUnitBytes, 1}} {
		address, ok := ext.put(&cqExtUnit{filterBitMap: make([]byte, c.bits)})
		if c.address == 1 {
			require.False(t, ok, "%d", c.bits)
			continue
		}
		require.True(t, ok)
		require.Equal(t, extAddress(c.address), address, "%d", c.bits)
	}
	require.EqualValues(t, len(ext.tail), ext.next)
	full := newConsumeQueueExt(1<<20, cqExtMaxOffset)
	_, ok := full.put(&cqExtUnit{})
	require.False(t, ok)
}

// TestCQExtRestart: after a clean stop the units go on where they ended, whether
// the setting was on or off meanwhile.
func TestCQExtRestart(t *testing.T) {
	x := newExtTest(t)
	x.put(7)
	x.restart()
	x.check(7)
	x.put(4)
	x.cfg.EnableConsumeQueueExt = false
	x.restart()
	x.check(11 - 1) // nobody knows whether the last unit is whole
	x.put(20)
	require.NoError(t, x.s.UpdateConfig(func(c *Config) { c.EnableConsumeQueueExt = true }))
	x.put(1) // it counts from the next start on
	x.cfg.EnableConsumeQueueExt = true
	x.restart()
	x.check(11)
	x.put(9)
	x.check(20)
	require.NoError(t, x.s.UpdateConfig(func(c *Config) { c.EnableConsumeQueueExt = false }))
	x.put(1)
	x.check(20)
	x.restart()
	require.Equal(t, []string{"", "174", "348", "522"}, x.files())
	x.check(20)
}

// TestCQExtDamage: whatever is wrong with the files, the records tell; and units
// written afterwards are never taken for those of older entries.
func TestCQExtDamage(t *testing.T) {
	const name = "00000000000000000174"
	patch := func(offset int64, b ...byte) func(x *extTest) {
		return func(x *extTest) {
			x.patch(name, func(f vfs.File) error { _, err := f.WriteAt(b, offset); return err })
		}
	}
	truncate := func(size int64) func(x *extTest) {
		return func(x *extTest) { x.patch(name, func(f vfs.File) error { return f.Truncate(size) }) }
	}
	for _, c := range []struct {
		name   string
		damage func(x *extTest)
		units  int // of 18, before anything new comes
	}{
		{"none", func(*extTest) {}, 18},
		{"no folder", func(x *extTest) { require.NoError(x.t, x.fs.RemoveAll("/store/consumequeue_ext")) }, 0},
		{"a file is missing", func(x *extTest) { require.NoError(x.t, x.fs.Remove("/store/consumequeue_ext/T/0/"+name)) }, 0},
		{"the first file is missing", func(x *extTest) {
			require.NoError(x.t, x.fs.Remove("/store/consumequeue_ext/T/0/"+offsetFileName(0)))
		}, 13},
		{"the last file is missing", func(x *extTest) {
			require.NoError(x.t, x.fs.Remove("/store/consumequeue_ext/T/0/"+offsetFileName(522)))
		}, 0},
		{"short", truncate(50), 0},
		{"empty", truncate(0), 0},
		{"size 0", patch(34, 0, 0), 16}, // and what is before it may have lost its end
		{"a page is lost", patch(30, make([]byte, 100)...), 14},
		{"no size", patch(34, 0x80, 0), 17},
		{"end mark", patch(34, 0xFF, 0xFF), 17},
		{"too long", patch(34, 0x7F, 0xFF), 17},
		{"another bit map", patch(52, 0, 15), 17},
		{"last unit", func(x *extTest) {
			x.patch(offsetFileName(522), func(f vfs.File) error { _, err := f.WriteAt(make([]byte, 2), 68); return err })
		}, 0},
		{"behind the last unit", func(x *extTest) {
			x.patch(offsetFileName(522), func(f vfs.File) error { _, err := f.WriteAt([]byte{0, 34, 1}, 102); return err })
		}, 18},
		{"a file too many", func(x *extTest) {
			f, err := x.fs.OpenFile("/store/consumequeue_ext/T/0/"+offsetFileName(696), os.O_RDWR|os.O_CREATE, 0o644)
			require.NoError(x.t, err)
			require.NoError(x.t, f.Close())
		}, 18},
		{"remains of another queue", func(x *extTest) {
			require.NoError(x.t, x.fs.MkdirAll("/store/consumequeue_ext/T/7", 0o755))
			require.NoError(x.t, x.fs.MkdirAll("/store/consumequeue_ext/T/deleted-3-4", 0o755))
		}, 18},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newExtTest(t)
			x.put(18)
			require.NoError(t, x.s.Shutdown())
			c.damage(x)
			x.open()
			x.check(c.units)
			x.put(30)
			x.check(c.units + 30)
			x.restart()
			x.check(c.units + 30)
			files := x.files()
			require.True(t, slices.IsSortedFunc(files, func(a, b string) int { return len(a) - len(b) }))
			entries, err := x.fs.ReadDir("/store/consumequeue_ext/T")
			require.NoError(t, err)
			require.Len(t, entries, 1)
		})
	}
}

// TestCQExtDestroyTopic: the units go with their queue, and those of its next life begin at 0.
func TestCQExtDestroyTopic(t *testing.T) {
	x := newExtTest(t)
	x.put(7)
	x.s.queues.flush()
	require.NoError(t, x.s.DestroyTopic("T"))
	entries, err := x.fs.ReadDir("/store/consumequeue_ext/T")
	require.NoError(t, err)
	require.Empty(t, entries)
	x.sent = 0
	x.put(6)
	e, ok := x.s.queues.find("T", 0).entry(0)
	require.True(t, ok)
	require.Equal(t, extAddress(0), e.tagsCode)
	x.check(6)
	x.restart()
	require.Equal(t, []string{"", "174"}, x.files())
	x.check(6)
}

// TestCQExtExpires: ext files go when no entry points there, but never the last one.
func TestCQExtExpires(t *testing.T) {
	x := newExtTest(t)
	x.put(40)
	x.s.queues.flush()
	q := x.s.queues.find("T", 0)
	from := func(index int64) int64 { return x.s.CommitLogOffsetInQueue("T", 0, index) }
	expire := func(index int64, want ...string) {
		t.Helper()
		_, err := q.deleteExpired(from(index))
		require.NoError(t, err)
		require.Equal(t, index, x.s.MinOffsetInQueue("T", 0))
		require.Equal(t, want, x.files())
		x.check(x.sent - int(index))
	}
	expire(4, "", "174", "348", "522", "696", "870", "1044", "1218")
	expire(5, "", "174", "348", "522", "696", "870", "1044", "1218") // as Java: not while it ends where the first unit begins
	expire(6, "174", "348", "522", "696", "870", "1044", "1218")
	expire(17, "522", "696", "870", "1044", "1218")
	x.restart()
	x.check(-1)
	x.cfg.EnableConsumeQueueExt = false
	x.restart()
	x.put(40)
	x.s.queues.flush()
	q = x.s.queues.find("T", 0)
	_, err := q.deleteExpired(from(50))
	require.NoError(t, err)
	require.Equal(t, []string{"1218"}, x.files(), "the setting is off, nobody points there any more")
	x.check(0)
	x.cfg.EnableConsumeQueueExt = true
	x.restart()
	require.Empty(t, x.files())
	x.put(3)
	x.check(3)
}

// TestCQExtScheduleTopic: the unit has the time of delivery.
func TestCQExtScheduleTopic(t *testing.T) {
	x := newExtTest(t)
	m := testMessage(codec.ScheduleTopic, 2, "b")
	m.Properties = "DELAY\x013"
	require.Equal(t, PutOK, x.s.PutMessageSync(m).Status)
	waitDispatched(t, x.s)
	entries, _ := x.s.QueueEntries(codec.ScheduleTopic, 2, 0, 1)
	require.Equal(t, entries[0].Ext.StoreTimestampMs+10_000, entries[0].Ext.TagsCode)
	require.Empty(t, entries[0].Ext.FilterBitMap)
}

// TestCQExtFlushFails: while units cannot be written, entries are not either; nothing is lost.
func TestCQExtFlushFails(t *testing.T) {
	x := newExtTest(t)
	require.NoError(t, x.s.Shutdown())
	ff := vfs.NewFaultFS(x.fs, nil)
	o := testOptions(x.cfg)
	o.FS, o.BitMaps = ff, bodyBits{}
	x.s = openStore(t, o)
	x.put(7)
	ff.Inject(vfs.Nth(1, vfs.On("consumequeue_ext", vfs.OpWrite), vfs.Fault{Err: os.ErrDeadlineExceeded}))
	x.s.queues.flush()
	require.EqualValues(t, 1, x.s.queues.failing.Load())
	x.check(7)
	require.EqualValues(t, 0, x.s.queues.find("T", 0).mu.tailStart)
	x.s.queues.flush()
	require.Zero(t, x.s.queues.failing.Load())
	x.check(7)
	require.NoError(t, x.s.Shutdown())
	x.open()
	x.check(7)
}

// TestCQExtCrashes: kills and power cuts, the setting on and off in between: what
// is left is read right by tags and by bit maps, and every address leads to a
// unit of its own.
func TestCQExtCrashes(t *testing.T) {
	seeds := uint64(150)
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 3))
		x := newExtTest(t)
		for range 6 {
			for range rng.IntN(4) {
				x.put(1 + rng.IntN(12))
				if rng.IntN(2) == 0 {
					x.s.queues.flush()
				}
				if rng.IntN(3) == 0 {
					x.s.commitLog.flush()
					x.s.makeCheckpoint()
				}
			}
			x.cfg.EnableConsumeQueueExt = rng.IntN(4) != 0
			if rng.IntN(4) == 0 {
				x.restart()
				x.check(-1)
				continue
			}
			percent := []int{0, 30, 70, 100}[rng.IntN(4)]
			clone := x.fs.CrashClone(rng, vfs.Crash{UnsyncedPercent: percent, Torn: percent < 100 && rng.IntN(2) == 0})
			require.NoError(t, kill(x.s))
			x.fs = clone
			x.open()
			x.sent = int(x.s.MaxOffsetInQueue("T", 0))
			x.check(-1)
			x.checkAddresses(seed)
		}
		require.NoError(t, x.s.Shutdown())
	}
}

// checkAddresses: no two entries have the same unit, and no unit is missing after recovery.
func (x *extTest) checkAddresses(seed uint64) {
	seen := map[int64]bool{}
	entries, _ := x.s.QueueEntries("T", 0, x.s.MinOffsetInQueue("T", 0), x.sent)
	for i, e := range entries {
		if !e.ExtAddress {
			continue
		}
		require.False(x.t, seen[e.TagsCode], "seed %d, entry %d", seed, i)
		seen[e.TagsCode] = true
		if e.Ext == nil {
			require.False(x.t, x.cfg.EnableConsumeQueueExt, "seed %d: the unit of entry %d is lost", seed, i)
		}
	}
}

// FuzzCQExtHostileFiles opens whatever stands in an ext file and in the tag slots
// that lead there: messages are read right, new ones too.
func FuzzCQExtHostileFiles(f *testing.F) {
	f.Add([]byte("\x00\x22\x00\x00\x00\x00\x00\x00\x00\x01"), int64(-1<<63), int64(-1<<63+34), true)
	f.Add(appendCQExtUnit(nil, &cqExtUnit{tagsCode: 1, storeTimeMs: 2, filterBitMap: make([]byte, extTestFile-cqExtHeadBytes-1)}), int64(-1<<63), int64(-1<<63), true)
	f.Add(appendCQExtEnd(nil), int64(cqMaxExtAddress), int64(-1<<63+extTestFile), false)
	f.Fuzz(func(t *testing.T, file []byte, slot0, slot1 int64, whole bool) {
		x := newExtTest(t)
		x.put(2)
		require.NoError(t, x.s.Shutdown())
		x.patch(offsetFileName(0), func(f vfs.File) error {
			if whole {
				file = append(file, make([]byte, extTestFile)...)[:extTestFile]
			}
			_, err := f.WriteAt(file, 0)
			return errors.Join(err, f.Truncate(int64(len(file))))
		})
		queue, err := x.fs.OpenFile("/store/consumequeue/T/0/"+offsetFileName(0), os.O_RDWR, 0)
		require.NoError(t, err)
		for i, slot := range []int64{slot0, slot1} {
			_, err := queue.WriteAt(binary.BigEndian.AppendUint64(nil, uint64(slot)), int64(i*cqEntryBytes+12))
			require.NoError(t, err)
		}
		require.NoError(t, queue.Close())
		x.open()
		for range 2 {
			require.Equal(t, numbered("b", 0, x.sent), bodies(t, x.s, "T", 0, 0))
			var res GetResult
			x.s.GetMessage("T", 0, 0, 32, tagFilter{}, &res)
			require.Equal(t, x.sent, res.MsgCount)
			_, known := x.s.QueueEntries("T", 0, 0, 100)
			require.True(t, known)
			x.put(8)
			x.restart()
		}
	})
}

// TestDispatchAllocations: a record costs the dispatch nothing on the heap, units or not.
func TestDispatchAllocations(t *testing.T) {
	for _, ext := range []bool{false, true} {
		cfg := testConfig(t.TempDir())
		cfg.EnableConsumeQueueExt, cfg.FlushIntervalConsumeQueue = ext, 1<<30
		o := testOptions(cfg)
		if ext {
			o.BitMaps = bodyBits{}
		}
		s := openStore(t, o)
		m := testMessage("T", 0, "b")
		m.Properties = "TAGS\x01a\x02n\x017"
		rec, ok := s.LookMessageByOffset(s.PutMessageSync(m).PhysicalOffset)
		require.True(t, ok)
		waitDispatched(t, s)
		st, _ := codec.ParseDispatch(rec, &s.reput.view)
		require.Equal(t, codec.RecordOK, st)
		view := s.reput.view
		next := func() {
			view.QueueOffset++
			view.CommitLogOffset += int64(len(rec))
			s.reput.dispatchRecord(&view)
		}
		for range 150 {
			next() // the buffers grow
		}
		require.Zero(t, testing.AllocsPerRun(50, next), "ext %v", ext)
	}
}
