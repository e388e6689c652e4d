package namesrv

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/boostermq/booster/codec"
)

// fakeConn is a connection that tells the manager of its end, as the server does.
type fakeConn struct {
	m      *RouteInfoManager
	closed int
}

func (c *fakeConn) Close() {
	c.closed++
	if c.m != nil {
		c.m.ConnectionClosed(c)
	}
}

func newTestManager() *RouteInfoManager {
	return NewRouteInfoManager(slog.New(slog.DiscardHandler), func(string) string { return "" })
}

func topicConfig(name string, perm, queues int32) *codec.TopicConfig {
	return &codec.TopicConfig{TopicName: name, ReadQueueNums: queues, WriteQueueNums: queues, Perm: perm, TopicFilterType: codec.SingleTag}
}

// broker is one registering process of a test.
type broker struct {
	cluster, name, addr string
	id                  int64
	version             codec.DataVersion
	topics              []*codec.TopicConfig
	filters             []string
	conn                *fakeConn
}

func (b *broker) registration() *Registration {
	return &Registration{Cluster: b.cluster, BrokerName: b.name, BrokerAddr: b.addr, BrokerID: b.id, HAServerAddr: b.addr + "1",
		BodyHash: uint64(b.version.Counter), Conn: b.conn}
}

func (b *broker) register(t require.TestingT, m *RouteInfoManager) RegisterResult {
	res, err := m.RegisterBroker(b.registration(), &RegistrationBody{DataVersion: b.version, Topics: b.topics, FilterServers: b.filters})
	require.NoError(t, err)
	checkLaws(t, m)
	return res
}

func master(name, addr string, topics ...*codec.TopicConfig) *broker {
	return &broker{cluster: "C", name: name, addr: addr, version: codec.DataVersion{Counter: 1, Timestamp: 7}, topics: topics, conn: &fakeConn{}}
}

func slave(name, addr string, id int64) *broker {
	b := master(name, addr)
	b.id = id
	return b
}

// route is the route of topic as text in the standard dialect, "" = none.
func route(t require.TestingT, m *RouteInfoManager, topic string) string {
	body, ok, err := m.Route(topic, dialectStandard)
	require.NoError(t, err)
	if !ok {
		return ""
	}
	return string(body)
}

func clusterInfo(t require.TestingT, m *RouteInfoManager) string {
	body, err := m.ClusterInfo()
	require.NoError(t, err)
	return string(body)
}

const noClusters = `{"brokerAddrTable":{},"clusterAddrTable":{}}`

// checkLaws verifies the laws written at RouteInfoManager.
func checkLaws(t require.TestingT, m *RouteInfoManager) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var cached int64
	for topic, e := range m.mu.topicQueueTable {
		require.NotEmpty(t, e.queues, topic)
		require.True(t, slices.IsSortedFunc(e.queues, func(a, b codec.QueueData) int { return strings.Compare(a.BrokerName, b.BrokerName) }))
		for _, q := range e.queues {
			require.Contains(t, m.mu.brokerAddrTable, q.BrokerName)
		}
		for d := range e.encoded {
			if body := e.encoded[d].Load(); body != nil {
				cached += int64(len(*body))
				want, ok := m.pickupRoute(e)
				require.True(t, ok)
				text, err := encodeRoute(&want, dialect(d))
				require.NoError(t, err)
				require.Equal(t, string(text), string(*body))
			}
		}
	}
	require.Equal(t, cached, m.cachedBytes.Load())
	named := map[string]bool{}
	for cluster, names := range m.mu.clusterAddrTable {
		require.NotEmpty(t, names, cluster)
		for name := range names {
			named[name] = true
		}
	}
	for name, b := range m.mu.brokerAddrTable {
		require.True(t, named[name])
		require.NotEmpty(t, b.addrs)
		for id, addr := range b.addrs {
			require.Contains(t, m.mu.liveTable, addr)
			require.Equal(t, name, m.mu.liveTable[addr].registration.brokerName)
			require.Equal(t, id, m.mu.liveTable[addr].registration.brokerID)
		}
	}
	require.Len(t, named, len(m.mu.brokerAddrTable))
	bound := 0
	for conn, addrs := range m.mu.addrsByConn {
		require.NotEmpty(t, addrs)
		for addr := range addrs {
			bound++
			require.True(t, conn == m.mu.liveTable[addr].conn)
		}
	}
	require.Len(t, m.mu.liveTable, bound)
	for addr := range m.mu.filterServerTable {
		require.Contains(t, m.mu.liveTable, addr)
	}
}

