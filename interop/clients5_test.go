package interop

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestHeartbeatV2: a 5.x consumer told to use heart-beats of version 2, which leave the subscriptions out once the broker
// offers that, keeps its subscription: it gets every message once, heart-beat after heart-beat.
func TestHeartbeatV2(t *testing.T) {
	t.Parallel()
	s := shared(t)
	topic := newTopic(t, s.namesrv.Addr, "HeartbeatV2", 4)
	consumer := startConsumer(t, agent.Java533, s.namesrv.Addr, agent.Args{
		"topic": topic, "heartbeatIntervalMs": 200, "set": agent.Args{"UseHeartbeatV2": true}})
	p := startProducer(t, agent.Java533, s.namesrv.Addr, nil)
	heartbeats := time.NewTicker(500 * time.Millisecond)
	defer heartbeats.Stop()
	var sent []agent.SendResult
	for range 6 {
		sent = append(sent, p.send(agent.Args{"topic": topic, "text": "%d", "count": 10})...)
		consumer.await(len(sent))
		<-heartbeats.C // two more have come
	}
	requireDelivered(t, sent, consumer.awaitAndStop(len(sent)))
	require.Len(t, consumer.inbox.Messages(), len(sent))
}
