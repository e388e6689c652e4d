package broker

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestSendChecks: the table of spec broker.md §2, in the order of its rows.
func TestSendChecks(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	region := map[string]string{"MSG_REGION": "DefaultRegion", "TRACE_ON": "true"}
	f := func(row string, code int32, remark string, change func(h *codec.SendMessageRequestHeader)) {
		t.Helper()
		for _, request := range []int32{codec.SendMessage, codec.SendMessageV2, codec.SendBatchMessage} {
			h := sendHeader("T1")
			change(h)
			var header codec.CustomHeader = h
			if request != codec.SendMessage {
				header = (*codec.SendMessageRequestHeaderV2)(h)
			}
			resp := p.do(request, header, []byte("hello"))
			require.Equalf(t, remark, resp.Remark, "%s, request code %d", row, request)
			require.Equalf(t, code, resp.Code, "%s, request code %d", row, request)
			require.Equalf(t, region, fields(resp), "%s, request code %d", row, request)
		}
	}
	f("3 blank", codec.SystemError, "The specified topic is blank.", func(h *codec.SendMessageRequestHeader) { h.Topic = " " })
	f("3 charset", codec.SystemError, "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$",
		func(h *codec.SendMessageRequestHeader) { h.Topic = "../../x" })
	f("3 length", codec.SystemError, "The specified topic is longer than topic max length.",
		func(h *codec.SendMessageRequestHeader) { h.Topic = strings.Repeat("t", 128) })
	for _, topic := range []string{"SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC",
		"TRANS_CHECK_MAX_TIME_TOPIC", "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT"} {
		f("4 "+topic, codec.NoPermission, "Sending message to topic["+topic+"] is forbidden.", func(h *codec.SendMessageRequestHeader) { h.Topic = topic })
	}
	f("5", codec.TopicNotExist, "topic[TN] not exist, apply first please!"+faqURL,
		func(h *codec.SendMessageRequestHeader) { h.Topic, h.DefaultTopic = "TN", "nonexist" })
	f("6", codec.SystemError, "request queueId[9] is illegal, TopicConfig [topicName=T1, readQueueNums=4, writeQueueNums=4, perm=RW-, "+
		"topicFilterType=SINGLE_TAG, topicSysFlag=0, order=false] Producer: "+p.localAddr(), func(h *codec.SendMessageRequestHeader) { h.QueueID = 9 })
	require.Nil(t, b.topics.Select("TN"))
}

// TestSendNotYet: row 1, and rows that need another configuration.
func TestSendNotYet(t *testing.T) {
	until := time.Now().Add(time.Hour)
	b := startBroker(t, func(c *Config) { c.Broker.StartAcceptSendRequestTimeStamp = until.UnixMilli() })
	resp := dial(t, b).sendV2(sendHeader("T1"), "x")
	require.Equal(t, codec.SystemError, resp.Code)
	require.Regexp(t, `^broker unable to service, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$`, resp.Remark)
	require.Nil(t, b.topics.Select("T1"))
}

// TestSendNotWriteable: row 2, a broker without write permission refuses
// ordered topics and lets the others pass.
func TestSendNotWriteable(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.BrokerPermission = codec.PermRead })
	p := dial(t, b)
	requireAnswer(t, p.sendV2(sendHeader("Plain"), "x"), codec.Success, "")
	require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: "Ordered", ReadQueueNums: 4, WriteQueueNums: 4, Perm: 6, TopicFilterType: codec.SingleTag, Order: true}))
	requireAnswer(t, p.sendV2(sendHeader("Ordered"), "x"), codec.NoPermission, "the broker[127.0.0.1] sending message is forbidden")
}

// TestSendRetryTopic: rows 7 and 8.
func TestSendRetryTopic(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.AutoCreateSubscriptionGroup = false })
	p := dial(t, b)
	h := sendHeader("%RETRY%g1")
	requireAnswer(t, p.sendV2(h, "x"), codec.SubscriptionGroupNotExist, "subscription group not exist, g1 "+faqURL)

	require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: "g1", ConsumeEnable: true, RetryQueueNums: 1, RetryMaxTimes: 3}))
	h.ReconsumeTimes = 2
	requireAnswer(t, p.sendV2(h, "again"), codec.Success, "")
	h.ReconsumeTimes, h.QueueID = 3, 3
	resp := p.sendV2(h, "dead")
	requireAnswer(t, resp, codec.Success, "")
	require.Equal(t, "0", resp.Ext.Get("queueId"))
	h.MaxReconsumeTimes, h.HasMaxReconsumeTimes, h.QueueID = 5, true, 0
	requireAnswer(t, p.sendV2(h, "again by the client's limit"), codec.Success, "")

	dlq := b.topics.Select("%DLQ%g1")
	require.NotNil(t, dlq)
	require.EqualValues(t, 1, dlq.WriteQueueNums)
	require.EqualValues(t, 6, dlq.Perm)
	require.Eventually(t, func() bool {
		return b.store.MaxOffsetInQueue("%DLQ%g1", 0) == 1 && b.store.MaxOffsetInQueue("%RETRY%g1", 0) == 2
	}, answerTimeout, time.Millisecond)
}

