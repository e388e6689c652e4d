package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// TestDLQCommands: what a Java consumer could not consume is listed, shown, exported and sent again by our mqadmin, while no
// consumer is there; those that come then get it once, as it was, and by the retry topic nobody else gets it.
func TestDLQCommands(t *testing.T) {
	t.Parallel()
	m := startMQAdmins(t)
	topic := newTopic(t, m.namesrv, "Dead", 2)
	failing := startConsumer(t, agent.Java497, m.namesrv, agent.Args{"topic": topic, "group": "DeadGroup", "failures": 100, "maxReconsumeTimes": 0})
	others := startConsumer(t, agent.Java497, m.namesrv, agent.Args{"topic": topic, "group": "OtherGroup"})
	sent := startProducer(t, agent.Java497, m.namesrv, nil).send(agent.Args{
		"topic": topic, "text": "dead %d", "keys": "key%d", "tags": "T", "flag": 5, "properties": agent.Args{"own": "kept"}, "count": 4})
	dead := m.awaitDead(sent)
	failing.stop()
	shown := m.ours("dlqQuery -g DeadGroup")
	for _, d := range dead {
		require.Equal(t, topic, d.FromTopic)
		require.Equal(t, "kept", d.Properties["own"])
		require.Regexp(t, `(?m)^Message ID: +`+d.MsgID+`$`, shown)
		require.Regexp(t, `(?m)^Body: +`+d.BodyText+`$`, shown)
		at := m.exported(fmt.Sprintf("-b %d -e %[1]d", d.StoreTimestamp))
		require.Contains(t, at, d)
		for _, other := range at {
			require.Equal(t, d.StoreTimestamp, other.StoreTimestamp)
		}
	}

	require.Contains(t, m.ours("dlqResend -g DeadGroup -o 1-2"), "2 dead letters of group DeadGroup resent")
	consumer := startConsumer(t, agent.Java497, m.namesrv, agent.Args{"topic": topic, "group": "DeadGroup"})
	requireResent(t, consumer.await(2), topic, dead[1:3])
	require.Contains(t, m.ours("dlqResend -r -g DeadGroup -i "+dead[3].MsgID), "1 dead letters of group DeadGroup resent")
	requireResent(t, consumer.awaitAndStop(3), topic, dead[1:])
	require.Equal(t, map[string]int{dead[0].BodyText: 1, dead[1].BodyText: 2, dead[2].BodyText: 2, dead[3].BodyText: 1}, textsOf(others.awaitAndStop(6)))
}

// TestDLQConsumedDirectly: the official tool and ours give a dead letter to a consumer that is there, which is how consoles
// resend (309).
func TestDLQConsumedDirectly(t *testing.T) {
	t.Parallel()
	m := startMQAdmins(t)
	topic := newTopic(t, m.namesrv, "Dead", 1)
	c := startConsumer(t, agent.Java497, m.namesrv, agent.Args{"topic": topic, "group": "DeadGroup", "failures": 1, "maxReconsumeTimes": 0})
	sent := startProducer(t, agent.Java497, m.namesrv, nil).send(agent.Args{"topic": topic, "text": "direct"})
	line := fmt.Sprintf("queryMsgById -g DeadGroup -d %s -i %s", m.clientID("DeadGroup"), m.awaitDead(sent)[0].OffsetMsgID)
	for _, output := range []string{m.theirs(line), m.ours(line)} {
		require.Contains(t, output, "consumeResult=CR_SUCCESS")
	}
	msgs := c.awaitAndStop(3)
	require.Len(t, msgs, 3)
	for _, again := range msgs[1:] {
		require.Equal(t, "direct", again.Text)
		require.Equal(t, 1, again.ReconsumeTimes)
	}
}

// deadLetter is what an export says of a message.
type deadLetter struct {
	MsgID, OffsetMsgID, FromTopic, BodyText, Keys string
	StoreTimestamp                                int64
	Properties                                    map[string]string
}

// awaitDead waits until DeadGroup has exactly these as dead letters.
func (m *mqadmins) awaitDead(sent []agent.SendResult) []deadLetter {
	m.t.Helper()
	eventually(m.t, "all are dead", func() bool {
		return strings.Contains(m.ours("dlqList -c DefaultCluster"), fmt.Sprintf("  %-48s  %14d  ", "DeadGroup", len(sent)))
	})
	var want, got []string
	for _, r := range sent {
		want = append(want, r.MsgID)
	}
	dead := m.exported("")
	for _, d := range dead {
		got = append(got, d.MsgID)
	}
	require.ElementsMatch(m.t, want, got)
	return dead
}

// exported runs dlqExport.
func (m *mqadmins) exported(options string) (letters []deadLetter) {
	m.t.Helper()
	dir := m.t.TempDir()
	m.ours("dlqExport -g DeadGroup -d " + dir + " " + options)
	text, err := os.ReadFile(filepath.Join(dir, "DeadGroup.dlq.jsonl"))
	require.NoError(m.t, err)
	for line := range strings.Lines(string(text)) {
		var l deadLetter
		require.NoError(m.t, json.Unmarshal([]byte(line), &l))
		letters = append(letters, l)
	}
	return letters
}

// requireResent: each of the dead letters came once, as if it had not been dead.
func requireResent(t *testing.T, got []agent.Message, topic string, dead []deadLetter) {
	t.Helper()
	want := map[string]deadLetter{}
	for _, d := range dead {
		want[d.MsgID] = d
	}
	require.Len(t, got, len(want))
	for _, m := range got {
		d, found := want[m.MsgID]
		require.True(t, found, m.MsgID)
		delete(want, m.MsgID)
		require.Equal(t, topic, m.Topic)
		require.Equal(t, d.BodyText, m.Text)
		require.Equal(t, d.Keys, m.Keys)
		require.Equal(t, "kept", m.Properties["own"])
		require.Equal(t, "T", m.Properties["TAGS"])
		require.Equal(t, 5, m.Flag)
		require.Zero(t, m.ReconsumeTimes)
	}
	require.Empty(t, want)
}
