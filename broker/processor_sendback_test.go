package broker

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/broker/stats"
	"github.com/boostermq/booster/codec"
)

// instantLevels makes every delay level but the last immediate.
const instantLevels = "0s 0s 0s 0s 0s 0s 0s 0s 0s 0s 0s 0s 0s 0s 0s 0s 0s 2h"

// lastMessage waits for the message at offset of queue 0 of topic and returns it.
func lastMessage(t testing.TB, b *Controller, topic string, offset int64) *codec.Message {
	t.Helper()
	return messageAt(t, b, topic, 0, offset)
}

func messageAt(t testing.TB, b *Controller, topic string, queueID int32, offset int64) *codec.Message {
	t.Helper()
	require.Eventually(t, func() bool { return b.store.MaxOffsetInQueue(topic, queueID) > offset }, answerTimeout, time.Millisecond, "no message %d in %s", offset, topic)
	record, ok := b.store.LookMessageByOffset(b.store.CommitLogOffsetInQueue(topic, queueID, offset))
	require.True(t, ok)
	m := &codec.Message{}
	_, err := codec.DecodeRecord(record, m, codec.DecodeOptions{CheckCRC: true})
	require.NoError(t, err)
	return m
}

func sendBackHeader(group string, offset int64) *codec.ConsumerSendMsgBackRequestHeader {
	return &codec.ConsumerSendMsgBackRequestHeader{Group: group, Offset: offset, OriginMsgID: "AAAA", OriginTopic: "T1"}
}

func (p *peer) sendBack(h *codec.ConsumerSendMsgBackRequestHeader) *codec.Command {
	p.t.Helper()
	return p.do(codec.ConsumerSendMsgBack, h, nil)
}

// snapshotNames is what a refused request must not change.
func snapshotNames(b *Controller) []int {
	return []int{len(b.topics.Snapshot()), len(b.groups.Snapshot()), len(b.store.Topics()), int(b.store.MaxPhyOffset())}
}

// TestSendBackChecks: the table of spec broker.md §4, and names that are none
// (security.md §5: code 1, nothing created).
func TestSendBackChecks(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.AutoCreateSubscriptionGroup = false })
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	before := snapshotNames(b)
	f := func(group string, code int32, remark string) {
		t.Helper()
		resp := p.sendBack(sendBackHeader(group, 0))
		requireAnswer(t, resp, code, remark)
		require.Nil(t, resp.Ext)
		require.Equal(t, before, snapshotNames(b))
	}
	const illegal = "The specified group contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
	f("../../outside", codec.SystemError, illegal)
	f("a/b", codec.SystemError, illegal)
	f("a.b", codec.SystemError, illegal)
	f("a\x00", codec.SystemError, illegal)
	f("a@b", codec.SystemError, illegal)
	f(" ", codec.SystemError, "The specified group is blank.")
	f(strings.Repeat("g", 256), codec.SystemError, "The specified group is longer than group max length 255.")
	f(strings.Repeat("g", 121), codec.SystemError, "The specified topic is longer than topic max length.")
	f("cg", codec.SubscriptionGroupNotExist, "subscription group not exist, cg "+faqURL)
	resp := p.call(&codec.Command{Code: codec.ConsumerSendMsgBack, Ext: codec.Fields{{Key: "group", Value: "cg"}, {Key: "offset", Value: "x"}}})
	require.Equal(t, codec.SystemError, resp.Code)

	require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: "cg", ConsumeEnable: true, RetryQueueNums: 0, RetryMaxTimes: 3}))
	before = snapshotNames(b)
	f("cg", codec.Success, "") // dropped

	require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: "cg", ConsumeEnable: true, RetryQueueNums: 1, RetryMaxTimes: 3}))
	end := b.store.MaxPhyOffset()
	for _, offset := range []int64{-1, 1, 4, 88, end - 1, end, end + 1000000, 1<<63 - 1} {
		requireAnswer(t, p.sendBack(sendBackHeader("cg", offset)), codec.SystemError, "look message by offset failed, "+strconv.FormatInt(offset, 10))
	}
	require.Equal(t, end, b.store.MaxPhyOffset())
	require.NotNil(t, b.topics.Select("%RETRY%cg"), "as Java: the topic comes before the look")

	require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: "%RETRY%cg", ReadQueueNums: 1, WriteQueueNums: 1, Perm: codec.PermRead, TopicFilterType: codec.SingleTag}))
	requireAnswer(t, p.sendBack(sendBackHeader("cg", 0)), codec.NoPermission, "the topic[%RETRY%cg] sending message is forbidden")
}

