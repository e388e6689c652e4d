package interop

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// puller is a started pull consumer of one topic; it stops with the test.
type puller struct {
	t     *testing.T
	a     *agent.Agent
	name  string
	topic string
	// brokerName of the one broker the scenario has
	brokerName string
}

func startPuller(t *testing.T, kind, namesrv, topic string) *puller {
	t.Helper()
	return startPullerOf(t, client(t, kind), namesrv, topic, nil)
}

// startPullerAs starts one of Java 4.9.7 which signs with an account.
func startPullerAs(t *testing.T, namesrv, topic string, credentials agent.Args) *puller {
	t.Helper()
	return startPullerOf(t, client(t, agent.Java497), namesrv, topic, credentials)
}

func startPullerOf(t *testing.T, a *agent.Agent, namesrv, topic string, args agent.Args) *puller {
	t.Helper()
	p := &puller{t: t, a: a, name: unique("Pull-" + a.Kind), topic: topic, brokerName: "broker-a"}
	p.call("pull.start", agent.Args{"group": p.name, "namesrv": namesrv, "topic": topic}.With(args), nil)
	t.Cleanup(func() { stopLeniently(t, p.a, "pull.stop", p.name) })
	return p
}

func (p *puller) call(op string, args agent.Args, out any) {
	p.t.Helper()
	require.NoError(p.t, p.a.Call(op, agent.Args{"name": p.name, "topic": p.topic, "brokerName": p.brokerName}.With(args), out))
}

func (p *puller) queues() []int {
	p.t.Helper()
	var answer struct{ Queues []agent.Queue }
	p.call("pull.queues", nil, &answer)
	ids := make([]int, 0, len(answer.Queues))
	for _, q := range answer.Queues {
		require.Equal(p.t, p.topic, q.Topic)
		require.Equal(p.t, p.brokerName, q.BrokerName)
		ids = append(ids, q.QueueID)
	}
	return ids
}

func (p *puller) pull(queueID int, offset int64, args agent.Args) agent.PullResult {
	p.t.Helper()
	var r agent.PullResult
	p.call("pull", agent.Args{"queueId": queueID, "offset": offset, "max": 32}.With(args), &r)
	return r
}

func (p *puller) offsets(queueID int, args agent.Args) agent.Offsets {
	p.t.Helper()
	var o agent.Offsets
	p.call("pull.offsets", agent.Args{"queueId": queueID}.With(args), &o)
	return o
}

// view finds a message by either id. Ids which are keys are found when the index has them, shortly after the send.
func (p *puller) view(msgID string) agent.Message {
	p.t.Helper()
	var answer struct{ Message agent.Message }
	p.lookUp("view", agent.Args{"msgId": msgID}, &answer)
	return answer.Message
}

// query finds the messages with a key.
func (p *puller) query(key string) []agent.Message {
	p.t.Helper()
	var answer struct{ Messages []agent.Message }
	p.lookUp("query", agent.Args{"key": key}, &answer)
	return answer.Messages
}

func (p *puller) lookUp(op string, args agent.Args, out any) {
	p.t.Helper()
	args = agent.Args{"name": p.name, "topic": p.topic}.With(args)
	var err error
	for range 20 {
		if err = p.a.Call(op, args, out); err == nil {
			return
		}
		<-time.After(pollInterval)
	}
	require.NoError(p.t, err)
}

// readQueue reads a whole queue and checks that offsets have no hole and no repetition from the first to the last.
func (p *puller) readQueue(queueID int) []agent.Message {
	p.t.Helper()
	o := p.offsets(queueID, nil)
	var msgs []agent.Message
	for next := o.MinOffset; next < o.MaxOffset; {
		r := p.pull(queueID, next, agent.Args{"max": 1000})
		require.Equal(p.t, "FOUND", r.Status, "%s queue %d offset %d of %+v", p.topic, queueID, next, o)
		for _, m := range r.Messages {
			require.Equal(p.t, next, m.QueueOffset, "%s queue %d", p.topic, queueID)
			next++
			msgs = append(msgs, m)
		}
		require.Equal(p.t, next, r.NextBeginOffset)
	}
	return msgs
}

// readAll reads all queues of the topic, queue by queue.
func (p *puller) readAll() []agent.Message {
	p.t.Helper()
	var msgs []agent.Message
	for _, queueID := range p.queues() {
		msgs = append(msgs, p.readQueue(queueID)...)
	}
	return msgs
}
