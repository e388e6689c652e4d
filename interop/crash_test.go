package interop

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// crashKills is how often a crash loop kills the broker; INTEROP_CRASHES says otherwise.
const crashKills = 5

// floodThreads is also the number of queues of a flooded topic.
const floodThreads = 2

// TestCrashLoop: the broker is killed again and again while clients send. What was acknowledged is there, at the place the
// producer was told, for good; queues have no holes; nobody was given a message that is not there any more. The folder can
// then be read by the Java broker, which finds the same. In the third loop the Java broker and Booster take turns on one
// folder.
func TestCrashLoop(t *testing.T) {
	t.Parallel()
	for _, loop := range []struct {
		name, flush string
		turns       []cluster.Kind
	}{
		{"async flush", "ASYNC_FLUSH", []cluster.Kind{suite.kind}},
		{"sync flush", "SYNC_FLUSH", []cluster.Kind{suite.kind}},
		{"taking turns", "ASYNC_FLUSH", []cluster.Kind{suite.kind, cluster.Java}},
	} {
		t.Run(loop.name, func(t *testing.T) {
			t.Parallel()
			namesrv := ownNamesrv(t, "namesrv")
			broker := ownBroker(t, cluster.BrokerOptions{
				Namesrv: namesrv.Addr, Conf: smallFiles(map[string]string{"flushDiskType": loop.flush})})
			var floods []*flood
			for _, kind := range matrix() {
				floods = append(floods, startFlood(t, kind, namesrv.Addr))
			}
			for i := range kills(t) {
				for _, f := range floods {
					f.awaitMore(100 + rand.IntN(500))
				}
				broker.Kill()
				broker = again(t, broker, loop.turns[(i+1)%len(loop.turns)])
				t.Logf("killed, continued by %s", broker.Name)
			}
			for _, f := range floods {
				f.awaitMore(100)
				f.stop()
				f.check(fmt.Sprint("after ", kills(t), " kills"))
			}
			broker.Kill()
			again(t, broker, cluster.Java)
			for _, f := range floods {
				f.check("read by the Java broker")
			}
		})
	}
}

func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("INTEROP_CRASHES")
	if text == "" {
		return crashKills
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "INTEROP_CRASHES")
	return n
}

// flood is one client which sends all the time, and one which consumes what it sends.
type flood struct {
	t       *testing.T
	p       *producer
	inbox   *agent.Inbox
	c       *consumer
	topic   string
	namesrv string
}

func startFlood(t *testing.T, kind, namesrv string) *flood {
	t.Helper()
	f := &flood{t: t, namesrv: namesrv, topic: newTopic(t, namesrv, "Flood-"+kind, floodThreads)}
	f.c = startConsumer(t, kind, namesrv, quickRoutes.With(agent.Args{"topic": f.topic}))
	f.p = startProducer(t, kind, namesrv, quickRoutes.With(agent.Args{"timeoutMs": 3000, "retries": 0}))
	f.inbox = f.p.a.Inbox(f.p.name)
	f.p.call("flood.start", agent.Args{"topic": f.topic, "threads": floodThreads, "size": 500, "pauseMs": 2}, nil)
	return f
}

// awaitMore waits for n more acknowledgements.
func (f *flood) awaitMore(n int) {
	f.t.Helper()
	_, before := f.inbox.Counts()
	err := f.inbox.Await(awaitTimeout, func() bool { _, acks := f.inbox.Counts(); return acks >= before+n })
	require.NoError(f.t, err, "%s: %d more acknowledgements", f.p.name, n)
}

// stop ends the sending and writes down what was acknowledged, for people to look into after a failure.
func (f *flood) stop() {
	f.t.Helper()
	var answer struct {
		Acked, Failed int
		LastError     string
	}
	f.p.call("flood.stop", nil, &answer)
	f.t.Logf("%s: %d acknowledged, %d failed, last with %q", f.p.name, answer.Acked, answer.Failed, answer.LastError)
	require.NoError(f.t, f.inbox.Await(awaitTimeout, func() bool { _, acks := f.inbox.Counts(); return acks >= answer.Acked }))
	var text strings.Builder
	for _, k := range f.inbox.Acks() {
		fmt.Fprintf(&text, "%d\t%d\t%s\t%s\n", k.QueueID, k.QueueOffset, k.Key, k.MsgID)
	}
	require.NoError(f.t, os.WriteFile(filepath.Join(suite.dir, f.topic+"-acks.tsv"), []byte(text.String()), 0o644))
}

type place struct {
	queueID int
	offset  int64
}

// check compares what is stored now with what was acknowledged and with what was delivered.
func (f *flood) check(when string) {
	f.t.Helper()
	stored := make(map[place]string)
	reader := startPuller(f.t, agent.Java497, f.namesrv, f.topic)
	for queueID := range floodThreads {
		last := -1
		for _, m := range reader.readQueue(queueID) { // dense, or it fails
			stored[place{queueID, m.QueueOffset}] = m.Keys
			seq, err := strconv.Atoi(m.Properties["seq"])
			require.NoError(f.t, err)
			require.Greater(f.t, seq, last, "%s: queue %d offset %d is out of order", when, queueID, m.QueueOffset)
			last = seq
		}
	}
	acked := make(map[string]bool)
	for _, k := range f.inbox.Acks() {
		acked[k.Key] = true
		require.Equal(f.t, k.Key, stored[place{k.QueueID, k.QueueOffset}], "%s: acknowledged at queue %d offset %d", when, k.QueueID, k.QueueOffset)
	}
	f.t.Logf("%s: %d stored", when, len(stored))
	eventually(f.t, when+": everything acknowledged is delivered", func() bool {
		keys := make(map[string]bool)
		for _, m := range f.c.inbox.Messages() {
			keys[m.Keys] = true
		}
		return isSubset(acked, keys)
	})
	f.t.Logf("%s: all delivered", when)
	for _, m := range f.c.inbox.Messages() {
		require.Equal(f.t, m.Keys, stored[place{m.QueueID, m.QueueOffset}], "%s: delivered from queue %d offset %d", when, m.QueueID, m.QueueOffset)
	}
}
