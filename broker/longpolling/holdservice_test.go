package longpolling

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The event loop's library starts goroutines when it is linked in: they do not count.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

type fakeChannel struct{ closed atomic.Bool }

func (c *fakeChannel) Alive() bool { return !c.closed.Load() }

// tagFilter wants one tag code, and one properties text if that is not empty.
type tagFilter struct {
	code       int64
	properties string
}

func (f tagFilter) MatchQueue(code, _ int64, _ []byte) bool { return f.code == code }
func (f tagFilter) MatchRecord(properties string) bool {
	return f.properties == "" || f.properties == properties
}

// harness is a service over a queue table of its own.
type harness struct {
	*PullRequestHoldService
	max       sync.Map // queueKey → int64
	mu        sync.Mutex
	woken     []string
	dropped   []string
	onceAsked func() // runs in the next MaxOffset
}

func newHarness(o Options) *harness {
	h := &harness{}
	o.MaxOffset = func(topic string, queueID int32) int64 {
		if asked := h.onceAsked; asked != nil {
			h.onceAsked = nil
			asked()
		}
		v, ok := h.max.Load(queueKey{topic, queueID})
		if !ok {
			return 0
		}
		return v.(int64)
	}
	o.Wake = func(requests []*PullRequest) { h.note(&h.woken, requests) }
	o.Drop = func(requests []*PullRequest) { h.note(&h.dropped, requests) }
	h.PullRequestHoldService = New(o)
	return h
}

func (h *harness) note(list *[]string, requests []*PullRequest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range requests {
		*list = append(*list, r.Request.(string))
	}
}

func (h *harness) take() (woken, dropped []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	woken, dropped = h.woken, h.dropped
	h.woken, h.dropped = nil, nil
	slices.Sort(woken)
	slices.Sort(dropped)
	return woken, dropped
}

func (h *harness) setMax(topic string, queueID int32, offset int64) {
	h.max.Store(queueKey{topic, queueID}, offset)
}

func request(name string, offset int64) *PullRequest {
	return &PullRequest{Request: name, PullFromThisOffset: offset, TimeoutMs: 15000}
}

func TestArrivalWakes(t *testing.T) {
	cases := []struct {
		name       string
		topic      string
		queueID    int32
		maxOffset  int64
		tagsCode   int64
		properties string
		want       []string
	}{
		{"matches all", "T", 0, 11, 7, "p", []string{"all", "tag", "tag and property"}},
		{"another property", "T", 0, 11, 7, "q", []string{"all", "tag"}},
		{"properties unknown", "T", 0, 11, 7, "", []string{"all", "tag", "tag and property"}},
		{"another tag", "T", 0, 11, 8, "p", []string{"all"}},
		{"not beyond the offset", "T", 0, 10, 7, "p", nil},
		{"far beyond", "T", 0, 99, 7, "p", []string{"all", "far", "tag", "tag and property"}},
		{"another queue", "T", 1, 99, 7, "p", nil},
		{"another topic", "U", 0, 99, 7, "p", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(Options{})
			h.setMax("T", 0, 10)
			filtered := func(name string, f MessageFilter) *PullRequest {
				r := request(name, 10)
				r.Filter = f
				return r
			}
			require.True(t, h.Suspend("T", 0, request("all", 10)))
			require.True(t, h.Suspend("T", 0, filtered("tag", tagFilter{code: 7})))
			require.True(t, h.Suspend("T", 0, filtered("tag and property", tagFilter{7, "p"})))
			require.True(t, h.Suspend("T", 0, request("far", 50)))
			require.Equal(t, 4, h.Held())
			h.NotifyMessageArriving(c.topic, c.queueID, c.maxOffset, c.tagsCode, 0, nil, c.properties)
			woken, dropped := h.take()
			require.Equal(t, c.want, woken)
			require.Empty(t, dropped)
			require.Equal(t, 4-len(c.want), h.Held())
			h.NotifyMessageArriving(c.topic, c.queueID, c.maxOffset, c.tagsCode, 0, nil, c.properties)
			woken, _ = h.take()
			require.Empty(t, woken, "once only")
		})
	}
}

func TestCheckLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(Options{})
		h.Start()
		defer h.Shutdown()
		dead := &fakeChannel{}
		add := func(name string, queueID int32, timeoutMs int64, ch Channel) {
			r := request(name, 10)
			r.TimeoutMs, r.Channel, r.Filter = timeoutMs, ch, tagFilter{code: 1}
			h.setMax("T", queueID, 10)
			require.True(t, h.Suspend("T", queueID, r))
		}
		add("short", 0, 1000, &fakeChannel{})
		add("long", 0, 20_000, &fakeChannel{})
		add("grows", 1, 20_000, &fakeChannel{})
		add("dies", 2, 20_000, dead)
		h.setMax("T", 1, 11)
		dead.closed.Store(true)
		time.Sleep(CheckInterval - time.Millisecond)
		synctest.Wait()
		woken, dropped := h.take()
		require.Empty(t, slices.Concat(woken, dropped), "nothing before the tick")
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		woken, dropped = h.take()
		require.Equal(t, []string{"grows", "short"}, woken)
		require.Equal(t, []string{"dies"}, dropped)
		require.Equal(t, 1, h.Held())
		time.Sleep(15 * time.Second)
		synctest.Wait()
		woken, _ = h.take()
		require.Equal(t, []string{"long"}, woken)
		require.Zero(t, h.Held())
	})
}

func TestIntervalIsAskedEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var interval atomic.Int64
		interval.Store(int64(time.Second))
		h := newHarness(Options{Interval: func() time.Duration { return time.Duration(interval.Load()) }})
		h.Start()
		defer h.Shutdown()
		synctest.Wait() // the first second runs
		r := request("r", 0)
		r.TimeoutMs = 10
		h.Suspend("T", 0, r)
		interval.Store(int64(time.Minute))
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		woken, _ := h.take()
		require.Equal(t, []string{"r"}, woken)
		again := request("again", 0)
		again.TimeoutMs = 10
		h.Suspend("T", 0, again)
		time.Sleep(50 * time.Second)
		synctest.Wait()
		woken, _ = h.take()
		require.Empty(t, woken)
	})
}

// The message arrives between the read that found nothing and the hold.
func TestNoLostWakeUp(t *testing.T) {
	h := newHarness(Options{})
	h.setMax("T", 0, 11)
	require.True(t, h.Suspend("T", 0, request("arrived before", 10)))
	woken, _ := h.take()
	require.Equal(t, []string{"arrived before"}, woken)

	// Its dispatch wakes it while Suspend looks: it leaves once.
	h.setMax("T", 0, 10)
	h.onceAsked = func() {
		h.setMax("T", 0, 11)
		h.NotifyMessageArriving("T", 0, 11, 0, 0, nil, "")
	}
	require.True(t, h.Suspend("T", 0, request("arrives meanwhile", 10)))
	woken, _ = h.take()
	require.Equal(t, []string{"arrives meanwhile"}, woken)
	require.Zero(t, h.Held())

	// What the read has seen already does not wake: the pull would turn in circles.
	r := request("seen", 10)
	r.MaxOffset = 11
	require.True(t, h.Suspend("T", 0, r))
	woken, _ = h.take()
	require.Empty(t, woken)
	require.Equal(t, 1, h.Held())
}

func TestDeadAreNotWoken(t *testing.T) {
	h := newHarness(Options{})
	ch := &fakeChannel{}
	r := request("r", 0)
	r.Channel = ch
	h.Suspend("T", 0, r)
	ch.closed.Store(true)
	h.NotifyMessageArriving("T", 0, 1, 0, 0, nil, "")
	woken, dropped := h.take()
	require.Empty(t, woken)
	require.Equal(t, []string{"r"}, dropped)
	require.Zero(t, h.Held())
}

