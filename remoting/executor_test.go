package remoting

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

func TestExecutorSpawnsOnDemandAndEmpties(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewExecutor("test", 3, 5)
		gate := make(chan struct{})
		var mu sync.Mutex
		var order []int
		for i := range 8 {
			require.True(t, e.Execute(func() {
				<-gate
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			}))
			synctest.Wait()
		}
		require.False(t, e.Execute(func() {}))
		require.Equal(t, 3, e.Running())
		require.Equal(t, 5, e.Len())
		require.Equal(t, 5, e.Capacity())
		time.Sleep(40 * time.Millisecond)
		require.EqualValues(t, 40, e.HeadWaitMs())
		close(gate)
		synctest.Wait()
		require.Zero(t, e.Running())
		require.Zero(t, e.HeadWaitMs())
		require.Len(t, order, 8)
		e.Shutdown()
		e.Shutdown()
		require.NoError(t, e.Wait(t.Context()))
		require.False(t, e.Execute(func() {}))
	})
}

// TestExecutorResize: more workers begin at once with what waits, too many leave
// after their task, and nothing is dropped.
func TestExecutorResize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewExecutor("test", 1, 5)
		gate := make(chan struct{})
		var done atomic.Int32
		submit := func() bool { return e.Execute(func() { <-gate; done.Add(1) }) }
		for range 6 {
			require.True(t, submit())
		}
		require.False(t, submit())
		e.Resize(3, 2)
		synctest.Wait()
		require.Equal(t, []int{3, 3, 2}, []int{e.Running(), e.Len(), e.Capacity()})
		require.False(t, submit(), "the queue is longer than it may be")
		e.Resize(1, 4)
		require.True(t, submit())
		gate <- struct{}{}
		synctest.Wait()
		require.Equal(t, []int{2, 4}, []int{e.Running(), e.Len()}, "one left")
		gate <- struct{}{}
		synctest.Wait()
		require.Equal(t, []int{1, 4}, []int{e.Running(), e.Len()})
		e.Resize(100, 4)
		synctest.Wait()
		require.Equal(t, []int{5, 0}, []int{e.Running(), e.Len()}, "no more workers than tasks")
		e.Resize(0, 0)
		require.Equal(t, 1, e.Capacity())
		close(gate)
		synctest.Wait()
		require.EqualValues(t, 7, done.Load())
		require.Zero(t, e.Running())
		e.Shutdown()
		require.NoError(t, e.Wait(t.Context()))
	})
}

func TestExecutorSurvivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logLines
		e := NewExecutor("test", 1, 5)
		e.SetLog(log.logger())
		ran := false
		require.True(t, e.Execute(func() { panic("boom") }))
		require.True(t, e.Execute(func() { ran = true }))
		synctest.Wait()
		require.True(t, ran)
		require.Equal(t, 1, log.count("boom"))
	})
}

func TestExecutorShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewExecutor("test", 1, 5)
		done := 0
		for range 3 {
			require.True(t, e.Execute(func() { time.Sleep(time.Second); done++ }))
		}
		e.Shutdown()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		require.ErrorIs(t, e.Wait(ctx), context.DeadlineExceeded)
		require.NoError(t, e.Wait(t.Context()))
		require.Equal(t, 3, done)
	})
}

// TestOverloadTexts: the exact answers of Java's pools and BrokerFastFailure, and the stage that was slow in the log.
func TestOverloadTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		pool := NewExecutor("send", 1, 3)
		pool.SetMaxQueueWait(200 * time.Millisecond)
		var log logLines
		pool.SetLog(log.logger())
		_, p := memServer(t, ServerConfig{Routes: always(echoRoutes(pool))})
		require.True(t, pool.Execute(func() { <-gate }))
		start := time.Now()
		for i := range int32(4) {
			p.send(request(codeSlow, i, ""))
		}
		resp := p.receive()
		require.EqualValues(t, 3, resp.Opaque)
		require.Equal(t, codec.SystemBusy, resp.Code)
		require.Equal(t, "[OVERLOAD]system busy, start flow control for a while", resp.Remark)
		for i := range int32(3) {
			resp := p.receive()
			require.Equal(t, i, resp.Opaque)
			require.Equal(t, codec.SystemBusy, resp.Code)
			require.Equal(t, fmt.Sprintf("[TIMEOUT_CLEAN_QUEUE]broker busy, start flow control for a while, period in queue: 200ms, size of queue: %d", 2-i), resp.Remark)
		}
		require.Equal(t, 200*time.Millisecond, time.Since(start))
		require.Equal(t, 1, log.count(`msg="system busy" stage="queue send is full" queued=3`))
		require.Equal(t, 3, log.count(`msg="system busy" stage="wait in queue send" waitedMs=200`))

		p.send(request(codeSlow, 9, ""))
		synctest.Wait()
		pool.Purge("PCBUSY_CLEAN_QUEUE")
		require.Equal(t, "[PCBUSY_CLEAN_QUEUE]broker busy, start flow control for a while, period in queue: 0ms, size of queue: 0", p.receive().Remark)

		// a worker that becomes free does not run what is too old either
		pool.SetMaxQueueWait(0)
		p.send(request(codeSlow, 10, ""))
		time.Sleep(time.Second)
		pool.SetMaxQueueWait(200 * time.Millisecond)
		close(gate)
		require.Regexp(t, regexp.MustCompile(`^\[TIMEOUT_CLEAN_QUEUE\].*: 1000ms`), p.receive().Remark)
		require.Equal(t, codec.Success, p.call(request(codeSlow, 11, "")).Code)
	})
}

func TestTaskQueueIsARing(t *testing.T) {
	var q taskQueue
	next, want := 0, 0
	at := func(i int) time.Time { return time.Unix(int64(i), 0) }
	for _, step := range []int{10, -5, 60, -64, 3000, -3001, 100, -50, 70, -120} {
		for ; step > 0; step-- {
			q.push(task{queuedAt: at(next)})
			next++
		}
		for ; step < 0; step++ {
			require.Equal(t, at(want), q.pop().queuedAt)
			want++
		}
		require.Equal(t, next-want, q.n)
	}
	require.LessOrEqual(t, len(q.ring), keptRingTasks)
}

func BenchmarkExecutor(b *testing.B) {
	e := NewExecutor("bench", runtime.GOMAXPROCS(0), 1000)
	done := make(chan struct{})
	f := func() { done <- struct{}{} }
	b.ReportAllocs()
	for b.Loop() {
		e.Execute(f)
		<-done
	}
}
