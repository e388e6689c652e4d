package interop

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestConsole replays what the pages of rocketmq-console-ng 1.0.0 and rocketmq-dashboard 1.0.0 ask, with the clients they are
// built on, through the VIP channel and without it, and checks every field a page shows or computes with. The traffic is
// known, so the values are too. Subtests are named for page and action.
func TestConsole(t *testing.T) {
	t.Parallel()
	known := startConsoleTraffic(t)
	for _, kind := range []string{agent.ConsoleNG, agent.Dashboard} {
		for name, vip := range map[string]bool{"VIP channel on": true, "VIP channel off": false} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := &console{t: t, a: client(t, kind), vip: vip, namesrv: known.namesrv.Addr, known: known,
					topic: unique("Console-own"), group: unique("Console-own-group")}
				c.clusterPage()
				c.groupSettings()
				c.topicPage()
				c.consumerPage()
				c.producerPage()
				c.messagePage()
				c.messageTracePage()
				c.dlqPage()
				c.deletions()
				c.dashboardPage() // last: its rates need samples 10 s apart
			})
		}
	}
}

// console is one of the two, with the VIP channel on or off.
type console struct {
	t           *testing.T
	a           *agent.Agent
	vip         bool
	namesrv     string
	credentials agent.Args
	known       *consoleTraffic
	pooled      string // the dashboard's one admin client

	// topic and group are those its pages make, use and delete; own consumes, sent are the messages of the send page.
	topic, group string
	own          *consumer
	sent         []agent.SendResult
}

// isDashboard also means: has the pages rocketmq-console-ng does not have.
func (c *console) isDashboard() bool { return c.a.Kind == agent.Dashboard }

// action is one action of a page, with the admin client it is done with.
type action struct {
	*testing.T
	c     *console
	admin string
}

// on runs one action and tells whether it passed. console-ng makes an admin client for each, the dashboard keeps one.
func (c *console) on(pageAndAction string, act func(a action)) bool {
	return c.t.Run(pageAndAction, func(t *testing.T) {
		if !c.isDashboard() {
			act(action{t, c, c.startAdmin(t)})
			return
		}
		if c.pooled == "" {
			c.pooled = c.startAdmin(c.t)
		}
		act(action{t, c, c.pooled})
	})
}

func (c *console) startAdmin(t *testing.T) string {
	t.Helper()
	name := unique("Console")
	var answer struct{ VIP bool }
	args := agent.Args{"name": name, "namesrv": c.namesrv, "vip": c.vip}
	require.NoError(t, c.a.Call("console.start", args.With(c.credentials), &answer))
	t.Cleanup(func() { stopLeniently(t, c.a, "console.stop", name) })
	require.Equal(t, c.vip, answer.VIP, "the system property decides over the channel")
	return name
}

// op runs an op of the console's own.
func (a action) op(op string, args agent.Args, result any) {
	a.Helper()
	answer := struct{ Result any }{result}
	require.NoError(a, a.c.a.Call(op, agent.Args{"name": a.admin}.With(args), &answer))
}

// ask calls a method of DefaultMQAdminExt.
func (a action) ask(result any, method string, args ...any) {
	a.Helper()
	answer := struct{ Result any }{result}
	require.NoError(a, a.try(&answer, method, args), method)
}

// refused calls one which fails, and returns how.
func (a action) refused(method string, args ...any) *agent.Error {
	a.Helper()
	var refused *agent.Error
	err := a.try(nil, method, args)
	require.True(a, errors.As(err, &refused), "%s: %v", method, err)
	return refused
}

func (a action) try(answer any, method string, args []any) error {
	if args == nil {
		args = []any{}
	}
	return a.c.a.Call("console.call", agent.Args{"name": a.admin, "method": method, "args": args}, answer)
}

// queueKey is a queue as the key of a map in what the admin client returns.
type queueKey agent.Queue

// UnmarshalText implements encoding.TextUnmarshaler.
func (q *queueKey) UnmarshalText(text []byte) error { return json.Unmarshal(text, (*agent.Queue)(q)) }

func (c *console) brokerAddr() string { return c.known.broker.Addr }

