package broker

import (
	"slices"

	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/remoting"
)

// getConsumerConnectionList serves 203 GET_CONSUMER_CONNECTION_LIST: the clients
// of a consumer group with its settings and subscriptions; 206 when it has none.
func (p *adminProcessor) getConsumerConnectionList(r *remoting.Request) {
	var h codec.GetConsumerConnectionListRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkGroup(h.ConsumerGroup)) {
		return
	}
	group := p.b.consumers.Group(h.ConsumerGroup)
	if group == nil {
		r.ReplyCode(codec.ConsumerNotOnline, "the consumer group["+h.ConsumerGroup+"] not online")
		return
	}
	body := codec.ConsumerConnection{
		ConnectionSet: connections(group.Clients), SubscriptionTable: make(map[string]codec.SubscriptionData, len(group.Subscriptions)),
		ConsumeType: group.ConsumeType, MessageModel: group.MessageModel, ConsumeFromWhere: group.ConsumeFromWhere,
	}
	for topic, sub := range group.Subscriptions {
		body.SubscriptionTable[topic] = *sub
	}
	replyJSON(r, &body)
}

// getProducerConnectionList serves 204 GET_PRODUCER_CONNECTION_LIST: the clients
// of a producer group.
func (p *adminProcessor) getProducerConnectionList(r *remoting.Request) {
	var h codec.GetProducerConnectionListRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkGroup(h.ProducerGroup)) {
		return
	}
	clients := p.b.producers.GroupClients(h.ProducerGroup)
	if clients == nil {
		r.ReplyCode(codec.SystemError, "the producer group["+h.ProducerGroup+"] not exist")
		return
	}
	replyJSON(r, &codec.ProducerConnection{ConnectionSet: connections(clients)})
}

func connections(clients []*client.ClientChannelInfo) []codec.Connection {
	list := make([]codec.Connection, len(clients))
	for i, c := range clients {
		list[i] = codec.Connection{ClientID: c.ClientID, ClientAddr: c.Channel.RemoteAddr(), Language: c.Language.String(), Version: c.Version}
	}
	return list
}

// getAllProducerInfo serves 328 GET_ALL_PRODUCER_INFO: the clients of all
// producer groups; remoteIP is "/ip:port".
func (p *adminProcessor) getAllProducerInfo(r *remoting.Request) {
	body := codec.ProducerTableInfo{Data: map[string][]codec.ProducerInfo{}}
	for group, clients := range p.b.producers.Snapshot() {
		list := make([]codec.ProducerInfo, len(clients))
		for i, c := range clients {
			list[i] = codec.ProducerInfo{
				ClientID: c.ClientID, RemoteIP: "/" + c.Channel.RemoteAddr(), Language: c.Language.String(),
				Version: c.Version, LastUpdateTimestamp: c.LastUpdateTimestampMs,
			}
		}
		body.Data[group] = list
	}
	replyJSON(r, &body)
}

// queryTopicConsumeByWho serves 300 QUERY_TOPIC_CONSUME_BY_WHO: the groups that
// subscribe a topic now or have offsets in it.
func (p *adminProcessor) queryTopicConsumeByWho(r *remoting.Request) {
	var h codec.QueryTopicConsumeByWhoRequestHeader
	if !decodePlain(r, &h) || refusedPlain(r, checkTopic(h.Topic)) {
		return
	}
	groups := append(p.b.consumers.QueryTopicConsumeByWho(h.Topic), p.b.offsets.WhichGroupByTopic(h.Topic)...)
	slices.Sort(groups)
	replyJSON(r, &codec.GroupList{GroupList: slices.Compact(groups)})
}

// getSystemTopicListFromBroker serves 305 GET_SYSTEM_TOPIC_LIST_FROM_BROKER:
// sorted.
func (p *adminProcessor) getSystemTopicListFromBroker(r *remoting.Request) {
	topics := p.b.topics.SystemTopics()
	slices.Sort(topics)
	replyJSON(r, &codec.TopicList{TopicList: topics})
}
