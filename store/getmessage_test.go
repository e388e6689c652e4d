package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// tagFilter matches by tag code and by a piece of the properties.
type tagFilter struct {
	code  int64
	props string
}

func (f tagFilter) MatchQueue(code, _ int64, _ []byte) bool { return f.code == 0 || f.code == code }
func (f tagFilter) MatchRecord(props string) bool           { return strings.Contains(props, f.props) }

func TestGetMessageStates(t *testing.T) {
	s := openStore(t, testOptions(testConfig(t.TempDir())))
	for i := range 10 {
		put(t, s, "T", 0, fmt.Sprint(i))
	}
	waitDispatched(t, s)
	q := s.queues.find("T", 0)
	q.min.Store(2) // as if the log were gone up to there
	var res GetResult
	f := func(offset int64, want GetStatus, next int64) {
		t.Helper()
		s.GetMessage("T", 0, offset, 32, nil, &res)
		require.Equal(t, want, res.Status)
		require.Equal(t, next, res.NextBeginOffset)
		require.EqualValues(t, 2, res.MinOffset)
		require.EqualValues(t, 10, res.MaxOffset)
	}
	f(0, OffsetTooSmall, 2)
	f(1, OffsetTooSmall, 2)
	f(2, Found, 10)
	require.Equal(t, 8, res.MsgCount)
	f(9, Found, 10)
	f(10, OffsetOverflowOne, 10)
	f(11, OffsetOverflowBadly, 10)
	f(-1, OffsetTooSmall, 2)
	require.NoError(t, s.UpdateConfig(func(c *Config) { c.BrokerRole = Slave }))
	f(0, OffsetTooSmall, 0)
	f(11, OffsetOverflowBadly, 11)
	require.NoError(t, s.UpdateConfig(func(c *Config) { c.OffsetCheckInSlave = true }))
	f(0, OffsetTooSmall, 2)
}

func TestGetMessageLimits(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.MappedFileSizeCommitLog = 1 << 20
	s := openStore(t, testOptions(cfg))
	for range 100 {
		put(t, s, "T", 0, strings.Repeat("x", 2000))
	}
	waitDispatched(t, s)
	var res GetResult
	f := func(maxNums, want int) {
		t.Helper()
		s.GetMessage("T", 0, 0, maxNums, nil, &res)
		require.Equal(t, Found, res.Status)
		require.Equal(t, want, res.MsgCount)
		require.EqualValues(t, want, res.NextBeginOffset)
	}
	f(1, 1)
	f(0, 1)
	f(20, 20)
	f(64, 32) // maxTransferCountOnMessageInMemory
	require.NoError(t, s.UpdateConfig(func(c *Config) { c.MaxTransferBytesOnMessageInMemory = 5000 }))
	f(32, 2)
	require.NoError(t, s.UpdateConfig(func(c *Config) { c.MaxTransferBytesOnMessageInMemory = 1 }))
	f(32, 1)
	require.False(t, res.SuggestSlave)
	s.memoryBytes = 100 * 1000 // 40 % of that is 40 kB
	f(32, 8)                   // maxTransferCountOnMessageInDisk
	require.True(t, res.SuggestSlave)
	require.True(t, s.CheckInDiskByConsumeOffset("T", 0, 0))
	require.False(t, s.CheckInDiskByConsumeOffset("T", 0, 99))
}

func TestGetMessageFilters(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.MappedFileSizeConsumeQueue = 6_000_000
	s := openStore(t, testOptions(cfg))
	for i := range 2000 {
		m := testMessage("T", 0, fmt.Sprint(i))
		m.Properties = fmt.Sprintf("TAGS\x01%s\x02n\x01%d", []string{"a", "b"}[i%2], i)
		s.PutMessage(m, nil)
	}
	s.CommitPending()
	waitDispatched(t, s)
	var res GetResult
	f := func(offset int64, filter MessageFilter, want GetStatus, count int, next int64) {
		t.Helper()
		s.GetMessage("T", 0, offset, 32, filter, &res)
		require.Equal(t, want, res.Status)
		require.Equal(t, count, res.MsgCount)
		require.Equal(t, next, res.NextBeginOffset)
	}
	f(0, tagFilter{code: codec.TagsCode("a")}, Found, 32, 63)
	f(1, tagFilter{code: codec.TagsCode("b"), props: "n\x0177"}, Found, 6, 801) // 800 entries are looked at
	f(0, tagFilter{code: 12345}, NoMatchedMessage, 0, 800)
	f(1990, tagFilter{code: 12345}, NoMatchedMessage, 0, 2000)
}