func TestMaxHeldBytes(t *testing.T) {
	h := newHarness(Options{MaxHeldBytes: 100})
	sized := func(bytes int64) *PullRequest {
		r := request("a", 0)
		r.SizeBytes = bytes
		return r
	}
	require.True(t, h.Suspend("T", 0, sized(60)))
	require.False(t, h.Suspend("T", 1, sized(41)))
	require.True(t, h.Suspend("T", 1, sized(40)))
	require.False(t, h.Suspend("T", 2, sized(1)))
	require.Equal(t, 2, h.Held())
	h.NotifyMessageArriving("T", 0, 1, 0, 0, nil, "")
	require.False(t, h.Suspend("T", 2, sized(61)))
	require.True(t, h.Suspend("T", 2, sized(60)))
	h.dropAll()
	require.Zero(t, h.bytes.Load())
}

// 20,000 held pulls cost no goroutine and little memory.
func TestManyHeld(t *testing.T) {
	h := newHarness(Options{})
	const held = 20_000
	requests, topics := make([]PullRequest, held), make([]string, held)
	for i := range requests {
		requests[i] = *request("r", 0)
		topics[i] = fmt.Sprint("TopicOfSomeLength-", i)
	}
	goroutines := runtime.NumGoroutine()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range requests {
		require.True(t, h.Suspend(topics[i], 0, &requests[i]))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines, "parked requests have no goroutine; those of earlier tests may end meanwhile")
	require.Less(t, (int64(after.HeapAlloc)-int64(before.HeapAlloc))/held, int64(400), "bytes for each")
	require.Equal(t, held, h.Held())
	runtime.KeepAlive(topics)
}

func TestShutdownDrops(t *testing.T) {
	h := newHarness(Options{})
	h.Start()
	for i := range 100 {
		h.Suspend(fmt.Sprint("T", i), int32(i), request(fmt.Sprint(i), 0))
	}
	h.Shutdown()
	woken, dropped := h.take()
	require.Empty(t, woken)
	require.Len(t, dropped, 100)
	require.Zero(t, h.Held())
	require.False(t, h.Suspend("T", 0, request("late", 0)))
}

// A queue whose consumer is gone leaves nothing behind; one that is in use keeps its entry.
func TestEmptyQueuesAreForgotten(t *testing.T) {
	h := newHarness(Options{})
	count := func() (n int) {
		for i := range h.shards {
			n += len(h.shards[i].queues)
		}
		return n
	}
	h.Suspend("T", 0, request("a", 0))
	h.NotifyMessageArriving("T", 0, 1, 0, 0, nil, "")
	require.Equal(t, 1, count())
	h.CheckHoldRequest()
	require.Equal(t, 1, count(), "empty, but its consumer may be back")
	h.Suspend("T", 0, request("b", 1))
	h.NotifyMessageArriving("T", 0, 2, 0, 0, nil, "")
	h.CheckHoldRequest()
	require.Equal(t, 1, count())
	h.CheckHoldRequest()
	require.Zero(t, count())
}

func TestKeysOwnTheirStrings(t *testing.T) {
	h := newHarness(Options{})
	frame := []byte("T")
	h.Suspend(string(frame), 0, request("a", 0))
	frame[0] = 'U'
	h.NotifyMessageArriving("T", 0, 1, 0, 0, nil, "")
	woken, _ := h.take()
	require.Equal(t, []string{"a"}, woken)
}

