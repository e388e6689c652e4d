package interop

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestMQAdmin: the official mqadmin does an operator's everyday work.
func TestMQAdmin(t *testing.T) {
	t.Parallel()
	s := shared(t)
	mqadmin := func(want string, args ...string) {
		t.Helper()
		var answer struct{ Output string }
		require.NoError(t, client(t, agent.MQAdmin).Call("mqadmin", agent.Args{"args": append(args, "-n", s.namesrv.Addr)}, &answer))
		require.NotContains(t, answer.Output, "Exception", args)
		require.Regexp(t, want, answer.Output, args)
	}
	topic, group := unique("Admin"), unique("Admin-group")
	mqadmin("create topic to "+s.broker.Addr+" success", "updateTopic", "-b", s.broker.Addr, "-t", topic, "-r", "3", "-w", "3")
	mqadmin("create subscription group to "+s.broker.Addr+" success", "updateSubGroup", "-b", s.broker.Addr, "-g", group)
	p := startProducer(t, agent.Java497, s.namesrv.Addr, nil)
	p.awaitTopic(topic, 3)
	sent := p.send(agent.Args{"topic": topic, "queueId": 1, "keys": "adminkey", "tags": "TagA", "text": "seen by mqadmin", "count": 5})
	c := startConsumer(t, agent.Java497, s.namesrv.Addr, agent.Args{"topic": topic, "group": group})
	c.awaitAndStop(5)

	mqadmin(`(?m)^DefaultCluster\s+broker-a\s+0\s+`+s.broker.Addr, "clusterList")
	mqadmin(`"readQueueNums":3`, "topicRoute", "-t", topic)
	mqadmin(topic, "topicList")
	mqadmin(`(?m)^broker-a\s+1\s+0\s+5\s+20\d\d-`, "topicStatus", "-t", topic)
	mqadmin(`(?m)^`+topic+`\s+broker-a\s+1\s+5\s+5\s+0`, "consumerProgress", "-g", group)
	mqadmin(`(?m)^Keys:\s+\[?adminkey`, "queryMsgById", "-i", sent[0].OffsetMsgID)
	mqadmin(sent[0].MsgID, "queryMsgByKey", "-t", topic, "-k", "adminkey")
	mqadmin(`(?m)^Queue Offset:\s+4`, "queryMsgByUniqueKey", "-t", topic, "-i", sent[4].MsgID)
	mqadmin(`bootTimestamp`, "brokerStatus", "-b", s.broker.Addr)
	mqadmin(`(?i)reset|offset`, "resetOffsetByTime", "-g", group, "-t", topic, "-s", "0")
	again := startConsumer(t, agent.Java497, s.namesrv.Addr, agent.Args{"topic": topic, "group": group})
	requireDelivered(t, sent, again.awaitAndStop(5))
	mqadmin("delete topic .* from cluster .* success|delete topic .* success", "deleteTopic", "-c", "DefaultCluster", "-t", topic)
}