func TestRegisterMaster(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "10.0.0.1:10911", topicConfig("T", 6, 4), topicConfig("U", 4, 1))
	require.Equal(t, RegisterResult{}, b.register(t, m), "a master is told nothing")
	require.Equal(t, `{"brokerDatas":[{"brokerAddrs":{"0":"10.0.0.1:10911"},"brokerName":"b-a","cluster":"C"}],"filterServerTable":{},`+
		`"queueDatas":[{"brokerName":"b-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}`, route(t, m, "T"))
	legacy, ok, err := m.Route("T", dialectFastjson)
	require.NoError(t, err)
	require.True(t, ok)
	require.Contains(t, string(legacy), `"brokerAddrs":{0:"10.0.0.1:10911"}`)
	require.Equal(t, `{"brokerAddrTable":{"b-a":{"brokerAddrs":{0:"10.0.0.1:10911"},"brokerName":"b-a","cluster":"C"}},"clusterAddrTable":{"C":["b-a"]}}`, clusterInfo(t, m))
	require.Equal(t, []string{"T", "U"}, m.AllTopics())
	require.Empty(t, route(t, m, "V"))
}

func TestRegisterDataVersionDecides(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "h:1", topicConfig("T", 6, 4))
	b.register(t, m)

	b.topics = []*codec.TopicConfig{topicConfig("T", 6, 8), topicConfig("U", 6, 8)}
	b.register(t, m)
	require.Contains(t, route(t, m, "T"), `"readQueueNums":4`, "same version: topics are not looked at")
	require.Empty(t, route(t, m, "U"))

	b.version.Counter++
	b.register(t, m)
	require.Contains(t, route(t, m, "T"), `"readQueueNums":8`)
	require.NotEmpty(t, route(t, m, "U"))

	b.version.Timestamp++
	b.topics = []*codec.TopicConfig{topicConfig("V", 6, 8)}
	b.register(t, m)
	require.Equal(t, []string{"T", "U", "V"}, m.AllTopics(), "topics absent from the body stay")
}

func TestRegisterAgainAfterLossIsFirst(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "h:1", topicConfig("T", 6, 4))
	b.register(t, m)
	m.ConnectionClosed(b.conn)
	require.Empty(t, route(t, m, "T"))
	require.Equal(t, noClusters, clusterInfo(t, m))

	b.conn = &fakeConn{}
	b.register(t, m)
	require.NotEmpty(t, route(t, m, "T"), "the version is unchanged, but the entry was gone")
}

func TestRegisterSlave(t *testing.T) {
	m := newTestManager()
	s := slave("b-a", "h:2", 1)
	s.topics = []*codec.TopicConfig{topicConfig("T", 6, 4)}
	require.Equal(t, RegisterResult{}, s.register(t, m), "no master yet")
	require.Empty(t, route(t, m, "T"), "slaves never change topics")

	master("b-a", "h:1", topicConfig("T", 6, 4)).register(t, m)
	require.Equal(t, RegisterResult{HAServerAddr: "h:11", MasterAddr: "h:1"}, s.register(t, m))
	require.Contains(t, route(t, m, "T"), `"brokerAddrs":{"0":"h:1","1":"h:2"}`)
}

func TestSlaveBecomesMasterOnItsAddress(t *testing.T) {
	m := newTestManager()
	s := slave("b-a", "h:2", 1)
	s.register(t, m)
	s.id, s.topics = 0, []*codec.TopicConfig{topicConfig("T", 6, 4)}
	s.register(t, m)
	require.Contains(t, route(t, m, "T"), `"brokerAddrs":{"0":"h:2"}`)
}

