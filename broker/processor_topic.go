package broker

import (
	"strings"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// topicProcessor serves the topic table (Java: parts of AdminBrokerProcessor).
type topicProcessor struct{ b *Controller }

// maxQueueNums bounds the queues a topic may be given over the wire.
const maxQueueNums = 1 << 16

// updateAndCreateTopic serves 17 UPDATE_AND_CREATE_TOPIC.
//
// Behavior: the answer comes after the name servers know the topic. The order
// field is ignored: order flags come from the name servers' KV table. A success
// really carries the remark "not set any response code", as Java's does.
//
// Differences from Java: queue numbers below 0 or above 65536 are refused.
func (p *topicProcessor) updateAndCreateTopic(r *remoting.Request) {
	var h codec.CreateTopicRequestHeader
	err := h.DecodeFields(r.Ext)
	if err != nil && !hasFields(err, r.Ext, "topic", "readQueueNums", "writeQueueNums", "perm", "topicFilterType") {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	if refusedPlain(r, p.check(h.Topic)) || refusedPlain(r, checkTopicHeader(&h)) {
		return
	}
	config := &codec.TopicConfig{
		TopicName: strings.Clone(h.Topic), ReadQueueNums: h.ReadQueueNums, WriteQueueNums: h.WriteQueueNums, Perm: h.Perm,
		TopicFilterType: strings.Clone(h.TopicFilterType), TopicSysFlag: h.TopicSysFlag,
	}
	if old := p.b.topics.Select(h.Topic); old != nil {
		config.Order = old.Order
	}
	if err := p.b.topics.Update(config); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	p.b.log.Info("topic set by request", "topic", config.TopicName, "readQueues", config.ReadQueueNums, "writeQueues", config.WriteQueueNums,
		"perm", codec.PermString(config.Perm), "client", r.Channel.RemoteAddr())
	p.b.registerBrokerAll(p.b.background, true)
	r.ReplyCode(codec.Success, remarkNotSet)
}

func checkTopicHeader(h *codec.CreateTopicRequestHeader) *Refusal {
	if h.TopicFilterType != codec.SingleTag && h.TopicFilterType != codec.MultiTag {
		return &Refusal{codec.SystemError, "topicFilterType = [" + h.TopicFilterType + "] value invalid"}
	}
	for _, n := range []int32{h.ReadQueueNums, h.WriteQueueNums} {
		if n < 0 || n > maxQueueNums {
			return &Refusal{codec.SystemError, "queue numbers must be between 0 and 65536"}
		}
	}
	return nil
}

// deleteTopic serves 215 DELETE_TOPIC_IN_BROKER: the config and the topic's
// queues go, consumer offsets stay.
//
// Differences from Java: only this topic's queues go, not those of every topic
// without a config (that is 316).
func (p *topicProcessor) deleteTopic(r *remoting.Request) {
	var h codec.DeleteTopicRequestHeader
	if err := h.DecodeFields(r.Ext); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	if refusedPlain(r, p.check(h.Topic)) {
		return
	}
	p.b.topics.Delete(h.Topic)
	if err := p.b.store.DestroyTopic(h.Topic); err != nil {
		r.ReplyCode(codec.SystemError, err.Error())
		return
	}
	p.b.forgetStats(h.Topic, "")
	p.b.log.Info("topic deleted by request", "topic", h.Topic, "client", r.Channel.RemoteAddr())
	r.ReplyCode(codec.Success, "")
}

// check refuses what may not be created or deleted: on a slave anything, else
// names that are none and system topics.
func (p *topicProcessor) check(topic string) *Refusal {
	if p.b.Config().IsSlave() {
		return &Refusal{codec.SystemError, remarkSlaveRefuses}
	}
	if remark := codec.ValidateTopic(topic); remark != "" {
		return &Refusal{codec.SystemError, remark}
	}
	if p.b.topics.IsSystemTopic(topic) {
		return &Refusal{codec.SystemError, "The topic[" + topic + "] is conflict with system topic."}
	}
	return nil
}

// getAllTopicConfig serves 21 GET_ALL_TOPIC_CONFIG: topics.json, compact.
func (p *topicProcessor) getAllTopicConfig(r *remoting.Request) {
	body, err := p.b.topics.Encode()
	if err != nil {
		replyRefused(r, codec.SystemError, err.Error())
		return
	}
	r.Reply(&codec.Command{Code: codec.Success, Ext: emptyFields, Body: body})
}