// TestSendBackNotWriteable: a broker without write permission takes nothing back.
func TestSendBackNotWriteable(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.BrokerPermission = codec.PermRead })
	requireAnswer(t, dial(t, b).sendBack(sendBackHeader("cg", 0)), codec.NoPermission, "the broker[127.0.0.1] sending message is forbidden")
	require.Nil(t, b.topics.Select("%RETRY%cg"))
}

// TestSendBackRecordInRecord: a body that holds a whole record is not taken for one.
func TestSendBackRecordInRecord(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	inner, ok := b.store.LookMessageByOffset(0)
	require.True(t, ok)
	outer := requireMsgID(t, b, p.sendV2(sendHeader("T1"), string(inner)).Ext.Get("msgId"))
	const bodyAt = 88
	resp := p.sendBack(sendBackHeader("cg", outer+bodyAt))
	requireAnswer(t, resp, codec.SystemError, "look message by offset failed, "+strconv.FormatInt(outer+bodyAt, 10))
}

// TestSendBackStored: what is stored, against a store that Java wrote
// (facts/store-samples 4.9.8: %RETRY%FillCG_Fail and %DLQ%FillCG_Fail).
func TestSendBackStored(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.MessageDelayLevel = instantLevels })
	p := dial(t, b)
	h := sendHeader("T1")
	h.Flag, h.SysFlag, h.QueueID = 7, codec.SysFlagCompressed, 2
	h.Properties = "KEYS\x01fail0\x02UNIQ_KEY\x01U0\x02WAIT\x01true\x02TAGS\x01F"
	sent := p.sendV2(h, "body0")
	original := messageAt(t, b, "T1", 2, 0)

	back := sendBackHeader("cg", requireMsgID(t, b, sent.Ext.Get("msgId")))
	back.DelayLevel, back.MaxReconsumeTimes, back.HasMaxReconsumeTimes = 1, 1, true
	resp := p.sendBack(back)
	requireAnswer(t, resp, codec.Success, "")
	require.Nil(t, resp.Ext)
	require.Nil(t, resp.Body)
	retry := lastMessage(t, b, "%RETRY%cg", 0)
	want := map[string]string{
		"CLUSTER": "SpecC", "DELAY": "1", "KEYS": "fail0", "ORIGIN_MESSAGE_ID": sent.Ext.Get("msgId"), "REAL_QID": "0", "REAL_TOPIC": "%RETRY%cg",
		"RETRY_TOPIC": "T1", "TAGS": "F", "UNIQ_KEY": "U0", "WAIT": "false",
	}
	requireSentBack(t, original, retry, 1, want)

	back.Offset = retry.CommitLogOffset
	requireAnswer(t, p.sendBack(back), codec.Success, "")
	dead := lastMessage(t, b, "%DLQ%cg", 0)
	want["DELAY"] = "0"
	requireSentBack(t, original, dead, 2, want)

	for name, perm := range map[string]int32{"%RETRY%cg": 6, "%DLQ%cg": 6} {
		c := b.topics.Select(name)
		require.Equal(t, []int32{1, 1, perm, 0}, []int32{c.ReadQueueNums, c.WriteQueueNums, c.Perm, c.TopicSysFlag}, name)
	}
	got, ok := b.stats.Snapshot(stats.SndbckPutNums, "T1@cg")
	require.True(t, ok)
	require.NotNil(t, got)
	for _, topic := range []string{"%DLQ%cg", "%RETRY%cg", "SCHEDULE_TOPIC_XXXX"} {
		_, ok := b.stats.Snapshot(stats.TopicPutNums, topic)
		require.True(t, ok, topic)
	}
}

func requireSentBack(t *testing.T, original, got *codec.Message, times int32, properties map[string]string) {
	t.Helper()
	require.Equal(t, properties, codec.ParseProperties(got.Properties))
	require.Equal(t, len(properties), strings.Count(got.Properties, "\x02")+1, "no property twice")
	require.Equal(t, times, got.ReconsumeTimes)
	require.Equal(t, original.Body, got.Body)
	require.Equal(t, original.Flag, got.Flag)
	require.Equal(t, original.SysFlag, got.SysFlag)
	require.Equal(t, original.BornTimestampMs, got.BornTimestampMs)
	require.Equal(t, original.BornHost, got.BornHost)
	require.Equal(t, original.StoreHost, got.StoreHost)
	require.Zero(t, got.PreparedTransactionOffset)
}

