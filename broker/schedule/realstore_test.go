package schedule

import (
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
	"github.com/boostermq/booster/store"
)

// arrivals hands what the store tells to the service that runs now.
type arrivals struct{ service atomic.Pointer[Service] }

func (a *arrivals) Arriving(topic string, queueID int32, _, _, _ int64, _ []byte, _ string) {
	if s := a.service.Load(); s != nil && topic == codec.ScheduleTopic {
		s.Arriving(queueID)
	}
}

const realLevels = "1s 2s 3s"

func openStore(t *testing.T, dir string, a *arrivals) *store.MessageStore {
	t.Helper()
	cfg := store.DefaultConfig()
	cfg.StorePathRootDir = dir
	cfg.MappedFileSizeCommitLog, cfg.MappedFileSizeConsumeQueue = 64<<10, 2000
	cfg.MessageIndexEnable, cfg.MessageDelayLevel = false, realLevels
	st, err := store.Open(store.Options{Config: cfg, Arriving: a, Log: slog.New(slog.DiscardHandler), BrokerIPPort: netip.MustParseAddrPort("127.0.0.1:10911")})
	require.NoError(t, err)
	require.NoError(t, st.Start())
	return st
}

func startService(t *testing.T, dir string, st *store.MessageStore, a *arrivals) *Service {
	t.Helper()
	s := New(Options{FS: vfs.OS(), Path: filepath.Join(dir, "config", "delayOffset.json"), Levels: parseLevels(t, realLevels), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, s.Load())
	s.Start(st)
	a.service.Store(s)
	return s
}

// TestRealStore: over a restart in the middle every message comes once, none
// before its time.
func TestRealStore(t *testing.T) {
	dir, a := t.TempDir(), &arrivals{}
	st := openStore(t, dir, a)
	s := startService(t, dir, st, a)
	const n = 90
	sent := make(map[string]int64, n)
	for i := range n {
		m := message("T", int32(i%3), fmt.Sprint(i), 1+i%3)
		var scratch []byte
		require.True(t, s.o.Levels.Substitute(m, &scratch))
		sent[fmt.Sprint(i)] = time.Now().UnixMilli()
		require.Equal(t, store.PutOK, st.PutMessageSync(m).Status)
	}
	count := func() (total int64) {
		for q := range int32(3) {
			total += st.MaxOffsetInQueue("T", q)
		}
		return total
	}
	require.Eventually(t, func() bool { return count() >= n/3 }, 10*time.Second, 5*time.Millisecond)
	stop(t, s, st)

	st = openStore(t, dir, a)
	s = startService(t, dir, st, a)
	require.Eventually(t, func() bool { return count() >= n }, 10*time.Second, 5*time.Millisecond)
	stop(t, s, st)

	st = openStore(t, dir, a)
	require.Equal(t, int64(n), count())
	for q := range int32(3) {
		for _, m := range readAll(t, st, "T", q) {
			began, ok := sent[string(m.Body)]
			require.True(t, ok, "%s came twice", m.Body)
			delete(sent, string(m.Body))
			require.GreaterOrEqual(t, m.StoreTimestampMs-began, int64(1000*(q+1)))
		}
	}
	require.Empty(t, sent)
	require.NoError(t, st.Shutdown())
}

func stop(t *testing.T, s *Service, st *store.MessageStore) {
	t.Helper()
	s.Shutdown()
	require.NoError(t, st.Shutdown())
	require.NoError(t, s.Persist())
}

func readAll(t *testing.T, st *store.MessageStore, topic string, queueID int32) (all []codec.Message) {
	var res store.GetResult
	for offset := int64(0); ; offset = res.NextBeginOffset {
		st.GetMessage(topic, queueID, offset, 32, nil, &res)
		if res.Status != store.Found {
			return all
		}
		for b := append([]byte(nil), res.Buf...); len(b) > 0; {
			m := decode(t, b)
			all = append(all, m)
			b = b[m.StoreSizeBytes:]
		}
	}
}
