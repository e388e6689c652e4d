package interop

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/boostermq/booster/interop/internal/agent"
	"github.com/boostermq/booster/interop/internal/cluster"
)

// TestMQAdminChangesSettings: the official mqadmin shows and changes the
// settings of a running broker and name server; both keep them in their files,
// and a route follows the broker's permission.
func TestMQAdminChangesSettings(t *testing.T) {
	t.Parallel()
	n := ownNamesrv(t, "namesrv")
	b := ownBroker(t, cluster.BrokerOptions{Namesrv: n.Addr})
	mqadmin := func(want string, args ...string) string {
		t.Helper()
		var answer struct{ Output string }
		require.NoError(t, client(t, agent.MQAdmin).Call("mqadmin", agent.Args{"args": append(args, "-n", n.Addr)}, &answer))
		require.Regexp(t, want, answer.Output, args)
		return answer.Output
	}
	brokerConfig := func(want string) {
		t.Helper()
		mqadmin(want, "getBrokerConfig", "-b", b.Addr)
	}
	update := func(key, value string) string {
		t.Helper()
		return mqadmin("", "updateBrokerConfig", "-b", b.Addr, "-k", key, "-v", value)
	}
	fileHas := func(dir, name, want string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Regexp(t, want, string(text))
	}

	brokerConfig(`(?m)^fileReservedTime\s+=\s+72\s*$`)
	require.Contains(t, update("fileReservedTime", "24"), "update broker config success, "+b.Addr)
	brokerConfig(`(?m)^fileReservedTime\s+=\s+24\s*$`)
	fileHas(b.Options.Dir, "broker.conf", `(?m)^fileReservedTime=24$`)
	require.Contains(t, update("noSuchKeyAtAll", "1"), "update broker config success, "+b.Addr)

	mqadmin("create topic to .* success", "updateTopic", "-b", b.Addr, "-t", "LiveTopic", "-r", "1", "-w", "1")
	mqadmin(`"perm":6`, "topicRoute", "-t", "LiveTopic")
	require.Contains(t, update("brokerPermission", "4"), "update broker config success, "+b.Addr)
	mqadmin(`"perm":4`, "topicRoute", "-t", "LiveTopic")
	require.Contains(t, update("brokerPermission", "6"), "update broker config success, "+b.Addr)
	mqadmin(`"perm":6`, "topicRoute", "-t", "LiveTopic")

	const refused = `CODE: 16\s+DESC: Can not update config in black list\.`
	if suite.kind == cluster.Booster { // Java has its list since 4.9.8, a short one, and takes what it cannot read for nothing
		for _, key := range []string{"brokerConfigPath", "rocketmqHome", "configBlackList", "storePathRootDir"} {
			require.Regexp(t, refused, update(key, "/x"))
		}
		mqadmin(refused, "updateNamesrvConfig", "-k", "kvConfigPath", "-v", "/x")
		require.Regexp(t, `CODE: 1\s+DESC: line 1: fileReservedTime=soon: want an integer`, update("fileReservedTime", "soon"))
	}
	brokerConfig(`(?m)^fileReservedTime\s+=\s+24\s*$`)

	mqadmin(`(?m)^orderMessageEnable\s+=\s+false\s*$`, "getNamesrvConfig")
	mqadmin(`update name server config success!`, "updateNamesrvConfig", "-k", "orderMessageEnable", "-v", "true")
	mqadmin(`(?m)^orderMessageEnable\s+=\s+true\s*$`, "getNamesrvConfig")
	fileHas(n.Options.Dir, "namesrv.conf", `(?m)^orderMessageEnable=true$`)
}
