package interop

import (
	"errors"
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

type topicConfig struct {
	TopicName                                         string
	ReadQueueNums, WriteQueueNums, Perm, TopicSysFlag int
	TopicFilterType                                   string
	Order                                             bool
}

type topicStats struct {
	OffsetTable map[queueKey]struct{ MinOffset, MaxOffset, LastUpdateTimestamp int64 }
}

type topicRoute struct {
	BrokerDatas []struct {
		Cluster, BrokerName string
		BrokerAddrs         map[string]string
	}
	QueueDatas []struct {
		BrokerName                          string
		ReadQueueNums, WriteQueueNums, Perm int
	}
}

type consumeStats struct {
	ConsumeTps  float64
	OffsetTable map[queueKey]struct{ BrokerOffset, ConsumerOffset, LastTimestamp int64 }
}

// diff is the lag, as the page sums it up.
func (s consumeStats) diff() int64 {
	var diff int64
	for _, o := range s.OffsetTable {
		diff += o.BrokerOffset - o.ConsumerOffset
	}
	return diff
}

func (c *console) topicPage() {
	c.on("Topic/add and config", func(a action) {
		config := topicConfig{TopicName: c.topic, ReadQueueNums: 3, WriteQueueNums: 3, Perm: 6, TopicFilterType: "SINGLE_TAG"}
		a.createTopic(config)
		assert.Equal(a, config, a.topicConfigs()[c.topic])
		config.ReadQueueNums, config.WriteQueueNums = 2, 2
		a.createTopic(config)
		assert.Equal(a, config, a.topicConfigs()[c.topic])
	})
	c.on("Topic/list", func(a action) { a.requireTopicList() })
	c.on("Topic/router", func(a action) { a.requireRoute() })
	c.on("Topic/send", func(a action) { a.sendOnPage() })
	c.on("Topic/status", func(a action) { a.requireTopicStats() })
	c.on("Topic/consumer manage", func(a action) { a.requireConsumersOfTopic() })
	c.resetDialog()
}

func (a action) createTopic(config topicConfig) {
	a.Helper()
	a.ask(nil, "createAndUpdateTopicConfig", a.c.brokerAddr(), config)
}

// topicConfigs is the console's own request.
func (a action) topicConfigs() map[string]topicConfig {
	a.Helper()
	var configs struct{ TopicConfigTable map[string]topicConfig }
	a.op("console.ask", agent.Args{"code": 21, "addr": a.c.brokerAddr(), "body": "TopicConfigSerializeWrapper"}, &configs)
	return configs.TopicConfigTable
}

type topicList struct {
	TopicList  []string
	BrokerAddr string
}

func (a action) requireTopicList() {
	a.Helper()
	k := a.c.known
	var all topicList
	eventually(a.T, "the new topic in the list", func() bool {
		a.ask(&all, "fetchAllTopicList")
		return slices.Contains(all.TopicList, a.c.topic)
	})
	assert.Subset(a, all.TopicList, []string{k.topic, k.deadTopic, "%RETRY%" + k.online.group, "%DLQ%" + k.dead.group,
		"TBW102", "SELF_TEST_TOPIC", "BenchmarkTest", "OFFSET_MOVED_EVENT", "RMQ_SYS_TRACE_TOPIC", "DefaultCluster", "broker-a"})
	if !a.c.isDashboard() {
		return
	}
	var system topicList
	a.op("console.systemTopics", nil, &system)
	assert.Subset(a, system.TopicList, []string{"DefaultCluster", "broker-a", "TBW102", "SELF_TEST_TOPIC", "BenchmarkTest",
		"OFFSET_MOVED_EVENT", "SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRACE_TOPIC"})
	assert.NotContains(a, system.TopicList, k.topic)
}

func (a action) requireRoute() {
	a.Helper()
	var route topicRoute
	a.ask(&route, "examineTopicRouteInfo", a.c.known.topic)
	require.Len(a, route.BrokerDatas, 1)
	assert.Equal(a, "broker-a", route.BrokerDatas[0].BrokerName)
	assert.Equal(a, "DefaultCluster", route.BrokerDatas[0].Cluster)
	assert.Equal(a, map[string]string{"0": a.c.brokerAddr()}, route.BrokerDatas[0].BrokerAddrs)
	require.Len(a, route.QueueDatas, 1)
	assert.Equal(a, "broker-a", route.QueueDatas[0].BrokerName)
	assert.Equal(a, []int{4, 4, 6}, []int{route.QueueDatas[0].ReadQueueNums, route.QueueDatas[0].WriteQueueNums, route.QueueDatas[0].Perm})
	refused := a.refused("examineTopicRouteInfo", "no-such-topic")
	assert.Equal(a, 17, refused.Code)
	assert.Contains(a, refused.Text, "No topic route info in name server for the topic: no-such-topic")
}

func (a action) sendOnPage() {
	a.Helper()
	var sent []struct {
		agent.SendResult
		RegionID string
		TraceOn  bool
	}
	a.op("console.send", agent.Args{
		"topic": a.c.topic, "tags": "TagPage", "keys": "page-%d", "text": "From the page %d", "count": 4}, &sent)
	require.Len(a, sent, 4)
	for _, s := range sent {
		a.c.sent = append(a.c.sent, s.SendResult)
		assert.Equal(a, "SEND_OK", s.Status)
		assert.Equal(a, "DefaultRegion", s.RegionID)
		assert.True(a, s.TraceOn)
		assert.Regexp(a, `^([0-9A-F]{32}|[0-9A-F]{56})$`, s.MsgID)
		assert.Regexp(a, `^7F000001[0-9A-F]{24}$`, s.OffsetMsgID)
	}
	requireDense(a.T, a.c.sent, 0)
}

func (a action) requireTopicStats() {
	a.Helper()
	k := a.c.known
	var stats topicStats
	a.ask(&stats, "examineTopicStats", k.topic)
	require.Len(a, stats.OffsetTable, 4)
	sent := perQueue(k.all()...)
	for q, o := range stats.OffsetTable {
		assert.Equal(a, queueKey{k.topic, "broker-a", q.QueueID}, q)
		assert.Zero(a, o.MinOffset)
		assert.Equal(a, sent[q.QueueID], o.MaxOffset, "queue %d", q.QueueID)
		assert.WithinRange(a, time.UnixMilli(o.LastUpdateTimestamp), k.startedAt, time.Now())
	}
	a.ask(&stats, "examineTopicStats", "%RETRY%"+k.online.group)
	assert.Contains(a, stats.OffsetTable, queueKey{"%RETRY%" + k.online.group, "broker-a", 0})
}

func (a action) requireConsumersOfTopic() {
	a.Helper()
	k := a.c.known
	assert.ElementsMatch(a, []string{k.online.group, k.filtered.group, k.broadcast.group, k.lagging.group}, a.groupsOf(k.topic))
	eventually(a.T, "the group that has consumed all has no lag", func() bool {
		stats := a.consumeStats(k.online.group, k.topic)
		return len(stats.OffsetTable) == 4 && stats.diff() == 0
	})
	stats := a.consumeStats(k.lagging.group, k.topic)
	early, all := perQueue(k.early...), perQueue(k.all()...)
	require.Len(a, stats.OffsetTable, 4)
	for q, o := range stats.OffsetTable {
		assert.Equal(a, queueKey{k.topic, "broker-a", q.QueueID}, q)
		assert.Equal(a, all[q.QueueID], o.BrokerOffset, "queue %d", q.QueueID)
		assert.Equal(a, early[q.QueueID], o.ConsumerOffset, "queue %d", q.QueueID)
		assert.WithinRange(a, time.UnixMilli(o.LastTimestamp), k.startedAt, time.Now())
	}
	assert.Equal(a, int64(len(k.late)), stats.diff())
	// The client of each queue is found by the queues in its running info.
	queues := make(map[int]bool)
	for q := range a.runningInfo(k.lagging, false).MQTable {
		if q.Topic == k.topic {
			queues[q.QueueID] = true
		}
	}
	assert.Equal(a, map[int]bool{0: true, 1: true, 2: true, 3: true}, queues)
}

// consumeStats is of one topic, or of all when topic is empty.
func (a action) consumeStats(group, topic string) consumeStats {
	a.Helper()
	var stats consumeStats
	if topic == "" {
		a.ask(&stats, "examineConsumeStats", group)
	} else {
		a.ask(&stats, "examineConsumeStats", group, topic)
	}
	return stats
}

// resetDialog sets back the console's own group: while it has no offsets, while it is offline, while it is online. A client
// which is told to pauses for 10 s then; c.own is that client.
func (c *console) resetDialog() {
	start := func() *consumer {
		return startConsumer(c.t, agent.Java497, c.namesrv, agent.Args{"topic": c.topic, "group": c.group})
	}
	ends := perQueue(c.sent...)
	c.on("Topic/reset offset of nobody", func(a action) {
		refused := a.refused("resetOffsetByTimestamp", c.topic, "nobody", 0, true)
		assert.Equal(a, 1, refused.Code)
		assert.Contains(a, refused.Text, "THe consumer group <nobody> not exist")
	})
	c.on("Topic/reset offset offline", func(a action) {
		requireDelivered(a.T, c.sent, start().awaitAndStop(len(c.sent)))
		assert.Equal(a, []string{c.group}, a.groupsOf(c.topic), "by the offsets its end has written")
		a.resetOffline(ends)
	})
	ok := c.on("Topic/reset offset", func(a action) {
		c.own = start()
		requireDelivered(a.T, c.sent, c.own.await(len(c.sent))) // again
		assert.Equal(a, map[queueKey]int64{{c.topic, "broker-a", 0}: 0, {c.topic, "broker-a", 1}: 0}, a.reset(0))
	})
	if !ok {
		c.t.FailNow() // the pages after it need this consumer
	}
	if c.isDashboard() {
		c.on("Topic/skip accumulate", func(a action) {
			assert.Equal(a, map[queueKey]int64{{c.topic, "broker-a", 0}: ends[0], {c.topic, "broker-a", 1}: ends[1]}, a.reset(-1))
		})
	}
}

// resetOffline is what the console does when nobody of the group is there to be told: it sets the offsets itself.
func (a action) resetOffline(ends map[int]int64) {
	a.Helper()
	c := a.c
	var refused *agent.Error
	eventually(a.T, "the client is gone", func() bool {
		return errors.As(a.try(nil, "resetOffsetByTimestamp", []any{c.topic, c.group, 0, true}), &refused)
	})
	assert.Equal(a, 206, refused.Code)
	assert.Contains(a, refused.Text, "Consumer not online, so can not reset offset, Group: "+c.group+" Topic: "+c.topic+" Timestamp: 0")
	var rollbacks []rollback
	a.ask(&rollbacks, "resetOffsetByTimestampOld", c.group, c.topic, 0, true)
	want := []rollback{{"broker-a", 0, ends[0], ends[0], 0, 0}, {"broker-a", 1, ends[1], ends[1], 0, 0}}
	assert.ElementsMatch(a, want, rollbacks)
	assert.Equal(a, int64(len(c.sent)), a.consumeStats(c.group, c.topic).diff())
}

// rollback is a row of what the page shows afterwards.
type rollback struct {
	BrokerName                                                    string
	QueueID                                                       int
	BrokerOffset, ConsumerOffset, TimestampOffset, RollbackOffset int64
}

func (a action) reset(timestampMs int64) map[queueKey]int64 {
	a.Helper()
	var offsets map[queueKey]int64
	a.ask(&offsets, "resetOffsetByTimestamp", a.c.topic, a.c.group, timestampMs, true)
	return offsets
}
