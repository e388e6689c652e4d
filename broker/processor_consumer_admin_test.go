package broker

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// joinGroup makes p a client of cg.
func joinGroup(t *testing.T, p *peer, clientID string, language codec.LanguageCode, version int32) {
	t.Helper()
	resp := p.call(&codec.Command{Code: codec.HeartBeat, Language: language, Version: version, Body: heartbeatBody(t, clientID, consumerOf("cg", "T1"))})
	requireAnswer(t, resp, codec.Success, "")
	require.Equal(t, codec.NotifyConsumerIDsChanged, p.push().Code)
}

// TestResetOffset: 222 and the 220 it pushes.
func TestResetOffset(t *testing.T) {
	b, admin, times := statsBroker(t)
	reset := func(h codec.ResetOffsetRequestHeader) *codec.Command {
		return admin.do(codec.InvokeBrokerToResetOffset, &h, nil)
	}
	h := codec.ResetOffsetRequestHeader{Topic: "nope", Group: "cg", TimestampMs: -1, IsForce: true}
	requireAnswer(t, reset(h), codec.SystemError, "[reset-offset] reset offset failed, no topic in this broker. topic=nope")
	h.Topic = "T1"
	requireAnswer(t, reset(h), codec.SystemError, "THe consumer group <cg> not exist") // none in queue 1
	b.offsets.Commit("test", "cg", "T1", 1, 0)
	resp := reset(h)
	requireAnswer(t, resp, codec.ConsumerNotOnline, "Consumer not online, so can not reset offset, Group: cg Topic: T1 Timestamp: -1")
	require.Nil(t, resp.Ext)

	java, cpp := dial(t, b), dial(t, b)
	joinGroup(t, java, "c1", codec.LanguageJava, codec.CurrentVersion)
	joinGroup(t, cpp, "c2", codec.LanguageCPP, codec.CurrentVersion)
	require.Equal(t, codec.NotifyConsumerIDsChanged, java.push().Code)
	table := func(body []byte) map[int32]int64 {
		var offsets codec.ResetOffsetBody
		require.NoError(t, fastjson.Unmarshal(body, &offsets))
		byQueue := map[int32]int64{}
		for mq, offset := range offsets.OffsetTable {
			require.Equal(t, codec.MessageQueue{Topic: "T1", BrokerName: "spec-a", QueueID: mq.QueueID}, mq)
			byQueue[mq.QueueID] = offset
		}
		return byQueue
	}
	for _, c := range []struct {
		timestampMs int64
		isForce     bool
		want        int64
	}{{-1, true, 3}, {-1, false, 1}, {times[0] - 1, false, 0}, {math.MinInt64, true, 0}, {math.MaxInt64, true, 2}} {
		h.TimestampMs, h.IsForce = c.timestampMs, c.isForce
		resp = reset(h)
		requireAnswer(t, resp, codec.Success, remarkNotSet)
		require.Nil(t, resp.Ext)
		want := map[int32]int64{0: c.want, 1: 0}
		require.Equal(t, want, table(resp.Body))
		push := java.push()
		require.Equal(t, codec.ResetConsumerClientOffset, push.Code)
		require.EqualValues(t, codec.FlagOneway, push.Flag)
		sent := fields(&codec.Command{Ext: push.Ext})
		require.Equal(t, "false", sent["isForce"])
		require.Len(t, sent, 4)
		require.Equal(t, want, table(push.Body))
		var list codec.ResetOffsetBodyForC
		require.NoError(t, fastjson.Unmarshal(cpp.push().Body, &list))
		require.ElementsMatch(t, []codec.MessageQueueForC{
			{Topic: "T1", BrokerName: "spec-a", Offset: c.want}, {Topic: "T1", BrokerName: "spec-a", QueueID: 1},
		}, list.OffsetTable)
	}
	require.EqualValues(t, 1, b.offsets.Query("cg", "T1", 0), "the clients commit, not the broker")

	old := dial(t, b)
	joinGroup(t, old, "c3", codec.LanguageJava, codec.VersionV3_0_7-1)
	resp = reset(h)
	require.Equal(t, codec.SystemError, resp.Code)
	require.Contains(t, resp.Remark, "the client does not support this feature. version=V3_0_")
}

