package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// requireBody compares a successful answer without ext map with want.
func requireBody(t *testing.T, resp *codec.Command, remark, want string) {
	t.Helper()
	requireAnswer(t, resp, codec.Success, remark)
	require.Nil(t, resp.Ext)
	require.Equal(t, want, string(resp.Body))
}

// statsBroker has three messages in queue 0 of T1 (2 queues), of which cg has
// consumed one.
func statsBroker(t *testing.T) (*Controller, *peer, [3]int64) {
	t.Helper()
	b := startBroker(t, nil)
	p := dial(t, b)
	h := topicHeader("T1")
	h.ReadQueueNums = 2
	requireAnswer(t, p.do(codec.UpdateAndCreateTopic, h, nil), codec.Success, remarkNotSet)
	putMessages(t, b, p, "T1", 3)
	b.offsets.Commit("test", "cg", "T1", 0, 1)
	require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: "cg", ConsumeEnable: true, NotifyConsumerIdsChangedEnable: true}))
	var times [3]int64
	for i := range times {
		times[i] = b.store.MessageStoreTimestamp("T1", 0, int64(i))
	}
	return b, p, times
}

// TestTopicStats: 202.
func TestTopicStats(t *testing.T) {
	_, p, times := statsBroker(t)
	resp := p.do(codec.GetTopicStatsInfo, &codec.GetTopicStatsInfoRequestHeader{Topic: "T1"}, nil)
	requireAnswer(t, resp, codec.Success, "")
	require.Nil(t, resp.Ext)
	require.Contains(t, string(resp.Body), `{"brokerName":"spec-a","queueId":1,"topic":"T1"}:{"lastUpdateTimestamp":0,"maxOffset":0,"minOffset":0}`)
	require.Contains(t, string(resp.Body), fmt.Sprintf(`{"brokerName":"spec-a","queueId":0,"topic":"T1"}:{"lastUpdateTimestamp":%d,"maxOffset":3,"minOffset":0}`, times[2]))
	requireAnswer(t, p.do(codec.GetTopicStatsInfo, &codec.GetTopicStatsInfoRequestHeader{Topic: "nope"}, nil), codec.TopicNotExist, "topic[nope] not exist")
}

// TestConsumeStats: 208 and 317.
func TestConsumeStats(t *testing.T) {
	b, p, times := statsBroker(t)
	read := codec.OffsetWrapper{BrokerOffset: 3, ConsumerOffset: 1, LastTimestamp: times[0]}
	for _, topic := range []string{"", "T1"} {
		resp := p.do(codec.GetConsumeStats, &codec.GetConsumeStatsRequestHeader{ConsumerGroup: "cg", Topic: topic}, nil)
		requireAnswer(t, resp, codec.Success, "")
		require.Nil(t, resp.Ext)
		var stats codec.ConsumeStats
		require.NoError(t, fastjson.Unmarshal(resp.Body, &stats))
		require.Equal(t, map[codec.MessageQueue]codec.OffsetWrapper{{Topic: "T1", BrokerName: "spec-a"}: read, {Topic: "T1", BrokerName: "spec-a", QueueID: 1}: {}}, stats.OffsetTable)
	}
	const empty = `{"consumeTps":0.0,"offsetTable":{}}`
	requireBody(t, p.do(codec.GetConsumeStats, &codec.GetConsumeStatsRequestHeader{ConsumerGroup: "cg", Topic: "nope"}, nil), "", empty)

	all := p.do(codec.GetBrokerConsumeStats, &codec.GetConsumeStatsInBrokerHeader{}, nil)
	requireAnswer(t, all, codec.Success, "")
	require.Contains(t, string(all.Body), fmt.Sprintf(`{"brokerAddr":"%s","consumeStatsList":[`, b.Addr()))
	require.Contains(t, string(all.Body), `{"SELF_TEST_C_GROUP":[]}`)
	require.Contains(t, string(all.Body), fmt.Sprintf(
		`{"cg":[{"consumeTps":0.0,"offsetTable":{{"brokerName":"spec-a","queueId":0,"topic":"T1"}:{"brokerOffset":3,"consumerOffset":1,"lastTimestamp":%d}}}]}`, times[0]))
	require.Contains(t, string(all.Body), `],"totalDiff":2}`)
	ordered := p.do(codec.GetBrokerConsumeStats, &codec.GetConsumeStatsInBrokerHeader{IsOrder: true}, nil)
	require.Contains(t, string(ordered.Body), `{"cg":[]}`)

	requireAnswer(t, p.do(codec.HeartBeat, nil, heartbeatBody(t, "c1", consumerOf("cg", "T2"))), codec.Success, "")
	requireBody(t, p.do(codec.GetConsumeStats, &codec.GetConsumeStatsRequestHeader{ConsumerGroup: "cg"}, nil), "", empty)
}

