package client

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/boostermq/booster/codec"
)

// The event loop's library starts goroutines when it is linked in: they do not count.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// fakeChannel is a connection that only knows whether it is alive.
type fakeChannel struct {
	Channel
	addr   string
	closed atomic.Bool
}

func (c *fakeChannel) RemoteAddr() string { return c.addr }
func (c *fakeChannel) Alive() bool        { return !c.closed.Load() }
func (c *fakeChannel) Close()             { c.closed.Store(true) }

func channel(addr string) *fakeChannel { return &fakeChannel{addr: addr} }

func info(ch Channel, id string) ClientChannelInfo {
	return ClientChannelInfo{Channel: ch, ClientID: id, Language: codec.LanguageJava, Version: 409}
}

func consumer(group string, subs ...codec.SubscriptionData) *codec.ConsumerData {
	return &codec.ConsumerData{GroupName: group, ConsumeType: codec.ConsumePassively, MessageModel: codec.Clustering,
		ConsumeFromWhere: codec.ConsumeFromLastOffset, SubscriptionDataSet: subs}
}

func sub(topic string, version int64) codec.SubscriptionData {
	return codec.SubscriptionData{Topic: topic, SubString: "*", SubVersion: version, ExpressionType: codec.ExpressionTag}
}

// recorder collects what the callbacks hear.
type recorder struct {
	mu     sync.Mutex
	events []string
}

