package broker

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/boostermq/booster/broker/client"
	"github.com/boostermq/booster/broker/stats"
	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

// look is one look at everything, for /metrics and the page. It reads counters
// of their owners and creates nothing. It may wait for the disk (the age of what
// was not consumed): not for event loops. The store must be open.
func (b *Controller) look() *view.Broker {
	c := b.Config()
	v := &view.Broker{
		AtMs: time.Now().UnixMilli(), Cluster: c.Broker.BrokerClusterName, Name: c.Broker.BrokerName, ID: c.Broker.BrokerID,
		Addr: b.Addr(), Role: string(c.Store.BrokerRole), FlushDiskType: string(c.Store.FlushDiskType), Permission: c.Broker.BrokerPermission,
		Version: int32(codec.CurrentVersion), VersionDesc: codec.VersionDesc(codec.CurrentVersion),
		AcceptSendMs: c.Broker.StartAcceptSendRequestTimeStamp, NameServers: splitAddrs(c.Broker.NamesrvAddr),
		Store: b.lookAtStore(), Pools: b.lookAtPools(), Topics: b.lookAtTopics(), Groups: b.lookAtGroups(), Producers: b.lookAtProducers(),
		ConsumerGroups: len(b.groups.Snapshot()), HeldPulls: b.hold.Held(), Transactions: view.Transactions{Half: b.transactions.HalfMessages()},
	}
	v.Transactions.Commits, v.Transactions.Rollbacks = b.transactions.Ended()
	v.Put, _ = b.stats.Counter(stats.BrokerPutNums, v.Cluster)
	v.Get, _ = b.stats.Counter(stats.BrokerGetNums, v.Cluster)
	return v
}

func (b *Controller) lookAtStore() view.Store {
	maxOffset, disk := b.store.MaxPhyOffset(), b.disk.last.Load()
	s := view.Store{
		StoreFigures: b.storeStats.Figures(), NotWriteable: b.store.NotWriteableReason(),
		MinOffset: b.store.MinPhyOffset(), MaxOffset: maxOffset, FlushBehindBytes: max(0, maxOffset-b.store.FlushedWhere()),
		DispatchBehindBytes: b.store.DispatchBehindBytes(), EarliestMs: b.earliestMessageTime(),
		CommitLogDiskRatio: disk.commitLogRatio, QueueDiskRatio: disk.consumeQueueRatio, Disk: disk.commitLog,
	}
	if b.Config().IsSlave() {
		s.ReplicaBehindBytes = -1
	}
	return s
}

func (b *Controller) lookAtPools() []view.Pool {
	var pools []view.Pool
	for _, e := range b.executors.all() {
		pools = append(pools, view.Pool{Name: e.Name(), Size: e.Len(), Capacity: e.Capacity(), HeadWaitMs: e.HeadWaitMs()})
	}
	return pools
}

func (b *Controller) lookAtTopics() []view.Topic {
	sizes := b.stats.MessageSizes()
	table := b.topics.Snapshot()
	topics := make([]view.Topic, 0, len(table))
	for _, name := range slices.Sorted(maps.Keys(table)) {
		config := table[name]
		t := view.Topic{
			Name: name, Kind: b.kindOf(name), ReadQueues: config.ReadQueueNums, WriteQueues: config.WriteQueueNums,
			Perm: config.Perm, Order: config.Order, SizeBuckets: sizes[name],
		}
		t.Put, t.Counted = b.stats.Counter(stats.TopicPutNums, name)
		t.PutBytes, _ = b.stats.Counter(stats.TopicPutSize, name)
		for id := range max(t.ReadQueues, t.WriteQueues) {
			q := view.Queue{ID: id, Min: b.store.MinOffsetInQueue(name, id), Max: b.store.MaxOffsetInQueue(name, id)}
			t.Queues = append(t.Queues, q)
			t.Messages += max(0, q.Max-q.Min)
			t.Offset += q.Max
		}
		topics = append(topics, t)
	}
	return topics
}

