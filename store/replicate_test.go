package store

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// copyLog brings the slave's log up to the master's, in pieces of n bytes.
func copyLog(t *testing.T, master, slave *MessageStore, n int) {
	t.Helper()
	buf := make([]byte, n)
	for at := slave.MaxPhyOffset(); at < master.MaxPhyOffset(); {
		got, err := master.ReadLog(buf, at)
		require.NoError(t, err)
		require.NoError(t, slave.AppendLog(at, buf[:got]))
		at += int64(got)
	}
}

func TestSlaveCopiesTheLog(t *testing.T) {
	// With the one size of bodies the master dies in a record, with the other in a blank record.
	for padBytes, flush := range map[int]FlushDiskType{200: AsyncFlush, 300: SyncFlush} {
		t.Run(string(flush), func(t *testing.T) {
			cfg := testConfig(t.TempDir())
			cfg.MappedFileSizeCommitLog = 4096
			master := openStore(t, testOptions(cfg))
			cfg = testConfig(t.TempDir())
			cfg.MappedFileSizeCommitLog = 4096
			cfg.BrokerRole, cfg.FlushDiskType = Slave, flush
			slave := openStore(t, testOptions(cfg))
			pad := strings.Repeat("x", padBytes)
			for i := range 40 {
				put(t, master, "T", 0, fmt.Sprintf("%s%d", pad, i))
				copyLog(t, master, slave, 100) // pieces end within records
			}
			waitDispatched(t, slave)
			require.Equal(t, numbered(pad, 0, 40), bodies(t, slave, "T", 0, 0))
			require.ErrorIs(t, slave.AppendLog(5, []byte("x")), ErrNotContiguous)
			_, err := master.ReadLog(make([]byte, 10), master.MaxPhyOffset()+1)
			require.Error(t, err)

			// The master dies in the middle of a record; the slave takes over.
			end := slave.MaxPhyOffset()
			half := put(t, master, "T", 0, "half")
			part := make([]byte, 50)
			n, err := master.ReadLog(part, end)
			require.NoError(t, err)
			require.NoError(t, slave.AppendLog(end, part[:n]))
			require.NoError(t, slave.Shutdown())
			require.NoFileExists(t, slave.abortPath(), "part of a record is no reason to recover")
			slave = openStore(t, testOptions(*slave.Config()))
			at := slave.MaxPhyOffset()
			n, err = master.ReadLog(part, at)
			require.NoError(t, err)
			require.NoError(t, slave.AppendLog(at, part[:n]))
			require.NoError(t, slave.BecomeMaster())
			require.NoError(t, slave.UpdateConfig(func(c *Config) { c.BrokerRole = AsyncMaster }))
			require.Equal(t, half.PhysicalOffset, slave.MaxPhyOffset(), "end %d", end)
			require.EqualValues(t, 40, put(t, slave, "T", 0, pad+"40").QueueOffset)
			waitDispatched(t, slave)
			require.Equal(t, numbered(pad, 0, 41), bodies(t, slave, "T", 0, 0))
			require.NoError(t, slave.Shutdown())
			slave = openStore(t, testOptions(*slave.Config()))
			require.Equal(t, numbered(pad, 0, 41), bodies(t, slave, "T", 0, 0))
		})
	}
}

func TestSlaveThatStartsLate(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.MappedFileSizeCommitLog = 4096
	master := openStore(t, testOptions(cfg))
	pad := strings.Repeat("x", 300)
	for i := range 40 {
		put(t, master, "T", 0, fmt.Sprintf("%s%d", pad, i))
	}
	cfg = testConfig(t.TempDir())
	cfg.MappedFileSizeCommitLog = 4096
	cfg.BrokerRole = Slave
	slave := openStore(t, testOptions(cfg))
	start := master.LogFileStart(master.MaxPhyOffset())
	buf := make([]byte, 4096)
	n, err := master.ReadLog(buf, start)
	require.NoError(t, err)
	require.NoError(t, slave.AppendLog(start, buf[:n]))
	waitDispatched(t, slave)
	require.Equal(t, start, slave.MinPhyOffset())
	first := slave.MinOffsetInQueue("T", 0)
	require.Positive(t, first)
	require.Equal(t, numbered(pad, int(first), 40), bodies(t, slave, "T", 0, first))
	require.NoError(t, kill(slave))
	slave = openStore(t, testOptions(cfg))
	require.Equal(t, first, slave.MinOffsetInQueue("T", 0))
	require.Equal(t, numbered(pad, int(first), 40), bodies(t, slave, "T", 0, first))
}