// TestSendBackLevels: how the delay level grows, and what ends in the dead letter queue.
func TestSendBackLevels(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.MessageDelayLevel = "1h 1h 1h 1h 1h" })
	p := dial(t, b)
	require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: "cg", ConsumeEnable: true, RetryQueueNums: 1, RetryMaxTimes: 16}))
	levels, dead := map[int32]int64{}, int64(0)
	f := func(times, level int32, change func(h *codec.ConsumerSendMsgBackRequestHeader), version, wantLevel int32) {
		t.Helper()
		sent := sendHeader("T1")
		sent.ReconsumeTimes = times
		h := sendBackHeader("cg", requireMsgID(t, b, p.sendV2(sent, "x").Ext.Get("msgId")))
		h.DelayLevel = level
		if change != nil {
			change(h)
		}
		requireAnswer(t, p.call(&codec.Command{Code: codec.ConsumerSendMsgBack, Header: h, Version: version}), codec.Success, "")
		if wantLevel == 0 {
			lastMessage(t, b, "%DLQ%cg", dead)
			dead++
			return
		}
		m := messageAt(t, b, codec.ScheduleTopic, wantLevel-1, levels[wantLevel])
		levels[wantLevel]++
		require.Equal(t, strconv.Itoa(int(wantLevel)), codec.ParseProperties(m.Properties)["DELAY"])
	}
	limit := func(n int32) func(h *codec.ConsumerSendMsgBackRequestHeader) {
		return func(h *codec.ConsumerSendMsgBackRequestHeader) { h.MaxReconsumeTimes, h.HasMaxReconsumeTimes = n, true }
	}
	f(0, 0, nil, 409, 3)
	f(1, 0, nil, 409, 4)
	f(2, 0, nil, 409, 5)
	f(3, 0, nil, 409, 5) // the highest there is
	f(-5, 0, nil, 409, 3)
	f(3, 2, nil, 409, 2) // the client's choice
	f(0, 99, nil, 409, 5)
	f(15, 0, nil, 409, 5)
	f(16, 0, nil, 409, 0) // the group's limit
	f(16, 0, limit(17), 409, 5)
	f(2, 0, limit(2), 409, 0)
	f(2, 0, limit(2), codec.VersionV3_4_9, 0)
	f(2, 0, limit(2), codec.VersionV3_4_9-1, 5) // too old to choose the limit
	f(0, -1, nil, 409, 0)
	f(1<<31-1, 0, nil, 409, 0)
	f(1<<31-2, 0, limit(1<<31-1), 409, 5)
}

// TestSendBackUnit: a unit group's retry topic carries the flag.
func TestSendBackUnit(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	h := sendBackHeader("cg", 0)
	h.UnitMode = true
	requireAnswer(t, p.sendBack(h), codec.Success, "")
	require.Equal(t, codec.TopicFlagUnitSub, b.topics.Select("%RETRY%cg").TopicSysFlag)
}

// TestSendBackQueues: with more retry queues than the topic has, only those
// that exist are used.
func TestSendBackQueues(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Store.MessageDelayLevel = instantLevels })
	p := dial(t, b)
	require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: "cg", ConsumeEnable: true, RetryQueueNums: 2, RetryMaxTimes: 3}))
	putMessages(t, b, p, "T1", 1)
	requireAnswer(t, p.sendBack(sendBackHeader("cg", 0)), codec.Success, "")
	require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: "cg", ConsumeEnable: true, RetryQueueNums: 64, RetryMaxTimes: 3}))
	const n = 50
	for range n {
		requireAnswer(t, p.sendBack(sendBackHeader("cg", 0)), codec.Success, "")
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		first, second := b.store.MaxOffsetInQueue("%RETRY%cg", 0), b.store.MaxOffsetInQueue("%RETRY%cg", 1)
		assert.EqualValues(c, n+1, first+second)
		assert.NotZero(c, second)
	}, answerTimeout, time.Millisecond)
}

// TestSendBackRefusedByStore: the name of the status is the remark.
func TestSendBackRefusedByStore(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	h := sendHeader("T1")
	h.Properties = "KEYS\x01" + strings.Repeat("k", 32767-30)
	sent := p.sendV2(h, "x")
	requireAnswer(t, sent, codec.Success, "")
	resp := p.sendBack(sendBackHeader("cg", requireMsgID(t, b, sent.Ext.Get("msgId"))))
	requireAnswer(t, resp, codec.SystemError, "PROPERTIES_SIZE_EXCEEDED") // no room for RETRY_TOPIC
}
