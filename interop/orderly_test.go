package interop

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// Orderly consumers renew their locks and look for queues every second instead of every 20, as far as the client can be told;
// the broker's locks live 4 s instead of a minute.
const (
	quickLocks  = "-Drocketmq.client.rebalance.lockInterval=1000"
	quickShares = "-Drocketmq.client.rebalance.waitInterval=1000"
	lockMaxLive = 4 * time.Second
)

// TestOrderlyConsumerDies: one of two orderly consumers of a group is killed while a producer goes on sending by key. The
// other takes its queues when the locks are over, not before; every key arrives in its order, without a gap, to the last.
func TestOrderlyConsumerDies(t *testing.T) {
	t.Parallel()
	namesrv := ownNamesrv(t, "namesrv")
	ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Env: systemProperties(
		fmt.Sprint("-Drocketmq.broker.rebalance.lockMaxLiveTime=", lockMaxLive.Milliseconds()))})
	quick := ownAgent(t, agent.Java497, quickLocks, quickShares)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			doomed := ownAgent(t, kind, quickLocks, quickShares)
			survivors := []*agent.Agent{quick}
			if kind == agent.Java440 {
				survivors = append(survivors, client(t, agent.Go212))
			}
			var heirs []*heir
			for _, survivor := range survivors {
				heirs = append(heirs, startHeir(t, namesrv.Addr, doomed, survivor))
			}
			for _, h := range heirs {
				h.doomed.await(40)
				h.survivor.await(40)
			}
			doomed.Close()
			killed := time.Now()
			for _, h := range heirs {
				h.requireInherited(killed)
			}
		})
	}
}

// heir is a group of two orderly consumers, one of which will be killed, and what is sent to them.
type heir struct {
	t                *testing.T
	topic            string
	doomed, survivor *consumer
	sending          *keyedSends
	lost             map[int]bool // queues of the doomed
}

const orderlyQueues = 4

func startHeir(t *testing.T, namesrv string, doomed, survivor *agent.Agent) *heir {
	t.Helper()
	h := &heir{t: t, topic: newTopic(t, namesrv, "Heir", orderlyQueues), lost: make(map[int]bool)}
	args := agent.Args{"topic": h.topic, "group": unique("Heirs"), "orderly": true, "lockIntervalMs": 1000}
	// The Go client looks for queues every 20 s: it comes first, and gives up what the other one asks for.
	if survivor.Kind == agent.Go212 {
		h.survivor = startConsumerOf(t, survivor, namesrv, args)
		h.survivor.awaitQueues(h.topic, orderlyQueues)
		h.doomed = startConsumerOf(t, doomed, namesrv, args)
	} else {
		h.doomed = startConsumerOf(t, doomed, namesrv, args)
		h.doomed.awaitQueues(h.topic, orderlyQueues)
		h.survivor = startConsumerOf(t, survivor, namesrv, args)
	}
	h.doomed.stopped = true // it will not be there to be stopped
	h.doomed.awaitQueues(h.topic, orderlyQueues/2)
	h.survivor.awaitQueues(h.topic, orderlyQueues/2)
	for _, id := range h.doomed.queues(h.topic) {
		h.lost[id] = true
	}
	h.sending = startKeyedSends(t, startProducer(t, agent.Java497, namesrv, nil), h.topic)
	return h
}

// requireInherited waits until the survivor has had messages of all queues since the kill, and checks what both got.
func (h *heir) requireInherited(killed time.Time) {
	h.t.Helper()
	var first time.Time
	eventually(h.t, "all queues at "+h.survivor.name, func() bool {
		inherited := make(map[int]bool)
		for _, m := range h.survivor.inbox.Messages() {
			if h.lost[m.QueueID] {
				inherited[m.QueueID] = true
				if first.IsZero() {
					first = m.ReceivedAt
				}
			}
		}
		return len(inherited) == len(h.lost)
	})
	require.Greater(h.t, first.Sub(killed), lockMaxLive-1500*time.Millisecond, "a lock was taken before it was over")
	sent := h.sending.stop()
	eventually(h.t, "the last of every key", func() bool {
		last := make(map[string]int)
		for _, m := range h.survivor.inbox.Messages() {
			last[m.Keys] = seqOf(h.t, m)
		}
		return maps.Equal(last, sent)
	})
	requireKeyOrder(h.t, h.doomed.inbox.Messages(), h.survivor.inbox.Messages())
}