func TestMasterMovesToAnotherAddress(t *testing.T) {
	m := newTestManager()
	old := master("b-a", "h:1", topicConfig("T", 6, 4))
	old.register(t, m)
	moved := master("b-a", "h:9", topicConfig("T", 6, 8))
	moved.register(t, m)
	require.Contains(t, route(t, m, "T"), `"brokerAddrs":{"0":"h:9"}`)
	require.Contains(t, route(t, m, "T"), `"readQueueNums":8`)

	m.UnregisterBroker("C", old.addr, "b-a", 0)
	checkLaws(t, m)
	require.Contains(t, route(t, m, "T"), `"brokerAddrs":{"0":"h:9"}`, "the farewell of the old process does not hit the new one")
	m.ConnectionClosed(old.conn)
	checkLaws(t, m)
	require.NotEmpty(t, route(t, m, "T"))
	m.ConnectionClosed(moved.conn)
	require.Empty(t, route(t, m, "T"))
}

func TestBrokerComesBackUnderAnotherName(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "h:1", topicConfig("T", 6, 4))
	b.register(t, m)
	b.name = "b-b"
	b.register(t, m)
	require.Equal(t, `{"brokerAddrTable":{"b-b":{"brokerAddrs":{0:"h:1"},"brokerName":"b-b","cluster":"C"}},"clusterAddrTable":{"C":["b-b"]}}`, clusterInfo(t, m))
	require.NotContains(t, route(t, m, "T"), "b-a")
}

func TestRefresh(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "h:1", topicConfig("T", 6, 4))
	_, ok := m.Refresh(b.registration())
	require.False(t, ok, "unknown address")
	b.register(t, m)
	res, ok := m.Refresh(b.registration())
	require.True(t, ok)
	require.Equal(t, RegisterResult{}, res)

	s := slave("b-a", "h:2", 1)
	s.register(t, m)
	res, ok = m.Refresh(s.registration())
	require.True(t, ok)
	require.Equal(t, RegisterResult{HAServerAddr: "h:11", MasterAddr: "h:1"}, res)

	for what, change := range map[string]func(r *Registration){
		"body": func(r *Registration) { r.BodyHash++ }, "name": func(r *Registration) { r.BrokerName = "b-b" },
		"cluster": func(r *Registration) { r.Cluster = "D" }, "id": func(r *Registration) { r.BrokerID = 2 },
	} {
		r := s.registration()
		change(r)
		_, ok = m.Refresh(r)
		require.False(t, ok, what)
	}

	r := s.registration()
	other := &fakeConn{}
	r.Conn, r.HAServerAddr = other, "h:77"
	_, ok = m.Refresh(r)
	require.True(t, ok)
	checkLaws(t, m)
	m.ConnectionClosed(s.conn)
	require.Contains(t, route(t, m, "T"), `"1":"h:2"`, "only the connection registered last counts")
	m.ConnectionClosed(other)
	require.NotContains(t, route(t, m, "T"), `"1":"h:2"`)
}

func TestUnregister(t *testing.T) {
	m := newTestManager()
	a, s, b := master("b-a", "h:1", topicConfig("T", 6, 4), topicConfig("OnlyA", 6, 4)), slave("b-a", "h:2", 1), master("b-b", "h:3", topicConfig("T", 6, 4))
	for _, x := range []*broker{a, s, b} {
		x.register(t, m)
	}
	m.UnregisterBroker("C", "h:1", "b-a", 0)
	checkLaws(t, m)
	require.Contains(t, route(t, m, "OnlyA"), `"brokerAddrs":{"1":"h:2"}`, "a slave alone keeps the topics")

	m.UnregisterBroker("C", "h:2", "b-a", 5)
	require.NotEmpty(t, route(t, m, "OnlyA"), "not the id of that address")

	m.UnregisterBroker("wrong cluster", "h:2", "b-a", 1)
	checkLaws(t, m)
	require.Empty(t, route(t, m, "OnlyA"))
	require.NotContains(t, route(t, m, "T"), "b-a")

	m.UnregisterBroker("C", "h:3", "b-b", 0)
	m.UnregisterBroker("C", "h:3", "b-b", 0)
	checkLaws(t, m)
	require.Equal(t, noClusters, clusterInfo(t, m))
	require.Empty(t, m.AllTopics())
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newTestManager()
		silent, lively := master("b-a", "h:1", topicConfig("T", 6, 4)), master("b-b", "h:2", topicConfig("T", 6, 4))
		silent.conn.m, lively.conn.m = m, m
		silent.register(t, m)
		lively.register(t, m)
		time.Sleep(brokerExpiry)
		_, known, changed := m.QueryDataVersion("h:2", lively.version)
		require.True(t, known)
		require.False(t, changed)
		require.Zero(t, m.ScanNotActive(), "silent for exactly 120 s")
		time.Sleep(time.Millisecond)
		require.Equal(t, 1, m.ScanNotActive())
		checkLaws(t, m)
		require.Equal(t, 1, silent.conn.closed)
		require.Zero(t, lively.conn.closed)
		require.NotContains(t, route(t, m, "T"), "b-a")
		require.Contains(t, route(t, m, "T"), "b-b")
	})
}