func (r *recorder) hear(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func newConsumers() (*ConsumerManager, *recorder) {
	r := &recorder{}
	return NewConsumerManager(ConsumerOptions{
		OnChange:     func(group string, channels []Channel) { r.hear("change %s %d", group, len(channels)) },
		OnRegister:   func(group string, subs []codec.SubscriptionData) { r.hear("register %s %d", group, len(subs)) },
		OnUnregister: func(group string) { r.hear("unregister %s", group) },
		Log:          quiet(),
	}), r
}

func TestConsumerRegister(t *testing.T) {
	m, heard := newConsumers()
	a, b := channel("1.1.1.1:1"), channel("2.2.2.2:2")
	steps := []struct {
		name    string
		ch      Channel
		id      string
		data    *codec.ConsumerData
		changed bool
		events  []string
		topics  map[string]int64 // topic → version
	}{
		{"first", a, "A", consumer("g", sub("T", 1)), true, []string{"register g 1"}, map[string]int64{"T": 1}},
		{"same again", a, "A", consumer("g", sub("T", 1)), false, []string{"register g 1"}, map[string]int64{"T": 1}},
		{"higher version replaces", a, "A", consumer("g", sub("T", 5)), false, []string{"register g 1"}, map[string]int64{"T": 5}},
		{"lower version does not", a, "A", consumer("g", sub("T", 4)), false, []string{"register g 1"}, map[string]int64{"T": 5}},
		{"new connection", b, "B", consumer("g", sub("T", 5)), true, []string{"register g 1"}, map[string]int64{"T": 5}},
		{"new topic", b, "B", consumer("g", sub("T", 5), sub("U", 1)), true, []string{"register g 2"}, map[string]int64{"T": 5, "U": 1}},
		{"topic gone", a, "A", consumer("g", sub("U", 1)), true, []string{"register g 1"}, map[string]int64{"U": 1}},
		{"a topic named twice replaces another", a, "A", consumer("g", sub("T", 1), sub("T", 3)), true, []string{"register g 2"}, map[string]int64{"T": 3}},
		{"topic replaced", a, "A", consumer("g", sub("V", 1)), true, []string{"register g 1"}, map[string]int64{"V": 1}},
		{"another group on the connection", a, "A", consumer("h", sub("T", 1)), true, []string{"register h 1"}, map[string]int64{"V": 1}},
		{"no topics", a, "A", consumer("g"), true, []string{"register g 0"}, map[string]int64{}},
	}
	for _, s := range steps {
		require.Equal(t, s.changed, m.Register(info(s.ch, s.id), s.data), s.name)
		require.Equal(t, s.events, heard.take(), s.name)
		topics := map[string]int64{}
		for topic, sub := range m.Group("g").Subscriptions {
			require.Equal(t, topic, sub.Topic)
			topics[topic] = sub.SubVersion
		}
		require.Equal(t, s.topics, topics, s.name)
	}
	require.Equal(t, []string{"g", "h"}, m.Groups())
	groups, channels := m.Counts()
	require.Equal(t, []int{2, 2}, []int{groups, channels})
}

func TestConsumerSettingsFollowTheHeartbeat(t *testing.T) {
	m, _ := newConsumers()
	a := channel("1.1.1.1:1")
	m.Register(info(a, "A"), consumer("g", sub("T", 1)))
	data := consumer("g", sub("T", 1))
	data.MessageModel, data.ConsumeType, data.ConsumeFromWhere = codec.Broadcasting, codec.ConsumeActively, codec.ConsumeFromTimestamp
	m.Register(info(a, "A"), data)
	g := m.Group("g")
	require.Equal(t, "g", g.GroupName)
	require.Equal(t, []string{codec.Broadcasting, codec.ConsumeActively, codec.ConsumeFromTimestamp}, []string{g.MessageModel, g.ConsumeType, g.ConsumeFromWhere})
}

func TestConsumerLookups(t *testing.T) {
	m, _ := newConsumers()
	a, b := channel("1.1.1.1:1"), channel("2.2.2.2:2")
	m.Register(info(a, "A"), consumer("g", sub("T", 1)))
	m.Register(info(b, "A"), consumer("g", sub("T", 1))) // came back on another connection
	m.Register(info(a, "A"), consumer("h", sub("T", 1), sub("U", 1)))

	require.Equal(t, []string{"A"}, m.Group("g").ClientIDs(), "a client counts once")
	require.Len(t, m.Group("g").Clients, 2)
	require.Len(t, m.Group("g").Channels(), 2)
	require.Nil(t, m.Group("unknown"))
	require.Equal(t, []string{"g", "h"}, m.QueryTopicConsumeByWho("T"))
	require.Equal(t, []string{"h"}, m.QueryTopicConsumeByWho("U"))
	require.Empty(t, m.QueryTopicConsumeByWho("V"))
	require.Nil(t, m.FindChannel("g", "B"))
	require.Nil(t, m.FindChannel("unknown", "A"))
	require.Equal(t, "A", m.FindChannel("h", "A").ClientID)

	found, model, online := m.FindSubscriptionData("g", "T")
	require.True(t, online)
	require.Equal(t, codec.Clustering, model)
	require.Equal(t, "T", found.Topic)
	found, _, online = m.FindSubscriptionData("g", "U")
	require.True(t, online)
	require.Nil(t, found)
	_, _, online = m.FindSubscriptionData("unknown", "U")
	require.False(t, online)
	require.NotNil(t, m.Group("g").FindSubscriptionData("T"))
	require.Zero(t, testing.AllocsPerRun(100, func() { m.FindSubscriptionData("g", "T") }))
}

func TestFindChannelTakesTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := newConsumers()
		old, fresh := channel("1.1.1.1:1"), channel("0.0.0.0:2")
		m.Register(info(old, "A"), consumer("g"))
		time.Sleep(time.Second)
		m.Register(info(fresh, "A"), consumer("g"))
		require.Same(t, fresh, m.FindChannel("g", "A").Channel)
	})
}

func TestConsumerWithoutSub(t *testing.T) {
	m, heard := newConsumers()
	a := channel("1.1.1.1:1")
	m.Register(info(a, "A"), consumer("g", sub("T", 1)))
	heard.take()
	require.False(t, m.RegisterWithoutSub(info(a, "A"), consumer("g")))
	require.Len(t, m.Group("g").Subscriptions, 1)
	require.Empty(t, heard.take())
}

