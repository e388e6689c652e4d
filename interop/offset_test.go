package interop

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestConsumeFromWhere: a group which the broker has no offsets of begins where its consumers say: at the first message, at the
// end, or at a time.
func TestConsumeFromWhere(t *testing.T) {
	t.Parallel()
	namesrv := ownNamesrv(t, "namesrv")
	// A topic whose beginning is still in memory is read from there whatever consumers say; so no memory.
	ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Conf: map[string]string{"accessMessageInMemoryMaxRatio": "0"}})
	topic := newTopic(t, namesrv.Addr, "From", 1)
	p := startProducer(t, agent.Java497, namesrv.Addr, nil)
	p.send(agent.Args{"topic": topic, "text": "old", "count": 3})
	// A time finds the message nearest to it, and clients tell it in seconds.
	old := time.Now()
	eventually(t, "two seconds later", func() bool { return time.Since(old) > 2*time.Second })
	p.send(agent.Args{"topic": topic, "text": "recent"})
	since := time.UnixMilli(startPuller(t, agent.Java497, namesrv.Addr, topic).readAll()[3].StoreTimestampMs)
	for _, kind := range matrix() {
		start := func(t *testing.T, where string) *consumer {
			t.Helper()
			timestamp := since.Format("20060102150405")
			if kind == agent.Go212 {
				timestamp = since.UTC().Format("20060102150405") // as that client reads it
			}
			return startConsumer(t, kind, namesrv.Addr, agent.Args{
				"topic": topic, "fromWhere": "CONSUME_FROM_" + where, "consumeTimestamp": timestamp})
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			first, last, later := start(t, "FIRST_OFFSET"), start(t, "LAST_OFFSET"), start(t, "TIMESTAMP")
			eventually(t, "a later message at "+last.name, func() bool {
				p.send(agent.Args{"topic": topic, "text": "later"})
				n, _ := last.inbox.Counts()
				return n > 0
			})
			eventually(t, "all at "+first.name, func() bool { return oldAndRecent(first.inbox.Messages()) == [2]int{3, 1} })
			eventually(t, "the recent one at "+later.name, func() bool { return oldAndRecent(later.inbox.Messages())[1] == 1 })
			require.Equal(t, [2]int{0, 1}, oldAndRecent(later.inbox.Messages()))
			require.Equal(t, [2]int{0, 0}, oldAndRecent(last.inbox.Messages()))
		})
	}
}

func oldAndRecent(msgs []agent.Message) [2]int {
	texts := textsOf(msgs)
	return [2]int{texts["old"], texts["recent"]}
}

// TestYoungTopic: where all of a topic is there and in memory, a new group misses nothing, wherever it says it wants to begin.
func TestYoungTopic(t *testing.T) {
	t.Parallel()
	s := shared(t)
	topic := newTopic(t, s.namesrv.Addr, "Young", 1)
	startProducer(t, agent.Java497, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "%d", "count": 3})
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := startConsumer(t, kind, s.namesrv.Addr, agent.Args{"topic": topic, "fromWhere": "CONSUME_FROM_LAST_OFFSET"})
			require.Equal(t, map[string]int{"0": 1, "1": 1, "2": 1}, textsOf(c.await(3)))
		})
	}
}

// controlled is a group of one consumer which has consumed six messages; sinceMs is the time of the fourth, and of no other.
type controlled struct {
	*consumer
	admin   *adminClient
	p       *producer
	topic   string
	sent    []agent.SendResult
	sinceMs int64
}

func startControlled(t *testing.T, kind, namesrv string, args agent.Args) *controlled {
	t.Helper()
	c := &controlled{admin: startAdmin(t, namesrv), p: startProducer(t, kind, namesrv, nil), topic: newTopic(t, namesrv, "Control", 1)}
	c.consumer = startConsumer(t, kind, namesrv, agent.Args{"topic": c.topic}.With(args))
	for _, count := range []int{3, 1, 2} {
		c.sent = append(c.sent, c.p.send(agent.Args{"topic": c.topic, "text": "%d", "count": count})...)
		now := time.Now()
		eventually(t, "a later time", func() bool { return time.Since(now) > 2*time.Millisecond })
	}
	for _, m := range c.await(6) {
		if m.MsgID == c.sent[3].MsgID {
			c.sinceMs = m.StoreTimestampMs
		}
	}
	require.NotZero(t, c.sinceMs)
	return c
}

// awaitCommitted waits until the broker has the group's offset; clients tell it every 5 s and when they stop.
func (c *controlled) awaitCommitted(offset int64) {
	c.t.Helper()
	eventually(c.t, "the offset of "+c.group, func() bool {
		var answer struct {
			Offsets []struct {
				Topic  string
				Offset int64
			}
		}
		if err := c.admin.try("admin.consumeStats", agent.Args{"group": c.group, "topic": c.topic}, &answer); err != nil {
			return false
		}
		for _, o := range answer.Offsets {
			if o.Topic == c.topic && o.Offset == offset {
				return true
			}
		}
		return false
	})
}

