package interop

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestDelayedMessages: a message with a delay level is delivered that much later and not earlier. Level 2 of the shared
// broker is 3 s.
func TestDelayedMessages(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Delay", 1)
			c := startConsumer(t, kind, s.namesrv.Addr, agent.Args{"topic": topic})
			before := time.Now()
			startProducer(t, kind, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "later", "delayLevel": 2})
			m := c.awaitAndStop(1)[0]
			require.GreaterOrEqual(t, m.ReceivedAt.Sub(before), 3*time.Second-10*time.Millisecond)
			// When the broker delivered it. A 5.x client may get it 20 s later: its first rebalance and its second heart-beat come
			// a second after its start, and if they meet, the broker of either kind finds its subscription not the latest until
			// the next beat.
			delivered := time.UnixMilli(m.StoreTimestampMs).Sub(before)
			require.GreaterOrEqual(t, delivered, 3*time.Second-10*time.Millisecond)
			require.Less(t, delivered, 15*time.Second)
			if kind != agent.Java533 {
				require.Less(t, m.ReceivedAt.Sub(before), 15*time.Second)
			}
			require.Equal(t, "later", m.Text)
			require.Equal(t, topic, m.Topic)
		})
	}
}

// startFailing starts a consumer which will need its group's retry topic soon. The broker makes that topic at the first
// heartbeat, after the client has asked for its route, and clients look again after 20 to 30 s only; so the group is there
// once before, which shows that the topic appears.
func startFailing(t *testing.T, kind, namesrv string, args agent.Args) *consumer {
	t.Helper()
	args = agent.Args{"group": unique("Failing-" + kind)}.With(args)
	first := startConsumer(t, kind, namesrv, args)
	group := first.group
	if namespace, given := args["namespace"].(string); given {
		group = namespace + "%" + group
	}
	startProducer(t, agent.Java497, namesrv, nil).awaitTopic("%RETRY%"+group, 1)
	if args["orderly"] == true { // stopped while it locks a queue, a client leaves it locked for a minute, with a Java broker as well
		topic := args["topic"].(string)
		eventually(t, first.name+" with a queue of "+topic, func() bool { return len(first.queues(topic)) > 0 })
	}
	first.stop()
	return startConsumer(t, kind, namesrv, args)
}

// TestRetry: a message the consumer does not accept comes again, with its count, until it is accepted.
func TestRetry(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Retry", 1)
			c := startFailing(t, kind, s.namesrv.Addr, agent.Args{"topic": topic, "failures": 2})
			sent := startProducer(t, kind, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "again", "keys": "k"})
			for i, m := range c.awaitAndStop(3) {
				require.Equal(t, i, m.ReconsumeTimes)
				require.Equal(t, topic, m.Topic)
				require.Equal(t, sent[0].MsgID, m.MsgID)
				require.Equal(t, "again", m.Text)
				require.Equal(t, "k", m.Keys)
			}
			require.Len(t, c.inbox.Messages(), 3)
		})
	}
}

// TestDeadLetter: a message which is never accepted ends in the group's dead letter queue.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Dead", 1)
			c := startFailing(t, kind, s.namesrv.Addr, agent.Args{"topic": topic, "failures": 100, "maxReconsumeTimes": 2})
			sent := startProducer(t, kind, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "never"})
			require.Len(t, c.await(3)[:3], 3)
			dlq := "%DLQ%" + c.group
			reader := startPuller(t, agent.Java497, s.namesrv.Addr, dlq)
			var dead agent.PullResult
			eventually(t, "a message in "+dlq, func() bool {
				err := reader.a.Call("pull", agent.Args{"name": reader.name, "topic": dlq, "brokerName": "broker-a", "queueId": 0, "offset": 0}, &dead)
				return err == nil && len(dead.Messages) > 0
			})
			require.Equal(t, "never", dead.Messages[0].Text)
			require.Equal(t, sent[0].MsgID, dead.Messages[0].MsgID)
			c.stop()
			require.Len(t, c.inbox.Messages(), 3)
		})
	}
}

// TestTransactions: committed messages are delivered, rolled back ones never, and about undecided ones the broker asks.
func TestTransactions(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Transaction", 1)
			c := startConsumer(t, kind, s.namesrv.Addr, agent.Args{"topic": topic})
			p := startProducer(t, kind, s.namesrv.Addr, agent.Args{"transaction": true})
			send := func(text, local, check string) {
				p.call("sendInTransaction", agent.Args{"topic": topic, "text": text, "local": local, "check": check}, nil)
			}
			send("rolled back", "ROLLBACK_MESSAGE", "COMMIT_MESSAGE")
			send("committed", "COMMIT_MESSAGE", "ROLLBACK_MESSAGE")
			send("committed when asked", "UNKNOW", "COMMIT_MESSAGE")
			send("rolled back when asked", "UNKNOW", "ROLLBACK_MESSAGE")
			var texts []string
			for _, m := range c.await(2) { // a consumer that came late gets both at once, each with a thread of its own
				texts = append(texts, m.Text)
			}
			require.ElementsMatch(t, []string{"committed", "committed when asked"}, texts)
			asked := make(map[string]bool)
			eventually(t, "both undecided asked for", func() bool {
				for _, m := range p.a.Inbox(p.name).Messages() {
					asked[m.Text] = true
				}
				return len(asked) >= 2
			})
			require.Equal(t, map[string]bool{"committed when asked": true, "rolled back when asked": true}, asked)
			c.stop()
			require.Len(t, c.inbox.Messages(), 2)
		})
	}
}
