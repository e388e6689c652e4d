package stats

import (
	"hash/maphash"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// leaf is where the messages of one queue, or of one group in one queue, are
// counted: three adds on one cache line. Items show it.
type leaf struct {
	nums, sizeBytes, calls atomic.Int64
}

// Add counts one call that moved messages with sizeBytes in all.
func (l *leaf) Add(messages, sizeBytes int) {
	l.nums.Add(int64(messages))
	l.sizeBytes.Add(int64(sizeBytes))
	l.calls.Add(1)
}

// numsAs and sizeAs are what items show; Java counts no calls for a broker.
func (l *leaf) numsAs() source   { return source{&l.nums, &l.calls} }
func (l *leaf) sizeAs() source   { return source{&l.sizeBytes, &l.calls} }
func (l *leaf) brokerAs() source { return source{&l.nums, nil} }

// PutCounters counts the puts into one queue (Java: incTopicPutNums,
// incTopicPutSize, incQueuePutNums, incQueuePutSize, incBrokerPutNums).
type PutCounters struct {
	leaf
	key   counterKey
	sizes sizeCounters
}

// Add counts one call that put messages with sizeBytes in all.
func (c *PutCounters) Add(messages, sizeBytes int) {
	c.leaf.Add(messages, sizeBytes)
	c.sizes.add(messages, sizeBytes)
}

// GetCounters counts the pulls of one group from one queue (Java:
// incGroupGetNums, incGroupGetSize, incQueueGetNums, incQueueGetSize,
// incBrokerGetNums).
type GetCounters struct {
	leaf
	latency           *Item
	fallBytes, fallMs atomic.Int64
}

// AddLatency counts the time a read took (Java: incGroupGetLatency).
func (c *GetCounters) AddLatency(elapsedMs int64) { c.latency.Add(elapsedMs, 1) }

// SetFall notes how far the group is behind (Java: recordDiskFallBehindSize,
// recordDiskFallBehindTime).
func (c *GetCounters) SetFall(behindBytes, behindMs int64) {
	c.fallBytes.Store(behindBytes)
	c.fallMs.Store(behindMs)
}

// counterKey names a queue, and a group when it is about pulls.
type counterKey struct {
	topic, group string
	queueID      int32
}

const counterShards = 64 // a power of two

// counterShard finds the counters of some queues.
type counterShard struct {
	mu   sync.RWMutex
	puts map[counterKey]*PutCounters
	gets map[counterKey]*GetCounters
}

// Put returns the counters of puts into queueID of topic. topic may alias a
// request. With a queue seen before it allocates nothing. A caller that keeps
// the result asks again after the topic was deleted.
func (m *Manager) Put(topic string, queueID int32) *PutCounters {
	recent := m.recentPuts.Slot(topic, queueID)
	if c := recent.Load(); c != nil && c.key.queueID == queueID && c.key.topic == topic {
		return c
	}
	k := counterKey{topic: topic, queueID: queueID}
	s := m.shard(k)
	s.mu.RLock()
	c := s.puts[k]
	if c != nil {
		recent.Store(c) // under mu, so that forget finds it
	}
	s.mu.RUnlock()
	if c != nil {
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c = s.puts[k]; c != nil {
		return c
	}
	k.topic = strings.Clone(topic)
	c = &PutCounters{key: k}
	m.attachPut(k, &c.leaf)
	if s.puts == nil {
		s.puts = make(map[counterKey]*PutCounters)
	}
	s.puts[k] = c
	return c
}

// Pull returns the counters of pulls of group from queueID of topic, as Put does.
func (m *Manager) Pull(group, topic string, queueID int32) *GetCounters {
	k := counterKey{topic: topic, group: group, queueID: queueID}
	s := m.shard(k)
	s.mu.RLock()
	c := s.gets[k]
	s.mu.RUnlock()
	if c != nil {
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c = s.gets[k]; c != nil {
		return c
	}
	k.topic, k.group = strings.Clone(topic), strings.Clone(group)
	c = new(GetCounters)
	c.latency = m.attachGet(k, &c.leaf)
	if s.gets == nil {
		s.gets = make(map[counterKey]*GetCounters)
	}
	s.gets[k] = c
	return c
}

func (m *Manager) attachPut(k counterKey, l *leaf) {
	m.Get(TopicPutNums, k.topic).attach(l.numsAs())
	m.Get(TopicPutSize, k.topic).attach(l.sizeAs())
	m.brokerPutNums.attach(l.brokerAs())
	if m.o.EnableDetailStat() {
		queue := k.topic + keySeparator + strconv.Itoa(int(k.queueID))
		m.Get(QueuePutNums, queue).attach(l.numsAs())
		m.Get(QueuePutSize, queue).attach(l.sizeAs())
	}
}

// attachGet returns the item of the latency.
func (m *Manager) attachGet(k counterKey, l *leaf) (latency *Item) {
	topicGroup := k.topic + keySeparator + k.group
	m.Get(GroupGetNums, topicGroup).attach(l.numsAs())
	m.Get(GroupGetSize, topicGroup).attach(l.sizeAs())
	m.brokerGetNums.attach(l.brokerAs())
	if !m.o.EnableDetailStat() {
		return m.Get(GroupGetLatency, topicGroup)
	}
	queueGroup := k.topic + keySeparator + strconv.Itoa(int(k.queueID)) + keySeparator + k.group
	m.Get(QueueGetNums, queueGroup).attach(l.numsAs())
	m.Get(QueueGetSize, queueGroup).attach(l.sizeAs())
	return m.Get(GroupGetLatency, k.fallKey())
}

// fallKey is the form of keys that begin with the queue.
func (k counterKey) fallKey() string {
	return strconv.Itoa(int(k.queueID)) + keySeparator + k.topic + keySeparator + k.group
}

// eachFall visits the momentary values as items.
func (m *Manager) eachFall(value func(c *GetCounters) *atomic.Int64, visit func(key string, item *Item)) {
	for i := range m.counters {
		s := &m.counters[i]
		s.mu.RLock()
		gets := maps.Clone(s.gets)
		s.mu.RUnlock()
		for k, c := range gets {
			item := new(Item)
			item.value.Store(value(c).Load())
			visit(k.fallKey(), item)
		}
	}
}

// forget drops the counters remove approves of. What they counted stays in the
// broker's totals.
func (m *Manager) forget(remove func(k counterKey) bool) {
	for i := range m.counters {
		s := &m.counters[i]
		s.mu.Lock()
		for k, c := range s.puts {
			if remove(k) {
				delete(s.puts, k)
				m.recentPuts.Slot(k.topic, k.queueID).CompareAndSwap(c, nil)
				m.brokerPutNums.detach(c.brokerAs())
			}
		}
		for k, c := range s.gets {
			if remove(k) {
				delete(s.gets, k)
				m.brokerGetNums.detach(c.brokerAs())
			}
		}
		s.mu.Unlock()
	}
}

func (m *Manager) shard(k counterKey) *counterShard {
	h := maphash.String(m.seed, k.topic) ^ maphash.String(m.seed, k.group)<<1 + uint64(uint32(k.queueID))*0x9E3779B97F4A7C15
	return &m.counters[h>>32%counterShards]
}
