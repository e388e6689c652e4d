package broker

import (
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/vfs"
)

// TestPullChecks: the table of spec broker.md §5, in the order of its rows.
func TestPullChecks(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.AutoCreateSubscriptionGroup = false })
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	group := func(name string, enable, broadcast bool) {
		require.NoError(t, b.groups.Update(&codec.SubscriptionGroupConfig{GroupName: name, ConsumeEnable: enable, ConsumeBroadcastEnable: broadcast, RetryQueueNums: 1}))
	}
	group("cg", true, true)
	group("off", false, true)
	group("nobc", true, false)
	require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: "WriteOnly", ReadQueueNums: 4, WriteQueueNums: 4, Perm: codec.PermWrite, TopicFilterType: codec.SingleTag}))
	heartbeat := func(name, model string) {
		requireAnswer(t, p.do(codec.HeartBeat, nil, heartbeatBody(t, "c1", codec.ConsumerData{
			GroupName: name, ConsumeType: codec.ConsumePassively, MessageModel: model, ConsumeFromWhere: codec.ConsumeFromLastOffset,
			SubscriptionDataSet: []codec.SubscriptionData{
				{Topic: "T1", SubString: "*", SubVersion: 5, ExpressionType: "TAG"}, {Topic: "WriteOnly", SubString: "a > 1", SubVersion: 5, ExpressionType: "SQL92"},
				{Topic: "SQL", SubString: "a > 1", SubVersion: 5, ExpressionType: "SQL92"},
			},
		})), codec.Success, "")
	}
	heartbeat("cg", codec.Clustering)
	heartbeat("nobc", codec.Broadcasting)
	require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: "SQL", ReadQueueNums: 4, WriteQueueNums: 4, Perm: 6, TopicFilterType: codec.SingleTag}))
	require.NoError(t, b.topics.Update(&codec.TopicConfig{TopicName: "T2", ReadQueueNums: 4, WriteQueueNums: 4, Perm: 6, TopicFilterType: codec.SingleTag}))

	f := func(row string, code int32, remark string, change func(h *codec.PullMessageRequestHeader)) {
		t.Helper()
		for _, request := range []int32{codec.PullMessage, codec.LitePullMessage} {
			h := pullHeader("cg", "T1", 0)
			change(h)
			resp := p.do(request, h, nil)
			require.Equalf(t, remark, resp.Remark, "row %s", row)
			require.Equalf(t, code, resp.Code, "row %s", row)
			require.Equalf(t, map[string]string{}, fields(resp), "row %s", row)
		}
	}
	type header = *codec.PullMessageRequestHeader
	f("group name", codec.SystemError, "The specified group contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$", func(h header) { h.ConsumerGroup = "../g" })
	f("topic name", codec.SystemError, "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$", func(h header) { h.Topic = "../t" })
	f("2", codec.SubscriptionGroupNotExist, "subscription group [zz] does not exist, "+faqURL, func(h header) { h.ConsumerGroup = "zz" })
	f("3", codec.NoPermission, "subscription group no permission, off", func(h header) { h.ConsumerGroup = "off" })
	f("4", codec.TopicNotExist, "topic[TN] not exist, apply first please! "+faqURL, func(h header) { h.Topic = "TN" })
	f("5", codec.NoPermission, "the topic[WriteOnly] pulling message is forbidden", func(h header) { h.Topic = "WriteOnly" })
	queue := func(id string) string {
		return "queueId[" + id + "] is illegal, topic:[T1] topicConfig.readQueueNums:[4] consumer:[/" + p.localAddr() + "]"
	}
	f("6", codec.SystemError, queue("9"), func(h header) { h.QueueID = 9 })
	f("6 negative", codec.SystemError, queue("-1"), func(h header) { h.QueueID = -1 })
	f("7", codec.SubscriptionParseFailed, "parse the consumer's subscription failed", func(h header) { h.Subscription = "||" })
	f("7 type", codec.SubscriptionParseFailed, "parse the consumer's subscription failed", func(h header) { h.ExpressionType = "FOO" })
	group("alone", true, true)
	f("8", codec.SubscriptionNotExist, "the consumer's group info not exist"+faqURL, func(h header) { h.ConsumerGroup, h.SysFlag = "alone", 0 })
	f("9", codec.NoPermission, "the consumer group[nobc] can not consume by broadcast way", func(h header) { h.ConsumerGroup, h.SysFlag = "nobc", 0 })
	f("10", codec.SubscriptionNotExist, "the consumer's subscription not exist"+faqURL, func(h header) { h.Topic, h.SysFlag = "T2", 0 })
	f("11", codec.SubscriptionNotLatest, "the consumer's subscription not latest", func(h header) { h.SubVersion, h.SysFlag = 6, 0 })
	f("13", codec.SystemError, "The broker does not support consumer to filter message by SQL92", func(h header) { h.ExpressionType, h.Subscription = "SQL92", "a > 1" })
	f("13 heart-beat", codec.SystemError, "The broker does not support consumer to filter message by SQL92", func(h header) { h.Topic, h.SysFlag = "SQL", 0 })

	require.EqualValues(t, -1, b.offsets.Query("cg", "T1", 0))
	require.Nil(t, b.topics.Select("TN"))
	require.Nil(t, b.groups.Peek("zz"))
}

