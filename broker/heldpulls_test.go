package broker

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestManyHeldPulls: 20,000 pulls wait on real connections, one in each queue.
// They cost no goroutine and little memory; a message wakes the one that waits
// in its queue and nobody else; when their connections are gone so are they,
// and the memory comes back.
func TestManyHeldPulls(t *testing.T) {
	const conns, perConn, held = 20, 1000, 20_000
	const maxHeldBytes = 2000 // of each: request, entry, filter, and the queue's own
	b := startBroker(t, nil)
	topic := func(i int) string { return "Held" + strconv.Itoa(i) }
	peers := make([]*peer, conns)
	for i := range peers {
		require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: topic(i), ReadQueueNums: perConn, WriteQueueNums: perConn,
			Perm: codec.PermRead | codec.PermWrite, TopicFilterType: codec.SingleTag}))
		peers[i] = dial(t, b)
		requireAnswer(t, peers[i].do(codec.PullMessage, pullHeader("cg", topic(i), 0), nil), codec.PullNotFound, "NO_MESSAGE_IN_QUEUE")
	}
	goroutines, before := runtime.NumGoroutine(), heapBytes()
	opaques := make([][]int32, conns)
	for i, p := range peers {
		for queueID := range int32(perConn) {
			h := pullHeader("cg", topic(i), 0)
			h.QueueID, h.SysFlag, h.SuspendTimeoutMs = queueID, h.SysFlag|codec.PullFlagSuspend, 10*60_000
			opaques[i] = append(opaques[i], p.send(&codec.Command{Code: codec.PullMessage, Header: h}))
		}
	}
	waitHeld(t, b, held)
	each := (heapBytes() - before) / held
	t.Logf("%d held pulls: %d bytes each, %d goroutines before, %d now", held, each, goroutines, runtime.NumGoroutine())
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines+conns, "goroutines; workers of pools may come, none for a pull")
	require.Less(t, each, int64(maxHeldBytes), "bytes for each")

	producer := dial(t, b)
	sh := sendHeader(topic(3))
	sh.QueueID = 7
	requireAnswer(t, producer.sendV2(sh, "wake up"), codec.Success, "")
	requireAnswer(t, producer.sendV2(sendHeader("NobodyWaits"), "x"), codec.Success, "")
	resp := peers[3].answer(opaques[3][7])
	requireAnswer(t, resp, codec.Success, "FOUND")
	require.Equal(t, held-1, b.hold.Held())
	for i, p := range peers { // a woken pull answers, whatever it finds: there was no other
		requireAnswer(t, p.do(codec.GetMaxOffset, &codec.GetMaxOffsetRequestHeader{Topic: topic(i)}, nil), codec.Success, "")
	}

	for _, p := range peers {
		require.NoError(t, p.conn.Close())
	}
	require.Eventually(t, func() bool {
		b.hold.CheckHoldRequest()
		return b.hold.Held() == 0
	}, answerTimeout, 10*time.Millisecond)
	b.hold.CheckHoldRequest() // forgets the queues that stay empty
	b.hold.CheckHoldRequest()
	require.Eventually(t, func() bool { return heapBytes()-before < held*maxHeldBytes/10 }, answerTimeout, 10*time.Millisecond)
	t.Logf("%d bytes more than before when all are gone", heapBytes()-before)
}

// heapBytes is what lives on the heap.
func heapBytes() int64 {
	runtime.GC()
	runtime.GC() // the first may only have emptied the pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestHoldTime: with longPollingEnable a pull waits for its own
// suspendTimeoutMillis, rounded up to the next check. Without it counts
// shortPollingTimeMills alone (TestPullTimesOut).
func TestHoldTime(t *testing.T) {
	b := startBroker(t, nil)
	brief, long := dial(t, b), dial(t, b)
	putMessages(t, b, brief, "T1", 1)
	h := pullHeader("cg", "T1", 1)
	h.SysFlag, h.SuspendTimeoutMs = h.SysFlag|codec.PullFlagSuspend, 1
	briefPull := brief.send(&codec.Command{Code: codec.PullMessage, Header: h})
	waitHeld(t, b, 1)
	h.SuspendTimeoutMs = 10 * 60_000
	long.send(&codec.Command{Code: codec.PullMessage, Header: h})
	waitHeld(t, b, 2)
	require.Eventually(t, func() bool {
		b.hold.CheckHoldRequest()
		return b.hold.Held() == 1
	}, answerTimeout, time.Millisecond)
	requireAnswer(t, brief.answer(briefPull), codec.PullNotFound, "OFFSET_OVERFLOW_ONE")
	b.hold.CheckHoldRequest()
	require.Equal(t, 1, b.hold.Held())
}
