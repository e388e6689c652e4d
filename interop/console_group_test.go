package interop

import (
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

type groupConfig struct {
	GroupName                                                             string
	ConsumeEnable, ConsumeFromMinEnable, ConsumeBroadcastEnable           bool
	NotifyConsumerIDsChangedEnable                                        bool
	RetryQueueNums, RetryMaxTimes, BrokerID, WhichBrokerWhenConsumeSlowly int
}

// defaultGroup is what a group gets that nobody configured.
func defaultGroup(name string) groupConfig {
	return groupConfig{name, true, true, true, true, 1, 16, 0, 1}
}

// groupSettings is the consumer page before anybody consumes.
func (c *console) groupSettings() {
	c.on("Consumer/add and config", func(a action) {
		config := groupConfig{c.group, true, false, false, true, 2, 5, 0, 1}
		a.ask(nil, "createAndUpdateSubscriptionGroupConfig", c.brokerAddr(), config)
		assert.Equal(a, config, a.groupConfigs()[c.group])
		config.RetryQueueNums, config.ConsumeFromMinEnable, config.ConsumeBroadcastEnable = 1, true, true
		a.ask(nil, "createAndUpdateSubscriptionGroupConfig", c.brokerAddr(), config)
		assert.Equal(a, config, a.groupConfigs()[c.group])
	})
}

// groupConfigs is the console's own request.
func (a action) groupConfigs() map[string]groupConfig {
	a.Helper()
	var wrapper struct{ SubscriptionGroupTable map[string]groupConfig }
	a.op("console.ask", agent.Args{"code": 201, "addr": a.c.brokerAddr(), "body": "SubscriptionGroupWrapper"}, &wrapper)
	return wrapper.SubscriptionGroupTable
}

type consumerConnection struct {
	ConnectionSet                               []connection
	ConsumeType, MessageModel, ConsumeFromWhere string
	SubscriptionTable                           map[string]struct {
		Topic, SubString, ExpressionType string
		TagsSet                          []string
		ClassFilterMode                  bool
	}
}

func (c *console) consumerPage() {
	k := c.known
	c.on("Consumer/list", func(a action) {
		var wrapper struct{ SubscriptionGroupTable map[string]groupConfig }
		a.ask(&wrapper, "getAllSubscriptionGroup", c.brokerAddr(), 3000)
		for _, system := range []string{"TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY",
			"CID_ONSAPI_PULL", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER"} {
			assert.Contains(a, wrapper.SubscriptionGroupTable, system)
		}
		for _, group := range []string{k.online.group, k.filtered.group, k.broadcast.group, k.lagging.group, k.dead.group} {
			assert.Equal(a, defaultGroup(group), wrapper.SubscriptionGroupTable[group])
		}
		assert.Equal(a, int64(len(k.late)), a.consumeStats(k.lagging.group, "").diff())
		assert.Equal(a, 206, a.refused("examineConsumeStats", k.broadcast.group).Code, "shown as a delay of -1")
		refused := a.refused("examineConsumeStats", "never-online")
		assert.Equal(a, 17, refused.Code)
		assert.Contains(a, refused.Text, "No topic route info in name server for the topic: %RETRY%never-online")
		eventually(a.T, "the TPS of a group that consumes", func() bool { return a.consumeStats(k.rate.group, "").ConsumeTps > 0 })
	})
	c.on("Consumer/client", func(a action) {
		a.requireConnection(k.online, "CLUSTERING", "*", []string{})
		a.requireConnection(k.filtered, "CLUSTERING", "TagB", []string{"TagB"})
		a.requireConnection(k.broadcast, "BROADCASTING", "*", []string{})
		refused := a.refused("examineConsumerConnectionInfo", "CID_ONSAPI_PULL")
		assert.Equal(a, 17, refused.Code, "a group which was never online has no retry topic")
	})
	c.on("Consumer/running info", func(a action) { a.requireRunningInfo() })
	c.on("Consumer/detail", func(a action) {
		stats := a.consumeStats(k.lagging.group, "")
		var queues []int
		for q := range stats.OffsetTable {
			if q.Topic == k.topic {
				queues = append(queues, q.QueueID)
			} else {
				assert.Equal(a, "%RETRY%"+k.lagging.group, q.Topic, "from the first offset written there")
			}
		}
		assert.ElementsMatch(a, []int{0, 1, 2, 3}, queues)
		assert.Equal(a, int64(len(k.late)), stats.diff())
	})
}

func (a action) requireConnection(consumer *consumer, model, expression string, tags []string) {
	a.Helper()
	var c consumerConnection
	a.ask(&c, "examineConsumerConnectionInfo", consumer.group)
	require.Len(a, c.ConnectionSet, 1)
	c.ConnectionSet[0].requireJava497(a, consumer.name)
	assert.Equal(a, []string{"CONSUME_PASSIVELY", model, "CONSUME_FROM_FIRST_OFFSET"},
		[]string{c.ConsumeType, c.MessageModel, c.ConsumeFromWhere})
	subscription := c.SubscriptionTable[a.c.known.topic]
	assert.Equal(a, a.c.known.topic, subscription.Topic)
	assert.Equal(a, expression, subscription.SubString)
	if a.c.isDashboard() { // 4.0.0 knows no other
		assert.Equal(a, "TAG", subscription.ExpressionType)
	}
	assert.Equal(a, tags, subscription.TagsSet)
	if model == "CLUSTERING" {
		assert.Contains(a, c.SubscriptionTable, "%RETRY%"+consumer.group)
	}
}

type runningInfo struct {
	Properties      map[string]string
	SubscriptionSet []struct{ Topic, SubString string }
	MQTable         map[queueKey]struct {
		CommitOffset, CachedMsgMinOffset, CachedMsgMaxOffset int64
		CachedMsgCount                                       int
		Locked, Droped                                       bool
	}
	StatusTable map[string]struct{ PullTPS, ConsumeOKTPS, ConsumeFailedMsgs float64 }
	Jstack      string
}

func (a action) runningInfo(consumer *consumer, jstack bool) runningInfo {
	a.Helper()
	var info runningInfo
	a.ask(&info, "getConsumerRunningInfo", consumer.group, a.clientID(consumer.group), jstack)
	return info
}

// clientID is that of the one client of the group.
func (a action) clientID(group string) string {
	a.Helper()
	var c consumerConnection
	a.ask(&c, "examineConsumerConnectionInfo", group)
	require.Len(a, c.ConnectionSet, 1)
	return c.ConnectionSet[0].ClientID
}

func (a action) requireRunningInfo() {
	a.Helper()
	k := a.c.known
	info := a.runningInfo(k.lagging, false)
	assert.Equal(a, k.namesrv.Addr, strings.TrimSuffix(info.Properties["PROP_NAMESERVER_ADDR"], ";"))
	assert.Equal(a, "CONSUME_PASSIVELY", info.Properties["PROP_CONSUME_TYPE"])
	assert.Equal(a, "true", info.Properties["PROP_CONSUMEORDERLY"])
	assert.Equal(a, "V4_9_7", info.Properties["PROP_CLIENT_VERSION"])
	assert.Empty(a, info.Jstack)
	early, all := perQueue(k.early...), perQueue(k.all()...)
	for q, processing := range info.MQTable {
		if q.Topic == k.topic {
			assert.Equal(a, early[q.QueueID], processing.CommitOffset)
			assert.Equal(a, all[q.QueueID]-early[q.QueueID], int64(processing.CachedMsgCount))
			assert.True(a, processing.Locked)
		}
	}
	assert.Contains(a, info.StatusTable, k.topic)
	assert.Len(a, info.SubscriptionSet, 2)
	assert.Contains(a, a.runningInfo(k.online, true).Jstack, "TID: ")
	refused := a.refused("getConsumerRunningInfo", k.online.group, "127.0.0.1@nobody", false)
	assert.Contains(a, refused.Text, "The Consumer <"+k.online.group+"> <127.0.0.1@nobody> not online")
}

// deletions of what the other pages have made, each done twice as users do.
func (c *console) deletions() {
	c.on("Topic/delete", func(a action) {
		for range 2 {
			a.ask(nil, "deleteTopicInBroker", []string{c.brokerAddr()}, c.topic)
			a.ask(nil, "deleteTopicInNameServer", []string{c.namesrv}, c.topic)
		}
		assert.NotContains(a, a.topicConfigs(), c.topic)
		assert.Equal(a, 17, a.refused("examineTopicRouteInfo", c.topic).Code)
		var all topicList
		a.ask(&all, "fetchAllTopicList")
		assert.NotContains(a, all.TopicList, c.topic)
	})
	c.on("Consumer/delete", func(a action) {
		for range 2 {
			a.ask(nil, "deleteSubscriptionGroup", c.brokerAddr(), c.group)
		}
		assert.NotContains(a, a.groupConfigs(), c.group)
	})
}
