package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestDelayPrecision: a delayed message is stored for its destination when its time has come, never before and not more than
// 100 ms later. The times are the broker's own, of the record that waited and of the one that was delivered. A busy machine
// may be late with some, not with most. A level above the highest is the highest.
func TestDelayPrecision(t *testing.T) {
	t.Parallel()
	const levels, each, lateMs = 6, 4, 100
	namesrv := ownNamesrv(t, "namesrv")
	ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Conf: map[string]string{"messageDelayLevel": "1s 2s 3s 4s 5s 6s"}})
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, namesrv.Addr, "Precision", 2)
			c := startConsumer(t, kind, namesrv.Addr, agent.Args{"topic": topic})
			p := startProducer(t, kind, namesrv.Addr, nil)
			waited := make(map[string]agent.SendResult)
			for level := range levels + 1 { // one more than there are
				for i := range each {
					body := fmt.Sprintf("%d %d", level+1, i)
					waited[body] = p.send(agent.Args{"topic": topic, "text": body, "delayLevel": level + 1})[0]
				}
			}
			reader := startPuller(t, agent.Java497, namesrv.Addr, topic)
			var late []int64
			for _, m := range c.awaitAndStop(len(waited)) {
				level, err := strconv.Atoi(m.Properties["DELAY"])
				require.NoError(t, err)
				since := m.StoreTimestampMs - reader.view(waited[m.Text].OffsetMsgID).StoreTimestampMs
				late = append(late, since-int64(level)*1000)
				delete(waited, m.Text)
			}
			require.Empty(t, waited)
			slices.Sort(late)
			t.Logf("late by %d ms", late)
			require.Len(t, late, (levels+1)*each, "each once")
			require.GreaterOrEqual(t, late[0], int64(0), "none early")
			require.LessOrEqual(t, late[len(late)/2], int64(lateMs), "half of them are not late")
		})
	}
}

// TestDelayHandOver: a folder with messages that wait goes from Booster to the Java broker and back, with clean stops.
// Whoever has it delivers what is due, and nothing is delivered twice; both write the same delayOffset.json.
func TestDelayHandOver(t *testing.T) {
	t.Parallel()
	namesrv := ownNamesrv(t, "namesrv")
	broker := ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Conf: map[string]string{"messageDelayLevel": "1s 15s 2s 15s",
		"enableScheduleAsyncDeliver": "true", "scheduleAsyncDeliverMaxPendingLimit": "4", "scheduleAsyncDeliverMaxResendNum2Blocked": "1"}})
	topic := newTopic(t, namesrv.Addr, "Delayed", 1)
	p := startProducer(t, agent.Java497, namesrv.Addr, quickRoutes)
	send := func(level, count int) {
		p.sendThrough(count, agent.Args{"topic": topic, "text": fmt.Sprint("level ", level), "delayLevel": level})
	}
	inTopic := func(n int) {
		eventually(t, fmt.Sprint(n, " delivered"), func() bool {
			return startPuller(t, agent.Java497, namesrv.Addr, topic).offsets(0, nil).MaxOffset >= int64(n)
		})
	}
	next := func(kind cluster.Kind, want string) {
		t.Helper()
		require.NoError(t, broker.Stop())
		text, err := os.ReadFile(filepath.Join(broker.StoreDir, "config", "delayOffset.json"))
		require.NoError(t, err)
		require.Equal(t, "{\n\t\"offsetTable\":{"+want+"\n\t}\n}", string(text))
		broker = again(t, broker, kind)
	}
	send(1, 5)
	send(2, 6)
	inTopic(5)
	next(cluster.Java, "1:5")
	send(1, 3)
	inTopic(5 + 6 + 3) // the six were due while the Java broker had them
	send(4, 3)
	next(suite.kind, "1:8,2:6")
	send(1, 4)
	send(3, 2)
	inTopic(5 + 6 + 3 + 4 + 2 + 3)
	next(suite.kind, "1:12,2:6,3:2,4:3")
	count := make(map[string]int)
	for _, m := range startPuller(t, agent.Java497, namesrv.Addr, topic).readQueue(0) {
		count[m.Text]++
	}
	require.Equal(t, map[string]int{"level 1": 12, "level 2": 6, "level 3": 2, "level 4": 3}, count)
}
