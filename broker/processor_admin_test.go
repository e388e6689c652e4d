package broker

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/internal/properties"
	"github.com/boostermq/booster/store"
)

func topicHeader(topic string) *codec.CreateTopicRequestHeader {
	return &codec.CreateTopicRequestHeader{
		Topic: topic, DefaultTopic: "TBW102", ReadQueueNums: 3, WriteQueueNums: 2, Perm: 6, TopicFilterType: codec.SingleTag, Order: true,
	}
}

// TestTopics: 17, 215 and 21.
func TestTopics(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	resp := p.do(codec.UpdateAndCreateTopic, topicHeader("T1"), nil)
	requireAnswer(t, resp, codec.Success, "not set any response code")
	require.Nil(t, resp.Ext)
	require.Equal(t, &codec.TopicConfig{TopicName: "T1", ReadQueueNums: 3, WriteQueueNums: 2, Perm: 6, TopicFilterType: codec.SingleTag}, b.topics.Select("T1"))
	for _, topic := range []string{"TBW102", "SpecC", "spec-a", "SCHEDULE_TOPIC_XXXX", "rmq_sys_x"} {
		const conflict = "] is conflict with system topic."
		requireAnswer(t, p.do(codec.UpdateAndCreateTopic, topicHeader(topic), nil), codec.SystemError, "The topic["+topic+conflict)
		requireAnswer(t, p.do(codec.DeleteTopicInBroker, &codec.DeleteTopicRequestHeader{Topic: topic}, nil), codec.SystemError, "The topic["+topic+conflict)
	}
	h := topicHeader("T2")
	h.TopicFilterType = "NO_TAG"
	require.Equal(t, codec.SystemError, p.do(codec.UpdateAndCreateTopic, h, nil).Code)
	h = topicHeader("T2")
	h.ReadQueueNums = -1
	require.Equal(t, codec.SystemError, p.do(codec.UpdateAndCreateTopic, h, nil).Code)
	require.Nil(t, b.topics.Select("T2"))

	resp = p.call(&codec.Command{Code: codec.GetAllTopicConfig})
	require.Equal(t, map[string]string{}, fields(resp))
	var wrapper codec.TopicConfigSerializeWrapper
	require.NoError(t, fastjson.Unmarshal(resp.Body, &wrapper))
	require.Equal(t, b.topics.DataVersion(), wrapper.DataVersion)
	require.Equal(t, b.topics.Select("T1"), wrapper.TopicConfigTable["T1"])
	require.Len(t, wrapper.TopicConfigTable, len(b.topics.Snapshot()))

	putMessages(t, b, p, "T1", 2)
	requireAnswer(t, p.do(codec.DeleteTopicInBroker, &codec.DeleteTopicRequestHeader{Topic: "T1"}, nil), codec.Success, "")
	require.Nil(t, b.topics.Select("T1"))
	require.NotContains(t, b.store.Topics(), "T1")
}

// TestGroups: 200, 201 and 207.
func TestGroups(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	requireAnswer(t, p.do(codec.UpdateAndCreateSubscriptionGroup, nil, []byte(`{"groupName":"cg","retryMaxTimes":3,"consumeEnable":false}`)), codec.Success, "")
	config := b.groups.Peek("cg")
	require.EqualValues(t, 3, config.RetryMaxTimes)
	require.False(t, config.ConsumeEnable)
	require.True(t, config.ConsumeBroadcastEnable)
	require.Equal(t, codec.SystemError, p.do(codec.UpdateAndCreateSubscriptionGroup, nil, []byte(`{"groupName":`)).Code)

	resp := p.call(&codec.Command{Code: codec.GetAllSubscriptionGroupConfig})
	require.Nil(t, resp.Ext)
	var wrapper codec.SubscriptionGroupWrapper
	require.NoError(t, fastjson.Unmarshal(resp.Body, &wrapper))
	require.Equal(t, config, wrapper.SubscriptionGroupTable["cg"])

	b.offsets.Commit("h", "cg", "T1", 0, 5)
	requireAnswer(t, p.do(codec.DeleteSubscriptionGroup, &codec.DeleteSubscriptionGroupRequestHeader{GroupName: "cg"}, nil), codec.Success, "")
	require.Nil(t, b.groups.Peek("cg"))
	require.EqualValues(t, 5, b.offsets.Query("cg", "T1", 0))
	requireAnswer(t, p.do(codec.DeleteSubscriptionGroup, &codec.DeleteSubscriptionGroupRequestHeader{GroupName: "cg", RemoveOffset: true}, nil), codec.Success, "")
	require.EqualValues(t, -1, b.offsets.Query("cg", "T1", 0))
}

