package store

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

const (
	eventually = 10 * time.Second
	tick       = time.Millisecond
)

func TestPutGetAcrossFilesAndRestart(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, testOptions(testConfig(dir)))
	pad := strings.Repeat("x", 200)
	for i := range 500 {
		r := put(t, s, "T", 3, fmt.Sprintf("%s%d", pad, i))
		require.EqualValues(t, i, r.QueueOffset)
	}
	waitDispatched(t, s)
	require.Equal(t, numbered(pad, 0, 500), bodies(t, s, "T", 3, 0))
	require.Equal(t, numbered(pad, 123, 500), bodies(t, s, "T", 3, 123))
	end := s.MaxPhyOffset()
	require.NoError(t, s.Shutdown())
	require.NoFileExists(t, filepath.Join(dir, "abort"))
	require.NoFileExists(t, offsetFilePath(filepath.Join(dir, "commitlog"), end-end%(64<<10)+64<<10), "the file created ahead goes at a clean stop")

	s = openStore(t, testOptions(testConfig(dir)))
	require.Equal(t, end, s.MaxPhyOffset())
	require.Equal(t, numbered(pad, 0, 500), bodies(t, s, "T", 3, 0))
	require.EqualValues(t, 500, put(t, s, "T", 3, "next").QueueOffset)
	require.FileExists(t, filepath.Join(dir, "abort"))
}

func TestBatchOffsetsAreConsecutive(t *testing.T) {
	s := openStore(t, testOptions(testConfig(t.TempDir())))
	put(t, s, "T", 0, "first")
	m := testMessage("T", 0, "")
	m.Body = nil
	for i := range 3 {
		m.Body = codec.AppendBatchItem(m.Body, codec.BatchItem{Flag: int32(i), Body: fmt.Appendf(nil, "b%d", i+1), Properties: "K\x01v"})
	}
	m.Properties = "CLUSTER\x01c"
	rec := newRecorder(1)
	s.PutMessages(m, rec)
	s.CommitPending()
	r := <-rec.results
	require.Equal(t, PutOK, r.Status)
	require.EqualValues(t, 1, r.QueueOffset)
	require.Len(t, r.BatchOffsets, 3)
	require.Equal(t, r.PhysicalOffset, r.BatchOffsets[0])
	waitDispatched(t, s)
	require.Equal(t, []string{"1:b1", "2:b2", "3:b3"}, bodies(t, s, "T", 0, 1))
	raw, ok := s.LookMessageByOffset(r.BatchOffsets[2])
	require.True(t, ok)
	var got codec.Message
	_, err := codec.DecodeRecord(raw, &got, codec.DecodeOptions{CheckCRC: true})
	require.NoError(t, err)
	require.Equal(t, "K\x01v\x02CLUSTER\x01c", got.Properties)
	require.EqualValues(t, 2, got.Flag)
	require.Equal(t, r.BatchOffsets[2], got.CommitLogOffset)
	require.Equal(t, "127.0.0.1:10911", got.StoreHost.String())
}

func TestPutRefusals(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.MaxMessageSize = 1000
	s := openStore(t, testOptions(cfg))
	f := func(want PutStatus, change func(m *codec.Message)) {
		t.Helper()
		m := testMessage("T", 0, "b")
		change(m)
		require.Equal(t, want, s.PutMessageSync(m).Status)
	}
	f(PutOK, func(*codec.Message) {})
	f(MessageIllegal, func(m *codec.Message) { m.Body = make([]byte, 1001) })
	f(PutOK, func(m *codec.Message) { m.Body = make([]byte, 1000) })
	f(PropertiesSizeExceeded, func(m *codec.Message) { m.Properties = strings.Repeat("p", 32768) })
	f(MessageIllegal, func(m *codec.Message) { m.Topic = strings.Repeat("t", 128) })
	f(MessageIllegal, func(m *codec.Message) { m.Topic = "../../etc" })
	f(MessageIllegal, func(m *codec.Message) { m.QueueID = -1 })
	require.NoError(t, s.UpdateConfig(func(c *Config) { c.MaxMessageSize = 1 << 20 }))
	f(MessageIllegal, func(m *codec.Message) { m.Body = make([]byte, 64<<10) })
	require.NoError(t, s.UpdateConfig(func(c *Config) { c.BrokerRole = Slave }))
	f(ServiceNotAvailable, func(*codec.Message) {})
	require.NoError(t, s.UpdateConfig(func(c *Config) { c.BrokerRole = AsyncMaster }))
	require.NoError(t, s.Shutdown())
	f(ServiceNotAvailable, func(*codec.Message) {})
	require.Equal(t, []string{"T"}, s.Topics(), "a refused message creates no queue")
}

