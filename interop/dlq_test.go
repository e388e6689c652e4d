package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
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
	eventually(t, "all are dead", func() bool {
		return regexp.MustCompile(`(?m)^DefaultCluster +DeadGroup +4 `).MatchString(m.ours("dlqList -g DeadGroup"))
	})
	failing.stop()
	var sentIDs, deadIDs []string
	for _, r := range sent {
		sentIDs = append(sentIDs, r.MsgID)
	}
	dead, shown := m.exported("-g DeadGroup"), m.ours("dlqQuery -g DeadGroup")
	for _, d := range dead {
		deadIDs = append(deadIDs, d.MsgID)
		require.Equal(t, topic, d.FromTopic)
		require.Equal(t, "kept", d.Properties["own"])
		require.Regexp(t, `(?m)^Message ID: +`+d.MsgID+`$`, shown)
		require.Regexp(t, `(?m)^Body: +`+d.BodyText+`$`, shown)
	}
	require.ElementsMatch(t, sentIDs, deadIDs)

	require.Contains(t, m.ours("dlqResend -g DeadGroup -o 1-2"), "2 dead letters of group DeadGroup resent")
	consumer := startConsumer(t, agent.Java497, m.namesrv, agent.Args{"topic": topic, "group": "DeadGroup"})
	requireResent(t, consumer.await(2), topic, dead[1:3])
	require.Contains(t, m.ours("dlqResend -r -g DeadGroup -i "+dead[3].MsgID), "1 dead letters of group DeadGroup resent")
	requireResent(t, consumer.awaitAndStop(3), topic, dead[1:])
	counts := textsOf(others.awaitAndStop(6))
	require.Equal(t, map[string]int{dead[0].BodyText: 1, dead[1].BodyText: 2, dead[2].BodyText: 2, dead[3].BodyText: 1}, counts)
}

// deadLetter is what an export says of a message.
type deadLetter struct {
	MsgID, FromTopic, BodyText, Keys string
	Properties                       map[string]string
}

// exported runs dlqExport.
func (m *mqadmins) exported(options string) (letters []deadLetter) {
	m.t.Helper()
	dir := m.t.TempDir()
	m.ours("dlqExport -d " + dir + " " + options)
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
