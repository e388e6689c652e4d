package namesrv

import (
	"slices"
	"time"

	"github.com/boostermq/booster/codec"
)

// UnregisterBroker takes a broker out as it asked for (Java: unregisterBroker).
//
// Difference from Java: it is obeyed only while name and id stand for addr. A
// broker that moved to another address is not thrown out by the late farewell
// of its old process, and no address stays in the tables that is not alive.
func (m *RouteInfoManager) UnregisterBroker(cluster, addr, name string, id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	live := m.mu.liveTable[addr]
	if live == nil || live.registration.brokerName != name || live.registration.brokerID != id {
		return
	}
	m.log.Info("broker unregistered", "cluster", cluster, "broker", name, "id", id, "addr", addr)
	m.dropAddr(addr)
}

// ConnectionClosed takes out the brokers that registered last over conn (Java:
// onChannelDestroy).
//
// Difference from Java: when conn registered nothing, nothing is looked for
// under its remote address; a registered address is a listening one.
func (m *RouteInfoManager) ConnectionClosed(conn connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for addr := range m.mu.addrsByConn[conn] {
		m.log.Warn("connection of a broker is lost", "addr", addr)
		m.dropAddr(addr)
	}
}

// IsBroker tells whether a broker registered last over conn; most connections are clients'.
func (m *RouteInfoManager) IsBroker(conn connection) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, known := m.mu.addrsByConn[conn]
	return known
}

// ScanNotActive takes out the brokers that were silent for longer than
// brokerExpiry and closes their connections (Java: scanNotActiveBroker). It
// returns how many.
func (m *RouteInfoManager) ScanNotActive() int {
	expired := m.scanExpired(time.Now().Add(-brokerExpiry))
	for _, conn := range expired {
		conn.Close() // not under mu: the close handler takes it
	}
	return len(expired)
}

func (m *RouteInfoManager) scanExpired(before time.Time) (conns []connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for addr, live := range m.mu.liveTable {
		if live.lastUpdate.Before(before) {
			m.log.Warn("broker is silent, dropped", "addr", addr, "lastUpdate", live.lastUpdate)
			conns = append(conns, live.conn)
			m.dropAddr(addr)
		}
	}
	return conns
}

// dropAddr forgets a broker address and, unless another address took its id, the id.
func (m *RouteInfoManager) dropAddr(addr string) {
	live := m.mu.liveTable[addr]
	if live == nil {
		return
	}
	m.unbindConn(addr, live)
	delete(m.mu.liveTable, addr)
	delete(m.mu.filterServerTable, addr)
	id := live.registration.brokerID
	if broker := m.mu.brokerAddrTable[live.registration.brokerName]; broker != nil && broker.addrs[id] == addr {
		m.dropBrokerID(broker, id)
	}
}

// dropBrokerID takes one id from broker; with the last one go the name, an
// empty cluster, and the topics nobody else has.
func (m *RouteInfoManager) dropBrokerID(broker *brokerEntry, id int64) {
	delete(broker.addrs, id)
	m.forgetBrokerRoutes(broker.name)
	if len(broker.addrs) > 0 {
		return
	}
	delete(m.mu.brokerAddrTable, broker.name)
	for cluster, names := range m.mu.clusterAddrTable {
		delete(names, broker.name)
		if len(names) == 0 {
			delete(m.mu.clusterAddrTable, cluster)
		}
	}
	for topic := range m.mu.topicQueueTable {
		m.dropQueueData(topic, broker.name)
	}
}

// dropQueueData takes broker from topic; a topic without brokers goes.
func (m *RouteInfoManager) dropQueueData(topic, broker string) {
	e := m.mu.topicQueueTable[topic]
	if e == nil {
		return
	}
	i, found := e.find(broker)
	if !found {
		return
	}
	m.forgetRoute(e)
	if e.queues = slices.Delete(e.queues, i, i+1); len(e.queues) == 0 {
		delete(m.mu.topicQueueTable, topic)
	}
}

// DeleteTopic drops topic from all brokers (216 without clusterName).
func (m *RouteInfoManager) DeleteTopic(topic string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.mu.topicQueueTable[topic]; e != nil {
		m.forgetRoute(e)
		delete(m.mu.topicQueueTable, topic)
		m.log.Info("topic deleted", "topic", topic)
	}
}

// DeleteTopicInCluster drops topic from the brokers of cluster (216 with clusterName).
func (m *RouteInfoManager) DeleteTopicInCluster(topic, cluster string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for broker := range m.mu.clusterAddrTable[cluster] {
		m.dropQueueData(topic, broker)
	}
	m.log.Info("topic deleted", "topic", topic, "cluster", cluster)
}

// WipeWritePerm takes the write bit from all topics of broker and returns how many topics it has.
func (m *RouteInfoManager) WipeWritePerm(broker string) int {
	return m.operateWritePerm(broker, func(perm int32) int32 { return perm &^ codec.PermWrite })
}

// AddWritePerm sets perm to read and write on all topics of broker and returns how many topics it has.
func (m *RouteInfoManager) AddWritePerm(broker string) int {
	return m.operateWritePerm(broker, func(int32) int32 { return codec.PermRead | codec.PermWrite })
}

func (m *RouteInfoManager) operateWritePerm(broker string, change func(perm int32) int32) (topics int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.mu.topicQueueTable {
		i, found := e.find(broker)
		if !found {
			continue
		}
		topics++
		if perm := change(e.queues[i].Perm); perm != e.queues[i].Perm {
			e.queues[i].Perm = perm
			m.forgetRoute(e)
		}
	}
	return topics
}
