package namesrv

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/boostermq/booster/codec"
)

// brokerExpiry is how long a broker may stay silent (Java: BROKER_CHANNEL_EXPIRED_TIME).
const brokerExpiry = 120 * time.Second

// RouteInfoManager holds who is there and who has which topic. All tables are
// guarded by mu; nothing under it blocks, so event loops may take it.
//
// Laws, with mu free:
//
//	a topic has at least one queue data, sorted by broker name
//	a broker entry has at least one address, its name stands in a cluster
//	an address of a broker entry is in liveTable, registered with that name and
//	id: it stands in one entry only (the reverse need not hold: an address that
//	another took the id from is alive until it falls silent)
//	a cluster has at least one broker name
//	liveTable[a].conn = c  ⇔  a ∈ addrsByConn[c]
//	a body in a route cache is what the tables would give
type RouteInfoManager struct {
	log *slog.Logger
	// orderTopicConf returns the order config to be told with the route of
	// topic, "" = none.
	orderTopicConf func(topic string) string

	mu struct {
		sync.RWMutex
		topicQueueTable   map[string]*topicEntry
		brokerAddrTable   map[string]*brokerEntry
		clusterAddrTable  map[string]map[string]struct{} // cluster → broker names
		liveTable         map[string]*brokerLive         // by broker address
		filterServerTable map[string][]string            // by broker address
		addrsByConn       map[connection]map[string]struct{}
	}
	cachedBytes atomic.Int64           // all route bodies together
	clusterInfo atomic.Pointer[[]byte] // encoded ClusterInfo, nil = not built
}

// connection is what a broker registers over. Identity counts.
type connection interface{ Close() }

// topicEntry is one topic (Java: an entry of topicQueueTable).
type topicEntry struct {
	queues []codec.QueueData // sorted by BrokerName, at most one each
	// encoded are the route bodies by dialect, nil = not built. Set under
	// mu.RLock, where all who set it at the same time set the same bytes. Who
	// changes the route holds mu.Lock and resets it.
	encoded [dialects]atomic.Pointer[[]byte]
}

// brokerEntry is one broker name (Java: BrokerData).
type brokerEntry struct {
	cluster string
	name    string
	addrs   map[int64]string // broker id → address; 0 is the master
}

// brokerLive is one registered address (Java: BrokerLiveInfo).
type brokerLive struct {
	lastUpdate   time.Time
	dataVersion  codec.DataVersion
	conn         connection
	haServerAddr string
	registration registrationKey
}

// registrationKey tells two registrations of one address apart: equal keys mean equal header and body.
type registrationKey struct {
	cluster, brokerName string
	brokerID            int64
	bodyHash            uint64
}

// Registration is what 103 brings.
type Registration struct {
	Cluster, BrokerName string
	BrokerAddr          string
	BrokerID            int64 // 0 = master
	HAServerAddr        string
	BodyHash            uint64 // of the body as it came, see bodyHasher
	Conn                connection
}

// RegistrationBody is the decoded body of 103.
type RegistrationBody struct {
	DataVersion codec.DataVersion
	Topics      []*codec.TopicConfig // usable ones only, see checkTopic
	// FilterServers replaces the filter servers of the address; nil leaves them.
	FilterServers []string
}

// RegisterResult tells a slave where its master is; "" = unknown.
type RegisterResult struct{ HAServerAddr, MasterAddr string }

// NewRouteInfoManager returns empty tables.
func NewRouteInfoManager(log *slog.Logger, orderTopicConf func(topic string) string) *RouteInfoManager {
	m := &RouteInfoManager{log: log, orderTopicConf: orderTopicConf}
	m.mu.topicQueueTable = map[string]*topicEntry{}
	m.mu.brokerAddrTable = map[string]*brokerEntry{}
	m.mu.clusterAddrTable = map[string]map[string]struct{}{}
	m.mu.liveTable = map[string]*brokerLive{}
	m.mu.filterServerTable = map[string][]string{}
	m.mu.addrsByConn = map[connection]map[string]struct{}{}
	return m
}