// TestSendRejectTransaction: row 10.
func TestSendRejectTransaction(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.RejectTransactionMessage = true })
	h := sendHeader("T1")
	h.Properties = "TRAN_MSG\x01true\x02PGROUP\x01pg"
	requireAnswer(t, dial(t, b).sendV2(h, "x"), codec.NoPermission, "the broker[127.0.0.1] sending transaction message is forbidden")
}

func TestSendTooLarge(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.MaxMessageSize = 1000 })
	p := dial(t, b)
	const illegal = "the message is illegal, maybe msg body or properties length not matched. msg body length limit 1000B, msg properties length limit 32KB."
	requireAnswer(t, p.sendV2(sendHeader("T1"), strings.Repeat("x", 1000)), codec.Success, "")
	requireAnswer(t, p.sendV2(sendHeader("T1"), strings.Repeat("x", 1001)), codec.MessageIllegal, illegal)
	h := sendHeader("T1")
	h.Properties = "UNIQ_KEY\x01" + strings.Repeat("k", 32768)
	requireAnswer(t, p.sendV2(h, "x"), codec.MessageIllegal, illegal)
}

// TestSendStored: what a consumer gets of a message that was sent.
func TestSendStored(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	h := sendHeader("T1")
	h.Flag, h.ReconsumeTimes, h.SysFlag, h.QueueID = 7, 2, codec.SysFlagCompressed, 3
	for i, request := range []int32{codec.SendMessage, codec.SendMessageV2} {
		var header codec.CustomHeader = h
		if request == codec.SendMessageV2 {
			header = (*codec.SendMessageRequestHeaderV2)(h)
		}
		for _, serialize := range []codec.SerializeType{codec.SerializeJSON, codec.SerializeROCKETMQ} {
			resp := p.call(&codec.Command{Code: request, Header: header, Body: []byte("hello"), Serialize: serialize})
			requireAnswer(t, resp, codec.Success, "")
			require.Equal(t, serialize, resp.Serialize)
			offset := 2*i + int(serialize)
			record, ok := b.store.LookMessageByOffset(requireMsgID(t, b, resp.Ext.Get("msgId")))
			require.True(t, ok)
			require.Equal(t, map[string]string{
				"msgId": resp.Ext.Get("msgId"), "queueId": "3", "queueOffset": strconv.Itoa(offset), "MSG_REGION": "DefaultRegion", "TRACE_ON": "true",
			}, fields(resp))
			var m codec.Message
			_, err := codec.DecodeRecord(record, &m, codec.DecodeOptions{CheckCRC: true})
			require.NoError(t, err)
			require.Equal(t, "hello", string(m.Body))
			require.Equal(t, "T1", m.Topic)
			require.EqualValues(t, 3, m.QueueID)
			require.EqualValues(t, offset, m.QueueOffset)
			require.EqualValues(t, 7, m.Flag)
			require.EqualValues(t, 2, m.ReconsumeTimes)
			require.Equal(t, codec.SysFlagCompressed, m.SysFlag)
			require.Equal(t, h.BornTimestampMs, m.BornTimestampMs)
			require.Equal(t, p.localAddrPort(), m.BornHost)
			require.Equal(t, b.settings.Load().storeHost, m.StoreHost)
			require.Equal(t, map[string]string{"UNIQ_KEY": "AAAA", "TAGS": "a", "CLUSTER": "SpecC"}, codec.ParseProperties(m.Properties))
		}
	}
}

// requireMsgID checks an offset id and returns its physical offset.
func requireMsgID(t *testing.T, b *Controller, id string) int64 {
	t.Helper()
	host, offset, err := codec.DecodeOffsetMsgID(id)
	require.NoError(t, err)
	require.Equal(t, b.settings.Load().storeHost, host)
	return offset
}

