package interop

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// checks makes a broker ask for undecided half messages every second, from timeOutMs after they came.
func checks(timeOutMs int, more map[string]string) map[string]string {
	conf := map[string]string{"transactionTimeOut": fmt.Sprint(timeOutMs), "transactionCheckInterval": "1000"}
	for k, v := range more {
		conf[k] = v
	}
	return conf
}

// quickHeartbeats makes Java producers known again soon to a broker that was away.
var quickHeartbeats = quickRoutes.With(agent.Args{"transaction": true, "heartbeatIntervalMs": 1000})

func (p *producer) sendHalf(topic, text, local, check string, more agent.Args) agent.SendResult {
	p.t.Helper()
	var answer struct{ Results []agent.SendResult }
	p.call("sendInTransaction", agent.Args{"topic": topic, "text": text, "local": local, "check": check}.With(more), &answer)
	require.Equal(p.t, "SEND_OK", answer.Results[0].Status)
	return answer.Results[0]
}

// asked counts how often the producer was asked about the half message with that text.
func (p *producer) asked(text string) int {
	n := 0
	for _, m := range p.a.Inbox(p.name).Messages() {
		if m.Text == text {
			n++
		}
	}
	return n
}

// TestTransactionOverRestart: the broker stops, or is killed with SYNC_FLUSH, between the half messages and their decision.
// Afterwards the producers are asked; everything committed is delivered once, also what was committed before.
func TestTransactionOverRestart(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"stopped", "killed"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			namesrv := ownNamesrv(t, "namesrv")
			more := map[string]string{"flushDiskType": "SYNC_FLUSH"}
			if suite.kind == cluster.Java {
				more["transactionCheckMax"] = "1000" // it counts every round, also while there is nobody to ask
			}
			broker := ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr, Conf: checks(15000, more)})
			type party struct {
				*producer
				c     *consumer
				topic string
			}
			var parties []party
			for _, kind := range matrix() {
				topic := newTopic(t, namesrv.Addr, "Half-"+kind, 1)
				p := startProducer(t, kind, namesrv.Addr, quickHeartbeats)
				c := startConsumer(t, kind, namesrv.Addr, quickRoutes.With(agent.Args{"topic": topic}))
				p.sendHalf(topic, "before", "COMMIT_MESSAGE", "ROLLBACK_MESSAGE", nil)
				require.Equal(t, "before", c.await(1)[0].Text)
				parties = append(parties, party{p, c, topic})
			}
			for _, p := range parties { // now that all are there: the restart comes before the checks
				p.sendHalf(p.topic, "after", "UNKNOW", "COMMIT_MESSAGE", nil)
				p.sendHalf(p.topic, "never", "UNKNOW", "ROLLBACK_MESSAGE", nil)
			}
			for _, p := range parties {
				require.Zero(t, p.asked("after"), "asked before the restart")
			}
			if how == "killed" {
				broker.Kill()
			} else {
				require.NoError(t, broker.Stop())
			}
			again(t, broker, suite.kind)
			for _, p := range parties {
				// The Go client's heartbeat and its look for the broker come every 30 s each.
				eventuallyWithin(t, 2*awaitTimeout, p.name+" asked about both", func() bool {
					return p.asked("after") > 0 && p.asked("never") > 0
				})
				eventuallyWithin(t, 2*awaitTimeout, p.c.name+" got what was committed", func() bool {
					return len(textsOf(p.c.inbox.Messages())) >= 2
				})
				require.Equal(t, map[string]int{"before": 1, "after": 1}, textsOf(p.c.inbox.Messages()))
				require.Zero(t, p.asked("before"))
			}
		})
	}
}

func textsOf(msgs []agent.Message) map[string]int {
	texts := make(map[string]int)
	for _, m := range msgs {
		texts[m.Text]++
	}
	return texts
}

// TestTransactionChecks is one broker for what happens to half messages whose producer does not decide.
func TestTransactionChecks(t *testing.T) {
	t.Parallel()
	namesrv := ownNamesrv(t, "namesrv")
	ownBroker(t, cluster.BrokerOptions{
		Namesrv: namesrv.Addr, Conf: checks(500, map[string]string{"transactionCheckMax": "3"})})
	orphanage := namesrv.Addr
	if suite.kind == cluster.Java {
		orphanage = shared(t).namesrv.Addr // here it would have counted to 3 before anybody is there to be asked
	}
	t.Run("another producer decides", func(t *testing.T) { t.Parallel(); checkOrphans(t, orphanage) })
	t.Run("asked too often", func(t *testing.T) { t.Parallel(); checkMax(t, namesrv.Addr) })
	t.Run("immunity", func(t *testing.T) { t.Parallel(); checkImmunity(t, namesrv.Addr) })
	t.Run("poison", func(t *testing.T) { t.Parallel(); checkPoison(t, namesrv.Addr) })
}