func TestGetMessageWhoseFileIsGone(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.MappedFileSizeCommitLog = 4096
	s := openStore(t, testOptions(cfg))
	for i := range 30 {
		put(t, s, "T", 0, fmt.Sprintf("%d%s", i, strings.Repeat("x", 700)))
	}
	waitDispatched(t, s)
	s.queues.flush()
	gone := 0
	for s.CommitLogOffsetInQueue("T", 0, int64(gone)) < 4096 {
		gone++
	}
	require.NoError(t, s.commitLog.files.deleteFirst(s.commitLog.files.snapshot()[0]))
	var res GetResult
	s.GetMessage("T", 0, 0, 32, nil, &res)
	require.Equal(t, Found, res.Status, "what is gone is passed over")
	require.Equal(t, 30-gone, res.MsgCount)
	require.EqualValues(t, 30, res.NextBeginOffset)
	s.GetMessage("T", 0, 0, 32, tagFilter{code: 5}, &res)
	require.Equal(t, NoMatchedMessage, res.Status)
	require.EqualValues(t, 4096, s.MinPhyOffset())

	// A queue file that cannot be read: go on with the next.
	require.NoError(t, s.queues.cache.close())
	require.NoError(t, os.Remove(offsetFilePath(s.queues.find("T", 0).dir(), 0)))
	s.GetMessage("T", 0, 3, 32, nil, &res)
	require.Equal(t, OffsetFoundNull, res.Status)
	require.EqualValues(t, 100, res.NextBeginOffset)
}

// stepClock gives the time it was set to.
type stepClock struct{ ms atomic.Int64 }

func (c *stepClock) now() time.Time { return time.UnixMilli(c.ms.Load()) }

func TestOffsetInQueueByTime(t *testing.T) {
	var clock stepClock
	cfg := testConfig(t.TempDir())
	cfg.MappedFileSizeConsumeQueue = 10 * cqEntryBytes
	o := testOptions(cfg)
	o.Now = clock.now
	s := openStore(t, o)
	for i := range int64(35) {
		clock.ms.Store(1000 + i*10)
		put(t, s, "T", 0, fmt.Sprint(i))
	}
	waitDispatched(t, s)
	f := func(timestampMs, want int64) {
		t.Helper()
		require.Equal(t, want, s.OffsetInQueueByTime("T", 0, timestampMs))
	}
	f(0, 0)
	f(999, 0)
	f(1000, 0)
	f(1004, 0)
	f(1005, 0) // equally near: the earlier one
	f(1006, 1)
	f(1090, 9)
	f(1091, 10) // the first file ends before, so the second is searched
	f(1200, 20)
	f(1340, 34)
	f(5000, 34) // the last entry, not max
	require.EqualValues(t, 1000, s.EarliestMessageTime("T", 0))
	require.EqualValues(t, 1120, s.MessageStoreTimestamp("T", 0, 12))
	require.EqualValues(t, -1, s.MessageStoreTimestamp("T", 0, 35))
	e, ok := s.entryOf("T", 0, 12)
	require.True(t, ok)
	require.Equal(t, e.phyOffset, s.CommitLogOffsetInQueue("T", 0, 12))
	require.Zero(t, s.CommitLogOffsetInQueue("T", 0, 35))
}

func TestScheduleTopicKeepsDeliveryTime(t *testing.T) {
	var clock stepClock
	clock.ms.Store(1_000_000)
	o := testOptions(testConfig(t.TempDir()))
	o.Now = clock.now
	s := openStore(t, o)
	f := func(level string, want int64) {
		t.Helper()
		m := testMessage(codec.ScheduleTopic, 2, "x")
		m.Properties = "DELAY\x01" + level
		r := s.PutMessageSync(m)
		require.Equal(t, PutOK, r.Status)
		waitDispatched(t, s)
		e, ok := s.entryOf(codec.ScheduleTopic, 2, r.QueueOffset)
		require.True(t, ok)
		require.Equal(t, want, e.tagsCode)
	}
	f("1", 1_001_000)
	f("5", 1_060_000)
	f("18", 1_000_000+7_200_000)
	f("19", 1_000_000+7_200_000)
	f("0", 1_001_000)
	f("?", 1_001_000)
}

func TestParseDelayLevels(t *testing.T) {
	levels, err := ParseDelayLevels("1s 2m  3h 4d")
	require.NoError(t, err)
	require.Equal(t, []int64{1000, 120_000, 10_800_000, 345_600_000}, levels)
	for _, bad := range []string{"s", "1", "1x", "-1s", "1s 2", "99999999999999999999s", "100000000000d"} {
		_, err := ParseDelayLevels(bad)
		require.Error(t, err, bad)
	}
}

// arrivals records what the listener hears.
type arrivals struct{ heard chan string }

func (a *arrivals) Arriving(topic string, queueID int32, next, tags, storeMs int64, _ []byte, props string) {
	a.heard <- fmt.Sprintf("%s-%d next=%d tags=%d %q", topic, queueID, next, tags, props)
}

func TestArrivingHearsWhatCanBeRead(t *testing.T) {
	a := &arrivals{heard: make(chan string, 10)}
	o := testOptions(testConfig(t.TempDir()))
	o.Arriving = a
	s := openStore(t, o)
	put(t, s, "T", 4, "x")
	require.Equal(t, `T-4 next=1 tags=97 "TAGS\x01a"`, <-a.heard)
	require.EqualValues(t, 1, s.MaxOffsetInQueue("T", 4))
	half := testMessage("T", 4, "prepared")
	half.SysFlag = codec.TransactionPreparedType
	require.Zero(t, s.PutMessageSync(half).QueueOffset)
	put(t, s, "T", 4, "y")
	require.Equal(t, `T-4 next=2 tags=97 "TAGS\x01a"`, <-a.heard, "a prepared record belongs to no queue")
}

