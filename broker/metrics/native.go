package metrics

import (
	"strconv"
	"strings"

	"github.com/boostermq/booster/broker/stats"
	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

// nativeFamilies are the names of RocketMQ 5.x that a 4.x broker can fill; see
// the package comment for the others. Counters count since the broker runs.
//
// Differences from 5.x: rocketmq_send_to_dlq_messages_total has the dead letter
// topic as its topic; commits and rollbacks are not divided by topic.
type nativeFamilies struct {
	watermark, permission, topics, groups             *family
	messagesIn, messagesOut, bytesIn, bytesOut, sizes *family
	producers, consumers                              *family
	lag, lagLatency, dlq                              *family
	half, commits, rollbacks                          *family
	size, flushBehind, dispatchBehind, reserve        *family
}

func newNativeFamilies() *nativeFamilies {
	node := func(more ...string) []string { return append([]string{"cluster", "node_type", "node_id"}, more...) }
	storage := node("storage_type", "storage_medium")
	in := node("topic", "is_system")
	out := node("topic", "consumer_group", "is_retry", "is_system")
	return &nativeFamilies{
		watermark:      gauge("rocketmq_processor_watermark", "requests that wait for a processor", node("processor")...),
		permission:     gauge("rocketmq_broker_permission", "permission bits of the broker: 4 read, 2 write", node()...),
		topics:         gauge("rocketmq_topic_number", "topics", node()...),
		groups:         gauge("rocketmq_consumer_group_number", "consumer groups", node()...),
		messagesIn:     counter("rocketmq_messages_in_total", "messages put", in...),
		messagesOut:    counter("rocketmq_messages_out_total", "messages read", out...),
		bytesIn:        counter("rocketmq_throughput_in_total", "bytes put", in...),
		bytesOut:       counter("rocketmq_throughput_out_total", "bytes read", out...),
		sizes:          gauge("rocketmq_message_size", "size of the messages put, bytes", in...),
		producers:      gauge("rocketmq_producer_connections", "producers connected", node("language", "version", "protocol_type")...),
		consumers:      gauge("rocketmq_consumer_connections", "consumers connected", node("consumer_group", "language", "version", "consume_mode", "protocol_type", "is_system")...),
		lag:            gauge("rocketmq_consumer_lag_messages", "messages not consumed", out...),
		lagLatency:     gauge("rocketmq_consumer_lag_latency", "age of the oldest message not consumed, ms", out...),
		dlq:            counter("rocketmq_send_to_dlq_messages_total", "messages that became dead letters", node("topic", "consumer_group", "is_system")...),
		half:           gauge("rocketmq_half_messages", "half messages not ended", node()...),
		commits:        counter("rocketmq_commit_messages_total", "transactions committed", node()...),
		rollbacks:      counter("rocketmq_rollback_messages_total", "transactions rolled back", node()...),
		size:           gauge("rocketmq_storage_size", "bytes used of the log's volume", storage...),
		flushBehind:    gauge("rocketmq_storage_flush_behind_bytes", "bytes not durable yet", storage...),
		dispatchBehind: gauge("rocketmq_storage_dispatch_behind_bytes", "bytes not in queues and index yet", storage...),
		reserve:        gauge("rocketmq_storage_message_reserve_time", "age of the oldest message, ms", storage...),
	}
}

func (n *nativeFamilies) collect(s *sink, v *view.Broker, groups []view.Group) {
	node := func(more ...string) []string { return append([]string{v.Cluster, "broker", v.Name}, more...) }
	for _, p := range v.Pools {
		if label, ok := processorLabel(p.Name); ok {
			s.addInt(n.watermark, int64(p.Size), node(label)...)
		}
	}
	s.addInt(n.permission, int64(v.Permission), node()...)
	s.addInt(n.topics, int64(len(v.Topics)), node()...)
	s.addInt(n.groups, int64(v.ConsumerGroups), node()...)
	s.addInt(n.half, v.Transactions.Half, node()...)
	s.addInt(n.commits, v.Transactions.Commits, node()...)
	s.addInt(n.rollbacks, v.Transactions.Rollbacks, node()...)
	storage := node("local", "disk")
	s.add(n.size, float64(v.Store.Disk.Total-min(v.Store.Disk.Free, v.Store.Disk.Total)), storage...)
	s.addInt(n.flushBehind, v.Store.FlushBehindBytes, storage...)
	s.addInt(n.dispatchBehind, v.Store.DispatchBehindBytes, storage...)
	if v.Store.EarliestMs > 0 {
		s.addInt(n.reserve, max(0, v.AtMs-v.Store.EarliestMs), storage...)
	}
	for i := range v.Topics {
		n.collectTopic(s, &v.Topics[i], node)
	}
	n.collectProducers(s, v, node)
	system := systemTopics(v)
	for i := range groups {
		n.collectGroup(s, &groups[i], system, node)
	}
}

// processorLabel is 5.x's name of a pool.
func processorLabel(pool string) (string, bool) {
	label, ok := map[string]string{
		"send": "send", "pull": "pull", "reply": "reply", "query": "query_message", "heartbeat": "heartbeat", "clientManage": "client_manager",
		"consumerManage": "consumer_manager", "endTransaction": "transaction", "adminBroker": "admin",
	}[pool]
	return label, ok
}

func systemTopics(v *view.Broker) map[string]bool {
	system := map[string]bool{}
	for _, t := range v.Topics {
		system[t.Name] = t.Kind == view.System
	}
	return system
}

func (n *nativeFamilies) collectTopic(s *sink, t *view.Topic, node func(...string) []string) {
	if !t.Counted {
		return
	}
	system := strconv.FormatBool(t.Kind == view.System)
	if group, ok := codec.GroupOfDLQTopic(t.Name); ok {
		s.addInt(n.dlq, t.Put.Total, node(t.Name, group, strconv.FormatBool(codec.IsSystemGroup(group)))...)
	}
	labels := node(t.Name, system)
	s.addInt(n.messagesIn, t.Put.Total, labels...)
	s.addInt(n.bytesIn, t.PutBytes.Total, labels...)
	limits := stats.SizeLimits()
	s.addHistogram(n.sizes, limits[:], t.SizeBuckets[:], t.PutBytes.Total, labels...)
}

// connections counts clients by language and version.
func connections(clients []view.Client) map[[2]string]int64 {
	counts := map[[2]string]int64{}
	for _, c := range clients {
		counts[[2]string{strings.ToLower(c.Language), strings.ToLower(c.Version)}]++
	}
	return counts
}

func (n *nativeFamilies) collectProducers(s *sink, v *view.Broker, node func(...string) []string) {
	var all []view.Client
	for _, p := range v.Producers {
		all = append(all, p.Clients...)
	}
	for kind, count := range connections(all) {
		s.addInt(n.producers, count, node(kind[0], kind[1], "remoting")...)
	}
}

func (n *nativeFamilies) collectGroup(s *sink, g *view.Group, systemTopics map[string]bool, node func(...string) []string) {
	systemGroup := codec.IsSystemGroup(g.Name)
	mode := "pull"
	if g.ConsumeType == codec.ConsumePassively {
		mode = "push"
	}
	for kind, count := range connections(g.Clients) {
		s.addInt(n.consumers, count, node(g.Name, kind[0], kind[1], mode, "remoting", strconv.FormatBool(systemGroup))...)
	}
	for i := range g.Topics {
		t := &g.Topics[i]
		labels := node(t.Topic, g.Name, strconv.FormatBool(codec.IsRetryTopic(t.Topic)), strconv.FormatBool(systemGroup || systemTopics[t.Topic]))
		if t.Counted {
			s.addInt(n.messagesOut, t.Get.Total, labels...)
			s.addInt(n.bytesOut, t.GetBytes.Total, labels...)
		}
		if !g.Broadcast() {
			s.addInt(n.lag, t.Lag, labels...)
			s.addInt(n.lagLatency, t.LatencyMs, labels...)
		}
	}
}
