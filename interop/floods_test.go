package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// floodQueues is the number of queues of a flooded topic.
const floodQueues = 2

// floodKind is what a flood sends and how it is consumed: arguments of producer, flood and consumer.
type floodKind struct {
	name                      string
	producer, flood, consumer agent.Args
	// direct: an acknowledgement tells the place in the topic, and every queue has the order of sending.
	direct bool
	// broadcast: the consumer keeps its offsets itself.
	broadcast bool
	// polls names the clients whose consumer is one that the agent polls, and which: litepull or pull.
	polls func() (kinds []string, ops string)
}

var plainFlood = floodKind{name: "plain", direct: true}

// floodKinds have every kind of producer with an answer to its sends, and every kind of consumer that goes by itself. What
// they send together must leave the machine time to breathe.
func floodKinds() []floodKind {
	return []floodKind{
		plainFlood,
		{name: "orderly", direct: true, flood: agent.Args{"mode": "async"}, consumer: agent.Args{"orderly": true}},
		{name: "batch", direct: true, broadcast: true, flood: agent.Args{"threads": 1, "count": 5}, consumer: agent.Args{"model": "BROADCASTING"}},
		{name: "delayed", flood: agent.Args{"delayLevel": 1}, polls: func() ([]string, string) { return litePullers(), "litepull" }},
		{name: "transaction", flood: agent.Args{"threads": 1}, producer: agent.Args{"transaction": true},
			polls: func() ([]string, string) { return javaClients(), "pull" }},
	}
}

// flood is one client which sends all the time, and one which consumes what it sends.
type flood struct {
	t       *testing.T
	kind    floodKind
	p       *producer
	inbox   *agent.Inbox
	c       *consumer
	topic   string
	namesrv string
	stops   []cleanStop
	// javaRecovers: a Java broker took over after a kill. It keeps a last record whose properties were not all written; nobody
	// was told that it is stored.
	javaRecovers bool
}

func startFlood(t *testing.T, client, namesrv string, kind floodKind) *flood {
	t.Helper()
	f := &flood{t: t, kind: kind, namesrv: namesrv, topic: newTopic(t, namesrv, "Flood-"+kind.name+"-"+client, floodQueues)}
	f.startConsumer(client)
	f.p = startProducer(t, client, namesrv, quickRoutes.With(agent.Args{"timeoutMs": 3000, "retries": 0}).With(kind.producer))
	f.inbox = f.p.a.Inbox(f.p.name)
	args := agent.Args{"topic": f.topic, "threads": floodQueues, "size": 500, "pauseMs": 2}
	f.p.call("flood.start", args.With(kind.flood), nil)
	return f
}

func (f *flood) startConsumer(kind string) {
	f.t.Helper()
	args, ops := quickRoutes.With(agent.Args{"topic": f.topic}).With(f.kind.consumer), "consumer"
	if f.kind.polls != nil {
		if kinds, polled := f.kind.polls(); slices.Contains(kinds, kind) {
			args, ops = args.With(agent.Args{"emit": true, "autoCommit": true}), polled
		}
	}
	f.c = startConsumerBy(f.t, client(f.t, kind), ops, f.namesrv, args)
}

// awaitMore waits until each flood has n() more acknowledgements than now.
func awaitMore(floods []*flood, n func() int) {
	goals := make([]int, len(floods))
	for i, f := range floods {
		_, acks := f.inbox.Counts()
		goals[i] = acks + n()
	}
	for i, f := range floods {
		f.t.Helper()
		err := f.inbox.Await(awaitTimeout, func() bool { _, acks := f.inbox.Counts(); return acks >= goals[i] })
		require.NoError(f.t, err, "%s: %d acknowledgements", f.p.name, goals[i])
	}
}

// stop ends the sending and writes down what was acknowledged, for people to look into after a failure.
func (f *flood) stop() {
	f.t.Helper()
	var answer struct {
		Acked, Failed int
		LastError     string
	}
	f.p.call("flood.stop", nil, &answer)
	f.t.Logf("%s %s: %d acknowledged, %d failed, last with %q", f.p.name, f.kind.name, answer.Acked, answer.Failed, answer.LastError)
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

// check compares what is stored now with what was acknowledged and with what was delivered, and returns how often each key
// is stored.
func (f *flood) check(when string) (times map[string]int) {
	f.t.Helper()
	stored, times := f.readStored(when)
	acked := make(map[string]bool)
	for _, k := range f.inbox.Acks() {
		if f.rolledBack(k.Key) {
			continue
		}
		acked[k.Key] = true
		if f.kind.direct {
			require.Equal(f.t, k.Key, stored[place{k.QueueID, k.QueueOffset}], "%s: acknowledged at queue %d offset %d", when, k.QueueID, k.QueueOffset)
		}
		require.NotZero(f.t, times[k.Key], "%s: acknowledged %s is missing", when, k.Key)
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
	return times
}

// readStored reads the topic: the key at each place, and how often each key is there. Queues have no holes; no direct
// message is out of order or there twice; nothing that was rolled back is there.
func (f *flood) readStored(when string) (stored map[place]string, times map[string]int) {
	f.t.Helper()
	stored, times = make(map[place]string), make(map[string]int)
	reader := startPuller(f.t, agent.Java497, f.namesrv, f.topic)
	for queueID := range floodQueues {
		last := -1
		for _, m := range reader.readQueue(queueID) { // dense, or it fails
			stored[place{queueID, m.QueueOffset}] = m.Keys
			times[m.Keys]++
			require.False(f.t, f.rolledBack(m.Keys), "%s: %s was rolled back", when, m.Keys)
			if f.javaRecovers && strings.HasSuffix(m.Keys, "\x00") {
				f.t.Logf("%s: queue %d offset %d is torn", when, queueID, m.QueueOffset)
				continue
			}
			if f.kind.direct {
				seq := keySeq(f.t, m.Keys)
				require.Greater(f.t, seq, last, "%s: queue %d offset %d is out of order", when, queueID, m.QueueOffset)
				last = seq
			}
		}
	}
	return stored, times
}

// keySeq is the number of a message of its thread, the last part of its key.
func keySeq(t *testing.T, key string) int {
	t.Helper()
	seq, err := strconv.Atoi(key[strings.LastIndexByte(key, '-')+1:])
	require.NoError(t, err)
	return seq
}

// rolledBack tells whether the key is that of a transaction which is rolled back: the last two of five are.
func (f *flood) rolledBack(key string) bool {
	return f.kind.name == "transaction" && keySeq(f.t, key)%5 >= 3
}