// TestSlaveRefuses: topics and groups change on masters only.
func TestSlaveRefuses(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.BrokerRole, c.Broker.BrokerID = store.Slave, 1 })
	p := dial(t, b)
	for _, cmd := range []*codec.Command{
		{Code: codec.UpdateAndCreateTopic, Header: topicHeader("T1")},
		{Code: codec.DeleteTopicInBroker, Header: &codec.DeleteTopicRequestHeader{Topic: "T1"}},
		{Code: codec.UpdateAndCreateSubscriptionGroup, Body: []byte(`{"groupName":"g"}`)},
		{Code: codec.DeleteSubscriptionGroup, Header: &codec.DeleteSubscriptionGroupRequestHeader{GroupName: "g"}},
	} {
		requireAnswer(t, p.call(cmd), codec.SystemError, "Can't modify topic or subscription group from slave broker, please execute it from master broker.")
	}
	resp := p.sendV2(sendHeader("TBW102"), "x")
	require.Equal(t, codec.ServiceNotAvailable, resp.Code)
	require.Regexp(t, `^service not available now\. It may be caused by one of the following reasons: the broker's disk is full \[CL: +\d\.\d\d CQ: +\d\.\d\d INDEX: +\d\.\d\d\], messages are put to the slave, message store has been shut down, etc\.$`, resp.Remark)
}

// TestOffsets: 14, 15, 29 to 32, 43 and 45.
func TestOffsets(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 3)
	query := &codec.QueryConsumerOffsetRequestHeader{ConsumerGroup: "cg", Topic: "T1"}
	offset := func(value string) map[string]string { return map[string]string{"offset": value} }

	require.Equal(t, offset("0"), fields(p.do(codec.QueryConsumerOffset, query, nil)))
	resp := p.call(&codec.Command{Code: codec.QueryConsumerOffset, Header: query, Ext: codec.Fields{{Key: "setZeroIfNotFound", Value: "false"}}})
	requireAnswer(t, resp, codec.QueryNotFound, "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first")
	require.Equal(t, map[string]string{}, fields(resp))

	resp = p.do(codec.UpdateConsumerOffset, &codec.UpdateConsumerOffsetRequestHeader{ConsumerGroup: "cg", Topic: "T1", CommitOffset: 2}, nil)
	requireAnswer(t, resp, codec.Success, "")
	require.Equal(t, map[string]string{}, fields(resp))
	require.Equal(t, offset("2"), fields(p.do(codec.QueryConsumerOffset, query, nil)))
	p.send(&codec.Command{Code: codec.UpdateConsumerOffset, Flag: codec.FlagOneway,
		Header: &codec.UpdateConsumerOffsetRequestHeader{ConsumerGroup: "cg", Topic: "T1", QueueID: 1, CommitOffset: 1}})
	require.Equal(t, offset("1"), fields(p.do(codec.QueryConsumerOffset, &codec.QueryConsumerOffsetRequestHeader{ConsumerGroup: "cg", Topic: "T1", QueueID: 1}, nil)))

	require.Equal(t, offset("3"), fields(p.do(codec.GetMaxOffset, &codec.GetMaxOffsetRequestHeader{Topic: "T1"}, nil)))
	require.Equal(t, offset("0"), fields(p.do(codec.GetMinOffset, &codec.GetMinOffsetRequestHeader{Topic: "T1"}, nil)))
	late := time.Now().Add(time.Hour).UnixMilli()
	require.Equal(t, offset("2"), fields(p.do(codec.SearchOffsetByTimestamp, &codec.SearchOffsetRequestHeader{Topic: "T1", TimestampMs: late}, nil)))
	require.Equal(t, offset("0"), fields(p.do(codec.SearchOffsetByTimestamp, &codec.SearchOffsetRequestHeader{Topic: "T1", TimestampMs: 1}, nil)))
	resp = p.do(codec.GetEarliestMsgStoreTime, &codec.GetEarliestMsgStoretimeRequestHeader{Topic: "T1"}, nil)
	require.Regexp(t, `^\d{13}$`, resp.Ext.Get("timestamp"))

	require.Equal(t, `{"offsetTable":{"T1@cg":{0:2,1:1}}}`, string(p.call(&codec.Command{Code: codec.GetAllConsumerOffset}).Body))
	require.Equal(t, `{"offsetTable":{}}`, string(p.call(&codec.Command{Code: codec.GetAllDelayOffset}).Body))
}

