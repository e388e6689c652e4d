package interop

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/internal/freeport"
	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestMetrics: official clients of every kind are seen by /metrics as what they
// are, what they tell of themselves included.
func TestMetrics(t *testing.T) {
	t.Parallel()
	if suite.kind != cluster.Booster {
		t.Skip("Java's broker has no metrics")
	}
	port, err := freeport.Find()
	require.NoError(t, err)
	namesrv := ownNamesrv(t, "namesrv")
	ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Conf: map[string]string{
		"metricsPromExporterPort": fmt.Sprint(port), "metricsClientPollSeconds": "1"}})
	for _, kind := range matrix() {
		topic := newTopic(t, namesrv.Addr, "Metrics", 2)
		sent := startProducer(t, kind, namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "%d", "count": 6})
		c := startConsumer(t, kind, namesrv.Addr, agent.Args{"topic": topic})
		requireDelivered(t, sent, c.await(6))
		labels := fmt.Sprintf(`cluster="DefaultCluster",[^}]*topic="%s"`, topic)
		group := fmt.Sprintf(`group="%s"`, c.group)
		for _, want := range []string{
			`rocketmq_producer_offset\{[^}]*` + labels + `\} 6`,
			`rocketmq_consumer_offset\{[^}]*` + group + `,topic="` + topic + `"\} 6`,
			`rocketmq_group_diff\{countOfOnlineConsumers="1",` + group + `,msgModel="1",topic="` + topic + `"\} 0`,
			`rocketmq_group_count\{[^}]*` + group + `[^}]*\} 1`,
			`rocketmq_consumer_lag_messages\{[^}]*consumer_` + group + `[^}]*topic="` + topic + `"\} 0`,
			`rocketmq_client_consume_rt\{[^}]*` + group + `,topic="` + topic + `"\} \d`,
			`rocketmq_client_consume_fail_msg_count\{[^}]*` + group + `,topic="` + topic + `"\} 0`,
		} {
			eventually(t, want, func() bool {
				return regexp.MustCompile(`(?m)^` + want).MatchString(httpGet(t, freeport.Addr(port), "/metrics"))
			})
		}
	}
}
