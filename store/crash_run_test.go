package store

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// TestCrashRuns lets producers and a consumer run against a store, with faults of
// the disk in every third run, and cuts the power (or kills the process) at some
// operation of the file system, during recovery too. What comes back must hold:
//
//	I1  what was acknowledged, as durably as the settings promise, is there
//	I2  queue offsets are dense, rise with the log, and a message keeps its place
//	I3  a producer's messages are in the order in which they were sent
//	I4  with SYNC_FLUSH what a consumer has seen does not vanish
//	I9  the store starts
//
// and every message is found by its key, once. STORE_CRASH_SEED=n repeats one
// seed; the goroutines make each run of it different.
func TestCrashRuns(t *testing.T) {
	seeds, first := uint64(400), uint64(0)
	if testing.Short() {
		seeds = 60
	}
	if text := os.Getenv("STORE_CRASH_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		for range 200 {
			newCrashRun(t, n).run()
		}
		return
	}
	for seed := first; seed < first+seeds && !t.Failed(); seed++ {
		newCrashRun(t, seed).run()
	}
}

// place is where a message is.
type place struct {
	topic               string
	queueID             int32
	offset, phy, endPhy int64
}

// crashRun is a store through several crashes.
type crashRun struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	cfg  Config
	mem  *vfs.MemFS

	sent      map[string]bool  // bodies, whatever became of them
	safe      map[string]place // must be there for ever
	indexGaps bool             // a fault kept records out of the index
	tornKeys  map[string]bool  // see storedKey
}

func newCrashRun(t *testing.T, seed uint64) *crashRun {
	r := &crashRun{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 9)), mem: vfs.NewMemFS(), sent: map[string]bool{}, tornKeys: map[string]bool{}, safe: map[string]place{}}
	r.cfg = testConfig("/store")
	r.cfg.MappedFileSizeCommitLog = []int{2048, 8192, 64 << 10}[r.rng.IntN(3)]
	r.cfg.MappedFileSizeConsumeQueue = []int{2, 10, 400}[r.rng.IntN(3)] * cqEntryBytes
	r.cfg.MessageIndexEnable, r.cfg.MaxHashSlotNum, r.cfg.MaxIndexNum = true, 20, []int{10, 1000}[r.rng.IntN(2)]
	r.cfg.EnableConsumeQueueExt, r.cfg.MappedFileSizeConsumeQueueExt = r.rng.IntN(2) == 0, []int{24, 100, 5000}[r.rng.IntN(3)]
	if r.rng.IntN(2) == 0 {
		r.cfg.FlushDiskType = SyncFlush
	}
	r.cfg.FlushIntervalCommitLog, r.cfg.FlushCommitLogThoroughInterval = 1, 1+r.rng.IntN(10)
	r.cfg.FlushIntervalConsumeQueue, r.cfg.FlushConsumeQueueThoroughInterval = 1, 1+r.rng.IntN(10)
	return r
}

func (r *crashRun) run() {
	for generation := range 3 {
		g := &crashGeneration{crashRun: r, number: generation, acked: map[string]place{}, seen: map[string]place{}}
		g.percent = []int{0, 20, 50, 90, 100, 100}[r.rng.IntN(6)]
		g.torn = g.percent < 100 && r.rng.IntN(2) == 0
		g.crashAt = 1 + int64(r.rng.IntN([]int{20, 200, 2000}[r.rng.IntN(3)]))
		g.cloneSeed = r.rng.Uint64()
		g.faults, g.fault = r.pickFault()
		g.run()
		r.reopen(g)
	}
}

func (r *crashRun) describe(g *crashGeneration) string {
	return fmt.Sprintf("seed %d, generation %d, %s, %d%% of what was not synced survives, torn %v, crash at operation %d, fault %q",
		r.seed, g.number, r.cfg.FlushDiskType, g.percent, g.torn, g.crashAt, g.fault)
}