// consoleTraffic is what has happened before the pages are looked at, and who is still there.
type consoleTraffic struct {
	*sharedCluster
	startedAt time.Time

	producer    *producer // online
	topic       string    // 4 queues
	early, late []agent.SendResult
	online      *consumer // has consumed all
	filtered    *consumer // online with another tag
	broadcast   *consumer // online
	lagging     *consumer // online, has consumed the early ones

	dead      *consumer // its one message is in its dead letter queue
	deadTopic string
	deadSent  agent.SendResult

	tracer *producer
	traced agent.SendResult

	rateTopic string // always somebody sends and consumes here
	rate      *consumer
}

// perQueue counts the messages of each queue.
func perQueue(sent ...agent.SendResult) map[int]int64 {
	counts := make(map[int]int64)
	for _, s := range sent {
		counts[s.QueueID]++
	}
	return counts
}

func (k *consoleTraffic) all() []agent.SendResult {
	return append(k.early[:len(k.early):len(k.early)], k.late...)
}

func startConsoleTraffic(t *testing.T) *consoleTraffic {
	t.Helper()
	k := &consoleTraffic{sharedCluster: shared(t), startedAt: time.Now()}
	k.startRates(t)
	k.producer = startProducer(t, agent.Java497, k.namesrv.Addr, agent.Args{"heartbeatIntervalMs": 1000})
	k.topic, k.deadTopic = unique("Console"), unique("Console-dead")
	k.producer.createTopic(k.topic, 4)
	k.producer.createTopic(k.deadTopic, 1)
	start := func(args agent.Args) *consumer {
		return startConsumer(t, agent.Java497, k.namesrv.Addr, agent.Args{"topic": k.topic}.With(args))
	}
	k.online, k.broadcast = start(nil), start(agent.Args{"model": "BROADCASTING"})
	k.filtered, k.lagging = start(agent.Args{"expression": "TagB"}), start(nil)
	k.dead = start(agent.Args{"topic": k.deadTopic, "failures": 1, "nextDelayLevel": -1})

	// 4.0.0 takes an id of a Java client with an IPv6 address for that of a place, and waits in vain for the broker there.
	sender := startProducer(t, agent.Go212, k.namesrv.Addr, nil)
	k.early = sender.send(agent.Args{"topic": k.topic, "tags": "TagA", "keys": "early-%d", "text": "Early %d", "count": 8})
	k.lagging.awaitAndStop(len(k.early))
	k.late = sender.send(agent.Args{"topic": k.topic, "tags": "TagA", "keys": "late-%d", "text": "Late %d", "count": 4})
	// From now on the group keeps what it gets and never accepts it.
	k.lagging = start(agent.Args{"group": k.lagging.group, "orderly": true, "failures": 1000, "suspendMs": 30000})
	k.deadSent = k.producer.send(agent.Args{"topic": k.deadTopic, "keys": "dead", "text": "never accepted"})[0]

	k.tracer = startProducer(t, agent.Java497, k.namesrv.Addr, agent.Args{"trace": true})
	tracedTopic := unique("Console-traced")
	k.producer.createTopic(tracedTopic, 1)
	k.traced = k.tracer.send(agent.Args{"topic": tracedTopic, "keys": "traced", "text": "with a trace"})[0]

	k.online.await(len(k.all()))
	k.broadcast.await(len(k.all()))
	k.dead.await(1)
	return k
}

// startRates keeps one message after the other going through a topic, for as long as the test runs.
func (k *consoleTraffic) startRates(t *testing.T) {
	t.Helper()
	p := startProducer(t, agent.Java497, k.namesrv.Addr, nil)
	k.rateTopic = unique("Console-rates")
	p.createTopic(k.rateTopic, 1)
	k.rate = startConsumer(t, agent.Java497, k.namesrv.Addr, agent.Args{"topic": k.rateTopic})
	p.call("flood.start", agent.Args{"topic": k.rateTopic, "threads": 1, "pauseMs": 200}, nil)
	t.Cleanup(func() { stopLeniently(t, p.a, "flood.stop", p.name) })
}