// TestPullNotReadable: row 1.
func TestPullNotReadable(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.BrokerPermission = codec.PermWrite })
	requireAnswer(t, dial(t, b).do(codec.PullMessage, pullHeader("cg", "T1", 0), nil),
		codec.NoPermission, "the broker[127.0.0.1] pulling message is forbidden")
}

// TestPullFastPort: the VIP port does not pull.
func TestPullFastPort(t *testing.T) {
	b := startBroker(t, nil)
	p := dialPort(t, b.Config().Server.ListenPort-2)
	for _, code := range []int32{codec.PullMessage, codec.LitePullMessage, 9999} {
		resp := p.do(code, pullHeader("cg", "T1", 0), nil)
		requireAnswer(t, resp, codec.RequestCodeNotSupported, " request type "+strconv.Itoa(int(code))+" not supported")
		require.Nil(t, resp.Ext)
	}
	requireAnswer(t, p.sendV2(sendHeader("T1"), "x"), codec.Success, "")
}

// TestPullStatus: the second table of §5, without waiting.
func TestPullStatus(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 3)
	f := func(queueID int32, offset int64, expression string, code int32, remark string, next, minOffset, maxOffset int64) *codec.Command {
		t.Helper()
		h := pullHeader("cg", "T1", offset)
		h.QueueID, h.Subscription = queueID, expression
		resp := p.do(codec.PullMessage, h, nil)
		requireAnswer(t, resp, code, remark)
		number := func(n int64) string { return strconv.FormatInt(n, 10) }
		require.Equal(t, map[string]string{
			"suggestWhichBrokerId": "0", "nextBeginOffset": number(next), "minOffset": number(minOffset), "maxOffset": number(maxOffset),
		}, fields(resp))
		return resp
	}
	resp := f(0, 0, "*", codec.Success, "FOUND", 3, 0, 3)
	rest := resp.Body
	for i := range 3 {
		var m codec.Message
		n, err := codec.DecodeRecord(rest, &m, codec.DecodeOptions{CheckCRC: true})
		require.NoError(t, err)
		require.EqualValues(t, i, m.QueueOffset)
		require.Equal(t, "hello"+strconv.Itoa(i), string(m.Body))
		rest = rest[n:]
	}
	require.Empty(t, rest)
	f(0, 2, "a || zz", codec.Success, "FOUND", 3, 0, 3)
	require.Nil(t, f(0, 0, "zz", codec.PullRetryImmediately, "NO_MATCHED_MESSAGE", 3, 0, 3).Body)
	f(0, 3, "*", codec.PullNotFound, "OFFSET_OVERFLOW_ONE", 3, 0, 3)
	f(1, 0, "*", codec.PullNotFound, "NO_MESSAGE_IN_QUEUE", 0, 0, 0)
	f(1, 5, "*", codec.PullOffsetMoved, "NO_MESSAGE_IN_QUEUE", 0, 0, 0)
	f(0, 99, "*", codec.PullOffsetMoved, "OFFSET_OVERFLOW_BADLY", 3, 0, 3)
	f(0, -1, "*", codec.PullOffsetMoved, "OFFSET_TOO_SMALL", 0, 0, 3)

	// 21 leaves an event.
	require.Eventually(t, func() bool { return b.store.MaxOffsetInQueue("OFFSET_MOVED_EVENT", 0) == 3 }, answerTimeout, time.Millisecond)
	events := p.do(codec.PullMessage, pullHeader("cg", "OFFSET_MOVED_EVENT", 1), nil)
	var m codec.Message
	_, err := codec.DecodeRecord(events.Body, &m, codec.DecodeOptions{})
	require.NoError(t, err)
	require.Equal(t, `{"consumerGroup":"cg","messageQueue":{"brokerName":"spec-a","queueId":0,"topic":"T1"},"offsetNew":3,"offsetRequest":99}`, string(m.Body))
	require.Equal(t, map[string]string{"TAGS": "cg", "KEYS": "cg"}, codec.ParseProperties(m.Properties))
}