func TestMultiDispatch(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.EnableMultiDispatch, cfg.EnableLmq, cfg.MaxLmqConsumeQueueNum = true, true, 2
	s := openStore(t, testOptions(cfg))
	f := func(names string, want PutStatus) PutResult {
		t.Helper()
		m := testMessage("T", 3, "m")
		m.Properties = codec.PropertyInnerMultiDispatch + "\x01" + names
		r := s.PutMessageSync(m)
		require.Equal(t, want, r.Status)
		return r
	}
	f("%LMQ%a", PutOK)
	r := f("%LMQ%a,%LMQ%b,Other", PutOK)
	f("%LMQ%c", LMQConsumeQueueNumExceeded)
	f("a/b", MessageIllegal)
	waitDispatched(t, s)
	raw, ok := s.LookMessageByOffset(r.PhysicalOffset)
	require.True(t, ok)
	props, ok := codec.RecordProperties(raw)
	require.True(t, ok)
	offsets, ok := codec.GetProperty(props, codec.PropertyInnerMultiQueueOffset)
	require.True(t, ok)
	require.Equal(t, "1,0,0", offsets)
	check := func(s *MessageStore) {
		require.EqualValues(t, 2, s.MaxOffsetInQueue("T", 3))
		require.EqualValues(t, 2, s.MaxOffsetInQueue("%LMQ%a", 0))
		require.EqualValues(t, 1, s.MaxOffsetInQueue("%LMQ%b", 0))
		require.EqualValues(t, 1, s.MaxOffsetInQueue("Other", 3))
		require.Equal(t, r.PhysicalOffset, s.CommitLogOffsetInQueue("%LMQ%a", 0, 1))
		require.Equal(t, r.PhysicalOffset, s.CommitLogOffsetInQueue("Other", 3, 0))
	}
	check(s)
	require.NoError(t, kill(s))
	check(openStore(t, testOptions(cfg)))
}

// TestConcurrentUse runs putters, readers and a deleter at once; the race
// detector and the order of every queue are what it looks at.
func TestConcurrentUse(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.FlushIntervalConsumeQueue, cfg.FlushIntervalCommitLog = 1, 1
	s := openStore(t, testOptions(cfg))
	put(t, s, "First", 0, "x") // of a topic that stays: a record of a deleted one is not found
	const putters, each = 4, 1000
	var wg sync.WaitGroup
	for p := range putters {
		wg.Go(func() {
			rec := newRecorder(each)
			for i := range each {
				s.PutMessage(testMessage("T", int32(p), fmt.Sprintf("p%d", i)), rec)
				if i%7 == 0 {
					s.CommitPending()
				}
			}
			s.CommitPending()
			for range each {
				if r := <-rec.results; r.Status != PutOK {
					t.Error(r.Status)
				}
			}
		})
		wg.Go(func() {
			var res GetResult
			for offset := int64(0); offset < each; {
				s.GetMessage("T", int32(p), offset, 32, nil, &res)
				if res.Status == Found {
					offset = res.NextBeginOffset
				}
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			if st := s.PutMessageSync(testMessage("Gone", 0, "x")).Status; st != PutOK {
				t.Error(st)
			}
			if err := s.DestroyTopic("Gone"); err != nil {
				t.Error(err)
			}
			s.OffsetInQueueByTime("T", 0, 1)
			if _, ok := s.LookMessageByOffset(0); !ok {
				t.Error(errors.New("the first record cannot be read"))
			}
		}
	})
	wg.Wait()
	waitDispatched(t, s)
	for p := range int32(putters) {
		require.Equal(t, numbered("p", 0, each), bodies(t, s, "T", p, 0))
	}
	require.NoError(t, s.Shutdown())
	s = openStore(t, testOptions(cfg))
	for p := range int32(putters) {
		require.Equal(t, numbered("p", 0, each), bodies(t, s, "T", p, 0))
	}
}
