package transaction

import (
	"log/slog"
	"net/netip"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker/offset"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

// realBroker is the service over a store and an offset manager on disk.
type realBroker struct {
	*Service
	store   *store.MessageStore
	offsets *offset.Manager

	mu     sync.Mutex
	asked  map[string]sent // body → the copy that was asked about last
	rounds atomic.Int32
}

func startReal(t *testing.T, cfg store.Config, checks Config) *realBroker {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	st, err := store.Open(store.Options{Config: cfg, Log: log, BrokerIPPort: brokerHost})
	require.NoError(t, err)
	require.NoError(t, st.Start())
	b := &realBroker{store: st, offsets: offset.New(offset.Options{FS: vfs.OS(), Path: filepath.Join(cfg.StorePathRootDir, "config", "consumerOffset.json"), Log: log}), asked: map[string]sent{}}
	require.NoError(t, b.offsets.Load())
	b.Service = New(Options{
		Config:    func() Config { return checks },
		StoreHost: func() netip.AddrPort { return brokerHost }, Offsets: b.offsets,
		AvailableChannel: func(string) Channel { return b }, EnsureTopic: func(string) { b.rounds.Add(1) }, Log: log,
	})
	b.UseStore(st)
	b.Start()
	return b
}

func (b *realBroker) RemoteAddr() string { return "10.0.0.1:4711" }

func (b *realBroker) InvokeOneway(cmd *codec.Command) error {
	var h codec.CheckTransactionStateRequestHeader
	if err := h.DecodeFields(codec.HeaderFields(cmd.Header)); err != nil {
		return err
	}
	var m codec.Message
	if _, err := codec.DecodeRecord(cmd.Body, &m, codec.DecodeOptions{CheckCRC: true}); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked[string(m.Body)] = sent{h.TranStateTableOffset, h.CommitLogOffset}
	return nil
}

func (b *realBroker) shutdown(t *testing.T) {
	t.Helper()
	b.Shutdown()
	require.NoError(t, b.store.Shutdown())
	b.CommitOffsets()
	require.NoError(t, b.offsets.Persist())
}

func (b *realBroker) end(m sent, decision int32) *Answer {
	return b.End(&codec.EndTransactionRequestHeader{
		ProducerGroup: "PG", TranStateTableOffset: m.queueOffset, CommitLogOffset: m.phyOffset, CommitOrRollback: decision,
	})
}

// TestRealStore: messages over several files of the log and a restart: one
// third is committed at once, one when asked, one is rolled back when asked.
func TestRealStore(t *testing.T) {
	cfg := store.DefaultConfig()
	cfg.StorePathRootDir = t.TempDir()
	cfg.MappedFileSizeCommitLog, cfg.MappedFileSizeConsumeQueue = 64<<10, 2000
	cfg.MessageIndexEnable = false
	checks := Config{CheckInterval: 200 * time.Millisecond, CheckMax: 15, FileReserved: time.Hour}
	b := startReal(t, cfg, checks)
	const n = 300
	for i := range n {
		m := message("T", 1, strconv.Itoa(i), "")
		var scratch []byte
		require.True(t, Substitute(m, &scratch))
		res := b.store.PutMessageSync(m)
		require.Equal(t, store.PutOK, res.Status)
		if i%3 == 0 {
			require.Equal(t, ok, b.end(sent{res.QueueOffset, res.PhysicalOffset}, commit))
		}
	}
	askedAll := func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.asked) >= 2*n/3 }
	require.Eventually(t, askedAll, 20*time.Second, 5*time.Millisecond)
	b.shutdown(t)
	asked := b.asked

	b = startReal(t, cfg, checks)
	for body, m := range asked {
		i, err := strconv.Atoi(body)
		require.NoError(t, err)
		require.NotZero(t, i%3)
		if i%3 == 1 {
			require.Equal(t, ok, b.end(m, commit))
		} else {
			require.Equal(t, okRollback, b.end(m, rollback))
		}
	}
	require.Eventually(t, func() bool { return b.store.DispatchBehindBytes() == 0 && b.HalfMessages() == 0 }, 20*time.Second, 5*time.Millisecond)
	b.shutdown(t)

	b = startReal(t, cfg, checks) // it reads again what was not committed, and asks nobody
	require.Eventually(t, func() bool { return b.rounds.Load() >= 2 }, 20*time.Second, 5*time.Millisecond)
	got := map[string]int{}
	var res store.GetResult
	for at := int64(0); at < b.store.MaxOffsetInQueue("T", 1); at = res.NextBeginOffset {
		b.store.GetMessage("T", 1, at, 32, nil, &res)
		require.Equal(t, store.Found, res.Status)
		for rec := res.Buf; len(rec) > 0; {
			m := decode(t, rec)
			got[string(m.Body)]++
			rec = rec[m.StoreSizeBytes:]
		}
	}
	require.Len(t, got, 2*n/3)
	for body, times := range got {
		require.Equal(t, 1, times, body)
	}
	halfMax, opMax := b.halfMax(), b.opMax()
	b.shutdown(t)
	require.Empty(t, b.asked)
	require.Equal(t, halfMax, b.offsets.Query(codec.TransConsumerGroup, codec.TransHalfTopic, 0))
	require.Equal(t, opMax, b.offsets.Query(codec.TransConsumerGroup, codec.TransOpHalfTopic, 0))
}
