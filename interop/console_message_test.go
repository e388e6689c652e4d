package interop

import (
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

func (c *console) messagePage() {
	k := c.known
	c.on("Message/by topic", func(a action) {
		requireDelivered(a.T, k.all(), a.readTopic(k.topic))
	})
	c.on("Message/by key", func(a action) {
		messages := a.queryMessage(k.topic, "late-2")
		require.Len(a, messages, 1)
		requireDelivered(a.T, k.late[2:3], messages)
		m := messages[0]
		assert.Equal(a, []string{"late-2", "TagA", "Late 2"}, []string{m.Keys, m.Tags, m.Text})
		assert.WithinRange(a, time.UnixMilli(m.StoreTimestampMs), k.startedAt, time.Now())
		assert.WithinRange(a, time.UnixMilli(m.BornTimestampMs), k.startedAt, time.Now())
		assert.Equal(a, c.brokerAddr(), m.StoreHost)
		assert.Regexp(a, `^127\.0\.0\.1:\d+$`, m.BornHost)
		assert.Positive(a, m.StoreSizeBytes)
		assert.Positive(a, m.CommitLogOffset)
		refused := a.refused("queryMessage", k.topic, "no-such-key", 64, 0, time.Now().UnixMilli())
		assert.Equal(a, 208, refused.Code)
	})
	c.on("Message/by unique key", func(a action) { a.requireView(k.topic, k.late[1].MsgID, k.late[1]) })
	c.on("Message/by offset id", func(a action) { a.requireView(k.topic, k.late[1].OffsetMsgID, k.late[1]) })
	c.on("Message/track list", func(a action) {
		eventually(a.T, "the offsets of the online groups", func() bool {
			return a.consumeStats(k.online.group, k.topic).diff() == 0 && a.consumeStats(k.filtered.group, k.topic).diff() == 0
		})
		assert.Equal(a, map[string]string{
			k.online.group:    "CONSUMED",
			k.filtered.group:  "CONSUMED_BUT_FILTERED",
			k.lagging.group:   "NOT_CONSUME_YET",
			k.broadcast.group: "NOT_ONLINE", // it has no offsets at the broker
		}, a.tracks(k.topic, k.late[0].MsgID))
		assert.Equal(a, "CONSUMED", a.tracks(k.topic, k.early[0].MsgID)[k.lagging.group])
	})
	c.on("Message/resend", func(a action) {
		a.resend(c.topic, c.sent[0].OffsetMsgID, c.own)
		var places []string
		for _, m := range c.own.await(len(c.sent) + 1)[len(c.sent):] {
			places = append(places, m.OffsetMsgID)
		}
		assert.Contains(a, places, c.sent[0].OffsetMsgID)
	})
}

// tracks tells by group what has become of a message.
func (a action) tracks(topic, msgID string) map[string]string {
	a.Helper()
	var tracks []struct{ ConsumerGroup, TrackType, ExceptionDesc string }
	a.op("console.trackDetail", agent.Args{"topic": topic, "msgId": msgID}, &tracks)
	types := make(map[string]string)
	for _, t := range tracks {
		types[t.ConsumerGroup] = t.TrackType
	}
	return types
}

// readTopic is the search for a topic: a pull consumer reads each queue between the offsets of two times.
func (a action) readTopic(topic string) []agent.Message {
	a.Helper()
	var messages []agent.Message
	a.op("console.read", agent.Args{
		"topic": topic, "beginMs": a.c.known.startedAt.UnixMilli(), "endMs": time.Now().UnixMilli()}, &messages)
	return messages
}

func (a action) queryMessage(topic, key string) []agent.Message {
	a.Helper()
	var messages []agent.Message
	a.ask(&messages, "queryMessage", topic, key, 64, 0, time.Now().UnixMilli())
	return messages
}

func (a action) requireView(topic, id string, want agent.SendResult) {
	a.Helper()
	var m agent.Message
	a.ask(&m, "viewMessage", topic, id)
	assert.Equal(a, []any{want.OffsetMsgID, want.Topic, want.QueueID, want.QueueOffset, want.SHA1},
		[]any{m.OffsetMsgID, m.Topic, m.QueueID, m.QueueOffset, m.SHA1})
}

// resend gives a message to a client of the group once more.
func (a action) resend(topic, msgID string, to *consumer) {
	a.Helper()
	var result struct {
		ConsumeResult, Remark string
		Order, AutoCommit     bool
	}
	a.ask(&result, "consumeMessageDirectly", to.group, a.clientID(to.group), topic, msgID)
	assert.Equal(a, "CR_SUCCESS", result.ConsumeResult)
	assert.False(a, result.Order)
	assert.True(a, result.AutoCommit)
}

// messageTracePage finds a trace by the id of its message.
func (c *console) messageTracePage() {
	if !c.isDashboard() {
		return
	}
	c.on("MessageTrace/by message id", func(a action) {
		k := c.known
		var traces []agent.Message
		eventually(a.T, "the trace", func() bool {
			answer := struct{ Result any }{&traces}
			return a.try(&answer, "queryMessage", []any{"RMQ_SYS_TRACE_TOPIC", k.traced.MsgID, 64, 0, time.Now().UnixMilli()}) == nil
		})
		require.Len(a, traces, 1)
		assert.Contains(a, strings.Fields(traces[0].Keys), k.traced.MsgID)
		assert.Contains(a, strings.Fields(traces[0].Keys), "traced")
		fields := strings.Split(traces[0].Text, "\x01")
		require.Greater(a, len(fields), 4)
		assert.Equal(a, []string{"Pub", "DefaultRegion"}, []string{fields[0], fields[2]})
		assert.Equal(a, k.tracer.name, fields[3])
	})
}

// dlqPage is the message page on a dead letter queue; later dashboards have a page of its own, which asks the same.
func (c *console) dlqPage() {
	k := c.known
	dlq := "%DLQ%" + k.dead.group
	c.on("DLQ/by topic", func(a action) {
		config := a.topicConfigs()[dlq]
		assert.Equal(a, topicConfig{dlq, 1, 1, 6, 0, "SINGLE_TAG", false}, config)
		messages := a.readTopic(dlq)
		require.Len(a, messages, 1)
		m := messages[0]
		assert.Equal(a, []string{dlq, k.deadSent.MsgID, "dead", "never accepted"}, []string{m.Topic, m.MsgID, m.Keys, m.Text})
		assert.Equal(a, k.deadTopic, m.Properties["RETRY_TOPIC"])
		assert.Equal(a, k.deadSent.OffsetMsgID, m.Properties["ORIGIN_MESSAGE_ID"])
	})
	c.on("DLQ/by key", func(a action) {
		messages := a.queryMessage(dlq, "dead")
		require.Len(a, messages, 1)
		assert.Equal(a, "never accepted", messages[0].Text)
	})
	c.on("DLQ/resend", func(a action) {
		before := len(k.dead.inbox.Messages())
		var result struct{ ConsumeResult string }
		a.ask(&result, "consumeMessageDirectly", k.dead.group, a.clientID(k.dead.group), k.deadTopic, k.deadSent.OffsetMsgID)
		assert.Equal(a, "CR_LATER", result.ConsumeResult, "it is not accepted this time either")
		k.dead.await(before + 1)
	})
}
