package broker

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
	"github.com/boostermq/booster/store"
)

// queryConsumeQueueMax bounds the entries of one answer to 321, so that it fits
// in a frame.
const queryConsumeQueueMax = 100000

// queryConsumeQueue serves 321 QUERY_CONSUME_QUEUE.
//
// Behavior: count entries of a queue from index on. With a group its subscription
// and filter come along; filterData is "null" for one by tags, or says that the
// group is not online. An entry with a unit in consumequeue_ext shows it
// (extendDataJson, bitMap). A success carries the remark "not set any response code".
//
// Differences from Java: at most 100000 entries, which may come from more than
// one file; eval really tells whether the group's filter lets the entry pass (one
// by expression does without a bit map); filterData has no bloom filter.
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
	var filter *pullFilter
	if !isBlank(h.ConsumerGroup) {
		filter = p.describeFilter(&h, &body)
	}
	for i := range entries {
		body.QueueData = append(body.QueueData, describeEntry(&entries[i], filter))
	}
	remark := remarkNotSet
	if len(entries) == 0 {
		remark = "Index " + strconv.FormatInt(h.Index, 10) + " of " + name + " is not exist!"
	}
	replyJSONRemark(r, remark, &body)
}

// describeEntry is an entry with what it has in consumequeue_ext, and whether
// filter lets it pass; nil lets nothing pass.
func describeEntry(e *store.QueueEntry, filter *pullFilter) codec.ConsumeQueueData {
	data := codec.ConsumeQueueData{PhysicOffset: e.PhyOffset, PhysicSize: e.SizeBytes, TagsCode: e.TagsCode}
	unit := e.Ext
	switch {
	case unit != nil:
		data.ExtendDataJSON, data.BitMap = describeExt(unit), bitMapText(unit.FilterBitMap)
	case e.ExtAddress:
		data.Msg = "Cq extend not exist!addr: " + strconv.FormatInt(e.TagsCode, 10)
		return data
	default:
		unit = &store.QueueEntryExt{TagsCode: e.TagsCode}
	}
	data.Eval = filter != nil && filter.MatchQueue(unit.TagsCode, unit.StoreTimestampMs, unit.FilterBitMap)
	return data
}

// describeExt is a unit as Java's JSON of it.
func describeExt(u *store.QueueEntryExt) string {
	bits := ""
	if len(u.FilterBitMap) > 0 {
		bits = `"filterBitMap":"` + base64.StdEncoding.EncodeToString(u.FilterBitMap) + `",`
	}
	return fmt.Sprintf(`{%s"msgStoreTime":%d,"size":%d,"tagsCode":%d}`, bits, u.StoreTimestampMs, u.SizeBytes, u.TagsCode)
}

// bitMapText writes a bit map from its last bit to its first, a line for each 8
// bytes counted from the first; "" for none (Java: BitsArray.toString).
func bitMapText(bitMap []byte) string {
	var text strings.Builder
	for i, b := range slices.Backward(bitMap) {
		fmt.Fprintf(&text, "%08b", b)
		if i%8 == 0 {
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// describeFilter fills in what the group of h wants of the topic, and returns
// the filter of its pulls; nil when it is not online.
func (p *adminProcessor) describeFilter(h *codec.QueryConsumeQueueRequestHeader, body *codec.QueryConsumeQueueResponseBody) *pullFilter {
	sub, _, _ := p.b.consumers.FindSubscriptionData(h.ConsumerGroup, h.Topic)
	if sub == nil {
		body.FilterData = h.ConsumerGroup + "@" + h.Topic + " is not online!"
		return nil
	}
	body.SubscriptionData, body.FilterData = sub, p.filterText(h.Topic, h.ConsumerGroup)
	f := &pullFilter{}
	f.tags.use(sub)
	if !isTagType(sub.ExpressionType) {
		f.tags.all = true
		if d := p.b.filters.Get(h.Topic, h.ConsumerGroup); d != nil {
			f.byData(d, p.b.filters)
		}
	}
	return f
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