// TestConnections: 203, 204, 328 and 300.
func TestConnections(t *testing.T) {
	b := startBroker(t, nil)
	p, admin := dial(t, b), dial(t, b)
	consumers := func() *codec.Command {
		return admin.do(codec.GetConsumerConnectionList, &codec.GetConsumerConnectionListRequestHeader{ConsumerGroup: "cg"}, nil)
	}
	requireAnswer(t, consumers(), codec.ConsumerNotOnline, "the consumer group[cg] not online")
	requireAnswer(t, p.do(codec.HeartBeat, nil, heartbeatBody(t, "c1", consumerOf("cg", "T1"))), codec.Success, "")
	requireBody(t, consumers(), "", `{"connectionSet":[{"clientAddr":"`+p.localAddr()+`","clientId":"c1","language":"JAVA","version":409}],`+
		`"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING",`+
		`"subscriptionTable":{"T1":{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":0,"tagsSet":[],"topic":"T1"}}}`)

	producers := func(group string) *codec.Command {
		return admin.do(codec.GetProducerConnectionList, &codec.GetProducerConnectionListRequestHeader{ProducerGroup: group}, nil)
	}
	requireBody(t, producers("pg"), "", `{"connectionSet":[{"clientAddr":"`+p.localAddr()+`","clientId":"c1","language":"JAVA","version":409}]}`)
	requireAnswer(t, producers("NoSuchPG"), codec.SystemError, "the producer group[NoSuchPG] not exist")
	resp := admin.call(&codec.Command{Code: codec.GetAllProducerInfo})
	require.Regexp(t, `^\{"data":\{"pg":\[\{"clientId":"c1","language":"JAVA","lastUpdateTimestamp":\d{13},"remoteIP":"/`+p.localAddr()+`","version":409\}\]\}\}$`, string(resp.Body))
	require.Nil(t, resp.Ext)

	who := func(topic string) *codec.Command {
		return admin.do(codec.QueryTopicConsumeByWho, &codec.QueryTopicConsumeByWhoRequestHeader{Topic: topic}, nil)
	}
	b.offsets.Commit("test", "cg", "T1", 0, 1)
	b.offsets.Commit("test", "another", "T1", 0, 1)
	requireBody(t, who("T1"), "", `{"groupList":["another","cg"]}`)
	requireBody(t, who("T2"), "", `{"groupList":[]}`)
}

// TestBrokerStats: 315 and 305.
func TestBrokerStats(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	view := func(name, key string) *codec.Command {
		return p.do(codec.ViewBrokerStatsData, &codec.ViewBrokerStatsDataRequestHeader{StatsName: name, StatsKey: key}, nil)
	}
	requireAnswer(t, view("TOPIC_PUT_NUMS", "T1"), codec.SystemError, "The stats <TOPIC_PUT_NUMS> <T1> not exist")
	requireAnswer(t, view("NO_STATS", "T1"), codec.SystemError, "The stats <NO_STATS> <T1> not exist")
	putMessages(t, b, p, "T1", 2)
	require.Eventually(t, func() bool { return view("TOPIC_PUT_NUMS", "T1").Code == codec.Success }, answerTimeout, time.Millisecond)
	const none = `{"avgpt":0.0,"sum":0,"tps":0.0}`
	requireBody(t, view("TOPIC_PUT_NUMS", "T1"), "", `{"statsDay":`+none+`,"statsHour":`+none+`,"statsMinute":`+none+`}`)

	resp := p.call(&codec.Command{Code: codec.GetSystemTopicListFromBroker})
	requireBody(t, resp, "", `{"topicList":["BenchmarkTest","OFFSET_MOVED_EVENT","RMQ_SYS_TRACE_TOPIC","RMQ_SYS_TRANS_HALF_TOPIC",`+
		`"RMQ_SYS_TRANS_OP_HALF_TOPIC","SCHEDULE_TOPIC_XXXX","SELF_TEST_TOPIC","SpecC","SpecC_REPLY_TOPIC","TBW102","TRANS_CHECK_MAX_TIME_TOPIC","spec-a"]}`)
}

