package broker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

func heartbeatBody(t testing.TB, clientID string, groups ...codec.ConsumerData) []byte {
	t.Helper()
	body, err := fastjson.Marshal(&codec.HeartbeatData{
		ClientID: clientID, ConsumerDataSet: groups, ProducerDataSet: []codec.ProducerData{{GroupName: "pg"}},
	})
	require.NoError(t, err)
	return body
}

func consumerOf(group string, topics ...string) codec.ConsumerData {
	c := codec.ConsumerData{
		GroupName: group, ConsumeType: codec.ConsumePassively, MessageModel: codec.Clustering, ConsumeFromWhere: codec.ConsumeFromLastOffset,
	}
	for _, topic := range topics {
		c.SubscriptionDataSet = append(c.SubscriptionDataSet, codec.SubscriptionData{Topic: topic, SubString: "*", ExpressionType: codec.ExpressionTag})
	}
	return c
}

// TestHeartBeat: 34 registers, 40 tells everybody, 38 lists, 35 unregisters.
func TestHeartBeat(t *testing.T) {
	b := startBroker(t, nil)
	p1, p2 := dial(t, b), dial(t, b)
	list := func(p *peer) string {
		resp := p.do(codec.GetConsumerListByGroup, &codec.GetConsumerListByGroupRequestHeader{ConsumerGroup: "cg"}, nil)
		requireAnswer(t, resp, codec.Success, "")
		require.NotNil(t, resp.Ext)
		return string(resp.Body)
	}
	requireNotify := func(p *peer) {
		t.Helper()
		push := p.push()
		require.Equal(t, codec.NotifyConsumerIDsChanged, push.Code)
		require.EqualValues(t, codec.FlagOneway, push.Flag)
		require.Equal(t, map[string]string{"consumerGroup": "cg"}, fields(push))
	}
	resp := p1.do(codec.HeartBeat, nil, heartbeatBody(t, "c1", consumerOf("cg", "T1", "%RETRY%cg")))
	requireAnswer(t, resp, codec.Success, "")
	require.Nil(t, resp.Ext)
	require.Empty(t, p1.pushed, "40 before the answer")
	requireNotify(p1)
	require.Equal(t, `{"consumerIdList":["c1"]}`, list(p1))
	require.NotNil(t, b.groups.Peek("cg"))
	retry := b.topics.Select("%RETRY%cg")
	require.NotNil(t, retry)
	require.EqualValues(t, 1, retry.ReadQueueNums)
	require.EqualValues(t, 6, retry.Perm)
	require.NotNil(t, b.producers.FindChannel("c1"))

	requireAnswer(t, p2.do(codec.HeartBeat, nil, heartbeatBody(t, "c2", consumerOf("cg", "T1", "%RETRY%cg"))), codec.Success, "")
	requireNotify(p2)
	requireNotify(p1)
	require.Equal(t, `{"consumerIdList":["c1","c2"]}`, list(p2))

	// The same again is no change; other topics are.
	requireAnswer(t, p2.do(codec.HeartBeat, nil, heartbeatBody(t, "c2", consumerOf("cg", "T1", "%RETRY%cg"))), codec.Success, "")
	require.Empty(t, p2.pushed)
	requireAnswer(t, p2.do(codec.HeartBeat, nil, heartbeatBody(t, "c2", consumerOf("cg", "T2"))), codec.Success, "")
	requireNotify(p2)
	requireNotify(p1)

	resp = p2.do(codec.UnregisterClient, &codec.UnregisterClientRequestHeader{ClientID: "c2", ConsumerGroup: "cg", ProducerGroup: "pg"}, nil)
	requireAnswer(t, resp, codec.Success, "")
	requireNotify(p1)
	require.Equal(t, `{"consumerIdList":["c1"]}`, list(p1))

	require.NoError(t, p1.conn.Close())
	require.Eventually(t, func() bool { return b.consumers.Group("cg") == nil }, answerTimeout, time.Millisecond)
	resp = p2.do(codec.GetConsumerListByGroup, &codec.GetConsumerListByGroupRequestHeader{ConsumerGroup: "cg"}, nil)
	requireAnswer(t, resp, codec.SystemError, "no consumer for this group, cg")
	require.Equal(t, map[string]string{}, fields(resp))
	require.Empty(t, p2.pushed, "told of no change")
}

// TestHeartBeatClosedPeer: the end of a connection is told to the rest.
func TestHeartBeatClosedPeer(t *testing.T) {
	b := startBroker(t, nil)
	p1, p2 := dial(t, b), dial(t, b)
	for i, p := range []*peer{p1, p2} {
		requireAnswer(t, p.do(codec.HeartBeat, nil, heartbeatBody(t, "c"+string(rune('1'+i)), consumerOf("cg", "T1"))), codec.Success, "")
	}
	require.Equal(t, codec.NotifyConsumerIDsChanged, p1.push().Code)
	require.Equal(t, codec.NotifyConsumerIDsChanged, p1.push().Code)
	require.NoError(t, p2.conn.Close())
	require.Equal(t, codec.NotifyConsumerIDsChanged, p1.push().Code)
}

