package offset

import "slices"

// WhichTopicByConsumer returns the topics group has offsets in, sorted.
func (m *Manager) WhichTopicByConsumer(group string) []string {
	var topics []string
	m.table.each(func(k key, _ map[int32]int64) {
		if k.group == group {
			topics = append(topics, k.topic)
		}
	})
	slices.Sort(topics)
	return topics
}

// WhichGroupByTopic returns the groups with offsets in topic, sorted.
func (m *Manager) WhichGroupByTopic(topic string) []string {
	var groups []string
	m.table.each(func(k key, _ map[int32]int64) {
		if k.topic == topic {
			groups = append(groups, k.group)
		}
	})
	slices.Sort(groups)
	return groups
}

// MinOffsetInAllGroups returns, by queue id of topic, the lowest offset of all
// groups but those in filterGroups; offsets below minInStore, which the store
// no longer has, do not count (Java: queryMinOffsetInAllGroup, code 308).
//
// Differences from Java: the filtered groups keep their offsets.
func (m *Manager) MinOffsetInAllGroups(topic string, filterGroups []string, minInStore func(queueID int32) int64) map[int32]int64 {
	var all []queueOffset
	m.table.each(func(k key, queues map[int32]int64) {
		if k.topic != topic || slices.Contains(filterGroups, k.group) {
			return
		}
		for queueID, offset := range queues {
			all = append(all, queueOffset{queueID, offset})
		}
	})
	lowest := make(map[int32]int64)
	for _, q := range all {
		if q.offset < minInStore(q.queueID) {
			continue
		}
		if low, ok := lowest[q.queueID]; !ok || q.offset < low {
			lowest[q.queueID] = q.offset
		}
	}
	return lowest
}

// Each visits every (group, topic) with a copy of its offsets by queue id, for
// statistics. The order is arbitrary.
func (m *Manager) Each(visit func(group, topic string, queues map[int32]int64)) {
	var keys []key
	m.table.each(func(k key, _ map[int32]int64) { keys = append(keys, k) })
	for _, k := range keys {
		if queues := m.table.getAll(k.topic, k.group); queues != nil {
			visit(k.group, k.topic, queues)
		}
	}
}