func TestSendBatch(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	var body []byte
	for i := range 3 {
		body = codec.AppendBatchItem(body, codec.BatchItem{Flag: int32(i), Body: []byte{byte('a' + i)}, Properties: "UNIQ_KEY\x01U" + strconv.Itoa(i)})
	}
	h := sendHeader("T1")
	h.Batch, h.Properties, h.QueueID = true, "WAIT\x01true", 1
	resp := p.do(codec.SendBatchMessage, (*codec.SendMessageRequestHeaderV2)(h), body)
	requireAnswer(t, resp, codec.Success, "")
	require.Equal(t, "0", resp.Ext.Get("queueOffset"))
	require.Equal(t, "1", resp.Ext.Get("queueId"))
	ids := strings.Split(resp.Ext.Get("msgId"), ",")
	require.Len(t, ids, 3)
	for i, id := range ids {
		record, ok := b.store.LookMessageByOffset(requireMsgID(t, b, id))
		require.True(t, ok)
		var m codec.Message
		_, err := codec.DecodeRecord(record, &m, codec.DecodeOptions{CheckCRC: true})
		require.NoError(t, err)
		require.EqualValues(t, i, m.QueueOffset)
		require.Equal(t, string(rune('a'+i)), string(m.Body))
		require.Equal(t, map[string]string{"UNIQ_KEY": "U" + strconv.Itoa(i), "CLUSTER": "SpecC", "WAIT": "true"}, codec.ParseProperties(m.Properties))
	}
	h.Properties = "DELAY\x012"
	require.Equal(t, codec.MessageIllegal, p.do(codec.SendBatchMessage, (*codec.SendMessageRequestHeaderV2)(h), body).Code)
	require.Equal(t, codec.MessageIllegal, p.do(codec.SendBatchMessage, (*codec.SendMessageRequestHeaderV2)(h), body[:len(body)-1]).Code)

	// The header's batch field decides, not the code.
	h.Batch, h.Properties = false, ""
	resp = p.do(codec.SendBatchMessage, (*codec.SendMessageRequestHeaderV2)(h), body)
	requireAnswer(t, resp, codec.Success, "")
	require.Equal(t, "3", resp.Ext.Get("queueOffset"))
}

// TestSendCreatesTopic: spec broker.md §3.
func TestSendCreatesTopic(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	f := func(topic, template string, queues int32, wantQueues, wantPerm int32) {
		t.Helper()
		h := sendHeader(topic)
		h.DefaultTopic, h.DefaultTopicQueueNums = template, queues
		requireAnswer(t, p.sendV2(h, "x"), codec.Success, "")
		c := b.topics.Select(topic)
		require.Equal(t, []int32{wantQueues, wantQueues, wantPerm}, []int32{c.ReadQueueNums, c.WriteQueueNums, c.Perm})
	}
	f("ByTBW", "TBW102", 100, 8, 6)
	f("ByTBW4", "TBW102", 4, 4, 6)
	f("ByCluster", "SpecC", 100, 16, 6)
	f("ByName", "spec-a", 100, 1, 6)
}

// TestSendRandomQueue: a negative queue id is the broker's choice.
func TestSendRandomQueue(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	seen := map[string]bool{}
	for range 100 {
		h := sendHeader("T1")
		h.QueueID = -1
		resp := p.sendV2(h, "x")
		requireAnswer(t, resp, codec.Success, "")
		seen[resp.Ext.Get("queueId")] = true
	}
	require.Greater(t, len(seen), 1)
	for id := range seen {
		require.Contains(t, []string{"0", "1", "2", "3"}, id)
	}
}

// TestSendOneway: nothing is answered, the message is stored.
func TestSendOneway(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	p.send(&codec.Command{Code: codec.SendMessageV2, Flag: codec.FlagOneway, Header: (*codec.SendMessageRequestHeaderV2)(sendHeader("T1")), Body: []byte("x")})
	requireAnswer(t, p.sendV2(sendHeader("T1"), "y"), codec.Success, "")
	require.Eventually(t, func() bool { return b.store.MaxOffsetInQueue("T1", 0) == 2 }, answerTimeout, time.Millisecond)
}

// TestSendMissingFields: what the header lacks is named.
func TestSendMissingFields(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	resp := p.call(&codec.Command{Code: codec.SendMessageV2, Ext: codec.Fields{{Key: "a", Value: "pg"}, {Key: "b", Value: "T1"}}})
	require.Equal(t, codec.SystemError, resp.Code)
	require.Contains(t, resp.Remark, "missing")
	require.Nil(t, b.topics.Select("T1"))
	resp = p.call(&codec.Command{Code: codec.SendMessageV2})
	require.Equal(t, codec.SystemError, resp.Code)
}

// TestSendWhileStopping: producers are refused with a code that makes them try another broker.
func TestSendWhileStopping(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	b.draining.Store(true)
	resp := p.sendV2(sendHeader("T1"), "x")
	require.Equal(t, codec.ServiceNotAvailable, resp.Code)
	require.Contains(t, resp.Remark, "service not available now")
	require.EqualValues(t, 1, b.store.MaxOffsetInQueue("T1", 0))
}
