package interop

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// find waits for the message with that id in a queue which others use as well, or which does not exist yet.
func (p *puller) find(queueID int, msgID string) agent.Message {
	p.t.Helper()
	var found agent.Message
	next := int64(0)
	eventually(p.t, fmt.Sprintf("%s in queue %d of %s", msgID, queueID, p.topic), func() bool {
		var r agent.PullResult
		err := p.a.Call("pull", agent.Args{"name": p.name, "topic": p.topic, "brokerName": p.brokerName,
			"queueId": queueID, "offset": next, "max": 32}, &r)
		if err != nil {
			return false
		}
		next = r.NextBeginOffset
		for _, m := range r.Messages {
			if m.MsgID == msgID {
				found = m
			}
		}
		return found.MsgID != ""
	})
	return found
}

// TestRetryTrail: what a message carries on its way through the delay levels and the retry topic to the dead letters, where
// it can be read and looked up: the first wait is level 3, every one after it a level higher.
func TestRetryTrail(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Trail", 1)
			c := startFailing(t, kind, s.namesrv.Addr, agent.Args{"topic": topic, "failures": 100, "maxReconsumeTimes": 3})
			sent := startProducer(t, kind, s.namesrv.Addr, nil).send(agent.Args{
				"topic": topic, "text": "trail", "keys": "trail-key", "tags": "T", "flag": 5, "properties": agent.Args{"own": "kept"}})[0]
			retryTopic, dlq := "%RETRY%"+c.group, "%DLQ%"+c.group
			// The trail is the properties every copy has.
			trail := map[string]string{"ORIGIN_MESSAGE_ID": sent.OffsetMsgID, "RETRY_TOPIC": topic, "KEYS": "trail-key", "TAGS": "T",
				"own": "kept", "WAIT": "false", "UNIQ_KEY": sent.MsgID}
			requireTrail := func(m agent.Message, times int) {
				t.Helper()
				for k, v := range trail {
					require.Equal(t, v, m.Properties[k], k)
				}
				require.Equal(t, times, m.ReconsumeTimes)
				require.Equal(t, 5, m.Flag)
				require.Equal(t, sent.SHA1, m.SHA1)
			}
			for i, m := range c.await(4)[:4] {
				require.Equal(t, i, m.ReconsumeTimes)
				require.Equal(t, topic, m.Topic, "the client gives it back its topic")
				if i > 0 {
					require.Equal(t, retryTopic, m.Properties["REAL_TOPIC"])
					require.Equal(t, sent.OffsetMsgID, m.Properties["ORIGIN_MESSAGE_ID"])
				}
			}
			schedule := startPuller(t, agent.Java497, s.namesrv.Addr, "SCHEDULE_TOPIC_XXXX")
			for times := 1; times <= 3; times++ {
				level := 2 + times
				waiting := schedule.find(level-1, sent.MsgID)
				requireTrail(waiting, times)
				require.Equal(t, fmt.Sprint(level), waiting.Properties["DELAY"])
				require.Equal(t, retryTopic, waiting.Properties["REAL_TOPIC"])
				require.Equal(t, "0", waiting.Properties["REAL_QID"])
			}
			dead := startPuller(t, agent.Java497, s.namesrv.Addr, dlq)
			requireTrail(dead.find(0, sent.MsgID), 4)
			for _, by := range javaClients() {
				found := startPuller(t, by, s.namesrv.Addr, dlq).query("trail-key")
				require.Len(t, found, 1)
				requireTrail(found[0], 4)
			}
			reader := startConsumer(t, kind, s.namesrv.Addr, agent.Args{"topic": dlq})
			require.Equal(t, "trail", reader.await(1)[0].Text)
		})
	}
}

// TestRetryLimits: the limit which the client sends with its refusal stands above the group's, and the level which a listener
// chooses above the growing one; -1 is the way straight to the dead letters.
func TestRetryLimits(t *testing.T) {
	t.Parallel()
	s := shared(t)
	admin := startAdmin(t, s.namesrv.Addr)
	for _, kind := range matrix() {
		start := func(t *testing.T, retryMaxTimes int, args agent.Args) (*consumer, agent.SendResult) {
			t.Helper()
			group, topic := unique("Limited-"+kind), newTopic(t, s.namesrv.Addr, "Limited", 1)
			admin.call("admin.updateGroup", agent.Args{
				"group": group, "broker": s.broker.Addr, "retryMaxTimes": retryMaxTimes}, nil)
			c := startFailing(t, kind, s.namesrv.Addr, agent.Args{"topic": topic, "group": group}.With(args))
			return c, startProducer(t, kind, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "limited"})[0]
		}
		t.Run(kind+" client above group", func(t *testing.T) {
			t.Parallel()
			c, _ := start(t, 1, agent.Args{"failures": 3, "maxReconsumeTimes": 16})
			require.Len(t, c.awaitAndStop(4), 4)
		})
		t.Run(kind+" chosen level", func(t *testing.T) {
			t.Parallel()
			_, sent := start(t, 16, agent.Args{"failures": 1, "nextDelayLevel": 2})
			m := startPuller(t, agent.Java497, s.namesrv.Addr, "SCHEDULE_TOPIC_XXXX").find(1, sent.MsgID)
			require.Equal(t, "2", m.Properties["DELAY"])
		})
		t.Run(kind+" straight to the dead", func(t *testing.T) {
			t.Parallel()
			c, sent := start(t, 16, agent.Args{"failures": 1, "nextDelayLevel": -1})
			m := startPuller(t, agent.Java497, s.namesrv.Addr, "%DLQ%"+c.group).find(0, sent.MsgID)
			require.Equal(t, 1, m.ReconsumeTimes)
			c.stop()
			require.Len(t, c.inbox.Messages(), 1)
		})
	}
}

// TestOrderlyDeadLetter: an orderly consumer repeats a message by itself and, when that is enough, sends it to its retry topic
// as a producer; the broker sees from its properties that it belongs to the dead letters. What is behind it is consumed.
func TestOrderlyDeadLetter(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range javaClients() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "OrderlyDead", 1)
			c := startFailing(t, kind, s.namesrv.Addr, agent.Args{
				"topic": topic, "orderly": true, "failures": 100, "maxReconsumeTimes": 2, "suspendMs": 50})
			sent := startProducer(t, kind, s.namesrv.Addr, nil).send(agent.Args{"topic": topic, "text": "%d", "count": 2})
			dead := startPuller(t, agent.Java497, s.namesrv.Addr, "%DLQ%"+c.group)
			for _, r := range sent {
				m := dead.find(0, r.MsgID)
				require.Equal(t, topic, m.Properties["RETRY_TOPIC"])
				require.Equal(t, r.SHA1, m.SHA1)
			}
			var texts []string
			for _, m := range c.await(6) {
				texts = append(texts, m.Text)
			}
			require.Equal(t, []string{"0", "0", "0", "1", "1", "1"}, texts)
		})
	}
}
