package broker

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// replyRequest is a reply to the client "waiting@1".
func replyRequest() *codec.SendMessageRequestHeader {
	h := sendHeader("SpecC_REPLY_TOPIC")
	h.ProducerGroup, h.Flag, h.SysFlag, h.ReconsumeTimes, h.UnitMode = "replyPG", 7, codec.SysFlagCompressed, 1, true
	h.Properties = "MSG_TYPE\x01reply\x02REPLY_TO_CLIENT\x01waiting@1\x02UNIQ_KEY\x01U\x02TTL\x0110000\x02CORRELATION_ID\x01c-1"
	return h
}

// online registers p as the producer that waits for replies.
func (p *peer) online(clientID string) {
	p.t.Helper()
	requireAnswer(p.t, p.call(&codec.Command{Code: codec.HeartBeat, Body: []byte(`{"clientID":"` + clientID + `","consumerDataSet":[],"producerDataSet":[{"groupName":"requestPG"}]}`)}), codec.Success, "")
}

// acknowledge answers a push.
func (p *peer) acknowledge(push *codec.Command, code int32) {
	p.t.Helper()
	p.send(&codec.Command{Code: code, Opaque: push.Opaque, Flag: codec.FlagResponse})
}

// TestReplyPushed: the reply arrives as 326, and is stored with the id that is answered.
func TestReplyPushed(t *testing.T) {
	b := startBroker(t, nil)
	waiting, replier := dial(t, b), dial(t, b)
	waiting.online("waiting@1")
	for i, request := range []int32{codec.SendReplyMessage, codec.SendReplyMessageV2} {
		h := replyRequest()
		var header codec.CustomHeader = h
		if request == codec.SendReplyMessageV2 {
			header = (*codec.SendMessageRequestHeaderV2)(h)
		}
		before := time.Now().UnixMilli()
		opaque := replier.send(&codec.Command{Code: request, Header: header, Body: []byte("pong")})
		push := waiting.push()
		require.Equal(t, codec.PushReplyMessageToClient, push.Code)
		require.Equal(t, "pong", string(push.Body))
		require.Zero(t, push.Flag)
		got := fields(push)
		properties := codec.ParseProperties(got["properties"])
		for _, text := range []string{got["storeTimestamp"], properties["PUSH_REPLY_TIME"]} {
			ms, err := strconv.ParseInt(text, 10, 64)
			require.NoError(t, err)
			require.GreaterOrEqual(t, ms, before)
		}
		delete(got, "properties")
		delete(got, "storeTimestamp")
		delete(properties, "PUSH_REPLY_TIME")
		require.Equal(t, codec.ParseProperties(h.Properties), properties)
		require.Equal(t, map[string]string{
			"producerGroup": "replyPG", "topic": "SpecC_REPLY_TOPIC", "defaultTopic": "TBW102", "defaultTopicQueueNums": "4", "queueId": "0", "sysFlag": "1",
			"bornTimestamp": strconv.FormatInt(h.BornTimestampMs, 10), "flag": "7", "reconsumeTimes": "1", "unitMode": "true",
			"bornHost": replier.localAddr(), "storeHost": b.Addr(),
		}, got)
		waiting.acknowledge(push, codec.Success)

		resp := replier.answer(opaque)
		requireAnswer(t, resp, codec.Success, "")
		stored := lastMessage(t, b, "SpecC_REPLY_TOPIC", int64(i))
		require.Equal(t, stored.CommitLogOffset, requireMsgID(t, b, resp.Ext.Get("msgId")))
		require.Equal(t, map[string]string{
			"msgId": resp.Ext.Get("msgId"), "queueId": "0", "queueOffset": strconv.Itoa(i), "MSG_REGION": "DefaultRegion", "TRACE_ON": "true",
		}, fields(resp))
		require.Equal(t, h.Properties, stored.Properties)
		require.Equal(t, []any{"pong", int32(7), codec.SysFlagCompressed, int32(1), replier.localAddrPort()},
			[]any{string(stored.Body), stored.Flag, stored.SysFlag, stored.ReconsumeTimes, stored.BornHost})
	}
}