func TestConsumerUnregister(t *testing.T) {
	m, heard := newConsumers()
	a, b := channel("1.1.1.1:1"), channel("2.2.2.2:2")
	m.Register(info(a, "A"), consumer("g", sub("T", 1)))
	m.Register(info(b, "B"), consumer("g", sub("T", 1)))
	m.Register(info(b, "B"), consumer("h", sub("T", 1)))
	heard.take()
	m.Unregister("unknown", a, true)
	m.Unregister("h", a, true)
	require.Empty(t, heard.take())
	m.Unregister("g", a, true)
	require.Equal(t, []string{"change g 1"}, heard.take())
	m.Unregister("g", b, true)
	require.Equal(t, []string{"unregister g"}, heard.take())
	require.Equal(t, []string{"h"}, m.Groups())
	m.Unregister("h", b, true)
	groups, channels := m.Counts()
	require.Zero(t, groups+channels)
}

func TestConsumerChannelClosed(t *testing.T) {
	m, heard := newConsumers()
	a, b := channel("1.1.1.1:1"), channel("2.2.2.2:2")
	m.Register(info(a, "A"), consumer("g", sub("T", 1)))
	m.Register(info(b, "B"), consumer("g", sub("T", 1)))
	m.Register(info(a, "A"), consumer("h", sub("T", 1)))
	heard.take()
	require.False(t, m.ChannelClosed(channel("3.3.3.3:3")))
	require.True(t, m.ChannelClosed(a))
	require.Equal(t, []string{"change g 1", "unregister h"}, heard.take())
	require.False(t, m.ChannelClosed(a))
	require.Equal(t, []string{"B"}, m.Group("g").ClientIDs())
	_, channels := m.Counts()
	require.Equal(t, 1, channels)
}

// A heart-beat that is served after its connection was closed leaves nothing behind.
func TestRegisterOfAClosedChannel(t *testing.T) {
	m, heard := newConsumers()
	p := NewProducerManager(quiet())
	a := channel("1.1.1.1:1")
	a.Close()
	require.False(t, m.Register(info(a, "A"), consumer("g", sub("T", 1))))
	require.Equal(t, []string{"unregister g"}, heard.take())
	p.Register("pg", info(a, "A"))
	require.Nil(t, p.FindChannel("A"))
	for _, counts := range []func() (int, int){m.Counts, p.Counts} {
		groups, channels := counts()
		require.Zero(t, groups+channels)
	}
}

func TestKeptStringsAreCloned(t *testing.T) {
	m, _ := newConsumers()
	p := NewProducerManager(quiet())
	locks := NewRebalanceLockManager(0)
	a := channel("1.1.1.1:1")
	frame := []byte("gATab")
	s := aliases(frame)
	data := consumer(s(0, 1), codec.SubscriptionData{Topic: s(2, 3), SubString: s(3, 5), TagsSet: []string{s(3, 4)}, CodeSet: []int32{97}, SubVersion: 1})
	m.Register(info(a, s(1, 2)), data)
	p.Register(s(0, 1), info(a, s(1, 2)))
	locks.TryLockBatch(s(0, 1), []codec.MessageQueue{{Topic: s(2, 3), BrokerName: s(3, 4)}}, s(1, 2))
	copy(frame, "XXXXX")
	data.SubscriptionDataSet[0].CodeSet[0] = 0

	g := m.Group("g")
	require.NotNil(t, g)
	require.Equal(t, []string{"A"}, g.ClientIDs())
	require.Equal(t, &codec.SubscriptionData{Topic: "T", SubString: "ab", TagsSet: []string{"a"}, CodeSet: []int32{97}, SubVersion: 1}, g.Subscriptions["T"])
	require.Equal(t, a, p.FindChannel("A"))
	require.Len(t, p.GroupClients("g"), 1)
	require.Equal(t, "A", locks.Holder("g", codec.MessageQueue{Topic: "T", BrokerName: "a"}))
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, heard := newConsumers()
		p := NewProducerManager(quiet())
		locks := NewRebalanceLockManager(0)
		h := NewClientHousekeeping(p, m, locks)
		h.Start()
		silent, lively := channel("1.1.1.1:1"), channel("2.2.2.2:2")
		beat := func(ch *fakeChannel, id string) {
			m.Register(info(ch, id), consumer("g", sub("T", 1)))
			p.Register("pg", info(ch, id))
		}
		beat(silent, "A")
		beat(lively, "B")
		locks.TryLockBatch("g", []codec.MessageQueue{{Topic: "T", BrokerName: "b"}}, "A")
		heard.take()
		for range 4 {
			time.Sleep(30*time.Second - time.Millisecond)
			beat(lively, "B")
		}
		synctest.Wait()
		require.True(t, silent.Alive(), "120 s are not over")
		heard.take()
		time.Sleep(11 * time.Second)
		synctest.Wait()
		require.False(t, silent.Alive())
		require.True(t, lively.Alive())
		require.Equal(t, []string{"change g 1"}, heard.take(), "the rest hears of it")
		require.Equal(t, []string{"B"}, m.Group("g").ClientIDs())
		require.Len(t, p.GroupClients("pg"), 1)
		require.Nil(t, p.FindChannel("A"))
		require.Empty(t, locks.groups)

		h.ChannelClosed(lively)
		require.Empty(t, m.Groups())
		require.Empty(t, p.Snapshot())
		h.Shutdown()
	})
}

