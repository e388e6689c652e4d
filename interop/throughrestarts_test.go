package interop

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// restarts is how often TestThroughRestarts stops the broker, each way.
const restarts = 10

// TestThroughRestarts: every kind of producer and consumer works on while the broker, with SYNC_FLUSH, is stopped and
// started again. What was acknowledged is stored at the place the producer was told and in the order of sending, and is
// delivered; an orderly consumer gets it in order; what was rolled back is not there. A clean stop makes nothing twice, and
// the consumers get nothing again of what they had committed. A kill may repeat a delayed message or a commit: Java's
// at-least-once.
func TestThroughRestarts(t *testing.T) {
	t.Parallel()
	for _, clean := range []bool{true, false} {
		t.Run(map[bool]string{true: "clean", false: "kill -9"}[clean], func(t *testing.T) {
			t.Parallel()
			namesrv := ownNamesrv(t, "namesrv")
			broker := ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Conf: map[string]string{
				"flushDiskType": "SYNC_FLUSH", "messageDelayLevel": "1s", "flushDelayOffsetInterval": "1000",
				"transactionTimeOut": "3000", "transactionCheckInterval": "3000"}})
			var floods []*flood
			for _, client := range matrix() {
				for _, kind := range floodKinds() {
					kind.flood = agent.Args{"pauseMs": 60}.With(kind.flood)
					floods = append(floods, startFlood(t, client, namesrv.Addr, kind))
				}
			}
			for i := range restarts {
				awaitMore(floods, func() int { return 1 + rand.IntN(15) })
				if clean && i == restarts-1 {
					awaitCommits(t, broker, floods)
				}
				if clean {
					stopCleanly(t, broker, floods)
				} else {
					broker.Kill()
				}
				broker = again(t, broker, suite.kind)
			}
			when := fmt.Sprint("after ", restarts, " restarts")
			awaitMore(floods, func() int { return 10 })
			for _, f := range floods {
				f.stop()
			}
			for _, f := range floods {
				f.awaitDelayed(when)
				f.checkDeliveries(when, clean, f.check(when))
			}
		})
	}
}

// cleanStop is what was known when the broker had stopped.
type cleanStop struct {
	delivered int           // so many deliveries were before it
	committed map[int]int64 // offsets of the consumer's group, by queue
}

// awaitCommits waits until the consumer of each flood has committed something, which clients do every five seconds, unless
// it keeps its offsets itself.
func awaitCommits(t *testing.T, b *cluster.Broker, floods []*flood) {
	t.Helper()
	for _, f := range floods {
		eventually(t, f.c.group+" commits", func() bool {
			if f.kind.broadcast {
				return true
			}
			for _, offset := range f.committed(b) {
				if offset > 0 {
					return true
				}
			}
			return false
		})
	}
}

// stopCleanly stops the broker and remembers, of each flood, the offsets it left in consumerOffset.json: all that it had.
func stopCleanly(t *testing.T, b *cluster.Broker, floods []*flood) {
	t.Helper()
	before := make([]map[int]int64, len(floods))
	for i, f := range floods {
		if !f.kind.broadcast {
			before[i] = f.committed(b)
		}
	}
	require.NoError(t, b.Stop())
	text, err := os.ReadFile(filepath.Join(b.StoreDir, "config", "consumerOffset.json"))
	require.NoError(t, err)
	for i, f := range floods {
		stop := cleanStop{committed: storedOffsets(t, string(text), f.topic+"@"+f.c.group)}
		stop.delivered, _ = f.c.inbox.Counts()
		for queueID, offset := range before[i] {
			require.GreaterOrEqual(t, stop.committed[queueID], offset, "offset of %s in queue %d of %s", f.c.group, queueID, f.topic)
		}
		f.stops = append(f.stops, stop)
	}
}

// committed are the offsets of the consumer's group, as the broker answers 14 QUERY_CONSUMER_OFFSET.
func (f *flood) committed(b *cluster.Broker) map[int]int64 {
	f.t.Helper()
	offsets := make(map[int]int64)
	for queueID := range floodQueues {
		answer := callByHand(f.t, b.Addr, 14, map[string]string{"consumerGroup": f.c.group, "topic": f.topic, "queueId": strconv.Itoa(queueID)})
		require.Zero(f.t, answer.Code, answer.Remark)
		var err error
		offsets[queueID], err = strconv.ParseInt(answer.ExtFields["offset"], 10, 64)
		require.NoError(f.t, err)
	}
	return offsets
}

// storedOffsets reads the offsets of one topic@group, {0:7,1:8}, out of the text of consumerOffset.json.
func storedOffsets(t *testing.T, text, topicAtGroup string) map[int]int64 {
	t.Helper()
	offsets := make(map[int]int64)
	found := regexp.MustCompile(`"` + topicAtGroup + `":\{([^}]*)\}`).FindStringSubmatch(text)
	if found == nil {
		return offsets // nothing committed yet
	}
	for _, entry := range strings.Split(found[1], ",") {
		var queueID int
		var offset int64
		_, err := fmt.Sscanf(strings.TrimSpace(entry), "%d:%d", &queueID, &offset)
		require.NoError(t, err, entry)
		offsets[queueID] = offset
	}
	return offsets
}

// awaitDelayed waits until what takes its time, delays and questions about transactions, is in the topic.
func (f *flood) awaitDelayed(when string) {
	f.t.Helper()
	if f.kind.direct {
		return
	}
	missing := make(map[string]bool)
	for _, k := range f.inbox.Acks() {
		if !f.rolledBack(k.Key) {
			missing[k.Key] = true
		}
	}
	eventually(f.t, when+": everything acknowledged is in the topic", func() bool {
		_, times := f.readStored(when)
		maps.DeleteFunc(missing, func(key string, _ bool) bool { return times[key] > 0 })
		return len(missing) == 0
	})
}

// checkDeliveries looks at repetitions, in the topic (times, of each key) and of deliveries, and at the order in which an
// orderly consumer was served.
func (f *flood) checkDeliveries(when string, clean bool, times map[string]int) {
	f.t.Helper()
	msgs := f.c.inbox.Messages()
	if f.kind.name == "orderly" {
		next := make(map[int]int64)
		for _, m := range msgs {
			require.LessOrEqual(f.t, m.QueueOffset, next[m.QueueID], "%s: queue %d is served out of order", when, m.QueueID)
			next[m.QueueID] = max(next[m.QueueID], m.QueueOffset+1)
		}
	}
	twice := 0
	for key, n := range times {
		if n > 1 {
			twice++
			require.False(f.t, clean, "%s: %s is there %d times", when, key, n)
		}
	}
	if clean && !f.kind.broadcast {
		require.NotEmpty(f.t, f.stops[len(f.stops)-1].committed, "%s: %s committed nothing", when, f.c.group)
	}
	for _, stop := range f.stops {
		before := make(map[place]bool)
		for _, m := range msgs[:stop.delivered] {
			before[place{m.QueueID, m.QueueOffset}] = true
		}
		for _, m := range msgs[stop.delivered:] {
			again := before[place{m.QueueID, m.QueueOffset}] && m.QueueOffset < stop.committed[m.QueueID]
			require.False(f.t, again, "%s: queue %d offset %d was committed (%d) and came again", when, m.QueueID, m.QueueOffset, stop.committed[m.QueueID])
		}
	}
	f.t.Logf("%s %s: %d deliveries of %d messages, %d stored twice", when, f.p.name, len(msgs), len(times), twice)
}
