package broker

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// TestAdminOfWhatIsNotThere: each request about a topic, group, client, message
// or counter that does not exist is answered with Java's code and remark, and
// makes nothing.
func TestAdminOfWhatIsNotThere(t *testing.T) {
	b := startBroker(t, nil)
	require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: "T1", ReadQueueNums: 1, WriteQueueNums: 1, Perm: 6, TopicFilterType: codec.SingleTag}))
	p := dial(t, b)
	topics, groups := len(b.topics.Snapshot()), len(b.groups.Snapshot())
	for _, c := range []struct {
		code   int32
		header codec.CustomHeader
		want   int32
		remark string
		ext    map[string]string
		body   string
	}{
		{code: codec.QueryMessage, header: &codec.QueryMessageRequestHeader{Topic: "nope", Key: "k", MaxNum: 1}, want: codec.QueryNotFound,
			remark: "can not find message, maybe time range not correct", ext: map[string]string{"indexLastUpdateTimestamp": "0", "indexLastUpdatePhyoffset": "0"}},
		{code: codec.QueryConsumerOffset, header: &codec.QueryConsumerOffsetRequestHeader{ConsumerGroup: "nope", Topic: "nope"},
			ext: map[string]string{"offset": "0"}},
		{code: codec.SearchOffsetByTimestamp, header: &codec.SearchOffsetRequestHeader{Topic: "nope", TimestampMs: 1}, ext: map[string]string{"offset": "0"}},
		{code: codec.GetMaxOffset, header: &codec.GetMaxOffsetRequestHeader{Topic: "nope"}, ext: map[string]string{"offset": "0"}},
		{code: codec.GetMinOffset, header: &codec.GetMinOffsetRequestHeader{Topic: "nope"}, ext: map[string]string{"offset": "0"}},
		{code: codec.GetEarliestMsgStoreTime, header: &codec.GetEarliestMsgStoretimeRequestHeader{Topic: "nope"}, ext: map[string]string{"timestamp": "-1"}},
		{code: codec.ViewMessageByID, header: &codec.ViewMessageRequestHeader{Offset: 5}, want: codec.SystemError,
			remark: "can not find message by the offset, 5"},
		{code: codec.GetConsumerListByGroup, header: &codec.GetConsumerListByGroupRequestHeader{ConsumerGroup: "nope"}, want: codec.SystemError,
			remark: "no consumer for this group, nope", ext: map[string]string{}},
		{code: codec.GetTopicStatsInfo, header: &codec.GetTopicStatsInfoRequestHeader{Topic: "nope"}, want: codec.TopicNotExist, remark: "topic[nope] not exist"},
		{code: codec.GetConsumerConnectionList, header: &codec.GetConsumerConnectionListRequestHeader{ConsumerGroup: "nope"}, want: codec.ConsumerNotOnline,
			remark: "the consumer group[nope] not online"},
		{code: codec.GetProducerConnectionList, header: &codec.GetProducerConnectionListRequestHeader{ProducerGroup: "nope"}, want: codec.SystemError,
			remark: "the producer group[nope] not exist"},
		{code: codec.DeleteSubscriptionGroup, header: &codec.DeleteSubscriptionGroupRequestHeader{GroupName: "nope", RemoveOffset: true}},
		{code: codec.GetConsumeStats, header: &codec.GetConsumeStatsRequestHeader{ConsumerGroup: "nope"}, body: `{"consumeTps":0.0,"offsetTable":{}}`},
		{code: codec.DeleteTopicInBroker, header: &codec.DeleteTopicRequestHeader{Topic: "nope"}},
		{code: codec.InvokeBrokerToResetOffset, header: &codec.ResetOffsetRequestHeader{Topic: "nope", Group: "g", TimestampMs: -1}, want: codec.SystemError,
			remark: "[reset-offset] reset offset failed, no topic in this broker. topic=nope"},
		{code: codec.InvokeBrokerToResetOffset, header: &codec.ResetOffsetRequestHeader{Topic: "T1", Group: "nope", TimestampMs: -1}, want: codec.SystemError,
			remark: "THe consumer group <nope> not exist"},
		{code: codec.InvokeBrokerToGetConsumerStatus, header: &codec.GetConsumerStatusRequestHeader{Topic: "T1", Group: "nope"}, want: codec.SystemError,
			remark: "No Any Consumer online in the consumer group: [nope]"},
		{code: codec.QueryTopicConsumeByWho, header: &codec.QueryTopicConsumeByWhoRequestHeader{Topic: "nope"}, body: `{"groupList":[]}`},
		{code: codec.QueryConsumeTimeSpan, header: &codec.QueryConsumeTimeSpanRequestHeader{Topic: "nope", Group: "g"}, want: codec.TopicNotExist,
			remark: "topic[nope] not exist"},
		{code: codec.GetConsumerRunningInfo, header: &codec.GetConsumerRunningInfoRequestHeader{ConsumerGroup: "nope", ClientID: "c"}, want: codec.SystemError,
			remark: "The Consumer <nope> <c> not online"},
		{code: codec.QueryCorrectionOffset, header: &codec.QueryCorrectionOffsetHeader{Topic: "nope", CompareGroup: "nope"}, body: `{"correctionOffsets":{}}`},
		{code: codec.ConsumeMessageDirectly, header: &codec.ConsumeMessageDirectlyResultRequestHeader{ConsumerGroup: "nope", ClientID: "c", MsgID: "7F000001000054ED0000000000000005"},
			want: codec.SystemError, remark: "can not find message by the offset, 5"},
		{code: codec.CloneGroupOffset, header: &codec.CloneGroupOffsetRequestHeader{SrcGroup: "nope", DestGroup: "nope2"}},
		{code: codec.ViewBrokerStatsData, header: &codec.ViewBrokerStatsDataRequestHeader{StatsName: "TOPIC_PUT_NUMS", StatsKey: "nope"}, want: codec.SystemError,
			remark: "The stats <TOPIC_PUT_NUMS> <nope> not exist"},
		{code: codec.QueryConsumeQueue, header: &codec.QueryConsumeQueueRequestHeader{Topic: "nope", Count: 1}, want: codec.SystemError, remark: "0@nope is not exist!"},
	} {
		resp := p.do(c.code, c.header, nil)
		requireAnswer(t, resp, c.want, c.remark)
		require.Equal(t, c.ext, fields(resp), codec.RequestCodeName(c.code))
		require.Equal(t, c.body, string(resp.Body), codec.RequestCodeName(c.code))
	}
	require.Len(t, b.topics.Snapshot(), topics)
	require.Len(t, b.groups.Snapshot(), groups)
	require.Equal(t, `{"offsetTable":{}}`, string(b.offsets.Encode()))
	require.Empty(t, b.store.Topics())
}

