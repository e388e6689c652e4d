package topic

import (
	"strings"

	"github.com/boostermq/booster/codec"
)

// scheduleQueueNums is the number of delay levels the topic is registered with.
const scheduleQueueNums = 18

// systemTopics builds the topics present at boot (spec/broker.md §3). As in
// Java they are in memory only until the first change writes the file.
func (m *Manager) systemTopics() map[string]*codec.TopicConfig {
	table := make(map[string]*codec.TopicConfig)
	m.system = make(map[string]struct{})
	for _, name := range []string{codec.AutoCreateTopicKeyTopic, codec.SelfTestTopic, codec.BenchmarkTopic, codec.OffsetMovedEventTopic, codec.ScheduleTopic,
		codec.TraceTopic, codec.TransHalfTopic, codec.TransOpHalfTopic, codec.TransCheckMaxTimeTopic} {
		m.system[name] = struct{}{}
	}
	const rw = codec.PermRead | codec.PermWrite
	add := func(name string, queues, perm int32) {
		m.system[name] = struct{}{}
		table[name] = &codec.TopicConfig{TopicName: name, ReadQueueNums: queues, WriteQueueNums: queues, Perm: perm, TopicFilterType: codec.SingleTag}
	}
	templatePerm := func(enabled bool) int32 {
		if enabled {
			return codec.PermInherit | rw
		}
		return codec.PermInherit
	}

	add(codec.SelfTestTopic, 1, rw)
	if m.o.AutoCreateTopicEnable() {
		add(codec.AutoCreateTopicKeyTopic, m.o.DefaultTopicQueueNums, templatePerm(true))
	}
	add(codec.BenchmarkTopic, 1024, rw)
	add(m.o.ClusterName, 16, templatePerm(m.o.ClusterTopicEnable))
	add(m.o.BrokerName, 1, templatePerm(m.o.BrokerTopicEnable))
	add(codec.OffsetMovedEventTopic, 1, rw)
	add(codec.ScheduleTopic, scheduleQueueNums, rw)
	if m.o.TraceTopicEnable {
		add(m.o.MsgTraceTopicName, 1, rw)
	}
	add(codec.ReplyTopic(m.o.ClusterName), 1, rw)
	return table
}

// IsSystemTopic tells whether administrators may neither create nor delete
// topic (Java: TopicValidator.isSystemTopic).
func (m *Manager) IsSystemTopic(topic string) bool {
	_, ok := m.system[topic]
	return ok || strings.HasPrefix(topic, codec.SystemTopicPrefix)
}

// SystemTopics returns the names of the system topics, for code 305. The order is arbitrary.
func (m *Manager) SystemTopics() []string {
	names := make([]string, 0, len(m.system))
	for name := range m.system {
		names = append(names, name)
	}
	return names
}

// IsNotAllowedSendTopic tells whether clients must not send to topic
// (Java: TopicValidator.isNotAllowedSendTopic).
func (m *Manager) IsNotAllowedSendTopic(topic string) bool {
	switch topic {
	case codec.ScheduleTopic, codec.TransHalfTopic, codec.TransOpHalfTopic, codec.TransCheckMaxTimeTopic, codec.SelfTestTopic, codec.OffsetMovedEventTopic:
		return true
	}
	return false
}