// TestConsumerStatus: 223 asks 221 of the clients.
func TestConsumerStatus(t *testing.T) {
	b := startBroker(t, nil)
	admin := dial(t, b)
	ask := func(clientID string) int32 {
		return admin.send(&codec.Command{Code: codec.InvokeBrokerToGetConsumerStatus, Header: &codec.GetConsumerStatusRequestHeader{Topic: "T1", Group: "cg", ClientAddr: clientID}})
	}
	requireAnswer(t, admin.answer(ask("")), codec.SystemError, "No Any Consumer online in the consumer group: [cg]")
	p1, p2 := dial(t, b), dial(t, b)
	joinGroup(t, p1, "c1", codec.LanguageJava, codec.CurrentVersion)
	joinGroup(t, p2, "c2", codec.LanguageJava, codec.CurrentVersion)
	require.Equal(t, codec.NotifyConsumerIDsChanged, p1.push().Code)
	const queue = `{"brokerName":"spec-a","queueId":0,"topic":"T1"}`
	respond := func(p *peer, code int32, body string) {
		t.Helper()
		push := p.push()
		require.Equal(t, codec.GetConsumerStatusFromClient, push.Code)
		require.Equal(t, map[string]string{"topic": "T1", "group": "cg"}, fields(push))
		p.send(&codec.Command{Code: code, Flag: codec.FlagResponse, Opaque: push.Opaque, Body: []byte(body)})
	}
	opaque := ask("")
	respond(p1, codec.Success, `{"consumerTable":{},"messageQueueTable":{`+queue+`:3}}`)
	respond(p2, codec.Success, `{"consumerTable":{},"messageQueueTable":{}}`)
	resp := admin.answer(opaque)
	requireAnswer(t, resp, codec.Success, remarkNotSet)
	var got codec.GetConsumerStatusBody
	require.NoError(t, fastjson.Unmarshal(resp.Body, &got))
	require.Equal(t, map[string]map[codec.MessageQueue]int64{"c1": {{Topic: "T1", BrokerName: "spec-a"}: 3}, "c2": {}}, got.ConsumerTable)

	opaque = ask("c1")
	respond(p1, codec.Success, `{"messageQueueTable":{`+queue+`:4}}`)
	requireBody(t, admin.answer(opaque), remarkNotSet, `{"consumerTable":{"c1":{`+queue+`:4}},"messageQueueTable":{}}`)
	const none = `{"consumerTable":{},"messageQueueTable":{}}`
	for _, answer := range []string{`{"messageQueueTable":[`, ``} { // no table; a refusal
		opaque = ask("c1")
		code := codec.Success
		if answer == "" {
			code = codec.SystemError
		}
		respond(p1, code, answer)
		requireBody(t, admin.answer(opaque), remarkNotSet, none)
	}
	requireBody(t, admin.answer(ask("c3")), remarkNotSet, none)
}

// TestCallConsumer: 307 and 309 are passed on to one client.
func TestCallConsumer(t *testing.T) {
	b := startBroker(t, nil)
	admin, p := dial(t, b), dial(t, b)
	putMessages(t, b, admin, "T1", 1)
	sent := admin.sendV2(sendHeader("T1"), "direct")
	msgID := sent.Ext.Get("msgId")
	record, ok := b.store.LookMessageByOffset(requireMsgID(t, b, msgID))
	require.True(t, ok)
	info := func(clientID string) *codec.Command {
		return &codec.Command{Code: codec.GetConsumerRunningInfo, Header: &codec.GetConsumerRunningInfoRequestHeader{ConsumerGroup: "cg", ClientID: clientID, JstackEnable: true}}
	}
	direct := func(clientID, msgID string) *codec.Command {
		return &codec.Command{Code: codec.ConsumeMessageDirectly, Header: &codec.ConsumeMessageDirectlyResultRequestHeader{ConsumerGroup: "cg", ClientID: clientID, MsgID: msgID}}
	}
	joinGroup(t, p, "c1", codec.LanguageJava, codec.CurrentVersion)
	requireAnswer(t, admin.call(info("nobody@1")), codec.SystemError, "The Consumer <cg> <nobody@1> not online")
	requireAnswer(t, admin.call(direct("nobody@1", msgID)), codec.SystemError, "The Consumer <cg> <nobody@1> not online")
	require.Equal(t, codec.SystemError, admin.call(direct("c1", "zz")).Code)
	requireAnswer(t, admin.call(direct("c1", msgID[:16]+"0000000000000001")), codec.SystemError, "can not find message by the offset, 1")

	for _, cmd := range []*codec.Command{info("c1"), direct("c1", msgID)} {
		opaque := admin.send(cmd)
		push := p.push()
		require.Equal(t, cmd.Code, push.Code)
		want := map[string]string{"consumerGroup": "cg", "clientId": "c1", "jstackEnable": "true"}
		if cmd.Code == codec.ConsumeMessageDirectly {
			want = map[string]string{"consumerGroup": "cg", "clientId": "c1", "msgId": msgID, "brokerName": "spec-a"}
			require.Equal(t, record, push.Body)
		}
		require.Equal(t, want, fields(push))
		p.send(&codec.Command{Code: codec.Success, Flag: codec.FlagResponse, Opaque: push.Opaque, Remark: remarkNotSet, Body: []byte(`{"order":false}`)})
		requireBody(t, admin.answer(opaque), remarkNotSet, `{"order":false}`)
	}

	opaque := admin.send(info("c1"))
	require.Equal(t, codec.GetConsumerRunningInfo, p.push().Code)
	require.NoError(t, p.conn.Close())
	resp := admin.answer(opaque)
	require.Equal(t, codec.SystemError, resp.Code)
	require.Contains(t, resp.Remark, "invoke consumer <cg> <c1> Exception: ")

	old := dial(t, b)
	joinGroup(t, old, "c0", codec.LanguageJava, codec.VersionV3_1_8-1)
	requireAnswer(t, admin.call(info("c0")), codec.SystemError, "The Consumer <c0> Version <V3_1_7> too low to finish, please upgrade it to V3_1_8_SNAPSHOT")
}
