package interop

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/javaenv"
	"github.com/boostermq/booster/interop/internal/process"
)

var sendResultLine = regexp.MustCompile(`SendResult \[sendStatus=(\w+), msgId=(\w+), offsetMsgId=(\w+), ` +
	`messageQueue=MessageQueue \[topic=(\S+), brokerName=(\S+), queueId=(\d+)\], queueOffset=(\d+)\]`)

// TestQuickstart is the first program everybody writes, run as everybody runs it, with the client most people have: 4.4.0, a
// process of its own, the topic not there yet, the VIP channel on as that client has it by default.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	s := shared(t)
	sent := runQuickstart(t, s.namesrv.Addr)
	require.Len(t, sent, 100)
	queues := make(map[int]bool)
	for _, r := range sent {
		require.Equal(t, "SEND_OK", r.Status)
		require.Equal(t, agent.Queue{Topic: "TopicTest", BrokerName: "broker-a", QueueID: r.QueueID}, r.Queue)
		queues[r.QueueID] = true
	}
	require.Len(t, queues, 4, "the client's default number of queues")
	requireDense(t, sent, 0)
	requireOffsetMsgIDs(t, sent, s.broker.Options.Port)
	t.Run("view", func(t *testing.T) {
		for _, kind := range []string{agent.Java440, agent.Java497} {
			requireViewable(t, kind, s.namesrv.Addr, []agent.SendResult{sent[0], sent[99]})
		}
	})
	for _, kind := range matrix() {
		t.Run("consume "+kind, func(t *testing.T) {
			c := startConsumer(t, kind, s.namesrv.Addr, agent.Args{"topic": "TopicTest"})
			byID := make(map[string]agent.Message)
			for _, m := range c.awaitAndStop(100) {
				byID[m.MsgID] = m
			}
			require.Len(t, byID, 100)
			for i, r := range sent {
				require.Equal(t, r.OffsetMsgID, byID[r.MsgID].OffsetMsgID)
				require.Equal(t, "TagA", byID[r.MsgID].Tags)
				require.Equal(t, fmt.Sprintf("Hello RocketMQ %d", i), byID[r.MsgID].Text)
			}
		})
	}
}

func runQuickstart(t *testing.T, namesrv string) []agent.SendResult {
	t.Helper()
	env, err := javaenv.Prepare(javaenv.Client440)
	requireAvailable(t, err)
	dir := filepath.Join(suite.dir, "quickstart")
	p, err := process.Start(process.Options{
		Name: "quickstart", Dir: dir, Env: env.Environ(dir),
		Command: env.Command(dir, []string{"-Xmx128m"}, javaenv.MainQuickstart, namesrv)})
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	select {
	case <-p.Done():
	case <-time.After(awaitTimeout):
		require.FailNow(t, "the program did not end", p.Tail())
	}
	require.Zero(t, p.ExitCode(), p.Tail())
	var sent []agent.SendResult
	for _, f := range sendResultLine.FindAllStringSubmatch(p.Output(), -1) {
		queueID, err := strconv.Atoi(f[6])
		require.NoError(t, err)
		offset, err := strconv.ParseInt(f[7], 10, 64)
		require.NoError(t, err)
		sent = append(sent, agent.SendResult{Status: f[1], MsgID: f[2], OffsetMsgID: f[3], QueueOffset: offset,
			Queue: agent.Queue{Topic: f[4], BrokerName: f[5], QueueID: queueID}})
	}
	return sent
}

// requireOffsetMsgIDs checks that every id is 127.0.0.1, the broker's port and a commit log offset which grows.
func requireOffsetMsgIDs(t *testing.T, sent []agent.SendResult, port int) {
	t.Helper()
	last := int64(-1)
	for _, r := range sent {
		require.Regexp(t, fmt.Sprintf("^7F000001%08X[0-9A-F]{16}$", port), r.OffsetMsgID)
		offset, err := strconv.ParseInt(r.OffsetMsgID[16:], 16, 64)
		require.NoError(t, err)
		require.Greater(t, offset, last)
		last = offset
	}
}

// requireViewable checks that viewMessage finds each by either id.
func requireViewable(t *testing.T, kind, namesrv string, sent []agent.SendResult) {
	t.Helper()
	p := startPuller(t, kind, namesrv, sent[0].Topic)
	for _, r := range sent {
		for _, id := range []string{r.OffsetMsgID, r.MsgID} {
			m := p.view(id)
			require.Equal(t, r.MsgID, m.Properties["UNIQ_KEY"])
			require.Equal(t, r.OffsetMsgID, m.OffsetMsgID)
			require.Equal(t, r.QueueID, m.QueueID)
			require.Equal(t, r.QueueOffset, m.QueueOffset)
		}
	}
}

// TestQuickstartDefaults: the same with every client's defaults inside a long-running process.
func TestQuickstartDefaults(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, kind := range matrix() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			topic := unique("Quickstart-" + kind)
			p := startProducer(t, kind, s.namesrv.Addr, nil)
			sent := p.send(agent.Args{"topic": topic, "tags": "TagA", "text": "Hello RocketMQ %d", "count": 100})
			requireDense(t, sent, 0)
			requireOffsetMsgIDs(t, sent, s.broker.Options.Port)
			requireViewable(t, agent.Java497, s.namesrv.Addr, []agent.SendResult{sent[0], sent[99]})
		})
	}
}