// requireKeyOrder checks that per key every delivery is the successor of the one before. Only when another consumer goes on
// it may begin again further back, with what the dead one had not confirmed.
func requireKeyOrder(t *testing.T, dead, alive []agent.Message) {
	t.Helper()
	all := slices.Concat(dead, alive)
	slices.SortStableFunc(all, func(a, b agent.Message) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	last, highest, by := make(map[string]int), make(map[string]int), make(map[string]string)
	for _, m := range all {
		seq := seqOf(t, m)
		if by[m.Keys] != "" && by[m.Keys] != m.Name {
			require.LessOrEqual(t, seq, highest[m.Keys]+1, "%s leaves out messages of key %s", m.Name, m.Keys)
		} else {
			next := last[m.Keys] + 1
			if by[m.Keys] == "" {
				next = 0
			}
			require.Equal(t, next, seq, "%s, key %s", m.Name, m.Keys)
		}
		last[m.Keys], highest[m.Keys], by[m.Keys] = seq, max(highest[m.Keys], seq), m.Name
	}
}

func seqOf(t *testing.T, m agent.Message) int {
	t.Helper()
	seq, err := strconv.Atoi(m.Properties["seq"])
	require.NoError(t, err)
	return seq
}

// keyedSends sends numbered messages of several keys, each key by a thread of its own and to the queue the key selects.
type keyedSends struct {
	t       *testing.T
	running sync.WaitGroup
	end     chan struct{}
	once    sync.Once
	mu      sync.Mutex
	last    map[string]int
	err     error
}

const (
	sendKeys  = 8
	sendPause = 25 * time.Millisecond
)

func startKeyedSends(t *testing.T, p *producer, topic string) *keyedSends {
	t.Helper()
	k := &keyedSends{t: t, end: make(chan struct{}), last: make(map[string]int)}
	for i := range sendKeys {
		k.running.Go(func() { k.run(p, topic, fmt.Sprint("key-", i)) })
	}
	t.Cleanup(k.finish)
	return k
}

func (k *keyedSends) run(p *producer, topic, key string) {
	pause := time.NewTicker(sendPause)
	defer pause.Stop()
	for seq := 0; ; seq++ {
		var answer struct{ Results []agent.SendResult }
		err := p.a.Call("send", agent.Args{"name": p.name, "topic": topic, "orderBy": key, "keys": key, "text": key,
			"properties": agent.Args{"seq": fmt.Sprint(seq)}}, &answer)
		if err == nil && answer.Results[0].Status != "SEND_OK" {
			err = fmt.Errorf("%+v", answer.Results[0])
		}
		k.mu.Lock()
		k.last[key] = seq
		if err != nil {
			k.err = err
		}
		k.mu.Unlock()
		select {
		case <-k.end:
			return
		case <-pause.C:
		}
	}
}

func (k *keyedSends) finish() {
	k.once.Do(func() { close(k.end) })
	k.running.Wait()
}

// stop ends the sending and returns the last number of every key.
func (k *keyedSends) stop() map[string]int {
	k.t.Helper()
	k.finish()
	require.NoError(k.t, k.err)
	return k.last
}

// javaClients are those of the matrix.
func javaClients() []string {
	return slices.DeleteFunc(matrix(), func(kind string) bool { return kind == agent.Go212 })
}

// TestOrderlyHandover: an orderly consumer which stops gives its locks back, so that another one takes over long before they
// would have ended. The Go client keeps them.
func TestOrderlyHandover(t *testing.T) {
	t.Parallel()
	s := shared(t) // where locks live a minute, longer than we wait
	for _, kind := range javaClients() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Handover", orderlyQueues)
			args := agent.Args{"topic": topic, "group": unique("Handover-group"), "orderly": true}
			first := startConsumer(t, kind, s.namesrv.Addr, args)
			p := startProducer(t, kind, s.namesrv.Addr, nil)
			var sent []agent.SendResult
			send := func() {
				for id := range orderlyQueues {
					sent = append(sent, p.send(agent.Args{"topic": topic, "queueId": id, "text": "%d", "count": 5})...)
				}
			}
			send()
			first.await(len(sent))
			second := startConsumer(t, kind, s.namesrv.Addr, args)
			second.awaitQueues(topic, orderlyQueues/2)
			first.stop()
			send()
			eventually(t, "everything delivered", func() bool {
				return isSubset(ids(sent), delivered(slices.Concat(first.inbox.Messages(), second.inbox.Messages())))
			})
			second.stop()
		})
	}
}