func (c *controlled) target() agent.Args { return agent.Args{"group": c.group, "topic": c.topic} }

// offsetsOfQueues are the offsets an admin client answers with, one for each queue.
type offsetsOfQueues []struct {
	agent.Queue
	Offset int64
}

// TestResetOffset: an operator sets a group back to a time. Consumers which are there go on from it at once; for a group
// without any the tools set the broker's offsets instead.
func TestResetOffset(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := startControlled(t, kind, s.namesrv.Addr, nil)
			c.awaitCommitted(6)
			var answer struct{ Offsets offsetsOfQueues }
			c.admin.call("admin.resetOffset", c.target().With(agent.Args{"timestampMs": c.sinceMs}), &answer)
			require.Equal(t, offsetsOfQueues{{agent.Queue{Topic: c.topic, BrokerName: "broker-a"}, 3}}, answer.Offsets)
			again := c.await(9)[6:9]
			requireDelivered(t, c.sent[3:], again)
			c.awaitCommitted(6)
			c.stop()

			const consumerNotOnline = 206 // ResponseCode.CONSUMER_NOT_ONLINE
			var refused *agent.Error
			require.ErrorAs(t, c.admin.try("admin.resetOffset", c.target().With(agent.Args{"timestampMs": c.sinceMs}), nil), &refused)
			require.Equal(t, consumerNotOnline, refused.Code, refused.Text)
			c.admin.call("admin.resetOffline", c.target().With(agent.Args{"timestampMs": c.sinceMs}), nil)
			next := startConsumer(t, kind, s.namesrv.Addr, agent.Args{"topic": c.topic, "group": c.group})
			requireDelivered(t, c.sent[3:], next.awaitAndStop(3))
		})
	}
}

// TestCloneOffset: a group gets the offsets of another one and goes on from there.
func TestCloneOffset(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := startControlled(t, kind, s.namesrv.Addr, nil)
			c.awaitCommitted(6)
			clone := unique("Clone")
			c.admin.call("admin.cloneOffset", agent.Args{"from": c.group, "group": clone, "topic": c.topic}, nil)
			next := c.p.send(agent.Args{"topic": c.topic, "text": "next"})
			requireDelivered(t, next, startConsumer(t, kind, s.namesrv.Addr, agent.Args{"topic": c.topic, "group": clone}).awaitAndStop(1))
		})
	}
}

// TestAskConsumer: what operators ask of a running consumer, orderly or not, goes through the broker to it and back: where it
// is, what it does, and to consume this message once more.
func TestAskConsumer(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			requireAnswers(t, kind, s.namesrv.Addr, false)
		})
		t.Run(kind+" orderly", func(t *testing.T) {
			t.Parallel()
			requireAnswers(t, kind, s.namesrv.Addr, true)
		})
	}
}

func requireAnswers(t *testing.T, kind, namesrv string, orderly bool) {
	t.Helper()
	c := startControlled(t, kind, namesrv, agent.Args{"orderly": orderly})
	var clients struct{ ClientIDs []string }
	c.admin.call("admin.clients", c.target(), &clients)
	require.Len(t, clients.ClientIDs, 1)
	id := clients.ClientIDs[0]
	target := c.target().With(agent.Args{"clientId": id})

	var info struct {
		Topics     []string
		Queues     []agent.Queue
		Properties map[string]string
		JStack     string
	}
	c.admin.call("admin.runningInfo", target.With(agent.Args{"jstack": true}), &info)
	require.Contains(t, info.Topics, c.topic)
	require.Contains(t, info.Queues, agent.Queue{Topic: c.topic, BrokerName: "broker-a"})
	require.NotEmpty(t, info.Properties["PROP_CLIENT_VERSION"])
	require.NotEmpty(t, info.JStack)

	var direct struct {
		Result string
		Order  bool
	}
	c.admin.call("admin.consumeDirectly", target.With(agent.Args{"msgId": c.sent[1].OffsetMsgID}), &direct)
	require.Equal(t, "CR_SUCCESS", direct.Result)
	require.Equal(t, orderly && kind != agent.Go212, direct.Order, "the Go client never says so")
	require.Equal(t, c.sent[1].OffsetMsgID, c.await(7)[6].OffsetMsgID)

	stranger := target.With(agent.Args{"clientId": "127.0.0.1@nobody"})
	require.ErrorContains(t, c.admin.try("admin.runningInfo", stranger, nil),
		fmt.Sprintf("The Consumer <%s> <127.0.0.1@nobody> not online", c.group))
	if kind == agent.Go212 {
		return // it has no answer to the question where it is
	}
	var status struct{ Clients map[string]offsetsOfQueues }
	c.admin.call("admin.consumeStatus", c.target(), &status)
	require.Equal(t, map[string]offsetsOfQueues{
		id: {{agent.Queue{Topic: c.topic, BrokerName: "broker-a"}, 6}}}, status.Clients)
}