// TestSystemTopicsStay: every topic 305 lists, and those with the prefix of
// system topics, can be neither deleted nor changed.
func TestSystemTopicsStay(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	before, err := b.topics.Encode()
	require.NoError(t, err)
	for _, topic := range append(b.topics.SystemTopics(), "rmq_sys_anything") {
		remark := "The topic[" + topic + "] is conflict with system topic."
		requireAnswer(t, p.do(codec.DeleteTopicInBroker, &codec.DeleteTopicRequestHeader{Topic: topic}, nil), codec.SystemError, remark)
		requireAnswer(t, p.do(codec.UpdateAndCreateTopic, topicHeader(topic), nil), codec.SystemError, remark)
	}
	after, err := b.topics.Encode()
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

// TestCodesNobodyAnswers: a code without a route is answered as Java does, on
// both ports; 11 is one of them on the fast port.
func TestCodesNobodyAnswers(t *testing.T) {
	b := startBroker(t, nil)
	main, fast := b.routeTables()
	for port, table := range map[int]*remoting.RouteTable{b.Config().Server.ListenPort: main, b.Config().Server.ListenPort - 2: fast} {
		served := map[int32]bool{}
		for _, r := range table.Routes() {
			served[r.Code] = true
		}
		p := dialPort(t, port)
		for code := range int32(400) {
			if !served[code] {
				requireAnswer(t, p.call(&codec.Command{Code: code}), codec.RequestCodeNotSupported, fmt.Sprintf(" request type %d not supported", code))
			}
		}
		require.Equal(t, served[codec.PullMessage], table.Codes() == main.Codes())
	}
}