// TestAdminNamesAreChecked: the administration takes no names that are none.
func TestAdminNamesAreChecked(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	const bad = "../x"
	for _, cmd := range adminWithNames(bad, bad) {
		resp := p.call(cmd)
		require.Equal(t, codec.SystemError, resp.Code, cmd.Code)
		require.Contains(t, resp.Remark, "contains illegal characters", cmd.Code)
	}
	require.Equal(t, `{"offsetTable":{}}`, string(b.offsets.Encode()))
}

func adminWithNames(group, topic string) []*codec.Command {
	return []*codec.Command{
		{Code: codec.GetConsumerRunningInfo, Header: &codec.GetConsumerRunningInfoRequestHeader{ConsumerGroup: group, ClientID: "c"}},
		{Code: codec.ConsumeMessageDirectly, Header: &codec.ConsumeMessageDirectlyResultRequestHeader{ConsumerGroup: group, ClientID: "c"}},
		{Code: codec.InvokeBrokerToResetOffset, Header: &codec.ResetOffsetRequestHeader{Topic: topic, Group: "g"}},
		{Code: codec.InvokeBrokerToResetOffset, Header: &codec.ResetOffsetRequestHeader{Topic: "T1", Group: group}},
		{Code: codec.InvokeBrokerToGetConsumerStatus, Header: &codec.GetConsumerStatusRequestHeader{Topic: topic, Group: "g"}},
		{Code: codec.InvokeBrokerToGetConsumerStatus, Header: &codec.GetConsumerStatusRequestHeader{Topic: "T1", Group: group}},
		{Code: codec.QueryConsumeTimeSpan, Header: &codec.QueryConsumeTimeSpanRequestHeader{Topic: topic, Group: "g"}},
		{Code: codec.QueryConsumeTimeSpan, Header: &codec.QueryConsumeTimeSpanRequestHeader{Topic: "T1", Group: group}},
		{Code: codec.QueryCorrectionOffset, Header: &codec.QueryCorrectionOffsetHeader{Topic: topic, CompareGroup: "g"}},
		{Code: codec.QueryCorrectionOffset, Header: &codec.QueryCorrectionOffsetHeader{Topic: "T1", CompareGroup: group}},
		{Code: codec.QueryCorrectionOffset, Header: &codec.QueryCorrectionOffsetHeader{Topic: "T1", CompareGroup: "g", FilterGroups: "a," + group}},
		{Code: codec.CloneGroupOffset, Header: &codec.CloneGroupOffsetRequestHeader{SrcGroup: group, DestGroup: "g"}},
		{Code: codec.CloneGroupOffset, Header: &codec.CloneGroupOffsetRequestHeader{SrcGroup: "g", DestGroup: group}},
		{Code: codec.CloneGroupOffset, Header: &codec.CloneGroupOffsetRequestHeader{SrcGroup: "g", DestGroup: "h", Topic: topic}},
		{Code: codec.QueryConsumeQueue, Header: &codec.QueryConsumeQueueRequestHeader{Topic: topic, Count: 1}},
		{Code: codec.QueryConsumeQueue, Header: &codec.QueryConsumeQueueRequestHeader{Topic: "T1", Count: 1, ConsumerGroup: group}},
		{Code: codec.GetTopicStatsInfo, Header: &codec.GetTopicStatsInfoRequestHeader{Topic: topic}},
		{Code: codec.GetConsumerConnectionList, Header: &codec.GetConsumerConnectionListRequestHeader{ConsumerGroup: group}},
		{Code: codec.GetProducerConnectionList, Header: &codec.GetProducerConnectionListRequestHeader{ProducerGroup: group}},
		{Code: codec.GetConsumeStats, Header: &codec.GetConsumeStatsRequestHeader{ConsumerGroup: group}},
		{Code: codec.GetConsumeStats, Header: &codec.GetConsumeStatsRequestHeader{ConsumerGroup: "g", Topic: topic}},
		{Code: codec.QueryTopicConsumeByWho, Header: &codec.QueryTopicConsumeByWhoRequestHeader{Topic: topic}},
	}
}