// TestReplyFailures: storeReplyMessageEnable=false, and the three failures of
// spec broker.md §8 with and without it.
func TestReplyFailures(t *testing.T) {
	for _, store := range []bool{true, false} {
		t.Run("store "+strconv.FormatBool(store), func(t *testing.T) {
			b := startBroker(t, func(c *Config) { c.Broker.StoreReplyMessageEnable = store })
			waiting, replier := dial(t, b), dial(t, b)
			waiting.online("waiting@1")
			stored := int64(0)
			requireStored := func(resp *codec.Command) {
				t.Helper()
				if store {
					require.Equal(t, lastMessage(t, b, "SpecC_REPLY_TOPIC", stored).CommitLogOffset, requireMsgID(t, b, resp.Ext.Get("msgId")))
					require.Equal(t, strconv.FormatInt(stored, 10), resp.Ext.Get("queueOffset"))
					stored++
				}
				require.Equal(t, stored, b.store.MaxOffsetInQueue("SpecC_REPLY_TOPIC", 0))
			}
			reply := func(h *codec.SendMessageRequestHeader) int32 {
				return replier.send(&codec.Command{Code: codec.SendReplyMessageV2, Header: (*codec.SendMessageRequestHeaderV2)(h), Body: []byte("x")})
			}
			f := func(properties, remark string) {
				t.Helper()
				h := replyRequest()
				h.Properties = properties
				resp := replier.answer(reply(h))
				requireAnswer(t, resp, codec.SystemError, remark)
				require.Equal(t, "DefaultRegion", resp.Ext.Get("MSG_REGION"))
				requireStored(resp)
			}
			f("MSG_TYPE\x01reply", "reply message properties[REPLY_TO_CLIENT] is null")
			f("REPLY_TO_CLIENT\x01nobody@1", "push reply message fail, channel of <nobody@1> not found.")

			opaque := reply(replyRequest())
			waiting.acknowledge(waiting.push(), codec.SystemError)
			resp := replier.answer(opaque)
			requireAnswer(t, resp, codec.SystemError, "push reply message to waiting@1fail.")
			requireStored(resp)

			opaque = reply(replyRequest())
			waiting.acknowledge(waiting.push(), codec.Success)
			resp = replier.answer(opaque)
			requireAnswer(t, resp, codec.Success, "")
			requireStored(resp)
			if !store {
				require.Equal(t, "0", resp.Ext.Get("msgId"))
				require.Equal(t, "0", resp.Ext.Get("queueOffset"))
				require.Equal(t, "0", resp.Ext.Get("queueId"))
			}

			opaque = reply(replyRequest()) // the client goes away before it answers
			waiting.push()
			require.NoError(t, waiting.conn.Close())
			resp = replier.answer(opaque)
			requireAnswer(t, resp, codec.SystemError, "push reply message to waiting@1fail.")
			requireStored(resp)
		})
	}
}

// TestReplyChecks: rows 1 to 6 of a send hold for replies.
func TestReplyChecks(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	f := func(code int32, remark string, change func(h *codec.SendMessageRequestHeader)) {
		t.Helper()
		h := replyRequest()
		change(h)
		resp := p.do(codec.SendReplyMessageV2, (*codec.SendMessageRequestHeaderV2)(h), []byte("x"))
		requireAnswer(t, resp, code, remark)
		require.Equal(t, map[string]string{"MSG_REGION": "DefaultRegion", "TRACE_ON": "true"}, fields(resp))
	}
	f(codec.SystemError, "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$", func(h *codec.SendMessageRequestHeader) { h.Topic = "a/b" })
	f(codec.NoPermission, "Sending message to topic[SCHEDULE_TOPIC_XXXX] is forbidden.", func(h *codec.SendMessageRequestHeader) { h.Topic = codec.ScheduleTopic })
	f(codec.TopicNotExist, "topic[TN] not exist, apply first please!"+faqURL, func(h *codec.SendMessageRequestHeader) { h.Topic, h.DefaultTopic = "TN", "none" })
	f(codec.SystemError, "request queueId[1] is illegal, TopicConfig [topicName=SpecC_REPLY_TOPIC, readQueueNums=1, writeQueueNums=1, perm=RW-, topicFilterType=SINGLE_TAG, "+
		"topicSysFlag=0, order=false] Producer: "+p.localAddr(), func(h *codec.SendMessageRequestHeader) { h.QueueID = 1 })
}

// TestReplyTimeout: a client that does not acknowledge costs the replier 10 s.
func TestReplyTimeout(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 s")
	}
	t.Parallel()
	b := startBroker(t, func(c *Config) { c.Broker.StoreReplyMessageEnable = false })
	waiting, replier := dial(t, b), dial(t, b)
	waiting.online("waiting@1")
	begun := time.Now()
	opaque := replier.send(&codec.Command{Code: codec.SendReplyMessageV2, Header: (*codec.SendMessageRequestHeaderV2)(replyRequest())})
	waiting.push()
	require.NoError(t, replier.conn.SetReadDeadline(time.Now().Add(2*replyTimeout)))
	resp, err := readFrame(replier.in)
	require.NoError(t, err)
	require.Equal(t, opaque, resp.Opaque)
	requireAnswer(t, resp, codec.SystemError, "push reply message to waiting@1fail.")
	require.GreaterOrEqual(t, time.Since(begun), replyTimeout)
}

// TestReplyShutdown: a stop does not wait for a client that does not acknowledge.
func TestReplyShutdown(t *testing.T) {
	c := testConfig(t)
	b, err := New(c, quietOptions())
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	waiting, replier := dial(t, b), dial(t, b)
	waiting.online("waiting@1")
	replier.send(&codec.Command{Code: codec.SendReplyMessageV2, Header: (*codec.SendMessageRequestHeaderV2)(replyRequest())})
	waiting.push()
	begun := time.Now()
	stopBroker(t, b)
	require.Less(t, time.Since(begun), replyTimeout/2)
}
