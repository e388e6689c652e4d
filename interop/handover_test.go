package interop

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// smallFiles makes a few hundred messages cross the borders of commit log, queue and index files.
func smallFiles(more map[string]string) map[string]string {
	conf := map[string]string{
		"mappedFileSizeCommitLog":    "1048576",
		"mappedFileSizeConsumeQueue": "6000",
		"maxHashSlotNum":             "500",
		"maxIndexNum":                "2000",
	}
	for k, v := range more {
		conf[k] = v
	}
	return conf
}

// TestStoreHandOver: one folder goes from a Java broker (4.9.7, 4.4.0) to Booster and back, twice. Nobody misses a message, an id, a key,
// a place in a queue or (after clean stops) a group's offset, and everybody continues the queues where they ended.
func TestStoreHandOver(t *testing.T) {
	t.Parallel()
	for _, java := range []cluster.Kind{cluster.Java, cluster.Java440} {
		for _, stop := range []string{"clean", "kill -9"} {
			t.Run(string(java)+" "+stop, func(t *testing.T) {
				t.Parallel()
				handOverTwice(t, java, stop == "clean")
			})
		}
	}
}

func handOverTwice(t *testing.T, java cluster.Kind, clean bool) {
	h := &handOver{t: t, clean: clean, namesrv: ownNamesrv(t, "namesrv").Addr, group: unique("HandOver-group")}
	broker := ownBroker(t, cluster.BrokerOptions{Kind: java, Namesrv: h.namesrv, Conf: smallFiles(nil)})
	h.topic = newTopic(t, h.namesrv, "HandOver", 4)
	h.continueAs(1, java)
	for i, kind := range []cluster.Kind{suite.kind, java, suite.kind, java} {
		h.end(broker)
		broker = again(t, broker, kind)
		h.check(kind)
		h.continueAs(i+2, kind)
	}
	h.end(broker)
}

// handOver is the folder's way: what was sent so far, by whomever the broker was.
type handOver struct {
	t                     *testing.T
	clean                 bool
	namesrv, topic, group string
	sent                  []agent.SendResult
	consumed              int
}

func (h *handOver) end(b *cluster.Broker) {
	h.t.Helper()
	require.NoError(h.t, b.Err())
	if h.clean {
		require.NoError(h.t, b.Stop())
		return
	}
	b.Kill()
}

// continueAs sends 300 messages of about 1.3 KiB as the given stage, and lets the group consume them.
func (h *handOver) continueAs(stage int, kind cluster.Kind) {
	h.t.Helper()
	p := startProducer(h.t, agent.Java497, h.namesrv, nil)
	sent := p.sendThrough(1, h.message(stage, 0))
	sent = append(sent, p.send(h.message(stage, 1).With(agent.Args{"count": 299}))...)
	for i, r := range sent {
		require.Equal(h.t, h.nextOffset(r.QueueID), r.QueueOffset, "stage %d (%s), message %d", stage, kind, i)
		h.sent = append(h.sent, r)
	}
	c := startConsumer(h.t, agent.Java497, h.namesrv, agent.Args{"topic": h.topic, "group": h.group})
	eventually(h.t, "the stage consumed", func() bool { return isSubset(ids(sent), delivered(c.inbox.Messages())) })
	c.stop() // commits its offsets
	if h.clean {
		require.Len(h.t, c.inbox.Messages(), len(sent), "stage %d (%s): the group begins where it ended", stage, kind)
	}
}

func (h *handOver) message(stage, first int) agent.Args {
	args := agent.Args{"topic": h.topic, "tags": fmt.Sprint("stage", stage), "size": 1200, "seed": stage*1000 + first,
		"properties": agent.Args{"stage": fmt.Sprint(stage)}}
	return args.With(agent.Args{"keys": fmt.Sprintf("stage%d-%d-%%d", stage, first)})
}

func (h *handOver) nextOffset(queueID int) int64 {
	var next int64
	for _, r := range h.sent {
		if r.QueueID == queueID {
			next = r.QueueOffset + 1
		}
	}
	return next
}

// check reads everything as the broker of that kind tells it.
func (h *handOver) check(kind cluster.Kind) {
	h.t.Helper()
	reader := startPuller(h.t, agent.Java497, h.namesrv, h.topic)
	msgs := reader.readAll()
	byID := make(map[string]agent.Message)
	for _, m := range msgs {
		byID[m.MsgID] = m
	}
	requireDelivered(h.t, h.sent, msgs)
	for i := 0; i < len(h.sent); i += 97 { // some of every stage
		r := h.sent[i]
		require.Equal(h.t, r.MsgID, reader.view(r.OffsetMsgID).Properties["UNIQ_KEY"], "%s, by place", kind)
		require.Equal(h.t, r.OffsetMsgID, reader.view(r.MsgID).OffsetMsgID, "%s, by unique key", kind)
		found := reader.query(byID[r.MsgID].Keys)
		require.Len(h.t, found, 1, "%s, by key", kind)
		require.Equal(h.t, r.MsgID, found[0].MsgID, "%s, by key", kind)
	}
}