// Refresh registers a broker that sends the very registration it sent last
// time; ok is false when it does not, or when its entry has changed since. It
// spares decoding the body, which is the whole topic table every 30 s.
func (m *RouteInfoManager) Refresh(r *Registration) (res RegisterResult, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	live := m.mu.liveTable[r.BrokerAddr]
	broker := m.mu.brokerAddrTable[r.BrokerName]
	if live == nil || broker == nil || live.registration != r.key() || broker.addrs[r.BrokerID] != r.BrokerAddr {
		return res, false
	}
	live.lastUpdate = time.Now()
	live.haServerAddr = cloneIfNew(live.haServerAddr, r.HAServerAddr)
	m.bindConn(r.BrokerAddr, live, r.Conn)
	return m.registerResult(broker, r.BrokerID), true
}

// RegisterBroker takes a registration in (Java: registerBroker). Topics absent
// from body stay; slaves never change topics. An error means that a bound was
// met; then nothing has changed.
//
// Difference from Java: a process that comes back under another broker name
// leaves its old one at once.
func (m *RouteInfoManager) RegisterBroker(r *Registration, body *RegistrationBody) (RegisterResult, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.registerCheckBounds(r, body); err != nil {
		return RegisterResult{}, err
	}
	if live := m.mu.liveTable[r.BrokerAddr]; live != nil && live.registration.brokerName != r.BrokerName {
		m.log.Warn("broker address changes its name", "addr", r.BrokerAddr, "from", live.registration.brokerName, "to", r.BrokerName)
		m.dropAddr(r.BrokerAddr)
	}
	broker, first := m.registerAddress(r)
	prev := m.mu.liveTable[r.BrokerAddr]
	if r.BrokerID == masterID && (first || prev == nil || prev.dataVersion != body.DataVersion) {
		for _, t := range body.Topics {
			m.putQueueData(t, broker.name)
		}
	}
	m.registerLive(r, body)
	m.registerFilterServers(broker, r.BrokerAddr, body.FilterServers)
	return m.registerResult(broker, r.BrokerID), nil
}

// masterID is the broker id of a master (Java: MixAll.MASTER_ID).
const masterID int64 = 0

func (m *RouteInfoManager) registerCheckBounds(r *Registration, body *RegistrationBody) error {
	if m.mu.liveTable[r.BrokerAddr] == nil && len(m.mu.liveTable) >= maxBrokers {
		return fmt.Errorf("more than %d brokers", maxBrokers)
	}
	if r.BrokerID != masterID || len(m.mu.topicQueueTable)+len(body.Topics) <= maxTopics {
		return nil
	}
	count := len(m.mu.topicQueueTable)
	for _, t := range body.Topics {
		if m.mu.topicQueueTable[t.TopicName] == nil {
			count++
		}
	}
	if count > maxTopics {
		return fmt.Errorf("more than %d topics", maxTopics)
	}
	return nil
}

// registerAddress enters cluster, name, id and address. first is Java's
// registerFirst: the broker or its id was not there.
func (m *RouteInfoManager) registerAddress(r *Registration) (broker *brokerEntry, first bool) {
	broker = m.mu.brokerAddrTable[r.BrokerName]
	changed := broker == nil
	if broker == nil {
		broker = &brokerEntry{cluster: strings.Clone(r.Cluster), name: strings.Clone(r.BrokerName), addrs: map[int64]string{}}
		m.mu.brokerAddrTable[broker.name] = broker
	}
	names := m.mu.clusterAddrTable[r.Cluster]
	if names == nil {
		names = map[string]struct{}{}
		m.mu.clusterAddrTable[strings.Clone(r.Cluster)] = names
	}
	if _, ok := names[broker.name]; !ok {
		names[broker.name], changed = struct{}{}, true
	}
	for id, addr := range broker.addrs { // a slave that became master on its address has one id, not two
		if addr == r.BrokerAddr && id != r.BrokerID {
			delete(broker.addrs, id)
			changed = true
		}
	}
	old, known := broker.addrs[r.BrokerID]
	if old != r.BrokerAddr {
		if known {
			m.log.Warn("broker id changes its address", "broker", broker.name, "id", r.BrokerID, "from", old, "to", r.BrokerAddr)
		}
		broker.addrs[r.BrokerID] = strings.Clone(r.BrokerAddr)
		changed = true
	}
	if changed {
		m.log.Info("broker registered", "cluster", broker.cluster, "broker", broker.name, "id", r.BrokerID, "addr", r.BrokerAddr)
		m.forgetBrokerRoutes(broker.name)
	}
	return broker, !known
}

