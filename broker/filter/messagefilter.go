package filter

import "github.com/boostermq/booster/codec"

// An *Expression is the message filter of a subscription by expression (Java:
// ExpressionMessageFilter).

// RetryMessageFilter is the message filter of a group on its retry topic while
// filterSupportRetry=true (Java: ExpressionForRetryMessageFilter): a message is
// evaluated with the group's filter on the topic it came from first. One whose
// group does not filter that topic, or no longer does, passes.
type RetryMessageFilter struct {
	Filters *Manager
	Group   string
	// Queue judges the queue entry by the subscription to the retry topic
	// itself, usually by tags; nil = all.
	Queue interface{ MatchQueue(tagsCode int64) bool }
}

// MatchQueue asks Queue.
func (f *RetryMessageFilter) MatchQueue(tagsCode int64) bool {
	return f.Queue == nil || f.Queue.MatchQueue(tagsCode)
}

// MatchRecord looks the filter up by the property RETRY_TOPIC.
func (f *RetryMessageFilter) MatchRecord(properties string) bool {
	topic, ok := codec.GetProperty(properties, codec.PropertyRetryTopic)
	if !ok {
		return true
	}
	d := f.Filters.Get(topic, f.Group)
	return d == nil || !d.Alive() || d.Expression.MatchRecord(properties)
}

// BloomFilter returns the filter whose bits the bit maps of consumequeue_ext have.
func (m *Manager) BloomFilter() *BloomFilter { return m.bloom }

// CalcBitMap sets the bits of the groups whose expression matches a message of
// topic (Java: CommitLogDispatcherCalcBitMap; enableCalcFilterBitMap). bitMap
// has BloomFilter().M() bits. false: nobody filters this topic.
func (m *Manager) CalcBitMap(topic, properties string, bitMap BitsArray) bool {
	m.mu.RLock()
	list := m.byTopic[topic]
	m.mu.RUnlock()
	for _, d := range list {
		if d.Expression.MatchRecord(properties) {
			m.bloom.HashTo(d.bloom, bitMap)
		}
	}
	return len(list) > 0
}

// MatchBitMap asks a message's bit map (Java: isMatchedByConsumeQueue): false =
// surely no match. A message that is older than the filter, or whose bit map
// was made with other settings, may match.
func (m *Manager) MatchBitMap(d *ConsumerFilterData, bitMap BitsArray, msgStoreTimeMs int64) bool {
	if msgStoreTimeMs <= d.BornTimeMs || bitMap.BitLength() != m.bloom.M() {
		return true
	}
	return m.bloom.IsHit(d.bloom, bitMap)
}
