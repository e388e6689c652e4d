package stats

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/internal/recent"
)

// Options is what a Manager needs.
type Options struct {
	ClusterName string
	// EnableDetailStat (Java: enableDetailStat) is asked when a queue is counted
	// for the first time: without it there are no QUEUE_… items. nil means true.
	EnableDetailStat func() bool
}

// Manager owns all counters of a broker (Java: BrokerStatsManager).
type Manager struct {
	o    Options
	sets map[string]*itemSet // by name; the map is fixed after New

	brokerPutNums, brokerGetNums *Item

	seed       maphash.Seed
	counters   [counterShards]counterShard
	recentPuts recent.Table[PutCounters] // of counters; what was found lately

	stop chan struct{}
	done sync.WaitGroup
}

// New returns a manager that counts but does not sample yet.
func New(o Options) *Manager {
	if o.EnableDetailStat == nil {
		o.EnableDetailStat = func() bool { return true }
	}
	m := &Manager{
		o: o, sets: make(map[string]*itemSet),
		seed: maphash.MakeSeed(), stop: make(chan struct{}),
	}
	for _, name := range names() {
		m.sets[name] = newItemSet()
	}
	m.brokerPutNums = m.Get(BrokerPutNums, o.ClusterName)
	m.brokerGetNums = m.Get(BrokerGetNums, o.ClusterName)
	return m
}

// Start starts sampling, one goroutine. Call it once.
func (m *Manager) Start() {
	m.done.Go(func() {
		second, minute, hour := time.NewTicker(minuteInterval), time.NewTicker(hourInterval), time.NewTicker(dayInterval)
		defer second.Stop()
		defer minute.Stop()
		defer hour.Stop()
		m.sample((*Item).sampleMinute)
		m.sample((*Item).sampleHour)
		m.sample((*Item).sampleDay)
		for {
			select {
			case <-second.C:
				m.sample((*Item).sampleMinute)
			case <-minute.C:
				m.sample((*Item).sampleHour)
			case <-hour.C:
				m.sample((*Item).sampleDay)
			case <-m.stop:
				return
			}
		}
	})
}

// Shutdown stops sampling and waits for it. Call it once.
func (m *Manager) Shutdown() {
	close(m.stop)
	m.done.Wait()
}

func (m *Manager) sample(one func(item *Item, nowMs int64)) {
	now := time.Now().UnixMilli()
	for _, set := range m.sets {
		set.each(func(_ string, item *Item) { one(item, now) })
	}
}

// Get returns the item of name and key, creating it; for callers that keep it.
// A name this package does not know gives an item nobody samples or shows.
func (m *Manager) Get(name, key string) *Item {
	if set := m.sets[name]; set != nil {
		return set.getOrCreate(key)
	}
	return new(Item)
}

// Snapshot returns the windows of an item, the answer to 315; false when there
// is no such item.
func (m *Manager) Snapshot(name, key string) (codec.BrokerStatsData, bool) {
	set := m.sets[name]
	if set == nil {
		return codec.BrokerStatsData{}, false
	}
	item := set.get(key)
	if item == nil {
		return codec.BrokerStatsData{}, false
	}
	return item.Data(), true
}

// Counter returns an item at this moment; false when there is no such item.
func (m *Manager) Counter(name, key string) (Counter, bool) {
	set := m.sets[name]
	if set == nil {
		return Counter{}, false
	}
	item := set.get(key)
	if item == nil {
		return Counter{}, false
	}
	return item.Counter(), true
}

// TopicGroup is the form of keys of a topic and a group.
func TopicGroup(topic, group string) string { return topic + keySeparator + group }

// Each visits all items of name.
func (m *Manager) Each(name string, visit func(key string, item *Item)) {
	switch set := m.sets[name]; {
	case set != nil:
		set.each(visit)
	case name == GroupGetFallSize:
		m.eachFall(func(c *GetCounters) *atomic.Int64 { return &c.fallBytes }, visit)
	case name == GroupGetFallTime:
		m.eachFall(func(c *GetCounters) *atomic.Int64 { return &c.fallMs }, visit)
	}
}

// IncSendBackNums counts one message group sent back from topic (Java:
// incSendBackNums).
func (m *Manager) IncSendBackNums(group, topic string) {
	m.Get(SndbckPutNums, topic+keySeparator+group).Add(1, 1)
}

// TPSGroupGetNums returns messages a second group read from topic over the last
// minute, the consumeTps of code 208 (Java: tpsGroupGetNums).
func (m *Manager) TPSGroupGetNums(group, topic string) float64 {
	data, _ := m.Snapshot(GroupGetNums, topic+keySeparator+group)
	return data.StatsMinute.TPS
}

// OnTopicDeleted forgets all about topic (Java does with autoDeleteUnusedStats).
func (m *Manager) OnTopicDeleted(topic string) {
	m.forget(func(k counterKey) bool { return k.topic == topic })
	m.remove(func(part string, isGroup bool) bool { return !isGroup && part == topic })
}

// OnGroupDeleted forgets all about group (Java does with autoDeleteUnusedStats).
func (m *Manager) OnGroupDeleted(group string) {
	m.forget(func(k counterKey) bool { return k.group == group })
	m.remove(func(part string, isGroup bool) bool { return isGroup && part == group })
}

// remove forgets the items with a topic or group that match approves of.
func (m *Manager) remove(match func(part string, isGroup bool) bool) {
	last := func(key string) bool { return match(key[strings.LastIndex(key, keySeparator)+1:], true) }
	first := func(key string) bool {
		topic, _, _ := strings.Cut(key, keySeparator)
		return match(topic, false)
	}
	topicAndGroup := func(key string) bool { return first(key) || last(key) }
	queueFirst := func(key string) bool { // queueId@topic@group, or topic@group
		if _, rest, _ := strings.Cut(key, keySeparator); strings.Contains(rest, keySeparator) {
			key = rest
		}
		return topicAndGroup(key)
	}
	for _, name := range []string{TopicPutNums, TopicPutSize, QueuePutNums, QueuePutSize} {
		m.sets[name].removeIf(first)
	}
	for _, name := range []string{GroupGetNums, GroupGetSize, SndbckPutNums, QueueGetNums, QueueGetSize, GroupGetFromDiskNums, GroupGetFromDiskSize} {
		m.sets[name].removeIf(topicAndGroup)
	}
	m.sets[GroupGetLatency].removeIf(queueFirst)
}
