package client

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/boostermq/booster/codec"
)

// ConsumerGroupInfo is a snapshot of one consumer group that is online
// (Java: ConsumerGroupInfo). Its parts are shared: do not modify them.
type ConsumerGroupInfo struct {
	GroupName        string
	ConsumeType      string // codec.ConsumePassively = push
	MessageModel     string
	ConsumeFromWhere string
	Subscriptions    map[string]*codec.SubscriptionData // by topic
	Clients          []*ClientChannelInfo               // sorted by client id
	LastUpdateMs     int64                              // when connections or subscriptions changed last
}

// FindSubscriptionData returns what the group wants of topic, nil when it does
// not subscribe it.
func (g *ConsumerGroupInfo) FindSubscriptionData(topic string) *codec.SubscriptionData {
	return g.Subscriptions[topic]
}

// FindChannel returns the connection of clientID, nil when it has none. The one
// heard of last wins.
func (g *ConsumerGroupInfo) FindChannel(clientID string) *ClientChannelInfo {
	var found *ClientChannelInfo
	for _, c := range g.Clients {
		if c.ClientID == clientID && (found == nil || c.LastUpdateTimestampMs > found.LastUpdateTimestampMs) {
			found = c
		}
	}
	return found
}

// Channels returns the connections of the group.
func (g *ConsumerGroupInfo) Channels() []Channel {
	channels := make([]Channel, len(g.Clients))
	for i, c := range g.Clients {
		channels[i] = c.Channel
	}
	return channels
}

// ClientIDs returns the ids of the group's clients, sorted, each once even when
// a client that reconnected is still seen on its old connection: clients divide
// the queues by this list (code 38; Java: getAllClientId).
func (g *ConsumerGroupInfo) ClientIDs() []string {
	ids := make([]string, 0, len(g.Clients))
	for _, c := range g.Clients {
		ids = append(ids, c.ClientID)
	}
	return slices.Compact(ids)
}

// consumerGroup is the live state of a group; guarded by ConsumerManager.mu.
// subscriptions is replaced, never modified, so that snapshots and readers may
// keep it.
type consumerGroup struct {
	name                                        string
	consumeType, messageModel, consumeFromWhere string
	subscriptions                               map[string]*codec.SubscriptionData
	clients                                     map[Channel]*ClientChannelInfo
	lastUpdateMs                                int64
}

// updateChannel takes over the group's settings and the connection; it tells
// whether the connection is new to the group (Java: updateChannel).
func (g *consumerGroup) updateChannel(info ClientChannelInfo, data *codec.ConsumerData, nowMs int64) bool {
	g.consumeType = intern(g.consumeType, data.ConsumeType)
	g.messageModel = intern(g.messageModel, data.MessageModel)
	g.consumeFromWhere = intern(g.consumeFromWhere, data.ConsumeFromWhere)
	g.lastUpdateMs = nowMs
	old := g.clients[info.Channel]
	if old != nil && old.ClientID == info.ClientID && old.Language == info.Language && old.Version == info.Version {
		touched := *old // a snapshot may hold the old one
		touched.LastUpdateTimestampMs = nowMs
		g.clients[info.Channel] = &touched
		return false
	}
	g.clients[info.Channel] = info.owned(nowMs)
	return old == nil
}

// updateSubscription makes the topics of the group those of subs; of a topic
// that both have, the higher SubVersion stays. It tells whether the set of
// topics changed (Java: updateSubscription).
func (g *consumerGroup) updateSubscription(subs []codec.SubscriptionData) (topicsChanged bool) {
	next := make(map[string]*codec.SubscriptionData, len(subs))
	for i := range subs {
		sub := &subs[i]
		old := next[sub.Topic] // a topic may be named twice
		if old == nil {
			old = g.subscriptions[sub.Topic]
		}
		if old == nil || sub.SubVersion > old.SubVersion {
			old = cloneSubscription(sub)
		}
		next[old.Topic] = old
	}
	topicsChanged = len(next) != len(g.subscriptions)
	for topic := range next {
		topicsChanged = topicsChanged || g.subscriptions[topic] == nil
	}
	g.subscriptions = next
	return topicsChanged
}

// snapshot copies g for readers without the lock.
func (g *consumerGroup) snapshot() *ConsumerGroupInfo {
	return &ConsumerGroupInfo{
		GroupName: g.name, ConsumeType: g.consumeType, MessageModel: g.messageModel, ConsumeFromWhere: g.consumeFromWhere,
		Subscriptions: g.subscriptions, Clients: slices.SortedFunc(maps.Values(g.clients), compareClients), LastUpdateMs: g.lastUpdateMs,
	}
}

func (g *consumerGroup) channels() []Channel {
	channels := make([]Channel, 0, len(g.clients))
	for ch := range g.clients {
		channels = append(channels, ch)
	}
	return channels
}

// compareClients orders by client id, then address.
func compareClients(a, b *ClientChannelInfo) int {
	return cmp.Or(strings.Compare(a.ClientID, b.ClientID), strings.Compare(a.Channel.RemoteAddr(), b.Channel.RemoteAddr()))
}

// cloneSubscription copies s with all its strings.
func cloneSubscription(s *codec.SubscriptionData) *codec.SubscriptionData {
	c := *s
	c.Topic = strings.Clone(s.Topic)
	c.SubString = strings.Clone(s.SubString)
	c.ExpressionType = strings.Clone(s.ExpressionType)
	c.CodeSet = slices.Clone(s.CodeSet)
	c.TagsSet = slices.Clone(s.TagsSet)
	for i, tag := range c.TagsSet {
		c.TagsSet[i] = strings.Clone(tag)
	}
	return &c
}

// intern returns old when it has the text of s, else a copy of s.
func intern(old, s string) string {
	if old == s {
		return old
	}
	return strings.Clone(s)
}