func TestProducers(t *testing.T) {
	m := NewProducerManager(quiet())
	a, b := channel("1.1.1.1:1"), channel("2.2.2.2:2")
	m.Register("g", info(a, "A"))
	m.Register("g", info(a, "A"))
	m.Register("h", info(a, "A"))
	m.Register("g", info(b, "B"))
	require.Equal(t, []string{"A", "B"}, ids(m.GroupClients("g")))
	require.Nil(t, m.GroupClients("unknown"))
	snapshot := m.Snapshot()
	require.Len(t, snapshot, 2)
	require.Equal(t, []string{"A"}, ids(snapshot["h"]))
	require.EqualValues(t, 409, snapshot["h"][0].Version)
	require.Same(t, a, m.FindChannel("A"))

	// The client comes back on a new connection before the old one is seen closed.
	a2 := channel("1.1.1.1:9")
	m.Register("g", info(a2, "A"))
	require.Same(t, a2, m.FindChannel("A"))
	m.ChannelClosed(a)
	require.Same(t, a2, m.FindChannel("A"), "the new connection stays")
	require.Equal(t, []string{"A", "B"}, ids(m.GroupClients("g")))
	require.Nil(t, m.GroupClients("h"))

	m.Unregister("g", a2)
	m.Unregister("unknown", a2)
	require.Nil(t, m.FindChannel("A"))
	m.Unregister("g", b)
	groups, channels := m.Counts()
	require.Zero(t, groups+channels)
	require.Empty(t, m.byClient)
}

func TestProducerChangesItsID(t *testing.T) {
	m := NewProducerManager(quiet())
	a := channel("1.1.1.1:1")
	m.Register("g", info(a, "A"))
	m.Register("g", info(a, "B"))
	require.Same(t, a, m.FindChannel("B"))
	require.Nil(t, m.FindChannel("A"))
	m.Register("h", info(a, "C"))
	m.Unregister("g", a)
	require.Nil(t, m.FindChannel("B"))
	require.Same(t, a, m.FindChannel("C"))
	m.ChannelClosed(a)
	require.Empty(t, m.byClient)
}

func TestAvailableChannel(t *testing.T) {
	m := NewProducerManager(quiet())
	require.Nil(t, m.AvailableChannel("g"))
	channels := make([]*fakeChannel, 3)
	for i := range channels {
		channels[i] = channel(fmt.Sprintf("1.1.1.1:%d", i))
		m.Register("g", info(channels[i], fmt.Sprint(i)))
	}
	seen := map[Channel]int{}
	for range 9 {
		seen[m.AvailableChannel("g")]++
	}
	require.Equal(t, map[Channel]int{channels[0]: 3, channels[1]: 3, channels[2]: 3}, seen)
	channels[0].Close()
	channels[2].Close()
	require.Same(t, channels[1], m.AvailableChannel("g"))
	require.Same(t, channels[1], m.AvailableChannel("g"))
	channels[1].Close()
	require.Nil(t, m.AvailableChannel("g"))
	m.ChannelClosed(channels[2])
	require.Nil(t, m.AvailableChannel("g"))
}

func ids(clients []*ClientChannelInfo) []string {
	var ids []string
	for _, c := range clients {
		ids = append(ids, c.ClientID)
	}
	return ids
}

func TestLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewRebalanceLockManager(0)
		q := func(topic string, id int32) codec.MessageQueue {
			return codec.MessageQueue{Topic: topic, BrokerName: "b", QueueID: id}
		}
		all := []codec.MessageQueue{q("T", 0), q("T", 1)}
		require.Equal(t, all, m.TryLockBatch("g", all, "A"))
		require.Equal(t, all, m.TryLockBatch("g", append(all, all...), "A"), "reentrant, each once")
		require.Equal(t, all, m.TryLockBatch("h", all, "B"), "groups are apart")
		require.Equal(t, []codec.MessageQueue{q("T", 2)}, m.TryLockBatch("g", []codec.MessageQueue{q("T", 1), q("T", 2)}, "B"))
		other := codec.MessageQueue{Topic: "T", BrokerName: "c", QueueID: 1}
		require.Len(t, m.TryLockBatch("g", []codec.MessageQueue{other}, "B"), 1, "the whole queue is the key")
		require.Empty(t, m.TryLockBatch("g", nil, "B"))
		require.NotNil(t, m.TryLockBatch("g", nil, "B"))

		m.UnlockBatch("g", all, "B")
		require.Equal(t, "A", m.Holder("g", q("T", 0)), "only own locks")
		m.UnlockBatch("g", all[:1], "A")
		require.Equal(t, "", m.Holder("g", q("T", 0)))
		require.Equal(t, all[:1], m.TryLockBatch("g", all, "B"))

		time.Sleep(40 * time.Second)
		require.Equal(t, all[1:], m.TryLockBatch("g", all[1:], "A"), "renewed")
		time.Sleep(LockMaxLive)
		require.Empty(t, m.TryLockBatch("g", all[1:], "B"), "lives exactly 60 s")
		time.Sleep(time.Millisecond)
		require.Equal(t, "", m.Holder("g", q("T", 1)))
		require.Equal(t, all[1:], m.TryLockBatch("g", all[1:], "B"))
		m.ScanExpired()
		require.Len(t, m.groups, 1)
		require.Len(t, m.groups["g"], 1)
		m.UnlockBatch("g", all, "B")
		require.Empty(t, m.groups)
		m.UnlockBatch("unknown", all, "B")
	})
}

func TestConcurrentClients(t *testing.T) {
	consumers := NewConsumerManager(ConsumerOptions{OnChange: func(string, []Channel) {}, Log: quiet()})
	producers := NewProducerManager(quiet())
	h := NewClientHousekeeping(producers, consumers, NewRebalanceLockManager(0))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 100 {
				ch := channel(fmt.Sprintf("1.1.1.%d:%d", i, n))
				var closing sync.WaitGroup
				closing.Go(func() {
					ch.Close()
					h.ChannelClosed(ch)
				})
				consumers.Register(info(ch, fmt.Sprint(i)), consumer("g", sub(fmt.Sprint("T", n%3), int64(n))))
				producers.Register("pg", info(ch, fmt.Sprint(i)))
				consumers.Group("g")
				producers.AvailableChannel("pg")
				closing.Wait()
			}
		})
	}
	wg.Wait()
	for _, counts := range []func() (int, int){consumers.Counts, producers.Counts} {
		groups, channels := counts()
		require.Zero(t, groups+channels, "nothing is left of closed connections")
	}
	require.Empty(t, producers.byClient)
}

func BenchmarkFindSubscriptionData(b *testing.B) {
	m, _ := newConsumers()
	m.Register(info(channel("a"), "A"), consumer("g", sub("T", 1)))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.FindSubscriptionData("g", "T")
		}
	})
}

func BenchmarkHeartbeat(b *testing.B) {
	m, _ := newConsumers()
	for i := range 1000 {
		m.Register(info(channel("a"), fmt.Sprint(i)), consumer("g", sub("T", 1)))
	}
	ch, data := channel("b"), consumer("g", sub("T", 1), sub("%RETRY%g", 1))
	b.ReportAllocs()
	for b.Loop() {
		m.Register(info(ch, "A"), data)
	}
}
