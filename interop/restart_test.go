package interop

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// quickRoutes makes Java clients ask for routes every 2 s instead of 30: that is how they find a broker that was away.
var quickRoutes = agent.Args{"pollNameServerIntervalMs": 2000}

// TestBrokerRestart: a clean restart loses neither messages nor the place of a group, and clients carry on by themselves.
func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	namesrv := ownNamesrv(t, "namesrv")
	broker := ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr})
	var travellers []*traveller
	for _, kind := range matrix() {
		v := &traveller{kind: kind, namesrv: namesrv.Addr}
		v.before(t)
		travellers = append(travellers, v)
	}
	require.NoError(t, broker.Stop())
	again(t, broker, suite.kind)
	for _, v := range travellers {
		t.Run(v.kind, func(t *testing.T) {
			t.Parallel()
			v.after(t)
		})
	}
}

// traveller is one client's way through the restart: through runs all the time, rested is stopped meanwhile.
type traveller struct {
	kind, namesrv, topic, restedGroup string
	producer                          *producer
	through                           *consumer
	sent                              []agent.SendResult
}

func (v *traveller) before(t *testing.T) {
	v.topic, v.restedGroup = newTopic(t, v.namesrv, "Restart-"+v.kind, 4), unique("Rested")
	v.producer = startProducer(t, v.kind, v.namesrv, quickRoutes)
	v.through = startConsumer(t, v.kind, v.namesrv, quickRoutes.With(agent.Args{"topic": v.topic}))
	rested := startConsumer(t, v.kind, v.namesrv, agent.Args{"topic": v.topic, "group": v.restedGroup})
	v.sent = v.producer.send(agent.Args{"topic": v.topic, "text": "before %d", "count": 60})
	v.through.await(60)
	if v.kind == agent.Go212 { // it commits after its listener, and what it stops amid comes again
		awaitCommitted(t, v.namesrv, v.restedGroup, v.topic)
	}
	requireDelivered(t, v.sent, rested.awaitAndStop(60))
}

// awaitCommitted waits until the broker knows that group has consumed all of topic.
func awaitCommitted(t *testing.T, namesrv, group, topic string) {
	t.Helper()
	program, err := cluster.BoosterProgram()
	require.NoError(t, err)
	eventually(t, group+" has committed", func() bool {
		text, err := exec.CommandContext(t.Context(), program, "admin", "consumerProgress", "-n", namesrv, "-g", group).Output()
		return err == nil && strings.Contains(string(text), topic) && strings.Contains(string(text), "Diff Total: 0\n")
	})
}

func (v *traveller) after(t *testing.T) {
	v.producer.t, v.through.t = t, t
	later := v.producer.sendThrough(60, agent.Args{"topic": v.topic, "text": "after"})
	v.sent = append(v.sent, later...)

	stored := startPuller(t, agent.Java497, v.namesrv, v.topic).readAll()
	byPlace := make(map[string]agent.Message)
	for _, m := range stored {
		byPlace[m.OffsetMsgID] = m
	}
	for _, r := range v.sent {
		require.Equal(t, r.MsgID, byPlace[r.OffsetMsgID].MsgID)
		require.Equal(t, r.QueueOffset, byPlace[r.OffsetMsgID].QueueOffset)
	}

	eventually(t, "everything delivered to the consumer that stayed", func() bool {
		return isSubset(ids(v.sent), delivered(v.through.inbox.Messages()))
	})
	rested := startConsumer(t, v.kind, v.namesrv, agent.Args{"topic": v.topic, "group": v.restedGroup})
	eventually(t, "the rest delivered to the consumer that was away", func() bool {
		return isSubset(ids(later), delivered(rested.inbox.Messages()))
	})
	rested.stop()
	for _, m := range rested.inbox.Messages() {
		require.NotContains(t, m.Text, "before", "delivered again after the restart")
	}
}

func ids(sent []agent.SendResult) map[string]bool {
	set := make(map[string]bool)
	for _, r := range sent {
		set[r.MsgID] = true
	}
	return set
}

func delivered(msgs []agent.Message) map[string]bool {
	set := make(map[string]bool)
	for _, m := range msgs {
		set[m.MsgID] = true
	}
	return set
}

func isSubset(some, all map[string]bool) bool {
	for id := range some {
		if !all[id] {
			return false
		}
	}
	return true
}

// TestNamesrvDown: with two name servers one may die. Whoever runs carries on, whoever starts finds the other; the one that
// comes back learns the broker again, and then the other may die. Not with 5.x clients: they try one name server a request
// and do not start when that is the dead one.
func TestNamesrvDown(t *testing.T) {
	t.Parallel()
	clients := slices.DeleteFunc(matrix(), func(kind string) bool { return kind == agent.Java533 })
	first, second := ownNamesrv(t, "first"), ownNamesrv(t, "second")
	both := first.Addr + ";" + second.Addr
	broker := ownBroker(t, cluster.BrokerOptions{Namesrv: both, Conf: map[string]string{"registerNameServerPeriod": "10000"}})
	topic := newTopic(t, both, "Namesrv", 4)
	p := startProducer(t, agent.Java440, both, nil)
	p.send(agent.Args{"topic": topic, "text": "%d", "count": 8})

	first.Kill()
	p.send(agent.Args{"topic": topic, "text": "%d", "count": 8})
	for _, kind := range clients {
		requireRoundTrip(t, kind, both)
	}

	first, err := first.Again()
	require.NoError(t, err)
	t.Cleanup(first.Kill)
	eventually(t, "the broker known again", func() bool { return first.Knows(broker.Addr) })
	second.Kill()
	for _, kind := range clients {
		requireRoundTrip(t, kind, both)
	}
	p.send(agent.Args{"topic": topic, "text": "%d", "count": 8})
}

// requireRoundTrip checks that clients which start now can make a topic, send and receive.
func requireRoundTrip(t *testing.T, kind, namesrv string) {
	t.Helper()
	topic := newTopic(t, namesrv, "RoundTrip", 4)
	sent := startProducer(t, kind, namesrv, nil).send(agent.Args{"topic": topic, "text": "%d", "count": 8})
	requireDelivered(t, sent, startConsumer(t, kind, namesrv, agent.Args{"topic": topic}).awaitAndStop(8))
}