// TestQuery: 12 and 33.
func TestQuery(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	h := sendHeader("T1")
	h.Properties = "KEYS\x01k1 k2\x02UNIQ_KEY\x01U1"
	sent := p.sendV2(h, "hello")
	requireAnswer(t, sent, codec.Success, "")
	offset := requireMsgID(t, b, sent.Ext.Get("msgId"))
	record, ok := b.store.LookMessageByOffset(offset)
	require.True(t, ok)

	query := func(key string, ext codec.Fields) *codec.Command {
		return p.call(&codec.Command{Code: codec.QueryMessage, Ext: ext, Header: &codec.QueryMessageRequestHeader{
			Topic: "T1", Key: key, MaxNum: 32, EndTimestampMs: time.Now().Add(time.Hour).UnixMilli(),
		}})
	}
	require.Eventually(t, func() bool { return query("k2", nil).Code == codec.Success }, answerTimeout, 10*time.Millisecond)
	for _, resp := range []*codec.Command{query("k1", nil), query("U1", codec.Fields{{Key: codec.UniqueMsgQueryFlag, Value: "true"}})} {
		require.Equal(t, record, resp.Body)
		require.NotEmpty(t, resp.Ext.Get("indexLastUpdateTimestamp"))
		require.Equal(t, "0", resp.Ext.Get("indexLastUpdatePhyoffset"))
	}
	requireAnswer(t, query("zz", nil), codec.QueryNotFound, "can not find message, maybe time range not correct")

	resp := p.do(codec.ViewMessageByID, &codec.ViewMessageRequestHeader{Offset: offset}, nil)
	requireAnswer(t, resp, codec.Success, "")
	require.Equal(t, record, resp.Body)
	requireAnswer(t, p.do(codec.ViewMessageByID, &codec.ViewMessageRequestHeader{Offset: 1}, nil), codec.SystemError, "can not find message by the offset, 1")
	requireAnswer(t, p.do(codec.ViewMessageByID, &codec.ViewMessageRequestHeader{Offset: 123456789}, nil), codec.SystemError, "can not find message by the offset, 123456789")
	requireAnswer(t, p.do(codec.ViewMessageByID, &codec.ViewMessageRequestHeader{Offset: -1}, nil), codec.SystemError, "can not find message by the offset, -1")
}

// TestBrokerConfig: 26.
func TestBrokerConfig(t *testing.T) {
	b := startBroker(t, nil)
	resp := dial(t, b).call(&codec.Command{Code: codec.GetBrokerConfig})
	requireAnswer(t, resp, codec.Success, "")
	require.Regexp(t, `^\{"counter":0,"timestamp":\d{13}\}$`, resp.Ext.Get("version"))
	pairs, err := properties.Parse(resp.Body)
	require.NoError(t, err)
	values := map[string]string{}
	for _, pair := range pairs {
		require.NotContains(t, values, pair.Key)
		values[pair.Key] = pair.Value
	}
	require.Equal(t, "spec-a", values["brokerName"])
	require.Equal(t, "ASYNC_MASTER", values["brokerRole"])
	require.Equal(t, "120", values["serverChannelMaxIdleTimeSeconds"])
}

// TestRuntimeInfo: 28 has the keys of spec broker.md §12 that tools read.
func TestRuntimeInfo(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 2)
	resp := p.call(&codec.Command{Code: codec.GetBrokerRuntimeInfo})
	requireAnswer(t, resp, codec.Success, "")
	var table codec.KVTable
	require.NoError(t, fastjson.Unmarshal(resp.Body, &table))
	for _, key := range strings.Fields(`bootTimestamp runtime brokerVersion brokerVersionDesc commitLogDirCapacity commitLogDiskRatio
		consumeQueueDiskRatio commitLogMinOffset commitLogMaxOffset dispatchBehindBytes dispatchMaxBuffer earliestMessageTimeStamp
		EndTransactionQueueSize EndTransactionThreadPoolQueueCapacity getFoundTps getMissTps getTotalTps getTransferedTps putTps
		getMessageEntireTimeMax putMessageEntireTimeMax putMessageAverageSize putMessageDistributeTime putMessageFailedTimes
		putMessageSizeTotal putMessageTimesTotal putLatency99 putLatency999 msgPutTotalTodayNow msgPutTotalTodayMorning
		msgPutTotalYesterdayMorning msgGetTotalTodayNow msgGetTotalTodayMorning msgGetTotalYesterdayMorning pageCacheLockTimeMills
		sendThreadPoolQueueSize sendThreadPoolQueueCapacity sendThreadPoolQueueHeadWaitTimeMills pullThreadPoolQueueSize
		pullThreadPoolQueueCapacity pullThreadPoolQueueHeadWaitTimeMills queryThreadPoolQueueSize queryThreadPoolQueueCapacity
		queryThreadPoolQueueHeadWaitTimeMills remainHowManyDataToFlush remainTransientStoreBufferNumbs startAcceptSendRequestTimeStamp`) {
		require.Contains(t, table.Table, key)
	}
	require.Equal(t, "409", table.Table["brokerVersion"])
	require.Equal(t, "V4_9_8", table.Table["brokerVersionDesc"])
	require.Equal(t, "2", table.Table["msgPutTotalTodayNow"])
	require.Regexp(t, `^Total : [\d.]+ \wiB, Free : [\d.]+ \wiB\.$`, table.Table["commitLogDirCapacity"])
	require.Contains(t, table.Table, "commitLogDiskRatio_"+b.disk.paths.commitLog)
}

func TestHumanBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1103: "1.1 KiB", 270582939648: "252.0 GiB"} {
		require.Equal(t, want, humanBytes(n))
	}
}
