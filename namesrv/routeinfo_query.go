package namesrv

import (
	"maps"
	"slices"
	"time"

	"github.com/boostermq/booster/codec"
	"github.com/boostermq/booster/codec/fastjson"
)

// dialect is how a route is written.
type dialect int

const (
	dialectFastjson dialect = iota // integer keys without quotes, UTF-8: callers before 4.9.4
	dialectStandard                // strict JSON, ASCII only
	dialects
)

// maxCachedBytes bounds the route bodies kept in memory. A cluster of 40,000
// topics on 8 brokers takes some 50 MB.
const maxCachedBytes = 128 << 20

// Route returns the encoded TopicRouteData of topic; ok is false when the topic
// has no broker that is there. The bytes are shared: read only. A topic asked
// for a second time costs one look-up, until its route changes.
func (m *RouteInfoManager) Route(topic string, d dialect) (body []byte, ok bool, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e := m.mu.topicQueueTable[topic]
	if e == nil {
		return nil, false, nil
	}
	if cached := e.encoded[d].Load(); cached != nil {
		return *cached, true, nil
	}
	return m.routeBuild(topic, e, d)
}

// routeBuild encodes the route of e and keeps it. Call with mu read-locked.
func (m *RouteInfoManager) routeBuild(topic string, e *topicEntry, d dialect) ([]byte, bool, error) {
	route, ok := m.pickupRoute(e)
	if !ok {
		return nil, false, nil
	}
	route.OrderTopicConf = m.orderTopicConf(topic)
	body, err := encodeRoute(&route, d)
	if err != nil {
		return nil, false, err
	}
	if m.cachedBytes.Load()+int64(len(body)) > maxCachedBytes {
		m.evictRoutes()
	}
	if e.encoded[d].CompareAndSwap(nil, &body) {
		m.cachedBytes.Add(int64(len(body)))
	}
	return body, true, nil
}

func encodeRoute(route *codec.TopicRouteData, d dialect) ([]byte, error) {
	if d == dialectStandard {
		return fastjson.MarshalStandard(route)
	}
	return fastjson.Marshal(route)
}

// pickupRoute collects the route of e (Java: pickupTopicRouteData).
func (m *RouteInfoManager) pickupRoute(e *topicEntry) (route codec.TopicRouteData, ok bool) {
	route.QueueDatas = slices.Clone(e.queues)
	route.FilterServerTable = map[string][]string{}
	for _, q := range e.queues {
		broker := m.mu.brokerAddrTable[q.BrokerName]
		if broker == nil {
			continue
		}
		route.BrokerDatas = append(route.BrokerDatas, broker.data())
		for _, addr := range broker.addrs {
			if servers := m.mu.filterServerTable[addr]; servers != nil {
				route.FilterServerTable[addr] = servers
			}
		}
	}
	return route, len(route.BrokerDatas) > 0
}

func (b *brokerEntry) data() codec.BrokerData {
	return codec.BrokerData{Cluster: b.cluster, BrokerName: b.name, BrokerAddrs: maps.Clone(b.addrs)}
}

// forgetRoute drops the cached bodies of e. Call with mu locked.
func (m *RouteInfoManager) forgetRoute(e *topicEntry) {
	for d := range e.encoded {
		if old := e.encoded[d].Swap(nil); old != nil {
			m.cachedBytes.Add(-int64(len(*old)))
		}
	}
}

// forgetBrokerRoutes drops what is cached about broker. Call with mu locked.
func (m *RouteInfoManager) forgetBrokerRoutes(broker string) {
	m.clusterInfo.Store(nil)
	for _, e := range m.mu.topicQueueTable {
		if _, found := e.find(broker); found {
			m.forgetRoute(e)
		}
	}
}

// evictRoutes empties the route cache. It runs under mu.RLock, where others may
// fill it again at the same time; the count stays right because every body is
// counted once in and once out.
func (m *RouteInfoManager) evictRoutes() {
	for _, e := range m.mu.topicQueueTable {
		m.forgetRoute(e)
	}
}

// OrderConfChanged tells that orderTopicConf may answer something new for
// topic, or for all topics when topic is "".
func (m *RouteInfoManager) OrderConfChanged(topic string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if topic == "" {
		m.evictRoutes()
	} else if e := m.mu.topicQueueTable[topic]; e != nil {
		m.forgetRoute(e)
	}
}

