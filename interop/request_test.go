package interop

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// requesters are the clients of the matrix which have request–reply.
func requesters() []string {
	var kinds []string
	for _, kind := range matrix() {
		if kind != agent.Java440 {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// requestModes are the ways in which a client asks, two. The waiting one of Java 5.3.3 gives up as soon as its request is sent,
// whatever the time-out, with the Java broker too.
func requestModes(kind string) []string {
	if kind == agent.Java533 {
		return []string{"async", "async"}
	}
	return []string{"sync", "async"}
}

// TestRequestReply: a request is answered by whichever consumer gets it, the requester's thread or callback has the reply,
// compressed by the replier's client or not, and the replier is told that its reply arrived.
func TestRequestReply(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, from := range requesters() {
		for _, to := range requesters() {
			t.Run(from+" asks "+to, func(t *testing.T) {
				t.Parallel()
				topic := newTopic(t, s.namesrv.Addr, "Request", 2)
				r := startReplier(t, to, s.namesrv.Addr, topic)
				p := startRequester(t, from, s.namesrv.Addr)
				texts := []string{"what?", strings.Repeat("long ", 2000)}
				if to == agent.Go212 {
					texts = texts[:1] // it says that a long reply is compressed and sends it as it is
				}
				for _, mode := range requestModes(from) {
					for _, text := range texts {
						reply, err := p.request(agent.Args{"topic": topic, "text": text, "mode": mode, "timeoutMs": 20000})
						require.NoError(t, err, mode)
						require.Equal(t, len("re: "+text), reply.LengthBytes)
						require.Equal(t, ("re: " + text)[:min(64, len("re: "+text))], reply.Text)
						require.Equal(t, "DefaultCluster_REPLY_TOPIC", reply.Topic)
						require.Equal(t, "reply", reply.Properties["MSG_TYPE"])
						require.NotEmpty(t, reply.Properties["CORRELATION_ID"])
						require.NotEmpty(t, reply.Properties["ARRIVE_TIME"])
					}
				}
				for i, m := range r.await(2 * len(texts)) {
					require.Empty(t, m.Reply.Error, "reply %d", i)
					require.Equal(t, "SEND_OK", m.Reply.Status)
					require.Equal(t, "DefaultCluster_REPLY_TOPIC", m.Reply.Topic)
				}
			})
		}
	}
}

// TestRequestTimeout: without a reply in time the requester is told so. A reply that comes later does no harm; one for a
// requester that has gone is refused, and the replier is told whom it missed.
func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range requesters() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Silence", 1)
			r := startReplier(t, kind, s.namesrv.Addr, topic)
			p := startRequester(t, kind, s.namesrv.Addr)
			for _, mode := range requestModes(kind) {
				before := time.Now()
				_, err := p.request(agent.Args{"topic": topic, "text": "hold this", "mode": mode, "timeoutMs": 1500})
				var failed *agent.Error
				require.True(t, errors.As(err, &failed), "%v", err)
				require.Regexp(t, "(?i)time-?out", failed.Text)
				require.GreaterOrEqual(t, time.Since(before), 1400*time.Millisecond)
				require.Less(t, time.Since(before), 10*time.Second)
			}
			held := r.await(2)
			late := r.reply(held[0].MsgID)
			require.Empty(t, late.Error)
			require.Equal(t, "SEND_OK", late.Status)

			p.call("producer.stop", nil, nil)
			requester := held[1].Properties["REPLY_TO_CLIENT"]
			require.NotEmpty(t, requester)
			missed := r.reply(held[1].MsgID)
			require.Contains(t, missed.Error, "push reply message fail, channel of <"+requester+"> not found.")
			if kind == agent.Java497 {
				require.Equal(t, 1, missed.Code)
			}
		})
	}
}

// startRequester starts a producer which the broker knows. The Go client sends its first heartbeat at a request for a topic
// which is not there yet, or after half a minute.
func startRequester(t *testing.T, kind, namesrv string) *producer {
	t.Helper()
	p := startProducer(t, kind, namesrv, nil)
	if kind == agent.Go212 {
		_, err := p.request(agent.Args{"topic": unique("Nobody"), "text": "?", "timeoutMs": 100})
		require.ErrorContains(t, err, "timeout")
	}
	return p
}

// request asks and returns the reply.
func (p *producer) request(args agent.Args) (agent.Message, error) {
	p.t.Helper()
	var answer struct{ Message agent.Message }
	err := p.a.Call("request", agent.Args{"name": p.name}.With(args), &answer)
	return answer.Message, err
}

// replier is a consumer which answers requests.
type replier struct{ consumer }

func startReplier(t *testing.T, kind, namesrv, topic string) *replier {
	t.Helper()
	r := &replier{consumer{t: t, a: client(t, kind), name: unique("R-" + kind)}}
	r.inbox = r.a.Inbox(r.name)
	// A Java client which is told of its own joining before its first heartbeat has returned skips the heartbeat that goes with
	// the rebalance. Until the next one the broker has an older subscription and its pulls are refused (25).
	r.call("replier.start", agent.Args{"group": r.name, "namesrv": namesrv, "topic": topic, "heartbeatIntervalMs": 1000}, nil)
	t.Cleanup(func() { stopLeniently(t, r.a, "replier.stop", r.name) })
	return r
}

// reply lets go of a held request.
func (r *replier) reply(msgID string) agent.SendResult {
	r.t.Helper()
	var answer struct{ Result agent.SendResult }
	r.call("replier.reply", agent.Args{"msgId": msgID}, &answer)
	return answer.Result
}
