package metrics

import (
	"strconv"
	"strings"

	"github.com/boostermq/booster/broker/view"
	"github.com/boostermq/booster/codec"
)

// exporterFamilies are the names of rocketmq-exporter, all of them gauges.
//
// Differences from it: a broker speaks for itself, nothing is summed over
// brokers; brokerHost is the broker's name, it is empty there;
// rocketmq_group_consume_tps, rocketmq_group_consume_total_offset and
// rocketmq_group_dlqdiff, which never get a value there, have one; there are no
// offsets of a broadcasting group, its members keep them.
type exporterFamilies struct {
	brokerTPS, brokerQPS, commitLogDiff                      *family
	producerTPS, producerSize, producerOffset, retryOffset   *family
	dlqOffset, producerCount                                 *family
	consumerTPS, groupTPS, consumerOffset, groupOffset       *family
	consumerSize, sendBack, latency                          *family
	groupDiff, retryDiff, dlqDiff, groupCount                *family
	failMessages, failTPS, okTPS, consumeRT, pullRT, pullTPS *family
	figures                                                  []runtimeFigure
	runtime                                                  []*family // of figures
}

func newExporterFamilies() *exporterFamilies {
	broker := []string{"cluster", "brokerIP", "broker"}
	topic := []string{"cluster", "broker", "topic"}
	ofGroup := []string{"cluster", "broker", "group"}
	group := []string{"cluster", "broker", "topic", "group"}
	diff := []string{"group", "topic", "countOfOnlineConsumers", "msgModel"}
	client := []string{"clientAddr", "clientId", "group", "topic"}
	e := &exporterFamilies{
		brokerTPS:      gauge("rocketmq_broker_tps", "messages put per second, last minute", broker...),
		brokerQPS:      gauge("rocketmq_broker_qps", "messages read per second, last minute", broker...),
		commitLogDiff:  gauge("rocketmq_broker_commitlog_diff", "bytes the commit log is behind the master's", broker...),
		producerTPS:    gauge("rocketmq_producer_tps", "messages put per second, last minute", topic...),
		producerSize:   gauge("rocketmq_producer_message_size", "bytes put per second, last minute", topic...),
		producerOffset: gauge("rocketmq_producer_offset", "sum of the ends of the topic's queues", topic...),
		retryOffset:    gauge("rocketmq_topic_retry_offset", "sum of the ends of the retry topic's queues", topic...),
		dlqOffset:      gauge("rocketmq_topic_dlq_offset", "dead letters of the group, ever", ofGroup...),
		producerCount:  gauge("rocketmq_producer_count", "producers of the group that are connected", ofGroup...),
		consumerTPS:    gauge("rocketmq_consumer_tps", "messages read per second, last minute", group...),
		groupTPS:       gauge("rocketmq_group_consume_tps", "messages read per second, last minute", group...),
		consumerOffset: gauge("rocketmq_consumer_offset", "sum of the group's offsets", group...),
		groupOffset:    gauge("rocketmq_group_consume_total_offset", "sum of the group's offsets", group...),
		consumerSize:   gauge("rocketmq_consumer_message_size", "bytes read per second, last minute", group...),
		sendBack:       gauge("rocketmq_send_back_nums", "messages sent back, last minute", group...),
		latency:        gauge("rocketmq_group_get_latency_by_storetime", "age of the oldest message not consumed, ms", group...),
		groupDiff:      gauge("rocketmq_group_diff", "messages not consumed", diff...),
		retryDiff:      gauge("rocketmq_group_retrydiff", "messages for another try not consumed", diff...),
		dlqDiff:        gauge("rocketmq_group_dlqdiff", "dead letters not consumed, of groups that consume them", diff...),
		groupCount:     gauge("rocketmq_group_count", "consumers of the group that are connected", "caddr", "localaddr", "group"),
		failMessages:   gauge("rocketmq_client_consume_fail_msg_count", "messages not consumed successfully, last hour", client...),
		failTPS:        gauge("rocketmq_client_consume_fail_msg_tps", "messages not consumed successfully, per second", client...),
		okTPS:          gauge("rocketmq_client_consume_ok_msg_tps", "messages consumed, per second", client...),
		consumeRT:      gauge("rocketmq_client_consume_rt", "time a message takes to consume, ms", client...),
		pullRT:         gauge("rocketmq_client_consumer_pull_rt", "time a pull takes, ms", client...),
		pullTPS:        gauge("rocketmq_client_consumer_pull_tps", "messages pulled per second", client...),
		figures:        runtimeFigures(),
	}
	for _, f := range e.figures {
		e.runtime = append(e.runtime, gauge("rocketmq_brokeruntime_"+f.name, "see code 28 GET_BROKER_RUNTIME_INFO",
			"cluster", "brokerIP", "brokerHost", "des", "boottime", "broker_version"))
	}
	return e
}

