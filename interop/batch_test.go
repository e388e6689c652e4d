package interop

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

func (p *producer) trySendBatch(messages ...agent.Args) (agent.SendResult, error) {
	p.t.Helper()
	var answer struct{ Result agent.SendResult }
	err := p.a.Call("sendBatch", agent.Args{"name": p.name, "messages": messages}, &answer)
	return answer.Result, err
}

// TestBatchIDs: the messages of a batch keep their own tags, keys and properties, lie one after the other, and the answer has
// the ids of all of them.
func TestBatchIDs(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := newTopic(t, s.namesrv.Addr, "Batch", 1)
			p := startProducer(t, kind, s.namesrv.Addr, nil)
			p.send(agent.Args{"topic": topic, "text": "before"})
			r, err := p.trySendBatch(
				agent.Args{"topic": topic, "text": "first", "tags": "A", "keys": "a", "properties": agent.Args{"of": "first"}},
				agent.Args{"topic": topic, "text": strings.Repeat("x", 5000), "tags": "B"}, // alone it would be compressed
				agent.Args{"topic": topic, "text": "third", "keys": "c", "flag": 7})
			require.NoError(t, err)
			require.Equal(t, "SEND_OK", r.Status)
			require.EqualValues(t, 1, r.QueueOffset, "that of the first")
			msgs := startPuller(t, agent.Java497, s.namesrv.Addr, topic).readAll()
			require.Len(t, msgs, 4)
			msgs = msgs[1:]
			var offsetIDs, ids []string
			for _, m := range msgs {
				offsetIDs, ids = append(offsetIDs, m.OffsetMsgID), append(ids, m.MsgID)
			}
			require.Equal(t, strings.Join(offsetIDs, ","), r.OffsetMsgID)
			// The Go client gives the messages of a batch no ids; that of 5.3.3 has all of them stored with the id of the batch.
			if kind == agent.Java440 || kind == agent.Java497 {
				require.Equal(t, strings.Join(ids, ","), r.MsgID)
			}
			require.Equal(t, []string{"A", "B", ""}, []string{msgs[0].Tags, msgs[1].Tags, msgs[2].Tags})
			require.Equal(t, []string{"a", "", "c"}, []string{msgs[0].Keys, msgs[1].Keys, msgs[2].Keys})
			require.Equal(t, []int{5, 5000, 5}, []int{msgs[0].LengthBytes, msgs[1].LengthBytes, msgs[2].LengthBytes})
			require.Equal(t, []int{0, 0, 7}, []int{msgs[0].Flag, msgs[1].Flag, msgs[2].Flag})
			require.Zero(t, msgs[1].SysFlag)
			require.Equal(t, "first", msgs[0].Properties["of"])
			require.NotContains(t, msgs[2].Properties, "of")
		})
	}
}

// TestBatchRules: a batch for two topics, with a delay or too large as a whole is refused, and nothing of it is stored.
func TestBatchRules(t *testing.T) {
	t.Parallel()
	s := shared(t)
	const messageIllegal = 13 // ResponseCode.MESSAGE_ILLEGAL
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic, other := newTopic(t, s.namesrv.Addr, "BatchRules", 1), newTopic(t, s.namesrv.Addr, "BatchRules", 1)
			p := startProducer(t, kind, s.namesrv.Addr, agent.Args{"retries": 0, "maxMessageSizeBytes": 16 << 20})
			small := agent.Args{"topic": topic, "text": "small"}
			_, err := p.trySendBatch(small, small.With(agent.Args{"topic": other}))
			require.ErrorContains(t, err, "topic")
			// Each of them may be sent alone.
			large := agent.Args{"topic": topic, "size": 1500 << 10}
			_, err = p.trySendBatch(large, large, large)
			var refused *agent.Error
			require.ErrorAs(t, err, &refused)
			if kind != agent.Go212 {
				require.Equal(t, messageIllegal, refused.Code, refused.Text)
				_, err = p.trySendBatch(small, small.With(agent.Args{"delayLevel": 1}))
				require.ErrorContains(t, err, "TimeDelayLevel")
			}
			require.Empty(t, startPuller(t, agent.Java497, s.namesrv.Addr, topic).readAll())
			require.Empty(t, startPuller(t, agent.Java497, s.namesrv.Addr, other).readAll())
		})
	}
}