// TestPullBinary: the answer comes in the request's serialization.
func TestPullBinary(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	resp := p.call(&codec.Command{Code: codec.PullMessage, Header: pullHeader("cg", "T1", 0), Serialize: codec.SerializeROCKETMQ})
	requireAnswer(t, resp, codec.Success, "FOUND")
	require.Equal(t, codec.SerializeROCKETMQ, resp.Serialize)
	require.NotEmpty(t, resp.Body)
}

// TestPullCommitsOffset: flag 1 stores the offset whatever was found.
func TestPullCommitsOffset(t *testing.T) {
	b := startBroker(t, nil)
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	h := pullHeader("cg", "T1", 1)
	h.SysFlag |= codec.PullFlagCommitOffset
	h.CommitOffset = 1
	require.Equal(t, codec.PullNotFound, p.do(codec.PullMessage, h, nil).Code)
	require.EqualValues(t, 1, b.offsets.Query("cg", "T1", 0))
	h.QueueID, h.CommitOffset = 9, 7
	require.Equal(t, codec.SystemError, p.do(codec.PullMessage, h, nil).Code)
	require.EqualValues(t, -1, b.offsets.Query("cg", "T1", 9))
}

// TestPullWaits: a pull with flag 2 is answered when a message it wants comes.
func TestPullWaits(t *testing.T) {
	b := startBroker(t, nil)
	consumer, producer := dial(t, b), dial(t, b)
	putMessages(t, b, producer, "T1", 1)
	h := pullHeader("cg", "T1", 1)
	h.SysFlag |= codec.PullFlagSuspend
	all := consumer.send(&codec.Command{Code: codec.PullMessage, Header: h})
	waitHeld(t, b, 1)
	other := dial(t, b)
	h.Subscription = "b"
	tagged := other.send(&codec.Command{Code: codec.PullMessage, Header: h, Serialize: codec.SerializeROCKETMQ})
	waitHeld(t, b, 2)

	requireAnswer(t, producer.sendV2(sendHeader("T1"), "a"), codec.Success, "")
	resp := consumer.answer(all)
	requireAnswer(t, resp, codec.Success, "FOUND")
	require.Equal(t, "2", resp.Ext.Get("nextBeginOffset"))
	waitHeld(t, b, 1)

	sh := sendHeader("T1")
	sh.Properties = "TAGS\x01b"
	requireAnswer(t, producer.sendV2(sh, "b"), codec.Success, "")
	resp = other.answer(tagged)
	requireAnswer(t, resp, codec.Success, "FOUND")
	require.Equal(t, codec.SerializeROCKETMQ, resp.Serialize)
	require.Equal(t, "3", resp.Ext.Get("nextBeginOffset"))
	waitHeld(t, b, 0)
}

// TestPullTimesOut: the hold time rounds up to the check interval; the second
// run does not wait again.
func TestPullTimesOut(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.LongPollingEnable, c.Broker.ShortPollingTimeMills = false, 20 })
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	h := pullHeader("cg", "T1", 1)
	h.SysFlag |= codec.PullFlagSuspend
	resp := p.do(codec.PullMessage, h, nil)
	requireAnswer(t, resp, codec.PullNotFound, "OFFSET_OVERFLOW_ONE")
	require.Equal(t, "1", resp.Ext.Get("nextBeginOffset"))
}

