package interop

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

const (
	// takeOverTimeout covers the 60 s a lock lives without its holder and the 20 s between the attempts of the others.
	takeOverTimeout = 150 * time.Second
	// minTakeOver is the 60 s without the 20 s between two renewals, and as much again for a machine that is late with one.
	minTakeOver = 20 * time.Second
	orderlyEach = 20 // messages to each queue, before the death and after
)

// TestOrderlyTakeOver: of two orderly consumers of a group one dies without a word. The other goes on with its own queues at
// once and gets those of the dead only when their locks have expired; it goes on where the dead had come to, or before, skips
// nothing and gets every queue in the order of sending. Not with Go clients: their second orderly consumer of a group gets
// nothing for longer than that, from the Java broker neither.
func TestOrderlyTakeOver(t *testing.T) {
	t.Parallel()
	s := shared(t)
	var pairs []*orderlyPair
	for _, kind := range []string{agent.Java440, agent.Java497} {
		pairs = append(pairs, startOrderlyPair(t, kind, s.namesrv.Addr))
	}
	for _, o := range pairs {
		o.kill()
	}
	for _, o := range pairs {
		o.checkTakeOver()
	}
}

// orderlyPair are two consumers of one group, and what they consume.
type orderlyPair struct {
	t                *testing.T
	topic            string
	p                *producer
	doomed, survivor *consumer
	deadQueues       []int
	died             time.Time
}

func startOrderlyPair(t *testing.T, kind, namesrv string) *orderlyPair {
	t.Helper()
	o := &orderlyPair{t: t, topic: newTopic(t, namesrv, "TakeOver-"+kind, 4), p: startProducer(t, agent.Java497, namesrv, nil)}
	args := agent.Args{"topic": o.topic, "group": unique("TakeOver-group"), "namesrv": namesrv, "orderly": true}
	a, err := agent.Start(kind, filepath.Join(suite.dir, unique("doomed")))
	requireAvailable(t, err)
	t.Cleanup(a.Close)
	o.doomed = &consumer{t: t, a: a, name: unique("C-doomed")}
	o.doomed.inbox = a.Inbox(o.doomed.name)
	o.doomed.call("consumer.start", args, nil)
	o.survivor = startConsumer(t, kind, namesrv, args)
	o.survivor.awaitQueues(o.topic, 2)
	o.doomed.awaitQueues(o.topic, 2)
	o.deadQueues = o.doomed.queues(o.topic)
	o.send()
	eventually(t, kind+": everything consumed by both", func() bool {
		return len(o.doomed.inbox.Messages()) >= 2*orderlyEach && len(o.survivor.inbox.Messages()) >= 2*orderlyEach
	})
	return o
}

func (o *orderlyPair) send() {
	o.t.Helper()
	for queueID := range 4 {
		o.p.send(agent.Args{"topic": o.topic, "queueId": queueID, "text": "%d", "count": orderlyEach})
	}
}

func (o *orderlyPair) kill() {
	o.t.Helper()
	o.died = time.Now()
	o.doomed.a.Close()
	o.send()
}

func (o *orderlyPair) checkTakeOver() {
	o.t.Helper()
	last := func() map[int]int64 {
		offsets := make(map[int]int64)
		for _, m := range o.survivor.inbox.Messages() {
			offsets[m.QueueID] = max(offsets[m.QueueID], m.QueueOffset)
		}
		return offsets
	}
	eventuallyWithin(o.t, takeOverTimeout, o.survivor.name+" has everything", func() bool {
		offsets := last()
		for queueID := range 4 {
			if offsets[queueID] != 2*orderlyEach-1 {
				return false
			}
		}
		return true
	})
	reached := make(map[int]int64) // the offset that comes next in a queue, at the latest
	for _, m := range o.doomed.inbox.Messages() {
		require.LessOrEqual(o.t, m.QueueOffset, reached[m.QueueID], "queue %d of the dead", m.QueueID)
		reached[m.QueueID] = max(reached[m.QueueID], m.QueueOffset+1)
	}
	previous := make(map[int]int64)
	var first time.Duration
	for _, m := range o.survivor.inbox.Messages() {
		require.LessOrEqual(o.t, m.QueueOffset, reached[m.QueueID], "queue %d skips", m.QueueID)
		if offset, begun := previous[m.QueueID]; begun {
			require.Equal(o.t, offset+1, m.QueueOffset, "queue %d of %s is out of order", m.QueueID, o.survivor.name)
		} else if m.QueueID == o.deadQueues[0] {
			first = m.ReceivedAt.Sub(o.died)
			require.Greater(o.t, first, minTakeOver, "queue %d was locked", m.QueueID)
		}
		previous[m.QueueID] = m.QueueOffset
		reached[m.QueueID] = max(reached[m.QueueID], m.QueueOffset+1)
	}
	o.t.Logf("%s takes over after %s", o.survivor.name, first)
}
