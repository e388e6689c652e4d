package store

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// testConfig is small enough that a few hundred messages fill several files.
func testConfig(dir string) Config {
	cfg := DefaultConfig()
	cfg.StorePathRootDir = dir
	cfg.MappedFileSizeCommitLog = 64 << 10
	cfg.MappedFileSizeConsumeQueue = 100 * cqEntryBytes
	cfg.MaxHashSlotNum, cfg.MaxIndexNum = 500, 2000
	cfg.MessageIndexEnable = false
	return cfg
}

func testOptions(cfg Config) Options {
	return Options{
		Config: cfg, Log: slog.New(slog.NewTextHandler(testLog(), nil)),
		BrokerIPPort: netip.MustParseAddrPort("127.0.0.1:10911"),
	}
}

// openStore opens and starts a store which the test's end stops, unless the test did.
func openStore(t testing.TB, o Options) *MessageStore {
	t.Helper()
	s, err := Open(o)
	require.NoError(t, err)
	require.NoError(t, s.Start())
	t.Cleanup(func() {
		if s.lock != nil {
			require.NoError(t, s.Shutdown())
		}
	})
	return s
}

func testMessage(topic string, queueID int32, body string) *codec.Message {
	return &codec.Message{
		Topic: topic, QueueID: queueID, Body: []byte(body), Properties: "TAGS\x01a",
		BornTimestampMs: 1, BornHost: netip.MustParseAddrPort("10.0.0.1:4711"),
	}
}

// put stores a message and waits until it can be read.
func put(t testing.TB, s *MessageStore, topic string, queueID int32, body string) PutResult {
	t.Helper()
	r := s.PutMessageSync(testMessage(topic, queueID, body))
	require.Equal(t, PutOK, r.Status, s.NotWriteableReason())
	return r
}

// waitDispatched returns when everything in the log can be read from its queue.
func waitDispatched(t require.TestingT, s *MessageStore) {
	require.Eventually(t, func() bool { return s.DispatchBehindBytes() == 0 }, eventually, tick)
}

// bodies reads a queue from offset on and returns "queueOffset:body" of each message.
func bodies(t require.TestingT, s *MessageStore, topic string, queueID int32, offset int64) (got []string) {
	var res GetResult
	for {
		s.GetMessage(topic, queueID, offset, 32, nil, &res)
		if res.Status != Found {
			return got
		}
		for b := res.Buf; len(b) > 0; {
			var m codec.Message
			n, err := codec.DecodeRecord(b, &m, codec.DecodeOptions{CheckCRC: true})
			require.NoError(t, err)
			require.Equal(t, topic, m.Topic)
			require.Equal(t, queueID, m.QueueID)
			got = append(got, fmt.Sprintf("%d:%s", m.QueueOffset, m.Body))
			b = b[n:]
		}
		require.Greater(t, res.NextBeginOffset, offset)
		offset = res.NextBeginOffset
	}
}

// numbered is "from:prefix from" … "to-1:prefix to-1".
func numbered(prefix string, from, to int) (want []string) {
	for i := from; i < to; i++ {
		want = append(want, fmt.Sprintf("%d:%s%d", i, prefix, i))
	}
	return want
}

// recorder is a callback that keeps what it hears.
type recorder struct {
	results chan PutResult
	noWait  bool
}

func newRecorder(n int) *recorder { return &recorder{results: make(chan PutResult, n)} }

func (r *recorder) PutDone(p *PutResult) {
	res := *p
	res.BatchOffsets = append([]int64(nil), p.BatchOffsets...)
	r.results <- res
}

func (r *recorder) NoWait() bool { return r.noWait }

// kill ends a store as kill -9 would: what is in memory only is lost.
func kill(s *MessageStore) error {
	s.flags.set(flagShutdown)
	if s.started {
		close(s.stop)
		s.running.Wait()
	}
	s.commitLog.files.mu.Lock()
	ahead := s.commitLog.files.mu.ahead
	s.commitLog.files.mu.ahead = nil // stays on disk
	s.commitLog.files.mu.Unlock()
	if ahead != nil {
		if err := ahead.file.Close(); err != nil {
			return err
		}
	}
	return s.close()
}

// testLog is where stores of tests log to: STORE_TEST_LOG=1 shows it.
func testLog() io.Writer {
	if os.Getenv("STORE_TEST_LOG") != "" {
		return os.Stderr
	}
	return io.Discard
}