// TestPullDropped: a parked pull ends with its connection.
func TestPullDropped(t *testing.T) {
	b := startBroker(t, func(c *Config) { c.Broker.LongPollingEnable, c.Broker.ShortPollingTimeMills = false, 10 })
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	h := pullHeader("cg", "T1", 1)
	h.SysFlag |= codec.PullFlagSuspend
	p.send(&codec.Command{Code: codec.PullMessage, Header: h})
	require.NoError(t, p.conn.Close())
	waitHeld(t, b, 0)
}

func waitHeld(t *testing.T, b *Controller, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return b.hold.Held() == n }, answerTimeout, time.Millisecond)
}

func TestTagFilter(t *testing.T) {
	f := func(expression string, want ...string) {
		t.Helper()
		var filter tagFilter
		require.NoError(t, filter.parse(expression))
		for _, tag := range []string{"a", "b", "c c", ""} {
			wanted := false
			for _, w := range want {
				wanted = wanted || w == tag
			}
			require.Equal(t, wanted, filter.MatchQueue(codec.TagsCode(tag)), "%q of %q", tag, expression)
		}
	}
	f("", "a", "b", "c c", "")
	f("*", "a", "b", "c c", "")
	f("a", "a")
	f(" a || b ", "a", "b")
	f("a||c c||", "a", "c c")
	f(" ")
	var filter tagFilter
	require.Error(t, filter.parse("||"))
	require.Error(t, filter.parse("||||"))
}

// TestShutdownWithHeldPull: a held pull does not delay the stop.
func TestShutdownWithHeldPull(t *testing.T) {
	c := testConfig(t)
	b, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	p := dial(t, b)
	putMessages(t, b, p, "T1", 1)
	h := pullHeader("cg", "T1", 1)
	h.SysFlag |= codec.PullFlagSuspend
	p.send(&codec.Command{Code: codec.PullMessage, Header: h})
	waitHeld(t, b, 1)
	begun := time.Now()
	stopBroker(t, b)
	require.Less(t, time.Since(begun), answerTimeout/2)

	// The store and the tables are there again.
	c.Server.ListenPort = b.Config().Server.ListenPort
	again, err := New(c, Options{Log: testLog(t)})
	require.NoError(t, err)
	require.NoError(t, again.Start(t.Context()))
	require.EqualValues(t, 1, again.store.MaxOffsetInQueue("T1", 0))
	require.NotNil(t, again.topics.Select("T1"))
	require.NotNil(t, again.groups.Peek("cg"))
	stopBroker(t, again)
}

// TestPullOfUnreadableMessage: a pull that meets a disk error is refused, and goes on where it was when the disk can be read.
func TestPullOfUnreadableMessage(t *testing.T) {
	fsys := vfs.NewFaultFS(vfs.OS(), nil)
	b := startBrokerWith(t, Options{Log: testLog(t), FS: fsys}, func(*Config) {})
	p := dial(t, b)
	putMessages(t, b, p, "T1", 3)
	bad := b.store.CommitLogOffsetInQueue("T1", 0, 1)
	fsys.Inject(vfs.Always(vfs.Touching(vfs.On("commitlog", vfs.OpRead), bad, bad+1), vfs.Fault{Err: syscall.EIO}))
	pull := func(offset int64) *codec.Command { return p.do(codec.PullMessage, pullHeader("cg", "T1", offset), nil) }
	first := pull(0)
	requireAnswer(t, first, codec.Success, "FOUND")
	require.Equal(t, "1", fields(first)["nextBeginOffset"])
	requireAnswer(t, pull(1), codec.SystemError, "the message at offset 1 of topic[T1] queueId[0] cannot be read from the disk, see the broker's log")
	fsys.Inject(nil)
	again := pull(1)
	requireAnswer(t, again, codec.Success, "FOUND")
	require.Equal(t, "3", fields(again)["nextBeginOffset"])
}