// Each request leaves exactly once, whoever races.
func TestConcurrent(t *testing.T) {
	var left atomic.Int64
	var heads [4]atomic.Int64
	leave := func(requests []*PullRequest) {
		for _, r := range requests {
			if !r.Request.(*atomic.Bool).CompareAndSwap(false, true) {
				t.Error("left twice")
			}
		}
		left.Add(int64(len(requests)))
	}
	h := New(Options{MaxOffset: func(_ string, queueID int32) int64 { return heads[queueID].Load() }, Wake: leave, Drop: leave})
	h.Start()
	const pullers, pulls = 4, 500
	var wg sync.WaitGroup
	for i := range pullers {
		wg.Go(func() {
			for n := range pulls {
				queueID := int32((i + n) % len(heads))
				ch := &fakeChannel{}
				r := &PullRequest{Request: new(atomic.Bool), Channel: ch, PullFromThisOffset: heads[queueID].Load(), TimeoutMs: 60_000}
				if !h.Suspend("T", queueID, r) {
					t.Error("refused")
				}
				if n%10 == 0 {
					ch.closed.Store(true)
				}
			}
		})
	}
	for i := range heads {
		wg.Go(func() {
			for range 500 {
				next := heads[i].Add(1)
				h.NotifyMessageArriving("T", int32(i), next, 0, 0, nil, "")
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			h.CheckHoldRequest()
		}
	})
	wg.Wait()
	h.Shutdown()
	require.EqualValues(t, pullers*pulls, left.Load())
	require.Zero(t, h.Held())
}

func TestNotifyAllocatesNothing(t *testing.T) {
	h := newHarness(Options{})
	topic := string([]byte("TopicOfSomeLength"))
	notify := func() { h.NotifyMessageArriving(topic, 3, 5, 7, 0, nil, "p") }
	require.Zero(t, testing.AllocsPerRun(100, notify), "nobody waits")
	for i := range 1000 {
		h.Suspend(topic, int32(i+100), request("r", 0))
	}
	require.Zero(t, testing.AllocsPerRun(100, notify), "others wait")
	r := request("r", 0)
	r.Filter = tagFilter{code: 1}
	h.Suspend(topic, 3, r)
	require.Zero(t, testing.AllocsPerRun(100, notify), "it does not match")
}

func BenchmarkNotifyNobodyWaits(b *testing.B) {
	h := New(Options{MaxOffset: func(string, int32) int64 { return 0 }, Wake: func([]*PullRequest) {}})
	b.ReportAllocs()
	for b.Loop() {
		h.NotifyMessageArriving("TopicOfSomeLength", 3, 5, 7, 0, nil, "p")
	}
}

func BenchmarkNotifyOthersWait(b *testing.B) {
	for _, held := range []int{100, 20_000} {
		b.Run(fmt.Sprint(held), func(b *testing.B) {
			h := New(Options{MaxOffset: func(string, int32) int64 { return 0 }, Wake: func([]*PullRequest) {}})
			for i := range held {
				h.Suspend(fmt.Sprint("T", i), 0, request("r", 0))
			}
			b.ReportAllocs()
			for b.Loop() {
				h.NotifyMessageArriving("TopicOfSomeLength", 3, 5, 7, 0, nil, "p")
			}
		})
	}
}

func BenchmarkSuspendAndWake(b *testing.B) {
	h := New(Options{MaxOffset: func(string, int32) int64 { return 0 }, Wake: func([]*PullRequest) {}})
	r := request("r", 0)
	b.ReportAllocs()
	for b.Loop() {
		h.Suspend("TopicOfSomeLength", 3, r)
		h.NotifyMessageArriving("TopicOfSomeLength", 3, 5, 7, 0, nil, "p")
	}
}

// bitMapFilter wants what has this store time and bit map.
type bitMapFilter struct {
	storeMs int64
	bitMap  string
}

func (f bitMapFilter) MatchQueue(_, storeMs int64, bitMap []byte) bool {
	return f.storeMs == storeMs && f.bitMap == string(bitMap)
}
func (bitMapFilter) MatchRecord(string) bool { return true }

// TestNotifyByBitMap: a held pull's filter sees the bit map of the message.
func TestNotifyByBitMap(t *testing.T) {
	h := newHarness(Options{})
	r := request("r", 0)
	r.Filter = bitMapFilter{77, "bits"}
	require.True(t, h.Suspend("T", 0, r))
	h.NotifyMessageArriving("T", 0, 1, 7, 77, []byte("other"), "p")
	h.NotifyMessageArriving("T", 0, 1, 7, 78, []byte("bits"), "p")
	require.Equal(t, 1, h.Held())
	h.NotifyMessageArriving("T", 0, 1, 7, 77, []byte("bits"), "p")
	woken, _ := h.take()
	require.Equal(t, []string{"r"}, woken)
}
