package broker

import (
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// getTopicStatsInfo serves 202 GET_TOPIC_STATS_INFO.
//
// Behavior: min and max offset and the last store time of each write queue of a
// topic; 0 for a queue that holds nothing. An unknown topic is answered with 17.
//
// Differences from Java: a store time that is unknown is 0, not −1.
func (p *adminProcessor) getTopicStatsInfo(r *remoting.Request) {
	var h codec.GetTopicStatsInfoRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkTopic(h.Topic)) {
		return
	}
	config := p.b.topics.Select(h.Topic)
	if config == nil {
		r.ReplyCode(codec.TopicNotExist, "topic["+h.Topic+"] not exist")
		return
	}
	table := codec.TopicStatsTable{OffsetTable: make(map[codec.MessageQueue]codec.TopicOffset, config.WriteQueueNums)}
	for _, mq := range p.b.queuesOf(h.Topic, config.WriteQueueNums) {
		offset := codec.TopicOffset{
			MinOffset: max(0, p.b.store.MinOffsetInQueue(mq.Topic, mq.QueueID)),
			MaxOffset: max(0, p.b.store.MaxOffsetInQueue(mq.Topic, mq.QueueID)),
		}
		if offset.MaxOffset > 0 {
			offset.LastUpdateTimestamp = max(0, p.b.store.MessageStoreTimestamp(mq.Topic, mq.QueueID, offset.MaxOffset-1))
		}
		table.OffsetTable[mq] = offset
	}
	replyJSON(r, &table)
}

// getConsumeStats serves 208 GET_CONSUME_STATS.
//
// Behavior: how far a group is in each read queue of a topic, or of all topics
// it has offsets in. Topics without a config are left out, and those the group
// no longer subscribes while it is online. A queue without an offset counts as
// read up to 0. consumeTps is what the group read over the last minute.
func (p *adminProcessor) getConsumeStats(r *remoting.Request) {
	var h codec.GetConsumeStatsRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkGroup(h.ConsumerGroup)) {
		return
	}
	var topics []string
	if isBlank(h.Topic) {
		topics = p.b.offsets.WhichTopicByConsumer(h.ConsumerGroup)
	} else if refusedPlain(r, checkTopic(h.Topic)) {
		return
	} else {
		topics = []string{h.Topic}
	}
	stats := codec.ConsumeStats{OffsetTable: map[codec.MessageQueue]codec.OffsetWrapper{}}
	for _, topic := range topics {
		config := p.b.topics.Select(topic)
		if config == nil || p.b.noLongerSubscribes(h.ConsumerGroup, topic) {
			continue
		}
		stats.ConsumeTPS += p.b.stats.TPSGroupGetNums(h.ConsumerGroup, topic)
		for _, mq := range p.b.queuesOf(topic, config.ReadQueueNums) {
			stats.OffsetTable[mq] = p.b.offsetWrapper(mq, max(0, p.b.offsets.Query(h.ConsumerGroup, topic, mq.QueueID)))
		}
	}
	replyJSON(r, &stats)
}

// fetchAllConsumeStatsInBroker serves 317 GET_BROKER_CONSUME_STATS.
//
// Behavior: 208 for every consumer group with a config, one ConsumeStats per
// topic; queues without a stored offset are left out. With isOrder only ordered
// topics count. totalDiff is the sum of what is not consumed.
//
// Differences from Java: the groups are sorted.
func (p *adminProcessor) fetchAllConsumeStatsInBroker(r *remoting.Request) {
	var h codec.GetConsumeStatsInBrokerHeader
	if !decodePlain(r, &h) {
		return
	}
	list := codec.ConsumeStatsList{BrokerAddr: p.b.Addr()}
	groups := make([]string, 0, len(p.b.groups.Snapshot()))
	for group := range p.b.groups.Snapshot() {
		groups = append(groups, group)
	}
	slices.Sort(groups)
	for _, group := range groups {
		ofGroup := []codec.ConsumeStats{}
		for _, topic := range p.b.offsets.WhichTopicByConsumer(group) {
			config := p.b.topics.Select(topic)
			if config == nil || h.IsOrder && !config.Order || p.b.noLongerSubscribes(group, topic) {
				continue
			}
			stats, diff := p.b.storedConsumeStats(group, config)
			ofGroup = append(ofGroup, stats)
			list.TotalDiff += diff
		}
		list.ConsumeStatsList = append(list.ConsumeStatsList, map[string][]codec.ConsumeStats{group: ofGroup})
	}
	replyJSON(r, &list)
}