// ClusterInfo returns the encoded ClusterInfo, always in the old dialect. The bytes are shared: read only.
func (m *RouteInfoManager) ClusterInfo() ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if cached := m.clusterInfo.Load(); cached != nil {
		return *cached, nil
	}
	info := codec.ClusterInfo{BrokerAddrTable: map[string]codec.BrokerData{}, ClusterAddrTable: map[string][]string{}}
	for name, broker := range m.mu.brokerAddrTable {
		info.BrokerAddrTable[name] = broker.data()
	}
	for cluster, names := range m.mu.clusterAddrTable {
		info.ClusterAddrTable[cluster] = slices.Sorted(maps.Keys(names))
	}
	body, err := fastjson.Marshal(info)
	if err != nil {
		return nil, err
	}
	m.clusterInfo.Store(&body)
	return body, nil
}

// QueryDataVersion compares version with that of the broker at addr and, when
// they agree, counts as a sign of life (322). known is false when the address
// is not registered; then changed is true.
func (m *RouteInfoManager) QueryDataVersion(addr string, version codec.DataVersion) (stored codec.DataVersion, known, changed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	live := m.mu.liveTable[addr]
	if live == nil {
		return stored, false, true
	}
	if changed = live.dataVersion != version; !changed {
		live.lastUpdate = time.Now()
	}
	return live.dataVersion, true, changed
}

// AllTopics lists all topics, sorted (206).
func (m *RouteInfoManager) AllTopics() []string {
	return m.topics(func(*topicEntry) bool { return true })
}

// TopicsByCluster lists the topics that a broker of cluster has (224).
func (m *RouteInfoManager) TopicsByCluster(cluster string) []string {
	return m.topics(func(e *topicEntry) bool {
		names := m.mu.clusterAddrTable[cluster]
		return slices.ContainsFunc(e.queues, func(q codec.QueueData) bool { _, ok := names[q.BrokerName]; return ok })
	})
}

// UnitTopics lists topics with the unit flag (311).
func (m *RouteInfoManager) UnitTopics() []string {
	return m.topics(func(e *topicEntry) bool { return e.sysFlag()&codec.TopicFlagUnit != 0 })
}

// UnitSubTopics lists topics with the unit-sub flag (312).
func (m *RouteInfoManager) UnitSubTopics() []string {
	return m.topics(func(e *topicEntry) bool { return e.sysFlag()&codec.TopicFlagUnitSub != 0 })
}

// UnitSubUnUnitTopics lists topics with the unit-sub and without the unit flag (313).
func (m *RouteInfoManager) UnitSubUnUnitTopics() []string {
	return m.topics(func(e *topicEntry) bool {
		return e.sysFlag()&(codec.TopicFlagUnit|codec.TopicFlagUnitSub) == codec.TopicFlagUnitSub
	})
}

// sysFlag is that of the first broker, which stands for all.
func (e *topicEntry) sysFlag() int32 { return e.queues[0].TopicSysFlag }

// topics lists the topics that want accepts, sorted, never nil.
func (m *RouteInfoManager) topics(want func(e *topicEntry) bool) []string {
	m.mu.RLock()
	list := []string{}
	for topic, e := range m.mu.topicQueueTable {
		if want(e) {
			list = append(list, topic)
		}
	}
	m.mu.RUnlock()
	slices.Sort(list)
	return list
}

// SystemTopics lists the names of all clusters and brokers, sorted, and one broker address, "" when there is none (304).
func (m *RouteInfoManager) SystemTopics() (names []string, brokerAddr string) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	set := map[string]struct{}{}
	for cluster, brokers := range m.mu.clusterAddrTable {
		set[cluster] = struct{}{}
		maps.Copy(set, brokers)
	}
	names = slices.Sorted(maps.Keys(set))
	if names == nil {
		names = []string{}
	}
	for _, name := range names {
		if broker := m.mu.brokerAddrTable[name]; broker != nil {
			ids := slices.Sorted(maps.Keys(broker.addrs))
			return names, broker.addrs[ids[0]]
		}
	}
	return names, ""
}

// Counts returns the numbers of broker addresses alive and of topics.
func (m *RouteInfoManager) Counts() (brokers, topics int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.mu.liveTable), len(m.mu.topicQueueTable)
}
