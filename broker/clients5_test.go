package broker

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
)

// TestFieldsOf5x: what 5.x remoting clients put into each request besides changes no answer (spec: differences.md B).
func TestFieldsOf5x(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 2)
	more := codec.Fields{{Key: "bname", Value: "spec-a"}, {Key: "ns", Value: ""}, {Key: "nsd", Value: "false"}, {Key: "oway", Value: "false"}, {Key: "lo", Value: "true"},
		{Key: "maxMsgBytes", Value: "262144"}, {Key: "requestSource", Value: "-1"}, {Key: "proxyFrowardClientId", Value: "x"},
		{Key: "committed", Value: "true"}, {Key: "boundaryType", Value: "LOWER"}, {Key: "topicSysFlag", Value: "0"}, {Key: "liteTopic", Value: "x"}}
	send := codec.Fields{{Key: "a", Value: "pg"}, {Key: "b", Value: "T1"}, {Key: "c", Value: "TBW102"}, {Key: "d", Value: "4"}, {Key: "e", Value: "1"}, {Key: "f", Value: "0"},
		{Key: "g", Value: "1700000000000"}, {Key: "h", Value: "0"}, {Key: "i", Value: "UNIQ_KEY\x01AAAA"}, {Key: "j", Value: "0"}, {Key: "n", Value: "spec-a"}} // no k, no m
	for name, c := range map[string]struct {
		code   int32
		header codec.CustomHeader
		ext    codec.Fields
		body   string
	}{
		"310": {codec.SendMessageV2, nil, send, "hello"},
		"11":  {codec.PullMessage, pullHeader("cg", "T1", 0), nil, ""},
		"361": {codec.LitePullMessage, pullHeader("cg", "T1", 0), nil, ""},
		"14":  {codec.QueryConsumerOffset, &codec.QueryConsumerOffsetRequestHeader{ConsumerGroup: "cg", Topic: "T1"}, nil, ""},
		"15":  {codec.UpdateConsumerOffset, &codec.UpdateConsumerOffsetRequestHeader{ConsumerGroup: "cg", Topic: "T1", QueueID: 3, CommitOffset: 1}, nil, ""},
		"29":  {codec.SearchOffsetByTimestamp, &codec.SearchOffsetRequestHeader{Topic: "T1", TimestampMs: 1}, nil, ""},
		"30":  {codec.GetMaxOffset, &codec.GetMaxOffsetRequestHeader{Topic: "T1"}, nil, ""},
		"31":  {codec.GetMinOffset, &codec.GetMinOffsetRequestHeader{Topic: "T1"}, nil, ""},
		"38":  {codec.GetConsumerListByGroup, &codec.GetConsumerListByGroupRequestHeader{ConsumerGroup: "nobody"}, nil, ""},
		"41":  {codec.LockBatchMQ, nil, nil, `{"clientId":"c","consumerGroup":"cg","mqSet":[{"brokerName":"spec-a","queueId":0,"topic":"T1"}],"onlyThisBroker":true}`},
		"42":  {codec.UnlockBatchMQ, nil, nil, `{"clientId":"c","consumerGroup":"cg","mqSet":[{"brokerName":"spec-a","queueId":0,"topic":"T1"}],"onlyThisBroker":true}`},
	} {
		plain := p.call(&codec.Command{Code: c.code, Header: c.header, Ext: c.ext, Body: []byte(c.body)})
		full := p.call(&codec.Command{Code: c.code, Header: c.header, Ext: append(append(codec.Fields(nil), c.ext...), more...), Body: []byte(c.body)})
		want, got := fields(plain), fields(full)
		if name == "310" { // the second message is another one
			require.Equal(t, "0", want["queueOffset"])
			require.Equal(t, "1", got["queueOffset"])
			for _, key := range []string{"msgId", "queueOffset"} {
				delete(want, key)
				delete(got, key)
			}
		}
		require.Equal(t, []any{plain.Code, plain.Remark, want, string(plain.Body)}, []any{full.Code, full.Remark, got, string(full.Body)}, name)
	}
}

// TestHeartBeatOf5x: a heart-beat of version 2 that leaves the subscriptions out keeps those known; the answer never offers
// version 2, so clients send it only after another broker did.
func TestHeartBeatOf5x(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	heartbeat := func(subscriptions, withoutSub string) {
		t.Helper()
		resp := p.do(codec.HeartBeat, nil, []byte(`{"clientID":"c","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET","consumeType":"CONSUME_PASSIVELY",`+
			`"groupName":"cg","messageModel":"CLUSTERING","subscriptionDataSet":[`+subscriptions+`],"unitMode":false}],"heartbeatFingerprint":-1163005939,`+
			`"producerDataSet":[{"groupName":"CLIENT_INNER_PRODUCER"}],"withoutSub":`+withoutSub+`}`))
		requireAnswer(t, resp, codec.Success, "")
		require.Nil(t, resp.Ext, "IS_SUPPORT_HEART_BEAT_V2, IS_SUB_CHANGE")
	}
	pull := pullHeader("cg", "T1", 0)
	pull.SysFlag, pull.SubVersion = 0, 5 // by the subscription of the heart-beat
	heartbeat(`{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":5,"tagsSet":[],"topic":"T1"}`, "false")
	requireAnswer(t, p.do(codec.PullMessage, pull, nil), codec.Success, "FOUND")
	heartbeat("", "true")
	requireAnswer(t, p.do(codec.PullMessage, pull, nil), codec.Success, "FOUND")
	heartbeat("", "false")
	requireAnswer(t, p.do(codec.PullMessage, pull, nil), codec.SubscriptionNotExist, "the consumer's subscription not exist"+faqURL)
}

// TestNotOf4x: what only a 5.x broker can do, queues assigned by the broker, recall and pop, is answered 3 as by Java's 4.x
// broker.
func TestNotOf4x(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	for _, code := range []int32{400, 401, 370, 200050, 200051, 200052, 200053, 200054, 200055, 200056} {
		requireAnswer(t, p.call(&codec.Command{Code: code}), codec.RequestCodeNotSupported, " request type "+strconv.Itoa(int(code))+" not supported")
	}
}
