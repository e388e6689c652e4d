package interop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
)

// sameRow is a command line that both mqadmins are given.
type sameRow struct {
	line    string
	differs []string // what may differ between two calls
}

// same requires that ours prints what the official one prints.
func (m *mqadmins) same(rows ...sameRow) {
	m.t.Helper()
	for _, row := range rows {
		theirs := m.theirs(row.line)
		require.Equal(m.t, steady(theirs, row.differs), steady(m.ours(row.line), row.differs), row.line)
	}
}

// TestMQAdminSameGroups: on the same servers our mqadmin says of groups and
// clients what the official one says, and does to their offsets what it does.
func TestMQAdminSameGroups(t *testing.T) {
	t.Parallel()
	m := startMQAdmins(t)
	p := startProducer(t, agent.Java497, m.namesrv, nil)
	require.Contains(t, m.ours("updateTopic -b BROKER -t Same -r 3 -w 3"), "success")
	p.awaitTopic("Same", 3)
	p.send(agent.Args{"topic": "Same", "queueId": 1, "keys": "k", "tags": "TagA", "text": "seen by both", "count": 5})
	c := startConsumer(t, agent.Java497, m.namesrv, agent.Args{"topic": "Same", "group": "SameGroup"})
	c.await(5)
	eventually(t, "the consumer has committed", func() bool {
		text, err := m.command("consumerProgress -g SameGroup").Output()
		return err == nil && strings.Contains(string(text), "Diff Total: 0\n")
	})
	m.same(
		sameRow{line: "consumerConnection -g SameGroup"},
		sameRow{line: "consumerConnection -g SameGroup -b BROKER"},
		sameRow{line: "producerConnection -g " + p.name + " -t Same"},
		sameRow{line: "producer -b BROKER", differs: []string{`lastUpdateTimestamp=\d+`}},
		sameRow{line: "consumerProgress", differs: []string{` \d+ +\d+$`}},
		sameRow{line: "consumerProgress -g SameGroup", differs: []string{`TPS: .*`}},
		sameRow{line: "consumerProgress -g SameGroup -s true", differs: []string{`TPS: .*`}},
		sameRow{line: "consumerStatus -g SameGroup", differs: []string{`\d{13}/`}},
		sameRow{line: "consumerStatus -g SameGroup -i " + m.clientID("SameGroup"), differs: []string{`@[0-9a-f]+$`, `Timestamp=\d+`, ` +\d+\.\d\d`}},
		sameRow{line: "updateSubGroup -c DefaultCluster -g Same2 -s false -m true -d true -q 2 -r 3 -i 1 -w 2 -a false"},
		sameRow{line: "getConsumerConfig -g Same2"},
		sameRow{line: "updateSubGroup -b BROKER -g Same2"},
		sameRow{line: "getConsumerConfig -g Same2"},
		sameRow{line: "deleteSubGroup -b BROKER -g Same2 -r true"},
		sameRow{line: "deleteSubGroup -c DefaultCluster -g Same2"},
	)
	eventually(t, "the consumer has committed the queues without messages, too, as a reset wants", func() bool {
		return m.command("resetOffsetByTime -g SameGroup -t Same -s now").Run() == nil
	})
	m.same(
		sameRow{line: "resetOffsetByTime -g SameGroup -t Same -s now"},
		sameRow{line: "resetOffsetByTime -g SameGroup -t Same -s 2020-01-01#00:00:00:000 -f false"},
		sameRow{line: "skipAccumulatedMessage -g SameGroup -t Same"},
	)
	m.sameExports()
	c.stop()
	eventually(t, "the group is offline", func() bool {
		return m.command("consumerConnection -g SameGroup").Run() != nil
	})
	for _, line := range []string{"resetOffsetByTime -g SameGroup -t Same -s 0", "skipAccumulatedMessage -g SameGroup -t Same"} {
		m.ours(line) // the second time nothing moves any more
		m.same(sameRow{line: line})
	}
	m.same(
		sameRow{line: "consumerProgress", differs: []string{` \d+ +\d+$`}},
		sameRow{line: "cloneGroupOffset -s SameGroup -d SameClone -t Same -o true"},
	)
}

// clientID returns the id of the only client of a group.
func (m *mqadmins) clientID(group string) string {
	m.t.Helper()
	lines := strings.Split(m.ours("consumerConnection -g "+group), "\n")
	require.Greater(m.t, len(lines), 1)
	id, _, _ := strings.Cut(lines[1], " ")
	return id
}

// sameExports requires that both write the same files.
func (m *mqadmins) sameExports() {
	m.t.Helper()
	for line, file := range map[string]string{
		"exportMetadata -c DefaultCluster": "metadata.json", "exportMetadata -c DefaultCluster -t -s": "topic.json",
		"exportMetadata -b BROKER -g": "subscriptionGroup.json", "exportConfigs -c DefaultCluster": "configs.json", "exportMetrics -c DefaultCluster": "metrics.json",
	} {
		written := func(run func(line string) string) map[string]any {
			dir := m.t.TempDir()
			require.Contains(m.t, run(line+" -f "+dir), filepath.Join(dir, file)+" success")
			text, err := os.ReadFile(filepath.Join(dir, file))
			require.NoError(m.t, err)
			var v map[string]any
			require.NoError(m.t, json.Unmarshal(text, &v), "%s", text)
			return v
		}
		theirs, ours := written(m.theirs), written(m.ours)
		for _, v := range []map[string]any{theirs, ours} {
			for _, changing := range []string{"exportTime", "totalTps", "tps", "diskRatio", "rocketmqVersion"} { // the version is the tool's own
				remove(v, changing)
			}
		}
		require.Equal(m.t, theirs, ours, line)
	}
}

// remove deletes a member from an object and from those in it.
func remove(v map[string]any, name string) {
	delete(v, name)
	for _, member := range v {
		if object, ok := member.(map[string]any); ok {
			remove(object, name)
		}
	}
}
