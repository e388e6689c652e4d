package interop

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestNamespace: clients in a namespace put its name before those of their topics and groups, and a % between; they meet
// each other, with retries and dead letters, and nobody outside. The broker has names with a % like others.
func TestNamespace(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range slices.DeleteFunc(matrix(), func(kind string) bool { return kind == agent.Java440 }) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			namespace, topic := agent.Args{"namespace": unique("Space")}, unique("Named")
			inside := namespace["namespace"].(string) + "%"
			newTopicNamed(t, s.namesrv.Addr, topic, 1)
			newTopicNamed(t, s.namesrv.Addr, inside+topic, 1)
			group := unique("NamedGroup")
			args := agent.Args{"topic": topic, "group": group, "failures": 2, "maxReconsumeTimes": 1}
			c := startFailing(t, kind, s.namesrv.Addr, args.With(namespace))
			outside := startConsumer(t, kind, s.namesrv.Addr, agent.Args{"topic": topic, "group": group})
			sent := startProducer(t, kind, s.namesrv.Addr, namespace).send(agent.Args{"topic": topic, "text": "inside"})[0]
			other := startProducer(t, kind, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "outside"})
			for i, m := range c.await(2) {
				// Java clients take the namespace off again.
				require.Equal(t, []any{sent.MsgID, topic, i}, []any{m.MsgID, strings.TrimPrefix(m.Topic, inside), m.ReconsumeTimes})
			}
			dead := startPuller(t, agent.Java497, s.namesrv.Addr, "%DLQ%"+inside+group).find(0, sent.MsgID)
			require.Equal(t, inside+topic, dead.Properties["RETRY_TOPIC"])
			c.stop()
			require.Len(t, c.inbox.Messages(), 2)
			requireDelivered(t, other, outside.awaitAndStop(1))
		})
	}
}