// TestGlobalOrderTopic: with orderMessageEnable the order configuration in the name server, which the official tool writes
// for a topic made with order=true, says which queues Java producers send to; consumers read all. The keys keep their order
// whatever the configuration. The Go client does not mind it. The broker learns the order flag when it registers.
func TestGlobalOrderTopic(t *testing.T) {
	t.Parallel()
	namesrv, err := cluster.StartNamesrv(cluster.NamesrvOptions{
		Kind: suite.kind, Dir: scenarioDir(t, "namesrv"), Conf: map[string]string{"orderMessageEnable": "true"}})
	requireAvailable(t, err)
	t.Cleanup(namesrv.Kill)
	broker := ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr})
	topic := unique("Ordered")
	mqadmin := func(line string) string {
		t.Helper()
		var answer struct{ Output string }
		args := append(strings.Fields(line), "-n", namesrv.Addr)
		require.NoError(t, client(t, agent.MQAdmin).Call("mqadmin", agent.Args{"args": args}, &answer))
		return answer.Output
	}
	require.Contains(t, mqadmin("updateTopic -c DefaultCluster -o true -r 4 -w 4 -t "+topic), "order=true")
	require.Contains(t, mqadmin("updateOrderConf -m get -t "+topic), "broker-a:4")
	for _, kind := range javaClients() {
		startProducer(t, kind, namesrv.Addr, nil).awaitTopic(topic, 4)
	}
	mqadmin("updateOrderConf -m put -v broker-a:2 -t " + topic)
	newTopic(t, namesrv.Addr, "Other", 1) // the broker registers, and hears the order configuration
	eventually(t, "the order flag in topics.json", func() bool {
		text, err := os.ReadFile(filepath.Join(broker.StoreDir, "config", "topics.json"))
		require.NoError(t, err)
		return regexp.MustCompile(`"order":true[^}]*"topicName":"` + topic + `"`).Match(text)
	})
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			queues := []int{0, 1}
			p := startProducer(t, kind, namesrv.Addr, nil)
			if kind == agent.Go212 {
				queues = []int{0, 1, 2, 3}
			} else {
				p.awaitTopic(topic, 2)
			}
			var sent []agent.SendResult
			for i := range 10 {
				for _, key := range []string{"a", "b", "c", "d", "e"} {
					sent = append(sent, p.send(agent.Args{"topic": topic, "orderBy": key, "keys": kind + key, "text": fmt.Sprint(i)})...)
				}
			}
			for _, r := range sent {
				require.Contains(t, queues, r.QueueID)
			}
			c := startConsumer(t, kind, namesrv.Addr, agent.Args{"topic": topic, "orderly": true})
			c.awaitQueues(topic, 4)
			eventually(t, "all at "+c.name, func() bool { return isSubset(ids(sent), delivered(c.inbox.Messages())) })
			next := make(map[string]int)
			for _, m := range c.inbox.Messages() {
				require.Equal(t, fmt.Sprint(next[m.Keys]), m.Text, m.Keys)
				next[m.Keys]++
			}
		})
	}
	mqadmin("updateOrderConf -m delete -t " + topic)
	startProducer(t, agent.Java497, namesrv.Addr, nil).awaitTopic(topic, 4)
}
