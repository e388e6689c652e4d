package interop

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestPullFromAnyOffset: DefaultMQPullConsumer and its Go sister read a queue from wherever they like, and are told where
// the ends are.
func TestPullFromAnyOffset(t *testing.T) {
	t.Parallel()
	s := shared(t)
	topic := newTopic(t, s.namesrv.Addr, "Pull", 4)
	sent := startProducer(t, agent.Java497, s.namesrv.Addr, nil).send(agent.Args{
		"topic": topic, "queueId": 1, "tags": "TagA", "text": "%d", "count": 50})
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := startPuller(t, kind, s.namesrv.Addr, topic)
			require.ElementsMatch(t, []int{0, 1, 2, 3}, p.queues())
			for _, from := range []int64{0, 10, 49} {
				r := p.pull(1, from, nil)
				require.Equal(t, "FOUND", r.Status)
				require.NotEmpty(t, r.Messages)
				requireDelivered(t, sent[from:from+int64(len(r.Messages))], r.Messages)
				require.Equal(t, from+int64(len(r.Messages)), r.NextBeginOffset)
				require.Zero(t, r.MinOffset)
				require.Equal(t, int64(50), r.MaxOffset)
			}
			few := p.pull(1, 5, agent.Args{"max": 3})
			requireDelivered(t, sent[5:8], few.Messages)
			beyond := p.pull(1, 1000, nil)
			require.Equal(t, "OFFSET_ILLEGAL", beyond.Status)
			require.Equal(t, int64(50), beyond.NextBeginOffset)
		})
	}
	for _, kind := range []string{agent.Java440, agent.Java497, agent.Java533} {
		t.Run("offsets "+kind, func(t *testing.T) {
			t.Parallel()
			requirePullOffsets(t, startPuller(t, kind, s.namesrv.Addr, topic), sent)
		})
	}
}

// requirePullOffsets tries what only Java's pull consumer offers. Queue 1 holds sent, the others are empty.
func requirePullOffsets(t *testing.T, p *puller, sent []agent.SendResult) {
	end := p.pull(1, 50, nil)
	require.Equal(t, "NO_NEW_MSG", end.Status)
	require.Equal(t, int64(50), end.NextBeginOffset)
	none := p.pull(1, 0, agent.Args{"expression": "TagB"})
	require.Equal(t, "NO_MATCHED_MSG", none.Status)

	tenth := p.view(sent[10].OffsetMsgID)
	o := p.offsets(1, agent.Args{"timestampMs": tenth.StoreTimestampMs})
	require.Equal(t, int64(0), o.MinOffset)
	require.Equal(t, int64(50), o.MaxOffset)
	require.Equal(t, p.view(sent[0].OffsetMsgID).StoreTimestampMs, o.EarliestMs)
	found := p.pull(1, o.SearchOffset, agent.Args{"max": 1})
	require.Equal(t, tenth.StoreTimestampMs, found.Messages[0].StoreTimestampMs)
	require.Zero(t, p.offsets(1, agent.Args{"timestampMs": 1}).SearchOffset)
	require.Zero(t, p.offsets(0, nil).MaxOffset)

	p.call("pull.commit", agent.Args{"queueId": 1, "offset": 17}, nil)
	var committed struct{ Offset int64 }
	eventually(t, "committed offset 17", func() bool {
		p.call("pull.committed", agent.Args{"queueId": 1}, &committed)
		return committed.Offset == 17 // commits are one-way
	})
}

// TestLitePull: DefaultLitePullConsumer, which pulls with 11 in 4.x and with 361 in 5.x, polls, commits, and seeks to any offset, subscribed or with assigned queues.
func TestLitePull(t *testing.T) {
	t.Parallel()
	s := shared(t)
	topic := newTopic(t, s.namesrv.Addr, "LitePull", 2)
	p := startProducer(t, agent.Go212, s.namesrv.Addr, nil)
	sent := append(p.send(agent.Args{"topic": topic, "queueId": 0, "text": "%d", "count": 40}),
		p.send(agent.Args{"topic": topic, "queueId": 1, "text": "%d", "count": 10})...)
	for _, kind := range litePullers() {
		for _, assign := range []bool{false, true} {
			t.Run(kind+map[bool]string{false: " subscribe", true: " assign"}[assign], func(t *testing.T) {
				t.Parallel()
				l := litePuller{t, client(t, kind), unique("Lite"), topic}
				l.call("litepull.start", agent.Args{"group": l.name, "namesrv": s.namesrv.Addr, "assign": assign}, nil)
				t.Cleanup(func() { stopLeniently(t, l.a, "litepull.stop", l.name) })
				l.requireLitePull(sent)
			})
		}
	}
}

// litePullers are the clients with a DefaultLitePullConsumer. That of 5.3.3 pulls with code 361, which a Java broker 4.9.7
// does not know.
func litePullers() []string {
	if suite.kind == cluster.Java {
		return []string{agent.Java497}
	}
	return []string{agent.Java497, agent.Java533}
}

// requireLitePull polls what was sent, commits and seeks. Queue 0 has the first 40. It seeks only once nothing is on its way:
// client 4.9.7 hands out both the answer of the pull that a seek met and that of the pull after it.
func (l litePuller) requireLitePull(sent []agent.SendResult) {
	l.t.Helper()
	requireDelivered(l.t, sent, l.poll(50))
	l.call("litepull.commit", nil, nil)
	var committed struct{ Offset int64 }
	eventually(l.t, "committed offset 40", func() bool {
		l.call("litepull.committed", agent.Args{"queueId": 0}, &committed)
		return committed.Offset == 40
	})
	l.call("litepull.seek", agent.Args{"queueId": 0, "offset": 25}, nil)
	requireDelivered(l.t, sent[25:40], l.poll(15))
}

type litePuller struct {
	t     *testing.T
	a     *agent.Agent
	name  string
	topic string
}

func (l litePuller) call(op string, args agent.Args, out any) {
	l.t.Helper()
	require.NoError(l.t, l.a.Call(op, agent.Args{"name": l.name, "topic": l.topic, "brokerName": "broker-a"}.With(args), out))
}

// poll polls until there are at least n messages.
func (l litePuller) poll(n int) []agent.Message {
	l.t.Helper()
	var msgs []agent.Message
	eventually(l.t, fmt.Sprintf("%d messages polled", n), func() bool {
		var answer struct{ Messages []agent.Message }
		l.call("litepull.poll", agent.Args{"timeoutMs": 500}, &answer)
		msgs = append(msgs, answer.Messages...)
		return len(msgs) >= n
	})
	return msgs
}
