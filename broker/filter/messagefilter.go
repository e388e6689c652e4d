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

// MatchQueue asks Queue. The bit map tells of filters on the retry topic itself only.
func (f *RetryMessageFilter) MatchQueue(tagsCode, _ int64, _ []byte) bool {
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

// AppendBitMap appends to dst the bit map of the groups whose expression matches
// a message of topic (Java: CommitLogDispatcherCalcBitMap; enableCalcFilterBitMap);
// nothing when nobody filters the topic. The groups without members count too:
// a filter that comes back is asked about what it missed.
func (m *Manager) AppendBitMap(dst []byte, topic, properties string, storeTimeMs int64) []byte {
	m.mu.RLock()
	list := m.byTopic[topic]
	if len(list) > 0 {
		for was := m.mappedMs.Load(); storeTimeMs > was && !m.mappedMs.CompareAndSwap(was, storeTimeMs); was = m.mappedMs.Load() {
		}
	}
	m.mu.RUnlock()
	if len(list) == 0 {
		return dst
	}
	before := len(dst)
	dst = append(dst, make([]byte, m.bloom.M()/8)...)
	for _, d := range list {
		if d.Expression.MatchRecord(properties) {
			m.bloom.HashTo(d.bloom, BitsArray(dst[before:]))
		}
	}
	return dst
}

// MatchBitMap asks a message's bit map (Java: isMatchedByConsumeQueue): false =
// surely no match. A message may match that is older than the filter, whose bit
// map was made with other settings, or perhaps by the expression after d's.
func (m *Manager) MatchBitMap(d *ConsumerFilterData, storeTimeMs int64, bitMap BitsArray) bool {
	if storeTimeMs <= d.BornTimeMs || bitMap.BitLength() != m.bloom.M() || d.replaced.Load() {
		return true
	}
	return m.bloom.IsHit(d.bloom, bitMap)
}
