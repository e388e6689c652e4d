package broker

import (
	"strconv"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// queryConsumeQueueMax bounds the entries of one answer to 321, so that it fits
// in a frame.
const queryConsumeQueueMax = 100000

// queryConsumeQueue serves 321 QUERY_CONSUME_QUEUE.
//
// Behavior: count entries of a queue from index on. With a group its subscription
// and filter come along; filterData is "null" for one by tags, or says that the
// group is not online. A success carries the remark "not set any response code".
//
// Differences from Java: at most 100000 entries, which may come from more than
// one file; eval really tells whether the group's filter lets the entry's tag
// code pass (one by expression always does); filterData has no bloom filter.
func (p *adminProcessor) queryConsumeQueue(r *remoting.Request) {
	var h codec.QueryConsumeQueueRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkTopic(h.Topic)) {
		return
	}
	if !isBlank(h.ConsumerGroup) && refusedPlain(r, checkGroup(h.ConsumerGroup)) {
		return
	}
	name := strconv.Itoa(int(h.QueueID)) + "@" + h.Topic
	entries, known := p.b.store.QueueEntries(h.Topic, h.QueueID, h.Index, int(min(h.Count, queryConsumeQueueMax)))
	if !known {
		r.ReplyCode(codec.SystemError, name+" is not exist!")
		return
	}
	body := codec.QueryConsumeQueueResponseBody{
		MinQueueIndex: p.b.store.MinOffsetInQueue(h.Topic, h.QueueID), MaxQueueIndex: p.b.store.MaxOffsetInQueue(h.Topic, h.QueueID),
	}
	passes := func(int64) bool { return false }
	if !isBlank(h.ConsumerGroup) {
		passes = p.describeFilter(&h, &body)
	}
	for _, e := range entries {
		body.QueueData = append(body.QueueData, codec.ConsumeQueueData{
			PhysicOffset: e.PhyOffset, PhysicSize: e.SizeBytes, TagsCode: e.TagsCode, Eval: passes(e.TagsCode),
		})
	}
	remark := remarkNotSet
	if len(entries) == 0 {
		remark = "Index " + strconv.FormatInt(h.Index, 10) + " of " + name + " is not exist!"
	}
	replyJSONRemark(r, remark, &body)
}

// describeFilter fills in what the group of h wants of the topic, and returns
// which tag codes that lets pass.
func (p *adminProcessor) describeFilter(h *codec.QueryConsumeQueueRequestHeader, body *codec.QueryConsumeQueueResponseBody) (passes func(tagsCode int64) bool) {
	sub, _, _ := p.b.consumers.FindSubscriptionData(h.ConsumerGroup, h.Topic)
	if sub == nil {
		body.FilterData = h.ConsumerGroup + "@" + h.Topic + " is not online!"
		return func(int64) bool { return false }
	}
	body.SubscriptionData, body.FilterData = sub, p.filterText(h.Topic, h.ConsumerGroup)
	if !isTagType(sub.ExpressionType) {
		return func(int64) bool { return true }
	}
	var f tagFilter
	f.use(sub)
	return f.MatchQueue
}

// filterText is the filter by expression of a group, as indented JSON; "null"
// when it has none.
func (p *adminProcessor) filterText(topic, group string) string {
	d := p.b.filters.Get(topic, group)
	if d == nil {
		return "null"
	}
	text, err := fastjson.MarshalPretty(&codec.ConsumerFilterData{
		ConsumerGroup: d.ConsumerGroup, Topic: d.Topic, Expression: d.Expression.Text(), ExpressionType: codec.ExpressionTypeSQL92,
		BornTime: d.BornTimeMs, DeadTime: d.DeadTimeMs, ClientVersion: d.ClientVersion, Dead: !d.Alive(),
	})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// queryConsumeTimeSpan serves 303 QUERY_CONSUME_TIME_SPAN.
//
// Behavior: for each write queue of a topic the store times of its first and
// last message and of the last one a group consumed (the first one's when it
// consumed none), and how long the next one waits already. −1 = unknown.
//
// Differences from Java: without a stored offset delayTime is that of the first
// message; Java answers about the present time as a delay.
func (p *adminProcessor) queryConsumeTimeSpan(r *remoting.Request) {
	var h codec.QueryConsumeTimeSpanRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkNames(h.Group, h.Topic)) {
		return
	}
	config := p.b.topics.Select(h.Topic)
	if config == nil {
		r.ReplyCode(codec.TopicNotExist, "topic["+h.Topic+"] not exist")
		return
	}
	body := codec.QueryConsumeTimeSpanBody{}
	for _, mq := range p.b.queuesOf(h.Topic, config.WriteQueueNums) {
		body.ConsumeTimeSpanSet = append(body.ConsumeTimeSpanSet, p.b.queueTimeSpan(mq, p.b.offsets.Query(h.Group, h.Topic, mq.QueueID)))
	}
	replyJSON(r, &body)
}

// queueTimeSpan is the time span of one queue for a reader at consumerOffset,
// −1 = it has none.
func (b *Controller) queueTimeSpan(mq codec.MessageQueue, consumerOffset int64) codec.QueueTimeSpan {
	timeOf := func(offset int64) int64 { return b.store.MessageStoreTimestamp(mq.Topic, mq.QueueID, offset) }
	first, end := b.store.MinOffsetInQueue(mq.Topic, mq.QueueID), b.store.MaxOffsetInQueue(mq.Topic, mq.QueueID)
	span := codec.QueueTimeSpan{MessageQueue: mq, MinTimeStamp: timeOf(first), MaxTimeStamp: timeOf(end - 1)}
	span.ConsumeTimeStamp = span.MinTimeStamp
	if consumerOffset > 0 {
		span.ConsumeTimeStamp = timeOf(consumerOffset - 1)
	}
	if next := max(consumerOffset, first); next < end {
		if stored := timeOf(next); stored >= 0 {
			span.DelayTime = max(0, time.Now().UnixMilli()-stored)
		}
	}
	span.FillText(time.Local)
	return span
}