// checkOrphans: a producer dies with undecided half messages; another one of its group, of whichever client, is asked.
func checkOrphans(t *testing.T, namesrv string) {
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			doomed := ownAgent(t, kind)
			topic, group := newTopic(t, namesrv, "Orphan", 1), unique("Orphans")
			p := startProducerOf(t, doomed, namesrv, agent.Args{"transaction": true, "group": group})
			c := startConsumer(t, agent.Java497, namesrv, agent.Args{"topic": topic})
			// The immunity keeps the broker from asking the one that dies.
			immune := agent.Args{"properties": agent.Args{"CHECK_IMMUNITY_TIME_IN_SECONDS": "3"}}
			p.sendHalf(topic, "committed by another", "UNKNOW", "COMMIT_MESSAGE", immune)
			p.sendHalf(topic, "rolled back by another", "UNKNOW", "ROLLBACK_MESSAGE", immune)
			doomed.Close()
			var heirs []*producer
			for _, other := range matrix() {
				if other != kind {
					h := startProducer(t, other, namesrv, agent.Args{"transaction": true, "group": group})
					// A half message of its own, for which the client sends its heartbeat if it has not yet.
					h.sendHalf(topic, "own", "COMMIT_MESSAGE", "COMMIT_MESSAGE", nil)
					heirs = append(heirs, h)
				}
			}
			eventually(t, "the others asked", func() bool {
				committed, rolledBack := 0, 0
				for _, h := range heirs {
					committed += h.asked("committed by another")
					rolledBack += h.asked("rolled back by another")
				}
				return committed > 0 && rolledBack > 0
			})
			c.await(1 + len(heirs))
			require.Equal(t, map[string]int{"own": len(heirs), "committed by another": 1}, textsOf(c.inbox.Messages()))
			require.Zero(t, p.asked("committed by another"))
		})
	}
}

// checkMax: a half message nobody decides is asked for as often as transactionCheckMax says and then put aside, where an
// operator can find it.
func checkMax(t *testing.T, namesrv string) {
	const putAside = "TRANS_CHECK_MAX_TIME_TOPIC"
	var undecided []*producer
	for _, kind := range matrix() {
		p := startProducer(t, kind, namesrv, agent.Args{"transaction": true})
		p.sendHalf(newTopic(t, namesrv, "Undecided", 1), "undecided "+p.name, "UNKNOW", "UNKNOW", agent.Args{"keys": p.name})
		undecided = append(undecided, p)
	}
	reader := startPuller(t, agent.Java497, namesrv, putAside)
	for _, p := range undecided {
		var found []agent.Message
		eventually(t, p.name+" put aside", func() bool {
			var r agent.PullResult
			err := reader.a.Call("pull", agent.Args{
				"name": reader.name, "topic": putAside, "brokerName": "broker-a", "queueId": 0, "offset": 0}, &r)
			found = found[:0]
			for _, m := range r.Messages {
				if m.Keys == p.name {
					found = append(found, m)
				}
			}
			return err == nil && len(found) > 0
		})
		require.Len(t, found, 1)
		require.Equal(t, "undecided "+p.name, found[0].Text)
		require.NotEmpty(t, found[0].Properties["REAL_TOPIC"])
		require.Equal(t, 3, p.asked("undecided "+p.name))
	}
}

// checkImmunity: nobody is asked about a half message within the time it has for itself. That time costs no checks: after it
// the producer is asked, however short transactionCheckMax is. (A Java broker counts a check in every round, also of those
// that ask nobody, so there the immunity must be shorter than three rounds.)
func checkImmunity(t *testing.T, namesrv string) {
	immunity := 8 * time.Second
	if suite.kind == cluster.Java {
		immunity = 2 * time.Second
	}
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, namesrv, "Immune", 1)
			p := startProducer(t, kind, namesrv, agent.Args{"transaction": true})
			c := startConsumer(t, kind, namesrv, agent.Args{"topic": topic})
			before := time.Now()
			p.sendHalf(topic, "immune", "UNKNOW", "COMMIT_MESSAGE", agent.Args{
				"properties": agent.Args{"CHECK_IMMUNITY_TIME_IN_SECONDS": fmt.Sprint(int(immunity.Seconds()))}})
			m := c.await(1)[0]
			require.Equal(t, "immune", m.Text)
			require.GreaterOrEqual(t, m.ReceivedAt.Sub(before), immunity)
			require.Equal(t, 1, p.asked("immune"))
		})
	}
}

// checkPoison: a half message whose properties make no sense does not keep the broker from asking about those behind it.
func checkPoison(t *testing.T, namesrv string) {
	if suite.kind == cluster.Java {
		t.Skip("there the check of all half messages ends for good at such a message")
	}
	topic := newTopic(t, namesrv, "Poison", 1)
	// Only the Go client lets an application set these.
	poisoner := startProducer(t, agent.Go212, namesrv, agent.Args{"transaction": true})
	for property, value := range map[string]string{
		"TRANSACTION_CHECK_TIMES": "many", "CHECK_IMMUNITY_TIME_IN_SECONDS": "soon", "TRAN_PREPARED_QUEUE_OFFSET": "-x"} {
		poisoner.sendHalf(topic, "poison", "UNKNOW", "UNKNOW", agent.Args{"properties": agent.Args{property: value}})
	}
	c := startConsumer(t, agent.Java497, namesrv, agent.Args{"topic": topic})
	p := startProducer(t, agent.Java497, namesrv, agent.Args{"transaction": true})
	p.sendHalf(topic, "behind", "UNKNOW", "COMMIT_MESSAGE", nil)
	require.Equal(t, "behind", c.await(1)[0].Text)
}