// putQueueData makes t what broker has of its topic (Java: createAndUpdateQueueData).
func (m *RouteInfoManager) putQueueData(t *codec.TopicConfig, broker string) {
	q := codec.QueueData{BrokerName: broker, ReadQueueNums: t.ReadQueueNums, WriteQueueNums: t.WriteQueueNums, Perm: t.Perm, TopicSysFlag: t.TopicSysFlag}
	e := m.mu.topicQueueTable[t.TopicName]
	if e == nil {
		m.mu.topicQueueTable[strings.Clone(t.TopicName)] = &topicEntry{queues: []codec.QueueData{q}}
		return
	}
	i, found := e.find(broker)
	switch {
	case !found:
		e.queues = slices.Insert(e.queues, i, q)
	case e.queues[i] == q:
		return
	default:
		e.queues[i] = q
	}
	m.forgetRoute(e)
}

// find returns where broker stands, or would stand, in e.queues.
func (e *topicEntry) find(broker string) (int, bool) {
	return slices.BinarySearchFunc(e.queues, broker, func(q codec.QueueData, name string) int {
		return strings.Compare(q.BrokerName, name)
	})
}

func (m *RouteInfoManager) registerLive(r *Registration, body *RegistrationBody) {
	live := m.mu.liveTable[r.BrokerAddr]
	if live == nil {
		live = &brokerLive{}
		m.mu.liveTable[strings.Clone(r.BrokerAddr)] = live
	}
	live.lastUpdate, live.dataVersion = time.Now(), body.DataVersion
	live.haServerAddr = cloneIfNew(live.haServerAddr, r.HAServerAddr)
	live.registration = r.key()
	live.registration.cluster = strings.Clone(r.Cluster)
	live.registration.brokerName = strings.Clone(r.BrokerName)
	m.bindConn(r.BrokerAddr, live, r.Conn)
}

// bindConn makes conn the one over which addr is registered.
func (m *RouteInfoManager) bindConn(addr string, live *brokerLive, conn connection) {
	if live.conn == conn {
		return
	}
	m.unbindConn(addr, live)
	live.conn = conn
	addrs := m.mu.addrsByConn[conn]
	if addrs == nil {
		addrs = map[string]struct{}{}
		m.mu.addrsByConn[conn] = addrs
	}
	addrs[strings.Clone(addr)] = struct{}{}
}

func (m *RouteInfoManager) unbindConn(addr string, live *brokerLive) {
	if addrs := m.mu.addrsByConn[live.conn]; addrs != nil {
		delete(addrs, addr)
		if len(addrs) == 0 {
			delete(m.mu.addrsByConn, live.conn)
		}
	}
}

func (m *RouteInfoManager) registerFilterServers(broker *brokerEntry, addr string, servers []string) {
	if servers == nil || slices.Equal(servers, m.mu.filterServerTable[addr]) {
		return
	}
	if len(servers) == 0 {
		delete(m.mu.filterServerTable, addr)
	} else {
		m.mu.filterServerTable[strings.Clone(addr)] = servers
	}
	m.forgetBrokerRoutes(broker.name)
}

// registerResult is what a registration is answered with: a slave is told its master, when that lives.
func (m *RouteInfoManager) registerResult(broker *brokerEntry, id int64) (res RegisterResult) {
	if id == masterID {
		return res
	}
	masterAddr, ok := broker.addrs[masterID]
	if !ok {
		return res
	}
	if live := m.mu.liveTable[masterAddr]; live != nil {
		res.MasterAddr, res.HAServerAddr = masterAddr, live.haServerAddr
	}
	return res
}

func (r *Registration) key() registrationKey {
	return registrationKey{cluster: r.Cluster, brokerName: r.BrokerName, brokerID: r.BrokerID, bodyHash: r.BodyHash}
}

// cloneIfNew returns old when it equals s, else a copy of s that keeps no request alive.
func cloneIfNew(old, s string) string {
	if old == s {
		return old
	}
	return strings.Clone(s)
}