func TestQueryDataVersion(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "h:1")
	_, known, changed := m.QueryDataVersion("h:1", b.version)
	require.False(t, known)
	require.True(t, changed)
	b.register(t, m)
	stored, known, changed := m.QueryDataVersion("h:1", codec.DataVersion{Counter: 1, Timestamp: 8})
	require.True(t, known)
	require.True(t, changed)
	require.Equal(t, b.version, stored)
}

func TestWritePerm(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "h:1", topicConfig("T", 7, 4), topicConfig("U", 4, 4))
	b.register(t, m)
	master("b-b", "h:2", topicConfig("T", 6, 4)).register(t, m)
	route(t, m, "T")
	require.Equal(t, 2, m.WipeWritePerm("b-a"))
	checkLaws(t, m)
	require.Contains(t, route(t, m, "T"), `"brokerName":"b-a","perm":5`)
	require.Contains(t, route(t, m, "T"), `"brokerName":"b-b","perm":6`)
	require.Equal(t, 2, m.AddWritePerm("b-a"))
	checkLaws(t, m)
	require.Contains(t, route(t, m, "T"), `"brokerName":"b-a","perm":6`)
	require.Contains(t, route(t, m, "U"), `"brokerName":"b-a","perm":6`)
	require.Zero(t, m.WipeWritePerm("nobody"))
}

func TestDeleteTopic(t *testing.T) {
	m := newTestManager()
	a, b := master("b-a", "h:1", topicConfig("T", 6, 4), topicConfig("U", 6, 4)), master("b-b", "h:2", topicConfig("T", 6, 4))
	b.cluster = "D"
	a.register(t, m)
	b.register(t, m)
	route(t, m, "T")
	m.DeleteTopicInCluster("T", "no such cluster")
	m.DeleteTopicInCluster("nothing", "C")
	require.Contains(t, route(t, m, "T"), "b-a")
	m.DeleteTopicInCluster("T", "C")
	checkLaws(t, m)
	require.NotContains(t, route(t, m, "T"), "b-a")
	require.Contains(t, route(t, m, "T"), "b-b")
	m.DeleteTopicInCluster("T", "D")
	checkLaws(t, m)
	require.Equal(t, []string{"U"}, m.AllTopics())
	m.DeleteTopic("U")
	m.DeleteTopic("U")
	checkLaws(t, m)
	require.Empty(t, m.AllTopics())
	require.NotEqual(t, noClusters, clusterInfo(t, m), "brokers stay")
}

func TestTopicLists(t *testing.T) {
	m := newTestManager()
	names, addr := m.SystemTopics()
	require.Equal(t, []string{}, names)
	require.Empty(t, addr)

	var topics []*codec.TopicConfig
	for flag, name := range []string{"None", "Unit", "Sub", "Both"} {
		topic := topicConfig(name, 6, 1)
		topic.TopicSysFlag = int32(flag)
		topics = append(topics, topic)
	}
	master("b-a", "h:1", topics...).register(t, m)
	b := master("b-b", "h:2", topicConfig("Unit", 6, 1), topicConfig("OnlyB", 6, 1))
	b.cluster = "D"
	b.register(t, m)

	require.Equal(t, []string{"Both", "Unit"}, m.UnitTopics())
	require.Equal(t, []string{"Both", "Sub"}, m.UnitSubTopics())
	require.Equal(t, []string{"Sub"}, m.UnitSubUnUnitTopics())
	require.Equal(t, []string{"Both", "None", "Sub", "Unit"}, m.TopicsByCluster("C"))
	require.Equal(t, []string{"OnlyB", "Unit"}, m.TopicsByCluster("D"))
	require.Equal(t, []string{}, m.TopicsByCluster("unknown"))
	names, addr = m.SystemTopics()
	require.Equal(t, []string{"C", "D", "b-a", "b-b"}, names)
	require.Equal(t, "h:1", addr)
	brokers, count := m.Counts()
	require.Equal(t, []int{2, 5}, []int{brokers, count})
}

func TestFilterServers(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "h:1", topicConfig("T", 6, 4))
	b.filters = []string{"f:1"}
	b.register(t, m)
	require.Contains(t, route(t, m, "T"), `"filterServerTable":{"h:1":["f:1"]}`)
	b.filters = nil
	b.register(t, m)
	require.Contains(t, route(t, m, "T"), `"filterServerTable":{"h:1":["f:1"]}`, "nil leaves them")
	b.filters = []string{}
	b.register(t, m)
	require.Contains(t, route(t, m, "T"), `"filterServerTable":{}`)
}

func TestOrderConfInRoute(t *testing.T) {
	conf := "b-a:4"
	m := NewRouteInfoManager(slog.New(slog.DiscardHandler), func(string) string { return conf })
	_, err := m.RegisterBroker(master("b-a", "h:1").registration(), &RegistrationBody{Topics: []*codec.TopicConfig{topicConfig("T", 6, 4)}})
	require.NoError(t, err)
	require.Contains(t, route(t, m, "T"), `"orderTopicConf":"b-a:4"`)
	conf = "b-a:8"
	require.Contains(t, route(t, m, "T"), `"orderTopicConf":"b-a:4"`, "cached")
	m.OrderConfChanged("T")
	require.Contains(t, route(t, m, "T"), `"orderTopicConf":"b-a:8"`)
	conf = ""
	m.OrderConfChanged("")
	require.NotContains(t, route(t, m, "T"), "orderTopicConf")
}

func TestRegisterBounds(t *testing.T) {
	m := newTestManager()
	b := master("b-a", "h:1", topicConfig("T", 6, 4))
	b.register(t, m)
	m.mu.Lock()
	for i := range maxTopics - 2 {
		m.mu.topicQueueTable[fmt.Sprint("filler", i)] = &topicEntry{queues: []codec.QueueData{{BrokerName: "b-a"}}}
	}
	m.mu.Unlock()
	b.version.Counter++
	reg := b.registration()
	_, err := m.RegisterBroker(reg, &RegistrationBody{DataVersion: b.version, Topics: []*codec.TopicConfig{topicConfig("T", 6, 4), topicConfig("U", 6, 4)}})
	require.NoError(t, err, "one new topic fits")
	b.version.Counter++
	_, err = m.RegisterBroker(reg, &RegistrationBody{DataVersion: b.version, Topics: []*codec.TopicConfig{topicConfig("V", 6, 4)}})
	require.ErrorContains(t, err, "more than 1000000 topics")
	_, known, changed := m.QueryDataVersion("h:1", b.version)
	require.True(t, known && changed, "nothing has changed")
}

