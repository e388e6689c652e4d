package interop

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// mqadmins is the official mqadmin and ours, pointed at the same servers.
type mqadmins struct {
	t               *testing.T
	namesrv, broker string
	program         string
	dir             string // where ours runs
}

// startMQAdmins starts servers for them.
func startMQAdmins(t *testing.T) *mqadmins {
	t.Helper()
	namesrv := ownNamesrv(t, "namesrv")
	broker := ownBroker(t, cluster.BrokerOptions{Namesrv: namesrv.Addr})
	return mqadminsOf(t, namesrv.Addr, broker.Addr)
}

func mqadminsOf(t *testing.T, namesrv, broker string) *mqadmins {
	t.Helper()
	program, err := cluster.BoosterProgram()
	require.NoError(t, err)
	return &mqadmins{t: t, namesrv: namesrv, broker: broker, program: program, dir: t.TempDir()}
}

func (m *mqadmins) words(line string) []string {
	return strings.Fields(strings.ReplaceAll(line, "BROKER", m.broker) + " -n " + m.namesrv)
}

// theirs runs the official one.
func (m *mqadmins) theirs(line string) string {
	m.t.Helper()
	var answer struct{ Output string }
	require.NoError(m.t, client(m.t, agent.MQAdmin).Call("mqadmin", agent.Args{"args": m.words(line)}, &answer))
	require.NotContains(m.t, answer.Output, "Exception", line)
	return answer.Output
}

// ours runs booster admin.
func (m *mqadmins) ours(line string) string {
	m.t.Helper()
	var out, errs bytes.Buffer
	cmd := m.command(line)
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(m.t, cmd.Run(), "%s: %s", line, errs.String())
	return out.String()
}

// command is ours, not started; what it writes goes to a directory of the test.
func (m *mqadmins) command(line string) *exec.Cmd {
	cmd := exec.CommandContext(m.t.Context(), m.program, append([]string{"admin"}, m.words(line)...)...)
	cmd.Dir = m.dir
	return cmd
}

// steady makes equal what may differ between two calls, and sorts the lines: Java prints what a hash table holds in its order.
func steady(text string, differs []string) []string {
	for _, d := range differs {
		text = regexp.MustCompile("(?m)"+d).ReplaceAllString(text, "DIFFERS")
	}
	return slices.Sorted(strings.SplitSeq(text, "\n"))
}

// TestMQAdminSameOutput: on the same servers our mqadmin prints what the official one prints.
func TestMQAdminSameOutput(t *testing.T) {
	t.Parallel()
	m := startMQAdmins(t)
	p := startProducer(t, agent.Java497, m.namesrv, nil)
	require.Contains(t, m.ours("updateTopic -b BROKER -t Same -r 3 -w 2"), "success")
	p.awaitTopic("Same", 2)
	p.send(agent.Args{"topic": "Same", "queueId": 1, "keys": "k", "tags": "TagA", "text": "seen by both", "count": 5})
	c := startConsumer(t, agent.Java497, m.namesrv, agent.Args{"topic": "Same", "group": "SameGroup"})
	c.awaitAndStop(5)
	for _, row := range []struct {
		line    string
		differs []string
	}{
		{line: "updateTopic -c DefaultCluster -t Same2 -o true -p 6 -u true -s true"},
		{line: "updateTopic -b BROKER -t Same3 --readQueueNums=1 -w1"},
		{line: "updateOrderConf -m put -t Same3 -v broker-a:4"},
		{line: "updateOrderConf -m get -t Same3"},
		{line: "updateTopicPerm -b BROKER -t Same3 -p 6"},
		{line: "topicRoute -t Same2"},
		{line: "topicRoute -t Same -l"},
		{line: "topicStatus -t Same"},
		{line: "topicClusterList -t Same"},
		{line: "topicList"},
		{line: "topicList -c"},
		{line: "statsAll", differs: []string{` +\d+\.\d\d`}},
		{line: "brokerConsumeStats -b BROKER -t 3000"},
		{line: "brokerStatus -b BROKER", differs: []string{`^(\S+) *: .*$`}},
		{line: "brokerStatus -c DefaultCluster", differs: []string{`: .*$`}},
		{line: "clusterList", differs: []string{` +\d+\.\d\d\(\S+`, ` \d+\.\d\d `}},
		{line: "clusterList -m"},
		{line: "getBrokerConfig -b BROKER"},
		{line: "getBrokerConfig -c DefaultCluster"},
		{line: "getNamesrvConfig"},
		{line: "cleanExpiredCQ"},
		{line: "cleanUnusedTopic -c DefaultCluster"},
		{line: "deleteExpiredCommitLog -b BROKER"},
		{line: "sendMsgStatus -b broker-a -c 2", differs: []string{`rt=\d+ms`, `(m|offsetM)sgId=\w+`, `queueOffset=\d+`}},
		{line: "updateKvConfig -s ns -k a -v b"},
		{line: "deleteKvConfig -s ns -k a"},
		{line: "wipeWritePerm -b broker-a"},
		{line: "addWritePerm -b broker-a"},
		{line: "updateOrderConf -m delete -t Same3"},
		{line: "deleteTopic -c DefaultCluster -t Same3"},
	} {
		theirs := m.theirs(row.line)
		require.Equal(t, steady(theirs, row.differs), steady(m.ours(row.line), row.differs), row.line)
	}
}

// TestMQAdminACL: signed with the account of conf/tools.yml our mqadmin may do what an admin may, on any broker.
func TestMQAdminACL(t *testing.T) {
	t.Parallel()
	s := startACLServers(t, nil, basicAccounts(nil))
	program, err := cluster.BoosterProgram()
	require.NoError(t, err)
	home := t.TempDir()
	mqadmin := func(line string) (output string, ok bool) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"admin"}, strings.Fields(line)...)...)
		cmd.Env = []string{"ROCKETMQ_HOME=" + home, "NAMESRV_ADDR=" + s.namesrv.Addr}
		text, err := cmd.CombinedOutput()
		return string(text), err == nil
	}
	output, ok := mqadmin("updateTopic -c DefaultCluster -t ACLAdmin")
	require.False(t, ok, output)
	require.Contains(t, output, "CODE: 1  DESC: org.apache.rocketmq.acl.common.AclException: No accessKey is configured")

	require.NoError(t, os.Mkdir(filepath.Join(home, "conf"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(home, "conf", "tools.yml"), []byte("accessKey: interopAdmin\nsecretKey: 12345678\n"), 0o600))
	for _, row := range []struct{ line, want string }{
		{"updateTopic -c DefaultCluster -t ACLAdmin", "success"},
		{"topicStatus -t ACLAdmin", "#Broker Name"},
		{"sendMsgStatus -b broker-a -c 1", "SEND_OK"},
		{"updateAclConfig -c DefaultCluster -a interopNew -s newSecret01 -t T=PUB|SUB,U=DENY -g G=SUB -i PUB", "create or update plain access config to"},
		{"updateGlobalWhiteAddr -c DefaultCluster -g 10.10.103.*,192.168.0.*", "success"},
		{"clusterAclConfigVersion -c DefaultCluster", s.accounts},
		{"deleteAclConfig -c DefaultCluster -a interopNew", "success"},
	} {
		output, ok := mqadmin(row.line)
		require.True(t, ok, output)
		require.Contains(t, output, row.want, row.line)
	}
	accounts, err := os.ReadFile(s.accounts)
	require.NoError(t, err)
	require.NotContains(t, string(accounts), "interopNew")
	require.Contains(t, string(accounts), "10.10.103.*")
}
