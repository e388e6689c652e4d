package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// crashModel drives a store by random operations, cuts its power or kills it,
// and compares what comes back with what was promised:
//
//   - The log that comes back is a prefix of the log that was written. A killed
//     process loses only what was still pending; a power cut loses nothing that
//     was flushed.
//   - Every message of that prefix is in its queue at the offset it was given,
//     and nothing else is.
//   - The store starts, and goes on.
type crashModel struct {
	fs    *vfs.MemFS
	store *MessageStore
	cfg   Config

	log     []modelMessage // in log order
	unheard *atomic.Int64  // callbacks of this store that have not been heard
}

type modelMessage struct {
	queue   string // topic-id
	offset  int64
	body    string
	phy     int64
	end     int64
	written bool // its commit has returned
}

func newCrashModel(t *rapid.T) *crashModel {
	m := &crashModel{fs: vfs.NewMemFS()}
	m.cfg = testConfig("/store")
	m.cfg.MappedFileSizeCommitLog = rapid.SampledFrom([]int{2048, 8192, 64 << 10}).Draw(t, "logFile")
	m.cfg.MappedFileSizeConsumeQueue = rapid.SampledFrom([]int{20, 200, 8000}).Draw(t, "queueFile")
	m.cfg.EnableConsumeQueueExt = rapid.Bool().Draw(t, "ext")
	m.cfg.MappedFileSizeConsumeQueueExt = rapid.SampledFrom([]int{24, 100, 5000}).Draw(t, "extFile")
	if rapid.Bool().Draw(t, "sync") {
		m.cfg.FlushDiskType = SyncFlush
	}
	// The loops are driven by hand.
	m.cfg.FlushIntervalCommitLog, m.cfg.FlushIntervalConsumeQueue = 1<<30, 1<<30
	m.open(t)
	return m
}

func (m *crashModel) open(t *rapid.T) {
	o := testOptions(m.cfg)
	o.FS = m.fs
	s, err := Open(o)
	require.NoError(t, err)
	require.NoError(t, s.Start())
	m.store, m.unheard = s, new(atomic.Int64)
}

// modelDone fills a message of the model when its append is done.
type modelDone struct {
	m       *crashModel
	at      []int
	st      PutStatus
	unheard *atomic.Int64
}

func (d *modelDone) PutDone(r *PutResult) {
	defer d.unheard.Add(-1)
	d.st = r.Status
	for i, at := range d.at {
		msg := &d.m.log[at]
		msg.phy, msg.offset, msg.written = r.PhysicalOffset, r.QueueOffset+int64(i), true
		if r.BatchOffsets != nil {
			msg.phy = r.BatchOffsets[i]
		}
	}
}

func (m *crashModel) put(t *rapid.T, commit bool) {
	topic := rapid.SampledFrom([]string{"A", "B"}).Draw(t, "topic")
	id := rapid.Int32Range(0, 1).Draw(t, "queue")
	body := strings.Repeat("b", rapid.IntRange(0, 700).Draw(t, "size"))
	done := &modelDone{m: m, unheard: m.unheard}
	m.unheard.Add(1)
	add := func() string {
		body := fmt.Sprintf("%d%s", len(m.log), body)
		done.at = append(done.at, len(m.log))
		m.log = append(m.log, modelMessage{queue: fmt.Sprintf("%s-%d", topic, id), body: body})
		return body
	}
	if rapid.IntRange(0, 4).Draw(t, "batch") == 0 {
		msg := testMessage(topic, id, "")
		for range rapid.IntRange(1, 3).Draw(t, "n") {
			if len(msg.Body) < 700 {
				msg.Body = codec.AppendBatchItem(msg.Body, codec.BatchItem{Body: []byte(add())})
			}
		}
		m.store.PutMessages(msg, done)
	} else {
		m.store.PutMessage(testMessage(topic, id, add()), done)
	}
	if commit {
		m.commit(t)
		require.Equal(t, PutOK, done.st)
	}
}