// storedConsumeStats is what group has offsets for in a topic, and how many
// messages it has not consumed there.
func (b *Controller) storedConsumeStats(group string, config *codec.TopicConfig) (stats codec.ConsumeStats, diff int64) {
	stats.OffsetTable = map[codec.MessageQueue]codec.OffsetWrapper{}
	stats.ConsumeTPS = b.stats.TPSGroupGetNums(group, config.TopicName)
	for _, mq := range b.queuesOf(config.TopicName, config.ReadQueueNums) {
		offset := b.offsets.Query(group, mq.Topic, mq.QueueID)
		if offset < 0 {
			continue
		}
		w := b.offsetWrapper(mq, offset)
		stats.OffsetTable[mq] = w
		diff += w.BrokerOffset - w.ConsumerOffset
	}
	return stats, diff
}

// offsetWrapper is how far a reader at consumerOffset is in a queue.
func (b *Controller) offsetWrapper(mq codec.MessageQueue, consumerOffset int64) codec.OffsetWrapper {
	w := codec.OffsetWrapper{BrokerOffset: max(0, b.store.MaxOffsetInQueue(mq.Topic, mq.QueueID)), ConsumerOffset: consumerOffset}
	if consumerOffset > 0 {
		w.LastTimestamp = max(0, b.store.MessageStoreTimestamp(mq.Topic, mq.QueueID, consumerOffset-1))
	}
	return w
}

// noLongerSubscribes tells that group is online, has subscriptions and topic is
// none of them.
func (b *Controller) noLongerSubscribes(group, topic string) bool {
	sub, _, online := b.consumers.FindSubscriptionData(group, topic)
	if !online || sub != nil {
		return false
	}
	info := b.consumers.Group(group)
	return info != nil && len(info.Subscriptions) > 0
}

// queuesOf names the first n queues of a topic here.
func (b *Controller) queuesOf(topic string, n int32) []codec.MessageQueue {
	queues := make([]codec.MessageQueue, 0, max(0, n))
	name := b.Config().Broker.BrokerName
	for id := range n {
		queues = append(queues, codec.MessageQueue{Topic: topic, BrokerName: name, QueueID: id})
	}
	return queues
}

// viewBrokerStatsData serves 315 VIEW_BROKER_STATS_DATA: sum, rate and average
// of a counter over the last minute, hour and day; the names are in
// broker/stats/names.go.
func (p *adminProcessor) viewBrokerStatsData(r *remoting.Request) {
	var h codec.ViewBrokerStatsDataRequestHeader
	if !decodePlain(r, &h) {
		return
	}
	data, ok := p.b.stats.Snapshot(h.StatsName, h.StatsKey)
	if !ok {
		r.ReplyCode(codec.SystemError, "The stats <"+h.StatsName+"> <"+h.StatsKey+"> not exist")
		return
	}
	replyJSON(r, &data)
}

// forgetStats lets the counters of a deleted topic or group go, with
// autoDeleteUnusedStats only: Java keeps them else.
func (b *Controller) forgetStats(topic, group string) {
	if !b.Config().Broker.AutoDeleteUnusedStats {
		return
	}
	if topic != "" {
		b.stats.OnTopicDeleted(topic)
	}
	if group != "" {
		b.stats.OnGroupDeleted(group)
	}
}

// decodePlain is decodeHeader for answers without a header class.
func decodePlain(r *remoting.Request, header interface{ DecodeFields(codec.Fields) error }) bool {
	if err := header.DecodeFields(r.Ext); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return false
	}
	return true
}

// replyJSON answers Success with the fastjson text of body.
func replyJSON(r *remoting.Request, body any) { replyJSONRemark(r, "", body) }

// replyJSONRemark is replyJSON with a remark: see remarkNotSet.
func replyJSONRemark(r *remoting.Request, remark string, body any) {
	text, err := fastjson.Marshal(body)
	if err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	r.Reply(&codec.Command{Code: codec.Success, Remark: remark, Body: text})
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }
