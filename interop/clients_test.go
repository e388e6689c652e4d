package interop

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// awaitTimeout bounds every wait for clients: longer than their 20 s rebalance and 30 s route intervals.
const (
	awaitTimeout = 45 * time.Second
	pollInterval = 50 * time.Millisecond
)

// matrix is the clients scenarios are tried with.
func matrix() []string {
	if only := os.Getenv("INTEROP_CLIENTS"); only != "" {
		return strings.Split(only, ",")
	}
	return []string{agent.Java440, agent.Java497, agent.Java533, agent.Go212}
}

var lastUnique atomic.Int64

// eventually polls cond, on the test's goroutine, so that cond may use require.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	eventuallyWithin(t, awaitTimeout, what, cond)
}

func eventuallyWithin(t *testing.T, timeout time.Duration, what string, cond func() bool) {
	t.Helper()
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	deadline := time.Now().Add(timeout)
	for !cond() {
		if time.Now().After(deadline) {
			require.FailNow(t, "not within "+timeout.String(), what)
		}
		<-poll.C
	}
}

// unique makes a topic, group or client name nobody else uses.
func unique(prefix string) string {
	return fmt.Sprintf("%s-%d", strings.NewReplacer(".", "_", " ", "_").Replace(prefix), lastUnique.Add(1))
}

// producer is a started producer of an agent; it stops with the test.
type producer struct {
	t    *testing.T
	a    *agent.Agent
	name string
}

func startProducer(t *testing.T, kind, namesrv string, args agent.Args) *producer {
	t.Helper()
	return startProducerOf(t, client(t, kind), namesrv, args)
}

// startProducerOf starts a producer in that client process.
func startProducerOf(t *testing.T, a *agent.Agent, namesrv string, args agent.Args) *producer {
	t.Helper()
	p := &producer{t: t, a: a, name: unique("P-" + a.Kind)}
	p.call("producer.start", agent.Args{"group": p.name, "namesrv": namesrv, "timeoutMs": 30000}.With(args), nil)
	t.Cleanup(func() { stopLeniently(t, p.a, "producer.stop", p.name) })
	return p
}

func (p *producer) call(op string, args agent.Args, out any) {
	p.t.Helper()
	require.NoError(p.t, p.a.Call(op, agent.Args{"name": p.name}.With(args), out))
}

// trySend sends and returns what the client said of every message, errors included.
func (p *producer) trySend(args agent.Args) []agent.SendResult {
	p.t.Helper()
	var answer struct{ Results []agent.SendResult }
	p.call("send", args, &answer)
	return answer.Results
}

// send sends; every message must be stored.
func (p *producer) send(args agent.Args) []agent.SendResult {
	p.t.Helper()
	results := p.trySend(args)
	for i, r := range results {
		require.Empty(p.t, r.Error, "%s, message %d", p.name, i)
		if r.Status != "ONEWAY" {
			require.Equal(p.t, "SEND_OK", r.Status, "%s, message %d", p.name, i)
		}
	}
	return results
}

// createTopic makes a topic with that many queues and waits until clients see it. Only Java clients can.
func (p *producer) createTopic(topic string, queueNums int) {
	p.t.Helper()
	p.call("producer.createTopic", agent.Args{"topic": topic, "queueNums": queueNums}, nil)
	p.awaitTopic(topic, queueNums)
}

// awaitTopic waits until the route of topic has that many queues.
func (p *producer) awaitTopic(topic string, queueNums int) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("route of %s with %d queues", topic, queueNums), func() bool {
		var answer struct{ Queues []agent.Queue }
		err := p.a.Call("producer.queues", agent.Args{"name": p.name, "topic": topic}, &answer)
		return err == nil && len(answer.Queues) == queueNums
	})
}

// newTopic makes a topic of its own for a scenario.
func newTopic(t *testing.T, namesrv, prefix string, queueNums int) string {
	t.Helper()
	topic := unique(prefix)
	newTopicNamed(t, namesrv, topic, queueNums)
	return topic
}

func newTopicNamed(t *testing.T, namesrv, topic string, queueNums int) {
	t.Helper()
	startProducer(t, agent.Java497, namesrv, nil).createTopic(topic, queueNums)
}

// consumer is a started consumer of an agent, most often a push consumer; it stops with the test, if not before.
type consumer struct {
	t       *testing.T
	a       *agent.Agent
	name    string
	group   string // the name, unless given
	ops     string // consumer; litepull or pull for one that the agent polls
	inbox   *agent.Inbox
	stopped bool
}

func startConsumer(t *testing.T, kind, namesrv string, args agent.Args) *consumer {
	t.Helper()
	return startConsumerOf(t, client(t, kind), namesrv, args)
}

// startConsumerOf starts a consumer in that client process.
func startConsumerOf(t *testing.T, a *agent.Agent, namesrv string, args agent.Args) *consumer {
	t.Helper()
	return startConsumerBy(t, a, "consumer", namesrv, args)
}

func startConsumerBy(t *testing.T, a *agent.Agent, ops, namesrv string, args agent.Args) *consumer {
	t.Helper()
	c := &consumer{t: t, a: a, ops: ops, name: unique("C-" + a.Kind)}
	c.inbox, c.group = c.a.Inbox(c.name), c.name
	if group, given := args["group"].(string); given {
		c.group = group
	}
	c.call(ops+".start", agent.Args{"group": c.group, "namesrv": namesrv}.With(args), nil)
	t.Cleanup(func() {
		if !c.stopped {
			stopLeniently(t, c.a, ops+".stop", c.name)
		}
	})
	return c
}

func (c *consumer) call(op string, args agent.Args, out any) {
	c.t.Helper()
	require.NoError(c.t, c.a.Call(op, agent.Args{"name": c.name}.With(args), out))
}

// stop ends the consumer: nothing is delivered afterwards.
func (c *consumer) stop() {
	c.t.Helper()
	c.stopped = true
	c.call(c.ops+".stop", nil, nil)
}

// queues are the queues of topic the consumer is responsible for now.
func (c *consumer) queues(topic string) []int {
	c.t.Helper()
	var answer struct{ Queues []agent.Queue }
	c.call("consumer.queues", nil, &answer)
	var ids []int
	for _, q := range answer.Queues {
		if q.Topic == topic {
			ids = append(ids, q.QueueID)
		}
	}
	return ids
}

// awaitQueues waits until the consumer has exactly n queues of topic.
func (c *consumer) awaitQueues(topic string, n int) {
	c.t.Helper()
	eventually(c.t, fmt.Sprintf("%s with %d queues of %s", c.name, n, topic), func() bool { return len(c.queues(topic)) == n })
}

// await waits for at least n deliveries.
func (c *consumer) await(n int) []agent.Message {
	c.t.Helper()
	msgs, err := c.inbox.AwaitMessages(n, awaitTimeout)
	require.NoError(c.t, err, "%s, waiting for %d", c.name, n)
	return msgs
}

// awaitAndStop waits for n deliveries, stops the consumer and returns all there were: late duplicates show.
func (c *consumer) awaitAndStop(n int) []agent.Message {
	c.t.Helper()
	c.await(n)
	c.stop()
	return c.inbox.Messages()
}

// stopLeniently is for clean-up: the agent or the server may be gone by then.
func stopLeniently(t *testing.T, a *agent.Agent, op, name string) {
	if err := a.Call(op, agent.Args{"name": name}, nil); err != nil {
		t.Logf("%s %s: %v", op, name, err)
	}
}

// requireDelivered checks that msgs are exactly the messages sent: each once, at the place and with the ids the producer was
// told, and with the same body.
func requireDelivered(t *testing.T, sent []agent.SendResult, msgs []agent.Message) {
	t.Helper()
	byID := make(map[string]agent.Message)
	for _, m := range msgs {
		if before, twice := byID[m.MsgID]; twice {
			t.Errorf("%s delivered twice: %+v and %+v", m.MsgID, before, m)
		}
		byID[m.MsgID] = m
	}
	for _, s := range sent {
		m, found := byID[s.MsgID]
		if !assert.True(t, found, "%s was not delivered", s.MsgID) {
			continue
		}
		assert.Equal(t, s.OffsetMsgID, m.OffsetMsgID)
		assert.Equal(t, s.Topic, m.Topic)
		assert.Equal(t, s.QueueID, m.QueueID)
		assert.Equal(t, s.QueueOffset, m.QueueOffset)
		assert.Equal(t, s.LengthBytes, m.LengthBytes)
		assert.Equal(t, s.SHA1, m.SHA1)
	}
	require.Len(t, byID, len(sent))
}

// requireDense checks that the results have offsets 0, 1, 2, … (or from first on) in every queue, in the order of sending.
func requireDense(t *testing.T, sent []agent.SendResult, first int64) {
	t.Helper()
	next := make(map[int]int64)
	for _, s := range sent {
		if _, seen := next[s.QueueID]; !seen {
			next[s.QueueID] = first
		}
		require.Equal(t, next[s.QueueID], s.QueueOffset, "queue %d", s.QueueID)
		next[s.QueueID]++
	}
}