// commit writes everything pending and waits until all callbacks were heard.
func (m *crashModel) commit(t *rapid.T) {
	m.store.CommitPending()
	require.Eventually(t, func() bool { return m.unheard.Load() == 0 }, eventually, tick)
	waitDispatched(t, m.store)
}

// crash cuts the power, or kills the process when percent is 100.
func (m *crashModel) crash(t *rapid.T, percent int, torn bool) {
	seed := rapid.Uint64().Draw(t, "seed")
	flushed, written := m.store.FlushedWhere(), m.store.MaxPhyOffset()
	// The clone is taken with the goroutines at rest but nothing flushed.
	m.store.flags.set(flagShutdown)
	close(m.store.stop)
	m.store.running.Wait()
	clone := m.fs.CrashClone(rand.New(rand.NewPCG(seed, 1)), vfs.Crash{UnsyncedPercent: percent, Torn: torn})
	require.NoError(t, m.store.close())
	m.fs = clone
	m.open(t)

	end := m.store.MaxPhyOffset()
	require.GreaterOrEqual(t, end, flushed, "flushed bytes are lost")
	if percent == 100 && !torn {
		require.Equal(t, written, end, "a killed process loses what was written")
	}
	require.LessOrEqual(t, end, max(written, fileRound(written, m.cfg)))
	keep := 0
	for keep < len(m.log) && m.log[keep].written && m.log[keep].phy < end {
		keep++
	}
	m.log = m.log[:keep]
	m.check(t)
}

// fileRound is the end of the file: a blank record may be all that is left.
func fileRound(offset int64, cfg Config) int64 {
	n := int64(cfg.MappedFileSizeCommitLog)
	return (offset + n - 1) / n * n
}

func (m *crashModel) restart(t *rapid.T) {
	m.commit(t)
	end := m.store.MaxPhyOffset()
	require.NoError(t, m.store.Shutdown())
	m.open(t)
	require.Equal(t, end, m.store.MaxPhyOffset())
	m.check(t)
}

// check compares every queue with the model.
func (m *crashModel) check(t *rapid.T) {
	want := map[string][]string{}
	for _, msg := range m.log {
		if msg.written {
			want[msg.queue] = append(want[msg.queue], fmt.Sprintf("%d:%s", msg.offset, msg.body))
		}
	}
	for _, topic := range []string{"A", "B"} {
		for id := range int32(2) {
			name := fmt.Sprintf("%s-%d", topic, id)
			// A queue need not begin at 0: when all its messages are lost, the name of a
			// file may be left, and the queue goes on from there.
			lo := m.store.MinOffsetInQueue(topic, id)
			require.Equal(t, want[name], bodies(t, m.store, topic, id, lo), name)
			require.EqualValues(t, len(want[name]), m.store.MaxOffsetInQueue(topic, id)-lo)
		}
	}
}

func TestCrashModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newCrashModel(t)
		defer func() {
			if err := kill(m.store); err != nil {
				t.Fatal(err)
			}
		}()
		t.Repeat(map[string]func(*rapid.T){
			"put":        func(t *rapid.T) { m.put(t, true) },
			"putPending": func(t *rapid.T) { m.put(t, false) },
			"commit":     m.commit,
			"queueFlush": func(*rapid.T) { m.store.queues.flush() },
			"logFlush": func(t *rapid.T) {
				m.commit(t)
				if m.cfg.FlushDiskType == AsyncFlush { // else the flush loop does it
					m.store.commitLog.flush()
				}
			},
			"checkpoint": func(*rapid.T) { m.store.makeCheckpoint() },
			"restart":    m.restart,
			"kill":       func(t *rapid.T) { m.crash(t, 100, false) },
			"powerCut": func(t *rapid.T) {
				m.crash(t, rapid.SampledFrom([]int{0, 10, 50, 90}).Draw(t, "percent"), rapid.Bool().Draw(t, "torn"))
			},
		})
	})
}
