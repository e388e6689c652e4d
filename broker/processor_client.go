package broker

import (
	"strings"

	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
	"github.com/boostermq/booster/remoting"
)

// clientProcessor serves what clients say of themselves (Java:
// ClientManageProcessor, and 38 of ConsumerManageProcessor).
type clientProcessor struct{ b *Controller }

// heartBeat serves 34 HEART_BEAT.
//
// Behavior: each consumer group gets its config and retry topic if it lacks
// them, then connection and subscriptions are taken over; a change is told to
// the whole group with code 40. Clients read the broker's version from the answer.
//
// Law: 40 follows the answer. A client told of its own joining before rebalances
// while its heart-beat is under way, and 5.x clients then leave out the next, which
// has the topics they chose: their pulls are refused with 25 for half a minute.
//
// Differences from Java: a heart-beat with an invalid name is refused whole,
// nothing of it is taken over; withoutSub of 5.x clients leaves the
// subscriptions as they are.
func (p *clientProcessor) heartBeat(r *remoting.Request) {
	var data codec.HeartbeatData
	if !decodeBody(r, &data) || refusedPlain(r, checkHeartbeat(&data)) {
		return
	}
	info := client.ClientChannelInfo{Channel: r.Channel, ClientID: data.ClientID, Language: r.Language, Version: r.Version}
	var changed []string
	for i := range data.ConsumerDataSet {
		if c := &data.ConsumerDataSet[i]; p.registerConsumer(info, c, data.WithoutSub) {
			changed = append(changed, strings.Clone(c.GroupName)) // the request ends with its answer
		}
	}
	for _, producer := range data.ProducerDataSet {
		p.b.producers.Register(producer.GroupName, info)
	}
	r.ReplyCode(codec.Success, "")
	for _, name := range changed {
		if group := p.b.consumers.Group(name); group != nil {
			p.b.notifyConsumerIDsChanged(name, group.Channels())
		}
	}
}

// registerConsumer tells whether the group is to hear of a change.
func (p *clientProcessor) registerConsumer(info client.ClientChannelInfo, data *codec.ConsumerData, withoutSub bool) bool {
	b := p.b
	notify := true
	if config := b.groups.Find(data.GroupName); config != nil {
		notify = config.NotifyConsumerIdsChangedEnable
		var sysFlag int32
		if data.UnitMode {
			sysFlag = codec.TopicFlagUnitSub
		}
		b.topics.CreateInSendMessageBack(codec.RetryTopic(data.GroupName), config.RetryQueueNums, codec.PermRead|codec.PermWrite, sysFlag)
	}
	if withoutSub {
		return b.consumers.RegisterWithoutSub(info, data) && notify
	}
	return b.consumers.Register(info, data) && notify
}

func checkHeartbeat(data *codec.HeartbeatData) *Refusal {
	if data.ClientID == "" {
		return &Refusal{codec.SystemError, "heart-beat without clientID"}
	}
	for i := range data.ConsumerDataSet {
		c := &data.ConsumerDataSet[i]
		if refusal := checkGroup(c.GroupName); refusal != nil {
			return refusal
		}
		for j := range c.SubscriptionDataSet {
			if refusal := checkTopic(c.SubscriptionDataSet[j].Topic); refusal != nil {
				return refusal
			}
		}
	}
	for _, producer := range data.ProducerDataSet {
		if refusal := checkGroup(producer.GroupName); refusal != nil {
			return refusal
		}
	}
	return nil
}

// unregisterClient serves 35 UNREGISTER_CLIENT: this connection leaves a
// producer and/or a consumer group.
func (p *clientProcessor) unregisterClient(r *remoting.Request) {
	var h codec.UnregisterClientRequestHeader
	if !decodeHeader(r, &h) {
		return
	}
	if h.ProducerGroup != "" {
		if refused(r, checkGroup(h.ProducerGroup)) {
			return
		}
		p.b.producers.Unregister(h.ProducerGroup, r.Channel)
	}
	if h.ConsumerGroup != "" {
		if refused(r, checkGroup(h.ConsumerGroup)) {
			return
		}
		notify := true
		if config := p.b.groups.Peek(h.ConsumerGroup); config != nil {
			notify = config.NotifyConsumerIdsChangedEnable
		}
		p.b.consumers.Unregister(h.ConsumerGroup, r.Channel, notify)
	}
	replyRefused(r, codec.Success, "")
}

// checkClientConfig serves 46 CHECK_CLIENT_CONFIG: may a consumer filter so?
// Tag expressions always, others when enablePropertyFilter=true and the
// expression compiles; else the remark says what is wrong with it.
func (p *clientProcessor) checkClientConfig(r *remoting.Request) {
	var body codec.CheckClientRequestBody
	if !decodeBody(r, &body) {
		return
	}
	if sub := body.SubscriptionData; sub != nil && !isTagType(sub.ExpressionType) {
		if !p.b.Config().Broker.EnablePropertyFilter {
			r.ReplyCode(codec.SystemError, remarkNoSQL+sub.ExpressionType)
			return
		}
		if _, err := p.b.filters.Compile(sub.ExpressionType, sub.SubString); err != nil {
			r.ReplyCode(codec.SubscriptionParseFailed, err.Error())
			return
		}
	}
	r.ReplyCode(codec.Success, "")
}

// getConsumerListByGroup serves 38 GET_CONSUMER_LIST_BY_GROUP: the client ids
// that divide the group's queues among themselves.
func (p *clientProcessor) getConsumerListByGroup(r *remoting.Request) {
	var h codec.GetConsumerListByGroupRequestHeader
	if !decodeHeader(r, &h) || refused(r, checkGroup(h.ConsumerGroup)) {
		return
	}
	var ids []string
	if group := p.b.consumers.Group(h.ConsumerGroup); group != nil {
		ids = group.ClientIDs()
	}
	if len(ids) == 0 {
		replyRefused(r, codec.SystemError, "no consumer for this group, "+h.ConsumerGroup)
		return
	}
	body, err := fastjson.Marshal(&codec.GetConsumerListByGroupResponseBody{ConsumerIDList: ids})
	if err != nil {
		replyRefused(r, codec.SystemError, err.Error())
		return
	}
	r.Reply(&codec.Command{Code: codec.Success, Ext: emptyFields, Body: body})
}

// notifyConsumerIDsChanged pushes 40 NOTIFY_CONSUMER_IDS_CHANGED to every
// connection of group.
func (b *Controller) notifyConsumerIDsChanged(group string, channels []client.Channel) {
	if !b.Config().Broker.NotifyConsumerIdsChangedEnable {
		return
	}
	for _, ch := range channels {
		cmd := &codec.Command{
			Code: codec.NotifyConsumerIDsChanged, Header: &codec.NotifyConsumerIdsChangedRequestHeader{ConsumerGroup: group},
		}
		if err := ch.InvokeOneway(cmd); err != nil {
			b.log.Debug("consumer not told of its group's change", "group", group, "client", ch.RemoteAddr(), "err", err)
		}
	}
}