// pickFault chooses what goes wrong with the disk in every third generation.
func (r *crashRun) pickFault() (vfs.Injector, string) {
	n := int64(1 + r.rng.IntN(30))
	write := vfs.Fault{Err: syscall.EIO, Short: r.rng.IntN(300)}
	list := []struct {
		name string
		in   vfs.Injector
	}{
		{"log write", vfs.Nth(n, vfs.On("commitlog", vfs.OpWrite), write)},
		{"log sync", vfs.Nth(n, vfs.On("commitlog", vfs.OpSync), vfs.Fault{Err: syscall.EIO})},
		{"log sync, too late", vfs.Nth(n, vfs.On("commitlog", vfs.OpSync), vfs.Fault{Err: syscall.EIO, After: true})},
		{"log file", vfs.Nth(1+n/10, vfs.On("commitlog", vfs.OpCreate, vfs.OpTruncate), vfs.Fault{Err: syscall.ENOSPC})},
		{"log folder", vfs.Nth(1+n/10, vfs.On("commitlog", vfs.OpSyncDir), vfs.Fault{Err: syscall.EIO})},
		{"queue write", vfs.From(n, vfs.On("consumequeue", vfs.OpWrite, vfs.OpCreate), vfs.Fault{Err: syscall.ENOSPC})},
		{"queue write once", vfs.Nth(n, vfs.On("consumequeue", vfs.OpWrite), write)},
		{"queue sync", vfs.Nth(n, vfs.On("consumequeue", vfs.OpSync, vfs.OpSyncDir), vfs.Fault{Err: syscall.EIO})},
		{"index", vfs.From(n/4+1, vfs.On("/index", vfs.OpAllocate, vfs.OpCreate, vfs.OpTruncate), vfs.Fault{Err: syscall.ENOSPC})},
		{"index sync", vfs.Nth(n/4+1, vfs.On("/index", vfs.OpMapSync, vfs.OpSyncDir), vfs.Fault{Err: syscall.EIO})},
		{"checkpoint", vfs.Nth(n/4+1, vfs.On("checkpoint", vfs.OpWrite, vfs.OpSync, vfs.OpCreate, vfs.OpOpen), write)},
		{"slow disk", vfs.Always(func(op vfs.Op) bool { return op.Kind == vfs.OpSync && op.Count%7 == 0 }, vfs.Fault{Delay: 2 * time.Millisecond})},
	}
	if r.rng.IntN(3) != 0 {
		return nil, ""
	}
	f := list[r.rng.IntN(len(list))]
	r.indexGaps = r.indexGaps || strings.HasPrefix(f.name, "index")
	return f.in, f.name
}

// crashGeneration is the time from one start to the next crash.
type crashGeneration struct {
	*crashRun
	number  int
	percent int
	torn    bool
	crashAt int64
	fault   string

	faults    vfs.Injector
	cloneSeed uint64
	ops       atomic.Int64
	store     atomic.Pointer[MessageStore]
	stop      atomic.Bool

	mu          sync.Mutex
	acked, seen map[string]place // so far
	promised    map[string]place // when it crashed
	clone       *vfs.MemFS
}

func (g *crashGeneration) run() {
	ff := vfs.NewFaultFS(g.mem, g.inject)
	o := testOptions(g.cfg)
	o.FS = ff
	s, err := Open(o)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		require.NotEmpty(g.t, g.fault, "%s: %v", g.describe(g), err)
		g.crash()
		return
	}
	g.store.Store(s)
	var producers, consumer sync.WaitGroup
	for p := range 2 {
		rng := rand.New(rand.NewPCG(g.rng.Uint64(), 1))
		producers.Go(func() { g.produce(s, p, rng) })
	}
	consumer.Go(func() { g.consume(s) })
	producers.Wait()
	g.crash()
	g.stop.Store(true)
	consumer.Wait()
	if err := kill(s); err != nil && g.fault == "" {
		require.NoError(g.t, err, g.describe(g))
	}
}

// inject is called before every operation of the file system.
func (g *crashGeneration) inject(op vfs.Op) vfs.Fault {
	if g.ops.Add(1) == g.crashAt {
		g.crash()
	}
	if g.faults == nil {
		return vfs.Fault{}
	}
	return g.faults(op)
}

// crash keeps what a crash at this moment leaves, and what must be in it. The
// run goes on a little, to no effect.
func (g *crashGeneration) crash() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.clone != nil {
		return
	}
	g.promised = maps.Clone(g.safe)
	var flushed int64
	if s := g.store.Load(); s != nil {
		flushed = s.FlushedWhere()
	}
	for _, list := range []map[string]place{g.acked, g.seen} {
		for body, at := range list {
			if g.cfg.FlushDiskType == SyncFlush || g.percent == 100 || at.endPhy <= flushed {
				g.promised[body] = at
			}
		}
	}
	g.clone = g.mem.CrashClone(rand.New(rand.NewPCG(g.cloneSeed, 1)), vfs.Crash{UnsyncedPercent: g.percent, Torn: g.torn})
	g.stop.Store(true)
}

// crashPut hears of one message.
type crashPut struct {
	g       *crashGeneration
	body    string
	topic   string
	queueID int32
	done    chan PutStatus
}

func (p *crashPut) PutDone(r *PutResult) {
	if r.Status == PutOK {
		p.g.mu.Lock()
		p.g.acked[p.body] = place{p.topic, p.queueID, r.QueueOffset, r.PhysicalOffset, r.PhysicalOffset + int64(r.SizeBytes)}
		p.g.mu.Unlock()
	}
	p.done <- r.Status
}

// produce sends messages, a few at a time, until the crash, a refusal, or enough.
func (g *crashGeneration) produce(s *MessageStore, producer int, rng *rand.Rand) {
	for i := 0; i < 60 && !g.stop.Load(); {
		n := 1 + rng.IntN(4)
		done := make(chan PutStatus, n)
		for range n {
			p := &crashPut{g: g, topic: "T" + strconv.Itoa(rng.IntN(2)), queueID: int32(rng.IntN(2)), done: done}
			p.body = fmt.Sprintf("%d-%d-%d-%s", g.number, producer, i, strings.Repeat("b", rng.IntN(300)))
			i++
			g.mu.Lock()
			g.sent[p.body] = true
			g.mu.Unlock()
			m := testMessage(p.topic, p.queueID, p.body)
			m.Properties = "UNIQ_KEY\x01" + crashKey(p.body)
			s.PutMessage(m, p)
		}
		s.CommitPending()
		for range n {
			if st := <-done; st != PutOK {
				return
			}
		}
	}
}

// crashKey is the number of a message.
func crashKey(body string) string { return body[:strings.LastIndexByte(body, '-')] }

// consume reads all queues as they grow.
func (g *crashGeneration) consume(s *MessageStore) {
	next := map[string]int64{}
	for !g.stop.Load() {
		for i := range 4 {
			topic, id := "T"+strconv.Itoa(i%2), int32(i/2)
			name := fmt.Sprint(topic, id)
			at := max(next[name], s.MinOffsetInQueue(topic, id))
			list, err := readPlaces(s, topic, id, at)
			if err != nil {
				g.t.Errorf("%s: consumer: %v", g.describe(g), err)
				return
			}
			g.mu.Lock()
			for body, p := range list {
				g.seen[body] = p
			}
			g.mu.Unlock()
			next[name] = at + int64(len(list))
		}
	}
}

// readPlaces reads a queue from offset on. It fails when there is a gap.
func readPlaces(s *MessageStore, topic string, queueID int32, offset int64) (map[string]place, error) {
	found := map[string]place{}
	lastPhy := int64(-1)
	var res GetResult
	for {
		s.GetMessage(topic, queueID, offset, 32, nil, &res)
		if res.Status != Found {
			if hi := s.MaxOffsetInQueue(topic, queueID); res.Status != OffsetOverflowOne && res.Status != NoMessageInQueue {
				return found, fmt.Errorf("%s-%d at %d of %d: %v", topic, queueID, offset, hi, res.Status)
			}
			return found, nil
		}
		for b := res.Buf; len(b) > 0; offset++ {
			var m codec.Message
			n, err := codec.DecodeRecord(b, &m, codec.DecodeOptions{CheckCRC: true})
			if err != nil {
				return found, err
			}
			p := place{m.Topic, m.QueueID, m.QueueOffset, m.CommitLogOffset, m.CommitLogOffset + int64(n)}
			if p.topic != topic || p.queueID != queueID || p.offset != offset || p.phy <= lastPhy {
				return found, fmt.Errorf("%s-%d at %d has the message of %+v", topic, queueID, offset, p)
			}
			p.topic = topic // m.Topic dies with the buffer
			if other, twice := found[string(m.Body)]; twice {
				return found, fmt.Errorf("one message at %+v and %+v", other, p)
			}
			found[string(m.Body)], lastPhy = p, p.phy
			b = b[n:]
		}
		if offset != res.NextBeginOffset {
			return found, fmt.Errorf("%s-%d: next is %d after %d", topic, queueID, res.NextBeginOffset, offset)
		}
	}
}

// reopen starts from what the crash left and looks whether it is right.
func (r *crashRun) reopen(g *crashGeneration) {
	r.mem = g.clone
	o := testOptions(r.cfg)
	o.FS = r.mem
	s, err := Open(o)
	require.NoError(r.t, err, r.describe(g))
	require.NoError(r.t, s.Start(), r.describe(g))
	found := map[string]place{}
	for i := range 4 {
		topic, id := "T"+strconv.Itoa(i%2), int32(i/2)
		list, err := readPlaces(s, topic, id, s.MinOffsetInQueue(topic, id))
		require.NoError(r.t, err, r.describe(g))
		for body, p := range list {
			require.True(r.t, r.sent[body], "%s: nobody sent %s", r.describe(g), body)
			require.NotContains(r.t, found, body, r.describe(g))
			found[body] = p
		}
		r.checkOrder(g, list)
	}
	for body, want := range g.promised {
		got, ok := found[body]
		require.True(r.t, ok, "%s: %s at %+v is lost", r.describe(g), crashKey(body), want)
		require.Equal(r.t, want, got, "%s: %s moved", r.describe(g), crashKey(body))
	}
	for body, p := range found {
		key := r.storedKey(g, s, body, p)
		offsets := s.index.Query(p.topic, key, 64, 0, math.MaxInt64).phyOffsets
		if len(offsets) == 0 && (r.indexGaps || key == "") {
			continue
		}
		require.Equal(r.t, []int64{p.phy}, offsets, "%s: index of %s", r.describe(g), key)
	}
	r.safe = found // recovery made it durable
	if r.rng.IntN(2) == 0 {
		require.NoError(r.t, s.Shutdown(), r.describe(g))
		_, err := r.mem.Stat("/store/abort")
		require.True(r.t, errors.Is(err, os.ErrNotExist), r.describe(g))
		return
	}
	require.NoError(r.t, kill(s), r.describe(g))
	r.mem = r.mem.CrashClone(r.rng, vfs.Crash{UnsyncedPercent: 50})
}

// storedKey is the key of a message that was found. The CRC of a record covers
// its body only: of the last record, which nobody was promised, the properties
// may be torn by a power cut or a short write.
func (r *crashRun) storedKey(g *crashGeneration, s *MessageStore, body string, p place) string {
	raw, ok := s.LookMessageByOffset(p.phy)
	require.True(r.t, ok, r.describe(g))
	var m codec.Message
	_, err := codec.DecodeRecord(raw, &m, codec.DecodeOptions{})
	require.NoError(r.t, err, r.describe(g))
	key, _ := codec.GetProperty(m.Properties, codec.PropertyUniqKey)
	if _, promised := g.promised[body]; !promised && p.endPhy == s.MaxPhyOffset() {
		r.tornKeys[body] = key != crashKey(body)
	}
	if !r.tornKeys[body] {
		require.Equal(r.t, crashKey(body), key, r.describe(g))
	}
	return key
}

// checkOrder: what one producer sent into one queue is there in that order.
func (r *crashRun) checkOrder(g *crashGeneration, list map[string]place) {
	byOffset := map[int64]string{}
	for body, p := range list {
		byOffset[p.offset] = body
	}
	last := map[string]int{}
	lo, hi := int64(math.MaxInt64), int64(-1)
	for offset := range byOffset {
		lo, hi = min(lo, offset), max(hi, offset)
	}
	for offset := lo; offset <= hi; offset++ {
		parts := strings.SplitN(byOffset[offset], "-", 4)
		n, err := strconv.Atoi(parts[2])
		require.NoError(r.t, err)
		who := parts[0] + "-" + parts[1]
		if before, ok := last[who]; ok {
			require.Greater(r.t, n, before, "%s: order of producer %s", r.describe(g), who)
		}
		last[who] = n
	}
}
