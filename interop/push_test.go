package interop

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestPushClusteringExactlyOnce: what every producer sends, a group of every consumer gets once, as it was sent.
func TestPushClusteringExactlyOnce(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, from := range matrix() {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			topic := unique("Push-" + from)
			p := startProducer(t, from, s.namesrv.Addr, nil)
			sent := p.send(agent.Args{"topic": topic, "tags": "TagA", "keys": "key-%d", "text": "Hello RocketMQ %d", "count": 100,
				"properties": agent.Args{"index": "%d"}})
			requireDense(t, sent, 0)
			for _, to := range matrix() {
				t.Run(to, func(t *testing.T) {
					t.Parallel()
					c := startConsumer(t, to, s.namesrv.Addr, agent.Args{"topic": topic})
					msgs := c.awaitAndStop(len(sent))
					requireDelivered(t, sent, msgs)
					for _, m := range msgs {
						require.Equal(t, "TagA", m.Tags)
						require.Equal(t, "key-"+m.Properties["index"], m.Keys)
						require.Equal(t, "Hello RocketMQ "+m.Properties["index"], m.Text)
						require.Equal(t, s.broker.Addr, m.StoreHost)
						require.Zero(t, m.ReconsumeTimes)
					}
				})
			}
		})
	}
}

// TestBinaryHeaders: a client with ROCKETMQ headers is understood, and answered in kind.
func TestBinaryHeaders(t *testing.T) {
	t.Parallel()
	requireRoundTrip(t, agent.Java497Binary, shared(t).namesrv.Addr)
}

// TestPushOrderly: an orderly consumer gets every queue in the order of sending.
func TestPushOrderly(t *testing.T) {
	t.Parallel()
	s := shared(t)
	topic := newTopic(t, s.namesrv.Addr, "Orderly", 3)
	p := startProducer(t, agent.Java497, s.namesrv.Addr, nil)
	for queueID := range 3 {
		p.send(agent.Args{"topic": topic, "queueId": queueID, "text": "%d", "count": 50})
	}
	for _, to := range matrix() {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			c := startConsumer(t, to, s.namesrv.Addr, agent.Args{"topic": topic, "orderly": true})
			next := make(map[int]int64)
			for _, m := range c.awaitAndStop(150) {
				require.Equal(t, next[m.QueueID], m.QueueOffset, "queue %d", m.QueueID)
				next[m.QueueID]++
			}
		})
	}
}

// TestBroadcasting: every consumer of a broadcasting group gets every message.
func TestBroadcasting(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic, group := newTopic(t, s.namesrv.Addr, "Broadcast", 4), unique("Broadcast-group")
			args := agent.Args{"topic": topic, "group": group, "model": "BROADCASTING"}
			one := startConsumer(t, kind, s.namesrv.Addr, args)
			two := startConsumer(t, kind, s.namesrv.Addr, args)
			sent := startProducer(t, kind, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "%d", "count": 40})
			requireDelivered(t, sent, one.awaitAndStop(len(sent)))
			requireDelivered(t, sent, two.awaitAndStop(len(sent)))
		})
	}
}

// TestTagFilter: a subscription to some tags gets these, also when another tag has the same hash code ("Aa" and "BB" have).
func TestTagFilter(t *testing.T) {
	t.Parallel()
	s := shared(t)
	topic := newTopic(t, s.namesrv.Addr, "Tags", 2)
	p := startProducer(t, agent.Java440, s.namesrv.Addr, nil)
	sent := make(map[string][]agent.SendResult)
	for _, tag := range []string{"TagA", "Aa", "BB", "TagC", ""} {
		args := agent.Args{"topic": topic, "text": tag + " %d", "count": 10}
		if tag != "" {
			args["tags"] = tag
		}
		sent[tag] = p.send(args)
	}
	for _, to := range matrix() {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			some := startConsumer(t, to, s.namesrv.Addr, agent.Args{"topic": topic, "expression": "TagC || Aa"})
			all := startConsumer(t, to, s.namesrv.Addr, agent.Args{"topic": topic, "expression": "*"})
			all.await(50)
			requireDelivered(t, append(append([]agent.SendResult(nil), sent["TagC"]...), sent["Aa"]...), some.awaitAndStop(20))
			require.Len(t, all.inbox.Messages(), 50)
		})
	}
}

// TestSQLFilter: a SQL92 subscription is evaluated by the broker over user properties.
func TestSQLFilter(t *testing.T) {
	t.Parallel()
	s := shared(t)
	topic := newTopic(t, s.namesrv.Addr, "SQL", 2)
	sent := startProducer(t, agent.Java497, s.namesrv.Addr, nil).send(agent.Args{
		"topic": topic, "text": "%d", "count": 30, "properties": agent.Args{"a": "%d", "b": "x"}})
	for _, to := range matrix() {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			c := startConsumer(t, to, s.namesrv.Addr, agent.Args{
				"topic": topic, "filter": "SQL92", "expression": "a >= 10 AND a < 25 AND b = 'x' AND c IS NULL"})
			requireDelivered(t, sent[10:25], c.awaitAndStop(15))
		})
	}
}

// TestSQLRefused: a Java consumer whose expression is none, or whose broker does not filter by properties, is told so and
// does not start.
func TestSQLRefused(t *testing.T) {
	t.Parallel()
	s := shared(t)
	plain := ownNamesrv(t, "namesrv")
	ownBroker(t, cluster.BrokerOptions{Namesrv: plain.Addr})
	const subscriptionParseFailed = 23 // ResponseCode.SUBSCRIPTION_PARSE_FAILED
	for _, c := range []struct {
		name, namesrv, expression string
		code                      int
		text                      string
	}{
		{"cut short", s.namesrv.Addr, "a >= ", subscriptionParseFailed, "org.apache.rocketmq.filter.parser.ParseException: Encountered \"<EOF>\" at line 1, column 5."},
		{"not true or false", s.namesrv.Addr, "'a'", subscriptionParseFailed, "org.apache.rocketmq.filter.parser.ParseException: "},
		{"bounds the wrong way", s.namesrv.Addr, "a BETWEEN 10 AND 0", subscriptionParseFailed, "Illegal values of between, left value(10) must less than or equal to right value(0)"},
		{"filter off", plain.Addr, "a > 1", 1, "The broker does not support consumer to filter message by SQL92"},
	} {
		topic := newTopic(t, c.namesrv, "Refused", 1)
		for _, kind := range javaClients() {
			var refused *agent.Error
			name := unique("Refused-" + kind)
			require.ErrorAs(t, client(t, kind).Call("consumer.start", agent.Args{"name": name, "group": name, "namesrv": c.namesrv,
				"topic": topic, "filter": "SQL92", "expression": c.expression}, nil), &refused, "%s, %s", c.name, kind)
			require.Contains(t, refused.Text, c.text, "%s, %s", c.name, kind)
			require.Equal(t, c.code, refused.Code, "%s, %s: %s", c.name, kind, refused.Text)
		}
	}
}
