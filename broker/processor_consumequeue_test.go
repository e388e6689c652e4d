package broker

import (
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// TestQueryConsumeQueue: 321.
func TestQueryConsumeQueue(t *testing.T) {
	b, p, _ := statsBroker(t)
	h := codec.QueryConsumeQueueRequestHeader{Topic: "T1", Index: 1, Count: 10}
	query := func() *codec.Command { return p.do(codec.QueryConsumeQueue, &h, nil) }
	entry := func(queueOffset int64, eval bool) string {
		phy := b.store.CommitLogOffsetInQueue("T1", 0, queueOffset)
		record, ok := b.store.LookMessageByOffset(phy)
		require.True(t, ok)
		return fmt.Sprintf(`{"eval":%v,"physicOffset":%d,"physicSize":%d,"tagsCode":97}`, eval, phy, len(record))
	}
	requireBody(t, query(), remarkNotSet, `{"maxQueueIndex":3,"minQueueIndex":0,"queueData":[`+entry(1, false)+`,`+entry(2, false)+`]}`)
	h.Index, h.Count = 0, 1
	requireBody(t, query(), remarkNotSet, `{"maxQueueIndex":3,"minQueueIndex":0,"queueData":[`+entry(0, false)+`]}`)
	h.ConsumerGroup = "cg"
	requireBody(t, query(), remarkNotSet, `{"filterData":"cg@T1 is not online!","maxQueueIndex":3,"minQueueIndex":0,"queueData":[`+entry(0, false)+`]}`)
	requireAnswer(t, p.do(codec.HeartBeat, nil, heartbeatBody(t, "c1", consumerOf("cg", "T1"))), codec.Success, "")
	requireBody(t, query(), remarkNotSet, `{"filterData":"null","maxQueueIndex":3,"minQueueIndex":0,"queueData":[`+entry(0, true)+`],`+
		`"subscriptionData":{"classFilterMode":false,"codeSet":[],"expressionType":"TAG","subString":"*","subVersion":0,"tagsSet":[],"topic":"T1"}}`)
	h.ConsumerGroup = ""
	for _, index := range []int64{3, -1, math.MaxInt64, math.MinInt64} {
		h.Index = index
		requireBody(t, query(), "Index "+strconv.FormatInt(index, 10)+" of 0@T1 is not exist!", `{"maxQueueIndex":3,"minQueueIndex":0}`)
	}
	h.Index, h.Count = 0, -1
	require.Equal(t, codec.Success, query().Code)
	h.Count = math.MaxInt32
	require.Equal(t, codec.Success, query().Code)
	h.Topic = "zz"
	requireAnswer(t, query(), codec.SystemError, "0@zz is not exist!")
	require.NotContains(t, b.store.Topics(), "zz")
}

// TestConsumeTimeSpan: 303.
func TestConsumeTimeSpan(t *testing.T) {
	b, p, times := statsBroker(t)
	spans := func(group string) []codec.QueueTimeSpan {
		t.Helper()
		resp := p.do(codec.QueryConsumeTimeSpan, &codec.QueryConsumeTimeSpanRequestHeader{Topic: "T1", Group: group}, nil)
		requireAnswer(t, resp, codec.Success, "")
		require.Nil(t, resp.Ext)
		var body codec.QueryConsumeTimeSpanBody
		require.NoError(t, fastjson.Unmarshal(resp.Body, &body))
		require.Len(t, body.ConsumeTimeSpanSet, 2)
		return body.ConsumeTimeSpanSet
	}
	b.offsets.Commit("test", "cg", "T1", 0, 2)
	got := spans("cg")
	require.InDelta(t, time.Now().UnixMilli()-times[2], got[0].DelayTime, 1000)
	want := codec.QueueTimeSpan{
		MessageQueue: codec.MessageQueue{Topic: "T1", BrokerName: "spec-a"}, MinTimeStamp: times[0], MaxTimeStamp: times[2], ConsumeTimeStamp: times[1], DelayTime: got[0].DelayTime,
	}
	want.FillText(time.Local)
	require.Equal(t, want, got[0])
	require.EqualValues(t, []int64{-1, -1, -1, 0}, []int64{got[1].MinTimeStamp, got[1].MaxTimeStamp, got[1].ConsumeTimeStamp, got[1].DelayTime})
	got = spans("nobody")
	require.Equal(t, times[0], got[0].ConsumeTimeStamp)
	require.InDelta(t, time.Now().UnixMilli()-times[0], got[0].DelayTime, 1000)
	b.offsets.Commit("test", "cg", "T1", 0, 3)
	require.Zero(t, spans("cg")[0].DelayTime)
	resp := p.do(codec.QueryConsumeTimeSpan, &codec.QueryConsumeTimeSpanRequestHeader{Topic: "nope", Group: "cg"}, nil)
	requireAnswer(t, resp, codec.TopicNotExist, "topic[nope] not exist")
}

// TestOffsetAdmin: 314 and 308.
func TestOffsetAdmin(t *testing.T) {
	b, p, _ := statsBroker(t)
	b.offsets.Commit("test", "cg", "gone", 0, 7)
	clone := func(topic string) {
		t.Helper()
		resp := p.do(codec.CloneGroupOffset, &codec.CloneGroupOffsetRequestHeader{SrcGroup: "cg", DestGroup: "copy", Topic: topic}, nil)
		requireAnswer(t, resp, codec.Success, "")
		require.Nil(t, resp.Ext)
	}
	clone("")
	require.EqualValues(t, 1, b.offsets.Query("copy", "T1", 0))
	require.EqualValues(t, -1, b.offsets.Query("copy", "gone", 0))
	b.offsets.Commit("test", "cg", "T1", 0, 3)
	clone("T1")
	require.EqualValues(t, 3, b.offsets.Query("copy", "T1", 0))

	correct := func(filter, compare, want string) {
		t.Helper()
		resp := p.do(codec.QueryCorrectionOffset, &codec.QueryCorrectionOffsetHeader{Topic: "T1", CompareGroup: compare, FilterGroups: filter}, nil)
		requireBody(t, resp, "", want)
	}
	b.offsets.Commit("test", "behind", "T1", 0, 1)
	correct("", "cg", `{"correctionOffsets":{0:1}}`)
	correct("behind", "cg", `{"correctionOffsets":{0:3}}`)
	correct("behind", "behind", `{"correctionOffsets":{0:9223372036854775807}}`)
	correct("behind,cg,copy", "cg", `{"correctionOffsets":{}}`)
	require.EqualValues(t, 1, b.offsets.Query("behind", "T1", 0), "filtered groups keep their offsets")
}

// TestCleaning: 306, 316 and 329.
func TestCleaning(t *testing.T) {
	b, p, _ := statsBroker(t)
	for _, code := range []int32{codec.CleanExpiredConsumeQueue, codec.DeleteExpiredCommitLog, codec.CleanUnusedTopic} {
		requireBody(t, p.call(&codec.Command{Code: code}), "", "")
	}
	require.EqualValues(t, 3, b.store.MaxOffsetInQueue("T1", 0))
	b.topics.Delete("T1")
	requireBody(t, p.call(&codec.Command{Code: codec.CleanUnusedTopic}), "", "")
	require.NotContains(t, b.store.Topics(), "T1")
}