func TestSecondStoreIsRefused(t *testing.T) {
	dir := t.TempDir()
	openStore(t, testOptions(testConfig(dir)))
	_, err := Open(testOptions(testConfig(dir)))
	require.ErrorIs(t, err, ErrLocked)
	require.ErrorContains(t, err, "Lock failed,MQ already started")
}

func TestLookRefusesOffsetsInsideRecords(t *testing.T) {
	s := openStore(t, testOptions(testConfig(t.TempDir())))
	put(t, s, "T", 0, "zero")
	// A body that is a record of queue T-0 and knows where it will stand.
	inner := testMessage("T", 0, "forged")
	first := put(t, s, "T", 0, "one")
	bodyAt := first.PhysicalOffset + int64(first.SizeBytes) + 88
	inner.CommitLogOffset, inner.QueueOffset = bodyAt, 2
	forged, err := codec.AppendRecord(nil, inner)
	require.NoError(t, err)
	r := put(t, s, "T", 0, string(forged))
	waitDispatched(t, s)

	_, ok := s.LookMessageByOffset(r.PhysicalOffset)
	require.True(t, ok)
	var v codec.DispatchView
	_, ok = s.commitLog.copyRecord(bodyAt, &v)
	require.True(t, ok, "the forged record is well-formed")
	_, ok = s.LookMessageByOffset(bodyAt)
	require.False(t, ok)
	_, ok = s.LookMessageByOffset(-5)
	require.False(t, ok)
	_, ok = s.LookMessageByOffset(s.MaxPhyOffset())
	require.False(t, ok)
}

func TestDestroyTopicStartsAgainAtZero(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, testOptions(testConfig(dir)))
	for i := range 250 {
		put(t, s, "T", 0, fmt.Sprint(i))
		put(t, s, "Keep", 0, fmt.Sprint(i))
	}
	waitDispatched(t, s)
	s.queues.flush()
	require.Equal(t, []string{"Keep", "T"}, s.Topics())
	require.Equal(t, 1, s.CleanUnusedTopics(func(topic string) bool { return topic == "Keep" }))
	require.Equal(t, []string{"Keep"}, s.Topics())
	require.NoDirExists(t, filepath.Join(dir, "consumequeue", "T", "0"))
	require.Zero(t, s.MaxOffsetInQueue("T", 0))
	require.ErrorIs(t, s.DestroyTopic(codec.ScheduleTopic), ErrProtectedTopic)

	require.EqualValues(t, 0, put(t, s, "T", 0, "0").QueueOffset)
	waitDispatched(t, s)
	require.Equal(t, []string{"0:0"}, bodies(t, s, "T", 0, 0))
	require.NoError(t, s.Shutdown())
	s = openStore(t, testOptions(testConfig(dir)))
	require.Equal(t, []string{"0:0"}, bodies(t, s, "T", 0, 0))
	require.Len(t, bodies(t, s, "Keep", 0, 0), 250)
}

func TestReadsCreateNothing(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, testOptions(testConfig(dir)))
	var res GetResult
	s.GetMessage("Nobody", 0, 5, 32, nil, &res)
	require.Equal(t, NoMessageInQueue, res.Status)
	require.Zero(t, res.NextBeginOffset)
	require.Zero(t, s.MaxOffsetInQueue("Nobody", 0))
	require.Zero(t, s.MinOffsetInQueue("Nobody", 0))
	require.Zero(t, s.OffsetInQueueByTime("Nobody", 0, 1))
	require.EqualValues(t, -1, s.EarliestMessageTime("Nobody", 0))
	require.Empty(t, s.Topics())
	_, err := os.Stat(filepath.Join(dir, "consumequeue", "Nobody"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestGarbageThatLooksLikeARecord(t *testing.T) {
	s := openStore(t, testOptions(testConfig(t.TempDir())))
	rec, err := codec.AppendRecord(nil, testMessage("T", 0, "body"))
	require.NoError(t, err)
	for _, size := range []uint32{0, 1, 90, 91, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF} {
		garbage := append([]byte(nil), rec...)
		binary.BigEndian.PutUint32(garbage, size)
		at := put(t, s, "T", 0, string(garbage)).PhysicalOffset + 88
		var v codec.DispatchView
		_, ok := s.commitLog.copyRecord(at, &v)
		require.False(t, ok)
		require.Equal(t, s.MaxPhyOffset(), s.commitLog.findRecord(at, s.MaxPhyOffset()))
	}
}