// TestNamesAreChecked: no entry point takes a topic that is no name (groups:
// TestIllegalGroupLeavesNoTrace), nothing is created, and a heart-beat with one
// bad name is refused whole.
func TestNamesAreChecked(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	topics, groups := len(b.topics.Snapshot()), len(b.groups.Snapshot())
	const bad = "../../x/y"
	const badTopic = "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
	requireAnswer(t, p.do(codec.HeartBeat, nil, heartbeatBody(t, "c", consumerOf("good", "T1"), consumerOf(bad, "T1"))),
		codec.SystemError, "The specified group contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$")
	requireAnswer(t, p.do(codec.HeartBeat, nil, heartbeatBody(t, "", consumerOf("good", "T1"))), codec.SystemError, "heart-beat without clientID")
	locks := []byte(`{"clientId":"c","consumerGroup":"good","mqSet":[{"brokerName":"spec-a","queueId":0,"topic":"` + bad + `"}]}`)
	for name, cmd := range map[string]*codec.Command{
		"34":  {Code: codec.HeartBeat, Body: heartbeatBody(t, "c", consumerOf("good", bad))},
		"41":  {Code: codec.LockBatchMQ, Body: locks},
		"42":  {Code: codec.UnlockBatchMQ, Body: locks},
		"11":  {Code: codec.PullMessage, Header: pullHeader("g", bad, 0)},
		"12":  {Code: codec.QueryMessage, Header: &codec.QueryMessageRequestHeader{Topic: bad, Key: "k", MaxNum: 1}},
		"14":  {Code: codec.QueryConsumerOffset, Header: &codec.QueryConsumerOffsetRequestHeader{ConsumerGroup: "g", Topic: bad}},
		"15":  {Code: codec.UpdateConsumerOffset, Header: &codec.UpdateConsumerOffsetRequestHeader{ConsumerGroup: "g", Topic: "a@b/"}},
		"29":  {Code: codec.SearchOffsetByTimestamp, Header: &codec.SearchOffsetRequestHeader{Topic: bad}},
		"30":  {Code: codec.GetMaxOffset, Header: &codec.GetMaxOffsetRequestHeader{Topic: bad}},
		"31":  {Code: codec.GetMinOffset, Header: &codec.GetMinOffsetRequestHeader{Topic: bad}},
		"32":  {Code: codec.GetEarliestMsgStoreTime, Header: &codec.GetEarliestMsgStoretimeRequestHeader{Topic: bad}},
		"17":  {Code: codec.UpdateAndCreateTopic, Header: topicHeader(bad)},
		"215": {Code: codec.DeleteTopicInBroker, Header: &codec.DeleteTopicRequestHeader{Topic: bad}},
	} {
		resp := p.call(cmd)
		require.Equal(t, badTopic, resp.Remark, name)
		require.Equal(t, codec.SystemError, resp.Code, name)
	}
	require.Len(t, b.topics.Snapshot(), topics)
	require.Len(t, b.groups.Snapshot(), groups)
	require.Nil(t, b.consumers.Group("good"))
	require.Equal(t, `{"offsetTable":{}}`, string(b.offsets.Encode()))
}

// TestReadsCreateNothing: asking for what does not exist leaves no trace.
func TestReadsCreateNothing(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	before := len(b.topics.Snapshot())
	for _, cmd := range []*codec.Command{
		{Code: codec.QueryConsumerOffset, Header: &codec.QueryConsumerOffsetRequestHeader{ConsumerGroup: "g", Topic: "nope", QueueID: 3}},
		{Code: codec.SearchOffsetByTimestamp, Header: &codec.SearchOffsetRequestHeader{Topic: "nope", QueueID: 3}},
		{Code: codec.GetMaxOffset, Header: &codec.GetMaxOffsetRequestHeader{Topic: "nope", QueueID: 1 << 30}},
		{Code: codec.GetMinOffset, Header: &codec.GetMinOffsetRequestHeader{Topic: "nope", QueueID: -5}},
	} {
		resp := p.call(cmd)
		requireAnswer(t, resp, codec.Success, "")
		require.Equal(t, map[string]string{"offset": "0"}, fields(resp))
	}
	resp := p.do(codec.GetEarliestMsgStoreTime, &codec.GetEarliestMsgStoretimeRequestHeader{Topic: "nope"}, nil)
	require.Equal(t, map[string]string{"timestamp": "-1"}, fields(resp))
	require.Len(t, b.topics.Snapshot(), before)
	require.NotContains(t, b.store.Topics(), "nope")
}

func TestCheckClientConfig(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	f := func(body string, code int32, remark string) {
		t.Helper()
		requireAnswer(t, p.do(codec.CheckClientConfig, nil, []byte(body)), code, remark)
	}
	f(`{"clientId":"c","group":"g","subscriptionData":{"topic":"T","subString":"a","expressionType":"TAG"}}`, codec.Success, "")
	f(`{"clientId":"c","group":"g","subscriptionData":{"topic":"T","subString":"a"}}`, codec.Success, "")
	f(`{"clientId":"c","group":"g"}`, codec.Success, "")
	f(`{"clientId":"c","group":"g","subscriptionData":{"topic":"T","subString":"a > 1","expressionType":"SQL92"}}`,
		codec.SystemError, "The broker does not support consumer to filter message by SQL92")
}

// TestLocks: 41 and 42.
func TestLocks(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	request := func(code int32, client string) *codec.Command {
		return p.do(code, nil, []byte(`{"clientId":"`+client+`","consumerGroup":"cg","mqSet":[{"brokerName":"spec-a","queueId":0,"topic":"T1"}]}`))
	}
	const held = `{"lockOKMQSet":[{"brokerName":"spec-a","queueId":0,"topic":"T1"}]}`
	const none = `{"lockOKMQSet":[]}`
	require.Equal(t, held, string(request(codec.LockBatchMQ, "c1").Body))
	require.Equal(t, held, string(request(codec.LockBatchMQ, "c1").Body))
	require.Equal(t, none, string(request(codec.LockBatchMQ, "c2").Body))
	requireAnswer(t, request(codec.UnlockBatchMQ, "c2"), codec.Success, "")
	require.Equal(t, none, string(request(codec.LockBatchMQ, "c2").Body))
	requireAnswer(t, request(codec.UnlockBatchMQ, "c1"), codec.Success, "")
	require.Equal(t, held, string(request(codec.LockBatchMQ, "c2").Body))
}