// TestRouteLaws drives random events and checks the laws and a second
// implementation of who is there after each.
func TestRouteLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newTestManager()
		conns := []*fakeConn{{}, {}, {}}
		names, addrs, topics := []string{"a", "b", "c"}, []string{"h:1", "h:2", "h:3"}, []string{"T", "U", "V"}
		register := func(t *rapid.T) {
			b := &broker{cluster: rapid.SampledFrom([]string{"C", "D"}).Draw(t, "cluster"), name: rapid.SampledFrom(names).Draw(t, "name"),
				addr: rapid.SampledFrom(addrs).Draw(t, "addr"), id: rapid.Int64Range(-1, 2).Draw(t, "id"),
				version: codec.DataVersion{Counter: rapid.Int64Range(0, 2).Draw(t, "version")}, conn: rapid.SampledFrom(conns).Draw(t, "conn")}
			for _, topic := range rapid.SliceOfDistinct(rapid.SampledFrom(topics), rapid.ID).Draw(t, "topics") {
				b.topics = append(b.topics, topicConfig(topic, rapid.Int32Range(0, 7).Draw(t, "perm"), 4))
			}
			b.filters = rapid.SampledFrom([][]string{nil, {}, {"f:1"}}).Draw(t, "filters")
			if _, ok := m.Refresh(b.registration()); !ok {
				b.register(t, m)
			}
			live := slices.Collect(maps.Values(m.mu.brokerAddrTable[b.name].addrs))
			require.Contains(t, live, b.addr)
		}
		t.Repeat(map[string]func(*rapid.T){
			"register": register,
			"unregister": func(t *rapid.T) {
				m.UnregisterBroker("C", rapid.SampledFrom(addrs).Draw(t, "addr"), rapid.SampledFrom(names).Draw(t, "name"), rapid.Int64Range(-1, 2).Draw(t, "id"))
			},
			"close": func(t *rapid.T) {
				conn := rapid.SampledFrom(conns).Draw(t, "conn")
				m.ConnectionClosed(conn)
				_, bound := m.mu.addrsByConn[conn]
				require.False(t, bound)
			},
			"delete": func(t *rapid.T) { m.DeleteTopic(rapid.SampledFrom(topics).Draw(t, "topic")) },
			"deleteInCluster": func(t *rapid.T) {
				m.DeleteTopicInCluster(rapid.SampledFrom(topics).Draw(t, "topic"), "C")
			},
			"wipe": func(t *rapid.T) { m.WipeWritePerm(rapid.SampledFrom(names).Draw(t, "name")) },
			"ask": func(t *rapid.T) {
				route(t, m, rapid.SampledFrom(topics).Draw(t, "topic"))
				_, err := m.ClusterInfo()
				require.NoError(t, err)
			},
			"": func(t *rapid.T) { checkLaws(t, m) },
		})
	})
}

// BenchmarkRoute is what a client's poll of a known topic costs.
func BenchmarkRoute(b *testing.B) {
	m := newTestManager()
	var topics []*codec.TopicConfig
	for i := range 40_000 {
		topics = append(topics, topicConfig(fmt.Sprint("topic-", i), 6, 8))
	}
	for i := range 8 {
		master(fmt.Sprint("broker-", i), fmt.Sprintf("10.0.0.%d:10911", i), topics...).registerQuick(b, m)
	}
	for _, topic := range topics[:1000] {
		route(b, m, topic.TopicName)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, ok, _ := m.Route(topics[i%1000].TopicName, dialectStandard); !ok {
			b.Fatal("no route")
		}
		i++
	}
}

func (b *broker) registerQuick(t require.TestingT, m *RouteInfoManager) {
	_, err := m.RegisterBroker(b.registration(), &RegistrationBody{DataVersion: b.version, Topics: b.topics})
	require.NoError(t, err)
}

// TestConcurrentAsksAndEvents is for the race detector and the cache's law: what
// is cached while brokers come and go is never stale afterwards.
func TestConcurrentAsksAndEvents(t *testing.T) {
	m := newTestManager()
	topics := []*codec.TopicConfig{topicConfig("T", 6, 4), topicConfig("U", 6, 4)}
	var events, asks sync.WaitGroup
	stop := make(chan struct{})
	for i := range 2 {
		asks.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				route(t, m, topics[i].TopicName)
				clusterInfo(t, m)
				m.AllTopics()
			}
		})
		events.Go(func() {
			b := master(fmt.Sprint("b", i), fmt.Sprint("h:", i), topics...)
			for n := range 100 {
				b.version.Counter++
				b.registerQuick(t, m)
				switch n % 4 {
				case 0:
					m.ConnectionClosed(b.conn)
				case 1:
					m.UnregisterBroker("C", b.addr, b.name, 0)
				case 2:
					m.WipeWritePerm(b.name)
				case 3:
					m.OrderConfChanged("")
				}
			}
		})
	}
	events.Wait()
	close(stop)
	asks.Wait()
	checkLaws(t, m)
}
