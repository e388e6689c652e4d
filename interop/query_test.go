package interop

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestMessageQuery: messages are found by each of their keys, by both ids and within a time, as many as wanted, and nothing
// else is.
func TestMessageQuery(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, from := range matrix() {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			topic, elsewhere := newTopic(t, s.namesrv.Addr, "Query", 2), newTopic(t, s.namesrv.Addr, "Query", 1)
			p := startProducer(t, from, s.namesrv.Addr, nil)
			p.send(agent.Args{"topic": elsewhere, "text": "elsewhere", "keys": "all"})
			sent := p.send(agent.Args{"topic": topic, "text": "%d", "keys": "all one%d", "count": 5})
			for _, by := range javaClients() {
				requireQueries(t, startProducer(t, by, s.namesrv.Addr, nil), topic, sent)
			}
		})
	}
}

func requireQueries(t *testing.T, p *producer, topic string, sent []agent.SendResult) {
	t.Helper()
	query := func(args agent.Args) (texts []string) {
		t.Helper()
		var answer struct{ Messages []agent.Message }
		if err := p.a.Call("producer.query", agent.Args{"name": p.name, "topic": topic}.With(args), &answer); err != nil {
			require.ErrorContains(t, err, "no message")
		}
		for _, m := range answer.Messages {
			require.Equal(t, topic, m.Topic)
			texts = append(texts, m.Text)
		}
		return texts
	}
	everything := []string{"0", "1", "2", "3", "4"}
	eventually(t, "all in the index", func() bool { return len(query(agent.Args{"key": "all"})) == len(sent) })
	require.ElementsMatch(t, everything, query(agent.Args{"key": "all"}))
	require.Equal(t, []string{"3"}, query(agent.Args{"key": "one3"}))
	require.Len(t, query(agent.Args{"key": "all", "max": 2}), 2)
	require.Empty(t, query(agent.Args{"key": "one"}))

	var answer struct{ Message agent.Message }
	for _, id := range []string{sent[2].MsgID, sent[2].OffsetMsgID} {
		p.call("producer.view", agent.Args{"topic": topic, "msgId": id}, &answer)
		require.Equal(t, "2", answer.Message.Text)
		require.Equal(t, sent[2].OffsetMsgID, answer.Message.OffsetMsgID)
	}
	stored := answer.Message.StoreTimestampMs
	const around = int64(time.Minute / time.Millisecond) // the index counts in seconds
	require.ElementsMatch(t, everything, query(agent.Args{"key": "all", "beginMs": stored - around, "endMs": stored + around}))
	require.Empty(t, query(agent.Args{"key": "all", "beginMs": stored - 2*around, "endMs": stored - around}))
	require.Empty(t, query(agent.Args{"key": "all", "beginMs": stored + around, "endMs": stored + 2*around}))
	for _, nobody := range []string{strings.Repeat("0", 32), sent[0].OffsetMsgID[:16] + "7FFFFFFFFFFFFFFF"} {
		require.Error(t, p.a.Call("producer.view", agent.Args{"name": p.name, "topic": topic, "msgId": nobody}, nil))
	}
}

// TestTrace: with tracing switched on clients tell of every send and delivery; what they tell is found by the id and by the
// key of the message, shown by the official tool and ours. Consumers of 5.3.3 tell nothing, to a Java 4.9.7 broker neither.
func TestTrace(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic, key := newTopic(t, s.namesrv.Addr, "Traced", 1), unique("traced")
			consuming := client(t, kind)
			if kind == agent.Java440 {
				consuming = ownAgent(t, kind) // only the first client of a process can trace
			}
			c := startConsumerOf(t, consuming, s.namesrv.Addr, agent.Args{"topic": topic, "trace": true})
			p := startProducer(t, kind, s.namesrv.Addr, agent.Args{"trace": true})
			sent := p.send(agent.Args{"topic": topic, "text": "traced", "keys": key})[0]
			c.await(1)
			traces := startPuller(t, agent.Java497, s.namesrv.Addr, "RMQ_SYS_TRACE_TOPIC")
			for _, by := range []string{sent.MsgID, key} {
				eventually(t, "traces of "+by, func() bool {
					var answer struct{ Messages []agent.Message }
					if err := traces.a.Call("query", agent.Args{"name": traces.name, "topic": traces.topic, "key": by}, &answer); err != nil {
						require.ErrorContains(t, err, "no message")
					}
					return tells(answer.Messages, "Pub\x01") &&
						(kind == agent.Java533 || tells(answer.Messages, "SubBefore\x01", "SubAfter\x01"))
				})
			}
			requireTraceShown(t, mqadminsOf(t, s.namesrv.Addr, s.broker.Addr), kind, p.name, c.group, "queryMsgTraceById -i "+sent.MsgID)
		})
	}
}

// requireTraceShown waits until both mqadmins have a line for the send and one for the delivery, and the same ones. Clients of
// 4.4.0 end a delivery without the group and the time; ours has them from its beginning.
func requireTraceShown(t *testing.T, m *mqadmins, kind, producer, consumer, line string) {
	t.Helper()
	sub := `(?m)^Sub\s+` + consumer + `\s`
	theirSub := sub
	switch kind {
	case agent.Java440:
		theirSub = `(?m)^Sub\s`
	case agent.Java533:
		sub, theirSub = "", ""
	}
	shown := func(output, sub string) bool {
		return regexp.MustCompile(`(?m)^Pub\s+`+producer+`\s`).MatchString(output) && regexp.MustCompile(sub).MatchString(output)
	}
	var ours, theirs string
	eventually(t, "send and delivery", func() bool {
		theirs, ours = m.theirs(line), m.ours(line)
		return shown(theirs, theirSub) && shown(ours, sub) && strings.Count(theirs, "\n") == strings.Count(ours, "\n")
	})
	if kind == agent.Java440 {
		theirs, _, _ = strings.Cut(theirs, "\n\n")
		ours, _, _ = strings.Cut(ours, "\n\n")
	}
	require.Equal(t, steady(theirs, nil), steady(ours, nil))
}

// tells is whether one of the messages, which may hold several traces each, begins with one of these.
func tells(msgs []agent.Message, beginnings ...string) bool {
	for _, m := range msgs {
		for _, b := range beginnings {
			if strings.HasPrefix(m.Text, b) {
				return true
			}
		}
	}
	return false
}