func TestVanishedPagesAreAnError(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.MappedFileSizeCommitLog = 8192
	s := openStore(t, testOptions(cfg))
	for i := range 30 {
		put(t, s, "T", 0, fmt.Sprintf("%d%s", i, strings.Repeat("x", 700)))
	}
	waitDispatched(t, s)
	var res GetResult
	s.GetMessage("T", 0, 0, 32, nil, &res)
	require.Equal(t, 30, res.MsgCount)
	name, _ := logFileOf(s, 8192)
	require.NoError(t, os.Truncate(name, 0)) // reading the mapping raises SIGBUS from now on
	s.GetMessage("T", 0, 0, 32, nil, &res)
	require.Equal(t, Found, res.Status)
	require.Less(t, res.MsgCount, 30)
	require.EqualValues(t, 30, res.NextBeginOffset)
	first := int64(res.MsgCount)
	for s.CommitLogOffsetInQueue("T", 0, first) > 8192 {
		first--
	}
	_, ok := s.LookMessageByOffset(8192)
	require.False(t, ok)
	require.EqualValues(t, -1, s.MessageStoreTimestamp("T", 0, first+1))
	err := guardFault(func() error {
		f := s.commitLog.files.find(8192)
		b, err := f.bytes(8192)
		if err != nil {
			return err
		}
		return fmt.Errorf("there is a byte %d", b[0])
	})
	require.ErrorIs(t, err, errFault)
	require.Panics(t, func() {
		_ = guardFault(func() error { panic("a bug goes on") })
	})
	require.NoError(t, os.Truncate(name, 8192))
}

// TestReadErrorStopsReader: what the disk cannot read is not passed over, for it
// was acknowledged and may be read another time.
func TestReadErrorStopsReader(t *testing.T) {
	ff := vfs.NewFaultFS(vfs.NewMemFS(), nil)
	o := testOptions(testConfig("/store"))
	o.FS = ff
	s := openStore(t, o)
	for i := range 10 {
		put(t, s, "T", 0, fmt.Sprintf("%d%s", i, strings.Repeat("x", 5000)))
	}
	waitDispatched(t, s)
	bad := s.CommitLogOffsetInQueue("T", 0, 5) + 100
	res := GetResult{}
	f := func(offset int64, filter MessageFilter, want GetStatus, count int, next int64) {
		t.Helper()
		s.GetMessage("T", 0, offset, 32, filter, &res)
		require.Equal(t, want, res.Status)
		require.Equal(t, count, res.MsgCount)
		require.Equal(t, next, res.NextBeginOffset)
	}
	fail := func(part string) {
		ff.Inject(vfs.Always(vfs.Touching(vfs.On(part, vfs.OpRead), bad, bad+1), vfs.Fault{Err: syscall.EIO}))
	}
	fail("commitlog")
	f(0, nil, Found, 5, 5)
	f(5, nil, ReadFailed, 0, 5)
	f(5, tagFilter{code: 97}, ReadFailed, 0, 5)
	f(0, tagFilter{props: "none"}, NoMatchedMessage, 0, 5)
	f(6, nil, Found, 4, 10) // who resets his offset goes on
	require.False(t, s.GetMessageCached("T", 0, 5, 32, nil, &res), "who may not wait does not see the error")
	ff.Inject(nil)
	f(5, nil, Found, 5, 10)

	s.queues.flush()
	bad = 3 * cqEntryBytes
	fail("consumequeue")
	f(0, nil, ReadFailed, 0, 0)
	f(4, nil, Found, 6, 10)
	ff.Inject(nil)
	f(0, nil, Found, 10, 10)
}

// TestDamagedRecordAloneIsPassedOver: a record that is not what its entry says
// does not take those behind it along.
func TestDamagedRecordAloneIsPassedOver(t *testing.T) {
	s := openStore(t, testOptions(testConfig(t.TempDir())))
	for i := range 10 {
		put(t, s, "T", 0, fmt.Sprint(i))
	}
	waitDispatched(t, s)
	name, _ := logFileOf(s, 0)
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte{1, 2, 3}, s.CommitLogOffsetInQueue("T", 0, 3)+magicPos)
	require.NoError(t, errors.Join(err, file.Close()))
	var res GetResult
	s.GetMessage("T", 0, 0, 32, nil, &res)
	require.Equal(t, []any{Found, 9, int64(10)}, []any{res.Status, res.MsgCount, res.NextBeginOffset})
	s.GetMessage("T", 0, 3, 1, nil, &res)
	require.Equal(t, []any{Found, 1, int64(5)}, []any{res.Status, res.MsgCount, res.NextBeginOffset})
}