func (e *exporterFamilies) collect(s *sink, v *view.Broker, groups []view.Group) {
	s.add(e.brokerTPS, v.Put.PerSecond, v.Cluster, v.Addr, v.Name)
	s.add(e.brokerQPS, v.Get.PerSecond, v.Cluster, v.Addr, v.Name)
	if v.Store.ReplicaBehindBytes >= 0 {
		s.addInt(e.commitLogDiff, v.Store.ReplicaBehindBytes, v.Cluster, v.Addr, v.Name)
	}
	boot, version := strconv.FormatInt(v.Store.BootMs, 10), strconv.Itoa(int(v.Version))
	for i, f := range e.figures {
		s.add(e.runtime[i], f.value(v), v.Cluster, v.Addr, v.Name, v.VersionDesc, boot, version)
	}
	for i := range v.Topics {
		e.collectTopic(s, v, &v.Topics[i])
	}
	for _, p := range v.Producers {
		s.addInt(e.producerCount, int64(len(p.Clients)), v.Cluster, v.Name, p.Group)
	}
	for i := range groups {
		e.collectGroup(s, v, &groups[i])
	}
}

func (e *exporterFamilies) collectTopic(s *sink, v *view.Broker, t *view.Topic) {
	switch t.Kind {
	case view.Retry:
		s.addInt(e.retryOffset, t.Offset, v.Cluster, v.Name, t.Name)
		return
	case view.DLQ:
		group, _ := codec.GroupOfDLQTopic(t.Name)
		s.addInt(e.dlqOffset, t.Offset, v.Cluster, v.Name, group)
		return
	}
	s.addInt(e.producerOffset, t.Offset, v.Cluster, v.Name, t.Name)
	if t.Counted {
		s.add(e.producerTPS, t.Put.PerSecond, v.Cluster, v.Name, t.Name)
		s.add(e.producerSize, t.PutBytes.PerSecond, v.Cluster, v.Name, t.Name)
	}
}

func (e *exporterFamilies) collectGroup(s *sink, v *view.Broker, g *view.Group) {
	online := len(g.Clients)
	addrs, ids := joined(g.Clients)
	s.addInt(e.groupCount, int64(online), addrs, ids, g.Name)
	for i := range g.Topics {
		t := &g.Topics[i]
		labels := []string{v.Cluster, v.Name, t.Topic, g.Name}
		if t.Counted {
			s.add(e.consumerTPS, t.Get.PerSecond, labels...)
			s.add(e.groupTPS, t.Get.PerSecond, labels...)
			s.add(e.consumerSize, t.GetBytes.PerSecond, labels...)
			s.addInt(e.sendBack, t.SendBack.MinuteSum, labels...)
		}
		if g.Broadcast() {
			continue
		}
		s.addInt(e.consumerOffset, t.Consumed, labels...)
		s.addInt(e.groupOffset, t.Consumed, labels...)
		s.addInt(e.latency, t.LatencyMs, labels...)
		// msgModel is the ordinal of Java's MessageModel: 1 = CLUSTERING.
		s.addInt(e.diffOf(t.Topic), t.Lag, g.Name, t.Topic, strconv.Itoa(online), "1")
	}
}

func (e *exporterFamilies) diffOf(topic string) *family {
	switch {
	case codec.IsRetryTopic(topic):
		return e.retryDiff
	case codec.IsDLQTopic(topic):
		return e.dlqDiff
	}
	return e.groupDiff
}

// maxJoined is how many clients the labels of rocketmq_group_count name.
const maxJoined = 50

func joined(clients []view.Client) (addrs, ids string) {
	var a, i []string
	for _, c := range clients[:min(len(clients), maxJoined)] {
		a, i = append(a, c.Addr), append(i, c.ID)
	}
	return strings.Join(a, ","), strings.Join(i, ",")
}

// collectClients passes on what those of the consumers told that are still there.
func (e *exporterFamilies) collectClients(s *sink, groups []view.Group, all []ClientStatus) {
	type place struct{ group, id, addr string }
	here := map[place]bool{}
	for _, g := range groups {
		for _, c := range g.Clients {
			here[place{g.Name, c.ID, c.Addr}] = true
		}
	}
	for _, c := range all {
		if !here[place{c.Group, c.ClientID, c.Addr}] {
			continue
		}
		for f, value := range map[*family]float64{
			e.failMessages: float64(c.ConsumeFailedMsgs), e.failTPS: c.ConsumeFailedTPS, e.okTPS: c.ConsumeOKTPS,
			e.consumeRT: c.ConsumeRT, e.pullRT: c.PullRT, e.pullTPS: c.PullTPS,
		} {
			s.add(f, value, c.Addr, c.ClientID, c.Group, c.Topic)
		}
	}
}