func (b *Controller) kindOf(topic string) view.Kind {
	switch {
	case codec.IsRetryTopic(topic):
		return view.Retry
	case codec.IsDLQTopic(topic):
		return view.DLQ
	case b.topics.IsSystemTopic(topic):
		return view.System
	}
	return view.Normal
}

// lookAtGroups visits the groups that are online or have offsets.
func (b *Controller) lookAtGroups() []view.Group {
	topics := map[string]map[string]bool{} // by group
	for _, group := range b.consumers.Groups() {
		topics[group] = map[string]bool{}
	}
	b.offsets.Each(func(group, topic string, _ map[int32]int64) {
		if topics[group] == nil {
			topics[group] = map[string]bool{}
		}
		topics[group][topic] = true
	})
	groups := make([]view.Group, 0, len(topics))
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		groups = append(groups, b.lookAtGroup(name, topics[name]))
	}
	return groups
}

// lookAtGroup is a group with the topics it has offsets in and those it
// subscribes; of the former those it no longer subscribes are left out, as by 208.
func (b *Controller) lookAtGroup(name string, topics map[string]bool) view.Group {
	g := view.Group{Name: name}
	if info := b.consumers.Group(name); info != nil {
		g.Online, g.MessageModel, g.ConsumeType = true, info.MessageModel, info.ConsumeType
		g.Clients = viewClients(info.Clients)
		if len(info.Subscriptions) > 0 {
			topics = map[string]bool{}
		}
		for topic := range info.Subscriptions {
			topics[topic] = true
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		if config := b.topics.Select(topic); config != nil {
			g.Topics = append(g.Topics, b.lookAtGroupTopic(name, config, g.Broadcast()))
		}
	}
	return g
}

func (b *Controller) lookAtGroupTopic(group string, config *codec.TopicConfig, broadcast bool) view.GroupTopic {
	topic := config.TopicName
	t := view.GroupTopic{Topic: topic}
	key := stats.TopicGroup(topic, group)
	t.Get, t.Counted = b.stats.Counter(stats.GroupGetNums, key)
	t.GetBytes, _ = b.stats.Counter(stats.GroupGetSize, key)
	t.SendBack, _ = b.stats.Counter(stats.SndbckPutNums, key)
	if broadcast {
		return t // its offsets are with its members
	}
	for id := range config.ReadQueueNums {
		q := view.GroupQueue{ID: id, Consumed: max(0, b.offsets.Query(group, topic, id)), Max: b.store.MaxOffsetInQueue(topic, id)}
		t.Queues = append(t.Queues, q)
		t.Lag += q.Max - q.Consumed
		t.Consumed += q.Consumed
		if q.Consumed < q.Max {
			t.LatencyMs = max(t.LatencyMs, b.ageMs(topic, id, q.Consumed))
		}
	}
	return t
}

// ageMs is how long ago the message at offset, or the first one that is still
// there, was stored.
func (b *Controller) ageMs(topic string, queueID int32, offset int64) int64 {
	stored := b.store.MessageStoreTimestamp(topic, queueID, max(offset, b.store.MinOffsetInQueue(topic, queueID)))
	if stored < 0 {
		return 0
	}
	return max(0, time.Now().UnixMilli()-stored)
}

func (b *Controller) lookAtProducers() []view.Producers {
	groups := make([]view.Producers, 0)
	for group, clients := range b.producers.Snapshot() {
		groups = append(groups, view.Producers{Group: group, Clients: viewClients(clients)})
	}
	slices.SortFunc(groups, func(x, y view.Producers) int { return strings.Compare(x.Group, y.Group) })
	return groups
}

// viewClients renders connections, sorted.
func viewClients(infos []*client.ClientChannelInfo) []view.Client {
	clients := make([]view.Client, 0, len(infos))
	for _, c := range infos {
		clients = append(clients, view.Client{
			ID: c.ClientID, Addr: c.Channel.RemoteAddr(), Language: c.Language.String(), Version: codec.VersionDesc(c.Version),
		})
	}
	slices.SortFunc(clients, func(x, y view.Client) int {
		return cmp.Or(strings.Compare(x.ID, y.ID), strings.Compare(x.Addr, y.Addr))
	})
	return clients
}
